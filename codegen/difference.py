"""Two readings of a set of contracts, compared fact by fact.

Knows that facts are dataclasses, that most have a name, and that an origin says where each was
read. Does not know what any of them means.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Final

from codegen.readers.errors import Origin
from codegen.readers.facts import Documents

# Levels that a reader of the message would not miss: `idTag: max_length`, not `type max_length`.
TRANSPARENT: Final = ("type", "body")

Places = tuple[Origin, Origin]


def changed_facts(ours: Documents, theirs: Documents) -> list[str]:
    """Describe every fact that differs, each with its two values and where they were read."""
    return list(_compare(ours, theirs, "", "", (Origin("?"), Origin("?"))))


def first_change(name: str, ours: object, theirs: object, places: Places) -> str:
    """Describe the first difference of two facts that differ.

    Args:
        name: what both describe.
        ours: the first.
        theirs: the second.
        places: where they were read, for those parts that have no origin of their own.
    """
    return next(_compare(ours, theirs, name, "", places))


def _compare(ours: object, theirs: object, path: str, label: str, places: Places) -> Iterator[str]:
    if isinstance(ours, tuple) and isinstance(theirs, tuple):
        yield from _compare_items(ours, theirs, path, label, places)
    elif is_dataclass(ours) and type(ours) is type(theirs):
        places = _place(ours, places[0]), _place(theirs, places[1])
        for field in fields(ours):
            if field.compare:
                inner = "" if field.name in TRANSPARENT else f"{label} {field.name}".strip()
                one, other = getattr(ours, field.name), getattr(theirs, field.name)
                # A change of the type as a whole still needs a word for it.
                if type(one) is not type(other):
                    inner = field.name
                yield from _compare(one, other, path, inner, places)
    elif ours != theirs:
        yield f"{path}: {label} {ours!r} in {places[0]}, {theirs!r} in {places[1]}"


def _compare_items(
    ours: tuple[object, ...], theirs: tuple[object, ...], path: str, label: str, places: Places
) -> Iterator[str]:
    left = {_name(item): item for item in ours}
    right = {_name(item): item for item in theirs}
    for name, item in left.items():
        inside = f"{path}.{name}".lstrip(".")
        if name not in right:
            yield f"{inside}: in {_place(item, places[0])}, not in {places[1]}"
        elif not isinstance(item, str):
            yield from _compare(item, right[name], inside, "", places)
    for name, item in right.items():
        if name not in left:
            yield f"{path}.{name}: not in {places[0]}, but in {_place(item, places[1])}".lstrip(".")
    if left.keys() == right.keys():
        for first, second in zip(left, right, strict=True):
            if first != second:
                yield (
                    f"{path}: {label} with {first} before {second} in {places[0]}, "
                    f"after it in {places[1]}"
                )
                return


def _name(item: object) -> str:
    return item if isinstance(item, str) else str(getattr(item, "name", item))


def _place(item: object, outer: Origin) -> Origin:
    place = getattr(item, "origin", outer)
    return place if isinstance(place, Origin) else outer
