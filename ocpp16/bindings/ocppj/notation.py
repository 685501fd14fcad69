"""How JSON writes values, for the slow path. Spec: J 4.1, FACTS of the schemas (draft-04).

`JsonNotation` judges as our receiver does; `ContractNotation` as the published schemas do, which
bound neither integers nor numbers and do not forbid repeated keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from ocpp16.bindings.explain import Notation
from ocpp16.bindings.ocppj.text import HugeNumber, Members, decimals
from ocpp16.errors import ConstraintError, ConstraintKind
from ocpp16.primitives import (
    INTEGER_MAX,
    INTEGER_MIN,
    TENTHS_LIMIT,
    parse_loose_timestamp,
    parse_timestamp,
)
from ocpp16.spec import FieldSpec, TypeSpec

_NAMES: dict[type, str] = {
    dict: "an object",
    Members: "an object",
    list: "a list",
    str: "text",
    int: "a number",
    Decimal: "a number",
    HugeNumber: "a number",
    bool: "a boolean",
    type(None): "null",
}


def _wrong(path: str, value: Any, due: str) -> ConstraintError:
    return ConstraintError(path, ConstraintKind.TYPE, f"is {_NAMES[type(value)]}, not {due}")


class JsonNotation(Notation):
    """What our receiver takes."""

    def members(
        self, value: Any, spec: TypeSpec, path: str
    ) -> dict[str, Any] | Sequence[tuple[str, Any]]:
        """Return the members of an object; null stands for an empty payload (J 4.2.1)."""
        if type(value) is dict or type(value) is Members:
            members: dict[str, Any] | Members = value
            return members
        if path:
            raise _wrong(path, value, "an object")
        if value is None and not any(field.required for field in spec.fields):
            return ()
        reason = f"is {_NAMES[type(value)]}, not an object"
        raise ConstraintError(path, ConstraintKind.SHAPE, reason)

    def leading(self, field: FieldSpec, items: Sequence[Any], path: str) -> Sequence[object]:
        """Return nothing: no item is known before it is read."""
        return ()

    def has_null(self, members: dict[str, Any]) -> bool:
        """Tell whether one of the members is null."""
        return None in members.values()

    def is_null(self, value: Any) -> bool:
        """Tell whether a value is null."""
        return value is None

    def items(self, value: Any, path: str) -> Sequence[Any]:
        """Return the items of an array."""
        if type(value) is not list:
            raise _wrong(path, value, "a list")
        return value

    def text(self, value: Any, path: str) -> str:
        """Return a string."""
        if type(value) is not str:
            raise _wrong(path, value, "text")
        return value

    def number_as_text(self, value: Any) -> str | None:
        """Return a number as it was written, unless it is too large to matter."""
        return str(value) if type(value) in {int, Decimal} else None

    def number_in_text(self, value: Any) -> Any:
        """Return the number that a string holds."""
        if type(value) is not str or not value.isascii() or len(value) > 20:
            return None
        text = value.strip()
        if text.removeprefix("-").isdigit():
            return int(text)
        whole, point, fraction = text.removeprefix("-").partition(".")
        return Decimal(text) if point and whole.isdigit() and fraction.isdigit() else None

    def integer(self, value: Any, path: str) -> int:
        """Return an integer; 1.0 is none."""
        if type(value) is int and INTEGER_MIN <= value <= INTEGER_MAX:
            return value
        if type(value) is int or (type(value) is HugeNumber and value.is_integer):
            reason = "does not fit 64 bits"
            raise ConstraintError(path, ConstraintKind.RANGE, reason)
        if type(value) in {Decimal, HugeNumber}:
            raise ConstraintError(path, ConstraintKind.TYPE, "is not a whole number")
        raise _wrong(path, value, "a number")

    def tenths(self, value: Any, path: str) -> float:
        """Return a number with at most one decimal by its value."""
        if type(value) is HugeNumber:
            raise ConstraintError(path, ConstraintKind.RANGE, "is too large")
        if type(value) not in {int, Decimal}:
            raise _wrong(path, value, "a number")
        if type(value) is Decimal and decimals(value) > 1:
            raise ConstraintError(path, ConstraintKind.DECIMALS, "has more than one decimal")
        if not -TENTHS_LIMIT <= value <= TENTHS_LIMIT:
            raise ConstraintError(path, ConstraintKind.RANGE, "is too large")
        return float(value)

    def boolean(self, value: Any, path: str) -> bool:
        """Return true or false."""
        if type(value) is not bool:
            raise _wrong(path, value, "a boolean")
        return value

    def timestamp(self, text: str) -> datetime:
        """Return an RFC 3339 instant."""
        return parse_timestamp(text)

    def loose_timestamp(self, text: str) -> datetime:
        """Return an ISO 8601 instant."""
        return parse_loose_timestamp(text)

    def enum_text(self, field: FieldSpec, text: str) -> str:
        """Return the plain spelling (`Celsius` for `Celcius`)."""
        return field.aliases.get(text, text)


class ContractNotation(JsonNotation):
    """What the published JSON schemas take."""

    def __init__(self, *, whole_floats: bool) -> None:
        """Set up.

        Args:
            whole_floats: 1.0 is an integer, as JSON Schema says from draft-06 on.
        """
        self._whole_floats = whole_floats

    def members(self, value: Any, spec: TypeSpec, path: str) -> Sequence[tuple[str, Any]]:
        """Return the members of an object; the last of repeated ones counts."""
        return tuple(dict(super().members(value, spec, path)).items())

    def integer(self, value: Any, path: str) -> int:
        """Return any integer; its size does not matter here."""
        if type(value) is int or (type(value) is HugeNumber and value.is_integer):
            return 0
        if self._whole_floats and type(value) is Decimal and decimals(value) == 0:
            return 0
        return super().integer(value, path)

    def tenths(self, value: Any, path: str) -> float:
        """Return any number with at most one decimal; its size does not matter here."""
        if type(value) is HugeNumber:
            return 0.0
        if type(value) is int or (type(value) is Decimal and decimals(value) <= 1):
            return 0.0
        return super().tenths(value, path)

    def timestamp(self, text: str) -> datetime:
        """Return an instant; years that Python cannot hold in UTC are fine, too."""
        try:
            return parse_timestamp(text)
        except ValueError:
            # RFC 3339 has the year 0, and year 1 and 9999 with any offset.
            if text[:4] in {"0000", "0001", "9999"}:
                parse_timestamp(f"2000{text[4:]}")
                return parse_timestamp("2000-01-01T00:00:00Z")
            raise
