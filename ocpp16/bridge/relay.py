"""The relay of one charge point towards its backend, sans-IO: inputs in, actions out.

Knows what each message may come to while the backend is there, away, or slow; knows no socket, no
database, no clock. Every input returns what is to be done, in order. The rules are in `policy`, the
order of arrival is kept by a `Line`, of which the first message alone is on its way upstream (see
`delivery`); it leaves the line once the backend's answer is committed.

The backend, as the relay sees it::

    | reach   | means                                                  | left by                |
    |---------|--------------------------------------------------------|------------------------|
    | IDLE    | not connected and not wanted: the charger is offline   | any message            |
    | OPENING | an attempt is on its way: messages wait for it         | opened, attempt_failed |
    | OPEN    | connected                                              | closed                 |
    | DOWN    | the last attempt failed; the next one is to come       | opened, a message      |

It counts as away, too, while an answer is late, and while more than `WINDOW` messages wait.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import attrs

from ocpp16.bridge import content, event
from ocpp16.bridge.action import Action, Now, Write
from ocpp16.bridge.entry import Entry, Stage, Waiter
from ocpp16.bridge.ids import GIVEN_UP
from ocpp16.bridge.intake import Intake
from ocpp16.bridge.mending import Unmendable, mend
from ocpp16.bridge.policy import (
    manner_of,
)
from ocpp16.bridge.settings import Delivery as DeliveryChoice
from ocpp16.bridge.state import OPEN_WITHIN, WRITE_AGAIN, Memory, Reach, Rules
from ocpp16.catalog import action_of
from ocpp16.errors import CallFailed, InvalidMessage, InvalidResponse, OcppError
from ocpp16.store.bridge.change import (
    Drop,
    Leave,
    Requeue,
)
from ocpp16.store.bridge.query import MessageRow
from ocpp16.store.bridge.tables import State
from ocpp16.structure import Request, Response

__all__ = ["Memory", "Reach", "Relay", "Rules"]


class Relay(Intake):
    """One charge point; see `RelayState` for what it is made of."""

    # Inputs

    def start(self, now: Now, *, is_online: bool) -> list[Action]:
        """Go on after a restart: what waits is to be delivered."""
        if is_online:
            self._see(now)
        # A request that came in meanwhile may have opened it already.
        if (is_online or self.line.depth) and self.reach is Reach.IDLE:
            self._open(now)
        return self._end(now)

    def receive(self, ticket: str, request: Request[Any], now: Now) -> list[Action]:
        """Take a message of the charge point.

        Args:
            ticket: Name of its exchange, unique for ever: the message's id upstream.
            request: The message.
            now: The time.
        """
        self._see(now)
        self._want(now)
        action = action_of(type(request)).name
        entry = Entry(
            action=action,
            manner=manner_of(action),
            request=request,
            call_id=ticket,
            received=now.at,
            waiters=[Waiter(ticket, now.time + self._rules.answer_within)],
            is_permitted=self._is_gated,
        )
        try:
            entry.request, changes = mend(request)
        except Unmendable as error:
            self._take_unmendable(entry, error)
            return self._end(now)
        if changes:
            self._tell(event.Altered(self.identity, action, changes))
        entry.digest = content.digest_of(entry.request)
        self._take(entry, now)
        return self._end(now)

    def forget(self, ticket: str, now: Now) -> list[Action]:
        """Take it that an exchange of the charge point has ended without us."""
        for entry in self.line:
            entry.waiters = [each for each in entry.waiters if each.ticket != ticket]
        return self._end(now)

    def heard(self, now: Now) -> list[Action]:
        """Take it that the charge point has answered a call."""
        self._see(now)
        return self._end(now)

    def opened(self, now: Now) -> list[Action]:
        """Take it that the backend is connected."""
        self.reach = Reach.OPEN
        self._tell(event.UpstreamOpened(self.identity))
        return self._end(now)

    def closed(self, reason: str, now: Now) -> list[Action]:
        """Take it that the connection to the backend has ended."""
        if self.reach is Reach.IDLE:
            return self._end(now)
        self.reach = Reach.DOWN
        self.last_error = reason
        self._tell(event.UpstreamClosed(self.identity, reason))
        entry = self._flight
        if entry is not None and entry.stage in {Stage.SENT, Stage.LATE}:
            self._lose(entry, reason, now)
        if any(entry.waiters for entry in self.line) and self._may_hurry(now):
            self._open(now)
        else:
            self._flush(now)
        return self._end(now)

    def attempt_failed(self, reason: str, now: Now) -> list[Action]:
        """Take it that the backend could not be connected; there will be another attempt."""
        if self.reach is not Reach.IDLE:
            self.reach = Reach.DOWN
            self._last_try = now.time
            self.last_error = reason
            self._tell(event.UpstreamFailed(self.identity, reason))
            self._flush(now)
        return self._end(now)

    def answered(self, number: int, response: Response, now: Now) -> list[Action]:
        """Take the backend's answer to a call."""
        entry = self._landed(number)
        if entry is not None:
            try:
                response, changes = mend(response)
            except Unmendable as error:
                invalid = InvalidResponse(error.fault.code, error.fault.path or "", str(error))
                self._fail(entry, invalid, now)
            else:
                if changes:
                    self._tell(event.Altered(self.identity, entry.action, changes))
                self._succeed(entry, response, now)
        return self._end(now)

    def failed(
        self, number: int, error: OcppError, now: Now, *, has_left: bool = True
    ) -> list[Action]:
        """Take it that a call to the backend failed.

        Args:
            number: Which call.
            error: How.
            now: The time.
            has_left: False if the backend cannot have it.
        """
        entry = self._landed(number)
        if entry is None:
            pass
        elif isinstance(error, (CallFailed, InvalidResponse, InvalidMessage)):
            self._fail(entry, error, now)
        elif has_left:
            self._lose(entry, str(error), now)
        else:
            entry.stage = Stage.READY
            entry.not_before = now.time + WRITE_AGAIN
            self._flight = None
        return self._end(now)

    def written(self, write: Write, result: Any, now: Now) -> list[Action]:
        """Take it that a change is committed."""
        write.done(result, now)
        return self._end(now)

    def unwritten(self, write: Write, error: Exception, now: Now) -> list[Action]:
        """Take it that a change could not be committed."""
        self.last_error = str(error)
        self._tell(event.StoreFailed(self.identity, str(error)))
        write.failed(error, now)
        return self._end(now)

    def loaded(self, rows: list[MessageRow], limit: int, total: int, now: Now) -> list[Action]:
        """Take stored messages that were not in memory.

        Args:
            rows: The next ones, in order.
            limit: How many of them were asked for.
            total: How many wait in all.
            now: The time.
        """
        self._is_loading = False
        for row in rows:
            if self.line.find(row.key) is None:
                self._take_row(row)
        self.line.end_load(len(rows), limit, total)
        for row in rows:
            self._look_at_row(row, now)
        if rows and self.reach is Reach.IDLE:
            self._open(now)
        return self._end(now)

    def not_loaded(self, error: Exception, now: Now) -> list[Action]:
        """Take it that stored messages could not be read."""
        self.last_error = str(error)
        self._tell(event.StoreFailed(self.identity, str(error)))
        self._load_due = now.time + WRITE_AGAIN
        return self._end(now)

    def release(self, row: MessageRow, now: Now) -> list[Action]:
        """Take a message that a person has put back, to its place in the line."""
        if self.line.find(row.key) is None:
            self._write(
                Requeue(identity=self.identity, key=row.key),
                partial(self._requeued, row),
                # If it did not take place it is released still, and will be told again.
                lambda *_: self.line.doubt(row.key - 1),
            )
        return self._end(now)

    def drop(self, row: MessageRow, now: Now) -> list[Action]:
        """Take it that a person has done away with a message that was held or dead."""
        # The backend has no id for its transaction that we shall ever hear of (CE 3.18).
        given = row.local_id
        local_id = given if given is not None and self.ids.is_open(given) else None
        self._write(
            Drop(identity=self.identity, key=row.key, local_id=local_id, at=now.at),
            partial(self._dropped, row, local_id),
            # It is dropped still, and will be told again.
            lambda *_: None,
        )
        return self._end(now)

    def tick(self, now: Now) -> list[Action]:
        """Do what is due."""
        due = [each for each in self._again if each[0] <= now.time]
        self._again = [each for each in self._again if each[0] > now.time]
        self._out += [write for _, write, is_current in due if is_current()]
        if self._load_due is not None and self._load_due <= now.time:
            self._load_due = None
            self._is_loading = False
        for entry in self.line:
            if any(waiter.deadline <= now.time for waiter in entry.waiters):
                self._expire(entry, now)
        self._check_flight(now)
        if self.reach is Reach.OPENING and now.time >= self._last_try + OPEN_WITHIN:
            # Many may wait for their turn; this one has to be answered.
            self.reach = Reach.DOWN
            self._last_try = now.time
            self._flush(now)
        if self.is_online and now.time >= self._silent_at:
            self.is_online = False
            self._tell(event.ChargerOffline(self.identity))
        return self._end(now)

    def _want(self, now: Now) -> None:
        """See to it that the backend is connected, or will be soon."""
        is_down = self.reach is Reach.DOWN and self._may_hurry(now)
        if self.reach is Reach.IDLE or is_down:
            self._open(now)

    # Rows of the store

    def _take_row(self, row: MessageRow) -> None:
        """Take a stored message into memory, at its place."""
        request: Any
        try:
            request = content.decode_request(row.action, row.payload)
        except OcppError as error:
            request = error
        if row.local_id is not None and row.local_id not in self.ids:
            # Its commit was cut off, and has taken place all the same.
            self.ids.map(row.local_id, None)
        self.line.put(
            Entry(
                action=row.action,
                manner=manner_of(row.action),
                request=request,
                call_id=row.call_id,
                received=row.received,
                digest=row.digest,
                key=row.key,
                attempts=row.attempts,
                local_id=row.local_id,
                has_left=True,
            )
        )

    def _look_at_row(self, row: MessageRow, now: Now) -> None:
        """Take a message out again that must not or cannot be sent."""
        entry = self.line.find(row.key)
        if entry is None or entry.stage is not Stage.READY:
            return
        if isinstance(entry.request, OcppError):
            self._move(entry, State.DEAD, f"cannot be read: {entry.request}", now)
        elif row.reason == Leave.REASON and self._rules.delivery is DeliveryChoice.HOLD:
            self._move(entry, State.HELD, "the bridge ended while it was on its way", now)

    def _dropped(
        self, row: MessageRow, local_id: int | None, counts: tuple[int, int] | None, _: Now
    ) -> None:
        if counts is None:
            return
        self.held, self.dead = counts
        self._tell(event.Discarded(self.identity, row.action, row.call_id))
        if local_id is not None:
            self.ids.map(local_id, GIVEN_UP)
            self._tell(event.IdMapped(self.identity, local_id, GIVEN_UP))

    def _requeued(self, row: MessageRow, counts: tuple[int, int] | None, now: Now) -> None:
        if counts is None:
            return
        self.held, self.dead = counts
        self._tell(event.Released(self.identity, row.action, row.call_id))
        self.line.depth += 1
        fresh = attrs.evolve(row, attempts=0, reason=None)
        if self.reach is Reach.IDLE:
            self._open(now)
        self._take_row(fresh)
        self._look_at_row(fresh, now)

    def _end(self, now: Now) -> list[Action]:
        """Let leave what may, and return what is to be done."""
        if self.reach is Reach.OPEN and not self._is_away and not self.is_full:
            self._clear("any")
        self._pump(now)
        self._close_if_done()
        out, self._out = self._out, []
        return out
