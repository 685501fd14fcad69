"""The settings of `ocpp16 bridge`, read from flags, environment variables and a TOML file.

For each setting the first of flag, environment variable, file and default that has a value decides;
charge points of all three are joined. Every fault is found in one go, with what to do about it. No
secret is shown. Spec: none; the keys are in `bridge_table`.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from ocpp16.apps.bridge_table import (
    BRIDGE,
    CHARGER,
    CHARGER_KEYS,
    CHARGERS_VARIABLE,
    CONFIG_VARIABLE,
    PREFIX,
    ROLES,
    SECRETS,
    Entry,
)
from ocpp16.bridge.setting import Unfit
from ocpp16.bridge.settings import KEY_LENGTH, RULED_BY_THE_BRIDGE, BridgeSettings, ChargerSettings
from ocpp16.log import one_line
from ocpp16.settings import Settings

FILE_LIMIT: Final = 64 * 1024 * 1024
SECRET_LIMIT: Final = 4096
SHOWN: Final = 120
"""Characters of a wrong value in a fault."""
TABLES: Final = frozenset({"chargers", "protocol"})


@attrs.frozen
class Fault:
    """One thing that is wrong with a configuration."""

    place: str
    """Where: a key with its file, an environment variable, a flag."""
    problem: str
    advice: str
    """What to do."""


class Misconfigured(Exception):
    """There are no settings.

    Args:
        faults: Why, all of it.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.place}: {fault.problem}" for fault in self.faults))


@attrs.frozen(kw_only=True)
class Configuration:
    """Settings, and where each value came from."""

    settings: BridgeSettings
    sources: Mapping[str, str]
    """By key; those that are not here have their default."""


def load(
    file: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
    charge_points: Iterable[str] = (),
) -> Configuration:
    """Return the settings that flags, environment and file make.

    Args:
        file: A TOML file; None takes the one that the environment names, if it does.
        environment: Environment variables; those of other programs are not looked at.
        flags: Texts, lists of texts and switches by key; None is not given.
        charge_points: Identities that may come, beside those of the file.

    Raises:
        Misconfigured: Something is wrong.
    """
    reading = _Reading(environment or {}, flags or {})
    return reading.read(_path_of(file, reading.environment), tuple(charge_points))


def load_store(
    file: Path | None,
    *,
    environment: Mapping[str, str],
    flags: Mapping[str, object],
) -> str:
    """Return the URL of the store that flags, environment and file name; see `load`.

    Raises:
        Misconfigured: What they say of the store is wrong, or the file cannot be read.
    """
    reading = _Reading(environment, flags)
    return reading.read_store(_path_of(file, reading.environment))


def _path_of(file: Path | None, environment: Mapping[str, str]) -> Path | None:
    named = environment.get(CONFIG_VARIABLE)
    return file or (Path(named) if named else None)


class _Reading:
    """One try to make settings of what is there."""

    def __init__(self, environment: Mapping[str, str], flags: Mapping[str, object]) -> None:
        # An empty variable counts as not set, as in most programs.
        self.environment = {
            name: value for name, value in environment.items() if name.startswith(PREFIX) and value
        }
        self._flags = {key: value for key, value in flags.items() if value is not None}
        self._faults: list[Fault] = []
        self._sources: dict[str, str] = {}
        self._document: dict[str, Any] = {}
        self._path: Path | None = None

    def read(self, path: Path | None, charge_points: tuple[str, ...]) -> Configuration:
        if path is not None:
            self._path = path
            self._document = self._load(path)
            if self._faults:
                # What is missing may well be in it.
                raise Misconfigured(self._faults)
        self._check_keys()
        self._check_variables()
        # What is in its place is a table; other values have been told already.
        roles = self._roles(self._table("protocol"))
        values = {
            entry.name: value
            for entry in BRIDGE
            for value in self._value(entry, self._document.get(entry.key))
        }
        chargers = self._chargers(charge_points)
        if not chargers and not values.get("open") and not self._faults:
            self._fault(
                self._in_file("chargers"),
                "no charge point may come",
                "name them in [chargers.IDENTITY] tables or with --charge-point, or let any in"
                " with --open",
            )
        settings = None if self._faults else self._settings(values, chargers, roles)
        if settings is None:
            raise Misconfigured(self._faults)
        return Configuration(settings=settings, sources=self._sources)

    def read_store(self, path: Path | None) -> str:
        """Return the URL of the store, whatever else is wrong."""
        if path is not None:
            self._path = path
            self._document = self._load(path)
        entry = next(entry for entry in BRIDGE if entry.key == "store")
        values = self._value(entry, self._document.get(entry.key))
        if self._faults:
            raise Misconfigured(self._faults)
        return str(values[0]) if values else entry.default

    # Sources

    def _load(self, path: Path) -> dict[str, Any]:
        try:
            return tomllib.loads(_text_of(path, FILE_LIMIT))
        except OSError as error:
            self._fault(
                str(path),
                f"cannot be read: {error.strerror or error}",
                "give the path of a TOML file that this user may read",
            )
        except (ValueError, RecursionError) as error:
            # A line of the file may hold a key: the parser names places only.
            self._fault(
                str(path),
                f"is no TOML file in UTF-8: {one_line(str(error), SHOWN)}",
                "put texts into quotes, and see https://toml.io",
            )
        return {}

    def _check_keys(self) -> None:
        known = {entry.key for entry in BRIDGE} | TABLES | _secret_files(BRIDGE)
        for key in self._document:
            if key not in known:
                self._unknown(self._in_file(key), key, known)

    def _check_variables(self) -> None:
        entries = (*BRIDGE, *ROLES)
        known = {entry.variable for entry in entries} | {CONFIG_VARIABLE, CHARGERS_VARIABLE}
        known |= {f"{entry.variable}_FILE" for entry in entries if entry.is_secret}
        for name in self.environment:
            if name not in known:
                self._unknown(name, name, known)

    def _table(self, key: str) -> dict[str, Any]:
        found = self._document.get(key, {})
        if isinstance(found, dict):
            return found
        self._fault(self._in_file(key), "is no table", f"write [{key}], and its keys below")
        return {}

    # Values

    def _value(self, entry: Entry, written: object) -> list[Any]:
        """Return the value of a setting; none if it has none, or a wrong one."""
        place, value, read = self._first(entry, written)
        if value is None:
            if entry.is_required:
                ways = f"{entry.flag}, {entry.variable} or the key {entry.key}"
                self._fault(entry.key, "is not set, and has no default", f"give {ways}")
            return []
        try:
            result = read(value)
        except Unfit as error:
            shown = "its value" if entry.is_secret else one_line(repr(value), SHOWN)
            self._fault(place, f"{shown} {error}", _advice(entry, value))
            return []
        self._sources[entry.key] = place
        return [result]

    def _first(self, entry: Entry, written: object) -> tuple[str, object, Any]:
        flag = self._flags.get(entry.key)
        if flag is not None:
            return f"{entry.flag}", _flag_value(flag), _flag_reader(entry, flag)
        if entry.variable in self.environment:
            return entry.variable, self.environment[entry.variable], entry.kind.parse
        if entry.is_secret:
            variable = f"{entry.variable}_FILE"
            if variable in self.environment:
                text = self._secret(variable, self.environment[variable], Path())
                return variable, text, entry.kind.parse
            if written is None and f"{entry.key}_file" in self._document:
                place = self._in_file(f"{entry.key}_file")
                text = self._secret(place, self._document[f"{entry.key}_file"], self._folder)
                return place, text, entry.kind.parse
        return self._in_file(entry.key), written, entry.kind.read

    def _roles(self, table: dict[str, Any]) -> Settings:
        known = {entry.name: entry for entry in ROLES}
        for key in table:
            if key in RULED_BY_THE_BRIDGE:
                ours = RULED_BY_THE_BRIDGE[key]
                self._fault(
                    self._in_file(f"protocol.{key}"),
                    "is ruled by the bridge",
                    f"set {ours} instead",
                )
            elif key not in known:
                self._unknown(self._in_file(f"protocol.{key}"), key, known)
        values: dict[str, Any] = {}
        for entry in ROLES:
            for value in self._value(entry, table.get(entry.name)):
                try:
                    Settings(**{entry.name: value})
                except ValueError as error:
                    problem = str(error).partition(": ")[2]
                    self._fault(self._sources[entry.key], problem, _advice(entry, value))
                else:
                    values[entry.name] = value
        return Settings(**values)

    # Charge points

    def _chargers(self, charge_points: tuple[str, ...]) -> dict[str, ChargerSettings]:
        tables: dict[str, list[tuple[str, dict[str, Any]]]] = {
            identity: [] for identity in charge_points
        }
        for place, table in (
            (CHARGERS_VARIABLE, self._inline_table()),
            (self._in_file("chargers"), self._table("chargers")),
        ):
            for identity, charger in table.items():
                where = f"{place}.{identity}"
                if isinstance(charger, dict):
                    tables.setdefault(identity, []).append((where, charger))
                else:
                    self._fault(where, "is no table", f"write [chargers.{identity}]")
        made: dict[str, ChargerSettings] = {}
        for identity, found in tables.items():
            charger_settings = self._charger(identity, found)
            if charger_settings is not None:
                made[identity] = charger_settings
        return made

    def _inline_table(self) -> dict[str, Any]:
        text = self.environment.get(CHARGERS_VARIABLE)
        if text is None:
            return {}
        try:
            table = tomllib.loads(f"chargers = {text}")
        except (ValueError, RecursionError):
            table = {}
        found = table.get("chargers")
        if isinstance(found, dict) and len(table) == 1:
            return found
        self._fault(
            CHARGERS_VARIABLE,
            "is no inline table of TOML",
            'write {CP1 = {}, CP2 = {offline_start = "local-id"}}',
        )
        return {}

    def _charger(
        self, identity: str, tables: list[tuple[str, dict[str, Any]]]
    ) -> ChargerSettings | None:
        before = len(self._faults)
        values: dict[str, Any] = {}
        for place, table in tables:
            for key in table:
                if key not in CHARGER_KEYS:
                    self._unknown(f"{place}.{key}", key, CHARGER_KEYS)
            for entry in CHARGER:
                if entry.key in table and entry.key not in values:
                    self._charger_value(f"{place}.{entry.key}", entry, table[entry.key], values)
            if "authorization_key" not in values:
                self._charger_key(place, table, values)
        if len(self._faults) > before:
            return None
        place = tables[0][0] if tables else f"--charge-point {identity}"
        try:
            settings = ChargerSettings(**values)
            BridgeSettings(soap="h:1", upstream="ws://h", chargers={identity: settings})
        except ValueError as error:
            self._fault(place, one_line(str(error).partition(": ")[2], SHOWN), "see the reference")
            return None
        return settings

    def _charger_value(
        self, place: str, entry: Entry, written: object, values: dict[str, Any]
    ) -> None:
        try:
            value = entry.kind.read(written)
        except Unfit as error:
            self._fault(place, f"{one_line(repr(written), SHOWN)} {error}", _advice(entry, written))
            return
        values[entry.name] = self._folder / value if isinstance(value, Path) else value

    def _charger_key(self, place: str, table: dict[str, Any], values: dict[str, Any]) -> None:
        """Take the credentials of a charge point, which are written in one of four ways."""
        given = [key for name in SECRETS for key in (name, f"{name}_file") if key in table]
        if not given:
            return
        key, where = given[0], f"{place}.{given[0]}"
        if len(given) > 1:
            self._fault(place, f"has {' and '.join(given)}", "keep one of them")
            return
        text = table[key]
        if key.endswith("_file"):
            text = self._secret(where, text, self._folder)
            if text is None:
                return
        try:
            values["authorization_key"] = _credential(key.removesuffix("_file"), text)
        except Unfit as error:
            self._fault(where, f"its value {error}", _CREDENTIAL_FORMS[key.removesuffix("_file")])

    def _secret(self, place: str, path: object, folder: Path) -> str | None:
        if not isinstance(path, str) or not path or "\0" in path:
            self._fault(place, "is no path of a file", "give the file that holds the secret")
            return None
        try:
            return _text_of(folder / path, SECRET_LIMIT).rstrip("\r\n")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            what = reason or ("it is no UTF-8" if isinstance(error, UnicodeError) else str(error))
            self._fault(
                place,
                f"{one_line(path, SHOWN)!r} cannot be read: {what}",
                "give a file that this user may read, its path relative to the configuration file",
            )
            return None

    # Results

    def _settings(
        self, values: dict[str, Any], chargers: dict[str, ChargerSettings], roles: Settings
    ) -> BridgeSettings | None:
        try:
            return BridgeSettings(**values, chargers=chargers, protocol=roles)
        except ValueError as error:
            # Each value fits; what is wrong is how they go together.
            self._fault("settings", str(error), "see the reference of the settings")
            return None

    @property
    def _folder(self) -> Path:
        return Path() if self._path is None else self._path.parent

    def _in_file(self, key: str) -> str:
        return key if self._path is None else f"{self._path}: {key}"

    def _unknown(self, place: str, name: str, known: Iterable[str]) -> None:
        close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
        advice = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}"
        self._fault(place, "is no setting", advice)

    def _fault(self, place: str, problem: str, advice: str) -> None:
        self._faults.append(Fault(one_line(place, 2 * SHOWN), problem, advice))


def _text_of(path: Path, limit: int) -> str:
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise Unfit(f"it is larger than {limit} bytes")
    return content.decode()


_CREDENTIAL_FORMS: Final = {
    "authorization_key": f"write 2 to {2 * KEY_LENGTH} hex digits, an even number of them",
    "authorization_password": f"write a text of 1 to {KEY_LENGTH} bytes",
}


def _credential(name: str, text: object) -> bytes:
    if not isinstance(text, str):
        raise Unfit("is no text")
    if name == "authorization_password":
        key = text.encode()
    else:
        try:
            key = bytes.fromhex(text)
        except ValueError:
            raise Unfit("is not made of hex digits") from None
    if not 1 <= len(key) <= KEY_LENGTH:
        raise Unfit(f"is not 1 to {KEY_LENGTH} bytes long")
    return key


def _secret_files(entries: Iterable[Entry]) -> set[str]:
    return {f"{entry.key}_file" for entry in entries if entry.is_secret}


def _flag_value(flag: object) -> object:
    return ",".join(map(str, flag)) if isinstance(flag, (list, tuple)) else flag


def _flag_reader(entry: Entry, flag: object) -> Any:
    return entry.kind.read if isinstance(flag, bool) else entry.kind.parse


def _advice(entry: Entry, value: object) -> str:
    words = entry.kind.form.replace(", or none", " or none").split(" or ")
    if isinstance(value, str) and len(words) > 1:
        close = difflib.get_close_matches(value, words, n=1, cutoff=0.5)
        if close:
            return f"did you mean {close[0]}?"
    default = f"; the default is {entry.default}" if entry.default else ""
    return f"write a {entry.kind.form}{default}"


def shown(settings: BridgeSettings) -> dict[str, str]:
    """Return the values of all settings by key, as text, without secrets."""
    values = {
        entry.key: "(hidden)" if entry.is_secret else entry.kind.show(getattr(settings, entry.name))
        for entry in BRIDGE
    }
    roles = {entry.key: entry.kind.show(getattr(settings.protocol, entry.name)) for entry in ROLES}
    return {**values, "chargers": ",".join(settings.chargers), **roles}
