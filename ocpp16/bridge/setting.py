"""The kinds of settings: how a value is written in a file and as text, and which values fit.

Pure. A kind knows no setting by name; `settings` gives each setting its kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

import attrs

from ocpp16.settings import Leniency
from ocpp16.transports.callback import Network, check_listed

DAY: Final = 24 * 60 * 60
NONE: Final = "none"
"""How nothing is written, since TOML has no null."""
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Unfit(ValueError):
    """A value is none of its kind; the text is a predicate: "is no number"."""


@attrs.frozen(kw_only=True)
class Kind:
    """One kind of setting.

    The functions that read raise `Unfit` with what is wrong.
    """

    form: str
    """How a value is written, for tables and errors."""
    read: Callable[[object], Any]
    """Takes a value of a TOML file and returns that of the setting."""
    parse: Callable[[str], Any]
    """Takes the text of an environment variable or a flag and returns the value."""
    check: Callable[[object], object]
    """Checks a value of the setting."""
    show: Callable[[Any], str]
    """Returns a value as `parse` would take it."""
    is_list: bool = False
    """Whether a flag may be given several times."""


def _fits(condition: bool, form: str) -> None:
    if not condition:
        raise Unfit(f"is no {form}")


def whole(least: int, most: int = 10**9) -> Kind:
    """Return the kind of whole numbers between two bounds."""
    form = f"whole number from {least} to {most}"

    def check(value: object) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Unfit(f"is no {form}")
        return value

    def parse(text: str) -> int:
        _fits(re.fullmatch(r"[+-]?[0-9]{1,18}", text.strip()) is not None, form)
        return check(int(text))

    return Kind(form=form, read=check, parse=parse, check=check, show=str)


def _number_in(text: str, form: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Unfit(f"is no {form}") from None


def number(least: float, most: float) -> Kind:
    """Return the kind of numbers between two bounds."""
    form = f"number from {least:g} to {most:.15g}"

    def check(value: object) -> float:
        # NaN is in no range.
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Unfit(f"is no {form}")
        _fits(least <= value <= most, form)
        return float(value)

    return Kind(
        form=form,
        read=check,
        parse=lambda text: check(_number_in(text, form)),
        check=check,
        show="{:.15g}".format,
    )


def duration(least: float = 0.0, most: float = 366 * DAY) -> Kind:
    """Return the kind of durations, written as seconds."""
    form = f"number of seconds from {least:g} to {most:.15g}"
    seconds = number(least, most)

    def check(value: object) -> timedelta:
        if not isinstance(value, timedelta):
            raise Unfit("is no timedelta")
        _fits(least <= value.total_seconds() <= most, form)
        return value

    def read(value: object) -> timedelta:
        try:
            return timedelta(seconds=seconds.read(value))
        except ValueError:
            raise Unfit(f"is no {form}") from None

    return Kind(
        form=form,
        read=read,
        parse=lambda text: read(_number_in(text, form)),
        check=check,
        show=lambda value: f"{value.total_seconds():.15g}",
    )


def choice(choices: type[StrEnum]) -> Kind:
    """Return the kind of words of an enumeration."""
    words = " or ".join(choices)

    def read(value: object) -> StrEnum:
        if not isinstance(value, str) or value not in set(choices):
            raise Unfit(f"is not {words}")
        return choices(value)

    return Kind(form=words, read=read, parse=read, check=read, show=str)


def _switch() -> Kind:
    form = "true or false"

    def check(value: object) -> bool:
        if not isinstance(value, bool):
            raise Unfit(f"is not {form}")
        return value

    def parse(text: str) -> bool:
        word = text.strip().lower()
        if word not in _TRUE | _FALSE:
            raise Unfit(f"is not {form}")
        return word in _TRUE

    return Kind(form=form, read=check, parse=parse, check=check, show=lambda on: str(on).lower())


SWITCH: Final = _switch()


def text_of(form: str, check: Callable[[str], object]) -> Kind:
    """Return the kind of a text of some form.

    Args:
        form: What it is.
        check: Raises Unfit with a predicate.
    """

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise Unfit(f"is no text, but {form} is due")
        check(value)
        return value

    return Kind(form=form, read=read, parse=read, check=read, show=str)


def url(*schemes: str) -> Kind:
    """Return the kind of URLs: one of the schemes, a host, no user, query or fragment."""
    shown = " or ".join(f"{scheme}://HOST[:PORT][/PATH]" for scheme in schemes)

    def check(value: str) -> None:
        _check_printable(value)
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError:
            raise Unfit(f"is no {shown}") from None
        _fits(parts.scheme in schemes and bool(parts.hostname), shown)
        if parts.username is not None or parts.password is not None:
            # It would be in every log; a key has a place of its own.
            raise Unfit("holds a user or a password, which belong into authorization_key")
        if parts.query or parts.fragment or port == 0:
            raise Unfit("holds a query, a fragment or port 0")

    return text_of(shown, check)


def _check_printable(value: str) -> None:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise Unfit("holds a space, a control character or non-ASCII text")


def listening_url(value: str) -> str:
    """Return `HOST:PORT[/PATH]` as a URL, the path being /ocpp unless given.

    Raises:
        Unfit: It is none.
    """
    form = "HOST:PORT or HOST:PORT/PATH"
    if value.startswith("https://"):
        raise Unfit("is https://, which a proxy in front of the bridge has to serve")
    _check_printable(value)
    try:
        parts = urlsplit(value if _SCHEME.match(value) else f"http://{value}")
        port = parts.port
    except ValueError:
        raise Unfit(f"is not {form}") from None
    if (
        parts.scheme != "http"
        or not parts.hostname
        or port is None
        or parts.username is not None
        or parts.query
        or parts.fragment
    ):
        raise Unfit(f"is not {form}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"http://{host}:{port}{parts.path.rstrip('/') or '/ocpp'}"


def address(value: str) -> str:
    """Return `HOST:PORT`, or a bare port on this machine, as `HOST:PORT`.

    Raises:
        Unfit: It is none.
    """
    whole_value = f"127.0.0.1:{value}" if value.isdecimal() else value
    _check_printable(whole_value)
    try:
        parts = urlsplit(f"//{whole_value}")
        port = parts.port
    except ValueError:
        raise Unfit("is not HOST:PORT or PORT") from None
    if not parts.hostname or port is None or parts.netloc != whole_value or "@" in whole_value:
        raise Unfit("is not HOST:PORT or PORT")
    return whole_value


def as_listening_url(value: str) -> str:
    """Convert an attribute; see `listening_url`."""
    # What is wrong with it, is told by the check that follows.
    try:
        return listening_url(value)
    except (ValueError, AttributeError, TypeError):
        return value


def as_address(value: str | None) -> str | None:
    """Convert an attribute; see `address`."""
    try:
        return None if value is None else address(value)
    except (ValueError, AttributeError, TypeError):
        return value


def several(form: str, one: Callable[[object], Any], *, as_set: bool = False) -> Kind:
    """Return the kind of lists, in text with commas between.

    Args:
        form: What the list holds.
        one: Takes one item, as written, and returns it; raises Unfit with a predicate.
        as_set: Whether the value is a set instead of a tuple.
    """

    def collect(items: Iterable[object]) -> Any:
        values = []
        for item in items:
            try:
                values.append(one(item))
            except ValueError as error:
                raise Unfit(f"holds {item!r}, which {error}") from None
        return frozenset(values) if as_set else tuple(values)

    def read(value: object) -> Any:
        if not isinstance(value, (list, tuple, set, frozenset)):
            raise Unfit(f"is no list of {form}")
        return collect(value)

    def parse(text: str) -> Any:
        return collect(part.strip() for part in text.split(",") if part.strip())

    def show(value: Iterable[object]) -> str:
        return ",".join(sorted(map(str, value)) if as_set else map(str, value))

    return Kind(form=f"list of {form}", read=read, parse=parse, check=read, show=show, is_list=True)


def one_network(value: object) -> Network:
    """Return a network (`10.0.0.0/8`)."""
    if isinstance(value, (IPv4Network, IPv6Network)):
        return value
    if isinstance(value, str):
        try:
            return ip_network(value)
        except ValueError as error:
            raise Unfit(f"is no network: {error}") from None
    raise Unfit("is no network")


def one_word(choices: type[StrEnum]) -> Callable[[object], StrEnum]:
    """Return a function that returns a member of an enumeration by its word."""

    def read(value: object) -> StrEnum:
        if not isinstance(value, str) or value not in set(choices):
            raise Unfit(f"is none of {', '.join(choices)}")
        return choices(value)

    return read


def _path() -> Kind:
    def check(value: object) -> Path:
        if not isinstance(value, Path):
            raise Unfit("is no Path")
        return value

    def read(value: object) -> Path:
        if not isinstance(value, str) or not value or "\0" in value:
            raise Unfit("is no path of a file")
        return Path(value)

    return Kind(form="path of a file", read=read, parse=read, check=check, show=str)


PATH: Final = _path()


def optional(kind: Kind) -> Kind:
    """Return a kind that has `none` beside the values of another."""

    def read(value: object) -> Any:
        return None if value == NONE else kind.read(value)

    def parse(text: str) -> Any:
        return None if text == NONE else kind.parse(text)

    def check(value: object) -> Any:
        return None if value is None else kind.check(value)

    return attrs.evolve(
        kind,
        form=f"{kind.form}, or none",
        read=read,
        parse=parse,
        check=check,
        show=lambda value: NONE if value is None else kind.show(value),
    )


@attrs.frozen(kw_only=True)
class Setting:
    """What a command line, a file and the reference have to know of one setting."""

    kind: Kind
    about: str
    """One or two sentences, with the unit."""
    flag: str | None = None
    """`--queue-limit`; None has no flag."""
    metavar: str | None = None
    is_secret: bool = False
    """Whether its value may be shown nowhere."""


_KEY: Final = "ocpp16.setting"


def setting_of(field: attrs.Attribute[Any]) -> Setting | None:
    """Return what is known of a field; None if it is no setting by itself."""
    found = field.metadata.get(_KEY)
    return found if isinstance(found, Setting) else None


def described(
    kind: Kind,
    about: str,
    *,
    flag: str | None = None,
    metavar: str | None = None,
    is_secret: bool = False,
) -> dict[str, Setting]:
    """Return the metadata of a field."""
    setting = Setting(kind=kind, about=about, flag=flag, metavar=metavar, is_secret=is_secret)
    return {_KEY: setting}


def check_fields(instance: attrs.AttrsInstance, place: str) -> None:
    """Check every field that is a setting.

    Args:
        instance: Whose fields.
        place: What it is called in errors.

    Raises:
        ValueError: The first value that does not fit.
    """
    for field in attrs.fields(type(instance)):
        setting = setting_of(field)
        if setting is None:
            continue
        value = getattr(instance, field.name)
        try:
            setting.kind.check(value)
        except Unfit as error:
            shown = "its value" if setting.is_secret else repr(value)
            raise ValueError(f"{place}.{field.name}: {shown} {error}") from None


def _check_store(value: str) -> None:
    if not value.startswith(("sqlite://", "postgresql://", "postgresql+psycopg://")):
        raise Unfit("is no sqlite:///PATH or postgresql+psycopg://USER@HOST/DATABASE")


def _check_callback(value: str) -> None:
    try:
        check_listed(value)
    except ValueError as error:
        raise Unfit(f"is no address to call a charge point at: {error}") from None


ADDRESS: Final = text_of("HOST:PORT or PORT", address)
NETWORKS: Final = several("networks", one_network)
LENIENCY: Final = several("leniencies", one_word(Leniency), as_set=True)
STORE: Final = text_of("URL of a database", _check_store)
UPSTREAM: Final = url("wss", "ws")
CALLBACK: Final = text_of("URL (http:// or https://)", _check_callback)


def as_networks(values: object) -> tuple[Network, ...]:
    """Convert an attribute: networks may be texts."""
    # What is wrong with it, is told by the check that follows.
    converted: Any = values
    if isinstance(values, (list, tuple)):
        converted = tuple(
            ip_network(value) if isinstance(value, str) and _is_network(value) else value
            for value in values
        )
    return cast("tuple[Network, ...]", converted)


def _is_network(value: str) -> bool:
    try:
        one_network(value)
    except ValueError:
        return False
    return True


def as_words(values: object) -> frozenset[Leniency]:
    """Convert an attribute: leniencies may be texts."""
    converted: Any = values
    if isinstance(values, (list, tuple, set, frozenset)):
        known = set(Leniency)
        converted = frozenset(
            Leniency(value) if isinstance(value, str) and value in known else value
            for value in values
        )
    return cast("frozenset[Leniency]", converted)


def as_optional_words(values: object) -> frozenset[Leniency] | None:
    """Convert an attribute: likewise, or None."""
    return None if values is None else as_words(values)
