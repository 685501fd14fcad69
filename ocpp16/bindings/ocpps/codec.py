"""OCPP-S codec: one element of a SOAP body to one typed message and back.

The fast path is generated: straight-line code that writes elements in the order of the schema and
reads them in any. Whatever it does not take, the slow path (`explain`) reads again, to say what is
wrong or to tolerate it. Spec: S 3.
"""

from __future__ import annotations

from typing import Final, TypeVar
from xml.etree.ElementTree import Element

from ocpp16.bindings.explain import explain
from ocpp16.bindings.ocpps._generated import CODECS
from ocpp16.bindings.ocpps.envelope import NAMESPACES
from ocpp16.bindings.ocpps.fast import Codec, Unusual
from ocpp16.bindings.ocpps.framing import Payload
from ocpp16.bindings.ocpps.notation import INTEGER_MAX, INTEGER_MIN, XmlNotation
from ocpp16.bindings.ocpps.uri import is_uri
from ocpp16.bindings.ocpps.xml import SPACE, can_be_written, parse, split_tag
from ocpp16.errors import ConstraintError, ConstraintKind, InvalidMessage
from ocpp16.settings import STRICT, Leniency
from ocpp16.spec import FieldKind, FieldSpec
from ocpp16.structure import Structure, shorten

StructureT = TypeVar("StructureT", bound=Structure)

_NOTATIONS: Final = {namespace: XmlNotation(namespace) for namespace in NAMESPACES.values()}


def decode(
    cls: type[StructureT], payload: Payload, leniency: frozenset[Leniency] = STRICT
) -> StructureT:
    """Read the element of a body as a message of the given class.

    Args:
        cls: A request or response class.
        payload: What a peer sent; or a text that `encode` wrote.
        leniency: What is tolerated.

    Raises:
        ConstraintError: It breaks a rule; it says which, and where.
    """
    element = parse(payload.encode()) if isinstance(payload, str) else payload
    codec = _codec_of(cls, element)
    try:
        message: StructureT = codec.read(element)
    except Unusual:
        return explain(cls, element, _notation_of(element), leniency)
    return message


def decode_slowly(
    cls: type[StructureT], element: Element, leniency: frozenset[Leniency] = STRICT
) -> StructureT:
    """Do what `decode` does by the spec alone; every answer of both is the same."""
    _codec_of(cls, element)
    return explain(cls, element, _notation_of(element), leniency)


def _codec_of(cls: type[StructureT], element: Element) -> Codec[StructureT]:
    """Return the fast path of a message, having checked that an element is called like it."""
    codec = CODECS.get((split_tag(element.tag)[0], cls))
    if codec is None or codec.element != element.tag:
        namespace, local = split_tag(element.tag)
        due = "no message of SOAP" if codec is None else split_tag(codec.element)[1]
        reason = f"is {shorten(local)} of {shorten(namespace, 80)}, due is {due}"
        raise ConstraintError("", ConstraintKind.SHAPE, reason)
    return codec


def _notation_of(element: Element) -> XmlNotation:
    return _NOTATIONS[split_tag(element.tag)[0]]


def encode(message: Structure, namespace: str) -> str:
    """Write a message as the element of a body; the text stands for itself.

    One that a lenient reader built is checked before.

    Args:
        message: A request or response that the service has.
        namespace: The namespace of the service.

    Raises:
        InvalidMessage: It breaks a rule of OCPP 1.6, or SOAP cannot carry it.
    """
    if message._deviations is not None:
        message.check()
    codec = CODECS.get((namespace, type(message)))
    if codec is None:
        reason = f"is not a message of the service {namespace}"
        raise InvalidMessage(type(message).SPEC.name, "", ConstraintKind.SHAPE, reason)
    try:
        text: str = codec.write(message)
    except ValueError:
        name = type(message).SPEC.name
        error = find_unwritable(message)
        if error is None:
            raise
        path, kind, reason = error
        raise InvalidMessage(name, path, kind, f"{reason} on SOAP") from None
    return text


def find_unwritable(structure: Structure, path: str = "") -> tuple[str, ConstraintKind, str] | None:
    """Return the first value of a valid message that SOAP has no way to write: path, kind, why."""
    for field in type(structure).SPEC.fields:
        value = getattr(structure, field.name)
        if value is None:
            continue
        here = f"{path}/{field.wire}"
        if not field.many:
            found = _unwritable(field, value, here)
        elif len(value) < field.soap_min_items:
            reason = f"has {len(value)} items, needs {field.soap_min_items}"
            return here, ConstraintKind.ITEMS, reason
        else:
            results = (
                _unwritable(field, item, f"{here}/{index}") for index, item in enumerate(value)
            )
            found = next((result for result in results if result is not None), None)
        if found is not None:
            return found
    return None


def _unwritable(
    field: FieldSpec, value: object, path: str
) -> tuple[str, ConstraintKind, str] | None:
    if isinstance(value, Structure):
        return find_unwritable(value, path)
    if field.kind is FieldKind.INTEGER and isinstance(value, int):
        if not INTEGER_MIN <= value <= INTEGER_MAX:
            return path, ConstraintKind.RANGE, f"is outside {INTEGER_MIN} to {INTEGER_MAX}"
    elif isinstance(value, str) and not can_be_written(value):
        return path, ConstraintKind.TYPE, "holds a character that XML does not have"
    elif field.kind is FieldKind.URI and isinstance(value, str) and not is_uri(value):
        return path, ConstraintKind.TYPE, f"is {shorten(value)}, no URI"
    return None


def fingerprint(payload: Payload) -> bytes:
    """Return the content of an element as bytes: equal for equal content, however it is written.

    Prefixes, the order of attributes, comments, references and CDATA make no difference, nor does
    the space between elements. That in a text does.
    """
    root = parse(payload.encode()) if isinstance(payload, str) else payload
    # In document order, with the number of children of each: no two trees have the same parts. XML
    # has neither of the characters that separate them.
    parts: list[str] = []
    for element in root.iter():
        size, text, tail = len(element), element.text or "", element.tail
        if (size or element is root) and not text.strip(SPACE):
            text = ""
        parts += (element.tag, str(size), text)
        if element.attrib:
            parts += (f"\1{name}\1{value}" for name, value in sorted(element.items()))
        if tail and element is not root and tail.strip(SPACE):
            parts.append(f"\2{tail}")
    return "\0".join(parts).encode()
