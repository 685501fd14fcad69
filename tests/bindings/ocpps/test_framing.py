"""OCPP-S framing: what is read, header by header and direction by direction."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp16.bindings.ocpps import codec
from ocpp16.bindings.ocpps.envelope import read_frame
from ocpp16.bindings.ocpps.faults import EnvelopeFault
from ocpp16.bindings.ocpps.framing import frame_envelope_fault
from ocpp16.envelope import Call, CallError, CallResult
from ocpp16.errors import (
    ErrorCode,
    Fault,
    FormationViolation,
    IdentityMismatch,
    InvalidResponse,
    ProtocolError,
)
from ocpp16.messages import (
    HeartbeatRequest,
    HeartbeatResponse,
)
from ocpp16.spec import Side
from tests.bindings.ocpps.envelopes import (
    ANSWER,
    BODY,
    CENTRAL,
    CP,
    CS,
    HEADERS,
    ODD_FAULT,
    RELATES,
    SOAP,
    STATION,
    WSA,
    call_of,
    end,
    envelope,
    fault_body,
    headers,
    refusal,
)

# Headers of calls


def test_a_call_with_all_its_headers() -> None:
    for frame in (envelope(), envelope().decode()):
        call = call_of(frame)
        assert (call.id, call.action) == ("urn:uuid:1", "Heartbeat")
        assert codec.decode(HeartbeatRequest, call.payload) == HeartbeatRequest()


@pytest.mark.parametrize(
    ("name", "shown"),
    [("identity", "chargeBoxIdentity"), ("action", "Action"), ("id", "MessageID"),
     ("from", "From")],
)  # fmt: skip
@pytest.mark.parametrize("how", ["absent", "empty", "blank"])
def test_what_a_central_system_requires(name: str, shown: str, how: str) -> None:
    changed = {"absent": "", "empty": re.sub(r">[^<>]+<", "><", HEADERS[name]),
               "blank": re.sub(r">[^<>]+<", "> \n <", HEADERS[name])}[how]  # fmt: skip
    fault = refusal(envelope(headers(**{name: changed})))
    assert type(fault) is ProtocolError
    assert fault.description == f"the header {shown} is missing"
    assert fault.message_id == (None if name == "id" else "urn:uuid:1")


def test_a_charge_point_takes_calls_without_from_reply_to_and_to() -> None:
    short = HEADERS["identity"] + HEADERS["action"] + HEADERS["id"]
    assert call_of(envelope(short, service=CP), STATION).action == "Heartbeat"
    assert type(refusal(envelope(short))) is ProtocolError
    for name in ("identity", "action", "id"):
        header = headers(**{name: ""})
        assert type(refusal(envelope(header, service=CP), STATION)) is ProtocolError


def test_a_central_system_takes_calls_without_reply_to_and_to() -> None:
    assert call_of(envelope(headers(reply="", to=""))).id == "urn:uuid:1"


def test_a_call_without_any_header() -> None:
    for header in (None, ""):
        assert refusal(envelope(header)).description == "the header MessageID is missing"


@pytest.mark.parametrize(
    "identity",
    [
        "<c:ChargeBoxIdentity>CP 1</c:ChargeBoxIdentity>",
        "<c:CHARGEBOXIDENTITY>CP 1</c:CHARGEBOXIDENTITY>",
        "<chargeBoxIdentity>CP 1</chargeBoxIdentity>",
        "<w:chargeBoxIdentity>CP 1</w:chargeBoxIdentity>",
        "<c:chargeBoxIdentity s:mustUnderstand='true'>\n\tCP 1\r\n</c:chargeBoxIdentity>",
        "<c:chargeBoxIdentity><![CDATA[CP]]><!-- x --> 1</c:chargeBoxIdentity>",
    ],
)
def test_the_identity_is_found_by_its_name_in_any_case(identity: str) -> None:
    assert call_of(envelope(headers(identity=identity))).id == "urn:uuid:1"


@pytest.mark.parametrize("identity", ["CP  1", "cp 1", "CP", "CP 1 2", "\u00a0CP 1"])
def test_another_identity_is_a_mismatch(identity: str) -> None:
    header = headers(identity=f"<c:chargeBoxIdentity>{identity}</c:chargeBoxIdentity>")
    fault = refusal(envelope(header))
    assert type(fault) is IdentityMismatch
    assert fault.message_id == "urn:uuid:1"
    assert fault.description == f"{identity!a} is not reached here"


@pytest.mark.parametrize("identity", ["<CP>", "a]]>b", "&amp;", "'\"", "\u0416\U0001f50c", " a "])
def test_an_identity_may_be_any_text(identity: str) -> None:
    sent = end(STATION, identity, from_address="http://x/").frame(
        Call("1", "Heartbeat", codec.encode(HeartbeatRequest(), CS))
    )
    assert end(CENTRAL, identity).unframe(sent).id == "1"


@pytest.mark.parametrize("identity", ["\x00", "a\x1bb", "\ud800", "\uffff", "\x08"])
def test_an_identity_that_xml_does_not_have_is_refused_at_once(identity: str) -> None:
    with pytest.raises(ValueError, match="identity holds a character"):
        end(STATION, identity)


@pytest.mark.parametrize(
    "action",
    ["/Heartbeat", "Heartbeat", "/Heartbeat/", " /Heartbeat\n", f"{CS}Heartbeat",
     f"{CS}CentralSystemService/Heartbeat"],
)  # fmt: skip
def test_an_action_is_told_by_its_last_segment(action: str) -> None:
    header = headers(action=f"<w:Action>{action}</w:Action>")
    assert call_of(envelope(header)).action == "Heartbeat"


@pytest.mark.parametrize(
    ("action", "shown"),
    [("/Authorize", "Authorize"), ("/heartbeat", "heartbeat"), ("/", ""),
     ("/HeartbeatRequest", "HeartbeatRequest"), ("/HeartbeatResponse", "HeartbeatResponse"),
     ("/Heartbeat/x", "x")],
)  # fmt: skip
def test_an_action_that_does_not_match_the_body(action: str, shown: str) -> None:
    fault = refusal(envelope(headers(action=f"<w:Action>{action}</w:Action>")))
    assert type(fault) is ProtocolError
    assert fault.description == f"the Action is {shown!r}, the body 'heartbeatRequest'"


@pytest.mark.parametrize("name", list(HEADERS))
def test_a_header_that_stands_there_twice(name: str) -> None:
    fault = refusal(envelope(headers(**{name: HEADERS[name] * 2})))
    assert type(fault) is EnvelopeFault
    assert "stands there twice" in fault.description
    assert (fault.code, fault.soap.code) == (ErrorCode.PROTOCOL_ERROR, "Sender")
    assert fault.message_id == "urn:uuid:1"


def test_headers_of_the_wsa_namespace_only() -> None:
    fault = refusal(envelope(headers(id="<MessageID>urn:uuid:1</MessageID>")))
    assert fault.description == "the header MessageID is missing"
    old = '<o:MessageID xmlns:o="http://schemas.xmlsoap.org/ws/2004/08/addressing">1</o:MessageID>'
    assert refusal(envelope(headers(id=old))).description == "the header MessageID is missing"


# mustUnderstand


@pytest.mark.parametrize("must", ["true", "1", " true "])
@pytest.mark.parametrize("role", ["", f"s:role='{SOAP}/role/next'", "s:role=''"])
def test_a_header_that_must_be_understood_and_is_not(must: str, role: str) -> None:
    extra = f"<x:Security xmlns:x='urn:x' s:mustUnderstand='{must}' {role}/>"
    fault = refusal(envelope(extra + headers()))
    assert isinstance(fault, EnvelopeFault)
    assert (fault.soap.code, fault.soap.subcode, fault.soap.status) == ("MustUnderstand", None, 500)
    assert fault.description == "the header '{urn:x}Security' is not understood"
    assert fault.message_id == "urn:uuid:1"


@pytest.mark.parametrize(
    "attributes",
    ["", "s:mustUnderstand='false'", "s:mustUnderstand='0'", "mustUnderstand='true'",
     f"s:mustUnderstand='true' s:role='{SOAP}/role/none'",
     "s:mustUnderstand='true' s:role='http://relay.example/'"],
)  # fmt: skip
def test_a_header_that_need_not_be_understood_here(attributes: str) -> None:
    extra = f"<x:Security xmlns:x='urn:x' {attributes}/>"
    assert call_of(envelope(extra + headers())).action == "Heartbeat"


# Envelopes


def test_soap_1_1_is_a_version_mismatch() -> None:
    fault = refusal(envelope(soap="http://schemas.xmlsoap.org/soap/envelope/"))
    assert isinstance(fault, EnvelopeFault)
    assert (fault.soap.code, fault.soap.subcode) == ("VersionMismatch", None)
    assert fault.description == "SOAP 1.2 is due, this is SOAP 1.1"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html/>", "is 'html', not a SOAP envelope"),
        (f"<s:Envelope xmlns:s='{SOAP}'/>".encode(), "the envelope has no body"),
        (f"<s:Envelope xmlns:s='{SOAP}'><Body/></s:Envelope>".encode(), "the envelope has no body"),
        (f"<s:Envelope xmlns:s='{SOAP}'><s:Body/><s:Body/></s:Envelope>".encode(),
         "the envelope holds more than one header and one body"),
        (f"<s:Envelope xmlns:s='{SOAP}'><s:Header/><s:Header/><s:Body/></s:Envelope>".encode(),
         "the envelope holds more than one header and one body"),
        (f"<s:Envelope xmlns:s='{SOAP}'><s:Body/><s:Header/></s:Envelope>".encode(),
         "the envelope holds more than one header and one body"),
        (envelope(body=BODY * 2), "the body has more than one element"),
        (b"\xff\xfe<\0", "is not UTF-8"),
        ("<a>\ud800</a>", "is not UTF-8"),
    ],
)  # fmt: skip
def test_what_is_no_envelope(data: bytes | str, reason: str) -> None:
    fault = refusal(data)
    assert isinstance(fault, EnvelopeFault)
    assert (fault.description, fault.code) == (reason, ErrorCode.PROTOCOL_ERROR)
    assert (fault.soap.code, fault.soap.subcode, fault.soap.status) == (
        "Sender", "ProtocolError", 400,
    )  # fmt: skip


@pytest.mark.parametrize("body", ["", " \n ", "text", "<!-- nothing -->"])
def test_an_empty_body(body: str) -> None:
    fault = refusal(envelope(body=body))
    assert type(fault) is ProtocolError
    assert (fault.description, fault.message_id) == ("the body is empty", "urn:uuid:1")


# Bodies


@pytest.mark.parametrize(
    ("namespace", "reason"),
    [
        ("urn://Ocpp/Cs/2012/06/",
         "the namespace urn://Ocpp/Cs/2012/06/ is that of OCPP 1.5; here it is OCPP 1.6"),
        ("urn://Ocpp/Cp/2010/08/",
         "the namespace urn://Ocpp/Cp/2010/08/ is that of OCPP 1.2; here it is OCPP 1.6"),
        (CP, "the body is of the other service (urn://Ocpp/Cp/2015/10/)"),
        ("urn:x", "the namespace 'urn:x' of the body is not one of OCPP 1.6"),
        (CS[:-1], "the namespace 'urn://Ocpp/Cs/2015/10' of the body is not one of OCPP 1.6"),
        ("", "the namespace '' of the body is not one of OCPP 1.6"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("local", ["heartbeatRequest", "dataTransferRequest", "fooRequest"])
def test_a_body_of_another_namespace(namespace: str, reason: str, local: str) -> None:
    fault = refusal(envelope(body=f"<{local} xmlns='{namespace}'/>"))
    assert type(fault) is ProtocolError
    assert (fault.description, fault.message_id) == (reason, "urn:uuid:1")


@pytest.mark.parametrize(
    ("local", "action"),
    [("fooRequest", "foo"), ("foo", "foo"), ("chargeBoxIdentity", "chargeBoxIdentity"),
     ("resetRequest", "Reset"), ("signCertificateRequest", "SignCertificate"),
     ("getVariablesRequest", "getVariables"), ("Request", ""),
     ("HEARTBEATREQUEST", "HEARTBEATREQUEST")],
)  # fmt: skip
def test_an_action_that_is_not_offered_is_a_call_all_the_same(local: str, action: str) -> None:
    header = headers(action=f"<w:Action>/{action}</w:Action>")
    assert call_of(envelope(header, f"<c:{local}/>")).action == action


@pytest.mark.parametrize(
    "local", ["HeartbeatRequest", "heartbeat", "Heartbeat", "heartbeatrequest ".strip()[:9]]
)
def test_an_element_that_is_nearly_one_of_ocpp_is_a_formation_violation(local: str) -> None:
    fault = refusal(envelope(body=f"<c:{local}/>"))
    assert type(fault) is FormationViolation
    assert fault.message_id == "urn:uuid:1"


# Answers


@pytest.mark.parametrize(
    ("header", "related"),
    [
        (None, ""),
        ("", ""),
        (RELATES, "urn:uuid:1"),
        ("<w:RelatesTo>\n urn:uuid:1 </w:RelatesTo>", "urn:uuid:1"),
        (f"<w:RelatesTo RelationshipType='{WSA}/reply'>a</w:RelatesTo>", "a"),
        ("<w:RelatesTo RelationshipType='urn:other'>b</w:RelatesTo>" + RELATES, "urn:uuid:1"),
        ("<w:RelatesTo RelationshipType='urn:other'>b</w:RelatesTo>", ""),
        (f"<w:Action>{CS}CentralSystemService/HeartbeatResponse</w:Action>{RELATES}", "urn:uuid:1"),
        ("<chargeBoxIdentity>CP 1</chargeBoxIdentity>" + RELATES, "urn:uuid:1"),
        (f"<w:Action>/HeartbeatResponse</w:Action>{RELATES}", "urn:uuid:1"),
        ("<w:Action/><chargeBoxIdentity/>" + RELATES, "urn:uuid:1"),
    ],
)
def test_an_answer_needs_no_header(header: str | None, related: str) -> None:
    read = end(STATION).unframe(envelope(header, ANSWER))
    assert isinstance(read, CallResult)
    assert (read.id, read.action) == (related, "Heartbeat")
    decoded = codec.decode(HeartbeatResponse, read.payload)
    assert decoded.current_time.isoformat() == "2024-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("side", "body", "code", "reason"),
    [
        (CENTRAL, ANSWER, ErrorCode.PROTOCOL_ERROR,
         "the body is of the other service (urn://Ocpp/Cs/2015/10/)"),
        (STATION, "<heartbeatResponse xmlns='urn://Ocpp/Cs/2012/06/'/>", ErrorCode.PROTOCOL_ERROR,
         "the namespace urn://Ocpp/Cs/2012/06/ is that of OCPP 1.5; here it is OCPP 1.6"),
        (STATION, "<c:HeartbeatResponse/>", ErrorCode.FORMATION_VIOLATION,
         "'HeartbeatResponse' is not how OCPP writes an element of its own"),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_of_the_service_we_call(
    side: Side, body: str, code: ErrorCode, reason: str
) -> None:
    with pytest.raises(InvalidResponse) as raised:
        end(side).unframe(envelope(RELATES, body))
    found = raised.value
    assert (found.code, found.reason, found.message_id) == (code, reason, "urn:uuid:1")


def test_an_answer_of_an_unknown_action_is_an_answer() -> None:
    read = end(STATION).unframe(envelope(RELATES, "<c:fooResponse/>"))
    assert isinstance(read, CallResult)
    assert read.action == "foo"


def test_a_frame_that_was_read_is_not_read_again() -> None:
    frame = read_frame(envelope())
    assert frame == envelope()
    assert call_of(frame).payload is frame.envelope.body


# Any bytes


def survives(frame: bytes | str) -> None:
    for side in Side:
        try:
            read = end(side).unframe(frame)
        except (Fault, InvalidResponse) as error:
            if isinstance(error, EnvelopeFault):
                frame_envelope_fault(error, side=side, message_id="1")
            continue
        assert isinstance(read, (Call, CallResult, CallError))
        if isinstance(read, Call):
            assert codec.fingerprint(read.payload)
            assert end(side).frame(CallError(read.id, ErrorCode.INTERNAL_ERROR))


@given(st.binary(max_size=300))
def test_any_bytes(frame: bytes) -> None:
    survives(frame)


@given(st.text(max_size=300))
def test_any_bytes_as_text(frame: str) -> None:
    survives(frame)


SEEDS = [envelope(), envelope(RELATES, ANSWER), envelope(None, fault_body("Sender", "", "x"))]
PIECES = [b"<", b">", b"</", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x?>", b"<!DOCTYPE a>",
          b"&#0;", b"&x;", b"'", b'"', b" xmlns:a='u'", b" xmlns=''", b"\xff", b"\0", b"Request",
          b"urn://Ocpp/Cp/2015/10/", b"s:", b"<c:x xmlns:q='rel'><q:y/></c:x>"]  # fmt: skip


@given(st.sampled_from(SEEDS), st.data())
def test_any_bytes_in_a_mutated_envelope(seed: bytes, data: Any) -> None:
    frame = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(frame)))
        count = data.draw(st.integers(0, 12))
        piece = data.draw(st.sampled_from(PIECES) | st.binary(max_size=4))
        frame[at : at + count] = piece
    survives(bytes(frame))


def test_a_namespace_that_is_no_uri_does_no_harm() -> None:
    call = call_of(envelope(body="<c:heartbeatRequest><x xmlns='relative'/></c:heartbeatRequest>"))
    assert codec.fingerprint(call.payload) == codec.fingerprint(call.payload) != b""


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("<w:Action>/AuthorizeResponse</w:Action>", ErrorCode.PROTOCOL_ERROR),
        ("<w:Action>/Heartbeat</w:Action>", ErrorCode.PROTOCOL_ERROR),
        ("<w:Action>/heartbeatResponse</w:Action>", ErrorCode.PROTOCOL_ERROR),
        (f"<w:Action>{WSA}/soap/fault</w:Action>", ErrorCode.PROTOCOL_ERROR),
        ("<c:chargeBoxIdentity>CP 2</c:chargeBoxIdentity>", ErrorCode.IDENTITY_MISMATCH),
        ("<chargeboxidentity>cp 1</chargeboxidentity>", ErrorCode.IDENTITY_MISMATCH),
    ],
)
def test_an_answer_whose_headers_say_that_it_is_another(header: str, code: ErrorCode) -> None:
    with pytest.raises(InvalidResponse) as raised:
        end(STATION).unframe(envelope(header + RELATES, ANSWER))
    assert (raised.value.code, raised.value.message_id) == (code, "urn:uuid:1")


def test_a_fault_says_what_it_is_itself() -> None:
    header = f"<w:Action>/Whatever</w:Action><chargeBoxIdentity>other</chargeBoxIdentity>{RELATES}"
    read = end(STATION).unframe(envelope(header, ODD_FAULT))
    assert read == CallError("urn:uuid:1", ErrorCode.INTERNAL_ERROR, "oops")


def test_xinclude_is_refused_wherever_it_stands() -> None:
    include = "<x:include xmlns:x='http://www.w3.org/2001/XInclude' href='file:///x'/>"
    for data in (
        envelope(headers(to=include)),
        envelope(body=f"<c:authorizeRequest>{include}</c:authorizeRequest>"),
    ):
        fault = refusal(data)
        assert (fault.code, fault.description) == (
            ErrorCode.PROTOCOL_ERROR,
            "XInclude is not allowed",
        )
