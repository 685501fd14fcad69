"""Bodies of SOAP messages, made from the specs: valid ones, and ones with exactly one fault."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import attrs
from lxml import etree

from ocpp16 import catalog
from ocpp16.bindings.ocpps.envelope import CENTRAL_SYSTEM, CHARGE_POINT
from ocpp16.spec import FieldKind, FieldSpec, Side, TypeSpec
from ocpp16.structure import Structure, WireEnum
from tests.strategies import FORMATION, OCCURRENCE, PROPERTY, SHARED, TYPE

XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def services(cls: type[Structure]) -> list[str]:
    """Return the namespaces of the services that have a message."""
    names = {"CentralSystemService": CENTRAL_SYSTEM, "ChargePointService": CHARGE_POINT}
    return [names[service] for service in catalog.action_of(cls).soap_services]


CASES = [(cls, namespace) for cls in SHARED for namespace in services(cls)]


def side_of(namespace: str) -> Side:
    return Side.CENTRAL_SYSTEM if namespace == CENTRAL_SYSTEM else Side.CHARGE_POINT


def full_element(cls: type[Structure], namespace: str) -> Any:
    """Return a valid body with every field, in the order of the schema."""
    action = catalog.action_of(cls)
    kind = "Request" if cls is action.request else "Response"
    name = f"{action.name[0].lower()}{action.name[1:]}{kind}"
    element = etree.Element(f"{{{namespace}}}{name}", nsmap={"ocpp": namespace})
    _fill(element, cls.SPEC, namespace)
    return element


def _fill(parent: Any, spec: TypeSpec, namespace: str) -> None:
    fields = {field.wire: field for field in spec.fields}
    for wire in spec.soap_order or ():
        for _ in range(2 if fields[wire].many else 1):
            _fill_field(etree.SubElement(parent, f"{{{namespace}}}{wire}"), fields[wire], namespace)


def _fill_field(child: Any, field: FieldSpec, namespace: str) -> None:
    match field.kind:
        case FieldKind.OBJECT:
            assert field.cls is not None and issubclass(field.cls, Structure)
            _fill(child, field.cls.SPEC, namespace)
        case FieldKind.ENUM:
            assert field.cls is not None and issubclass(field.cls, WireEnum)
            child.text = list(field.cls)[-1].value
        case _:
            child.text = _TEXTS[field.kind]


_TEXTS = {
    FieldKind.TEXT: "x",
    FieldKind.URI: "x",
    FieldKind.INTEGER: "7",
    FieldKind.TENTHS: "6.5",
    FieldKind.BOOLEAN: "true",
    FieldKind.TIMESTAMP: "2024-02-29T12:30:45.125Z",
}
_WRONG_TYPES = {
    FieldKind.TEXT: [],
    FieldKind.URI: [],
    FieldKind.ENUM: [],
    FieldKind.INTEGER: ["", "x", "1.0", "1e1", "0x1", "1 1", "\u0661", "NaN", "--1"],
    FieldKind.TENTHS: ["", "x", "1e1", "NaN", "INF", "-INF", "1,5", "."],
    FieldKind.BOOLEAN: ["", "yes", "TRUE", "2"],
    FieldKind.TIMESTAMP: [
        "", "now", "1000000", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00Z",
        "2024-02-30T00:00:00Z", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00+0100",
    ],
}  # fmt: skip


@attrs.frozen
class BrokenElement:
    """A body with exactly one fault."""

    cls: type[Structure]
    element: Any
    path: str
    code: str
    fault: str


def every_fault(cls: type[Structure], namespace: str) -> Iterator[BrokenElement]:
    """Yield bodies of a message with one fault each, in every place where it can be."""
    root = full_element(cls, namespace)
    for path, code, fault, element in _object_faults(root, root, cls.SPEC, ""):
        yield BrokenElement(cls, element, path, code, fault)


def _changed(root: Any, target: Any, change: Any) -> Any:
    """Return a copy of a tree in which one element was changed."""
    index = list(root.iter()).index(target)
    twin = copy.deepcopy(root)
    change(list(twin.iter())[index])
    return twin


def _object_faults(
    root: Any, element: Any, spec: TypeSpec, path: str
) -> Iterator[tuple[str, str, str, Any]]:
    namespace = etree.QName(root).namespace

    def add(name: str) -> Any:
        return lambda found: etree.SubElement(found, name)

    yield (
        f"{path}/bogus",
        FORMATION,
        "unknown",
        _changed(root, element, add(f"{{{namespace}}}bogus")),
    )
    yield (
        f"{path}/{{urn:x}}bogus",
        FORMATION,
        "foreign",
        _changed(root, element, add("{urn:x}bogus")),
    )

    def put_text(found: Any) -> None:
        found.text = "stray"

    def put_attribute(found: Any) -> None:
        found.set("odd", "1")

    yield path, FORMATION, "text beside elements", _changed(root, element, put_text)
    yield path, FORMATION, "attribute", _changed(root, element, put_attribute)
    seen: dict[str, int] = {}
    for child in element:
        name = etree.QName(child).localname
        field = spec.field(name)
        assert field is not None
        index = seen.get(name, 0)
        seen[name] = index + 1
        here = f"{path}/{name}/{index}" if field.many else f"{path}/{name}"
        yield from _field_faults(root, child, field, here)


def _field_faults(
    root: Any, child: Any, field: FieldSpec, path: str
) -> Iterator[tuple[str, str, str, Any]]:
    def remove(found: Any) -> None:
        found.getparent().remove(found)

    def repeat(found: Any) -> None:
        found.addnext(copy.deepcopy(found))

    def nil(found: Any) -> None:
        found.set(XSI_NIL, "true")

    if not field.many:
        if field.soap_required:
            yield path, OCCURRENCE, "missing", _changed(root, child, remove)
        yield path, FORMATION, "repeated", _changed(root, child, repeat)
        yield path, TYPE, "nil", _changed(root, child, nil)
    if field.kind is FieldKind.OBJECT:
        assert field.cls is not None and issubclass(field.cls, Structure)
        yield from _object_faults(root, child, field.cls.SPEC, path)
        return

    def nest(found: Any) -> None:
        etree.SubElement(found, "x")

    yield path, FORMATION, "elements where text is due", _changed(root, child, nest)
    texts = [(TYPE, text) for text in _WRONG_TYPES[field.kind]]
    if field.kind is FieldKind.INTEGER:
        texts += [(PROPERTY, str(2**31)), (PROPERTY, str(-(2**31) - 1)), (PROPERTY, "9" * 5000)]
    if field.kind is FieldKind.TENTHS:
        texts += [(PROPERTY, "6.55"), (PROPERTY, "0.01"), (PROPERTY, "1" + "0" * 20)]
    if field.kind is FieldKind.ENUM:
        texts += [(PROPERTY, "Bogus"), (PROPERTY, ""), (PROPERTY, f" {child.text} ")]
    if field.kind is FieldKind.TEXT and field.max_length is not None:
        texts += [(PROPERTY, "x" * (field.max_length + 1))]
    for code, text in texts:

        def write(found: Any, text: str = text) -> None:
            found.text = text

        yield path, code, f"text {text[:30]!r}", _changed(root, child, write)
