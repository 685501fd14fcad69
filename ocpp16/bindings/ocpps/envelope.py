"""One SOAP 1.2 envelope with its WS-Addressing headers, read into values and written from them.

Knows elements of SOAP, WS-Addressing and the two OCPP namespaces. Knows no session and no message:
what a header means for the exchange is decided in `framing`, what the body holds by the codec.
Spec: S 3; what is seen in the field is read, too.
"""

from __future__ import annotations

from typing import Any, Final
from xml.etree.ElementTree import Element

import attrs

from ocpp16.bindings.ocpps.faults import EnvelopeFault, SoapCode
from ocpp16.bindings.ocpps.xml import SPACE, XmlError, parse, split_tag, writable, write_text
from ocpp16.spec import Side
from ocpp16.structure import shorten

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
SOAP_11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
WSA: Final = "http://www.w3.org/2005/08/addressing"
ANONYMOUS: Final = f"{WSA}/anonymous"
CENTRAL_SYSTEM: Final = "urn://Ocpp/Cs/2015/10/"
CHARGE_POINT: Final = "urn://Ocpp/Cp/2015/10/"

NAMESPACES: Final = {Side.CENTRAL_SYSTEM: CENTRAL_SYSTEM, Side.CHARGE_POINT: CHARGE_POINT}
"""The namespace of the service that a side offers."""
_CENTRAL: Final = Side.CENTRAL_SYSTEM
FOREIGN_CONTRACTS: Final = {
    "urn://Ocpp/Cs/2012/06/": "OCPP 1.5",
    "urn://Ocpp/Cp/2012/06/": "OCPP 1.5",
    "urn://Ocpp/Cs/2010/08/": "OCPP 1.2",
    "urn://Ocpp/Cp/2010/08/": "OCPP 1.2",
}
"""Contracts that we know of and do not speak; another one would plug in here."""

_HEADER: Final = f"{{{SOAP}}}Header"
_BODY: Final = f"{{{SOAP}}}Body"
_MUST_UNDERSTAND: Final = f"{{{SOAP}}}mustUnderstand"
_ROLE: Final = f"{{{SOAP}}}role"
_OUR_ROLES: Final = frozenset({"", f"{SOAP}/role/next", f"{SOAP}/role/ultimateReceiver"})
_REPLY: Final = f"{WSA}/reply"
_IDENTITY: Final = "chargeboxidentity"
_HEADERS: Final = {
    f"{{{WSA}}}Action": "action",
    f"{{{WSA}}}MessageID": "message_id",
    f"{{{WSA}}}RelatesTo": "relates_to",
    f"{{{WSA}}}To": "to",
}
_ADDRESSES: Final = {
    f"{{{WSA}}}From": "from_address",
    f"{{{WSA}}}ReplyTo": "reply_to",
    f"{{{WSA}}}FaultTo": "fault_to",
}
_ADDRESS: Final = f"{{{WSA}}}Address"
_TRUE: Final = frozenset({"true", "1"})


def namespace_of(side: Side) -> str:
    """Return the namespace of the service that a side offers."""
    # An enumeration member as a key is hashed in Python, which takes longer.
    return CENTRAL_SYSTEM if side is _CENTRAL else CHARGE_POINT


@attrs.frozen(kw_only=True)
class SoapFault:
    """A fault as the peer wrote it, in whatever namespaces; untrusted."""

    subcode: str | None
    text: str


@attrs.define(kw_only=True)
class SoapEnvelope:
    """What an envelope says; a header that is absent or empty is None. Not to be changed.

    It is not frozen, since setting a dozen fields of a frozen object takes a microsecond.
    """

    identity: str | None = None
    action: str | None = None
    """Last segment of wsa:Action: `Heartbeat`, `HeartbeatResponse`."""
    message_id: str | None = None
    relates_to: str | None = None
    from_address: str | None = None
    reply_to: str | None = None
    fault_to: str | None = None
    to: str | None = None
    body: Element | None = None
    """The element in the body, None if it is empty."""
    body_name: str | None = None
    """Its local name."""
    body_namespace: str | None = None
    """Its namespace, empty if it has none."""
    fault: SoapFault | None = None


class SoapFrame(bytes):
    """The bytes of an envelope that was read already, so that nobody has to read them again."""

    envelope: SoapEnvelope


def read(data: bytes) -> SoapEnvelope:
    """Read an envelope.

    Raises:
        EnvelopeFault: It is none, is one of SOAP 1.1, or has a header that has to be understood and
            is not.
    """
    if isinstance(data, SoapFrame):
        return data.envelope
    try:
        root = parse(data)
    except XmlError as error:
        raise EnvelopeFault(str(error)) from None
    if root.tag == f"{{{SOAP_11}}}Envelope":
        reason = "SOAP 1.2 is due, this is SOAP 1.1"
        raise EnvelopeFault(reason, soap=SoapCode("VersionMismatch", None))
    if root.tag != f"{{{SOAP}}}Envelope":
        raise EnvelopeFault(f"is {shorten(root.tag, 80)}, not a SOAP envelope")
    parts = [child.tag for child in root]
    if _BODY not in parts:
        raise EnvelopeFault("the envelope has no body")
    if parts not in ([_HEADER, _BODY], [_BODY]):
        raise EnvelopeFault("the envelope holds more than one header and one body")
    values: dict[str, Any] = _read_headers(root[0]) if len(root) > 1 else {}
    body = root[-1]
    if len(body) > 1:
        message_id = values.get("message_id")
        raise EnvelopeFault("the body has more than one element", message_id=message_id)
    content = body[0] if len(body) else None
    if content is not None and ((body.text or "") + (content.tail or "")).strip(SPACE):
        raise EnvelopeFault("the body holds text", message_id=values.get("message_id"))
    if content is None:
        return SoapEnvelope(**values)
    namespace, name = split_tag(content.tag)
    if name == "Fault":
        return SoapEnvelope(**values, fault=_read_fault(content))
    return SoapEnvelope(**values, body=content, body_name=name, body_namespace=namespace)


def read_frame(data: bytes) -> SoapFrame:
    """Read an envelope and keep its bytes with it; raises as `read` does."""
    frame = SoapFrame(data)
    frame.envelope = read(data)
    return frame


def _read_headers(header: Element) -> dict[str, str]:
    values: dict[str, str] = {}
    twice: str | None = None
    foreign: str | None = None
    for element in header:
        name, text = _read_header(element)
        if element.tag not in _ADDRESSES and name is not None and len(element):
            # Its text would end at the first of them, and others may read it to the end.
            raise EnvelopeFault(f"the header {name.replace('_', ' ')} holds elements, not text")
        if name is None:
            if foreign is None and _has_to_be_understood(element):
                foreign = element.tag
        elif name in values and text:
            twice = name
        elif text:
            values[name] = text
    message_id = values.get("message_id")
    if foreign is not None:
        reason = f"the header {shorten(foreign, 80)} is not understood"
        code = SoapCode("MustUnderstand", None)
        raise EnvelopeFault(reason, soap=code, message_id=message_id)
    if twice is not None:
        reason = f"the header {twice.replace('_', ' ')} stands there twice"
        raise EnvelopeFault(reason, message_id=message_id)
    if "action" in values:
        # The field writes it with the name of the service before it.
        values["action"] = values["action"].rstrip("/").rpartition("/")[2]
    return values


def _read_header(element: Element) -> tuple[str | None, str]:
    """Return the name and the text of a header; no name for one that we do not know."""
    tag: str = element.tag
    name = _HEADERS.get(tag)
    text = element.text
    if name == "relates_to" and element.get("RelationshipType", _REPLY) != _REPLY:
        text = None
    elif name is None and tag in _ADDRESSES:
        name, text = _ADDRESSES[tag], element.findtext(_ADDRESS)
    elif name is None and split_tag(tag)[1].lower() == _IDENTITY:
        # S 3: the name is matched without case; the field has it in other namespaces, too.
        name = "identity"
    return name, (text or "").strip(SPACE)


def _has_to_be_understood(element: Element) -> bool:
    must = element.get(_MUST_UNDERSTAND, "").strip(SPACE)
    return must in _TRUE and element.get(_ROLE, "").strip(SPACE) in _OUR_ROLES


def _read_fault(fault: Element) -> SoapFault:
    # The field has parts of it in wrong namespaces, or in none, and values without a prefix.
    subcode: str | None = None
    text = ""
    for element in fault.iter():
        name = split_tag(element.tag)[1]
        if name.lower() == "subcode":
            for value in element.iter():
                if split_tag(value.tag)[1] == "Value" and subcode is None:
                    subcode = (value.text or "").strip(SPACE).rpartition(":")[2] or None
        elif name == "Text" and not text:
            text = (element.text or "").strip(SPACE)
    return SoapFault(subcode=subcode, text=text)


def write(
    namespace: str,
    body: str,
    *,
    action: str,
    message_id: str,
    identity: str | None = None,
    from_address: str | None = None,
    to: str | None = None,
    relates_to: str | None = None,
) -> bytes:
    """Write an envelope.

    Args:
        namespace: Namespace of the service.
        body: The element in the body, as text that stands for itself.
        action: Value of wsa:Action.
        message_id: Value of wsa:MessageID.
        identity: Value of chargeBoxIdentity, for requests.
        from_address: Where we listen, for requests.
        to: Where it goes.
        relates_to: The request that this answers.

    Raises:
        ValueError: A value holds a character that XML does not have.
    """
    header = (
        f"<wsa:Action {_MUST}>{write_text(action)}</wsa:Action>"
        f"<wsa:MessageID>{write_text(message_id)}</wsa:MessageID>"
    )
    if identity is not None:
        name = write_text(identity)
        header = f"<ocpp:chargeBoxIdentity {_MUST}>{name}</ocpp:chargeBoxIdentity>{header}"
    if relates_to:
        header += f"<wsa:RelatesTo>{write_text(relates_to)}</wsa:RelatesTo>"
    if from_address is not None:
        header += f"<wsa:From><wsa:Address>{write_text(from_address)}</wsa:Address></wsa:From>"
    if identity is not None:
        header += _REPLY_TO
    if to is ANONYMOUS:
        header += _TO_WHO_ASKED
    elif to is not None:
        header += f"<wsa:To>{write_text(to)}</wsa:To>"
    return (
        f'{_START} xmlns:ocpp="{namespace}"><soap:Header>{header}</soap:Header>'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    ).encode()


_START: Final = (
    "<?xml version='1.0' encoding='UTF-8'?>\n"
    f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:wsa="{WSA}"'
)
_MUST: Final = 'soap:mustUnderstand="true"'
_TO_WHO_ASKED: Final = f"<wsa:To>{ANONYMOUS}</wsa:To>"
_REPLY_TO: Final = f"<wsa:ReplyTo><wsa:Address>{ANONYMOUS}</wsa:Address></wsa:ReplyTo>"


def write_fault(soap: SoapCode, text: str) -> str:
    """Write the element of a fault, the subcode in the namespace of the central system (S 4)."""
    subcode = ""
    if soap.subcode is not None:
        name = write_text(soap.subcode)
        subcode = f"<soap:Subcode><soap:Value>ocpp:{name}</soap:Value></soap:Subcode>"
    return (
        f'<soap:Fault xmlns:soap="{SOAP}" xmlns:ocpp="{CENTRAL_SYSTEM}">'
        f"<soap:Code><soap:Value>soap:{soap.code}</soap:Value>{subcode}</soap:Code>"
        f'<soap:Reason><soap:Text xml:lang="en">{write_text(writable(text))}</soap:Text>'
        "</soap:Reason></soap:Fault>"
    )
