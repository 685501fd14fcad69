"""What each document states by itself, before the two contract families are joined.

Knows one WSDL and one JSON schema at a time, in their own words. Does not know whether they agree
(`merge`). Two readings of the same facts are equal wherever they were found: an origin is not part
of a comparison, and nothing whose order means nothing is kept in document order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from codegen.model import ScalarKind
from codegen.readers.errors import Origin

Folder = Literal["json", "json-security"]
Draft = Literal["draft-04", "draft-06"]
MessageKind = Literal["request", "response"]


@dataclass(frozen=True)
class SimpleType:
    """A named simple type of a WSDL that is not an enumeration."""

    name: str
    kind: ScalarKind
    max_length: int | None
    origin: Origin = field(compare=False)


@dataclass(frozen=True)
class SoapEnumeration:
    """A named enumeration of a WSDL."""

    name: str
    values: tuple[str, ...]
    origin: Origin = field(compare=False)


@dataclass(frozen=True)
class SoapElement:
    """An element of a sequence. `type` is `xsd:int` and the like, or a type name of the WSDL."""

    name: str
    type: str
    min_occurs: int
    many: bool
    origin: Origin = field(compare=False)


@dataclass(frozen=True)
class ComplexType:
    """A named sequence of elements, in XSD order."""

    name: str
    elements: tuple[SoapElement, ...]
    origin: Origin = field(compare=False)


@dataclass(frozen=True)
class SoapMessage:
    """A direction of an operation: its body element, that element's type, its wsaw:Action."""

    element: str
    type: str
    action: str
    origin: Origin = field(compare=False)


@dataclass(frozen=True)
class SoapOperation:
    """An operation of the port type."""

    name: str
    request: SoapMessage
    response: SoapMessage


@dataclass(frozen=True)
class SoapService:
    """All that one WSDL states. Types are sorted by name, operations in port type order."""

    name: str
    file: str
    namespace: str
    port_type: str
    binding: str
    port: str
    address: str
    simple_types: tuple[SimpleType, ...]
    enumerations: tuple[SoapEnumeration, ...]
    complex_types: tuple[ComplexType, ...]
    operations: tuple[SoapOperation, ...]
    origin: Origin = field(compare=False)


@dataclass(frozen=True)
class JsonScalar:
    """A simple value of a JSON schema."""

    kind: ScalarKind
    max_length: int | None = None


@dataclass(frozen=True)
class JsonEnumeration:
    """An enumeration; `definition` is its name in the schema's definitions, None if inline."""

    definition: str | None
    values: tuple[str, ...]


@dataclass(frozen=True)
class JsonObject:
    """A closed object; `definition` as for an enumeration."""

    definition: str | None
    fields: tuple[JsonField, ...]


@dataclass(frozen=True)
class JsonField:
    """A property; with `many`, `type` is that of an item of the array."""

    name: str
    type: JsonScalar | JsonEnumeration | JsonObject
    many: bool
    min_items: int
    required: bool
    origin: Origin = field(compare=False)


@dataclass(frozen=True)
class JsonMessage:
    """All that one JSON schema states."""

    name: str
    action: str
    kind: MessageKind
    folder: Folder
    file: str
    draft: Draft
    identifier: str
    title: str | None
    body: JsonObject
    origin: Origin = field(compare=False)


@dataclass(frozen=True)
class Documents:
    """The facts of one set of contracts: both WSDLs and both folders of JSON schemas."""

    services: tuple[SoapService, ...]
    messages: tuple[JsonMessage, ...]
