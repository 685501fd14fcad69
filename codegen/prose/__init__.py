"""The words of the documentation: what every message, field, enumeration and value means.

One TOML file per feature profile, under the name of the module that is generated for it. A file
holds tables `action.<Action>`, `type.<Message or data type>` and `enum.<Enumeration>`; a type that
several profiles use stands in the first of them, in the order of `model.Profile`. `load` reads
them, `Prose.check` compares them with the contract.

Knows names and texts. Knows no types, no order and no Python names (`model`, `names`). The texts
are our own; the section numbers in them point to the standard: C is OCPP 1.6 edition 2, J OCPP-J
1.6, S OCPP-S 1.6, CE, JE and SE their errata (numbering of 2025-04), W the security whitepaper
edition 3.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from codegen.model import Contract, EnumRef, ObjectRef, Profile, Structure


class ProseError(ValueError):
    """A text is missing, misplaced or malformed; the message names the file and the key."""


@dataclass(frozen=True)
class ActionProse:
    """Texts of an action; `sections` says where the standard treats it, or is empty."""

    name: str
    profile: Profile
    summary: str
    sections: str


@dataclass(frozen=True)
class TypeProse:
    """Texts of a message or a nested data type; `fields` is keyed by wire name."""

    name: str
    profile: Profile
    summary: str
    text: str
    """Lines wrapped at 88 columns, no line break at the end; may be empty."""
    fields: Mapping[str, str]


@dataclass(frozen=True)
class EnumProse:
    """Texts of an enumeration; `values` is keyed by wire text."""

    name: str
    profile: Profile
    summary: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Differences:
    """How the texts differ from a contract; each item is a key such as `type.Firmware.fields.x`."""

    missing: tuple[str, ...]
    superfluous: tuple[str, ...]
    misplaced: tuple[str, ...]
    """Entries that stand in another file than the one of the profile that first needs them."""

    def __bool__(self) -> bool:
        return bool(self.missing or self.superfluous or self.misplaced)

    def __str__(self) -> str:
        return "\n".join(
            f"{kind}: {key}"
            for kind, keys in (
                ("missing", self.missing),
                ("superfluous", self.superfluous),
                ("misplaced", self.misplaced),
            )
            for key in keys
        )


Entry = TypeVar("Entry", ActionProse, TypeProse, EnumProse)


@dataclass(frozen=True)
class Prose:
    """All texts, keyed by name."""

    actions: Mapping[str, ActionProse]
    types: Mapping[str, TypeProse]
    enums: Mapping[str, EnumProse]

    def action(self, name: str) -> ActionProse:
        """Return the texts of an action.

        Raises:
            ProseError: no file has it.
        """
        return _find(self.actions, "action", name)

    def type(self, name: str) -> TypeProse:
        """Return the texts of a message (`AuthorizeRequest`) or a data type (`IdTagInfo`).

        Raises:
            ProseError: no file has it.
        """
        return _find(self.types, "type", name)

    def enum(self, name: str) -> EnumProse:
        """Return the texts of an enumeration.

        Raises:
            ProseError: no file has it.
        """
        return _find(self.enums, "enum", name)

    def check(self, contract: Contract) -> Differences:
        """Compare with a contract; the result is false if every text has its fact and vice versa.

        An alias spelling (`Celcius`) has no text of its own.
        """
        wanted = _wanted(contract)
        present = dict(self._keys())
        return Differences(
            missing=tuple(key for key in wanted if key not in present),
            superfluous=tuple(key for key in present if key not in wanted),
            misplaced=tuple(
                f"{key} ({_file(profile)} instead of {_file(wanted[key])})"
                for key, profile in present.items()
                # A field or a value stands wherever its entry stands.
                if key.count(".") == 1 and wanted.get(key, profile) is not profile
            ),
        )

    def _keys(self) -> Iterator[tuple[str, Profile]]:
        for action in self.actions.values():
            yield f"action.{action.name}", action.profile
        for type_ in self.types.values():
            yield f"type.{type_.name}", type_.profile
            for field in type_.fields:
                yield f"type.{type_.name}.fields.{field}", type_.profile
        for enum in self.enums.values():
            yield f"enum.{enum.name}", enum.profile
            for value in enum.values:
                yield f"enum.{enum.name}.values.{value}", enum.profile


def load(directory: Path | None = None) -> Prose:
    """Read all files.

    Args:
        directory: where they are; this package's folder if not given.

    Raises:
        ProseError: a file is missing, unknown or not TOML, or an entry is malformed or a repeat.
    """
    directory = directory or Path(__file__).parent
    expected = {_file(profile) for profile in Profile}
    for path in sorted(directory.glob("*.toml")):
        if path.name not in expected:
            raise ProseError(f"{path.name}: no feature profile has this name")
    actions: dict[str, ActionProse] = {}
    types: dict[str, TypeProse] = {}
    enums: dict[str, EnumProse] = {}
    for profile in Profile:
        root = _open(directory / _file(profile))
        root.allow("action", "type", "enum")
        for name, table in root.tables("action"):
            _add(actions, table, _action(name, profile, table))
        for name, table in root.tables("type"):
            _add(types, table, _type(name, profile, table))
        for name, table in root.tables("enum"):
            _add(enums, table, _enum(name, profile, table))
    return Prose(actions, types, enums)


def _file(profile: Profile) -> str:
    return f"{profile.value}.toml"


def _find(entries: Mapping[str, Entry], kind: str, name: str) -> Entry:
    try:
        return entries[name]
    except KeyError:
        raise ProseError(f"{kind}.{name}: no file has this entry") from None


def _open(path: Path) -> _Table:
    try:
        return _Table(path.name, "", tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ProseError(f"{path.name}: {error}") from error


def _action(name: str, profile: Profile, table: _Table) -> ActionProse:
    table.allow("summary", "sections")
    return ActionProse(name, profile, table.text("summary"), table.text("sections", ""))


def _type(name: str, profile: Profile, table: _Table) -> TypeProse:
    table.allow("summary", "text", "fields")
    summary, text = table.text("summary"), table.text("text", "")
    return TypeProse(name, profile, summary, text, table.texts("fields"))


def _enum(name: str, profile: Profile, table: _Table) -> EnumProse:
    table.allow("summary", "values")
    return EnumProse(name, profile, table.text("summary"), table.texts("values"))


def _add(entries: dict[str, Entry], table: _Table, entry: Entry) -> None:
    if entry.name in entries:
        raise table.error(f"stands in {_file(entries[entry.name].profile)}, too")
    entries[entry.name] = entry


@dataclass(frozen=True)
class _Table:
    """A TOML table that knows where it stands, for messages that name file and key."""

    file: str
    key: str
    content: Mapping[str, object]

    def error(self, problem: str, key: str = "") -> ProseError:
        full = ".".join(part for part in (self.key, key) if part)
        return ProseError(f"{self.file}: {full}: {problem}")

    def allow(self, *keys: str) -> None:
        for key in self.content:
            if key not in keys:
                raise self.error(f"unknown key, expected one of {', '.join(keys)}", key)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; it has to be there unless a default is given, and then may be empty."""
        value = self.content.get(key, default)
        if value is None:
            raise self.error("missing", key)
        if not isinstance(value, str):
            raise self.error("not a text", key)
        if default is None and not value:
            raise self.error("empty", key)
        if value != value.strip():
            raise self.error("blank at its start or end", key)
        return value

    def table(self, key: str) -> _Table:
        value = self.content.get(key, {})
        if not isinstance(value, dict):
            raise self.error("not a table", key)
        return _Table(self.file, ".".join(part for part in (self.key, key) if part), value)

    def tables(self, key: str) -> Iterator[tuple[str, _Table]]:
        table = self.table(key)
        for name in table.content:
            yield name, table.table(name)

    def texts(self, key: str) -> dict[str, str]:
        table = self.table(key)
        return {name: table.text(name) for name in table.content}


def _wanted(contract: Contract) -> dict[str, Profile]:
    """Every key that the contract asks for, with the profile whose file it belongs to."""
    homes = _homes(contract)
    structures = {structure.name: structure for structure in contract.data_types}
    wanted: dict[str, Profile] = {}
    for action in contract.actions:
        wanted[f"action.{action.name}"] = action.profile
        for message in (action.request, action.response):
            structures[message.structure.name] = message.structure
    for structure in structures.values():
        home = homes[structure.name]
        wanted[f"type.{structure.name}"] = home
        for field in structure.fields:
            wanted[f"type.{structure.name}.fields.{field.name}"] = home
    for enumeration in contract.enumerations:
        home = homes[enumeration.name]
        wanted[f"enum.{enumeration.name}"] = home
        for value in enumeration.values:
            wanted[f"enum.{enumeration.name}.values.{value}"] = home
    return wanted


def _homes(contract: Contract) -> dict[str, Profile]:
    """For each structure and enumeration, the first profile with a message that uses it."""
    order = list(Profile)
    data_types = {structure.name: structure for structure in contract.data_types}
    homes: dict[str, Profile] = {}
    for action in sorted(contract.actions, key=lambda action: order.index(action.profile)):
        for message in (action.request, action.response):
            for name in _reachable(message.structure, data_types):
                homes.setdefault(name, action.profile)
    return homes


def _reachable(structure: Structure, data_types: Mapping[str, Structure]) -> Iterable[str]:
    yield structure.name
    for field in structure.fields:
        if isinstance(field.type, EnumRef):
            yield field.type.name
        elif isinstance(field.type, ObjectRef):
            yield from _reachable(data_types[field.type.name], data_types)
