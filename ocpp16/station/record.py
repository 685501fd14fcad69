"""Messages and data types as plain values that can be stored, and back.

Knows field names and kinds, and no wire: the field names are the Python ones.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from ocpp16.catalog import ACTIONS, action_of
from ocpp16.primitives import format_timestamp, parse_timestamp
from ocpp16.spec import FieldKind, FieldSpec
from ocpp16.station.storage import fields_of
from ocpp16.structure import Request, Structure

StructureT = TypeVar("StructureT", bound=Structure)


def to_record(structure: Structure) -> dict[str, Any]:
    """Return a message or data type as a plain dictionary without absent fields."""
    return {
        field.name: _plain(value)
        for field in structure.SPEC.fields
        if (value := getattr(structure, field.name)) is not None
    }


def from_record(cls: type[StructureT], record: Any) -> StructureT:
    """Return the message or data type that a dictionary stands for.

    Raises:
        ValueError: It stands for none; InvalidMessage is one, too.
    """
    record = fields_of(record, cls.__name__)
    fields = {field.name: field for field in cls.SPEC.fields}
    unknown = set(record) - set(fields)
    if unknown:
        raise ValueError(f"{cls.__name__} has no {sorted(unknown)}")
    return cls(**{name: _typed(fields[name], value) for name, value in record.items()})


def request_to_record(request: Request[Any]) -> list[Any]:
    """Return a request of any action as a plain value."""
    return [action_of(type(request)).name, to_record(request)]


def request_from_record(record: Any) -> Request[Any]:
    """Return the request that a plain value stands for.

    Raises:
        ValueError: It stands for none.
    """
    if not isinstance(record, list) or len(record) != 2 or record[0] not in ACTIONS:
        raise ValueError("is no stored request")
    cls: type[Request[Any]] = ACTIONS[record[0]].request
    return from_record(cls, record[1])


_PLAIN = frozenset({str, int, float, bool})


def _plain(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Structure):
        return to_record(value)
    if isinstance(value, datetime):
        return format_timestamp(value)
    # A str of its own, not the enumeration's.
    return str(value) if isinstance(value, str) else value


def _typed(field: FieldSpec, value: Any) -> Any:
    if field.many and isinstance(value, list):
        return tuple(_one(field, item) for item in value)
    return _one(field, value)


def _one(field: FieldSpec, value: Any) -> Any:
    if field.kind is FieldKind.TIMESTAMP and isinstance(value, str):
        return parse_timestamp(value)
    if field.cls is None:
        return value
    if field.kind is FieldKind.ENUM:
        return field.cls(value)
    return from_record(field.cls, value)
