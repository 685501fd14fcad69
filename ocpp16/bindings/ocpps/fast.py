"""What the generated codec stands on: single values, and the doubts that send it to the slow path.

Every test here may doubt a good element, which the slow path then reads; none may let a bad one
pass. Knows XML values and no message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar
from xml.etree.ElementTree import Element

import attrs

from ocpp16.bindings.ocpps.uri import is_uri
from ocpp16.bindings.ocpps.xml import SPACE, write_text
from ocpp16.primitives import TENTHS_LIMIT
from ocpp16.structure import Structure, WireEnum

StructureT = TypeVar("StructureT", bound=Structure)

_SMALL: Final = 2**31
_DIGITS: Final = frozenset("0123456789")
_is_utc: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?Z"
).fullmatch


class Unusual(Exception):
    """The element is not as plain as the fast path needs."""


class CannotCarry(ValueError):
    """SOAP has no way to write a value."""


@attrs.frozen
class Codec(Generic[StructureT]):
    """The fast path of one message class on one service."""

    element: str
    read: Callable[[Element], StructureT]
    write: Callable[[StructureT], str]


def check_plain(element: Element) -> None:
    """Doubt an element of elements with attributes, or with text in it or after it."""
    text, tail = element.text, element.tail
    if element.attrib or (text and text.strip(SPACE)) or (tail and tail.strip(SPACE)):
        raise Unusual


def read_text(element: Element) -> str:
    """Return a text; doubt an element with others or attributes in it, or with text after it."""
    tail = element.tail
    if len(element) or element.attrib or (tail and tail.strip(SPACE)):
        raise Unusual
    return element.text or ""


def read_short_text(element: Element, limit: int) -> str:
    """Return a text of at most so many characters; doubt a longer one."""
    value = read_text(element)
    if len(value) > limit:
        raise Unusual
    return value


def read_integer(element: Element) -> int:
    """Return an integer of up to nine digits; doubt any other form."""
    value = read_text(element)
    if not value or len(value) > 10:
        raise Unusual
    digits = value[1:] if value[0] == "-" else value
    if not digits or len(digits) > 9 or not _DIGITS.issuperset(digits):
        raise Unusual
    return int(value)


def read_tenths(element: Element) -> float:
    """Return a number with at most one digit after the point; doubt any other form."""
    value = read_text(element)
    if not value or len(value) > 14:
        raise Unusual
    whole, _, fraction = value.removeprefix("-").partition(".")
    if not whole or not _DIGITS.issuperset(whole) or len(fraction) > 1:
        raise Unusual
    if fraction and fraction not in _DIGITS:
        raise Unusual
    return float(value)


def read_boolean(element: Element) -> bool:
    """Return true or false; doubt any other form."""
    value = read_text(element)
    if value == "true":
        return True
    if value != "false":
        raise Unusual
    return False


def read_timestamp(element: Element) -> datetime:
    """Return an instant written in UTC with at most six decimals; doubt any other form."""
    value = read_text(element)
    # Python reads much beside RFC 3339: week dates, commas, a point with nothing after it.
    if not _is_utc(value):
        raise Unusual
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise Unusual from None


def table(enum: type[WireEnum]) -> dict[str | None, Any]:
    """Return the members of an enumeration by their texts, and None for what is absent."""
    members: dict[str | None, Any] = {one.value: one for one in enum}
    return {None: None, **members}


def read_member(table: dict[str | None, Any], element: Element) -> Any:
    """Return the member of an enumeration; doubt an unknown text."""
    found = table.get(read_text(element))
    if found is None:
        raise Unusual
    return found


def write_integer(value: int) -> str:
    """Write an xs:int.

    Raises:
        CannotCarry: It does not fit 32 bits.
    """
    if not -_SMALL <= value < _SMALL:
        raise CannotCarry
    return str(value)


def write_uri(value: str) -> str:
    """Write an xs:anyURI.

    Raises:
        CannotCarry: It is none.
    """
    if not is_uri(value):
        raise CannotCarry
    return write_text(value)


def write_tenths(value: float) -> str:
    """Write an xs:decimal, which has no exponent."""
    plain = repr(value)
    if "e" in plain or abs(value) > TENTHS_LIMIT:
        plain = format(Decimal(plain), "f")
    return plain.removesuffix(".0")


def write_boolean(value: bool) -> str:
    """Write an xs:boolean."""
    return "true" if value else "false"


def write_timestamp(value: datetime) -> str:
    """Write an xs:dateTime; the core has every instant in UTC."""
    return f"{value.isoformat()[: -len('+00:00')]}Z"


def at_least_one(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a list that SOAP cannot write when it is empty.

    Raises:
        CannotCarry: It is empty.
    """
    if not values:
        raise CannotCarry
    return values
