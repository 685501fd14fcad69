"""Faults of OCPP-S: those that peers write, our own, and the table of codes both ways."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ocpp16.bindings.ocpps.faults import SOAP_CODES, EnvelopeFault, SoapCode, read_code, soap_code
from ocpp16.bindings.ocpps.framing import frame_envelope_fault
from ocpp16.envelope import CallError
from ocpp16.errors import (
    ErrorCode,
    SecurityError,
)
from ocpp16.spec import Side
from ocpp16.transports.soap_app import status_of
from tests.bindings.ocpps.envelopes import (
    CENTRAL,
    CS,
    ODD_FAULT,
    RELATES,
    SOAP,
    STATION,
    WSA,
    end,
    envelope,
    fault_body,
    headers,
    refusal,
)

# Faults of peers


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
        (ODD_FAULT, ErrorCode.INTERNAL_ERROR, "oops"),
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
        answer = end().frame(error)
    root = etree.fromstring(answer)
    values = [element.text for element in root.iter(f"{{{SOAP}}}Value")]
    assert values == [f"soap:{code}"]
    assert root.findtext(f".//{{{SOAP}}}Text") == fault.description
    assert root.findtext(f".//{{{WSA}}}RelatesTo") == related
    assert status_of(answer) == 500


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
    assert status_of(answer) == status
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


@pytest.mark.parametrize("code", ["VersionMismatch", "MustUnderstand"])
def test_no_details_turn_a_fault_into_one_of_soap(code: str) -> None:
    for details in ({"soapCode": code}, {"soap": SoapCode(code, None)}, {code: code}):
        fault = SecurityError("no", details)
        error = CallError("urn:uuid:1", fault.code, fault.description, fault.details)
        answer = end().frame(error)
        assert status_of(answer) == 400
        assert "soap:Sender<" in answer.decode()
        assert "ocpp:SecurityError<" in answer.decode()
    own = EnvelopeFault("no", soap=SoapCode(code, None))
    assert soap_code(own.code, own.details) == SoapCode(code, None)
    # What a handler makes of the details of another fault is not one any more.
    assert soap_code(own.code, dict(own.details)) == SoapCode("Sender", "ProtocolError")
