"""The second reading of a payload that the fast path doubts or refuses.

By the spec, as every slow path (`explain`), which says what is wrong and where, or tolerates it.
Where that would walk long lists of objects, their first items are read by the fast path, which
takes what is right at a tenth of the cost: a peer that sends what is wrong costs little more than
another. Spec: J 4.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import msgspec

from ocpp16.bindings.explain import NESTING_LIMIT, explain
from ocpp16.bindings.ocppj.fast import Unusual, check_numbers, instant
from ocpp16.bindings.ocppj.notation import JsonNotation
from ocpp16.bindings.ocppj.text import deepest, nests_deeper, parse, parse_plain
from ocpp16.errors import ConstraintError, ConstraintKind
from ocpp16.settings import Leniency
from ocpp16.spec import FieldSpec
from ocpp16.structure import Structure

StructureT = TypeVar("StructureT", bound=Structure)

# The end of what msgspec says: "Expected `str`, got `int` - at `$.meterValue[9].timestamp`".
_STEPS = re.compile(r"\.(\w+)(?:\[([0-9]+)\])?")
_FIRST = re.compile(r" - at `\$\[([0-9]+)\]")


def review(
    cls: type[StructureT], payload: bytes, leniency: frozenset[Leniency], doubt: str
) -> StructureT:
    """Read a payload by the spec.

    Args:
        cls: A request or response class.
        payload: A JSON text.
        leniency: What is tolerated.
        doubt: What the fast path said.

    Raises:
        ConstraintError: The payload breaks a rule; it says which, and where.
    """
    try:
        check_numbers(payload)
        value = parse_plain(payload)
    except (Unusual, ValueError, RecursionError):
        return explain(cls, parse_payload(payload), JsonNotation(), leniency)
    brackets = payload.count(b"{") + payload.count(b"[")
    if brackets > NESTING_LIMIT and nests_deeper(value, NESTING_LIMIT):
        raise _too_deep()
    return explain(cls, value, QuickNotation(_faulty_items(doubt)), leniency)


def parse_payload(payload: bytes) -> Any:
    """Read the JSON of a payload with all its oddities, as `text.parse` does.

    Raises:
        ConstraintError: It nests too deep, or is not JSON.
    """
    if deepest(payload) > NESTING_LIMIT:
        raise _too_deep()
    try:
        return parse(payload)
    except (ValueError, RecursionError) as error:
        raise ConstraintError("", ConstraintKind.SHAPE, f"is not JSON ({error})") from None


def _too_deep() -> ConstraintError:
    return ConstraintError("", ConstraintKind.SHAPE, f"nests deeper than {NESTING_LIMIT}")


def _faulty_items(doubt: str) -> Mapping[str, int]:
    """Return the index of the faulty item in each list on the way to a fault, by pointer."""
    indexes: dict[str, int] = {}
    if "[" not in doubt:
        return indexes
    path = ""
    for name, index in _STEPS.findall(doubt.rpartition(" - at `$")[2]):
        path += f"/{name}"
        if index:
            indexes[path] = int(index)
            path += f"/{index}"
    return indexes


@cache
def _lists() -> dict[type, tuple[Any, Callable[[Any], Any]]]:
    # Many programs never read a message that is not right.
    from ocpp16.bindings.ocppj._generated.datatypes import LISTS  # noqa: PLC0415

    return LISTS


class QuickNotation(JsonNotation):
    """What our receiver takes; lists of objects are read by the fast path as far as it goes.

    Numbers have to be short enough that no float rounds them.

    Args:
        faulty: Where that is known, the item of a list that is not right, by pointer.
    """

    def __init__(self, faulty: Mapping[str, int]) -> None:
        self._faulty = faulty

    def timestamp(self, text: str) -> datetime:
        """Return an RFC 3339 instant."""
        try:
            return instant(text)
        except Unusual:
            return super().timestamp(text)

    def leading(self, field: FieldSpec, items: Sequence[Any], path: str) -> Sequence[object]:
        """Return the values of the first items that the fast path takes."""
        count = self._faulty.get(path, len(items))
        if count < 2 or field.cls is None:
            return ()
        kind, read = _lists()[field.cls]
        try:
            try:
                wire = msgspec.convert(items[:count], kind)
            except msgspec.ValidationError as error:
                first = _FIRST.search(str(error))
                wire = msgspec.convert(items[: int(first[1])], kind) if first else []
            values: Sequence[object] = read(wire)[0]
        except (msgspec.ValidationError, Unusual):
            return ()
        return values
