"""Frames that nobody likes, calls that cross, and answers that come in HTTP exchanges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ocpp16 import catalog
from ocpp16.bindings.binding import Binding
from ocpp16.bindings.ocppj import OcppJ
from ocpp16.enums import ResetStatus
from ocpp16.envelope import Call, CallResult
from ocpp16.errors import (
    ErrorCode,
    FormationViolation,
    InvalidResponse,
    OcppError,
    SessionClosed,
    UnanswerableFrame,
)
from ocpp16.messages import (
    HeartbeatResponse,
    ResetResponse,
)
from ocpp16.session import (
    CallEnded,
    CallReceived,
    FaultAnswered,
    FrameIgnored,
    FrameToSend,
    Session,
)
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
    raising,
    sent_calls,
    sent_results,
)

ACTION = catalog.ACTIONS["Reset"]
DONE = ResetResponse(status=ResetStatus.ACCEPTED)


def outcome(session: Session, frame: bytes | str, now: float = 1.0, **more: Any) -> OcppError:
    """Return how the answer in a frame ends the one call in flight."""
    ended = only(session.receive(frame, now, **more), CallEnded)
    assert isinstance(ended.outcome, OcppError)
    return ended.outcome


# Frames that no reader likes


@pytest.mark.parametrize(
    "frame",
    [
        b"", b"{}", b"null", "[", b"[2]", b'[2,"",""]', b"\xff\xfe", b"[3,7,{}]", b'[3,"",{}]',
        b'[5,"own-1",{}]', b'[2.0,"own-1",{}]', b"[" * 100_000, '["\ud800"]', b'[3,"own-1",NaN]',
        b'[9999999999999999999999,"own-1"]', b'[3,"' + b"x" * 256 + b'",{}]',
    ],
)  # fmt: skip
def test_a_text_without_usable_id_or_type_gets_no_reply_and_the_connection_goes_on_serving(
    frame: bytes | str,
) -> None:
    session = make_session(OcppJ())
    session.call(RESET, 0.0)
    ignored = only(session.receive(frame, 1.0), FrameIgnored)
    assert (ignored.frame, ignored.exchange) == (frame, None)
    assert only(session.receive(frame, 1.0, 17), FrameIgnored).exchange == 17
    assert names(session.receive(b'[2,"a","Heartbeat",{}]', 1.0)) == ["CallReceived"]
    assert names(session.receive(b'[3,"own-1",{"status":"Accepted"}]', 1.0)) == ["CallEnded"]


@pytest.mark.parametrize("frame", [b"[" + b" " * 100, "[" + "€" * 34, "\ud800" * 34])
def test_a_frame_over_the_message_limit_is_not_even_read(frame: bytes | str) -> None:
    def unframe(_: bytes | str) -> Any:
        raise AssertionError("it was read")

    session = make_session(Odd(OcppJ(), unframe=unframe), message_limit=100)
    ignored = only(session.receive(frame, 0.0), FrameIgnored)
    assert "at most 100 are allowed" in ignored.reason


def test_a_frame_of_just_the_message_limit_is_read() -> None:
    session = make_session(OcppJ(), message_limit=24)
    assert names(session.receive(b'[2,"ab","Heartbeat",{} ]', 0.0)) == ["CallReceived"]
    assert names(session.receive('[2,"€","Heartbeat",{}]', 0.0)) == ["CallReceived"]
    assert names(session.receive('[2,"€","Heartbeat",{}]  ', 0.0)) == ["FrameIgnored"]


def test_a_parser_that_fails_does_not_take_the_session_along(binding: Binding) -> None:
    session = make_session(Odd(binding, unframe=raising(ZeroDivisionError("oops"))))
    ignored = only(session.receive(b"x", 0.0), FrameIgnored)
    assert ignored.reason == "cannot be read (ZeroDivisionError)"


def test_a_decoder_that_fails_on_an_answer_ends_its_call_only(binding: Binding) -> None:
    session = make_session(Odd(binding, decode=raising(RecursionError())))
    session.call(RESET, 0.0)
    failed = outcome(session, exchange.result(binding, "own-1", DONE))
    assert isinstance(failed, InvalidResponse)
    assert failed.code is ErrorCode.INTERNAL_ERROR


def test_a_malformed_call_with_the_id_of_our_call_is_answered_and_ends_nothing(
    binding: Binding,
) -> None:
    fault = FormationViolation("nests too deep", path="/a", message_id="own-1")
    session = make_session(Odd(binding, unframe=raising(fault)))
    session.call(RESET, 0.0)
    events = session.receive(b"x", 1.0)
    assert [type(event) for event in events] == [FrameToSend, FaultAnswered]
    assert session.deadline == 30.0


# Crossing


def test_crossing_calls_are_legal_and_served_at_once(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    received = only(session.receive(exchange.call(binding, "own-1", HEARTBEAT), 1.0), CallReceived)
    assert received.request == HEARTBEAT
    events = session.answer(received.handle, PULSE, 2.0)
    assert sent_results(binding, events, HeartbeatResponse) == [("own-1", PULSE)]
    assert session.deadline == 30.0
    ended = session.receive(exchange.result(binding, "own-1", DONE), 3.0)
    assert ended == [CallEnded("own-1", ACTION, DONE)]


def test_a_handler_may_call_its_peer(binding: Binding) -> None:
    session = make_session(binding, handlers=1)
    received = only(session.receive(exchange.call(binding, "a", HEARTBEAT), 0.0), CallReceived)
    assert sent_calls(binding, session.call(RESET, 0.0)[1]) == [("own-1", "Reset")]
    ended = session.receive(exchange.result(binding, "own-1", DONE), 1.0)
    assert names(ended) == ["CallEnded"]
    assert names(session.answer(received.handle, PULSE, 1.0)) == ["FrameToSend"]


# HTTP exchanges


def test_an_answer_without_an_id_belongs_to_the_call_of_its_exchange(binding: Binding) -> None:
    nameless = CallResult("", binding.encode(DONE), "Reset")
    session = make_session(Odd(binding, unframe=lambda frame: nameless))
    session.call(RESET, 0.0)
    assert names(session.receive(b"x", 1.0)) == ["FrameIgnored"]
    assert session.receive(b"x", 1.0, "own-1") == [CallEnded("own-1", ACTION, DONE)]


def returning(envelope: Any) -> Callable[..., Any]:
    return lambda _: envelope


def exchanged(binding: Binding) -> list[tuple[str, Callable[..., Any], ErrorCode, str]]:
    payload = binding.encode(DONE)
    protocol, formation = ErrorCode.PROTOCOL_ERROR, ErrorCode.FORMATION_VIOLATION
    other = "it relates to 'own-2', not to the call own-1"
    invalid = InvalidResponse(ErrorCode.PROTOCOL_ERROR, "", "two bodies", message_id="own-1")
    fault = FormationViolation("no body", message_id="own-1")
    return [
        ("other", returning(CallResult("own-2", payload)), protocol, other),
        ("call", returning(Call("own-1", "Heartbeat", payload)), protocol, "it is a call"),
        ("invalid", raising(invalid), protocol, "two bodies"),
        ("fault", raising(fault), formation, "no body"),
        ("html", raising(UnanswerableFrame("is not XML")), formation, "is not XML"),
    ]


@pytest.mark.parametrize("name", ["other", "call", "invalid", "fault", "html"])
def test_whatever_else_comes_in_the_exchange_of_our_call_ends_it(
    binding: Binding, name: str
) -> None:
    ((unframe, code, reason),) = [case[1:] for case in exchanged(binding) if case[0] == name]
    session = make_session(Odd(binding, unframe=unframe))
    session.call(RESET, 0.0)
    failed = outcome(session, b"x", exchange="own-1")
    assert isinstance(failed, InvalidResponse)
    assert (failed.code, failed.reason) == (code, reason)


def test_an_answer_in_an_exchange_of_the_peer_is_ignored(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    frame = exchange.result(binding, "own-1", DONE)
    ignored = only(session.receive(frame, 1.0, 17), FrameIgnored)
    assert ignored == FrameIgnored("an answer outside the exchange of its call", frame, 17)
    assert session.deadline == 30.0


def test_a_frame_fault_in_an_exchange_of_the_peer_does_not_end_our_call(binding: Binding) -> None:
    fault = FormationViolation("no body", message_id="own-1")
    session = make_session(Odd(binding, unframe=raising(fault)))
    session.call(RESET, 0.0)
    events = session.receive(b"x", 1.0, 17)
    assert names(events) == ["FrameToSend", "FaultAnswered"]
    assert of(events, FrameToSend)[0].exchange == 17
    assert session.deadline == 30.0


def test_a_failed_exchange_fails_its_call_and_sends_the_next(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    session.call(RESET, 0.0)
    error = SessionClosed("connection refused")
    assert session.exchange_failed("own-2", error, 1.0) == []
    events = session.exchange_failed("own-1", error, 1.0)
    assert events[0] == CallEnded("own-1", ACTION, error)
    assert sent_calls(binding, events) == [("own-2", "Reset")]
    assert session.exchange_failed(17, error, 1.0) == []


def test_a_failed_exchange_of_a_call_given_up_is_no_late_answer(binding: Binding) -> None:
    session = make_session(binding)
    session.call(RESET, 0.0)
    session.tick(30.0)
    assert session.exchange_failed("own-1", SessionClosed("cut"), 31.0) == []
    assert names(session.receive(exchange.result(binding, "own-1", DONE), 32.0)) == ["FrameIgnored"]
