"""Calls of the peer: refusals, handlers and their line, repeats, answers kept."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import catalog
from ocpp16.bindings.binding import Binding
from ocpp16.bindings.ocppj import OcppJ
from ocpp16.enums import DataTransferStatus, ResetStatus
from ocpp16.envelope import Call, CallError
from ocpp16.errors import (
    ErrorCode,
    Fault,
    InternalError,
    InvalidMessage,
    ProtocolError,
    SecurityError,
    TypeConstraintViolation,
)
from ocpp16.messages import (
    AuthorizeRequest,
    DataTransferRequest,
    DataTransferResponse,
    HeartbeatResponse,
    ResetResponse,
)
from ocpp16.session import (
    CallReceived,
    FaultAnswered,
    FrameIgnored,
    FrameToSend,
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
    raising,
    sent,
    sent_errors,
)

TRANSFER = DataTransferRequest(vendor_id="V")
HEARTBEAT_ACTION = catalog.ACTIONS["Heartbeat"]


def begin(session: Session, frame: bytes, now: float = 0.0, **more: Any) -> CallReceived:
    """Let a session receive a call and return it."""
    return only(session.receive(frame, now, **more), CallReceived)


def fault_of(events: Any) -> Fault:
    (answered,) = of(events, FaultAnswered)
    return answered.fault


# The gate comes first


def test_a_closed_gate_is_all_that_a_peer_learns(binding: Binding) -> None:
    closed: list[str] = []
    session = make_session(
        binding,
        offers=lambda action: action.name != "Authorize",
        why_refuse=lambda action: "not registered" if closed else None,
        handlers=1,
    )
    first = exchange.call(binding, "a", exchange.START)
    begin(session, first)
    session.answer(1, exchange.STARTED, 0.0)
    working = begin(session, exchange.call(binding, "b", HEARTBEAT))
    session.receive(exchange.call(binding, "c", exchange.start(9)), 0.0)
    closed.append("yes")
    for frame in (
        first,
        exchange.call(binding, "d", HEARTBEAT),
        exchange.call(binding, "e", AuthorizeRequest(id_tag="TAG")),
        exchange.to_the_central_system(exchange.call(binding, "f", RESET)),
    ):
        events = session.receive(frame, 0.0)
        assert fault_of(events).code is ErrorCode.SECURITY_ERROR
        assert fault_of(events).description == "not registered"
        assert [code for _, code in sent_errors(binding, events)] == ["SecurityError"]
    # One that stood in line, too.
    events = session.answer(working.handle, PULSE, 1.0)
    assert sent_errors(binding, events) == [("c", "SecurityError")]


def test_an_answer_that_is_too_large_is_internal_error(binding: Binding) -> None:
    session = make_session(binding, message_limit=3000)
    received = begin(session, exchange.call(binding, "a", TRANSFER))
    large = DataTransferResponse(status=DataTransferStatus.ACCEPTED, data="x" * 3000)
    events = session.answer(received.handle, large, 0.0)
    assert sent_errors(binding, events) == [("a", "InternalError")]
    (told,) = of(events, FaultAnswered)
    assert "at most 3000 are allowed" in str(told.cause)
    received = begin(session, exchange.call(binding, "b", TRANSFER))
    fault = InternalError("why", details={"x": "y" * 4000})
    assert sent_errors(binding, session.refuse(received.handle, fault, 0.0)) == [
        ("b", "InternalError")
    ]
    assert all(len(event.data) <= 3000 for event in events if isinstance(event, FrameToSend))


# What is taken


def test_a_call_is_told_with_all_that_names_it(binding: Binding) -> None:
    session = make_session(binding)
    frame = exchange.call(binding, "a", HEARTBEAT)
    read = binding.unframe(frame)
    assert isinstance(read, Call)
    fingerprint = binding.fingerprint(read.payload)
    assert session.receive(frame, 0.0, 17) == [
        CallReceived(1, "a", HEARTBEAT_ACTION, HEARTBEAT, fingerprint, 17)
    ]
    frame = exchange.call(binding, "b", HEARTBEAT)
    assert begin(session, frame).handle == 2


def test_the_answer_goes_into_the_exchange_of_its_call_and_names_its_handle(
    binding: Binding,
) -> None:
    session = make_session(binding)
    received = begin(session, exchange.call(binding, "a", HEARTBEAT), exchange=17)
    events = session.answer(received.handle, PULSE, 1.0)
    frame = exchange.result(binding, "a", PULSE)
    assert events == [FrameToSend(frame, exchange=17, call=None, answers=received.handle)]
    assert session.deadline is None


def test_a_refusal_by_the_handler_is_sent_and_told(binding: Binding) -> None:
    session = make_session(binding)
    received = begin(session, exchange.call(binding, "a", HEARTBEAT), exchange=17)
    fault = SecurityError("not you")
    to_send, told = session.refuse(received.handle, fault, 1.0)
    assert isinstance(to_send, FrameToSend)
    assert (to_send.exchange, to_send.answers) == (17, received.handle)
    assert sent_errors(binding, [to_send]) == [("a", "SecurityError")]
    assert told == FaultAnswered("a", "Heartbeat", fault, received.handle, None)


def test_a_call_given_no_answer_leaves_silence_and_its_place(binding: Binding) -> None:
    session = make_session(binding, handlers=1)
    received = begin(session, exchange.call(binding, "a", HEARTBEAT))
    session.receive(exchange.call(binding, "b", HEARTBEAT), 0.0)
    events = session.drop(received.handle, 1.0)
    assert [event.id for event in of(events, CallReceived)] == ["b"]
    assert len(events) == 1
    assert session.drop(received.handle, 1.0) == []


def test_an_exchange_given_no_answer_is_told_so_that_it_can_be_ended(binding: Binding) -> None:
    session = make_session(binding)
    frame = exchange.call(binding, "a", HEARTBEAT)
    received = begin(session, frame, exchange=17)
    session.receive(frame, 0.0, 18)
    events = session.drop(received.handle, 1.0)
    assert [(event.frame, event.exchange) for event in of(events, FrameIgnored)] == [
        (b"", 17),
        (b"", 18),
    ]


def test_a_handle_is_answered_once(binding: Binding) -> None:
    session = make_session(binding)
    received = begin(session, exchange.call(binding, "a", HEARTBEAT))
    session.answer(received.handle, PULSE, 1.0)
    assert session.answer(received.handle, PULSE, 2.0) == []
    assert session.refuse(received.handle, InternalError(), 2.0) == []
    assert session.answer(99, PULSE, 2.0) == []


# What is refused


def test_an_action_unknown_to_ocpp_is_not_implemented_and_its_text_is_shown_safely() -> None:
    session = make_session(OcppJ())
    action = "Format\\n\\u001b[2J" + "x" * 1000
    events = session.receive(f'[2,"a","{action}",{{}}]', 0.0)
    assert names(events) == ["FrameToSend", "FaultAnswered"]
    assert sent_errors(OcppJ(), events) == [("a", "NotImplemented")]
    description = fault_of(events).description
    assert description.startswith("action 'Format\\n\\x1b[2J")
    assert len(description) < 100


@pytest.mark.parametrize("action", ["heartbeat", "HEARTBEAT", "Heartbeat ", "", "__class__"])
def test_action_names_are_compared_as_they_are(action: str) -> None:
    session = make_session(OcppJ())
    events = session.receive(f'[2,"a","{action}",{{}}]', 0.0)
    assert sent_errors(OcppJ(), events) == [("a", "NotImplemented")]


def test_a_known_action_without_a_handler_is_not_supported(binding: Binding) -> None:
    session = make_session(binding, offers=lambda action: action.name != "Heartbeat")
    events = session.receive(exchange.call(binding, "a", HEARTBEAT), 0.0)
    assert sent_errors(binding, events) == [("a", "NotSupported")]
    assert fault_of(events).description == "Heartbeat is not offered here"


def test_a_call_that_only_we_send_is_not_supported(binding: Binding) -> None:
    session = make_session(binding, Side.CENTRAL_SYSTEM)
    frame = exchange.to_the_central_system(exchange.call(binding, "a", RESET))
    events = session.receive(frame, 0.0)
    assert sent_errors(binding, events) == [("a", "NotSupported")]
    session = make_session(binding, Side.CHARGE_POINT)
    assert begin(session, exchange.call(binding, "a", RESET)).request == RESET


def test_an_action_that_the_wire_does_not_carry_is_not_supported(binding: Binding) -> None:
    session = make_session(Odd(binding, carries=lambda action: False))
    events = session.receive(exchange.call(binding, "a", HEARTBEAT), 0.0)
    assert sent_errors(binding, events) == [("a", "NotSupported")]


@pytest.mark.parametrize(
    ("payload", "code", "path"),
    [
        ('{"idTag":7}', ErrorCode.TYPE_CONSTRAINT_VIOLATION, "/idTag"),
        ("{}", ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "/idTag"),
        ('{"idTag":"' + "x" * 21 + '"}', ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "/idTag"),
        ('{"idTag":"x","y":1}', ErrorCode.FORMATION_VIOLATION, "/y"),
        ("[]", ErrorCode.FORMATION_VIOLATION, ""),
    ],
)
def test_an_invalid_payload_is_answered_with_its_code_and_path(
    payload: str, code: ErrorCode, path: str
) -> None:
    session = make_session(OcppJ())
    events = session.receive(f'[2,"a","Authorize",{payload}]', 0.0)
    assert names(events) == ["FrameToSend", "FaultAnswered"]
    fault = fault_of(events)
    assert (fault.code, fault.path) == (code, path)
    (error,) = sent(OcppJ(), events)
    assert isinstance(error, CallError)
    assert (error.id, error.code) == ("a", code)
    assert session.deadline is None


@pytest.mark.parametrize(
    ("frame", "call_id"),
    [
        ('[2,"' + "i" * 37 + '","Heartbeat",{}]', "i" * 37),
        ('[2,"' + "i" * 255 + '","Heartbeat",{}]', "i" * 255),
        ('[2,"a",{},{}]', "a"),
        ('[2,"a",["Heartbeat"],{}]', "a"),
        ('[2,"a","Heartbeat"]', "a"),
    ],
)
def test_an_id_of_37_to_255_characters_or_an_action_that_is_no_text_is_a_formation_violation(
    frame: str, call_id: str
) -> None:
    session = make_session(OcppJ())
    events = session.receive(frame, 0.0)
    assert sent_errors(OcppJ(), events) == [(call_id, "FormationViolation")]
    assert of(events, FaultAnswered)[0].action is None


def test_a_frame_fault_without_an_id_is_answered_in_its_exchange_and_else_ignored(
    binding: Binding,
) -> None:
    framed: list[Any] = []

    def frame(envelope: Any) -> bytes:
        framed.append(envelope)
        return b"fault"

    session = make_session(
        Odd(binding, unframe=raising(ProtocolError("MessageID is missing")), frame=frame)
    )
    assert session.receive(b"x", 0.0) == [FrameIgnored("ProtocolError: MessageID is missing", b"x")]
    assert framed == []
    to_send, told = session.receive(b"x", 0.0, 17)
    assert to_send == FrameToSend(b"fault", 17)
    assert isinstance(told, FaultAnswered)
    assert told.id == ""
    assert framed == [CallError("", ErrorCode.PROTOCOL_ERROR, "MessageID is missing")]


@pytest.mark.parametrize("method", ["decode", "fingerprint"])
def test_a_codec_that_fails_is_answered_internal_error_without_a_word(
    binding: Binding, method: str
) -> None:
    broken = ZeroDivisionError("secret")
    session = make_session(Odd(binding, **{method: raising(broken)}))
    events = session.receive(exchange.call(binding, "a", HEARTBEAT), 0.0)
    (error,) = sent(binding, events)
    assert isinstance(error, CallError)
    assert (error.code, error.description, dict(error.details)) == ("InternalError", "", {})
    assert of(events, FaultAnswered)[0].cause is broken


def test_a_call_read_only_by_leniency_is_told_first() -> None:
    session = make_session(OcppJ(), leniency={Leniency.UNKNOWN_FIELDS})
    events = session.receive('[2,"a","Heartbeat",{"x":1}]', 0.0)
    assert names(events) == ["Deviated", "CallReceived"]


# Answers that cannot be sent; errors that cannot be built


@pytest.mark.parametrize(
    ("response", "cause"),
    [
        (ResetResponse(status=ResetStatus.ACCEPTED), TypeError),
        (None, TypeError),
        (HeartbeatResponse.unchecked({}, ()), InvalidMessage),
        (HeartbeatResponse.unchecked({"current_time": "now"}, ()), InvalidMessage),
    ],
    ids=["another", "none", "empty", "wrong"],
)
def test_a_response_that_cannot_be_sent_becomes_internal_error_and_its_cause_is_told(
    binding: Binding, response: Any, cause: type[Exception]
) -> None:
    session = make_session(binding)
    received = begin(session, exchange.call(binding, "a", HEARTBEAT))
    events = session.answer(received.handle, response, 1.0)
    assert names(events) == ["FrameToSend", "FaultAnswered"]
    (error,) = sent(binding, events)
    assert isinstance(error, CallError)
    assert (error.code, error.description, dict(error.details)) == ("InternalError", "", {})
    assert type(of(events, FaultAnswered)[0].cause) is cause
    assert of(events, FaultAnswered)[0].handle == received.handle


def test_a_response_that_this_wire_cannot_carry_becomes_internal_error(binding: Binding) -> None:
    def encode(message: Any) -> Any:
        raise InvalidMessage("HeartbeatResponse", "/currentTime", TypeConstraintViolation, "no")  # type: ignore[arg-type]

    session = make_session(Odd(binding, encode=encode))
    received = begin(session, exchange.call(binding, "a", HEARTBEAT))
    events = session.answer(received.handle, PULSE, 1.0)
    assert sent_errors(binding, events) == [("a", "InternalError")]


class Loop(dict[str, object]):
    """Details that contain themselves."""

    def __init__(self) -> None:
        super().__init__()
        self["self"] = self


def with_attributes(**attributes: object) -> Fault:
    fault = SecurityError("no")
    for name, value in attributes.items():
        setattr(fault, name, value)
    return fault


def without_attributes() -> Fault:
    fault = Fault.__new__(Fault)
    Exception.__init__(fault)
    return fault


@pytest.mark.parametrize(
    ("fault", "code", "description"),
    [
        (SecurityError("no", {"why": object()}), "SecurityError", "no"),
        (SecurityError("no", Loop()), "SecurityError", "no"),
        (with_attributes(details=None), "SecurityError", "no"),
        (with_attributes(details=7), "SecurityError", "no"),
        (SecurityError("half \ud800 a pair"), "SecurityError", ""),
        (with_attributes(description=None), "SecurityError", ""),
        (with_attributes(description=7), "SecurityError", ""),
        (with_attributes(code="Melted"), "InternalError", ""),
        (with_attributes(code=None), "InternalError", ""),
        (with_attributes(code=object()), "InternalError", ""),
        (without_attributes(), "InternalError", ""),
    ],
)
def test_building_an_error_never_raises_always(fault: Fault, code: str, description: str) -> None:
    session = make_session(OcppJ())
    received = begin(session, b'[2,"a","Heartbeat",{}]')
    events = session.refuse(received.handle, fault, 1.0)
    (error,) = sent(OcppJ(), events)
    assert isinstance(error, CallError)
    assert (error.id, error.code, error.description) == ("a", code, description)


def test_details_reach_the_peer_and_a_description_is_cut_at_255_characters() -> None:
    session = make_session(OcppJ())
    received = begin(session, b'[2,"a","Heartbeat",{}]')
    fault = with_attributes(description="x" * 300, details={"at": 1})
    (error,) = sent(OcppJ(), session.refuse(received.handle, fault, 1.0))
    assert isinstance(error, CallError)
    assert (error.description, error.details) == ("x" * 255, {"at": 1})
