"""The floor of the JSON benchmarks: msgspec Structs of the same shape, and nothing checked beyond.

Texts, integers, numbers and instants as msgspec reads them; no limits, no enumerations.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import defstruct

from bench.sample import Sample
from ocpp16.spec import FieldKind, FieldSpec, TypeSpec

_TYPES: dict[FieldKind, Any] = {
    FieldKind.TEXT: str,
    FieldKind.URI: str,
    FieldKind.ENUM: str,
    FieldKind.INTEGER: int,
    FieldKind.TENTHS: float,
    FieldKind.BOOLEAN: bool,
    FieldKind.TIMESTAMP: datetime,
}


def struct_of(spec: TypeSpec) -> Any:
    """Return a Struct class with the fields of a type."""
    ordered = sorted(spec.fields, key=lambda field: not field.required)
    fields: list[Any] = [
        (field.wire, _type_of(field)) if field.required else (field.wire, _type_of(field), None)
        for field in ordered
    ]
    return defstruct(spec.name, fields, omit_defaults=True)


def _type_of(field: FieldSpec) -> Any:
    kind = (
        struct_of(vars(field.cls)["SPEC"])
        if field.kind is FieldKind.OBJECT and field.cls is not None
        else _TYPES[field.kind]
    )
    if field.many:
        kind = list.__class_getitem__(kind)
    return kind if field.required else kind | None


def struct_for(sample: Sample) -> Any:
    """Return a Struct class for a sample."""
    return struct_of(sample.cls.SPEC)
