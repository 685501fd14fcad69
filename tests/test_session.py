"""Our own calls: events in, events and deadlines out. Time is plain numbers, nothing sleeps."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import catalog
from ocpp16.bindings.binding import Binding
from ocpp16.bindings.ocppj import OcppJ
from ocpp16.enums import ResetStatus
from ocpp16.envelope import CallResult
from ocpp16.errors import (
    CallFailed,
    CallNotAllowed,
    CallTimeout,
    ConstraintKind,
    ErrorCode,
    InvalidMessage,
    InvalidResponse,
    OcppError,
    QueueFull,
    SessionClosed,
)
from ocpp16.messages import (
    BootNotificationRequest,
    DataTransferRequest,
    ResetResponse,
)
from ocpp16.session import (
    CallEnded,
    CallReceived,
    Deviated,
    FrameIgnored,
    FrameToSend,
    LateAnswer,
    Session,
)
from ocpp16.settings import Leniency
from ocpp16.spec import Side
from tests import exchange
from tests.exchange import (
    HEARTBEAT,
    PULSE,
    RESET,
    Odd,
    make_session,
    names,
    of,
    only,
    seconds,
    sent_calls,
)

ACTION = catalog.ACTIONS["Reset"]
DONE = ResetResponse(status=ResetStatus.ACCEPTED)


def outcome(session: Session, frame: bytes | str, now: float = 1.0, **more: Any) -> OcppError:
    """Return how the answer in a frame ends the one call in flight."""
    ended = only(session.receive(frame, now, **more), CallEnded)
    assert isinstance(ended.outcome, OcppError)
    return ended.outcome


# One at a time


def test_a_call_leaves_at_once_with_an_id_of_new_id(binding: Binding) -> None:
    session = make_session(binding, ids=["f5b2"])
    call_id, events = session.call(RESET, 0.0)
    assert call_id == "f5b2"
    frame = exchange.call(binding, "f5b2", RESET)
    assert events == [FrameToSend(frame, exchange=None, call="f5b2", answers=None)]


def test_one_call_outstanding_per_peer_and_others_wait_in_order(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    assert session.call(RESET, 0.0) == ("own-2", [])
    assert session.call(RESET, 0.0) == ("own-3", [])
    events = session.receive(exchange.result(binding, "own-1", DONE), 1.0)
    assert names(events) == ["CallEnded", "FrameToSend"]
    assert events[0] == CallEnded("own-1", ACTION, DONE)
    assert events[1] == FrameToSend(exchange.call(binding, "own-2", RESET), call="own-2")
    events = session.receive(exchange.result(binding, "own-2", DONE), 2.0)
    assert sent_calls(binding, events) == [("own-3", "Reset")]
    assert names(session.receive(exchange.result(binding, "own-3", DONE), 3.0)) == ["CallEnded"]
    assert session.deadline is None


def test_a_queue_of_at_most_64_calls_then_they_fail_at_once(binding: Binding) -> None:
    session = make_session(binding)
    for _ in range(65):
        session.call(RESET, 0.0)
    with pytest.raises(QueueFull, match="64 calls wait"):
        session.call(RESET, 0.0)
    session.receive(exchange.result(binding, "own-1", DONE), 1.0)
    assert session.call(RESET, 1.0) == ("own-66", [])


def test_without_a_queue_a_second_call_fails_at_once(binding: Binding) -> None:
    session = make_session(binding, call_queue=0)
    session.call(RESET, 0.0)
    with pytest.raises(QueueFull):
        session.call(RESET, 0.0)
    session.cancel("own-1", 0.0)
    assert sent_calls(binding, session.call(RESET, 0.0)[1]) == [("own-2", "Reset")]


# What cannot be sent


def test_a_request_that_only_the_other_side_sends_is_not_allowed(binding: Binding) -> None:
    session = make_session(binding, Side.CHARGE_POINT)
    with pytest.raises(CallNotAllowed, match="a charge point does not send Reset"):
        session.call(RESET, 0.0)
    assert session.deadline is None


def test_a_request_that_breaks_a_rule_is_an_invalid_message_and_nothing_is_sent(
    binding: Binding,
) -> None:
    session = make_session(binding, Side.CHARGE_POINT)
    broken = BootNotificationRequest.unchecked({"charge_point_vendor": "v"}, ())
    with pytest.raises(InvalidMessage) as raised:
        session.call(broken, 0.0)
    assert (raised.value.path, raised.value.kind) == ("/chargePointModel", ConstraintKind.REQUIRED)
    assert sent_calls(binding, session.call(HEARTBEAT, 0.0)[1]) == [("own-1", "Heartbeat")]


def test_a_call_over_the_message_limit_is_an_invalid_message_and_nothing_is_sent(
    binding: Binding,
) -> None:
    session = make_session(binding, Side.CHARGE_POINT, message_limit=3000)
    large = DataTransferRequest(vendor_id="V", data="x" * 3000)
    with pytest.raises(InvalidMessage, match="at most 3000 are allowed"):
        session.call(large, 0.0)
    assert names(session.call(HEARTBEAT, 0.0)[1]) == ["FrameToSend"]


def test_a_call_that_is_withdrawn_ends_and_lets_the_next_one_leave(binding: Binding) -> None:
    session = make_session(binding)
    first, _ = session.call(RESET, 0.0)
    second, _ = session.call(RESET, 0.0)
    error = CallNotAllowed("the gate is closed")
    ended, to_send = session.withdraw(first, error, 1.0)
    assert ended == CallEnded(first, ACTION, error)
    assert isinstance(to_send, FrameToSend)
    assert to_send.call == second
    assert session.withdraw(first, error, 1.0) == []


def test_an_action_that_the_wire_does_not_carry_is_an_invalid_message(binding: Binding) -> None:
    session = make_session(Odd(binding, carries=lambda action: action is not ACTION))
    with pytest.raises(InvalidMessage, match=r"ResetRequest: .* has no such message"):
        session.call(RESET, 0.0)


# Deadlines


@pytest.mark.parametrize(
    ("timeout", "due"), [(None, 130.0), (5.0, 105.0), (0.5, 100.5)], ids=["default", "5", "0.5"]
)
def test_timeout_30_s_unless_the_call_says_otherwise(
    binding: Binding, timeout: float | None, due: float
) -> None:
    session = make_session(binding)
    session.call(RESET, 100.0, timeout)
    assert session.deadline == due
    assert session.tick(due - 0.001) == []
    ended = only(session.tick(due), CallEnded)
    assert (ended.id, ended.action) == ("own-1", ACTION)
    assert isinstance(ended.outcome, CallTimeout)
    assert session.deadline is None


def test_the_timeout_includes_the_time_in_the_queue(binding: Binding) -> None:
    session = make_session(binding, call_timeout=seconds(10))
    session.call(RESET, 0.0)
    session.call(RESET, 4.0)
    session.call(RESET, 4.0, 2.0)
    assert session.deadline == 6.0
    ended = only(session.tick(6.0), CallEnded)
    assert ended.id == "own-3"
    assert "was not sent" in str(ended.outcome)
    assert session.deadline == 10.0
    events = session.tick(10.0)
    assert names(events) == ["CallEnded", "FrameToSend"]
    assert sent_calls(binding, events) == [("own-2", "Reset")]
    assert session.deadline == 14.0


def test_a_call_that_ran_out_of_time_in_the_queue_is_never_sent(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0, 50.0)
    session.call(RESET, 0.0, 10.0)
    session.call(RESET, 0.0, 90.0)
    # Nobody called `tick` at 10.
    events = session.receive(exchange.result(binding, "own-1", DONE), 20.0)
    assert [event.id for event in of(events, CallEnded)] == ["own-1", "own-2"]
    assert isinstance(of(events, CallEnded)[1].outcome, CallTimeout)
    assert sent_calls(binding, events) == [("own-3", "Reset")]


def test_calls_that_end_together_send_the_next_once(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0, 10.0)
    session.call(RESET, 0.0, 10.0)
    session.call(RESET, 0.0, 20.0)
    events = session.tick(10.0)
    assert [event.id for event in of(events, CallEnded)] == ["own-1", "own-2"]
    assert sent_calls(binding, events) == [("own-3", "Reset")]


# Late answers


def test_a_late_answer_is_told_once_with_its_outcome(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    session.tick(30.0)
    answer = exchange.result(binding, "own-1", DONE)
    assert session.receive(answer, 31.0) == [LateAnswer("own-1", ACTION, DONE)]
    assert names(session.receive(answer, 32.0)) == ["FrameIgnored"]


def test_a_late_refusal_and_a_late_invalid_answer_are_told_too(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    session.tick(30.0)
    session.call(RESET, 30.0)
    session.tick(60.0)
    late = only(
        session.receive(exchange.error(binding, "own-1", ErrorCode.NOT_SUPPORTED), 61.0), LateAnswer
    )
    assert isinstance(late.outcome, CallFailed)
    assert late.outcome.code is ErrorCode.NOT_SUPPORTED
    late = only(session.receive(exchange.result(binding, "own-2", PULSE), 61.0), LateAnswer)
    assert isinstance(late.outcome, InvalidResponse)


def test_only_so_many_calls_given_up_are_remembered(binding: Binding) -> None:
    session = make_session(binding, late_answers=2)
    for number in range(3):
        session.call(RESET, 0.0)
        session.cancel(f"own-{number + 1}", 0.0)
    answers = [exchange.result(binding, f"own-{number + 1}", DONE) for number in range(3)]
    found = [names(session.receive(answer, 1.0)) for answer in answers]
    assert found == [["FrameIgnored"], ["LateAnswer"], ["LateAnswer"]]


def test_with_late_answers_off_none_is_remembered(binding: Binding) -> None:
    session = make_session(binding, late_answers=0)
    session.call(RESET, 0.0)
    session.cancel("own-1", 0.0)
    assert names(session.receive(exchange.result(binding, "own-1", DONE), 1.0)) == ["FrameIgnored"]


# Cancelling


def test_cancelling_leaves_no_lock_held(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    session.call(RESET, 0.0)
    events = session.cancel("own-1", 1.0)
    assert names(events) == ["FrameToSend"]
    assert sent_calls(binding, events) == [("own-2", "Reset")]
    late = session.receive(exchange.result(binding, "own-1", DONE), 2.0)
    assert late == [LateAnswer("own-1", ACTION, DONE)]
    assert names(session.receive(exchange.result(binding, "own-2", DONE), 2.0)) == ["CallEnded"]


def test_cancelling_a_call_that_waits_removes_it(binding: Binding) -> None:
    session = make_session(binding, call_queue=1)
    session.call(RESET, 0.0)
    session.call(RESET, 0.0, 5.0)
    assert session.cancel("own-2", 1.0) == []
    assert session.deadline == 30.0
    session.call(RESET, 1.0)
    events = session.receive(exchange.result(binding, "own-1", DONE), 2.0)
    assert sent_calls(binding, events) == [("own-3", "Reset")]


def test_cancelling_what_is_over_does_nothing(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    session.receive(exchange.result(binding, "own-1", DONE), 1.0)
    assert session.cancel("own-1", 2.0) == []
    assert session.cancel("never", 2.0) == []


# A retry with the id of the first try


def test_a_retry_may_reuse_its_id_and_takes_the_answer_to_the_first(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    session.tick(30.0)
    call_id, events = session.call(RESET, 31.0, call_id="own-1")
    assert call_id == "own-1"
    assert sent_calls(binding, events) == [("own-1", "Reset")]
    ended = session.receive(exchange.result(binding, "own-1", DONE), 32.0)
    assert ended == [CallEnded("own-1", ACTION, DONE)]


def test_the_answer_to_the_first_try_is_told_while_its_retry_waits(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    session.tick(30.0)
    session.call(RESET, 30.0)
    assert session.call(RESET, 31.0, call_id="own-1") == ("own-1", [])
    answer = exchange.result(binding, "own-1", DONE)
    assert session.receive(answer, 32.0) == [LateAnswer("own-1", ACTION, DONE)]
    assert session.cancel("own-1", 32.0) == []
    assert names(session.receive(answer, 33.0)) == ["FrameIgnored"]


def test_an_id_cannot_be_used_twice_at_a_time(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    session.call(RESET, 0.0)
    for call_id in ("own-1", "own-2"):
        with pytest.raises(ValueError, match="has not ended yet"):
            session.call(RESET, 1.0, call_id=call_id)


# Answers


def test_a_refusal_is_call_failed_with_what_the_peer_said() -> None:
    session = make_session(OcppJ())
    session.call(RESET, 0.0)
    failed = outcome(session, b'[4,"own-1","SecurityError","no, thanks",{"why":1}]')
    assert isinstance(failed, CallFailed)
    assert (failed.code, failed.description) == (ErrorCode.SECURITY_ERROR, "no, thanks")
    assert failed.details == {"why": 1}


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b'[4,"own-1","Melted"]', "Melted"),
        (b'[4,"own-1","Melted","x"]', "Melted"),
        (b'[4,"own-1","FormatViolation","x",null]', ErrorCode.FORMATION_VIOLATION),
    ],
)
def test_a_call_error_with_3_or_4_elements_or_an_unknown_code_is_still_call_failed(
    frame: bytes, code: str
) -> None:
    session = make_session(OcppJ())
    session.call(RESET, 0.0)
    failed = outcome(session, frame)
    assert isinstance(failed, CallFailed)
    assert failed.code == code


@pytest.mark.parametrize(
    ("frame", "code", "path"),
    [
        (b'[3,"own-1",{}]', ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "/status"),
        (b'[3,"own-1",{"status":1}]', ErrorCode.TYPE_CONSTRAINT_VIOLATION, "/status"),
        (b'[3,"own-1",[]]', ErrorCode.FORMATION_VIOLATION, ""),
        (b'[3,"own-1"]', ErrorCode.FORMATION_VIOLATION, ""),
        (b'[3,"own-1","Reset",{"status":"Accepted"}]', ErrorCode.FORMATION_VIOLATION, ""),
    ],
)
def test_an_invalid_result_fails_its_own_call_only_and_at_once(
    frame: bytes, code: ErrorCode, path: str
) -> None:
    session = make_session(OcppJ())
    session.call(RESET, 0.0)
    session.call(RESET, 0.0)
    events = session.receive(frame, 1.0)
    assert names(events) == ["CallEnded", "FrameToSend"]
    failed = of(events, CallEnded)[0].outcome
    assert isinstance(failed, InvalidResponse)
    assert (failed.code, failed.path, failed.message_id) == (code, path, "own-1")


def test_answers_with_unknown_ids_are_ignored_and_told(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    session.call(RESET, 0.0)
    for call_id in ("own-3", "own-2", "OWN-1"):
        for frame in (
            exchange.result(binding, call_id, DONE),
            exchange.error(binding, call_id, ErrorCode.GENERIC_ERROR),
        ):
            assert session.receive(frame, 1.0) == [
                FrameIgnored("an answer that nobody waits for", frame)
            ]
    assert session.deadline == 30.0


def test_an_answer_read_only_by_leniency_is_told_before_the_end_of_its_call() -> None:
    session = make_session(OcppJ(), leniency={Leniency.UNKNOWN_FIELDS})
    session.call(RESET, 0.0)
    events = session.receive(b'[3,"own-1",{"status":"Accepted","x":1}]', 1.0)
    assert names(events) == ["Deviated", "CallEnded"]
    deviated = of(events, Deviated)[0]
    assert (deviated.id, deviated.action) == ("own-1", "Reset")
    assert [deviation.path for deviation in deviated.deviations] == ["/x"]


def test_leniency_is_that_of_the_peer() -> None:
    strict = make_session(OcppJ(), peer_leniency={"CP-2": {Leniency.UNKNOWN_FIELDS}})
    strict.call(RESET, 0.0)
    answer = b'[3,"own-1",{"status":"Accepted","x":1}]'
    assert isinstance(outcome(strict, answer), InvalidResponse)
    lenient = make_session(OcppJ(), peer_leniency={"CP-1": {Leniency.UNKNOWN_FIELDS}})
    lenient.call(RESET, 0.0)
    assert names(lenient.receive(answer, 1.0)) == ["Deviated", "CallEnded"]


def test_a_result_of_another_action_is_an_invalid_response(binding: Binding) -> None:
    def unframe(frame: bytes | str) -> Any:
        read = binding.unframe(frame)
        assert isinstance(read, CallResult)
        return CallResult(read.id, read.payload, "ClearCache")

    session = make_session(Odd(binding, unframe=unframe))
    session.call(RESET, 0.0)
    failed = outcome(session, exchange.result(binding, "own-1", DONE))
    assert isinstance(failed, InvalidResponse)
    assert failed.code is ErrorCode.PROTOCOL_ERROR
    assert failed.reason == "it answers 'ClearCache', not Reset"


# The end


def test_a_lost_connection_fails_every_call(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    session.call(RESET, 0.0)
    events = session.close("connection lost", 1.0)
    assert [(event.id, str(event.outcome)) for event in of(events, CallEnded)] == [
        ("own-1", "connection lost"),
        ("own-2", "connection lost"),
    ]
    assert all(isinstance(event.outcome, SessionClosed) for event in of(events, CallEnded))
    assert len(events) == 2
    assert session.deadline is None
    assert session.close("again", 2.0) == []
    with pytest.raises(SessionClosed, match="connection lost"):
        session.call(RESET, 2.0)
    assert session.tick(100.0) == []


def test_a_closed_session_calls_nobody_and_reads_nothing(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    session.close("connection lost", 1.0)
    with pytest.raises(SessionClosed, match="connection lost"):
        session.call(RESET, 2.0)
    for frame in (exchange.result(binding, "own-1", DONE), exchange.call(binding, "a", HEARTBEAT)):
        ignored = only(session.receive(frame, 2.0), FrameIgnored)
        assert ignored.reason == "the session is closed: connection lost"


def test_the_deadline_is_the_first_of_calls_and_handlers(binding: Binding) -> None:
    session = make_session(binding, handler_timeout=seconds(25))
    assert session.deadline is None
    received = only(session.receive(exchange.call(binding, "a", HEARTBEAT), 0.0), CallReceived)
    assert session.deadline == 25.0
    session.call(RESET, 0.0, 20.0)
    assert session.deadline == 20.0
    session.tick(20.0)
    assert session.deadline == 25.0
    session.call(RESET, 20.0, 20.0)
    assert session.deadline == 25.0
    session.answer(received.handle, PULSE, 21.0)
    assert session.deadline == 40.0
