"""The decisions in `overlay.toml`, read strictly and ticked off as they are used.

Knows the form of that file: each entry has a reference and a reason. Does not know the contracts;
`merge` asks, and in the end has everything refused that was never asked for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, TypeVar

from codegen.model import Alias, Profile, Sender
from codegen.readers.errors import ContractError, Origin

FILE: Final = Path(__file__).with_name("overlay.toml")
SHOWN: Final = "codegen/overlay.toml"

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Disagreement:
    """One fact that a WSDL and a JSON schema state differently, as each of them states it."""

    subject: str
    fact: str
    wsdl: str
    json: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.fact} is {self.wsdl} in the WSDL, {self.json} in the schema"


@dataclass(frozen=True)
class Decision:
    """What to make of a disagreement: keep what each family says, or read one text as another."""

    alias: Alias | None = None


class Answers(Generic[K, V]):
    """The entries of one table, ticked off as they are used."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.entries: dict[K, V] = {}
        self.used: set[K] = set()

    def add(self, key: K, value: V) -> None:
        """Take an entry; a second one for the same key is refused."""
        if key in self.entries:
            raise _error(self.table, f"a second entry for {key}", "one")
        self.entries[key] = value

    def get(self, key: K) -> V | None:
        """The answer, None if there is none."""
        self.used.add(key)
        return self.entries.get(key)

    def refuse_unused(self) -> None:
        """Refuse an entry that was never asked for."""
        for key in self.entries:
            if key not in self.used:
                raise _error(
                    self.table, f"an entry that settles nothing ({key})", "entries in use only"
                )


@dataclass(frozen=True)
class Overlay:
    """All entries, by what they answer."""

    disagreements: Answers[Disagreement, Decision] = field(
        default_factory=lambda: Answers("disagreement")
    )
    profiles: Answers[str, Profile] = field(default_factory=lambda: Answers("profile"))
    """Action -> feature profile."""
    senders: Answers[str, Sender] = field(default_factory=lambda: Answers("sender"))
    """Action without a WSDL service -> who sends it."""
    insensitive_types: Answers[str, bool] = field(
        default_factory=lambda: Answers("case_insensitive.wsdl_types")
    )
    """Simple type of the WSDL -> True."""
    insensitive_fields: Answers[str, bool] = field(
        default_factory=lambda: Answers("case_insensitive.fields")
    )
    """`Structure.field` without a WSDL type -> True."""
    type_names: Answers[str, str] = field(default_factory=lambda: Answers("type_names"))
    """Named type of a JSON schema -> name in the model."""

    def refuse_unused(self) -> None:
        """See that every entry was needed.

        Raises:
            ContractError: an entry settles nothing.
        """
        self.disagreements.refuse_unused()
        self.profiles.refuse_unused()
        self.senders.refuse_unused()
        self.insensitive_types.refuse_unused()
        self.insensitive_fields.refuse_unused()
        self.type_names.refuse_unused()


def load_overlay(text: str | None = None) -> Overlay:
    """Read the decisions.

    Args:
        text: instead of the file's own text.

    Raises:
        ContractError: not TOML, or an entry has not the form that this module expects.
    """
    try:
        document = tomllib.loads(FILE.read_text(encoding="utf-8") if text is None else text)
    except tomllib.TOMLDecodeError as error:
        raise ContractError(Origin(SHOWN), f"broken TOML ({error})", "TOML") from None
    overlay = Overlay()
    for key, tables in document.items():
        if key not in READERS or not isinstance(tables, list):
            raise _error(key, "an unknown table", f"one of {', '.join(READERS)}, as [[...]]")
        for number, table in enumerate(tables, 1):
            entry = _Entry(f"{key} {number}", table)
            entry.text("reference")
            entry.text("reason")
            READERS[key](entry, overlay)
            entry.finish()
    return overlay


class _Entry:
    """One table, every key of which has to be asked for."""

    def __init__(self, where: str, value: object) -> None:
        if not isinstance(value, dict):
            raise _error(where, repr(value), "a table")
        self.where = where
        self.left: dict[str, object] = dict(value)

    def text(self, key: str) -> str:
        value = self._take(key)
        if not isinstance(value, str) or not value.strip():
            raise _error(self.where, f"{key} = {value!r}", "a text")
        return value

    def choice(self, key: str, known: tuple[str, ...]) -> str:
        value = self.text(key)
        if value not in known:
            raise _error(self.where, f"{key} = {value!r}", f"one of {', '.join(known)}")
        return value

    def flag(self, key: str) -> bool:
        value = self._take(key)
        if not isinstance(value, bool):
            raise _error(self.where, f"{key} = {value!r}", "true or false")
        return value

    def texts(self, key: str) -> list[str]:
        value = self._take(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise _error(self.where, f"{key} = {value!r}", "a list of texts")
        return value

    def table(self, key: str) -> _Entry:
        return _Entry(f"{self.where} {key}", self._take(key))

    def finish(self) -> None:
        for key in self.left:
            raise _error(self.where, f"the key {key}", "keys that are understood there")

    def _take(self, key: str) -> object:
        if key not in self.left:
            raise _error(self.where, f"no {key}", "one")
        return self.left.pop(key)


def _error(where: str, found: str, expected: str) -> ContractError:
    return ContractError(Origin(SHOWN, f"[{where}]"), found, expected)


def _read_disagreement(entry: _Entry, overlay: Overlay) -> None:
    subject, fact = entry.text("subject"), entry.text("fact")
    alias: Alias | None = None
    if entry.choice("decision", ("keep both", "alias")) == "alias":
        spelling = entry.table("alias")
        alias = Alias(
            "json" if spelling.choice("family", ("json", "soap")) == "json" else "soap",
            fact.removeprefix("value "),
            spelling.text("value"),
            spelling.flag("written"),
        )
        spelling.finish()
    found = Disagreement(subject, fact, entry.text("wsdl"), entry.text("json"))
    overlay.disagreements.add(found, Decision(alias))


def _read_profile(entry: _Entry, overlay: Overlay) -> None:
    profile = Profile(entry.choice("name", tuple(item.value for item in Profile)))
    for action in entry.texts("actions"):
        overlay.profiles.add(action, profile)


def _read_sender(entry: _Entry, overlay: Overlay) -> None:
    sender = Sender(entry.choice("side", tuple(item.value for item in Sender)))
    for action in entry.texts("actions"):
        overlay.senders.add(action, sender)


def _read_case_insensitive(entry: _Entry, overlay: Overlay) -> None:
    if "wsdl_types" in entry.left:
        for name in entry.texts("wsdl_types"):
            overlay.insensitive_types.add(name, True)
    else:
        for name in entry.texts("fields"):
            overlay.insensitive_fields.add(name, True)


def _read_type_names(entry: _Entry, overlay: Overlay) -> None:
    names = entry.table("names")
    for definition in list(names.left):
        overlay.type_names.add(definition, names.text(definition))


READERS: Final[dict[str, Callable[[_Entry, Overlay], None]]] = {
    "disagreement": _read_disagreement,
    "profile": _read_profile,
    "sender": _read_sender,
    "case_insensitive": _read_case_insensitive,
    "type_names": _read_type_names,
}
