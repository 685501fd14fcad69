"""Whether a central system's store holds what its charge points were answered, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16 import messages
from ocpp16.apps.exchange import Exchange
from ocpp16.datatypes import MeterValue
from ocpp16.enums import Reason
from ocpp16.store.central_system import charge_point, transaction
from ocpp16.store.central_system.tables import EVENTS, METER_VALUES, SAMPLED_VALUES

MANY = 1_000_000


def differences(exchanges: Iterable[Exchange], file: Path) -> list[str]:
    """Return what was refused, what was acknowledged and is not there, and what nobody sent."""
    calls = list(exchanges)
    engine = sa.create_engine(f"sqlite:///{file}")
    try:
        with engine.connect() as connection:
            return [*_refused(calls), *_unlike(calls, connection)]
    finally:
        engine.dispose()


def _refused(calls: list[Exchange]) -> Iterator[str]:
    for call in calls:
        if not call.ok:
            yield f"{call.identity}: {call.action}: {call.outcome}"


def _unlike(calls: list[Exchange], connection: Connection) -> Iterator[str]:
    for name, told, kept in (
        ("boots", _boots(calls), _kept_boots(connection)),
        ("statuses", _statuses(calls), _kept_statuses(connection)),
        ("transactions", _transactions(calls), _kept_transactions(connection)),
        ("meter values", _values(calls), _kept_values(connection)),
        ("events", _events(calls), _kept_events(connection)),
    ):
        for one in (told - kept).elements():
            yield f"{name}: acknowledged and not kept: {one}"
        for one in (kept - told).elements():
            yield f"{name}: kept and not acknowledged: {one}"


def _boots(calls: list[Exchange]) -> Counter[Any]:
    boots = (call for call in calls if isinstance(call.request, messages.BootNotificationRequest))
    return Counter(Counter(call.identity for call in boots).items())


def _kept_boots(connection: Connection) -> Counter[Any]:
    found = charge_point.charge_points(connection, limit=MANY)
    return Counter((each.identity, each.boots) for each in found)


def _statuses(calls: list[Exchange]) -> Counter[Any]:
    last: dict[tuple[str, int], Any] = {}
    for call in calls:
        match call.request:
            case messages.StatusNotificationRequest() as request:
                last[call.identity, request.connector_id] = str(request.status), request.timestamp
            case _:
                pass
    return Counter(last.items())


def _kept_statuses(connection: Connection) -> Counter[Any]:
    return Counter(
        ((known.identity, each.connector_id), (each.status, each.since))
        for known in charge_point.charge_points(connection, limit=MANY)
        for each in charge_point.connectors(connection, known.identity)
    )


def _transactions(calls: list[Exchange]) -> Counter[Any]:
    starts: dict[int, Any] = {}
    stops: dict[int, Any] = {}
    for call in calls:
        match call.request, call.outcome:
            case (
                messages.StartTransactionRequest() as start,
                messages.StartTransactionResponse() as told,
            ):
                starts[told.transaction_id] = (
                    call.identity, start.connector_id, start.id_tag, start.meter_start,
                    start.timestamp,
                )  # fmt: skip
            case messages.StopTransactionRequest() as stop, _:
                reason = str(stop.reason or Reason.LOCAL)
                stops[stop.transaction_id] = stop.meter_stop, stop.timestamp, reason
            case _:
                pass
    return Counter((number, each, stops.get(number)) for number, each in starts.items())


def _kept_transactions(connection: Connection) -> Counter[Any]:
    return Counter(
        (
            each.id,
            (each.identity, each.connector_id, each.id_tag, each.meter_start, each.started),
            None if each.stopped is None else (each.meter_stop, each.stopped, each.stop_reason),
        )
        for each in transaction.transactions(connection, limit=MANY)
    )


def _values(calls: list[Exchange]) -> Counter[Any]:
    connectors: dict[int, int] = {}
    found: set[Any] = set()
    for call in calls:
        match call.request, call.outcome:
            case (
                messages.StartTransactionRequest() as start,
                messages.StartTransactionResponse() as told,
            ):
                connectors[told.transaction_id] = start.connector_id
            case messages.MeterValuesRequest() as meter, _:
                found |= _rows(
                    call.identity, meter.connector_id, meter.transaction_id, meter.meter_value
                )
            case messages.StopTransactionRequest() as stop, _:
                number = stop.transaction_id
                found |= _rows(call.identity, connectors.get(number), number, stop.transaction_data)
            case _:
                pass
    return Counter(found)


def _rows(
    identity: str,
    connector: int | None,
    number: int | None,
    values: Iterable[MeterValue] | None,
) -> set[Any]:
    return {
        (
            identity, connector, number, value.timestamp,
            tuple((str(each.context), each.value) for each in value.sampled_value),
        )
        for value in values or ()
    }  # fmt: skip


def _kept_values(connection: Connection) -> Counter[Any]:
    samples: dict[int, list[tuple[str, str]]] = {}
    ordered = sa.select(SAMPLED_VALUES).order_by(
        SAMPLED_VALUES.c.meter_value, SAMPLED_VALUES.c.position
    )
    for row in connection.execute(ordered):
        samples.setdefault(row.meter_value, []).append((str(row.context), row.value))
    return Counter(
        (
            row.identity,
            row.connector_id,
            row.transaction_id,
            row.at,
            tuple(samples.get(row.number, ())),
        )
        for row in connection.execute(sa.select(METER_VALUES))
    )


EVENT_OF = {
    "BootNotification": "boot",
    "StartTransaction": "start",
    "StopTransaction": "stop",
    "StatusNotification": "status",
}


def _events(calls: list[Exchange]) -> Counter[Any]:
    return Counter(
        (call.identity, EVENT_OF[call.action]) for call in calls if call.action in EVENT_OF
    )


def _kept_events(connection: Connection) -> Counter[Any]:
    kinds = [*EVENT_OF.values(), "flag"]
    rows = connection.execute(sa.select(EVENTS).where(EVENTS.c.kind.in_(kinds)))
    return Counter((row.identity, row.kind) for row in rows)
