"""Envelopes of SOAP as text, header by header."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16.bindings.ocpps import OcppS
from ocpp16.envelope import Call
from ocpp16.errors import (
    Fault,
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


ANSWER = (
    "<c:heartbeatResponse><c:currentTime>2024-01-01T00:00:00Z</c:currentTime></c:heartbeatResponse>"
)
RELATES = "<w:RelatesTo>urn:uuid:1</w:RelatesTo>"
ODD_FAULT = (
    "<s:Fault><Code><s:Value>Receiver</s:Value><c:Subcode><Value>InternalError</Value></c:Subcode>"
    "</Code><Reason><s:Text lang='en'>oops</s:Text></Reason></s:Fault>"
)
"""Parts of it in wrong namespaces, and in none."""


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


def fault_body(code: str, subcode: str, reason: str) -> str:
    return (
        f"<s:Fault><s:Code><s:Value>s:{code}</s:Value>{subcode}</s:Code>"
        f"<s:Reason><s:Text xml:lang='en'>{reason}</s:Text></s:Reason></s:Fault>"
    )
