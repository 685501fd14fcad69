"""What becomes of a message that a charge point sends: stored, passed through, refused, answered.

Sans-IO, part of the relay; the rules are the table in `policy`.
"""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import Any, Final

import attrs

from ocpp16.bridge import content, event
from ocpp16.bridge.action import Now
from ocpp16.bridge.delivery import Delivery
from ocpp16.bridge.entry import Entry, Stage, Waiter
from ocpp16.bridge.mending import Unmendable
from ocpp16.bridge.policy import (
    Manner,
    boot_answer,
    heartbeat_answer,
    local_answer,
    plain_answer,
)
from ocpp16.bridge.settings import OfflineStart
from ocpp16.messages import StartTransactionResponse
from ocpp16.store.bridge.change import Added, Addition, AddMessage, GiveLocalId, Known, Pending
from ocpp16.store.bridge.tables import State
from ocpp16.structure import Response

SHORT_WAIT: Final = 10.0
"""Seconds that a message waits for the backend's own answer where the bridge has one, too:
StopTransaction, which is stored already, and Heartbeat."""
AWAY: Final = "the backend cannot be reached"
FULL: Final = "the queue of this charge point is full"


class Intake(Delivery):
    """The half of the relay that looks at the charge point."""

    def _take(self, entry: Entry, now: Now) -> None:
        """Take a message that can be sent on."""
        match entry.manner:
            case Manner.BOOT | Manner.ASK:
                self._take_question(entry, now)
            case Manner.HEARTBEAT if self._is_about_refusal(now):
                self._ignore(entry.take_waiters())
            case Manner.HEARTBEAT:
                self._wait_less(entry, now)
                self._take_question(entry, now)
            case Manner.START:
                self._take_start(entry)
            case Manner.STOP:
                self._wait_less(entry, now)
                self._take_notice(entry)
            case _:
                self._take_notice(entry)

    def _take_question(self, entry: Entry, now: Now) -> None:
        """Take a message that is not stored before it is sent on."""
        if self._is_away or (entry.manner is Manner.HEARTBEAT and self.is_full):
            self._do_without(entry, now)
        else:
            self.line.join(entry)

    def _take_start(self, entry: Entry) -> None:
        answer = None
        may_add = not self.is_full
        if self._is_away and may_add:
            may_add = self._rules.offline_start is OfflineStart.LOCAL_ID
            if may_add:
                answer = self._give_local_id(entry)
        self._store(entry, answer, may_add=may_add)

    def _wait_less(self, entry: Entry, now: Now) -> None:
        wait = min(self._rules.answer_within, SHORT_WAIT)
        entry.waiters = [Waiter(each.ticket, now.time + wait) for each in entry.waiters]

    def _take_notice(self, entry: Entry) -> None:
        if entry.digest is None and self.is_full:
            self._refuse(entry, FULL)
        else:
            self._store(entry, plain_answer(entry.request), may_add=not self.is_full)

    def _take_unmendable(self, entry: Entry, error: Unmendable) -> None:
        """Take a message that leniency let in and that cannot be sent on."""
        self.last_error = f"{entry.action}: {error}"
        if not entry.manner.is_stored or entry.manner is Manner.START:
            self._pass_fault(entry.take_waiters(), error.fault)
            return
        payload = content.sketch(entry.request)
        change = AddMessage(
            identity=self.identity,
            action=entry.action,
            payload=payload,
            call_id=entry.call_id,
            received=entry.received,
            digest=sha256(payload).digest() if entry.manner.is_transaction else None,
            answer=content.encode(plain_answer(entry.request)),
            state=State.DEAD,
            reason=str(error),
            may_add=not self.is_full,
        )

        def done(result: Addition, _: Now) -> None:
            if isinstance(result, Added):
                self.dead += 1
                self._tell(
                    event.DeadLettered(self.identity, entry.action, entry.call_id, str(error))
                )
            elif not isinstance(result, Known):
                self._refuse(entry, FULL)
            self._answer(entry.take_waiters(), plain_answer(entry.request), "stored")

        self._write(change, done, lambda *_: self._refuse(entry, "it could not be stored"))

    # Storing

    def _store(self, entry: Entry, answer: Response | None, *, may_add: bool) -> None:
        """Commit a message; it is acknowledged after that at the earliest.

        Args:
            entry: The message.
            answer: What the charge point is told; None waits for the backend's answer.
            may_add: False only looks whether the message came before.
        """
        change = AddMessage(
            identity=self.identity,
            action=entry.action,
            payload=content.encode(entry.request),
            call_id=entry.call_id,
            received=entry.received,
            digest=entry.digest,
            answer=None if answer is None else content.encode(answer),
            local_id=entry.local_id,
            may_add=may_add,
        )
        if may_add:
            self.line.begin_to_store(entry)
        self._write(change, partial(self._stored, entry, answer), partial(self._unstored, entry))

    def _stored(self, entry: Entry, answer: Response | None, result: Addition, now: Now) -> None:
        match result:
            case Added(key):
                self.line.keep(entry, key)
                self._tell(event.Stored(self.identity, entry.action, entry.call_id))
                self._has_stored(entry, answer, now)
            case Known(payload):
                self.line.leave(entry)
                self._tell(event.Repeated(self.identity, entry.action))
                self._accept(entry, now, is_repeat=True)
                response = content.decode_response(entry.action, payload)
                self._answer(entry.take_waiters(), response, "repeated")
            case Pending(key):
                self.line.leave(entry)
                self._tell(event.Repeated(self.identity, entry.action))
                self._join_earlier(entry, key, now)
            case _:
                self._refuse(entry, FULL if self.is_full else AWAY)

    def _has_stored(self, entry: Entry, answer: Response | None, now: Now) -> None:
        if entry.local_id is not None and answer is not None:
            self.ids.map(entry.local_id, None)
            self._accept(entry, now)
            self._answer(entry.take_waiters(), answer, "local")
        elif answer is None or entry.manner is Manner.STOP:
            # It waits for the backend's own answer, if that is to be expected.
            if entry.manner is Manner.STOP:
                self._accept(entry, now)
            if not entry.waiters and entry.manner is Manner.START:
                self._withdraw(entry, "the charge point waits no longer", lambda: None)
            elif self._is_away or entry.is_behind:
                self._do_without(entry, now)
        else:
            self._accept(entry, now)
            outcome = "local" if entry.manner is Manner.BOOT else "stored"
            self._answer(entry.take_waiters(), answer, outcome)

    def _unstored(self, entry: Entry, error: Exception, now: Now) -> None:
        # If the commit was cut off it may have taken place all the same: look into the store.
        self.line.leave(entry)
        self.line.doubt()
        self._refuse(entry, "it could not be stored")

    def _join_earlier(self, entry: Entry, key: int, now: Now) -> None:
        """Let a repeat wait for the answer to the first, which is stored and has none yet."""
        earlier = self.line.find(key)
        if earlier is None:
            self._refuse(entry, "the same message waits to be decided on")
            return
        earlier.waiters += entry.take_waiters()
        if self._is_away and earlier.stage is not Stage.SETTLING:
            self._do_without(earlier, now)

    # Without the backend

    def _expire(self, entry: Entry, now: Now) -> None:
        """End what has waited for as long as a charge point does."""
        if entry.stage not in {Stage.STORING, Stage.SETTLING}:
            self._do_without(entry, now)
        elif entry.manner is Manner.STOP and entry.is_stored:
            self._answer_plainly(entry)
        else:
            self._refuse(entry, "it could not be stored in time")

    def _do_without(self, entry: Entry, now: Now) -> None:
        """End what waits for the answer to a message without the backend."""
        if entry.stage in {Stage.STORING, Stage.SETTLING}:
            return  # Its commit will tell.
        match entry.manner:
            case Manner.HEARTBEAT:
                self._drop(entry)
                if self._refusing and (self._is_away or self.is_full):
                    self._ignore(entry.take_waiters())
                else:
                    self._answer(entry.take_waiters(), heartbeat_answer(now.at), "local")
            case Manner.ASK:
                self._drop(entry)
                self._refuse(entry, AWAY)
            case Manner.BOOT if not entry.is_stored:
                self._boot_without(entry, now)
            case Manner.START:
                self._start_without(entry, now)
            case _:
                self._answer_plainly(entry)

    def _drop(self, entry: Entry) -> None:
        # What has left stays until it is answered: one message at a time.
        if entry is not self._flight:
            self.line.leave(entry)

    def _is_same_boot(self, entry: Entry) -> bool:
        is_same = self._boot is not None and content.encode(entry.request) == self._boot
        return is_same and self.status == "Accepted" and not self.is_full

    def _boot_without(self, entry: Entry, now: Now) -> None:
        self._drop(entry)
        if not self._is_same_boot(entry):
            self._refuse(entry, AWAY)
            return
        # The backend is to know of the boot all the same; that takes a commit.
        due = now.time + SHORT_WAIT
        waiters = [Waiter(each.ticket, due) for each in entry.take_waiters()]
        copy = attrs.evolve(entry, waiters=waiters, stage=Stage.READY, has_left=False)
        interval = 0 if self.interval is None else self.interval
        self._store(copy, boot_answer(now.at, interval), may_add=True)

    def _start_without(self, entry: Entry, now: Now) -> None:
        if entry.local_id is not None:
            self._refuse(entry, "its answer is being stored")
        elif self._rules.offline_start is OfflineStart.LOCAL_ID:
            answer = self._give_local_id(entry)
            waiters = entry.take_waiters()
            assert entry.key is not None  # noqa: S101 - it is stored
            assert entry.digest is not None  # noqa: S101 - a start has one
            local_id = entry.local_id
            assert local_id is not None  # noqa: S101 - given just now

            def given(_: Any, then: Now) -> None:
                self._accept(entry, then)
                self._answer(waiters, answer, "local")

            if local_id not in self.ids:
                self.ids.map(local_id, None)
            self._persist(
                GiveLocalId(
                    identity=self.identity,
                    key=entry.key,
                    digest=entry.digest,
                    local_id=local_id,
                    answer=content.encode(answer),
                    at=now.at,
                ),
                given,
            )
        elif entry.has_left or entry.is_behind or entry.stage is not Stage.READY:
            # The backend may have it: it stays, and a repeat gets the answer once it is there.
            self._refuse(entry, "the backend's answer did not come")
        else:
            waiting = attrs.evolve(entry, waiters=entry.take_waiters())
            self._withdraw(entry, AWAY, lambda: self._refuse(waiting, AWAY))

    def _give_local_id(self, entry: Entry) -> StartTransactionResponse:
        entry.local_id = self.ids.new(self._random)
        return local_answer(entry.local_id)
