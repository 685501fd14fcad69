"""The commands of `ocpp16`, taken from what the command line is declared with.

Reads the functions behind the commands: their annotations hold arguments and options, their
docstrings the help. (What typer makes of them differs from one of its versions to the next.)
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import attrs
import typer
from typer.models import ArgumentInfo, OptionInfo

from docsite import markdown
from ocpp16.apps.commands import app


@attrs.frozen
class Word:
    """An argument or option of a command."""

    name: str
    type: type
    default: object
    info: ArgumentInfo | OptionInfo
    is_repeatable: bool

    @property
    def metavar(self) -> str:
        """What stands for a value."""
        if self.info.metavar:
            return self.info.metavar
        if issubclass(self.type, Enum):
            return "|".join(str(member.value) for member in self.type)
        words = {int: "INTEGER", float: "NUMBER", Path: "PATH", bytes: "BYTES"}
        return words.get(self.type, "TEXT")

    @property
    def names(self) -> tuple[str, ...]:
        """How the option is written."""
        # Within Annotated the first word of a declaration stands where a default would.
        first = self.info.default
        declared = [*([first] if isinstance(first, str) else []), *(self.info.param_decls or ())]
        if declared:
            return tuple(declared)
        own = f"--{self.name.replace('_', '-')}"
        return (f"{own} / --no-{own[2:]}",) if self.type is bool else (own,)


def commands() -> str:
    """Return every command with its arguments, options and help."""
    assert app.registered_callback is not None
    return "\n".join(_group("ocpp16", app))


def _group(name: str, group: typer.Typer, help_text: str | None = None) -> Iterator[str]:
    callback = group.registered_callback
    if callback is not None and callback.callback is not None:
        yield from _command(name, callback.callback, help_text or callback.help)
    elif help_text:
        yield f"## {name}\n"
        yield from _help(help_text)
    for command in group.registered_commands:
        assert command.callback is not None
        own = command.name or command.callback.__name__.replace("_", "-")
        yield from _command(f"{name} {own}", command.callback, command.help)
    for below in group.registered_groups:
        assert below.typer_instance is not None
        text = below.help if isinstance(below.help, str) else below.typer_instance.info.help
        own_text = text if isinstance(text, str) else None
        yield from _group(f"{name} {below.name}", below.typer_instance, own_text)


def _command(name: str, callback: Callable[..., Any], help_text: str | None) -> Iterator[str]:
    words = list(_words(callback))
    arguments = [word for word in words if isinstance(word.info, ArgumentInfo)]
    options = [word for word in words if isinstance(word.info, OptionInfo)]
    yield f"## {name}\n"
    given = [name, *(["[OPTIONS]"] if options else []), *(word.metavar for word in arguments)]
    yield markdown.code("text", " ".join(given))
    yield from _help(help_text or inspect.getdoc(callback) or "")
    if arguments:
        yield markdown.table(
            ["Argument", "Default", "Meaning"],
            ((f"`{word.metavar}`", _default(word), _meaning(word)) for word in arguments),
        )
    if options:
        yield markdown.table(
            ["Option", "Default", "Meaning"],
            ((_option(word), _default(word), _meaning(word)) for word in options),
        )


def _words(callback: Callable[..., Any]) -> Iterator[Word]:
    hints = get_type_hints(callback, include_extras=True)
    for name, parameter in inspect.signature(callback).parameters.items():
        if get_args(hints[name])[1:] == () or not hasattr(hints[name], "__metadata__"):
            continue
        info = next(m for m in hints[name].__metadata__ if isinstance(m, ArgumentInfo | OptionInfo))
        held = get_args(hints[name])[0]
        plain = [one for one in get_args(held) if one is not NoneType]
        kind = plain[0] if plain else held
        is_repeatable = getattr(held, "__origin__", None) is list
        if getattr(kind, "__origin__", None) is list:
            is_repeatable, kind = True, get_args(kind)[0]
        yield Word(name, kind, parameter.default, info, is_repeatable)


def _help(text: str) -> Iterator[str]:
    """Yield a help text as Markdown: what it marks as laid out stays so."""
    for block in re.split(r"\n\s*\n", text.strip()):
        if not block.startswith("\b"):
            yield " ".join(block.split()) + "\n"
            continue
        head, *lines = block.lstrip("\b").strip("\n").splitlines()
        if lines and lines[0].startswith("  "):
            yield f"{head}\n"
            yield markdown.code("text", "\n".join(line[2:] for line in lines))
        else:
            yield " ".join((head, *lines)) + "\n"


def _option(word: Word) -> str:
    names = ", ".join(f"`{name}`" for name in word.names)
    return names if word.type is bool else f"{names} `{word.metavar}`"


def _default(word: Word) -> str:
    if word.default is inspect.Parameter.empty:
        return "required"
    value = word.default
    if value is None or value is False:
        return ""
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _meaning(word: Word) -> str:
    info = word.info
    parts = [info.help or ""]
    if info.min is not None and info.max is not None:
        parts.append(f"{info.min:,} to {info.max:,}.")
    elif info.min is not None:
        parts.append(f"At least {info.min:,}.")
    if word.is_repeatable and "repeatable" not in parts[0].casefold():
        parts.append("Repeatable.")
    if info.envvar:
        names = [info.envvar] if isinstance(info.envvar, str) else info.envvar
        parts.append(f"Also from the environment: {', '.join(f'`{name}`' for name in names)}.")
    return " ".join(parts)
