"""Transactions and meter values for billing, as CSV or JSON, row by row.

To be run by `database.read`, so that the whole file shows one state of the books.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TextIO

import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.primitives import format_timestamp
from ocpp16.store.central_system.payload import info_from_text
from ocpp16.store.central_system.tables import METER_VALUES, SAMPLED_VALUES
from ocpp16.store.central_system.transaction import select_transactions

Row = Mapping[str, str | int | None]
AT_ONCE = 1000
TRANSACTION_COLUMNS = (
    "transactionId",
    "chargePoint",
    "connectorId",
    "idTag",
    "idTagStatus",
    "parentIdTag",
    "start",
    "stop",
    "meterStart",
    "meterStop",
    "energy",
    "reason",
    "stopIdTag",
    "reservationId",
)
METER_VALUE_COLUMNS = (
    "chargePoint",
    "connectorId",
    "transactionId",
    "timestamp",
    "value",
    "unit",
    "measurand",
    "context",
    "phase",
    "location",
    "format",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")
"""How a text begins that a spreadsheet would run; a peer may have chosen it.

The last four are the wide forms of the first.
"""


def transaction_rows(
    connection: Connection,
    *,
    identity: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Row]:
    """Return transactions in the order in which they began; those that run have no end.

    Args:
        connection: Of a read.
        identity: Only those of this charge point.
        since: Only those that began then or later.
        until: Only those that began earlier.
    """
    query = select_transactions(identity, since, until).execution_options(yield_per=AT_ONCE)
    for row in connection.execute(query):
        info = info_from_text(row.start_info)
        yield {
            "transactionId": row.id,
            "chargePoint": row.identity,
            "connectorId": row.connector_id,
            "idTag": row.id_tag,
            "idTagStatus": str(info.status),
            "parentIdTag": info.parent_id_tag,
            "start": format_timestamp(row.started),
            "stop": None if row.stopped is None else format_timestamp(row.stopped),
            "meterStart": row.meter_start,
            "meterStop": row.meter_stop,
            "energy": None if row.meter_stop is None else row.meter_stop - row.meter_start,
            "reason": row.stop_reason,
            "stopIdTag": row.stop_tag,
            "reservationId": row.reservation_id,
        }


def meter_value_rows(
    connection: Connection,
    *,
    identity: str | None = None,
    transaction_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Row]:
    """Return sampled values in the order of their time.

    Args:
        connection: Of a read.
        identity: Only those of this charge point.
        transaction_id: Only those of this transaction.
        since: Only those measured then or later.
        until: Only those measured earlier.
    """
    table = METER_VALUES.c
    query = (
        sa.select(METER_VALUES, SAMPLED_VALUES)
        .join(SAMPLED_VALUES, SAMPLED_VALUES.c.meter_value == table.number)
        .order_by(table.at, table.number, SAMPLED_VALUES.c.position)
        .execution_options(yield_per=AT_ONCE)
    )
    if identity is not None:
        query = query.where(table.identity == identity)
    if transaction_id is not None:
        query = query.where(table.transaction_id == transaction_id)
    if since is not None:
        query = query.where(table.at >= since)
    if until is not None:
        query = query.where(table.at < until)
    for row in connection.execute(query):
        yield {
            "chargePoint": row.identity,
            "connectorId": row.connector_id,
            "transactionId": row.transaction_id,
            "timestamp": format_timestamp(row.at),
            "value": row.value,
            "unit": row.unit,
            "measurand": row.measurand,
            "context": row.context,
            "phase": row.phase,
            "location": row.location,
            "format": row.format,
        }


def write_csv(rows: Iterable[Row], columns: tuple[str, ...], to: TextIO) -> int:
    """Write rows as CSV with a head line, and return how many there were.

    A text that a spreadsheet would take for a formula gets an apostrophe in front. Open the file
    with `newline=""`.
    """
    writer = csv.writer(to)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])
        count += 1
    return count


def write_json(rows: Iterable[Row], to: TextIO) -> int:
    """Write rows as one JSON array, a row a line, and return how many there were."""
    to.write("[")
    count = 0
    for row in rows:
        to.write(("," if count else "") + "\n" + json.dumps(row))
        count += 1
    to.write("\n]\n" if count else "]\n")
    return count


def _cell(value: str | int | None) -> str | int:
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(FORMULA):
        try:
            float(value)
        except ValueError:
            return f"'{value}"
    return value
