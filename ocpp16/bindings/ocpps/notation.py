"""How XML writes values, for the slow path. Spec: XML Schema 1.0, S 3."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from ocpp16.bindings.explain import Notation
from ocpp16.bindings.ocpps.xml import SPACE
from ocpp16.errors import ConstraintError, ConstraintKind
from ocpp16.primitives import TENTHS_LIMIT, parse_loose_timestamp, parse_timestamp
from ocpp16.spec import FieldSpec, TypeSpec
from ocpp16.structure import shorten

INTEGER_MIN: Final = -(2**31)
INTEGER_MAX: Final = 2**31 - 1
XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


class XmlNotation(Notation):
    """What our receiver takes: the elements of one service, in any order.

    Args:
        namespace: The namespace that every element has to be in.
    """

    def __init__(self, namespace: str) -> None:
        self._prefix = f"{{{namespace}}}"

    def members(self, value: Any, spec: TypeSpec, path: str) -> Sequence[tuple[str, Any]]:
        """Return the children of an element; those of a list field together."""
        _check_attributes(value, path)
        if (value.text and value.text.strip(SPACE)) or any(
            child.tail and child.tail.strip(SPACE) for child in value
        ):
            raise ConstraintError(path, ConstraintKind.SHAPE, "holds text between its elements")
        lists: dict[str, list[Any]] = {}
        members: list[tuple[str, Any]] = []
        for child in value:
            name = self._name(child.tag)
            field = spec.field(name)
            if field is None or not field.many:
                members.append((name, child))
            elif name in lists:
                lists[name].append(child)
            else:
                lists[name] = [child]
                members.append((name, lists[name]))
        for field in spec.fields:
            # On SOAP, nothing is how an empty list is written.
            if field.many and field.required and not field.soap_required:
                members += [] if field.wire in lists else [(field.wire, [])]
        return members

    def _name(self, tag: str) -> str:
        """Return the field that an element is for, or what no field is called."""
        if tag.startswith(self._prefix):
            return tag.removeprefix(self._prefix)
        return tag if tag.startswith("{") else f"{{}}{tag}"

    def leading(self, field: FieldSpec, items: Sequence[Any], path: str) -> Sequence[object]:
        """Return nothing: no item is known before it is read."""
        return ()

    def has_null(self, members: dict[str, Any]) -> bool:
        """Tell whether one of the members says xsi:nil, and holds nothing."""
        return any(map(self.is_null, members.values()))

    def is_null(self, value: Any) -> bool:
        """Tell whether an element says xsi:nil, and holds nothing."""
        # The items of a list field stand in a list.
        return not isinstance(value, list) and _is_nil(value) and not (len(value) or value.text)

    def items(self, value: Any, path: str) -> Sequence[Any]:
        """Return the elements of a list field."""
        items: list[Any] = value
        return items

    def text(self, value: Any, path: str) -> str:
        """Return the text of an element, white space and all."""
        _check_attributes(value, path)
        if len(value):
            raise ConstraintError(path, ConstraintKind.SHAPE, "holds elements, not text")
        return value.text or ""

    def number_as_text(self, value: Any) -> str | None:
        """Return None: on XML every value is text."""
        return None

    def number_in_text(self, value: Any) -> Any:
        """Return None: on XML every value is text."""
        return None

    def integer(self, value: Any, path: str) -> int:
        """Return an xs:int."""
        text = self._word(value, path)
        if not _INTEGER.fullmatch(text):
            raise ConstraintError(
                path, ConstraintKind.TYPE, f"is {shorten(text)}, not a whole number"
            )
        digits = text.lstrip("+-").lstrip("0")
        number = int(digits or "0") * (-1 if text[0] == "-" else 1) if len(digits) < 20 else None
        if number is None or not INTEGER_MIN <= number <= INTEGER_MAX:
            raise ConstraintError(path, ConstraintKind.RANGE, "does not fit 32 bits")
        return number

    def tenths(self, value: Any, path: str) -> float:
        """Return an xs:decimal with at most one decimal by its value."""
        text = self._word(value, path)
        if not _DECIMAL.fullmatch(text):
            raise ConstraintError(path, ConstraintKind.TYPE, f"is {shorten(text)}, not a number")
        whole, _, fraction = text.lstrip("+-").partition(".")
        whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
        if len(fraction) > 1:
            raise ConstraintError(path, ConstraintKind.DECIMALS, "has more than one decimal")
        number = float(f"{whole or '0'}.{fraction or '0'}") if len(whole) < 20 else float("inf")
        if text[0] == "-":
            number = -number
        if not -TENTHS_LIMIT <= number <= TENTHS_LIMIT:
            raise ConstraintError(path, ConstraintKind.RANGE, "is too large")
        return number

    def boolean(self, value: Any, path: str) -> bool:
        """Return an xs:boolean."""
        text = self._word(value, path)
        if text not in _BOOLEANS:
            raise ConstraintError(path, ConstraintKind.TYPE, f"is {shorten(text)}, not a boolean")
        return _BOOLEANS[text]

    def timestamp(self, text: str) -> datetime:
        """Return an instant; xs:dateTime would take one without an offset, OCPP does not."""
        return parse_timestamp(text.strip(SPACE))

    def loose_timestamp(self, text: str) -> datetime:
        """Return an ISO 8601 instant."""
        return parse_loose_timestamp(text.strip(SPACE))

    def enum_text(self, field: FieldSpec, text: str) -> str:
        """Return the text: SOAP has one spelling of each value."""
        return text

    def _word(self, value: Any, path: str) -> str:
        return self.text(value, path).strip(SPACE)


def _is_nil(element: Any) -> bool:
    return element.get(f"{XSI}nil", "").strip(SPACE) in {"true", "1"}


def _check_attributes(element: Any, path: str) -> None:
    if _is_nil(element):
        is_empty = not (len(element) or element.text)
        reason = "is null" if is_empty else "says that it is null, and holds something"
        raise ConstraintError(path, ConstraintKind.TYPE, reason)
    for name in element.attrib:
        # Where the schema is, and which type an element says it has, changes nothing.
        if not name.startswith(XSI) or name == f"{XSI}nil":
            reason = f"has the attribute {shorten(name)}, which is not one of OCPP"
            raise ConstraintError(path, ConstraintKind.SHAPE, reason)
