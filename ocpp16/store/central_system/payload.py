"""Messages as JSON text, to be kept and compared. Unlike a codec, it takes what it gets.

What a lenient reader has let in could not be encoded for a peer, and must be kept all the same.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus
from ocpp16.primitives import format_timestamp, parse_timestamp
from ocpp16.structure import Structure


def as_object(structure: Structure) -> dict[str, Any]:
    """Return a message or data type with the names of the wire; absent fields are left out."""
    return {
        field.wire: _plain(value)
        for field in structure.SPEC.fields
        if (value := getattr(structure, field.name)) is not None
    }


def as_text(structure: Structure) -> str:
    """Return a message or data type as JSON."""
    return json.dumps(as_object(structure), separators=(",", ":"))


def digest(*parts: object) -> bytes:
    """Return what stands for these texts, numbers and structures, and for no others."""
    plain = [_plain(part) for part in parts]
    return hashlib.sha256(json.dumps(plain, separators=(",", ":")).encode()).digest()


def info_from_text(text: str) -> IdTagInfo:
    """Return the IdTagInfo that `as_text` wrote."""
    data = json.loads(text)
    expiry = data.get("expiryDate")
    return IdTagInfo(
        status=AuthorizationStatus(data["status"]),
        expiry_date=None if expiry is None else parse_timestamp(expiry),
        parent_id_tag=data.get("parentIdTag"),
    )


def _plain(value: object) -> object:
    match value:
        case Structure():
            return as_object(value)
        case datetime():
            return format_timestamp(value)
        case tuple():
            return [_plain(each) for each in value]
        case str():
            # An enumeration, too, is its text.
            return str.__str__(value)
        case _:
            return value
