"""Messages as people and programs read them: a short text, or the fields as JSON would have them.

Knows the spec of a message and no wire. What may hold a key or a password is never shown (W
A01.09). Texts of a peer are escaped by `summarise`, and as they are in `payload_of`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from ocpp16.datatypes import (
    AuthorizationData,
    ChargingSchedulePeriod,
    IdTagInfo,
    KeyValue,
    MeterValue,
    SampledValue,
)
from ocpp16.enums import ChargePointErrorCode
from ocpp16.log import one_line
from ocpp16.messages import ChangeConfigurationRequest
from ocpp16.primitives import format_timestamp
from ocpp16.spec import FieldKind, FieldSpec
from ocpp16.structure import Structure

SECRET_KEYS = frozenset({"authorizationkey"})
"""Configuration keys whose value is never shown, in small letters."""
HIDDEN = "(hidden)"
"""What stands in place of such a value."""
SHOWN_ITEMS = 3
"""Items of a list that a short text shows."""

_CREDENTIALS = re.compile(r"(?<=//)[^/?#]*@")
_KEYS = re.compile(r"(?<=/)[A-Za-z0-9_-]{32,}(?=/|$)|(?<=\?).+")
"""What gives the right to a file: a secret in the path, as our file server has it, or a query."""
_SPEAKING = frozenset({"status", "id_tag_info", "meter_value"})
_LOCATIONS = frozenset({"location", "remote_location"})


def payload_of(message: Structure) -> dict[str, Any]:
    """Return the fields of a message as JSON values under their wire names."""
    return {field.wire: _plain(value) for field, value in _fields(message)}


def summarise(message: Structure, limit: int = 200) -> str:
    """Return what matters of a message as one line; times are left out beside other fields."""
    fields = _fields(message)
    telling = [
        (field, value)
        for field, value in fields
        if field.kind is not FieldKind.TIMESTAMP and value is not ChargePointErrorCode.NO_ERROR
    ]
    # A stable sort: random ids of many digits last, where a narrow line is cut.
    telling.sort(key=lambda pair: pair[0].name == "transaction_id")
    return one_line(" ".join(_part(field, value) for field, value in telling or fields), limit)


def without_credentials(url: str) -> str:
    """Return a text without the user and password that a URL in it names."""
    return _CREDENTIALS.sub("", url)


def _part(field: FieldSpec, value: object) -> str:
    # Where the value says what it is, its name is not needed.
    return _short(value) if field.name in _SPEAKING else f"{field.wire}={_short(value)}"


def _fields(message: Structure) -> list[tuple[FieldSpec, Any]]:
    hides_value = (
        isinstance(message, (ChangeConfigurationRequest, KeyValue))
        and message.key.casefold() in SECRET_KEYS
    )
    found = []
    for field in type(message).SPEC.fields:
        value = getattr(message, field.name)
        if value is None:
            continue
        if hides_value and field.name == "value":
            value = HIDDEN
        elif field.kind is FieldKind.URI or field.name in _LOCATIONS:
            value = _KEYS.sub(HIDDEN, without_credentials(str(value)))
        found.append((field, value))
    return found


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


def _short(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case IdTagInfo(status=status, parent_id_tag=None):
            return str(status)
        case IdTagInfo(status=status, parent_id_tag=parent):
            return f"{status}({parent})"
        case AuthorizationData(id_tag=tag, id_tag_info=info):
            return f"{tag}:{_short(info) if info else 'removed'}"
        case KeyValue():
            return f"{value.key}={payload_of(value).get('value', '')}"
        case SampledValue():
            return f"{value.value}{value.unit or ''}"
        case MeterValue():
            return "+".join(_short(sample) for sample in value.sampled_value)
        case ChargingSchedulePeriod():
            return f"{value.start_period}s:{value.limit:g}"
        case Structure():
            return "{" + summarise(value) + "}"
        case tuple():
            return _short_list(value)
        case datetime():
            return format_timestamp(value.replace(microsecond=0))
        case str() if not value or " " in value:
            return f'"{value}"'
        case _:
            return str(value)


def _short_list(values: tuple[object, ...]) -> str:
    shown = [_short(value) for value in values[:SHOWN_ITEMS]]
    if len(values) > SHOWN_ITEMS:
        shown.append(f"and {len(values) - SHOWN_ITEMS} more")
    return f"[{', '.join(shown)}]"
