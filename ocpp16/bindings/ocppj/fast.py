"""What the generated codec stands on: shared types, and the doubts that send it to the slow path.

msgspec checks types, lengths, enumerations and unknown keys. It keeps the last of repeated keys and
says nothing, and it rounds numbers; so the quotes of the text are counted, and long numbers looked
for. Every test here may doubt a good payload, which the slow path then reads; none may let a bad
one pass. Knows JSON text and msgspec; knows no message.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

from msgspec import Meta, Struct

from ocpp16.primitives import INTEGER_MAX, INTEGER_MIN, TENTHS_LIMIT, parse_timestamp

T = TypeVar("T")

Integer = Annotated[int, Meta(ge=INTEGER_MIN, le=INTEGER_MAX)]
Tenths = Annotated[float, Meta(ge=-TENTHS_LIMIT, le=TENTHS_LIMIT)]

ABSENT: Any = None
"""Default of a field that may be left out."""

if TYPE_CHECKING:
    MayBeAbsent: TypeAlias = T | None
    Timestamp: TypeAlias = Any
else:
    # Read as a text, so that `instant` sees how it is spelled; written as a datetime.
    Timestamp = str

    class MayBeAbsent:
        """Marks a field that may be left out, and may not be null: msgspec sees its type alone."""

        def __class_getitem__(cls, item: Any) -> Any:
            return item


_AS_ZEROS = bytes.maketrans(b"0123456789.", b"0" * 11)
_read_iso = datetime.fromisoformat
_small_exponent = re.compile(rb"-(?<=[0-9][eE]-)").search


class Unusual(Exception):
    """The payload is not as plain as the fast path needs."""


class JsonStruct(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Base of the private Structs."""


def check_quotes(payload: bytes, quotes: int) -> None:
    """Doubt a payload that holds a key twice.

    Each key and each text stands between two quotes, and white space does not matter to them. So
    a payload without escaped quotes has as many as the keys and texts that were read, and at least
    two more for a key that stands there twice.

    Args:
        payload: A JSON text.
        quotes: How many quotes the keys and texts have that were read from it.
    """
    # Left to right, a pair of backslashes is one of them escaped; a quote after it is a quote.
    plain = payload.replace(rb"\\", b"").replace(rb"\"", b"")
    if plain.count(b'"') != quotes:
        raise Unusual


def check_numbers(payload: bytes) -> None:
    """Doubt a payload with a number that a float may round: many digits, or a small exponent.

    The decimal nearest to a number of at most 15 digits, times ten, is a whole number for a float,
    too, if it is one; if it is none, the two differ by more than floats err. A number of sixteen
    characters stands on four bytes that are four apart; some shorter ones do, and are doubted too.
    """
    if payload[::4].translate(_AS_ZEROS).find(b"0000") >= 0 or _small_exponent(payload):
        raise Unusual


def instant(text: str) -> datetime:
    """Return the instant of an RFC 3339 text; doubt any other.

    What most peers write (`2024-02-29T12:30:45Z`) is read in C, after a look at its separators,
    since `fromisoformat` reads other forms of ISO 8601 too, some of them with the hour 24.
    """
    try:
        if text[4:20:3] == "--T::Z" and len(text) == 20 and "T24" not in text:
            return _read_iso(text)
        return _instant_with_more(text)
    except ValueError:
        raise Unusual from None


def _instant_with_more(text: str) -> datetime:
    """Do the same for a text with a fraction or an offset."""
    plain = f"{text[:-6]}Z" if text[-6:] == "+00:00" else text
    if (
        (plain[4:20:3] == "--T::." and 22 <= len(plain) <= 27)
        or (plain[4:20:3] == "--T::Z" and len(plain) == 20)
    ) and (plain[-1] == "Z" and "T24" not in plain):
        return _read_iso(plain)
    return parse_timestamp(text)
