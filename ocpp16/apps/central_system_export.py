"""`ocpp16 central-system export`: writes the books of a store for billing. Changes nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO

import sqlalchemy as sa
from sqlalchemy import Connection, exc

from ocpp16.apps.central_system import SCHEMAS
from ocpp16.store.central_system.export import (
    METER_VALUE_COLUMNS,
    TRANSACTION_COLUMNS,
    meter_value_rows,
    transaction_rows,
    write_csv,
    write_json,
)
from ocpp16.store.central_system.tables import TRANSACTIONS
from ocpp16.store.database import Database


async def export_books(
    store: str,
    *,
    is_meter_values: bool,
    is_csv: bool,
    identity: str | None,
    since: datetime | None,
    until: datetime | None,
    out: TextIO,
) -> int:
    """Write transactions, or meter values, and return how many there were.

    Args:
        store: URL of the store.
        is_meter_values: Meter values in place of transactions.
        is_csv: CSV in place of JSON.
        identity: Only those of this charge point.
        since: Only those that began, or were measured, then or later.
        until: Only those earlier than that.
        out: Where to.

    Raises:
        FileNotFoundError: There is no such SQLite file.
        StoreError: The store cannot be read.
    """
    _check_exists(store)

    def write(connection: Connection) -> int:
        rows = meter_value_rows if is_meter_values else transaction_rows
        found = rows(connection, identity=identity, since=since, until=until)
        if not is_csv:
            return write_json(found, out)
        columns = METER_VALUE_COLUMNS if is_meter_values else TRANSACTION_COLUMNS
        return write_csv(found, columns, out)

    async with await Database.open(store, schemas=SCHEMAS) as database:
        return await database.read(write)


def _check_exists(store: str) -> None:
    """See to it that none is made by looking for it, and nobody else's file becomes one."""
    try:
        url = sa.make_url(store)
    except exc.ArgumentError:
        return  # `Database.open` says what is wrong, and shows no password.
    if not url.drivername.startswith("sqlite") or not url.database:
        return
    path = Path(url.database)
    if not path.exists():
        raise FileNotFoundError(f"there is no store {path}")
    with suppress(sqlite3.Error):  # `Database.open` says what is wrong.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            query = "SELECT 1 FROM sqlite_schema WHERE name = ?"
            is_store = database.execute(query, (TRANSACTIONS.name,)).fetchone() is not None
        if not is_store:
            raise FileNotFoundError(f"{path} is no store of a central system")
