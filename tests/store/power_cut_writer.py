"""A process that writes to a store and promises what it was told is stored. Run by a test.

    python -m tests.store.power_cut_writer URL MARKS FIRST COUNT [SYNCHRONOUS]

Text number N is handed in after number N - 1, so what a cut leaves is all up to some number.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from typing import Any

from sqlalchemy import Engine, event

from ocpp16.store.database import Database
from tests.store.tables import SCHEMA, insert

AT_ONCE = 5


def small_log(connection: Any, _: object) -> None:
    # Moves the log into the file often, so that many cuts fall into that.
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA wal_autocheckpoint = 12")


async def main() -> None:
    url, marks, first, count, *synchronous = sys.argv[1:]
    event.listen(Engine, "connect", small_log)
    promised = os.open(marks, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    database = await Database.open(url, schemas=[SCHEMA], group_limit=3)
    if synchronous:
        # Applies to the connection of the thread that writes, which nothing makes anew.
        connection = database._writer._connection
        assert connection is not None
        connection.connection.driver_connection.execute(  # type: ignore[union-attr]
            f"PRAGMA synchronous = {synchronous[0]}"
        )
    await database.lead()
    numbers = iter(range(int(first), int(first) + int(count)))

    async def write() -> None:
        for number in numbers:
            text = await database.write(insert(f"{number:06}" * 16))
            os.write(promised, text[:6].encode())

    await asyncio.gather(*(write() for _ in range(AT_ONCE)))
    await database.close()
    os.close(promised)


asyncio.run(main())
