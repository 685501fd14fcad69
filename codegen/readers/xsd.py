"""The XSD inside an OCPP 1.6 WSDL, to facts.

Knows the few constructs those schemas use: restrictions of string and decimal, and sequences. Does
not know messages or services (`wsdl`), and keeps no documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from codegen import conventions
from codegen.readers.errors import ContractError, Origin
from codegen.readers.facts import ComplexType, SimpleType, SoapElement, SoapEnumeration
from codegen.readers.xml_tree import Element, by_name

XSD: Final = conventions.NAMESPACES["xsd"]
BUILT_IN: Final = ("string", "int", "boolean", "dateTime", "anyURI")


@dataclass(frozen=True)
class Types:
    """The types of a schema, sorted by name, and its global elements with the types they name."""

    simple_types: tuple[SimpleType, ...]
    enumerations: tuple[SoapEnumeration, ...]
    complex_types: tuple[ComplexType, ...]
    elements: Mapping[str, str]


def read_types(schema: Element, namespace: str) -> Types:
    """Read a schema whose form has been checked.

    Raises:
        ContractError: a value, reference or name that does not stand for a fact of the model.
    """
    schema.require("targetNamespace", namespace)
    schema.require("elementFormDefault", "qualified")
    # Simple and complex types share one symbol space (XSD 1, 2.5).
    declared = by_name(schema.all("xsd:simpleType") + schema.all("xsd:complexType"))
    simple_types: list[SimpleType] = []
    enumerations: list[SoapEnumeration] = []
    complex_types: list[ComplexType] = []
    for name, element in sorted(declared.items()):
        if element.name == "xsd:complexType":
            complex_types.append(_complex_type(name, element, namespace, declared))
        elif element.one("xsd:restriction").all("xsd:enumeration"):
            enumerations.append(_enumeration(name, element))
        else:
            simple_types.append(_simple_type(name, element))
    elements = by_name(schema.all("xsd:element"))
    types = Types(
        tuple(simple_types),
        tuple(enumerations),
        tuple(complex_types),
        {name: _type_name(element, namespace, declared) for name, element in elements.items()},
    )
    _refuse_unused(types)
    return types


def _type_name(element: Element, namespace: str, declared: Mapping[str, Element]) -> str:
    found, local = element.reference("type")
    if found == XSD and local in BUILT_IN:
        return f"xsd:{local}"
    if found == namespace and local in declared:
        return local
    raise ContractError(
        element.origin,
        f"type {element.attributes['type']!r} of element {element.attributes['name']}",
        f"a type that the schema declares, or one of xsd:{', xsd:'.join(BUILT_IN)}",
    )


def _complex_type(
    name: str, element: Element, namespace: str, declared: Mapping[str, Element]
) -> ComplexType:
    sequences = element.all("xsd:sequence")
    inner = sequences[0].all("xsd:element") if sequences else []
    return ComplexType(
        name,
        tuple(
            _sequence_element(own_name, item, namespace, declared)
            for own_name, item in by_name(inner).items()
        ),
        element.origin,
    )


def _sequence_element(
    name: str, element: Element, namespace: str, declared: Mapping[str, Element]
) -> SoapElement:
    least = element.attributes.get("minOccurs", "1")
    most = element.attributes.get("maxOccurs", "1")
    if least not in {"0", "1"}:
        raise ContractError(element.origin, f"minOccurs={least!r} of element {name}", "0 or 1")
    if most not in {"1", "unbounded"}:
        raise ContractError(
            element.origin, f"maxOccurs={most!r} of element {name}", "1 or unbounded"
        )
    type_name = _type_name(element, namespace, declared)
    return SoapElement(name, type_name, int(least), most == "unbounded", element.origin)


def _enumeration(name: str, element: Element) -> SoapEnumeration:
    restriction = element.one("xsd:restriction")
    restriction.require_reference("base", XSD, "string")
    _only(restriction, "xsd:enumeration")
    values: list[str] = []
    for item in restriction.all("xsd:enumeration"):
        value = item.attributes["value"]
        if value in values:
            raise ContractError(
                item.origin, f"the value {value!r} twice in {name}", "each value once"
            )
        values.append(value)
    return SoapEnumeration(name, tuple(values), element.origin)


def _simple_type(name: str, element: Element) -> SimpleType:
    restriction = element.one("xsd:restriction")
    base = restriction.reference("base")
    if base == (XSD, "decimal"):
        _only(restriction, "xsd:fractionDigits")
        _one_facet(restriction, "xsd:fractionDigits").require("value", "1")
        return SimpleType(name, "tenths", None, element.origin)
    if base == (XSD, "string"):
        _only(restriction, "xsd:maxLength")
        length = _one_facet(restriction, "xsd:maxLength")
        return SimpleType(name, "string", _positive(length), element.origin)
    raise ContractError(
        restriction.origin,
        f"base {restriction.attributes['base']!r} of simple type {name}",
        "xsd:string or xsd:decimal",
    )


def _only(restriction: Element, facet: str) -> None:
    for child in restriction.children:
        if child.name != facet:
            raise ContractError(child.origin, f"{child.name} in this restriction", f"{facet} only")


def _one_facet(restriction: Element, facet: str) -> Element:
    if not restriction.all(facet):
        raise ContractError(
            restriction.origin, "a restriction that restricts nothing", f"the facet {facet}"
        )
    return restriction.one(facet)


def _positive(facet: Element) -> int:
    value = facet.attributes["value"]
    if not (value.isascii() and value.isdigit() and 0 < len(value) < 10 and int(value) > 0):
        raise ContractError(facet.origin, f"{facet.name} {value!r}", "a positive whole number")
    return int(value)


def _refuse_unused(types: Types) -> None:
    """Refuse enumerations and structures no message leads to, and structures inside themselves.

    The model has no place for the first, and no message could carry the second.
    """
    structures = {item.name: item for item in types.complex_types}
    used: set[str] = set()

    def follow(name: str, path: tuple[str, ...], origin: Origin) -> None:
        if name in path:
            raise ContractError(
                origin, f"{name} inside itself ({' > '.join((*path, name))})", "a finite structure"
            )
        if name in used:
            return
        for element in structures[name].elements if name in structures else ():
            follow(element.type, (*path, name), element.origin)
        used.add(name)

    for name in types.elements.values():
        follow(name, (), structures[name].origin if name in structures else Origin(""))
    places = {item.name: item.origin for item in types.enumerations}
    places.update({item.name: item.origin for item in types.complex_types})
    for name, origin in places.items():
        if name not in used:
            raise ContractError(origin, f"type {name}, unused", "types that are used")
