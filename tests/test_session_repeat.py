"""Calls of the peer in number: handlers at work, the line before them, time, and repeats."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16.bindings.binding import Binding
from ocpp16.bindings.ocppj import OcppJ
from ocpp16.datatypes import MeterValue, SampledValue
from ocpp16.enums import DiagnosticsStatus, FirmwareStatus
from ocpp16.errors import ErrorCode, GenericError, InternalError
from ocpp16.messages import (
    DiagnosticsStatusNotificationRequest,
    FirmwareStatusNotificationRequest,
    HeartbeatResponse,
    MeterValuesRequest,
    MeterValuesResponse,
    StartTransactionResponse,
    StopTransactionRequest,
    StopTransactionResponse,
)
from ocpp16.session import (
    CallReceived,
    FaultAnswered,
    FrameIgnored,
    FrameToSend,
    HandlerExpired,
    IdReused,
    Repeated,
    Session,
)
from ocpp16.spec import Side
from ocpp16.storage import MemoryAnswers
from tests import exchange
from tests.exchange import (
    HEARTBEAT,
    NOON,
    PULSE,
    RESET,
    START,
    STARTED,
    make_session,
    names,
    of,
    only,
    seconds,
    sent_errors,
    sent_results,
    start,
)

STOP = StopTransactionRequest(transaction_id=41, meter_stop=9, timestamp=NOON)
DIAGNOSTICS = DiagnosticsStatusNotificationRequest(status=DiagnosticsStatus.IDLE)
FIRMWARE = FirmwareStatusNotificationRequest(status=FirmwareStatus.IDLE)
STOPPED = StopTransactionResponse()
METER = MeterValuesRequest(
    connector_id=1,
    meter_value=(MeterValue(timestamp=NOON, sampled_value=(SampledValue(value="7"),)),),
)


def begin(session: Session, frame: bytes, now: float = 0.0, **more: Any) -> CallReceived:
    """Let a session receive a call and return it."""
    return of(session.receive(frame, now, **more), CallReceived)[0]


def begun(events: Any) -> list[str]:
    """Return the ids of the calls whose handlers are due."""
    return [event.id for event in of(events, CallReceived)]


# At most so many at once


def test_at_most_16_handlers_at_once_per_peer_then_further_calls_wait(binding: Binding) -> None:
    session = make_session(binding)
    for number in range(16):
        assert begun(session.receive(exchange.call(binding, f"a{number}", HEARTBEAT), 0.0))
    for number in range(16, 19):
        assert session.receive(exchange.call(binding, f"a{number}", HEARTBEAT), 0.0) == []
    events = session.answer(3, PULSE, 1.0)
    assert names(events) == ["FrameToSend", "CallReceived"]
    assert begun(events) == ["a16"]
    assert begun(session.refuse(17, InternalError(), 2.0)) == ["a17"]
    assert begun(session.drop(1, 3.0)) == ["a18"]
    assert begun(session.drop(2, 3.0)) == []


def test_results_and_errors_are_always_read(binding: Binding) -> None:
    session = make_session(binding, Side.CHARGE_POINT, handlers=1, waiting_calls=1)
    for call_id in ("a", "b", "c"):
        session.receive(exchange.call(binding, call_id, RESET), 0.0)
    session.call(HEARTBEAT, 0.0)
    session.call(HEARTBEAT, 0.0)
    events = session.receive(exchange.result(binding, "own-1", PULSE), 1.0)
    assert names(events) == ["CallEnded", "FrameToSend"]
    events = session.receive(exchange.error(binding, "own-2", ErrorCode.GENERIC_ERROR), 1.0)
    assert names(events) == ["CallEnded"]


def test_a_waiting_call_that_turns_out_invalid_is_answered_and_the_next_begins() -> None:
    session = make_session(OcppJ(), handlers=1)
    received = begin(session, b'[2,"a","Heartbeat",{}]')
    assert session.receive(b'[2,"b","Heartbeat",{"x":1}]', 0.0) == []
    assert session.receive(b'[2,"c","Heartbeat",{}]', 0.0) == []
    events = session.answer(received.handle, PULSE, 1.0)
    assert names(events) == ["FrameToSend", "FrameToSend", "FaultAnswered", "CallReceived"]
    assert sent_errors(OcppJ(), events) == [("b", "FormationViolation")]
    assert begun(events) == ["c"]


def test_an_invalid_call_takes_no_place(binding: Binding) -> None:
    session = make_session(OcppJ(), handlers=1)
    session.receive(b'[2,"a","Heartbeat",{"x":1}]', 0.0)
    assert begun(session.receive(b'[2,"b","Heartbeat",{}]', 0.0)) == ["b"]


def test_one_waiting_call_too_many_is_answered_generic_error(binding: Binding) -> None:
    session = make_session(binding, handlers=1, waiting_calls=2)
    for call_id in ("a", "b", "c"):
        session.receive(exchange.call(binding, call_id, HEARTBEAT), 0.0)
    events = session.receive(exchange.call(binding, "d", HEARTBEAT), 0.0, 17)
    assert names(events) == ["FrameToSend", "FaultAnswered"]
    assert sent_errors(binding, events) == [("d", "GenericError")]
    assert of(events, FrameToSend)[0].exchange == 17
    assert isinstance(of(events, FaultAnswered)[0].fault, GenericError)
    session.drop(1, 1.0)
    assert session.receive(exchange.call(binding, "e", HEARTBEAT), 1.0) == []


def test_waiting_calls_that_are_too_large_in_all_are_answered_generic_error(
    binding: Binding,
) -> None:
    frame = exchange.call(binding, "b", HEARTBEAT)
    session = make_session(binding, handlers=1, waiting_bytes=2 * len(frame))
    session.receive(exchange.call(binding, "a", HEARTBEAT), 0.0)
    assert session.receive(frame, 0.0) == []
    assert session.receive(exchange.call(binding, "c", HEARTBEAT), 0.0) == []
    events = session.receive(exchange.call(binding, "d", HEARTBEAT), 0.0)
    assert sent_errors(binding, events) == [("d", "GenericError")]
    session.drop(1, 1.0)
    assert session.receive(exchange.call(binding, "e", HEARTBEAT), 1.0) == []


def test_a_handler_that_returns_what_cannot_be_sent_makes_way_for_the_next(
    binding: Binding,
) -> None:
    session = make_session(binding, handlers=1)
    for call_id in ("a", "b"):
        session.receive(exchange.call(binding, call_id, HEARTBEAT), 0.0)
    assert begun(session.answer(1, STARTED, 1.0)) == ["b"]


# Time


def test_the_deadline_is_that_of_the_handler_that_began_first(binding: Binding) -> None:
    session = make_session(binding)
    for number in range(3):
        session.receive(exchange.call(binding, f"a{number}", HEARTBEAT), float(number))
    assert session.deadline == 25.0
    session.drop(1, 3.0)
    assert session.deadline == 26.0


def test_a_handler_over_25_s_is_answered_internal_error_from_when_it_began(
    binding: Binding,
) -> None:
    session = make_session(binding, handlers=1)
    session.receive(exchange.call(binding, "a", HEARTBEAT), 0.0, 17)
    session.receive(exchange.call(binding, "b", HEARTBEAT), 1.0)
    assert session.deadline == 25.0
    assert session.tick(24.9) == []
    events = session.tick(25.0)
    assert names(events) == ["HandlerExpired", "FrameToSend", "FaultAnswered", "CallReceived"]
    assert events[0] == HandlerExpired(1)
    assert of(events, FrameToSend)[0].exchange == 17
    assert sent_errors(binding, events) == [("a", "InternalError")]
    assert of(events, FaultAnswered)[0].fault.description == ""
    assert begun(events) == ["b"]
    assert session.deadline == 50.0


def test_an_answer_after_that_is_ignored_silently_and_not_remembered(binding: Binding) -> None:
    session = make_session(binding)
    frame = exchange.call(binding, "a", START)
    received = begin(session, frame)
    session.tick(25.0)
    assert session.answer(received.handle, STARTED, 26.0) == []
    assert session.refuse(received.handle, InternalError(), 26.0) == []
    assert names(session.receive(frame, 27.0)) == ["CallReceived"]


# Repeats while the first is in work


def test_while_the_first_is_in_work_both_get_its_one_answer(binding: Binding) -> None:
    session = make_session(binding)
    frame = exchange.call(binding, "a", HEARTBEAT)
    received = begin(session, frame, exchange=17)
    assert session.receive(frame, 1.0, 18) == [Repeated("a", "Heartbeat")]
    events = session.answer(received.handle, PULSE, 2.0)
    answer = exchange.result(binding, "a", PULSE)
    assert events == [FrameToSend(answer, 17, answers=received.handle), FrameToSend(answer, 18)]


@pytest.mark.parametrize("how", ["refused", "expired", "invalid"])
def test_both_get_one_error_too(binding: Binding, how: str) -> None:
    session = make_session(binding)
    frame = exchange.call(binding, "a", HEARTBEAT)
    received = begin(session, frame)
    session.receive(frame, 1.0)
    if how == "refused":
        events = session.refuse(received.handle, InternalError(), 2.0)
    elif how == "expired":
        events = session.tick(25.0)
    else:
        events = session.answer(received.handle, STARTED, 2.0)
    assert sent_errors(binding, events) == [("a", "InternalError")] * 2
    assert len(of(events, FaultAnswered)) == 1


def test_a_repeat_of_a_waiting_call_runs_once_and_is_answered_twice(binding: Binding) -> None:
    session = make_session(binding, handlers=1)
    session.receive(exchange.call(binding, "a", HEARTBEAT), 0.0)
    frame = exchange.call(binding, "b", HEARTBEAT)
    assert session.receive(frame, 0.0) == []
    assert session.receive(frame, 0.0) == [Repeated("b", "Heartbeat")]
    assert begun(session.answer(1, PULSE, 1.0)) == ["b"]
    events = session.answer(2, PULSE, 2.0)
    assert sent_results(binding, events, HeartbeatResponse) == [("b", PULSE), ("b", PULSE)]
    assert [event.answers for event in of(events, FrameToSend)] == [2, None]


def test_repeats_of_calls_in_work_are_bounded_and_never_answered_by_an_error(
    binding: Binding,
) -> None:
    session = make_session(binding, waiting_calls=2)
    frame = exchange.call(binding, "a", HEARTBEAT)
    found = [names(session.receive(frame, 0.0)) for _ in range(5)]
    assert found == [["CallReceived"], ["Repeated"], ["Repeated"]] + [["FrameIgnored"]] * 2
    assert len(of(session.answer(1, PULSE, 1.0), FrameToSend)) == 3
    session.receive(frame, 2.0)
    assert names(session.receive(frame, 2.0)) == ["Repeated"]
    ignored = [only(session.receive(frame, 2.0, tag), object) for tag in (17, 18)]
    assert isinstance(ignored[1], FrameIgnored)
    assert ignored[1].exchange == 18


def test_repeats_count_on_when_their_call_leaves_the_line(binding: Binding) -> None:
    session = make_session(binding, handlers=1, waiting_calls=2)
    session.receive(exchange.call(binding, "a", HEARTBEAT), 0.0)
    for _ in range(2):
        session.receive(exchange.call(binding, "b", HEARTBEAT), 0.0)
    session.answer(1, PULSE, 1.0)
    assert session.receive(exchange.call(binding, "c", HEARTBEAT), 1.0) == []
    events = session.receive(exchange.call(binding, "d", HEARTBEAT), 1.0)
    assert sent_errors(binding, events) == [("d", "GenericError")]


# Repeats of what was answered


@pytest.mark.parametrize(
    ("request_", "response"),
    [(START, STARTED), (STOP, STOPPED), (METER, MeterValuesResponse())],
    ids=["StartTransaction", "StopTransaction", "MeterValues"],
)
def test_later_only_transaction_messages_are_answered_from_memory(
    binding: Binding, request_: Any, response: Any
) -> None:
    session = make_session(binding)
    frame = exchange.call(binding, "a", request_)
    received = begin(session, frame)
    (first,) = session.answer(received.handle, response, 1.0)
    assert isinstance(first, FrameToSend)
    again = session.receive(frame, 100.0, 17)
    assert again == [FrameToSend(first.data, 17), Repeated("a", received.action.name)]


def test_anything_else_is_handled_again_without_remark(binding: Binding) -> None:
    session = make_session(binding)
    frame = exchange.call(binding, "a", HEARTBEAT)
    session.answer(begin(session, frame).handle, PULSE, 1.0)
    assert names(session.receive(frame, 2.0)) == ["CallReceived"]


def test_answers_are_remembered_across_connections(binding: Binding) -> None:
    answers = MemoryAnswers(64, 256 * 1024)
    frame = exchange.call(binding, "a", START)
    session = make_session(binding, answers=answers)
    session.answer(begin(session, frame).handle, STARTED, 1.0)
    session.close("gone", 2.0)
    events = make_session(binding, answers=answers).receive(frame, 3.0)
    assert sent_results(binding, events, StartTransactionResponse) == [("a", STARTED)]
    assert begun(make_session(binding).receive(frame, 3.0)) == ["a"]


def test_an_error_is_not_remembered_so_that_the_retry_gets_a_chance(binding: Binding) -> None:
    session = make_session(binding)
    frame = exchange.call(binding, "a", START)
    session.refuse(begin(session, frame).handle, InternalError(), 1.0)
    assert names(session.receive(frame, 2.0)) == ["CallReceived"]
    session.answer(2, PULSE, 3.0)
    assert names(session.receive(frame, 4.0)) == ["CallReceived"]
    session.answer(3, STARTED, 5.0)
    assert names(session.receive(frame, 6.0)) == ["FrameToSend", "Repeated"]


def test_the_same_payload_bytes_make_a_repeat_and_other_bytes_do_not() -> None:
    session = make_session(OcppJ())
    text = '[2,"a","StopTransaction",{"transactionId":1,"meterStop":2,"timestamp":"%s"}%s]'
    one, spaced, other = (
        text % ("2024-05-01T12:00:00Z", ""),
        text % ("2024-05-01T12:00:00Z", " "),
        text % ("2024-05-01T12:00:00.0Z", ""),
    )
    session.answer(begin(session, one.encode()).handle, STOPPED, 1.0)
    assert names(session.receive(one, 2.0)) == ["FrameToSend", "Repeated"]
    assert names(session.receive(spaced, 2.0)) == ["FrameToSend", "Repeated"]
    assert names(session.receive(other, 2.0)) == ["IdReused", "CallReceived"]


# Ids used again


def test_the_same_id_with_other_content_is_a_new_call_plus_an_event(binding: Binding) -> None:
    session = make_session(binding)
    session.answer(begin(session, exchange.call(binding, "a", start(1))).handle, STARTED, 1.0)
    events = session.receive(exchange.call(binding, "a", start(2)), 2.0)
    assert names(events) == ["IdReused", "CallReceived"]
    assert events[0] == IdReused("a", "StartTransaction")
    # Both are remembered, each by its content.
    session.answer(2, STARTED, 3.0)
    for meter_start in (1, 2):
        frame = exchange.call(binding, "a", start(meter_start))
        assert names(session.receive(frame, 4.0)) == ["FrameToSend", "Repeated"]


def test_an_id_is_known_again_while_in_work_after_it_and_on_another_connection(
    binding: Binding,
) -> None:
    answers = MemoryAnswers(64, 256 * 1024)
    session = make_session(binding, answers=answers)
    in_work = begin(session, exchange.call(binding, "a", start(1)))
    assert names(session.receive(exchange.call(binding, "a", HEARTBEAT), 0.0)) == [
        "IdReused",
        "CallReceived",
    ]
    session.answer(2, PULSE, 1.0)
    assert names(session.receive(exchange.call(binding, "a", STOP), 2.0)) == [
        "IdReused",
        "CallReceived",
    ]
    session.answer(in_work.handle, STARTED, 3.0)
    session.close("gone", 4.0)
    other = make_session(binding, answers=answers)
    assert names(other.receive(exchange.call(binding, "a", HEARTBEAT), 5.0)) == [
        "IdReused",
        "CallReceived",
    ]


def test_a_repeat_is_the_same_id_action_and_payload_while_in_work_too(binding: Binding) -> None:
    session = make_session(binding, handlers=3)
    for request_ in (FIRMWARE, DIAGNOSTICS, start(1), start(2)):
        events = session.receive(exchange.call(binding, "a", request_), 0.0)
        if request_ is FIRMWARE:
            assert names(events) == ["CallReceived"]
        elif request_ == start(2):
            assert names(events) == ["IdReused"]
        else:
            assert names(events) == ["IdReused", "CallReceived"]


def test_an_id_of_a_call_that_was_not_remembered_is_known_for_16_calls(binding: Binding) -> None:
    for others, found in ((15, ["IdReused", "CallReceived"]), (16, ["CallReceived"])):
        session = make_session(binding, handlers=1)
        for number in range(1 + others):
            session.receive(exchange.call(binding, f"a{number}", HEARTBEAT), 0.0)
            session.answer(1 + number, PULSE, 0.0)
        assert names(session.receive(exchange.call(binding, "a0", START), 1.0)) == found


def test_an_id_in_work_is_known_however_many_calls_came_since(binding: Binding) -> None:
    session = make_session(binding, handlers=2)
    session.receive(exchange.call(binding, "a", HEARTBEAT), 0.0)
    for number in range(40):
        session.receive(exchange.call(binding, f"b{number}", HEARTBEAT), 0.0)
        session.answer(2 + number, PULSE, 0.0)
    assert names(session.receive(exchange.call(binding, "a", START), 1.0)) == [
        "IdReused",
        "CallReceived",
    ]


# The end


def test_an_answer_after_the_end_is_remembered_and_nothing_is_sent(binding: Binding) -> None:
    answers = MemoryAnswers(64, 256 * 1024)
    session = make_session(binding, answers=answers)
    frame = exchange.call(binding, "a", START)
    received = begin(session, frame)
    session.close("gone", 1.0)
    assert session.answer(received.handle, STARTED, 2.0) == []
    assert session.deadline is None
    events = make_session(binding, answers=answers).receive(frame, 3.0)
    assert sent_results(binding, events, StartTransactionResponse) == [("a", STARTED)]


@pytest.mark.parametrize("request_", [START, HEARTBEAT], ids=["remembered", "not"])
def test_whatever_else_comes_of_a_handler_after_the_end_is_silent(
    binding: Binding, request_: Any
) -> None:
    answers = MemoryAnswers(64, 256 * 1024)
    session = make_session(binding, answers=answers)
    for number in range(4):
        session.receive(exchange.call(binding, f"a{number}", request_), 0.0)
    session.receive(exchange.call(binding, "a3", request_), 0.0, 17)
    session.close("gone", 1.0)
    assert session.answer(1, RESET, 2.0) == []  # type: ignore[arg-type]
    assert session.refuse(2, InternalError(), 2.0) == []
    assert session.drop(3, 2.0) == []
    assert session.drop(4, 2.0) == []
    assert answers.size == 0


def test_handlers_at_work_at_the_end_still_expire_and_waiting_calls_are_forgotten(
    binding: Binding,
) -> None:
    session = make_session(binding, handlers=1, handler_timeout=seconds(5))
    session.receive(exchange.call(binding, "a", HEARTBEAT), 0.0)
    session.receive(exchange.call(binding, "b", HEARTBEAT), 0.0)
    assert session.close("gone", 1.0) == []
    assert session._incoming._open.keys() == {"a"}
    assert session.deadline == 5.0
    assert session.tick(5.0) == [HandlerExpired(1)]
    assert session.deadline is None


def test_exchanges_left_without_an_answer_at_the_end_are_told(binding: Binding) -> None:
    session = make_session(binding, handlers=1)
    session.receive(exchange.call(binding, "a", HEARTBEAT), 0.0, 17)
    session.receive(exchange.call(binding, "b", HEARTBEAT), 0.0, 18)
    session.receive(exchange.call(binding, "c", HEARTBEAT), 0.0)
    assert session.close("gone", 1.0) == [
        FrameIgnored("gone", b"", 17),
        FrameIgnored("gone", b"", 18),
    ]
