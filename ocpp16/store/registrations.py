"""Registrations that outlive the process: `ocpp16.storage.Registrations` in a store."""

from __future__ import annotations

from typing import Self

import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.storage import Registration
from ocpp16.store.column import PeerText
from ocpp16.store.database import Database
from ocpp16.store.schema import Schema, new_tables

METADATA = sa.MetaData()
TABLE = sa.Table(
    "ocpp16_registration",
    METADATA,
    sa.Column("identity", PeerText, primary_key=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("interval", sa.BigInteger, nullable=False),
)
SCHEMA = Schema("registration", (new_tables(METADATA),))
"""To be opened with the database."""


class StoredRegistrations:
    """`Registrations` in a store: read from memory, and stored before the answer leaves.

    Made by `load`. The database must have been opened with `SCHEMA`.
    """

    def __init__(self, database: Database, found: dict[str, Registration]) -> None:
        self._database = database
        self._registrations = found

    @classmethod
    async def load(cls, database: Database) -> Self:
        """Read what was kept.

        Raises:
            StoreError: The database failed.
        """
        return cls(database, await database.read(_all))

    def find(self, identity: str) -> Registration | None:
        """Return the registration of a charge point, None if it never booted here."""
        return self._registrations.get(identity)

    async def keep(self, identity: str, registration: Registration) -> None:
        """Keep what a charge point was told, in place of what it was told before.

        Raises:
            StoreError: It could not be stored, and what was told before holds.
        """
        if self._registrations.get(identity) == registration:
            return
        await self._database.write(lambda connection: _put(connection, identity, registration))
        self._registrations[identity] = registration

    async def forget(self, identity: str) -> None:
        """Take it that a charge point never booted here."""
        gone = sa.delete(TABLE).where(TABLE.c.identity == identity)
        await self._database.write(lambda connection: connection.execute(gone).close())
        self._registrations.pop(identity, None)


def _all(connection: Connection) -> dict[str, Registration]:
    return {
        row.identity: Registration(status=row.status, interval=row.interval)
        for row in connection.execute(sa.select(TABLE))
    }


def _put(connection: Connection, identity: str, registration: Registration) -> None:
    values = {"status": registration.status, "interval": registration.interval}
    change = sa.update(TABLE).where(TABLE.c.identity == identity).values(values)
    if not connection.execute(change).rowcount:
        connection.execute(sa.insert(TABLE).values(identity=identity, **values))
