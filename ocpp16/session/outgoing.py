"""The half of a session that keeps our own calls: one in flight, others in line, some given up.

Knows ids, order and deadlines. Knows no wire: a call comes in as the frame to send, an answer as
its outcome. Spec: J 4.1.1 (one call outstanding per direction), JE 3.5.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ocpp16.errors import CallTimeout, OcppError, QueueFull, SessionClosed
from ocpp16.session.event import CallEnded, CallId, FrameToSend, LateAnswer, SessionEvent
from ocpp16.settings import Settings
from ocpp16.spec import ActionSpec
from ocpp16.structure import Response


@attrs.frozen
class OwnCall:
    """A call of ours that has not ended."""

    id: CallId
    action: ActionSpec
    frame: bytes
    deadline: float


class Outgoing:
    """Our own calls to one peer over one connection.

    Args:
        settings: Size of the line, and how many calls given up are remembered.
    """

    __slots__ = ("_flight", "_given_up", "_line", "_settings")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._flight: OwnCall | None = None
        self._line: dict[CallId, OwnCall] = {}
        self._given_up: dict[CallId, ActionSpec] = {}

    def check_room(self) -> None:
        """Check that one more call can be taken.

        Raises:
            QueueFull: It cannot.
        """
        if self._flight is not None and len(self._line) >= self._settings.call_queue:
            raise QueueFull(f"{len(self._line)} calls wait for this peer already")

    def is_pending(self, call_id: CallId) -> bool:
        """Tell whether a call is in flight or in line."""
        is_in_flight = self._flight is not None and self._flight.id == call_id
        return is_in_flight or call_id in self._line

    def add(self, call: OwnCall, now: float) -> list[SessionEvent]:
        """Take a call: it leaves at once, or stands in line."""
        self._line[call.id] = call
        return self._go_on(now)

    def action_of(self, call_id: object) -> ActionSpec | None:
        """Return the action of a call that an answer can still come for, None if there is none."""
        if self._flight is not None and self._flight.id == call_id:
            return self._flight.action
        return self._given_up.get(call_id) if isinstance(call_id, str) else None

    def end(self, call_id: CallId, outcome: Response | OcppError, now: float) -> list[SessionEvent]:
        """Take the outcome of a call for which `action_of` gave an action."""
        call = self._flight
        if call is not None and call.id == call_id:
            self._flight = None
            return [CallEnded(call_id, call.action, outcome), *self._go_on(now)]
        action = self._given_up.pop(call_id, None)
        return [] if action is None else [LateAnswer(call_id, action, outcome)]

    def fail(self, call_id: object, error: OcppError, now: float) -> list[SessionEvent]:
        """Take it that no answer will come for a call."""
        if not isinstance(call_id, str):
            return []
        self._given_up.pop(call_id, None)
        return self.end(call_id, error, now)

    def cancel(self, call_id: CallId, now: float) -> list[SessionEvent]:
        """Give up a call."""
        call = self._flight
        if self._line.pop(call_id, None) is not None or call is None or call.id != call_id:
            return []
        self._give_up(call)
        return self._go_on(now)

    def expire(self, now: float) -> list[SessionEvent]:
        """End the calls whose time is over."""
        events: list[SessionEvent] = []
        call = self._flight
        if call is not None and call.deadline <= now:
            self._give_up(call)
            error = CallTimeout(f"no answer to {call.action.name} came in time")
            events.append(CallEnded(call.id, call.action, error))
        return events + self._go_on(now)

    def close(self, reason: str) -> list[SessionEvent]:
        """End every call."""
        calls = list(self._pending())
        self._flight = None
        self._line.clear()
        self._given_up.clear()
        return [CallEnded(call.id, call.action, SessionClosed(reason)) for call in calls]

    @property
    def deadline(self) -> float | None:
        """When the first call runs out of time; None without calls."""
        if self._flight is None:
            return None  # A line forms behind a call in flight only.
        return min(call.deadline for call in self._pending())

    def _pending(self) -> Iterator[OwnCall]:
        if self._flight is not None:
            yield self._flight
        yield from self._line.values()

    def _give_up(self, call: OwnCall) -> None:
        self._flight = None
        self._given_up[call.id] = call.action
        if len(self._given_up) > self._settings.late_answers:
            del self._given_up[next(iter(self._given_up))]

    def _expire_line(self, now: float) -> list[SessionEvent]:
        events: list[SessionEvent] = []
        for call in [call for call in self._line.values() if call.deadline <= now]:
            del self._line[call.id]
            error = CallTimeout(f"{call.action.name} was not sent: calls before it took the time")
            events.append(CallEnded(call.id, call.action, error))
        return events

    def _go_on(self, now: float) -> list[SessionEvent]:
        # Any input may come before the `tick` that is due: what is over must not be sent any more.
        events = self._expire_line(now)
        if self._flight is None and self._line:
            call = self._flight = self._line.pop(next(iter(self._line)))
            events.append(FrameToSend(call.frame, call=call.id))
        return events
