"""Judges one SOAP envelope: by the contract, and as our receiver does.

The contract is the published XSD (order included), the shape that SOAP 1.2 gives envelopes and
faults, and the headers that OCPP-S section 3 wants. It is read here once more, apart from the
receiver's framing, because the two differ on purpose: the receiver takes what the field is known to
send (elements out of order, an Action with the name of the service before it, answers without
headers). Which side receives is told by the namespace of the body. Needs the extra `soap`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import attrs
from lxml import etree

from ocpp16.apps.verdict import Finding, Judgement, Kind, Reception
from ocpp16.bindings import ocpps
from ocpp16.bindings.explain import pointer
from ocpp16.bindings.ocpps import codec, framing
from ocpp16.bindings.ocpps.envelope import (
    ANONYMOUS,
    FOREIGN_CONTRACTS,
    NAMESPACES,
    SOAP,
    WSA,
    read_frame,
)
from ocpp16.bindings.ocpps.faults import EnvelopeFault, SoapCode, soap_code
from ocpp16.bindings.ocpps.xml import SPACE, XmlError, parse
from ocpp16.catalog import ACTIONS
from ocpp16.envelope import Call, CallError, Envelope
from ocpp16.errors import (
    ConstraintError,
    ErrorCode,
    Fault,
    InvalidResponse,
    NotImplementedFault,
    NotSupported,
    fault_for,
)
from ocpp16.settings import STRICT, Leniency, Settings
from ocpp16.spec import FieldKind, Side, TypeSpec
from ocpp16.structure import Structure, deviations, shorten

MESSAGE_LIMIT: Final = Settings().message_limit

_SIDES: Final = {namespace: side for side, namespace in NAMESPACES.items()}
_KINDS: Final = {framing.REQUEST: Kind.CALL, framing.RESPONSE: Kind.CALL_RESULT}
_REQUIRED: Final = {
    Kind.CALL: ("Action", "MessageID", "From", "To"),
    Kind.CALL_RESULT: ("Action", "RelatesTo", "To"),
}
_IDENTITY: Final = "chargeBoxIdentity"
_XSD: Final = "{http://www.w3.org/2001/XMLSchema}schema"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_SOAP_CODES: Final = frozenset(
    {"Sender", "Receiver", "VersionMismatch", "MustUnderstand", "DataEncodingUnknown"}
)
_REASON_LIMIT: Final = 200
_PARSER: Final = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
    collect_ids=False,
)


# By the contract


def judge(document: bytes | str) -> Judgement:
    """Judge an envelope by the contract."""
    try:
        root = _tree(_bytes_of(document))
    except XmlError as error:
        return Judgement(Kind.UNPARSABLE, finding=Finding(str(error)))
    if root.tag != _soap("Envelope"):
        reason = f"is XML, but not an envelope of SOAP 1.2 ({shorten(root.tag, 80)})"
        return Judgement(Kind.UNPARSABLE, finding=Finding(reason))
    parts = [child.tag for child in root]
    if parts not in ([_soap("Header"), _soap("Body")], [_soap("Body")]):
        reason = "an envelope has one header at most, then one body, and nothing else"
        return Judgement(Kind.UNDEFINED, finding=Finding(reason))
    contents = list(root[-1])
    if len(contents) != 1:
        finding = Finding(f"a body has one element, not {len(contents)}")
        return Judgement(Kind.UNDEFINED, finding=finding)
    return _judge_content(contents[0], _Headers.of(root[0] if len(root) > 1 else None))


def _judge_content(content: etree._Element, headers: _Headers) -> Judgement:
    if etree.QName(content).localname == "Fault":
        related = headers.text("RelatesTo")
        return Judgement(Kind.CALL_ERROR, related, finding=_fault_finding(content))
    action, suffix = framing.action_and_kind_of(etree.QName(content).localname)
    kind = _KINDS[suffix]
    finding = _body_finding(content, action, kind) or _header_finding(
        headers, action, kind, etree.QName(content).namespace or ""
    )
    message_id = headers.text("MessageID" if kind is Kind.CALL else "RelatesTo")
    return Judgement(kind, message_id, action, finding)


@attrs.frozen
class _Headers:
    """The headers of an envelope, each with its text."""

    found: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, header: etree._Element | None) -> _Headers:
        """Read the headers; the text of an address is that of its wsa:Address."""
        found = []
        for element in () if header is None else header:
            address = element.find(_wsa("Address"))
            text = element.text if address is None else address.text
            found.append((str(element.tag), (text or "").strip(SPACE)))
        return cls(tuple(found))

    def text(self, name: str) -> str | None:
        """Return the text of a header of WS-Addressing; None if it is absent or empty."""
        return next((text for tag, text in self.found if tag == _wsa(name) and text), None)

    def identities(self) -> list[str]:
        """Return the tags of the headers that are called chargeBoxIdentity, in any case (S 3)."""
        name = _IDENTITY.lower()
        return [tag for tag, text in self.found if tag.rpartition("}")[2].lower() == name and text]


def _header_finding(headers: _Headers, action: str, kind: Kind, namespace: str) -> Finding | None:
    for name in _REQUIRED[kind]:
        if headers.text(name) is None:
            return Finding(f"the header wsa:{name} is missing")
        if [tag for tag, _ in headers.found].count(_wsa(name)) > 1 and name != "RelatesTo":
            return Finding(f"the header wsa:{name} stands there twice")
    due = f"/{action}{framing.RESPONSE if kind is Kind.CALL_RESULT else ''}"
    if headers.text("Action") != due:
        return Finding(f"the Action is {shorten(headers.text('Action'), 80)}, not {due!r}")
    reply_to = headers.text("ReplyTo") or ANONYMOUS
    if reply_to != ANONYMOUS:
        return Finding(f"the ReplyTo is {shorten(reply_to, 80)}, not anonymous")
    if kind is Kind.CALL:
        identities = headers.identities()
        if len(identities) != 1:
            how = "stands there twice" if identities else "is missing"
            return Finding(f"the header {_IDENTITY} {how}")
        if not identities[0].startswith(f"{{{namespace}}}"):
            return Finding(f"the header {_IDENTITY} is not in the namespace of the service")
    return None


def _body_finding(content: etree._Element, action: str, kind: Kind) -> Finding | None:
    name = etree.QName(content)
    if name.namespace not in _SIDES:
        shown = shorten(name.namespace or "", 80)
        contract = FOREIGN_CONTRACTS.get(name.namespace or "", "none that OCPP 1.6 has")
        return Finding(f"the namespace of the body is {shown} ({contract})")
    spec = ACTIONS.get(action)
    # An element of its own, so that the namespaces of the envelope do not come into its paths.
    copy = etree.fromstring(etree.tostring(content, with_tail=False), _PARSER)
    etree.cleanup_namespaces(copy)
    schema = _schema(_SIDES[name.namespace])
    if spec is None or name.localname == _IDENTITY:
        return Finding(f"{shorten(name.localname)} is no message of OCPP 1.6", "")
    if schema.validate(copy):
        return None
    errors: Any = schema.error_log
    error = errors[0]
    text = error.message.replace(f"{{{name.namespace}}}", "")
    reason = " ".join(text.encode("ascii", "backslashreplace").decode().split())
    cls: type[Structure] = spec.request if kind is Kind.CALL else spec.response
    return Finding(reason[:_REASON_LIMIT].rstrip("."), _pointer_of(copy, error.path, cls.SPEC))


def _tree(data: bytes) -> etree._Element:
    """Read a document as libxml2 has it, which knows schemas.

    Raises:
        XmlError: Our own parser does not take it, or libxml2 does not.
    """
    parse(data)
    try:
        return etree.fromstring(data, _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise XmlError(f"is not well-formed XML ({str(error)[:120]})") from None


@cache
def _schema(side: Side) -> etree.XMLSchema:
    """Return the schema inside the WSDL that we serve for a side."""
    element = next(_tree(ocpps.wsdl(side)).iter(_XSD))
    return etree.XMLSchema(etree.fromstring(etree.tostring(element), _PARSER))


def _pointer_of(root: etree._Element, path: str | None, spec: TypeSpec | None) -> str:
    """Return the JSON pointer of the element that libxml2 names by a path."""
    prefixes = {prefix: uri for each in root.iter() for prefix, uri in each.nsmap.items() if prefix}
    try:
        found = root.xpath(path or ".", namespaces=prefixes)
    except etree.XPathError:
        return ""
    element = found[0] if isinstance(found, list) and found else root
    line: list[etree._Element] = []
    if isinstance(element, etree._Element) and element is not root:
        line = [element, *(each for each in element.iterancestors() if each is not root)]
    shown = ""
    for each in reversed(line):
        name = etree.QName(each).localname
        field = None if spec is None else spec.field(name)
        shown = pointer(shown, name)
        if field is not None and field.many:
            shown += f"/{sum(1 for _ in each.itersiblings(each.tag, preceding=True))}"
        is_object = field is not None and field.kind is FieldKind.OBJECT
        spec = getattr(field.cls, "SPEC", None) if field is not None and is_object else None
    return shown


def _fault_finding(fault: etree._Element) -> Finding | None:
    """Judge a fault by the schema of SOAP 1.2 (part 1, 5.4)."""
    order = ["Code", "Reason", "Node", "Role", "Detail"]
    parts = [child.tag for child in fault]
    if (
        fault.tag != _soap("Fault")
        or parts[:2] != [_soap("Code"), _soap("Reason")]
        or parts != [_soap(name) for name in order if _soap(name) in parts]
    ):
        return Finding(f"a fault has {', '.join(order[:2])} first, all in the namespace of SOAP")
    code, reason = fault[0], fault[1]
    value = code.find(_soap("Value"))
    if value is None or _meant(value) not in {_soap(name) for name in _SOAP_CODES}:
        return Finding("the code of a fault is one of SOAP 1.2, in its namespace")
    inner: etree._Element | None = code
    while inner is not None:
        parts = [child.tag for child in inner]
        if parts not in ([_soap("Value")], [_soap("Value"), _soap("Subcode")]):
            return Finding("a code has a Value, and a Subcode at most")
        if _meant(inner[0]) is None:
            return Finding("the value of a code is no qualified name")
        inner = inner.find(_soap("Subcode"))
    texts = list(reason)
    if not texts or any(text.tag != _soap("Text") or text.get(_LANGUAGE) is None for text in texts):
        return Finding("the reason of a fault has texts, each with its xml:lang")
    return None


def _meant(value: etree._Element) -> str | None:
    """Return what a qualified name in a text stands for; None if it is none."""
    prefix, colon, local = (value.text or "").strip(SPACE).rpartition(":")
    namespace = value.nsmap.get(prefix if colon else None)
    if not local or (colon and namespace is None):
        return None
    return f"{{{namespace}}}{local}" if namespace else local


# As our receiver does


def receive(document: bytes | str, kind: Kind, leniency: frozenset[Leniency] = STRICT) -> Reception:
    """Tell what our receiver does with an envelope.

    Args:
        document: One envelope.
        kind: What it is by the contract; only what may be a call is answered.
        leniency: What the receiver is told to tolerate.
    """
    try:
        message = _received(_bytes_of(document), leniency)
    except Fault as fault:
        own = fault.soap if isinstance(fault, EnvelopeFault) else soap_code(fault.code)
        is_answer = kind in {Kind.CALL_RESULT, Kind.CALL_ERROR}
        finding = Finding(f"{fault.description} ({_spelled(own)})", fault.path)
        return Reception(finding, None if is_answer else fault.code.value)
    except ConstraintError as error:
        return Reception(Finding(error.reason, error.path))
    except InvalidResponse as error:
        return Reception(Finding(error.reason, error.path or None))
    except _TooLarge as error:
        return Reception(Finding(str(error)))
    return Reception(deviations=() if message is None else deviations(message))


class _TooLarge(Exception):
    """The transport refuses it (HTTP 413) before anyone reads it."""


def _received(data: bytes, leniency: frozenset[Leniency]) -> Structure | None:
    message: Structure
    if len(data) > MESSAGE_LIMIT:
        raise _TooLarge(f"has {len(data)} bytes, at most {MESSAGE_LIMIT} are allowed")
    frame = read_frame(data)
    service = _SIDES.get(frame.envelope.body_namespace or "", Side.CENTRAL_SYSTEM)
    _, kind = framing.action_and_kind(frame.envelope)
    side = service if kind == framing.REQUEST else service.other
    envelope: Envelope[framing.Payload] = framing.unframe(frame, side=side, identity=None)
    if isinstance(envelope, CallError):
        return None
    name = envelope.action or ""
    spec = ACTIONS.get(name)
    if not isinstance(envelope, Call):
        if spec is None or not spec.soap_services:
            reason = f"it answers {shorten(name)}, which nobody calls on SOAP"
            raise InvalidResponse(ErrorCode.PROTOCOL_ERROR, "", reason)
        message = codec.decode(spec.response, envelope.payload, leniency)
        return message
    if spec is None:
        raise NotImplementedFault(f"{shorten(name)} is no action of OCPP 1.6")
    if not spec.soap_services or side.other not in spec.senders:
        raise NotSupported(f"{name} is not offered by a {side.value} on SOAP")
    try:
        message = codec.decode(spec.request, envelope.payload, leniency)
    except ConstraintError as error:
        fault = fault_for(error)
        fault.description = error.reason
        raise fault from None
    return message


def _spelled(code: SoapCode) -> str:
    return code.code if code.subcode is None else f"{code.code}/{code.subcode}"


def _bytes_of(document: bytes | str) -> bytes:
    # Half a surrogate pair is no UTF-8, and refused as such.
    return document if isinstance(document, bytes) else document.encode("utf-8", "surrogatepass")


def _soap(name: str) -> str:
    return f"{{{SOAP}}}{name}"


def _wsa(name: str) -> str:
    return f"{{{WSA}}}{name}"
