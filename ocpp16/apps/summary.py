"""Messages as people and programs read them: a short text, or the fields as JSON would have them.

Knows the spec of a message and no wire. Texts of a peer are escaped and cut; what may hold a key or
a password is not shown. Spec: W A01.09 (keys are never logged).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from ocpp16.datatypes import KeyValue
from ocpp16.messages import ChangeConfigurationRequest
from ocpp16.primitives import format_timestamp
from ocpp16.roles.log import one_line
from ocpp16.spec import FieldKind
from ocpp16.structure import Structure

SECRET_KEYS = frozenset({"authorizationkey"})
"""Configuration keys whose value is never shown, in small letters."""

_HIDDEN = "(hidden)"
_CREDENTIALS = re.compile(r"(?<=//)[^/?#]*@")


def payload_of(message: Structure) -> dict[str, Any]:
    """Return the fields of a message as JSON values under their wire names."""
    fields: dict[str, Any] = {}
    for field in type(message).SPEC.fields:
        value = getattr(message, field.name)
        if value is None:
            continue
        if field.kind is FieldKind.URI or field.name in {"location", "remote_location"}:
            value = _CREDENTIALS.sub("", str(value))
        fields[field.wire] = _plain(value)
    if isinstance(message, (ChangeConfigurationRequest, KeyValue)):
        if message.key.casefold() in SECRET_KEYS and message.value is not None:
            fields["value"] = _HIDDEN
    return fields


def _plain(value: object) -> Any:
    match value:
        case Structure():
            return payload_of(value)
        case tuple():
            return [_plain(item) for item in value]
        case datetime():
            return format_timestamp(value)
        case str():
            return str(value)
        case _:
            return value


def summarise(message: Structure, limit: int = 200) -> str:
    """Return a message as one line: what matters of each field, control characters escaped."""
    return one_line(" ".join(_parts(payload_of(message))), limit)


def _parts(fields: dict[str, Any]) -> list[str]:
    return [f"{name}={_short(value)}" for name, value in fields.items()]


def _short(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return "{" + " ".join(_parts(value)) + "}"
        case [dict(), _, *_]:
            return f"[{len(value)} items]"
        case list():
            return "[" + " ".join(_short(item) for item in value) + "]"
        case str() if not value or " " in value:
            return f'"{value}"'
        case _:
            return str(value)
