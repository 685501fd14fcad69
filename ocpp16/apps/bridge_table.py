"""The table of the bridge's settings: key in a file, environment variable, flag, default, text.

Made from the fields of the settings themselves, so that none can be forgotten. Pure.
"""

from __future__ import annotations

from datetime import timedelta
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import attrs

from ocpp16.bridge.setting import (
    Kind,
    Setting,
    Unfit,
    duration,
    optional,
    setting_of,
    text_of,
    whole,
)
from ocpp16.bridge.settings import RULED_BY_THE_BRIDGE, BridgeSettings, ChargerSettings
from ocpp16.settings import Settings

PREFIX: Final = "OCPP16_BRIDGE_"
CONFIG_VARIABLE: Final = f"{PREFIX}CONFIG"
CHARGERS_VARIABLE: Final = f"{PREFIX}CHARGERS"
SECRETS: Final = ("authorization_key", "authorization_password")
"""Keys of a charge point that no attribute stands for by itself."""


@attrs.frozen(kw_only=True)
class Entry:
    """One setting, as people write it."""

    key: str
    """Its key in a file: `queue_limit`, `protocol.answers`."""
    kind: Kind
    about: str
    default: str
    """As text; empty where there is none, or where it is nothing."""
    is_required: bool = False
    flag: str | None = None
    metavar: str | None = None
    is_secret: bool = False

    @property
    def name(self) -> str:
        """The attribute."""
        return self.key.rpartition(".")[2]

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"{PREFIX}{self.key.replace('.', '_').upper()}"


def _entry(field: attrs.Attribute[Any], setting: Setting) -> Entry:
    is_required = field.default is attrs.NOTHING
    return Entry(
        key=field.name,
        kind=setting.kind,
        about=setting.about,
        default="" if is_required else setting.kind.show(field.default),
        is_required=is_required,
        flag=setting.flag,
        metavar=setting.metavar,
        is_secret=setting.is_secret,
    )


def _entries(cls: type[attrs.AttrsInstance]) -> tuple[Entry, ...]:
    return tuple(
        _entry(field, setting)
        for field in attrs.fields(cls)
        if (setting := setting_of(field)) is not None
    )


def _one_of(words: tuple[str, ...]) -> Kind:
    form = " or ".join(words)

    def check(value: str) -> None:
        if value not in words:
            raise Unfit(f"is not {form}")

    return text_of(form, check)


def _role_kind(type_: Any) -> Kind:
    parts = get_args(type_)
    if get_origin(type_) is Literal:
        return _one_of(parts)
    if NoneType in parts:
        return optional(_role_kind(next(part for part in parts if part is not NoneType)))
    return duration() if type_ is timedelta else whole(0)


def _role_entries() -> tuple[Entry, ...]:
    types = get_type_hints(Settings)
    return tuple(
        Entry(
            key=f"protocol.{field.name}",
            kind=kind,
            about="",
            default=kind.show(field.default),
        )
        for field in attrs.fields(Settings)
        if field.name not in RULED_BY_THE_BRIDGE
        for kind in (_role_kind(types[field.name]),)
    )


BRIDGE: Final = _entries(BridgeSettings)
ROLES: Final = _role_entries()
CHARGER: Final = _entries(ChargerSettings)
CHARGER_KEYS: Final = (
    *(entry.key for entry in CHARGER),
    *SECRETS,
    *(f"{name}_file" for name in SECRETS),
)
FLAGS: Final = tuple(entry for entry in BRIDGE if entry.flag is not None)
