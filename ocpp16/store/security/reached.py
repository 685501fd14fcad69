"""The highest security profile of each charge point, in a store: it never goes down (W A05.09)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Self

import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.store.database import Database
from ocpp16.store.security.tables import REACHED


class StoredReachedProfiles:
    """`ReachedProfiles` in a store: read from memory, and stored before a connection counts.

    Made by `load`. The database must have been opened with `security.tables.SCHEMA`, and be led by
    this process.
    """

    def __init__(
        self, database: Database, found: dict[str, int], now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._profiles = found
        self._now = now

    @classmethod
    async def load(cls, database: Database, now: Callable[[], datetime] | None = None) -> Self:
        """Read what was kept.

        Args:
            database: The store.
            now: The time; None is the machine's.

        Raises:
            StoreError: The database failed.
        """
        clock = (lambda: datetime.now(UTC)) if now is None else now
        return cls(database, await database.read(_all), clock)

    @property
    def known(self) -> Mapping[str, int]:
        """The profile of each charge point that has connected on one above 0; a live view."""
        return self._profiles

    async def find(self, identity: str) -> int:
        """Return the highest profile of a charge point, 0 if nothing is known."""
        return self._profiles.get(identity, 0)

    async def keep(self, identity: str, profile: int) -> None:
        """Keep that a charge point has connected on a profile; a lower one changes nothing.

        Raises:
            StoreError: It could not be stored, and what was kept before holds.
        """
        if profile <= self._profiles.get(identity, 0):
            return
        now = self._now()
        await self._database.write(lambda connection: _raise(connection, identity, profile, now))
        # Another connection may have got further while this one waited.
        self._profiles[identity] = max(profile, self._profiles.get(identity, 0))

    async def forget(self, identity: str) -> None:
        """Take it that a charge point never connected: another one has its name from now on.

        Raises:
            StoreError: It could not be stored.
        """
        gone = sa.delete(REACHED).where(REACHED.c.identity == identity)
        await self._database.write(lambda connection: connection.execute(gone).close())
        self._profiles.pop(identity, None)


def _all(connection: Connection) -> dict[str, int]:
    return {row.identity: row.profile for row in connection.execute(sa.select(REACHED))}


def _raise(connection: Connection, identity: str, profile: int, now: datetime) -> None:
    same = REACHED.c.identity == identity
    found = connection.scalar(sa.select(REACHED.c.profile).where(same))
    values = {"profile": profile, "since": now}
    if found is None:
        connection.execute(sa.insert(REACHED).values(identity=identity, **values))
    elif found < profile:
        connection.execute(sa.update(REACHED).where(same).values(values))
