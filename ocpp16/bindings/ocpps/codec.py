"""OCPP-S codec: one element of a SOAP body to one typed message and back.

The fast path is generated: straight-line code that writes elements in the order of the schema and
reads them in any. Whatever it does not take, the slow path (`explain`) reads again, to say what is
wrong or to tolerate it. Spec: S 3.
"""

from __future__ import annotations

from typing import Final, TypeVar

from lxml import etree

from ocpp16.bindings.explain import explain
from ocpp16.bindings.ocpps._generated import CODECS
from ocpp16.bindings.ocpps.envelope import NAMESPACES
from ocpp16.bindings.ocpps.fast import Unusual, check_plain
from ocpp16.bindings.ocpps.notation import INTEGER_MAX, INTEGER_MIN, XmlNotation
from ocpp16.bindings.ocpps.xml import can_be_written
from ocpp16.errors import ConstraintKind, InvalidMessage
from ocpp16.settings import STRICT, Leniency
from ocpp16.spec import FieldKind, FieldSpec
from ocpp16.structure import Structure

StructureT = TypeVar("StructureT", bound=Structure)

_NOTATIONS: Final = {namespace: XmlNotation(namespace) for namespace in NAMESPACES.values()}


def decode(
    cls: type[StructureT], element: etree._Element, leniency: frozenset[Leniency] = STRICT
) -> StructureT:
    """Read the element of a body as a message of the given class.

    Raises:
        ConstraintError: It breaks a rule; it says which, and where.
    """
    namespace = etree.QName(element).namespace or ""
    codec = CODECS.get((namespace, cls))
    if codec is not None:
        try:
            check_plain(element)
            message: StructureT = codec.read(element)
        except Unusual:
            pass
        else:
            return message
    return decode_slowly(cls, element, leniency)


def decode_slowly(
    cls: type[StructureT], element: etree._Element, leniency: frozenset[Leniency] = STRICT
) -> StructureT:
    """Do what `decode` does by the spec alone; every answer of both is the same."""
    namespace = etree.QName(element).namespace or ""
    notation = _NOTATIONS.get(namespace) or XmlNotation(namespace)
    return explain(cls, element, notation, leniency)


def encode(message: Structure, namespace: str) -> etree._Element:
    """Write a message as the element of a body, checking it again.

    Args:
        message: A request or response that the service has.
        namespace: The namespace of the service.

    Raises:
        InvalidMessage: It breaks a rule of OCPP 1.6, or SOAP cannot carry it.
    """
    message.check()
    codec = CODECS.get((namespace, type(message)))
    name = type(message).SPEC.name
    if codec is None:
        reason = f"is not a message of the service {namespace}"
        raise InvalidMessage(name, "", ConstraintKind.SHAPE, reason)
    element = etree.Element(codec.element)
    try:
        codec.write(element, message)
    except ValueError:
        error = find_unwritable(message)
        if error is None:
            raise
        path, kind, reason = error
        raise InvalidMessage(name, path, kind, f"{reason} on SOAP") from None
    return element


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
    return None


def fingerprint(element: etree._Element) -> bytes:
    """Return the content of an element as bytes that do not depend on its prefixes."""
    try:
        canonical: bytes = etree.tostring(element, method="c14n", exclusive=True)
    except etree.C14NError:
        # A namespace that is no URI; what is in it is no message of ours, and not repeated.
        canonical = etree.tostring(element, with_tail=False)
    return canonical
