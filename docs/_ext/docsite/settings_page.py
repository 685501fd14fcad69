"""The table of `ocpp16.Settings`: name, default with its unit, and what it does."""

from __future__ import annotations

import inspect
import re
from datetime import timedelta
from itertools import groupby

import attrs

from docsite import markdown
from ocpp16.apps.attribute_text import attribute_texts
from ocpp16.settings import Leniency, Settings


def settings() -> str:
    """Return one table for every group of settings."""
    texts = attribute_texts(Settings)
    fields = {field.name: field for field in attrs.fields(Settings)}
    parts = []
    for group, names in _groups().items():
        rows = (
            (f"`{name}`", _default(fields[name]), _unit(fields[name]), markdown.prose(texts[name]))
            for name in names
        )
        parts += [f"## {group}\n", markdown.table(["Setting", "Default", "Unit", "Meaning"], rows)]
    return "\n".join(parts)


def _groups() -> dict[str, list[str]]:
    """Return the settings under the headings that the class has as comments."""
    heading = ""
    found: list[tuple[str, str]] = []
    for line in inspect.getsource(Settings).splitlines():
        if comment := re.fullmatch(r"    # (\w[\w ]*)", line):
            heading = comment[1]
        elif setting := re.match(r"    (\w+): ", line):
            found.append((heading, setting[1]))
    return {
        group: [name for _, name in pairs]
        for group, pairs in groupby(found, key=lambda pair: pair[0])
    }


def _default(field: attrs.Attribute[object]) -> str:
    match field.default:
        case timedelta() as span:
            return f"{span.total_seconds():,g}"
        case int() as number:
            return f"{number:,}"
        case str() as word:
            return f"`{word}`"
        case _:
            return "none"


def _unit(field: attrs.Attribute[object]) -> str:
    if isinstance(field.default, timedelta):
        return "s (`timedelta`)"
    is_size = field.name.endswith(("_bytes", "_limit", "_size"))
    return "bytes" if is_size else "characters" if field.name == "log_line" else ""


def leniency() -> str:
    """Return the table of what a reader can be told to tolerate."""
    texts = attribute_texts(Leniency)
    return markdown.table(
        ["Leniency", "Effect"],
        ((f"`{kind}`", markdown.prose(texts[kind.name])) for kind in Leniency),
    )
