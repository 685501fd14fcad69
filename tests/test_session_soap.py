"""A session on OCPP-S: what only that wire has, and what OCPP-J's tests write as JSON."""

from __future__ import annotations

import pytest

pytest.importorskip("lxml")

from lxml import etree

from ocpp16.bindings.ocpps.envelope import read
from ocpp16.catalog import action_of
from ocpp16.enums import ResetStatus
from ocpp16.envelope import CallError, CallResult
from ocpp16.errors import (
    CallFailed,
    ErrorCode,
    FormationViolation,
    InvalidResponse,
    SecurityError,
)
from ocpp16.messages import ResetResponse
from ocpp16.session import (
    CallEnded,
    CallReceived,
    FaultAnswered,
    FrameIgnored,
    FrameToSend,
    Session,
    SessionEvent,
)
from ocpp16.settings import Leniency
from ocpp16.spec import Side
from ocpp16.structure import Request, Structure
from ocpp16.transports.soap_app import status_of
from tests import exchange, soap_ends
from tests.bindings.ocpps.elements import CASES, every_fault, side_of
from tests.exchange import HEARTBEAT, PULSE, RESET, make_session, names, of, only

WIRE = soap_ends.SoapEnds()
STATION = soap_ends.end(Side.CHARGE_POINT)
SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
CS, CP = "urn://Ocpp/Cs/2015/10/", "urn://Ocpp/Cp/2015/10/"


def envelope(body: str, header: str = "", *, service: str = CS, soap: str = SOAP) -> bytes:
    return (
        f'<s:Envelope xmlns:s="{soap}" xmlns:w="{WSA}" xmlns="{service}"><s:Header>{header}'
        f"</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def call(body: str, action: str, call_id: str = "a", **more: str) -> bytes:
    header = (
        f"<chargeBoxIdentity>CP-1</chargeBoxIdentity><w:Action>/{action}</w:Action>"
        f"<w:MessageID>{call_id}</w:MessageID><w:From><w:Address>http://x/</w:Address></w:From>"
    )
    return envelope(body, header, **more)


def answered(events: list[SessionEvent]) -> CallError:
    """Return the one error that was sent, as the charge point reads it."""
    assert names(events) == ["FrameToSend", "FaultAnswered"]
    read = STATION.unframe(of(events, FrameToSend)[0].data)
    assert isinstance(read, CallError)
    return read


def outcome(session: Session, frame: bytes) -> object:
    """Return how the answer in the exchange of our first call ends it."""
    ended = only(session.receive(frame, 1.0, "own-1"), CallEnded)
    assert session.deadline is None
    return ended.outcome


def calling() -> Session:
    """Return a session of a central system whose Reset is on its way."""
    session = make_session(WIRE)
    session.call(RESET, 0.0)
    return session


DONE = "<resetResponse><status>Accepted</status></resetResponse>"


# Calls


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ("<authorizeRequest/>", ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "/idTag"),
        (f"<authorizeRequest><idTag>{'x' * 21}</idTag></authorizeRequest>",
         ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "/idTag"),
        ("<authorizeRequest><idTag>x</idTag><y/></authorizeRequest>",
         ErrorCode.FORMATION_VIOLATION, "/y"),
        ("<authorizeRequest><idTag><y/></idTag></authorizeRequest>",
         ErrorCode.FORMATION_VIOLATION, "/idTag"),
        ("<authorizeRequest>x</authorizeRequest>", ErrorCode.FORMATION_VIOLATION, ""),
    ],
)  # fmt: skip
def test_an_invalid_body_is_answered_with_its_code_and_path(
    body: str, code: ErrorCode, path: str
) -> None:
    events = make_session(WIRE).receive(call(body, "Authorize"), 0.0, 17)
    error = answered(events)
    assert (error.id, error.code) == ("a", code)
    fault = of(events, FaultAnswered)[0].fault
    assert (fault.code, fault.path) == (code, path)
    assert error.description.startswith(f"{path or 'payload'}: ")
    assert of(events, FrameToSend)[0].exchange == 17


@pytest.mark.parametrize(
    ("body", "action", "code"),
    [
        ("<fooRequest/>", "foo", ErrorCode.NOT_IMPLEMENTED),
        ("<resetRequest/>", "Reset", ErrorCode.NOT_SUPPORTED),
        ("<signCertificateRequest/>", "SignCertificate", ErrorCode.NOT_SUPPORTED),
        ("<heartbeatRequest/>", "Authorize", ErrorCode.PROTOCOL_ERROR),
        ("", "Heartbeat", ErrorCode.PROTOCOL_ERROR),
        ("<HeartbeatRequest/>", "Heartbeat", ErrorCode.FORMATION_VIOLATION),
        ("<heartbeatRequest xmlns='urn://Ocpp/Cs/2012/06/'/>", "Heartbeat",
         ErrorCode.PROTOCOL_ERROR),
    ],
)  # fmt: skip
def test_a_call_that_is_not_taken_is_answered(body: str, action: str, code: ErrorCode) -> None:
    error = answered(make_session(WIRE).receive(call(body, action), 0.0, 17))
    assert (error.id, error.code) == ("a", code)


def test_another_identity_is_answered_identity_mismatch() -> None:
    frame = call("<heartbeatRequest/>", "Heartbeat").replace(b"CP-1", b"CP-2")
    events = make_session(WIRE).receive(frame, 0.0, 17)
    assert answered(events).code is ErrorCode.IDENTITY_MISMATCH
    assert b"soap:Sender" in of(events, FrameToSend)[0].data


@pytest.mark.parametrize("frame", [b"", b"hello", b"<a/>", b"<!DOCTYPE a><a/>", b"\xff", "\ud800"])
def test_what_is_no_envelope_is_answered_in_its_exchange_and_else_ignored(
    frame: bytes | str,
) -> None:
    session = make_session(WIRE)
    error = answered(session.receive(frame, 0.0, 17))
    assert (error.id, error.code) == ("", ErrorCode.PROTOCOL_ERROR)
    assert names(session.receive(frame, 0.0)) == ["FrameIgnored"]
    frame = exchange.call(WIRE, "a", HEARTBEAT)
    assert names(session.receive(frame, 1.0, 18)) == ["CallReceived"]


def test_codes_of_soap_itself_are_written_by_the_session() -> None:
    session = make_session(WIRE)
    old = envelope("", soap="http://schemas.xmlsoap.org/soap/envelope/")
    events = session.receive(old, 0.0, 17)
    assert b"<soap:Value>soap:VersionMismatch</soap:Value>" in of(events, FrameToSend)[0].data
    must = envelope("<heartbeatRequest/>", "<x s:mustUnderstand='1'/>")
    events = session.receive(must, 0.0, 17)
    assert b"<soap:Value>soap:MustUnderstand</soap:Value>" in of(events, FrameToSend)[0].data


def test_an_id_of_any_length_is_answered() -> None:
    session = make_session(WIRE)
    frame = call("<heartbeatRequest/>", "Heartbeat", "i" * 5000)
    received = only(session.receive(frame, 0.0, 17), CallReceived)
    (to_send,) = session.answer(received.handle, PULSE, 1.0)
    assert isinstance(to_send, FrameToSend)
    read = STATION.unframe(to_send.data)
    assert isinstance(read, CallResult)
    assert (read.id, read.action) == ("i" * 5000, "Heartbeat")


def test_leniency_reads_a_call_and_tells() -> None:
    session = make_session(WIRE, leniency={Leniency.UNKNOWN_FIELDS})
    frame = call("<heartbeatRequest><x/></heartbeatRequest>", "Heartbeat")
    assert names(session.receive(frame, 0.0, 17)) == ["Deviated", "CallReceived"]


def test_a_repeat_is_known_by_its_content_whatever_its_prefixes_and_headers() -> None:
    session = make_session(WIRE)
    frame = call("<heartbeatRequest/>", "Heartbeat")
    other = call(f"<q:heartbeatRequest xmlns:q='{CS}'></q:heartbeatRequest>", "Heartbeat")
    session.receive(frame, 0.0, 17)
    assert names(session.receive(frame, 0.0, 18)) == ["Repeated"]
    assert names(session.receive(frame.replace(b"http://x/", b"http://y/"), 0.0, 19)) == [
        "Repeated"
    ]
    assert names(session.receive(other, 0.0, 20)) == ["Repeated"]


def test_a_repeat_may_be_written_anew_and_another_call_is_none() -> None:
    session = make_session(WIRE)
    body = "<authorizeRequest><idTag>A &amp; B</idTag></authorizeRequest>"
    anew = (
        f"<n:authorizeRequest xmlns:n='{CS}'>\n  <n:idTag><!-- -->A <![CDATA[&]]> B</n:idTag>\r\n"
        "</n:authorizeRequest>"
    )
    assert names(session.receive(call(body, "Authorize"), 0.0, 17)) == ["CallReceived"]
    assert names(session.receive(call(anew, "Authorize"), 0.0, 18)) == ["Repeated"]
    other = call(body.replace("A &amp;", " A &amp;"), "Authorize")
    assert "Repeated" not in names(session.receive(other, 0.0, 19))


def test_a_description_that_xml_cannot_carry_is_told_as_far_as_it_can_be() -> None:
    session = make_session(WIRE)
    received = only(session.receive(exchange.call(WIRE, "a", HEARTBEAT), 0.0, 17), CallReceived)
    fault = SecurityError("half \ud800 a \x1b[2J ]]> <pair>", {"why": object()})
    error = answered(session.refuse(received.handle, fault, 1.0))
    assert (error.code, error.description) == (
        ErrorCode.SECURITY_ERROR, "half ? a ?[2J ]]> <pair>",
    )  # fmt: skip


# Answers


@pytest.mark.parametrize(
    "header",
    ["", "<w:RelatesTo>own-1</w:RelatesTo>",
     f"<w:Action>{CP}ChargePointService/ResetResponse</w:Action>"],
)  # fmt: skip
def test_an_answer_with_and_without_headers(header: str) -> None:
    response = outcome(calling(), envelope(DONE, header, service=CP))
    assert response == ResetResponse(status=ResetStatus.ACCEPTED)


@pytest.mark.parametrize(
    ("frame", "code", "reason"),
    [
        (envelope(DONE, "<w:RelatesTo>own-2</w:RelatesTo>", service=CP), ErrorCode.PROTOCOL_ERROR,
         "it relates to 'own-2', not to the call own-1"),
        (envelope("<clearCacheResponse><status>Accepted</status></clearCacheResponse>", service=CP),
         ErrorCode.PROTOCOL_ERROR, "it answers 'ClearCache', not Reset"),
        (envelope("<fooResponse/>", service=CP), ErrorCode.PROTOCOL_ERROR,
         "it answers 'foo', not Reset"),
        (envelope(DONE), ErrorCode.PROTOCOL_ERROR,
         "the body is of the other service (urn://Ocpp/Cs/2015/10/)"),
        (envelope(DONE, service="urn://Ocpp/Cp/2012/06/"), ErrorCode.PROTOCOL_ERROR,
         "the namespace urn://Ocpp/Cp/2012/06/ is that of OCPP 1.5; here it is OCPP 1.6"),
        (envelope("", service=CP), ErrorCode.PROTOCOL_ERROR, "the body is empty"),
        (b"<html/>", ErrorCode.PROTOCOL_ERROR, "is 'html', not a SOAP envelope"),
        (call("<heartbeatRequest/>", "Heartbeat"), ErrorCode.PROTOCOL_ERROR, "it is a call"),
        (envelope("<resetResponse/>", service=CP), ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
         "/status: is required"),
    ],
)  # fmt: skip
def test_whatever_else_comes_in_the_exchange_of_our_call(
    frame: bytes, code: ErrorCode, reason: str
) -> None:
    failed = outcome(calling(), frame)
    assert isinstance(failed, InvalidResponse)
    assert (failed.code, failed.reason) == (code, reason)


def test_a_fault_is_call_failed_with_what_the_peer_said() -> None:
    body = (
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>x:Melted</s:Value>"
        "</s:Subcode></s:Code><s:Reason><s:Text>hot</s:Text></s:Reason></s:Fault>"
    )
    failed = outcome(calling(), envelope(body))
    assert isinstance(failed, CallFailed)
    assert (failed.code, failed.description) == ("Melted", "hot")


@pytest.mark.parametrize("exchange_", [17, None])
def test_an_answer_is_never_answered(exchange_: int | None) -> None:
    for frame in (
        envelope(DONE, service=CP),
        envelope(DONE, "<w:RelatesTo>own-1</w:RelatesTo>", service=CP),
        envelope(DONE, "<w:RelatesTo>own-2</w:RelatesTo>"),
        envelope("<s:Fault/>"),
    ):
        session = make_session(WIRE)
        ignored = only(session.receive(frame, 1.0, exchange_), FrameIgnored)
        assert ignored.exchange == exchange_


def test_a_fault_of_a_frame_names_the_call_and_not_the_message() -> None:
    failed = outcome(calling(), call("<HeartbeatRequest/>", "Heartbeat", "theirs"))
    assert isinstance(failed, InvalidResponse)
    assert (failed.code, failed.message_id) == (FormationViolation.CODE, "own-1")


REQUESTS = [(cls, namespace) for cls, namespace in CASES if issubclass(cls, Request)]


@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: f"{case[0].__name__}-{case[1][11:13]}")
def test_every_fault_of_every_call_is_told_with_code_and_path(
    case: tuple[type[Structure], str],
) -> None:
    cls, namespace = case
    name = action_of(cls).name
    session = make_session(WIRE, side_of(namespace))
    caller = soap_ends.end(side_of(namespace).other)
    for number, broken in enumerate(every_fault(cls, namespace)):
        body = etree.tostring(broken.element).decode()
        events = session.receive(call(body, name, str(number), service=namespace), 0.0, number)
        assert names(events) == ["FrameToSend", "FaultAnswered"], broken.fault
        answer = of(events, FrameToSend)[0].data
        error = caller.unframe(answer)
        assert isinstance(error, CallError)
        found = (error.id, str(error.code), error.description.partition(": ")[0])
        assert found == (str(number), broken.code, broken.path or "payload"), broken.fault
        assert status_of(answer) == 400
        fault = read(answer).fault
        assert fault is not None
        assert fault.subcode == "ProtocolError"
