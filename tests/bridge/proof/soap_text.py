"""SOAP envelopes as text, written and read by hand: no line of ocpp16 has a part in them.

Spec: S 3, 4; the namespaces are those of the WSDL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import attrs

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
CENTRAL = "urn://Ocpp/Cs/2015/10/"
CHARGE_POINT = "urn://Ocpp/Cp/2015/10/"
ANONYMOUS = f"{WSA}/anonymous"
CONTENT_TYPE = "application/soap+xml; charset=utf-8"

WHOLE = frozenset({"transactionId", "interval", "connectorId", "listVersion"})
"""Elements whose text is a whole number, as far as they are read here."""


def body_name(action: str, ending: str) -> str:
    """Return the name of the element in the body (`bootNotificationRequest`)."""
    return f"{action[0].lower()}{action[1:]}{ending}"


def elements(payload: Mapping[str, Any]) -> str:
    """Return a payload as elements, in its own order."""
    parts = []
    for name, value in payload.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                text = elements(item)
            elif isinstance(item, bool):
                text = "true" if item else "false"
            else:
                text = escape(str(item))
            parts.append(f"<{name}>{text}</{name}>")
    return "".join(parts)


def request(
    identity: str,
    action: str,
    payload: Mapping[str, Any],
    *,
    message_id: str,
    to: str,
    sender: str | None,
) -> bytes:
    """Return the request of a charge point."""
    origin = f"<a:From><a:Address>{escape(sender)}</a:Address></a:From>" if sender else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{WSA}" xmlns:c="{CENTRAL}"><s:Header>'
        f'<c:chargeBoxIdentity s:mustUnderstand="true">{escape(identity)}</c:chargeBoxIdentity>'
        f'<a:Action s:mustUnderstand="true">/{action}</a:Action>'
        f"<a:MessageID>{escape(message_id)}</a:MessageID>{origin}"
        f"<a:ReplyTo><a:Address>{ANONYMOUS}</a:Address></a:ReplyTo><a:To>{escape(to)}</a:To>"
        f'</s:Header><s:Body><{body_name(action, "Request")} xmlns="{CENTRAL}">'
        f"{elements(payload)}</{body_name(action, 'Request')}></s:Body></s:Envelope>"
    ).encode()


def response(action: str, payload: Mapping[str, Any], *, relates_to: str) -> bytes:
    """Return the response of a charge point to a call."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{WSA}"><s:Header>'
        f"<a:Action>/{action}Response</a:Action><a:RelatesTo>{escape(relates_to)}</a:RelatesTo>"
        f'</s:Header><s:Body><{body_name(action, "Response")} xmlns="{CHARGE_POINT}">'
        f"{elements(payload)}</{body_name(action, 'Response')}></s:Body></s:Envelope>"
    ).encode()


@attrs.frozen
class Envelope:
    """What was read."""

    name: str
    """The local name of the element in the body."""
    payload: dict[str, Any]
    message_id: str | None
    identity: str | None

    @property
    def is_fault(self) -> bool:
        """Tell whether it is a fault."""
        return self.name == "Fault"


def read(content: bytes) -> Envelope:
    """Read an envelope.

    Raises:
        ValueError: It is none.
    """
    try:
        root = ET.fromstring(content)
    except ET.ParseError as error:
        raise ValueError(f"no XML: {error}") from None
    body = root.find(f"{{{SOAP}}}Body")
    if body is None or len(body) != 1:
        raise ValueError("no body with one element")
    headers = {_local(each.tag): (each.text or "") for each in root.iterfind(f"{{{SOAP}}}Header/*")}
    return Envelope(
        name=_local(body[0].tag),
        payload=_payload(body[0]),
        message_id=headers.get("MessageID"),
        identity=headers.get("chargeBoxIdentity"),
    )


def _payload(element: ET.Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        name = _local(child.tag)
        text = child.text or ""
        value: Any = _payload(child) if len(child) else int(text) if name in WHOLE else text
        if name in found:
            found[name] = [*_list(found[name]), value]
        else:
            found[name] = value
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
