"""What the store of a bridge holds, for commands that look into it beside a running bridge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from ocpp16.store.bridge import query
from ocpp16.store.bridge.query import ChargerRow, MessageRow
from ocpp16.store.bridge.tables import SCHEMA, State
from ocpp16.store.database import Database

WAITING: Final = (State.QUEUED, State.RELEASED, State.HELD)
FOR_A_PERSON: Final = (State.DEAD, State.HELD)


class Inventory:
    """A store that is open."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def chargers(self) -> Sequence[ChargerRow]:
        """Return every charge point that is known."""
        return await self._database.read(query.chargers)

    async def messages(self, identity: str, *, dead: bool) -> Sequence[MessageRow]:
        """Return the messages of a charge point that wait, or those that wait for a person."""
        states = FOR_A_PERSON if dead else WAITING
        return await self._database.read(
            lambda connection: query.messages(connection, identity, states)
        )

    async def retry(self, identity: str, key: int) -> MessageRow | None:
        """Put a message back, and return it; None if there is none."""
        return await self._database.write(
            lambda connection: query.release(connection, key, identity)
        )

    async def discard(self, identity: str, key: int) -> MessageRow | None:
        """Do away with a message, and return it; None if there is none."""
        return await self._database.write(lambda connection: query.drop(connection, key, identity))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Inventory]:
    """Open a store that is there.

    Raises:
        FileNotFoundError: It is not: looking must not make one.
        StoreError: It cannot be used.
    """
    _check_there(url)
    async with await Database.open(url, schemas=[SCHEMA]) as database:
        yield Inventory(database)


def _check_there(url: str) -> None:
    parts = sa.make_url(url)
    if parts.drivername.startswith("sqlite") and parts.database:
        path = Path(parts.database)
        if not path.exists():
            raise FileNotFoundError(f"there is no store {path}")
