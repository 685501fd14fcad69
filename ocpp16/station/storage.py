"""Reading back what a station stored. The storage itself is `ocpp16.storage.StationStorage`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocpp16.storage import Value


class RecordDamaged(ValueError):
    """What was read from a storage is not what is stored there."""


def fields_of(value: Value, what: str) -> Mapping[str, Any]:
    """Return a stored dictionary.

    Raises:
        RecordDamaged: It is none.
    """
    if not isinstance(value, Mapping):
        raise RecordDamaged(f"{value!r} is no {what}")
    return value


def integer_of(value: Value, what: str) -> int:
    """Return a stored integer.

    Raises:
        RecordDamaged: It is none.
    """
    if type(value) is not int:
        raise RecordDamaged(f"{value!r} is no {what}")
    return value
