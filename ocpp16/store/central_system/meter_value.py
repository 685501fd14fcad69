"""Meter values, one row for each sampled value; what comes a second time is there once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.datatypes import MeterValue
from ocpp16.store.central_system.payload import digest
from ocpp16.store.central_system.tables import METER_VALUES, SAMPLED_VALUES

CHUNK = 500
_SAME = METER_VALUES.c.identity == sa.bindparam("whose")
_KEPT = sa.select(METER_VALUES.c.digest).where(
    _SAME, METER_VALUES.c.digest.in_(sa.bindparam("digests", expanding=True))
)
_ADD, _ADD_SAMPLES = sa.insert(METER_VALUES), sa.insert(SAMPLED_VALUES)


def value_digest(connector_id: int | None, transaction_id: int | None, value: MeterValue) -> bytes:
    """Return what a meter value and its repeat have in common."""
    return digest(connector_id, transaction_id, value)


def are_kept(
    connection: Connection,
    identity: str,
    connector_id: int | None,
    transaction_id: int | None,
    values: tuple[MeterValue, ...],
) -> bool:
    """Tell whether all these values are there already; of none, that is not so."""
    wanted = {value_digest(connector_id, transaction_id, value) for value in values}
    return bool(wanted) and _kept_of(connection, identity, wanted) == wanted


def keep(
    connection: Connection,
    identity: str,
    connector_id: int | None,
    transaction_id: int | None,
    values: tuple[MeterValue, ...],
) -> None:
    """Keep meter values, but for those that are there already."""
    digests = [value_digest(connector_id, transaction_id, value) for value in values]
    known = _kept_of(connection, identity, set(digests))
    for each, value in zip(digests, values, strict=True):
        if each in known:
            continue
        known.add(each)
        row = {
            "identity": identity,
            "connector_id": connector_id,
            "transaction_id": transaction_id,
            "at": value.timestamp,
            "digest": each,
        }
        key = connection.execute(_ADD, row).inserted_primary_key
        samples = [
            {
                "meter_value": None if key is None else key[0],
                "position": position,
                "value": sample.value,
                "context": sample.context,
                "format": sample.format,
                "measurand": sample.measurand,
                "phase": sample.phase,
                "location": sample.location,
                "unit": sample.unit,
            }
            for position, sample in enumerate(value.sampled_value)
        ]
        if samples:
            connection.execute(_ADD_SAMPLES, samples)


def forget(connection: Connection, before: datetime) -> int:
    """Let the meter values from before an instant go, and return how many there were."""
    gone = sa.delete(METER_VALUES).where(METER_VALUES.c.at < before)
    return connection.execute(gone).rowcount


def _kept_of(connection: Connection, identity: str, wanted: set[bytes]) -> set[bytes]:
    found: set[bytes] = set()
    for some in _chunks(sorted(wanted)):
        kept = connection.scalars(_KEPT, {"whose": identity, "digests": some})
        found.update(bytes(each) for each in kept)
    return found


def _chunks(items: list[bytes]) -> Iterator[list[bytes]]:
    # Databases limit the parameters of a statement.
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
