"""What we write on SOAP, to the letter."""

from __future__ import annotations

import pytest

from ocpp16.bindings.ocpps.codec import fingerprint
from ocpp16.bindings.ocpps.xml import parse
from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus, ResetType
from ocpp16.envelope import Call, CallError, CallResult
from ocpp16.errors import (
    ErrorCode,
)
from ocpp16.messages import (
    AuthorizeResponse,
    HeartbeatRequest,
    ResetRequest,
)
from ocpp16.transports.soap_app import status_of
from tests.bindings.ocpps.envelopes import (
    CENTRAL,
    STATION,
    call_of,
    end,
    envelope,
    headers,
)

# What we write


def test_an_element_is_written_with_all_its_space() -> None:
    text = "<dataTransferRequest xmlns='urn://Ocpp/Cs/2015/10/'><data>a&#13;&#10;b</data>"
    element = parse(f"{text}</dataTransferRequest>".encode())
    frame = end(STATION, from_address="http://x/").frame(Call("1", "DataTransfer", element))
    assert fingerprint(call_of(frame).payload) == fingerprint(element)


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
        '<soap:Body><heartbeatRequest xmlns="urn://Ocpp/Cs/2015/10/"/></soap:Body>'
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
        '<soap:Body><resetRequest xmlns="urn://Ocpp/Cp/2015/10/"><type>Soft</type></resetRequest>'
        "</soap:Body>"
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
            '<soap:Body><authorizeResponse xmlns="urn://Ocpp/Cs/2015/10/">'
            "<idTagInfo><status>Blocked</status></idTagInfo></authorizeResponse></soap:Body>"
            "</soap:Envelope>"
        )
        assert status_of(answer) == 200


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
        '<soap:Body><soap:Fault xmlns:soap="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:ocpp="urn://Ocpp/Cs/2015/10/">'
        "<soap:Code><soap:Value>soap:Sender</soap:Value>"
        "<soap:Subcode><soap:Value>ocpp:ProtocolError</soap:Value></soap:Subcode></soap:Code>"
        '<soap:Reason><soap:Text xml:lang="en">'
        "TypeConstraintViolation: /type: is &lt;b&gt; &amp; ]]&gt;</soap:Text></soap:Reason>"
        "</soap:Fault></soap:Body>"
        "</soap:Envelope>"
    )
    assert status_of(answer) == 400


def test_an_answer_to_a_call_without_an_id_relates_to_nothing() -> None:
    answer = end().frame(CallError("", ErrorCode.PROTOCOL_ERROR, "no id"))
    assert b"RelatesTo" not in answer
    assert end(STATION).unframe(answer) == CallError("", ErrorCode.PROTOCOL_ERROR, "no id")


@pytest.mark.parametrize("call_id", ["", " ", "a ", "\na"])
def test_an_id_that_would_not_come_back_is_not_sent(call_id: str) -> None:
    call = Call(call_id, "Heartbeat", end(STATION).encode(HeartbeatRequest()))
    with pytest.raises(ValueError, match="is no message id"):
        end(STATION).frame(call)


@pytest.mark.parametrize("length", [1, 36, 37, 255, 256, 100_000])
def test_ids_of_any_length(length: int) -> None:
    call_id = "i" * length
    header = headers(id=f"<w:MessageID>{call_id}</w:MessageID>")
    assert call_of(envelope(header)).id == call_id
    error = end().frame(CallError(call_id, ErrorCode.SECURITY_ERROR, "no"))
    assert end(STATION).unframe(error) == CallError(call_id, ErrorCode.SECURITY_ERROR, "no")
