"""What the generated codec stands on: shared types, and the doubts that send it to the slow path.

Every test here may doubt a good payload, which the slow path then reads; none may let a bad one
pass. Knows JSON text and msgspec; knows no message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeAlias, TypeVar

import attrs
from msgspec import Meta, Struct

from ocpp16.primitives import INTEGER_MAX, INTEGER_MIN, TENTHS_LIMIT
from ocpp16.structure import Structure

T = TypeVar("T")
StructureT = TypeVar("StructureT", bound=Structure)

Integer = Annotated[int, Meta(ge=INTEGER_MIN, le=INTEGER_MAX)]
Tenths = Annotated[float, Meta(ge=-TENTHS_LIMIT, le=TENTHS_LIMIT)]
Timestamp = Annotated[datetime, Meta(tz=True)]

ABSENT: Any = None
"""Default of a field that may be left out."""

if TYPE_CHECKING:
    MayBeAbsent: TypeAlias = T | None
else:

    class MayBeAbsent:
        """Marks a field that may be left out, and may not be null: msgspec sees its type alone."""

        def __class_getitem__(cls, item: Any) -> Any:
            return item


# Spaces between date and time, and offsets without a colon: msgspec reads them, RFC 3339 does not
# have them.
_SPACED_TIMESTAMP = re.compile(rb"-\d\d \d\d:")
_AS_ZEROS = bytes.maketrans(b"0123456789.", b"0" * 11)
_LONG_NUMBER = b"0" * 16


class Unusual(Exception):
    """The payload is not as plain as the fast path needs."""


class JsonStruct(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Base of the private Structs."""


@attrs.frozen
class Codec(Generic[StructureT]):
    """The fast path of one message class."""

    decode: Callable[[bytes], StructureT]
    encode: Callable[[StructureT], bytes]


def check_keys(payload: bytes, keys: int) -> None:
    """Doubt a payload that may hold a key twice; `keys` is how many different ones were read.

    A quote followed by a colon ends a key, or begins a text that starts with a colon. So the count
    is never below the number of keys, as long as no white space stands between the two.
    """
    # A single byte is found, or not, many times faster than two.
    if (
        (b" " in payload and b'" ' in payload)
        or (b"\n" in payload and b'"\n' in payload)
        or (b"\t" in payload and b'"\t' in payload)
        or (b"\r" in payload and b'"\r' in payload)
    ):
        payload = payload.translate(None, b" \t\r\n")
    if payload.count(b'":') != keys:
        raise Unusual


def check_timestamps(payload: bytes) -> None:
    """Doubt a payload that may hold a timestamp in a form that RFC 3339 does not have."""
    if b'0000"' in payload or (b" " in payload and _SPACED_TIMESTAMP.search(payload)):
        raise Unusual


def check_numbers(payload: bytes) -> None:
    """Doubt a payload with a number that a float may round: many digits, or a small exponent."""
    plain = payload.translate(_AS_ZEROS)
    if _LONG_NUMBER in plain or b"0e-" in plain or b"0E-" in plain:
        raise Unusual


def instant(value: datetime) -> datetime:
    """Return a timestamp that was written in UTC; doubt any other."""
    if value.tzinfo is not UTC:
        raise Unusual
    return value


def tenths(value: float) -> float:
    """Return a number with at most one decimal; doubt any other."""
    if round(value, 1) != value:
        raise Unusual
    return value


def aliased(table: dict[str, Any], text: str) -> Any:
    """Return the member of an enumeration for a text, in any spelling this wire has."""
    member = table.get(text)
    if member is None:
        raise Unusual
    return member
