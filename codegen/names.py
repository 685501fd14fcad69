"""Wire names to Python names, decided once.

Knows how a wire name is cut into words, and the words that cutting gets wrong. Does not know which
Python name a data type has: those keep the name of the specification, or have one in
`overlay.toml`.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from typing import Final

from codegen.model import Contract, Profile
from codegen.readers.errors import ContractError, Origin

IRREGULAR: Final = {
    # Units and quantities: a small letter belongs to the word.
    "SoC": "SOC",
    "kW": "KW",
    "kWh": "KWH",
    "kVA": "KVA",
}
"""Wire names that `snake` would cut in the wrong place, and the words they are instead."""

# Before a capital that follows a small letter or digit (idTag), and before the last capital of a
# run that goes on in small letters (EVDisconnected).
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATOR = re.compile(r"[.\- ]+")


def snake(name: str) -> str:
    """The words of a wire or class name, small, joined by underscores (`idTag` -> `id_tag`)."""
    words = [
        IRREGULAR.get(part) or _BOUNDARY.sub("_", part) for part in _SEPARATOR.split(name) if part
    ]
    return "_".join(words).lower()


def field_name(name: str) -> str:
    """The attribute for a wire field (`idTag` -> `id_tag`)."""
    return snake(name)


def enum_member(value: str) -> str:
    """The member for a wire text (`Energy.Active.Import.Register` -> `ENERGY_ACTIVE_...`)."""
    return snake(value).upper()


def module_name(profile: Profile) -> str:
    """The module for the messages of a feature profile."""
    return profile.value


def check_names(contract: Contract) -> None:
    """See that every Python name is one, and stands for one thing only.

    Raises:
        ContractError: two wire names become one Python name, or one becomes no identifier.
    """
    messages = [m for action in contract.actions for m in (action.request, action.response)]
    structures = [*contract.data_types, *(message.structure for message in messages)]
    _distinct(
        "the contract",
        (
            (name, name)
            for name in (*(e.name for e in contract.enumerations), *(s.name for s in structures))
        ),
    )
    for enumeration in contract.enumerations:
        _distinct(enumeration.name, ((value, enum_member(value)) for value in enumeration.values))
    for structure in structures:
        _distinct(structure.name, ((f.name, field_name(f.name)) for f in structure.fields))


def _distinct(owner: str, pairs: Iterable[tuple[str, str]]) -> None:
    taken: dict[str, str] = {}
    for wire, python in pairs:
        if not python.isidentifier() or keyword.iskeyword(python):
            raise ContractError(
                Origin("codegen/names.py"),
                f"{python!r} for {wire!r} of {owner}",
                "an identifier (IRREGULAR is the table for it)",
            )
        if python in taken:
            raise ContractError(
                Origin("codegen/names.py"),
                f"{python!r} for both {taken[python]!r} and {wire!r} of {owner}",
                "a name of its own for each (IRREGULAR is the table for it)",
            )
        taken[python] = wire
