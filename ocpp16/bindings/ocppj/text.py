"""JSON text, read the careful way: repeats seen, numbers exact, depth bounded.

Only the slow path needs it: the fast path reads with msgspec, which keeps the last of repeated keys
and rounds numbers. Knows JSON (RFC 8259) and nothing of OCPP.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs
import msgspec

# The closing quote is optional, so that an unfinished string cannot make the search start over at
# each of its quotes.
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_CONTAINERS = frozenset({dict, list})
_read_plain = msgspec.json.Decoder(float_hook=Decimal).decode
_write_plain = msgspec.json.Encoder(decimal_format="number").encode
_INTEGER_DIGITS = 20
"""More digits than a 64-bit integer with its sign has; longer ones are never converted."""


class Members(list[tuple[str, Any]]):
    """An object as its members in order, repeats included."""

    __slots__ = ()


@attrs.frozen
class HugeNumber:
    """A number that is too large to be one of OCPP's, kept as its kind alone."""

    is_integer: bool


def deepest(text: bytes) -> int:
    """Return how deep arrays and objects nest in a JSON text."""
    depth = most = 0
    for match in _TOKENS.finditer(text):
        first = text[match.start()]
        if first in b"[{":
            depth += 1
            most = max(most, depth)
        elif first in b"]}":
            depth -= 1
    return most


def parse(text: bytes) -> Any:
    """Read a JSON text that is known to be one and not to nest too deep.

    Returns:
        Members, list, str, int, Decimal, HugeNumber, bool or None.

    Raises:
        ValueError: It is not UTF-8, or no JSON.
    """
    # Of itself `json` would take other encodings, and halves of surrogate pairs, for text.
    return _read(text.decode())


def parse_plain(text: bytes) -> Any:
    """Read a JSON text as plainly as most are written.

    Returns:
        dict, list, str, int, Decimal, bool or None.

    Raises:
        ValueError: It has escapes, or an object in which a name stands twice, or is no JSON.
        RecursionError: It nests very deep.
    """
    try:
        value = _read_plain(text)
    except (msgspec.MsgspecError, InvalidOperation) as error:
        raise ValueError(str(error)) from None
    # What was dropped had quotes, and without escapes no other quote is lost or won.
    if text.find(b"\\") >= 0 or text.count(b'"') != _write_plain(value).count(b'"'):
        raise ValueError("has escapes, or a name that stands twice")
    return value


def nests_deeper(value: Any, limit: int) -> bool:
    """Tell whether arrays and objects nest deeper than a limit in what `parse_plain` read."""
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(limit):
        if not level:
            return False
        level = [
            item
            for one in level
            for item in (one.values() if type(one) is dict else one)
            if type(item) in _CONTAINERS
        ]
    return bool(level)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _integer(digits: str) -> int | HugeNumber:
    return int(digits) if len(digits) <= _INTEGER_DIGITS else HugeNumber(is_integer=True)


def _decimal(text: str) -> Decimal | HugeNumber:
    try:
        return Decimal(text)
    except InvalidOperation:
        return HugeNumber(is_integer=False)


_read = json.JSONDecoder(
    object_pairs_hook=Members,
    parse_int=_integer,
    parse_float=_decimal,
    parse_constant=_refuse,
).decode


def decimals(number: Decimal) -> int:
    """Return how many decimals a number has by its value: 1.10 has one, 100 has none."""
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or not any(digits):
        return 0
    last = len(digits)
    while digits[last - 1] == 0:
        last -= 1
    return max(0, -(exponent + len(digits) - last))
