"""OCPP-S framing: headers by direction, what is written to the letter, faults and their codes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ocpp16.bindings.ocpps import OcppS, codec
from ocpp16.bindings.ocpps.envelope import SoapAnswer, read_frame
from ocpp16.bindings.ocpps.faults import SOAP_CODES, EnvelopeFault, read_code
from ocpp16.bindings.ocpps.framing import frame_envelope_fault
from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus, ResetType
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
    AuthorizeResponse,
    HeartbeatRequest,
    HeartbeatResponse,
    ResetRequest,
)
from ocpp16.spec import Side

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
CS, CP = "urn://Ocpp/Cs/2015/10/", "urn://Ocpp/Cp/2015/10/"
CENTRAL, STATION = Side.CENTRAL_SYSTEM, Side.CHARGE_POINT

HEADERS = {
    "identity": "<c:chargeBoxIdentity>CP 1</c:chargeBoxIdentity>",
    "action": "<w:Action>/Heartbeat</w:Action>",
    "id": "<w:MessageID>urn:uuid:1</w:MessageID>",
    "from": "<w:From><w:Address>http://10.0.0.1/</w:Address></w:From>",
    "reply": f"<w:ReplyTo><w:Address>{WSA}/anonymous</w:Address></w:ReplyTo>",
    "to": "<w:To>http://cs.example/</w:To>",
}
BODY = "<c:heartbeatRequest/>"


def envelope(
    header: str | None = "".join(HEADERS.values()),
    body: str = BODY,
    *,
    service: str = CS,
    soap: str = SOAP,
) -> bytes:
    head = "" if header is None else f"<s:Header>{header}</s:Header>"
    return (
        f'<s:Envelope xmlns:s="{soap}" xmlns:w="{WSA}" xmlns:c="{service}">'
        f"{head}<s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def headers(**changed: str) -> str:
    return "".join((HEADERS | changed).values())


def end(side: Side = CENTRAL, identity: str = "CP 1", **more: Any) -> OcppS:
    return OcppS(side=side, identity=identity, new_message_id=lambda: "urn:uuid:9", **more)


def refusal(frame: bytes | str, side: Side = CENTRAL) -> Fault:
    with pytest.raises(Fault) as raised:
        end(side).unframe(frame)
    return raised.value


def call_of(frame: bytes | str, side: Side = CENTRAL) -> Call[Any]:
    read = end(side).unframe(frame)
    assert isinstance(read, Call)
    return read


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
    assert fault.description == f"{ascii(identity)} is not reached here"


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


ANSWER = (
    "<c:heartbeatResponse><c:currentTime>2024-01-01T00:00:00Z</c:currentTime></c:heartbeatResponse>"
)
RELATES = "<w:RelatesTo>urn:uuid:1</w:RelatesTo>"


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
        ("<chargeBoxIdentity>somebody else</chargeBoxIdentity>" + RELATES, "urn:uuid:1"),
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


# Faults of peers


def fault_body(code: str, subcode: str, reason: str) -> str:
    return (
        f"<s:Fault><s:Code><s:Value>s:{code}</s:Value>{subcode}</s:Code>"
        f"<s:Reason><s:Text xml:lang='en'>{reason}</s:Text></s:Reason></s:Fault>"
    )


@pytest.mark.parametrize(
    ("body", "code", "description"),
    [
        (fault_body("Sender", "<s:Subcode><s:Value>c:SecurityError</s:Value></s:Subcode>", "no"),
         ErrorCode.SECURITY_ERROR, "no"),
        (fault_body("Sender", "<s:Subcode><s:Value>ProtocolError</s:Value></s:Subcode>", " a b "),
         ErrorCode.PROTOCOL_ERROR, "a b"),
        (fault_body("Sender", "<c:SubCode><s:Value>x:y:NotSupported</s:Value></c:SubCode>", ""),
         ErrorCode.NOT_SUPPORTED, ""),
        (fault_body("Receiver", "<s:Subcode><s:Value>c:Melted</s:Value></s:Subcode>", "hot"),
         "Melted", "hot"),
        (fault_body("Receiver", "", "hot"), ErrorCode.GENERIC_ERROR, "hot"),
        (fault_body("Receiver", "<s:Subcode><s:Value/></s:Subcode>", "hot"),
         ErrorCode.GENERIC_ERROR, "hot"),
        (fault_body("VersionMismatch", "", "1.1?"), ErrorCode.GENERIC_ERROR, "1.1?"),
        # Parts of it in wrong namespaces, and in none.
        ("<s:Fault><Code><s:Value>Receiver</s:Value><c:Subcode><Value>InternalError</Value>"
         "</c:Subcode></Code><Reason><s:Text lang='en'>oops</s:Text></Reason></s:Fault>",
         ErrorCode.INTERNAL_ERROR, "oops"),
        ("<Fault><Subcode><Value>InternalError</Value></Subcode></Fault>",
         ErrorCode.INTERNAL_ERROR, ""),
        ("<c:Fault/>", ErrorCode.GENERIC_ERROR, ""),
        ("<s:Fault/>", ErrorCode.GENERIC_ERROR, ""),
    ],
)  # fmt: skip
def test_a_fault_in_whatever_namespaces_is_read(
    body: str, code: ErrorCode | str, description: str
) -> None:
    for header, related in ((None, ""), (RELATES, "urn:uuid:1")):
        read = end(STATION).unframe(envelope(header, body))
        assert read == CallError(related, code, description)


# What we write


def test_the_exact_call_of_a_charge_point() -> None:
    station = end(STATION, "CP<1>", from_address="http://10.0.0.1:8080/a?b&c", to="http://cs/")
    call = Call("urn:uuid:7", "Heartbeat", station.encode(HeartbeatRequest()))
    assert station.frame(call).decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:wsa="http://www.w3.org/2005/08/addressing"'
        ' xmlns:ocpp="urn://Ocpp/Cs/2015/10/">'
        "<soap:Header>"
        '<ocpp:chargeBoxIdentity soap:mustUnderstand="true">CP&lt;1&gt;</ocpp:chargeBoxIdentity>'
        '<wsa:Action soap:mustUnderstand="true">/Heartbeat</wsa:Action>'
        "<wsa:MessageID>urn:uuid:7</wsa:MessageID>"
        "<wsa:From><wsa:Address>http://10.0.0.1:8080/a?b&amp;c</wsa:Address></wsa:From>"
        "<wsa:ReplyTo><wsa:Address>http://www.w3.org/2005/08/addressing/anonymous</wsa:Address>"
        "</wsa:ReplyTo>"
        "<wsa:To>http://cs/</wsa:To>"
        "</soap:Header>"
        "<soap:Body><ocpp:heartbeatRequest/></soap:Body>"
        "</soap:Envelope>"
    )


def test_the_exact_call_of_a_central_system() -> None:
    central = end(CENTRAL, from_address="http://cs/", to="http://10.0.0.1/")
    call = Call("urn:uuid:8", "Reset", central.encode(ResetRequest(type=ResetType.SOFT)))
    assert central.frame(call).decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:wsa="http://www.w3.org/2005/08/addressing"'
        ' xmlns:ocpp="urn://Ocpp/Cp/2015/10/">'
        "<soap:Header>"
        '<ocpp:chargeBoxIdentity soap:mustUnderstand="true">CP 1</ocpp:chargeBoxIdentity>'
        '<wsa:Action soap:mustUnderstand="true">/Reset</wsa:Action>'
        "<wsa:MessageID>urn:uuid:8</wsa:MessageID>"
        "<wsa:From><wsa:Address>http://cs/</wsa:Address></wsa:From>"
        "<wsa:ReplyTo><wsa:Address>http://www.w3.org/2005/08/addressing/anonymous</wsa:Address>"
        "</wsa:ReplyTo>"
        "<wsa:To>http://10.0.0.1/</wsa:To>"
        "</soap:Header>"
        "<soap:Body><ocpp:resetRequest><ocpp:type>Soft</ocpp:type></ocpp:resetRequest></soap:Body>"
        "</soap:Envelope>"
    )


def test_the_exact_answer() -> None:
    central = end(CENTRAL)
    response = AuthorizeResponse(id_tag_info=IdTagInfo(status=AuthorizationStatus.BLOCKED))
    for action in ("Authorize", None):
        answer = central.frame(CallResult("urn:uuid:7", central.encode(response), action))
        assert answer.decode() == (
            "<?xml version='1.0' encoding='UTF-8'?>\n"
            '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"'
            ' xmlns:wsa="http://www.w3.org/2005/08/addressing"'
            ' xmlns:ocpp="urn://Ocpp/Cs/2015/10/">'
            "<soap:Header>"
            '<wsa:Action soap:mustUnderstand="true">/AuthorizeResponse</wsa:Action>'
            "<wsa:MessageID>urn:uuid:9</wsa:MessageID>"
            "<wsa:RelatesTo>urn:uuid:7</wsa:RelatesTo>"
            "<wsa:To>http://www.w3.org/2005/08/addressing/anonymous</wsa:To>"
            "</soap:Header>"
            "<soap:Body><ocpp:authorizeResponse><ocpp:idTagInfo><ocpp:status>Blocked</ocpp:status>"
            "</ocpp:idTagInfo></ocpp:authorizeResponse></soap:Body>"
            "</soap:Envelope>"
        )
        assert isinstance(answer, SoapAnswer)
        assert answer.status == 200


def test_the_exact_fault_of_a_charge_point() -> None:
    error = CallError("urn:uuid:7", ErrorCode.TYPE_CONSTRAINT_VIOLATION, "/type: is <b> & ]]>")
    answer = end(STATION).frame(error)
    assert answer.decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:wsa="http://www.w3.org/2005/08/addressing"'
        ' xmlns:ocpp="urn://Ocpp/Cp/2015/10/">'
        "<soap:Header>"
        '<wsa:Action soap:mustUnderstand="true">'
        "http://www.w3.org/2005/08/addressing/soap/fault</wsa:Action>"
        "<wsa:MessageID>urn:uuid:9</wsa:MessageID>"
        "<wsa:RelatesTo>urn:uuid:7</wsa:RelatesTo>"
        "<wsa:To>http://www.w3.org/2005/08/addressing/anonymous</wsa:To>"
        "</soap:Header>"
        '<soap:Body><soap:Fault xmlns:ocpp="urn://Ocpp/Cs/2015/10/">'
        "<soap:Code><soap:Value>soap:Sender</soap:Value>"
        "<soap:Subcode><soap:Value>ocpp:ProtocolError</soap:Value></soap:Subcode></soap:Code>"
        '<soap:Reason><soap:Text xml:lang="en">'
        "TypeConstraintViolation: /type: is &lt;b&gt; &amp; ]]&gt;</soap:Text></soap:Reason>"
        "</soap:Fault></soap:Body>"
        "</soap:Envelope>"
    )
    assert isinstance(answer, SoapAnswer)
    assert answer.status == 400


@pytest.mark.parametrize("how", ["by the transport", "by the session"])
@pytest.mark.parametrize(
    ("frame", "code", "related"),
    [
        (envelope(soap="http://schemas.xmlsoap.org/soap/envelope/"), "VersionMismatch", None),
        (envelope("<x s:mustUnderstand='1'/>" + headers()), "MustUnderstand", "urn:uuid:1"),
    ],
)
def test_codes_of_soap_itself_have_no_subcode(
    frame: bytes, code: str, related: str | None, how: str
) -> None:
    fault = refusal(frame)
    assert isinstance(fault, EnvelopeFault)
    if how == "by the transport":
        answer = frame_envelope_fault(fault, side=CENTRAL, message_id="urn:uuid:9")
    else:
        error = CallError(fault.message_id or "", fault.code, fault.description, fault.details)
        found = end().frame(error)
        assert isinstance(found, SoapAnswer)
        answer = found
    root = etree.fromstring(answer)
    values = [element.text for element in root.iter(f"{{{SOAP}}}Value")]
    assert values == [f"soap:{code}"]
    assert root.findtext(f".//{{{SOAP}}}Text") == fault.description
    assert root.findtext(f".//{{{WSA}}}RelatesTo") == related
    assert answer.status == 500


def test_an_answer_to_a_call_without_an_id_relates_to_nothing() -> None:
    answer = end().frame(CallError("", ErrorCode.PROTOCOL_ERROR, "no id"))
    assert b"RelatesTo" not in answer
    assert end(STATION).unframe(answer) == CallError("", ErrorCode.PROTOCOL_ERROR, "no id")


@pytest.mark.parametrize("call_id", ["", " ", "a ", "\na"])
def test_an_id_that_would_not_come_back_is_not_sent(call_id: str) -> None:
    call = Call(call_id, "Heartbeat", codec.encode(HeartbeatRequest(), CS))
    with pytest.raises(ValueError, match="is no message id"):
        end(STATION).frame(call)


@pytest.mark.parametrize("length", [1, 36, 37, 255, 256, 100_000])
def test_ids_of_any_length(length: int) -> None:
    call_id = "i" * length
    header = headers(id=f"<w:MessageID>{call_id}</w:MessageID>")
    assert call_of(envelope(header)).id == call_id
    error = end().frame(CallError(call_id, ErrorCode.SECURITY_ERROR, "no"))
    assert end(STATION).unframe(error) == CallError(call_id, ErrorCode.SECURITY_ERROR, "no")


# The fault table of POLICY

TABLE = [
    (ErrorCode.FORMATION_VIOLATION, "Sender", "ProtocolError", 400),
    (ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "Sender", "ProtocolError", 400),
    (ErrorCode.TYPE_CONSTRAINT_VIOLATION, "Sender", "ProtocolError", 400),
    (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "Sender", "ProtocolError", 400),
    (ErrorCode.PROTOCOL_ERROR, "Sender", "ProtocolError", 400),
    (ErrorCode.NOT_IMPLEMENTED, "Receiver", "NotSupported", 500),
    (ErrorCode.NOT_SUPPORTED, "Receiver", "NotSupported", 500),
    (ErrorCode.SECURITY_ERROR, "Sender", "SecurityError", 400),
    (ErrorCode.IDENTITY_MISMATCH, "Sender", "IdentityMismatch", 400),
    (ErrorCode.INTERNAL_ERROR, "Receiver", "InternalError", 500),
    (ErrorCode.GENERIC_ERROR, "Receiver", "InternalError", 500),
]


def test_the_table_has_every_code() -> None:
    assert {row[0] for row in TABLE} == set(ErrorCode) == set(SOAP_CODES)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0].value)
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("description", ["", "why: /a/0 is wrong"])
def test_every_code_both_ways(
    row: tuple[ErrorCode, str, str, int], side: Side, description: str
) -> None:
    code, soap, subcode, status = row
    answer = end(side).frame(CallError("1", code, description))
    root = etree.fromstring(answer)
    values = [element.text for element in root.iter(f"{{{SOAP}}}Value")]
    assert values == [f"soap:{soap}", f"ocpp:{subcode}"]
    assert next(root.iter(f"{{{SOAP}}}Subcode")).nsmap["ocpp"] == CS
    assert isinstance(answer, SoapAnswer)
    assert answer.status == status
    assert end(side.other).unframe(answer) == CallError("1", code, description)


def test_a_code_that_is_only_text_is_told_in_words() -> None:
    answer = end().frame(CallError("1", "Melted", "hot"))
    assert b"ocpp:InternalError<" in answer
    assert end(STATION).unframe(answer) == CallError("1", ErrorCode.INTERNAL_ERROR, "Melted: hot")


@pytest.mark.parametrize("code", list(ErrorCode))
def test_a_peer_may_write_any_of_our_codes_as_subcode(code: ErrorCode) -> None:
    assert read_code(code.value, "why") == (code, "why")


codes = st.sampled_from(list(ErrorCode))
words = st.lists(
    st.sampled_from([*ErrorCode, ": ", " ", "x", "\n", "\u00a0", "]]>", "<a>", "&", "\r"])
).map("".join)


@given(codes, words | st.text(max_size=300))
def test_a_description_comes_back_with_its_code(code: ErrorCode, description: str) -> None:
    answer = end().frame(CallError("1", code, description))
    read = end(STATION).unframe(answer)
    assert isinstance(read, CallError)
    assert read.code is code
    expected = re.sub(
        r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", description[:255]
    )
    assert read.description.strip(" \t\r\n") == expected.strip(" \t\r\n")


# Any bytes


def survives(frame: bytes | str) -> None:
    for side in Side:
        try:
            read = end(side).unframe(frame)
        except (Fault, InvalidResponse) as error:
            assert isinstance(error, InvalidResponse) or len(error.description) <= 255
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
