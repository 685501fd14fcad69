"""`valid` and `accepted` of SOAP envelopes, rule by rule, and of the vectors."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("lxml")

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ocpp16.apps.document import is_xml, split
from ocpp16.apps.inspection import Inspector, inspect_frame, inspect_stream
from ocpp16.apps.verdict import Verdict
from ocpp16.bindings.ocpps import OcppS, codec
from ocpp16.bindings.ocpps.envelope import CENTRAL_SYSTEM, NAMESPACES
from ocpp16.catalog import ACTIONS
from ocpp16.envelope import Call, CallError, CallResult
from ocpp16.errors import ErrorCode
from ocpp16.settings import Leniency
from ocpp16.spec import Side

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
CS, CP = "urn://Ocpp/Cs/2015/10/", "urn://Ocpp/Cp/2015/10/"

CALL = {
    "identity": "<chargeBoxIdentity>CP1</chargeBoxIdentity>",
    "action": "<w:Action>/Authorize</w:Action>",
    "id": "<w:MessageID>m1</w:MessageID>",
    "from": "<w:From><w:Address>http://10.0.0.1/</w:Address></w:From>",
    "to": "<w:To>http://cs.example/</w:To>",
}
ANSWER = {
    "action": "<w:Action>/AuthorizeResponse</w:Action>",
    "related": "<w:RelatesTo>m1</w:RelatesTo>",
    "to": f"<w:To>{WSA}/anonymous</w:To>",
}
BODY = "<authorizeRequest><idTag>x</idTag></authorizeRequest>"
ANSWER_BODY = (
    "<authorizeResponse><idTagInfo><status>Accepted</status>{}</idTagInfo></authorizeResponse>"
)
EXPIRY = "<expiryDate>2030-01-01T00:00:00Z</expiryDate>"


def envelope(header: dict[str, str] | str, body: str, *, service: str = CS, **more: str) -> str:
    head = header if isinstance(header, str) else "".join(header.values())
    return (
        f'<s:Envelope xmlns:s="{more.get("soap", SOAP)}" xmlns:w="{WSA}" xmlns="{service}">'
        f"<s:Header>{head}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


def call(body: str = BODY, service: str = CS, **changed: str) -> str:
    return envelope(CALL | changed, body, service=service)


def named(action: str) -> str:
    return f"<w:Action>/{action}</w:Action>"


def answer(body: str = ANSWER_BODY.format(""), **changed: str) -> str:
    return envelope(ANSWER | changed, body)


def summary(verdict: Verdict) -> tuple[str, bool, bool, str | None, str | None]:
    return verdict.kind.value, verdict.valid, verdict.accepted, verdict.code, verdict.path


METER = (
    "<meterValuesRequest><connectorId>1</connectorId><meterValue>"
    "<timestamp>2026-01-01T00:00:00Z</timestamp><sampledValue><value>1</value></sampledValue>"
    "<sampledValue>{}</sampledValue></meterValue></meterValuesRequest>"
)
FAULT = (
    "<s:Fault><s:Code><s:Value>{}</s:Value>{}</s:Code>"
    "<s:Reason><s:Text xml:lang='en'>no</s:Text></s:Reason></s:Fault>"
)
SUBCODE = "<s:Subcode><s:Value>{}</s:Value></s:Subcode>"

# document, kind, valid, accepted, code, path
CASES: dict[str, tuple[str, str, bool, bool, str | None, str | None]] = {
    # fine
    "call": (call(), "CALL", True, True, None, None),
    "answer": (answer(), "CALLRESULT", True, True, None, None),
    "fault": (
        envelope("", FAULT.format("s:Sender", SUBCODE.format("x"))), "CALLERROR", True, True, None,
        None,
    ),
    "to a charge point": (
        call("<clearCacheRequest/>", CP, action=named("ClearCache")), "CALL", True, True, None,
        None,
    ),
    "with a declaration": (
        "\ufeff<?xml version='1.0' encoding='utf-8'?>\n" + call(), "CALL", True, True, None, None,
    ),
    "unknown subcode": (
        envelope("", FAULT.format("s:Receiver", SUBCODE.format("w:Melted"))), "CALLERROR", True,
        True, None, None,
    ),
    "identity in capitals": (
        call(identity="<CHARGEBOXIDENTITY>CP1</CHARGEBOXIDENTITY>"), "CALL", True, True, None, None,
    ),
    # what the contract forbids and the field does
    "out of order": (
        answer(ANSWER_BODY.format("").replace("<status>", f"{EXPIRY}<status>")), "CALLRESULT",
        False, True, None, "/idTagInfo/expiryDate",
    ),
    "items out of order": (
        call(METER.format("<unit>Wh</unit><value>1</value>"), action=named("MeterValues")), "CALL",
        False, True, None, "/meterValue/0/sampledValue/1/unit",
    ),
    "no To": (call(to=""), "CALL", False, True, None, None),
    "no From to a charge point": (
        call("<clearCacheRequest/>", CP, **{"action": named("ClearCache"), "from": ""}), "CALL",
        False, True, None, None,
    ),
    "qualified Action": (
        call(action=f"<w:Action>{CS}CentralSystemService/Authorize</w:Action>"), "CALL", False,
        True, None, None,
    ),
    "identity in another namespace": (
        call(identity="<w:chargeBoxIdentity>CP1</w:chargeBoxIdentity>"), "CALL", False, True, None,
        None,
    ),
    "ReplyTo elsewhere": (
        call(reply="<w:ReplyTo><w:Address>http://x/</w:Address></w:ReplyTo>"), "CALL", False, True,
        None, None,
    ),
    "no RelatesTo": (answer(related=""), "CALLRESULT", False, True, None, None),
    "no header in an answer": (
        envelope("", ANSWER_BODY.format("")), "CALLRESULT", False, True, None, None,
    ),
    "fault in odd namespaces": (
        envelope("", "<Fault><Code><Value>x</Value></Code></Fault>"), "CALLERROR", False, True,
        None, None,
    ),
    "empty fault": (envelope("", "<s:Fault/>"), "CALLERROR", False, True, None, None),
    "fault without a language": (
        envelope("", FAULT.format("s:Sender", "").replace(" xml:lang='en'", "")), "CALLERROR",
        False, True, None, None,
    ),
    "fault of no code of SOAP": (
        envelope("", FAULT.format("Sender", "")), "CALLERROR", False, True, None, None,
    ),
    "subcode without a namespace": (
        envelope("", FAULT.format("s:Sender", SUBCODE.format("q:x"))), "CALLERROR", False, True,
        None, None,
    ),
    "two subcodes": (
        envelope("", FAULT.format("s:Sender", SUBCODE.format("x") * 2)), "CALLERROR", False, True,
        None, None,
    ),
    # what both refuse
    "no From": (call(**{"from": ""}), "CALL", False, False, "ProtocolError", None),
    "no identity": (call(identity=""), "CALL", False, False, "ProtocolError", None),
    "no MessageID": (call(id=""), "CALL", False, False, "ProtocolError", None),
    "no Action": (call(action=""), "CALL", False, False, "ProtocolError", None),
    "another Action": (
        call(action=named("Heartbeat")), "CALL", False, False, "ProtocolError", None,
    ),
    "MessageID twice": (
        call(id=CALL["id"] * 2), "CALL", False, False, "ProtocolError", None,
    ),
    "missing field": (
        call("<authorizeRequest/>"), "CALL", False, False, "OccurrenceConstraintViolation",
        "/idTag",
    ),
    "unknown field": (
        call("<authorizeRequest><idTag>x</idTag><y/></authorizeRequest>"), "CALL", False, False,
        "FormationViolation", "/y",
    ),
    "too long": (
        call(f"<authorizeRequest><idTag>{'x' * 21}</idTag></authorizeRequest>"), "CALL", False,
        False, "PropertyConstraintViolation", "/idTag",
    ),
    "no number": (
        call("<unlockConnectorRequest><connectorId>x</connectorId></unlockConnectorRequest>", CP,
             action=named("UnlockConnector")), "CALL", False, False, "TypeConstraintViolation",
        "/connectorId",
    ),
    "an invalid answer": (
        answer(ANSWER_BODY.format("<x/>")), "CALLRESULT", False, False, None, "/idTagInfo/x",
    ),
    "1.5": (call(service="urn://Ocpp/Cs/2012/06/"), "CALL", False, False, "ProtocolError", None),
    "an answer of 1.5": (
        envelope(ANSWER, "<authorizeResponse/>", service="urn://Ocpp/Cs/2012/06/"), "CALLRESULT",
        False, False, None, None,
    ),
    "unknown action": (
        call("<fooRequest/>", action=named("foo")), "CALL", False, False, "NotImplemented", None,
    ),
    "action of JSON": (
        call("<signCertificateRequest/>", action=named("SignCertificate")), "CALL", False, False,
        "NotSupported", None,
    ),
    "action of the other side": (
        call("<clearCacheRequest/>", action=named("ClearCache")), "CALL", False, False,
        "NotSupported", None,
    ),
    "answer to nobody": (
        answer("<fooResponse/>"), "CALLRESULT", False, False, None, "",
    ),
    "element in capitals": (
        call("<AuthorizeRequest/>"), "CALL", False, False, "FormationViolation", None,
    ),
    "identity as a body": (
        call("<chargeBoxIdentity>x</chargeBoxIdentity>", action=named("chargeBoxIdentity")), "CALL",
        False, False, "NotImplemented", None,
    ),
    "empty body": (envelope(CALL, ""), "undefined", False, False, "ProtocolError", None),
    "two bodies": (call(BODY * 2), "undefined", False, False, "ProtocolError", None),
    "two headers": (
        call().replace("<s:Body>", "<s:Header/><s:Body>"), "undefined", False, False,
        "ProtocolError", None,
    ),
    "SOAP 1.1": (
        envelope(CALL, BODY, soap="http://schemas.xmlsoap.org/soap/envelope/"), "unparsable", False,
        False, "ProtocolError", None,
    ),
    "HTML": ("<html/>", "unparsable", False, False, "ProtocolError", None),
    "cut off": (call()[:-1], "unparsable", False, False, "ProtocolError", None),
    "two envelopes": (call() * 2, "unparsable", False, False, "ProtocolError", None),
    "document type": ("<!DOCTYPE a>" + call(), "unparsable", False, False, "ProtocolError", None),
    "half a pair": (call().replace("CP1", "\ud800"), "unparsable", False, False, "ProtocolError",
                    None),
    # what only our receiver refuses
    "a header to be understood": (
        call(more="<x xmlns='urn:x' s:mustUnderstand='1'/>"), "CALL", True, False, "ProtocolError",
        None,
    ),
    "no offset": (
        answer(ANSWER_BODY.format(EXPIRY.replace("Z", ""))), "CALLRESULT", True, False, None,
        "/idTagInfo/expiryDate",
    ),
    "too large": (
        call(more=f"<x xmlns='urn:x'>{'x' * 140_000}</x>"), "CALL", True, False, None, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_document(name: str) -> None:
    document, *expected = CASES[name]
    assert summary(inspect_frame(document)) == tuple(expected)
    if name != "half a pair":
        assert summary(inspect_frame(document.encode())) == tuple(expected)


@pytest.mark.parametrize(
    ("name", "id", "action", "reason"),
    [
        ("call", "m1", "Authorize", None),
        ("answer", "m1", "Authorize", None),
        ("fault", None, None, None),
        ("missing field", "m1", "Authorize", "is required (Sender/ProtocolError)"),
        ("unknown action", "m1", "foo", "'foo' is no action of OCPP 1.6 (Receiver/NotSupported)"),
        ("SOAP 1.1", None, None, "SOAP 1.2 is due, this is SOAP 1.1 (VersionMismatch)"),
        ("a header to be understood", "m1", "Authorize",
         "the header '{urn:x}x' is not understood (MustUnderstand)"),
        ("out of order", "m1", "Authorize",
         "Element 'expiryDate': This element is not expected. Expected is ( status )"),
        ("no To", "m1", "Authorize", "the header wsa:To is missing"),
        ("no RelatesTo", None, "Authorize", "the header wsa:RelatesTo is missing"),
        ("an answer of 1.5", "m1", "Authorize",
         "the namespace of the body is 'urn://Ocpp/Cs/2012/06/' (OCPP 1.5)"),
        ("ReplyTo elsewhere", "m1", "Authorize", "the ReplyTo is 'http://x/', not anonymous"),
        ("identity in another namespace", "m1", "Authorize",
         "the header chargeBoxIdentity is not in the namespace of the service"),
        ("empty fault", None, None,
         "a fault has Code, Reason first, all in the namespace of SOAP"),
        ("two subcodes", None, None, "a code has a Value, and a Subcode at most"),
        ("subcode without a namespace", None, None, "the value of a code is no qualified name"),
        ("fault without a language", None, None,
         "the reason of a fault has texts, each with its xml:lang"),
        ("no offset", "m1", "Authorize",
         "'2030-01-01T00:00:00' is not a date and time with seconds and offset (RFC 3339)"),
        ("two bodies", None, None, "the body has more than one element (Sender/ProtocolError)"),
    ],
)  # fmt: skip
def test_what_else_is_told(name: str, id: str | None, action: str | None, reason: str) -> None:
    verdict = inspect_frame(CASES[name][0])
    assert (verdict.id, verdict.action, verdict.reason) == (id, action, reason)


def test_peer_text_in_a_reason_is_shown_safely() -> None:
    odd = "\u202e\u009b" + "x" * 5000
    verdict = inspect_frame(answer(ANSWER_BODY.format(f"<expiryDate>{odd}</expiryDate>")))
    assert verdict.reason is not None
    assert verdict.reason.isascii()
    assert len(verdict.reason) <= 200


def test_leniency_is_the_receivers_only() -> None:
    document = call("<authorizeRequest><idTag>x</idTag><y/></authorizeRequest>")
    verdict = inspect_frame(document, leniency=frozenset({Leniency.UNKNOWN_FIELDS}))
    assert (verdict.valid, verdict.accepted) == (False, True)
    assert [deviation.path for deviation in verdict.deviations] == ["/y"]


# What we write ourselves


def test_what_we_write_is_valid_and_accepted() -> None:
    from tests.bindings.ocpps.elements import CASES as MESSAGES
    from tests.bindings.ocpps.elements import full_element

    for cls, namespace in MESSAGES:
        action = next(each for each in ACTIONS.values() if cls in {each.request, each.response})
        is_call = cls is action.request
        service = next(side for side, name in NAMESPACES.items() if name == namespace)
        sender = service.other if is_call else service
        binding = OcppS(side=sender, identity="CP1", from_address="http://x/", to="http://y/")
        element = codec.encode(codec.decode(cls, full_element(cls, namespace)), namespace)
        frame = (
            binding.frame(Call("m1", action.name, element))
            if is_call
            else binding.frame(CallResult("m1", element, action.name))
        )
        verdict = inspect_frame(frame)
        assert (verdict.valid, verdict.accepted, verdict.reason) == (True, True, None)
        assert (verdict.id, verdict.action) == ("m1", action.name)
    for side in Side:
        for code in ErrorCode:
            verdict = inspect_frame(
                OcppS(side=side, identity="CP1").frame(CallError("m1", code, "why"))
            )
            assert (verdict.valid, verdict.accepted, verdict.id) == (True, True, "m1")


# Streams and files


def verdicts(data: bytes, **more: Any) -> list[tuple[int, Verdict]]:
    found = inspect_stream(io.BytesIO(data), Inspector(), **more)
    return [(each.number, each.verdict) for each in found]


@pytest.mark.parametrize("front", [b"", b"\n \n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_a_file_that_begins_with_an_angle_bracket_is_one_envelope(front: bytes) -> None:
    document = call().replace("><", ">\n<").encode() + b"\n\n"
    ((number, verdict),) = verdicts(front + document)
    assert (number, verdict.action, verdict.kind) == (1, "Authorize", "CALL")


@pytest.mark.parametrize(
    "document",
    [
        b"\xff<a>\n</a>\n",
        b"<a>\n\xff</a>\n",
        "<a>\n</a>".encode("utf-16"),
        "<a>\n</a>".encode("utf-16-be"),
        "<a>\n</a>".encode("utf-32"),
        b"\xfe\xff" + "<a>\n</a>".encode("utf-16-be"),
    ],
)
def test_an_envelope_in_no_utf_8_is_one_that_is_not_read(document: bytes) -> None:
    ((number, verdict),) = verdicts(document)
    assert (number, verdict.valid, verdict.accepted) == (1, False, False)
    assert verdict.reason == "is not UTF-8 (Sender/ProtocolError)"
    assert verdict.code == "ProtocolError"


def test_an_envelope_over_the_limit_is_not_read() -> None:
    ((_, verdict),) = verdicts(b"<a>" + b"\n" * 200, limit=100)
    assert verdict.reason == "has more than 100 bytes and was not read"


def test_frames_of_json_stand_one_a_line_as_before_even_after_blank_lines() -> None:
    data = b'\n\n[2,"1","Heartbeat",{}]\n<a>\n\n[2,"2","Heartbeat",{}]'
    found = verdicts(data)
    assert [(number, verdict.kind.value) for number, verdict in found] == [
        (3, "CALL"), (4, "unparsable"), (6, "CALL"),
    ]  # fmt: skip
    assert verdicts(b"") == verdicts(b"\n \n") == []


@given(st.lists(st.sampled_from([b"\n", b" ", b"[", b"x", b"<", b"\xef\xbb\xbf"])).map(b"".join))
def test_nothing_is_lost_of_what_is_no_document(data: bytes) -> None:
    document, lines = split(io.BytesIO(data), 1000)
    if document is not None:
        assert document == data
        assert is_xml(data)
    else:
        assert b"".join(iter(lines.readline, b"")) == data


def test_the_command_takes_an_envelope(tmp_path: Path) -> None:
    pytest.importorskip("typer")
    file = tmp_path / "envelope.xml"
    file.write_text(call())
    found = run("pass", file)
    assert (found.returncode, json.loads(found.stdout)["action"]) == (0, "Authorize")
    found = run("sys.modules['lxml'] = None", file)
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == "ocpp16: XML needs lxml (pip install 'ocpp16[soap]')\n"


def run(before: str, file: Path) -> subprocess.CompletedProcess[str]:
    words = ["inspect", str(file), "--output", "json"]
    code = f"import sys; {before}; from ocpp16 import cli; cli.main({words!r})"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )


# Anything at all


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    verdict = inspect_frame(b"<" + data)
    assert not verdict.valid
    assert not verdict.accepted


def test_many_namespaces_and_many_items_take_no_time() -> None:
    declared = "".join(f" xmlns:n{number}='urn:{number}'" for number in range(64))
    value = "<sampledValue><unit>Wh</unit><value>1</value></sampledValue>"
    body = METER.replace("<meterValue>", f"<meterValue{declared}>").format("<value>1</value>")
    body = body.replace("</meterValue>", value * 15_000 + "</meterValue>")
    began = time.process_time()
    verdict = inspect_frame(call(body, action=named("MeterValues")))
    assert time.process_time() - began < 5
    assert verdict.path == "/meterValue/0/sampledValue/2/unit"


# Real envelopes


def vector_lines(vectors: Path) -> list[dict[str, Any]]:
    text = (vectors / "soap_envelopes.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


KINDS = {"request": "CALL", "response": "CALLRESULT", "fault": "CALLERROR",
         "unparsable": "unparsable"}  # fmt: skip


def test_valid_agrees_with_every_envelope(vectors: Path) -> None:
    lines = vector_lines(vectors)
    assert len(lines) >= 18
    for line in lines:
        document = (vectors / line["file"]).read_bytes()
        verdict = inspect_frame(document)
        found = (verdict.kind.value, verdict.action, verdict.valid)
        assert found == (KINDS[line["kind"]], line["operation"], line["spec_valid"]), line["file"]
        ((_, streamed),) = verdicts(document)
        assert streamed == verdict


def test_what_the_field_sends_is_accepted_though_the_contract_refuses_it(vectors: Path) -> None:
    lines = vector_lines(vectors)
    tolerated = [
        line["file"]
        for line in lines
        if not line["spec_valid"] and inspect_frame((vectors / line["file"]).read_bytes()).accepted
    ]
    assert tolerated == ["soap/metervalues_req.xml", "soap/fault_internalerror_izivia.xml"]
    assert all(
        inspect_frame((vectors / line["file"]).read_bytes()).accepted
        for line in lines
        if line["spec_valid"]
    )


def test_an_answer_of_the_field_without_relates_to_is_accepted(vectors: Path) -> None:
    # As it was recorded it is OCPP 1.5, whose `readonly` has another name, too.
    text = (vectors / "soap" / "getconfiguration_resp_norelatesto.xml").read_text()
    text = text.replace("2012/06", "2015/10")
    verdict = inspect_frame(text)
    assert (verdict.kind, verdict.valid, verdict.accepted) == ("CALLRESULT", False, True)


def test_the_body_is_judged_by_the_schema_that_the_wsdl_has() -> None:
    element = etree.fromstring(f"<authorizeRequest xmlns='{CENTRAL_SYSTEM}'/>")
    assert inspect_frame(call(etree.tostring(element).decode())).valid is False
