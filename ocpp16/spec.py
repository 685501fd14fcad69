"""Values that describe messages: actions, messages, fields, and what a field may hold.

The one machine-readable description behind the reference manual, the slow path of the codecs and
the tests. Knows names and limits; reads and writes nothing. Section numbers are in the prose.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping


@unique
class Side(Enum):
    """The two ends of an OCPP connection."""

    CHARGE_POINT = "charge point"
    CENTRAL_SYSTEM = "central system"

    @property
    def other(self) -> Side:
        """The side at the other end."""
        return Side.CENTRAL_SYSTEM if self is Side.CHARGE_POINT else Side.CHARGE_POINT


@unique
class FieldKind(Enum):
    """What a field holds."""

    TEXT = "text"
    URI = "URI"
    INTEGER = "integer"
    TENTHS = "number with one decimal"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    ENUM = "enumeration"
    OBJECT = "object"


@attrs.frozen
class FieldSpec:
    """One field of a message or data type."""

    name: str
    """Name in Python (`id_tag`)."""
    wire: str
    """Name on both wires (`idTag`)."""
    kind: FieldKind
    required: bool = True
    """Required in the core and on JSON."""
    many: bool = False
    """A list (a tuple in Python) of values of `kind`."""
    max_length: int | None = None
    """Most characters of a text."""
    case_insensitive: bool = False
    """Compared without case (CiString, IdToken)."""
    cls: type | None = None
    """The enumeration or data type."""
    min_items: int = 0
    """Least number of items of a list that is present, on JSON."""
    soap_required: bool | None = None
    """Required on SOAP; None where SOAP does not know the field."""
    soap_min_items: int = 0
    """Least number of items of a list that is present, on SOAP."""
    aliases: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    """Other spellings of enumeration values on JSON, each with the value it stands for."""


def _by_wire(spec: TypeSpec) -> Mapping[str, FieldSpec]:
    return {field.wire: field for field in spec.fields}


@attrs.frozen
class TypeSpec:
    """A message or data type: its name and its fields in the order of the JSON schema."""

    name: str
    fields: tuple[FieldSpec, ...]
    soap_order: tuple[str, ...] | None = None
    """Wire names in the order SOAP demands; None without a SOAP contract."""
    by_wire: Mapping[str, FieldSpec] = attrs.field(
        default=attrs.Factory(_by_wire, takes_self=True), init=False, repr=False, eq=False
    )
    """The fields by their wire names."""

    def field(self, wire: str) -> FieldSpec | None:
        """Return the field of a wire name, None where there is none."""
        return self.by_wire.get(wire)


@attrs.frozen
class ActionSpec:
    """One action: its messages, its feature profile, and who may send its request."""

    name: str
    profile: str
    senders: frozenset[Side]
    request: type[Any]
    """Class of the request."""
    response: type[Any]
    """Class of the response."""
    summary: str
    """What it is for, in one statement."""
    sections: str
    """Where the standard treats it."""
    soap_services: tuple[str, ...] = ()
    """SOAP services that offer the operation; empty for an action of the security extension."""
