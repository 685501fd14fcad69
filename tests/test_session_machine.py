"""Two sessions back to back over a wire that loses, repeats and reorders: what always holds.

Hypothesis chooses the steps. What has to hold is counted here, from the events alone, apart from
the last two invariants, which look at what the sessions keep.
"""

from __future__ import annotations

import itertools
from typing import Any, ClassVar

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ocpp16.bindings.binding import Binding
from ocpp16.enums import ResetStatus
from ocpp16.errors import InternalError, QueueFull, SessionClosed
from ocpp16.messages import HeartbeatResponse, ResetResponse
from ocpp16.session import (
    CallEnded,
    CallReceived,
    FrameToSend,
    HandlerExpired,
    LateAnswer,
    Session,
    SessionEvent,
)
from ocpp16.session.incoming import RECENT_IDS
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.storage import MemoryAnswers
from ocpp16.structure import Response
from tests import exchange
from tests.exchange import HEARTBEAT, PULSE, RESET, START, STARTED, on_side, seconds, start

HANDLERS, WAITING, QUEUE, LATE, ANSWERS = 2, 3, 3, 2, 10_000
RESET_DONE = ResetResponse(status=ResetStatus.ACCEPTED)
SIDES = st.sampled_from(list(Side))
PICKS = st.integers(0, 1000)


@attrs.define(eq=False)
class End:
    """One end of the wire, and what its session said so far."""

    side: Side
    session: Session
    begun: set[str] = attrs.Factory(set)
    ended: set[str] = attrs.Factory(set)
    in_flight: set[str] = attrs.Factory(set)
    in_work: dict[int, CallReceived] = attrs.Factory(dict)
    late: set[str] = attrs.Factory(set)
    is_closed: bool = False


class Wire(RuleBasedStateMachine):
    """The machine; `BINDING` and `SETTINGS` are set by the test."""

    BINDING: ClassVar[Binding]
    SETTINGS: ClassVar[Settings]

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.numbers = itertools.count()
        self.frames: dict[Side, list[bytes]] = {side: [] for side in Side}
        self.answers = {side: MemoryAnswers(ANSWERS, 10**9) for side in Side}
        self.done: set[tuple[str, bytes]] = set()
        self.ends = {side: self.end(side) for side in Side}

    def end(self, side: Side) -> End:
        session = Session(
            on_side(self.BINDING, side),
            side,
            "CP-1",
            settings=self.SETTINGS,
            new_id=lambda: f"{side.name.lower()}-{next(self.numbers)}",
            offers=lambda _: True,
            answers=self.answers[side],
        )
        return End(side, session)

    # What a session says is noted, and checked as it comes

    def take(self, end: End, events: list[SessionEvent]) -> None:
        for event in events:
            match event:
                case FrameToSend(call=None):
                    assert not end.is_closed
                    self.frames[end.side.other].append(event.data)
                case FrameToSend(call=call_id):
                    assert call_id in end.begun
                    assert call_id not in end.ended
                    end.in_flight.add(call_id)
                    self.frames[end.side.other].append(event.data)
                case CallReceived():
                    self.take_call(end, event)
                case HandlerExpired(handle):
                    del end.in_work[handle]
                case CallEnded(call_id):
                    assert call_id in end.begun
                    assert call_id not in end.ended, "a call ended twice"
                    end.ended.add(call_id)
                    end.in_flight.discard(call_id)
                case LateAnswer(call_id):
                    assert call_id in end.ended
                    assert call_id not in end.late, "a late answer was told twice"
                    end.late.add(call_id)
                case _:
                    pass

    def take_call(self, end: End, event: CallReceived) -> None:
        assert not end.is_closed
        key = (event.id, event.fingerprint)
        for other in end.in_work.values():
            assert (other.id, other.fingerprint) != key, "one call was handed out twice at a time"
        assert key not in self.done, "a transaction message was handed out again"
        assert event.handle not in end.in_work
        end.in_work[event.handle] = event

    # Steps

    @rule(side=SIDES, kind=st.booleans(), timeout=st.none() | st.sampled_from([0.0, 5.0, 60.0]))
    def call(self, side: Side, kind: bool, timeout: float | None) -> None:
        end = self.ends[side]
        request: Any = RESET
        if side is Side.CHARGE_POINT:
            request = start(len(end.begun)) if kind else HEARTBEAT
        waiting = len(end.begun) - len(end.ended) - len(end.in_flight)
        try:
            call_id, events = end.session.call(request, self.now, timeout)
        except SessionClosed:
            assert end.is_closed
        except QueueFull:
            assert waiting == QUEUE
        else:
            assert not end.is_closed
            assert waiting <= QUEUE
            end.begun.add(call_id)
            self.take(end, events)

    @rule(side=SIDES, pick=PICKS, keep=st.booleans())
    def deliver(self, side: Side, pick: int, keep: bool) -> None:
        frames = self.frames[side]
        if frames:
            index = pick % len(frames)
            frame = frames[index] if keep else frames.pop(index)
            end = self.ends[side]
            self.take(end, end.session.receive(frame, self.now))

    @rule(side=SIDES, count=st.integers(1, 10))
    def deliver_in_order(self, side: Side, count: int) -> None:
        end = self.ends[side]
        for _ in range(min(count, len(self.frames[side]))):
            self.take(end, end.session.receive(self.frames[side].pop(0), self.now))

    @rule(side=SIDES, pick=PICKS)
    def lose(self, side: Side, pick: int) -> None:
        frames = self.frames[side]
        if frames:
            del frames[pick % len(frames)]

    @rule(side=SIDES, pick=PICKS, at=PICKS, octet=st.integers(0, 255))
    def damage(self, side: Side, pick: int, at: int, octet: int) -> None:
        frames = self.frames[side]
        if frames:
            frame = bytearray(frames[pick % len(frames)])
            frame[at % len(frame)] = octet
            end = self.ends[side]
            self.take(end, end.session.receive(bytes(frame), self.now))

    @rule(side=SIDES, frame=st.binary(max_size=30) | st.text(max_size=30))
    def rubbish(self, side: Side, frame: bytes | str) -> None:
        end = self.ends[side]
        self.take(end, end.session.receive(frame, self.now))

    @rule(side=SIDES, pick=PICKS, how=st.sampled_from(["answer", "refuse", "drop", "wrong"]))
    def finish(self, side: Side, pick: int, how: str) -> None:
        end = self.ends[side]
        if not end.in_work:
            return
        handle = sorted(end.in_work)[pick % len(end.in_work)]
        received = end.in_work.pop(handle)
        if how == "refuse":
            events = end.session.refuse(handle, InternalError("no"), self.now)
        elif how == "drop":
            events = end.session.drop(handle, self.now)
        elif how == "wrong":
            events = end.session.answer(handle, HeartbeatResponse.unchecked({}, ()), self.now)
        else:
            response: Response | None = {"Heartbeat": PULSE, "StartTransaction": STARTED}.get(
                received.action.name
            )
            events = end.session.answer(handle, response or RESET_DONE, self.now)
            if received.action.name == "StartTransaction":
                self.done.add((received.id, received.fingerprint))
        self.take(end, events)

    @rule(seconds_=st.sampled_from([0.0, 0.5, 5.0, 24.0, 31.0]), ticks=st.booleans())
    def wait(self, seconds_: float, ticks: bool) -> None:
        self.now += seconds_
        for end in self.ends.values():
            if ticks:
                self.take(end, end.session.tick(self.now))
                assert end.session.deadline is None or end.session.deadline > self.now

    @rule(side=SIDES)
    def wake_when_due(self, side: Side) -> None:
        end = self.ends[side]
        due = end.session.deadline
        if due is not None:
            self.now = max(self.now, due)
            assert end.session.tick(self.now - 1000.0) == []
            events = end.session.tick(self.now)
            assert events, "a deadline came and nothing was due"
            self.take(end, events)

    @rule(side=SIDES, pick=PICKS)
    def cancel(self, side: Side, pick: int) -> None:
        end = self.ends[side]
        pending = sorted(end.begun - end.ended)
        if pending:
            call_id = pending[pick % len(pending)]
            end.ended.add(call_id)
            end.in_flight.discard(call_id)
            self.take(end, end.session.cancel(call_id, self.now))

    @rule(side=SIDES, chance=st.integers(0, 3))
    def close(self, side: Side, chance: int) -> None:
        end = self.ends[side]
        if not end.is_closed and not chance:
            end.is_closed = True
            self.take(end, end.session.close("the wire was cut", self.now))
            assert end.begun == end.ended

    @rule(side=SIDES)
    def connect_again(self, side: Side) -> None:
        # Handlers of the old connection may run on: their answers must still be remembered.
        end = self.ends[side]
        if end.is_closed:
            for handle, received in end.in_work.items():
                if received.action.name == "StartTransaction":
                    assert end.session.answer(handle, STARTED, self.now) == []
                    self.done.add((received.id, received.fingerprint))
            self.ends[side] = self.end(side)

    # What always holds

    @invariant()
    def at_most_one_call_of_ours_is_outstanding(self) -> None:
        for end in self.ends.values():
            assert len(end.in_flight) <= 1

    @invariant()
    def a_call_waits_only_while_another_is_outstanding(self) -> None:
        for end in self.ends.values():
            assert end.in_flight or end.begun == end.ended

    @invariant()
    def handlers_in_work_are_never_more_than_allowed(self) -> None:
        for end in self.ends.values():
            assert len(end.in_work) <= HANDLERS

    @invariant()
    def a_deadline_is_set_exactly_while_something_is_pending(self) -> None:
        for end in self.ends.values():
            is_pending = bool(end.begun - end.ended) or bool(end.in_work)
            assert (end.session.deadline is not None) == is_pending

    @invariant()
    def what_is_kept_is_bounded(self) -> None:
        for end in self.ends.values():
            ours, theirs = end.session._outgoing, end.session._incoming
            assert len(ours._line) <= QUEUE
            assert len(ours._given_up) <= LATE
            assert len(theirs._waiting) + theirs._repeats <= WAITING
            assert 0 <= theirs._waiting_bytes <= self.SETTINGS.waiting_bytes
            assert len(theirs._recent) <= RECENT_IDS
            opened = [each for calls in theirs._open.values() for each in calls]
            assert len(opened) == len(theirs._work) + len(theirs._waiting)
            assert theirs._repeats == sum(len(each.exchanges) - 1 for each in opened)
            if theirs._waiting:
                assert len(theirs._work) == HANDLERS

    @invariant()
    def nothing_is_pending_after_the_end(self) -> None:
        for end in self.ends.values():
            if end.is_closed:
                ours, theirs = end.session._outgoing, end.session._incoming
                assert ours._flight is None
                assert not ours._line
                assert not ours._given_up
                assert not theirs._waiting
                assert theirs._work.keys() == end.in_work.keys()
                assert not theirs._recent


def test_two_sessions_over_a_bad_wire(binding: Binding) -> None:
    class Bound(Wire):
        BINDING = binding
        SETTINGS = Settings(
            handlers=HANDLERS,
            waiting_calls=WAITING,
            # More than two calls, less than three: a line ends by its size, too.
            waiting_bytes=5 * len(exchange.call(binding, "charge_point-1", START)) // 2,
            call_queue=QUEUE,
            late_answers=LATE,
            call_timeout=seconds(30),
            handler_timeout=seconds(25),
        )

    run_state_machine_as_test(Bound, settings=settings(stateful_step_count=80))
