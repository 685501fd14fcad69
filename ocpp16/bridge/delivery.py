"""The way of a message upstream: its turn, its answer, its failures. Sans-IO, part of the relay.

One message is on its way at a time. A stored one leaves the line when the backend's answer is
committed; until then it is sent again, always with the same message id::

    | what comes of it              | stored                                   | not stored |
    |-------------------------------|------------------------------------------|------------|
    | a response                    | settled                                  | passed on  |
    | CALLERROR                     | sent again, at last a dead letter        | passed on  |
    | CALLERROR to StartTransaction | withdrawn and passed on, if the charge   |            |
    |                               | point has no id of ours for it           |            |
    | it cannot be encoded          | dead letter                              | passed on  |
    | connection lost, no answer    | unknown: sent again with its id, or held | refused    |
    | an answer after its time      | settled                                  | dropped    |

The wait before it is sent again after a CALLERROR is `retry_interval` times the transmissions so
far (C 3.7).
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from ocpp16.bridge import content, event
from ocpp16.bridge.action import CloseUpstream, GiveUp, Load, Now, Send, SetRegistration
from ocpp16.bridge.entry import WINDOW, Entry, Stage
from ocpp16.bridge.ids import GIVEN_UP, MOST, UnknownYet
from ocpp16.bridge.policy import Manner, fault_for_failure, local_answer, plain_answer
from ocpp16.bridge.settings import Delivery as DeliveryChoice
from ocpp16.bridge.state import Reach, RelayState
from ocpp16.errors import CallFailed, InvalidMessage, InvalidResponse
from ocpp16.messages import BootNotificationResponse, StartTransactionResponse
from ocpp16.store.bridge.change import (
    Attempted,
    Leave,
    Move,
    Register,
    Registration,
    Settle,
    Withdraw,
)
from ocpp16.store.bridge.tables import State
from ocpp16.structure import Request, Response

BOOT_AGAIN: Final = 30.0
"""Seconds until the next BootNotification where the backend names none (interval 0)."""
BACKEND: Final = "the backend"


class Delivery(RelayState):
    """The half of the relay that looks upstream."""

    def _pump(self, now: Now) -> None:
        """Let the next message leave, if it may."""
        self._fill()
        if self.reach is not Reach.OPEN or self._flight is not None:
            return
        entry = next((each for each in self._heads() if each.is_ready(now.time)), None)
        if entry is None:
            return
        try:
            request = self.ids.for_backend(entry.request)
        except UnknownYet:
            # Only a StartTransaction that is held stands before it without having been answered.
            self._move(entry, State.HELD, "the start of its transaction is held", now)
            return
        self._flight = entry
        if entry.is_stored and self._rules.delivery is DeliveryChoice.HOLD:
            entry.stage = Stage.LEAVING
            assert entry.key is not None  # noqa: S101 - it is stored
            self._persist(Leave(key=entry.key), lambda _, then: self._send(entry, request, then))
        else:
            self._send(entry, request, now)

    def _fill(self) -> None:
        """Read stored messages into memory while there is room."""
        if self.line.is_backlog and not self._is_loading and len(self.line) <= WINDOW // 2:
            self._is_loading = True
            self._out.append(Load(*self.line.next_load()))

    def _send(self, entry: Entry, request: Request[Any], now: Now) -> None:
        if self.reach is not Reach.OPEN:
            # The connection was lost while it was noted that the message leaves.
            entry.stage = Stage.READY
            self._flight = None
            return
        entry.stage = Stage.SENT
        entry.has_left = True
        self._sent_at = now.time
        self._flight_number += 1
        self._out.append(Send(self._flight_number, entry, request))

    def _landed(self, number: int) -> Entry | None:
        """Return the message whose call has ended, None if that is of no matter any more."""
        entry = self._flight
        if entry is None or number != self._flight_number:
            return None
        if entry.stage is Stage.LATE:
            self._tell(event.LateAnswer(self.identity, entry.action, entry.call_id))
        return entry if entry.stage in {Stage.SENT, Stage.LATE} else None

    # It was answered

    def _succeed(self, entry: Entry, response: Response, now: Now) -> None:
        if isinstance(response, BootNotificationResponse):
            self._take_registration(entry, response, now)
        elif not entry.is_stored:
            self._end_flight(entry)
            self._answer(entry.take_waiters(), response, "answered")
        elif isinstance(response, StartTransactionResponse):
            self._take_start_answer(entry, response, now)
        else:
            answer = content.encode(response) if entry.waiters else None
            self._settle(entry, response, now, answer=answer)

    def _take_registration(
        self, entry: Entry, response: BootNotificationResponse, now: Now
    ) -> None:
        if response.interval > MOST:
            # SOAP could not carry it, and the charge point has to hear that it is accepted.
            change = f"/interval: {response.interval} is more than SOAP carries: {MOST}"
            self._tell(event.Altered(self.identity, entry.action, (change,)))
            response = attrs.evolve(response, interval=MOST)
        status = str(response.status)
        registration = Registration(
            status=status, interval=response.interval, boot=content.encode(entry.request)
        )
        self.status = status
        if status == "Accepted":
            self.interval = response.interval
            self._boot = registration.boot
        self._tell(event.Registered(self.identity, status, response.interval))
        if not entry.is_stored:
            entry.stage = Stage.SETTLING

            def answer(*_: object) -> None:
                self._end_flight(entry)
                self._answer(entry.take_waiters(), response, "answered")

            self._persist(Register(identity=self.identity, registration=registration), answer)
            return
        self._out.append(SetRegistration(status, response.interval))
        if status == "Accepted":
            self._settle(entry, response, now, registration=registration)
            return
        # The charge point believes that it is accepted, so it is for us to ask again (C 4.2).
        self._persist(
            Register(identity=self.identity, registration=registration),
            is_current=lambda: self.status == status,
        )
        entry.stage = Stage.READY
        entry.not_before = now.time + (response.interval if response.interval > 0 else BOOT_AGAIN)
        self._flight = None

    def _take_start_answer(
        self, entry: Entry, response: StartTransactionResponse, now: Now
    ) -> None:
        backend_id = response.transaction_id
        local_id = entry.local_id
        if local_id is not None:
            # It has been given, or will be: that may be committed after this.
            answer = content.encode(local_answer(local_id))
        else:
            if self.ids.needs_local(backend_id):
                local_id = self.ids.new(self._random)
                response = attrs.evolve(response, transaction_id=local_id)
            answer = content.encode(response)
        mapping = None if local_id is None else (local_id, backend_id)
        if mapping is not None:
            # At once: the backend may call by its id before the commit.
            self.ids.map(*mapping)
            self._tell(event.IdMapped(self.identity, *mapping))
        self._settle(entry, response, now, answer=answer, mapping=mapping)

    def _settle(
        self,
        entry: Entry,
        response: Response,
        now: Now,
        *,
        answer: bytes | None = None,
        mapping: tuple[int, int] | None = None,
        registration: Registration | None = None,
    ) -> None:
        assert entry.key is not None  # noqa: S101 - it is stored
        entry.stage = Stage.SETTLING

        def settled(_: Any, then: Now) -> None:
            self._end_flight(entry)
            self._tell(event.Delivered(self.identity, entry.action, entry.call_id))
            if entry.waiters:
                self._accept(entry, then)
            self._answer(entry.take_waiters(), response, "answered")

        self._persist(
            Settle(
                identity=self.identity,
                key=entry.key,
                action=entry.action,
                at=now.at,
                digest=entry.digest,
                answer=answer,
                mapping=mapping,
                registration=registration,
            ),
            settled,
        )

    # It failed

    def _fail(
        self, entry: Entry, error: CallFailed | InvalidResponse | InvalidMessage, now: Now
    ) -> None:
        """Take it that a message got an error for an answer."""
        fault = fault_for_failure(error, BACKEND)
        self.last_error = f"{entry.action}: {error}"
        if not entry.is_stored:
            self._end_flight(entry)
            self._pass_fault(entry.take_waiters(), fault)
        elif entry.manner is Manner.START and entry.local_id is None:
            if isinstance(error, InvalidResponse) and entry.attempts + 1 < self._rules.attempts:
                # The backend may have begun a transaction: asked again, it is by the same id.
                self._refuse(entry, "the backend's answer is invalid")
                self._count_attempt(entry, str(error), now)
                return
            # The charge point knows of no transaction, and is the one to try again (C 3.7).
            waiters = entry.take_waiters()
            self._withdraw(entry, str(error), lambda: self._pass_fault(waiters, fault))
        elif isinstance(error, InvalidMessage):
            self._give_up(entry, str(error), now)
        elif isinstance(error, InvalidResponse) and entry.manner not in {
            Manner.START,
            Manner.BOOT,
        }:
            # Its answer is wrong, and holds nothing that is needed: it has the message.
            self._tell(event.Altered(self.identity, entry.action, (str(error),)))
            self._settle(entry, plain_answer(entry.request), now)
        else:
            self._count_attempt(entry, str(error), now)

    def _count_attempt(self, entry: Entry, reason: str, now: Now) -> None:
        self._answer_plainly(entry)
        entry.attempts += 1
        if entry.attempts >= self._rules.attempts:
            self._give_up(entry, reason, now)
            return
        assert entry.key is not None  # noqa: S101 - it is stored
        self._persist(
            Attempted(key=entry.key, attempts=entry.attempts, reason=reason),
            is_current=lambda: entry.stage is Stage.READY,
        )
        self._tell(event.Failed(self.identity, entry.action, entry.call_id, reason, entry.attempts))
        # C 3.7: the interval times the transmissions so far.
        entry.not_before = now.time + self._rules.retry_interval * entry.attempts
        entry.stage = Stage.READY
        self._flight = None

    def _give_up(self, entry: Entry, reason: str, now: Now) -> None:
        self._answer_plainly(entry)
        self._move(entry, State.DEAD, reason, now)

    def _lose(self, entry: Entry, reason: str, now: Now) -> None:
        """Take it that a message may have reached the backend, and its answer did not come."""
        if entry.stage is Stage.SENT:
            self._tell(
                event.OutcomeUnknown(
                    self.identity, entry.action, event.Direction.UP, entry.call_id, reason
                )
            )
        if not entry.is_stored:
            self._end_flight(entry)
            self._do_without(entry, now)
        elif self._rules.delivery is DeliveryChoice.HOLD:
            if entry.waiters:
                self._do_without(entry, now)
            self._move(entry, State.HELD, reason, now)
        else:
            entry.stage = Stage.READY
            entry.not_before = now.time
            self._flight = None

    def _check_flight(self, now: Now) -> None:
        """See whether the answer that is due is late, or is not waited for any more."""
        entry = self._flight
        if entry is not None and entry.stage is Stage.SENT and now.time >= self._late_at:
            reason = "no answer came in time"
            self.last_error = f"{entry.action}: {reason}"
            if not entry.is_stored:
                self._out.append(GiveUp(self._flight_number))
                self._lose(entry, reason, now)
                return
            self._tell(
                event.OutcomeUnknown(
                    self.identity, entry.action, event.Direction.UP, entry.call_id, reason
                )
            )
            entry.stage = Stage.LATE
            self._flush(now)
        if entry is not None and entry.stage is Stage.LATE and now.time >= self._again_at:
            # A time-out on a live link is no failed attempt; until now its answer could come.
            self._out.append(GiveUp(self._flight_number))
            self._lose(entry, "no answer came", now)

    def _flush(self, now: Now) -> None:
        """Do without the backend for everyone who waits for it."""
        for entry in self.line:
            if entry.waiters and entry.stage is not Stage.SETTLING:
                self._do_without(entry, now)

    def _do_without(self, entry: Entry, now: Now) -> None:
        """End what waits for the answer to a message without the backend."""
        raise NotImplementedError

    def _answer_plainly(self, entry: Entry) -> None:
        """Acknowledge a stored message whose better answer will not come."""
        if entry.waiters and entry.manner is not Manner.START:
            self._answer(entry.take_waiters(), plain_answer(entry.request), "stored")

    # It leaves the line

    def _end_flight(self, entry: Entry) -> None:
        self.line.leave(entry)
        if self._flight is entry:
            self._flight = None

    def _dismiss(self, entry: Entry) -> None:
        """Take a message out without the backend's answer; repeats may wait for that by now."""
        self._end_flight(entry)
        self._answer_plainly(entry)
        self._refuse(entry, "the backend's answer will not come")

    def _withdraw(self, entry: Entry, reason: str, then: Any) -> None:
        assert entry.key is not None  # noqa: S101 - it is stored
        entry.stage = Stage.SETTLING

        def withdrawn(*_: object) -> None:
            self._dismiss(entry)
            self._tell(event.Withdrawn(self.identity, entry.action, entry.call_id, reason))
            then()

        self._persist(Withdraw(key=entry.key), withdrawn)

    def _move(self, entry: Entry, state: State, reason: str, now: Now) -> None:
        """Take a message out of the queue, for a person to look at."""
        assert entry.key is not None  # noqa: S101 - it is stored
        given_up = entry.local_id if state is State.DEAD else None
        if given_up is not None:
            # CE 3.18: what follows of this transaction carries -1.
            self.ids.map(given_up, GIVEN_UP)
            self._tell(event.IdMapped(self.identity, given_up, GIVEN_UP))
        entry.stage = Stage.SETTLING

        def moved(*_: object) -> None:
            self._dismiss(entry)
            if state is State.DEAD:
                self.dead += 1
                told: type[event.DeadLettered | event.Held] = event.DeadLettered
            else:
                self.held += 1
                told = event.Held
            self._tell(told(self.identity, entry.action, entry.call_id, reason))

        change = Move(
            identity=self.identity,
            key=entry.key,
            state=state,
            reason=reason,
            at=now.at,
            attempts=entry.attempts,
            given_up=given_up,
        )
        self._persist(change, moved)

    def _close_if_done(self) -> None:
        """Disconnect an absent charge point once all that it left is delivered."""
        if not self.is_online and self.reach is not Reach.IDLE and self.is_idle:
            self.reach = Reach.IDLE
            self._out.append(CloseUpstream())
