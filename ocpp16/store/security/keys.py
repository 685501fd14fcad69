"""The keys of charge points in a store, as salted hashes (W A01.08)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Self

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.security.auth import hash_key, matches
from ocpp16.security.credentials import key_bytes
from ocpp16.store.database import Database
from ocpp16.store.security.tables import KEYS


@attrs.frozen
class Known:
    """A charge point that has a key."""

    hashes: tuple[str, ...] = attrs.field(repr=False)
    since: datetime
    """When its keys were changed last."""


class StoredCredentials:
    """`Credentials` in a store: read from memory, and stored before a change counts.

    Made by `load`. The database must have been opened with `security.tables.SCHEMA`, and be led by
    this process, since what another one writes is not seen.
    """

    def __init__(
        self, database: Database, found: dict[str, Known], now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._known = found
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
    def known(self) -> Mapping[str, Known]:
        """Who has a key; a live view."""
        return self._known

    async def find(self, identity: str) -> tuple[str, ...] | None:
        """Return the hashes of the keys that are valid, oldest first; None: it is not known."""
        known = self._known.get(identity)
        return None if known is None else known.hashes

    async def keep(self, identity: str, hashes: tuple[str, ...]) -> None:
        """Keep these hashes in place of those before; without any, the charge point is forgotten.

        Raises:
            StoreError: It could not be stored, and what was kept before holds.
        """
        now = self._now()
        await self._database.write(lambda connection: _put(connection, identity, hashes, now))
        if hashes:
            self._known[identity] = Known(hashes, now)
        else:
            self._known.pop(identity, None)

    async def add(self, identity: str, key: str | bytes) -> None:
        """Give a charge point a key in place of the one before.

        Args:
            identity: The charge point.
            key: 32 to 40 hex digits, or bytes.

        Raises:
            ValueError: The key is none.
            StoreError: It could not be stored.
        """
        await self.keep(identity, (hash_key(key_bytes(identity, key)),))

    async def remove(self, identity: str) -> bool:
        """Forget a charge point; return whether it was known.

        Raises:
            StoreError: It could not be stored.
        """
        was_known = identity in self._known
        if was_known:
            await self.keep(identity, ())
        return was_known

    async def enter(self, identity: str, key: str | bytes) -> bool:
        """Give a key to a charge point that has none yet.

        Returns:
            Whether this key is valid now; False leaves the one that it has.

        Raises:
            ValueError: The key is none.
            StoreError: It could not be stored.
        """
        known = self._known.get(identity)
        if known is None:
            await self.add(identity, key)
            return True
        return any(matches(each, key_bytes(identity, key)) for each in known.hashes)


def _all(connection: Connection) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for row in connection.execute(sa.select(KEYS).order_by(KEYS.c.identity, KEYS.c.position)):
        before = found.get(row.identity)
        hashes = () if before is None else before.hashes
        found[row.identity] = Known((*hashes, row.hash), row.since)
    return found


def _put(connection: Connection, identity: str, hashes: tuple[str, ...], now: datetime) -> None:
    connection.execute(sa.delete(KEYS).where(KEYS.c.identity == identity))
    rows = [
        {"identity": identity, "position": position, "hash": each, "since": now}
        for position, each in enumerate(hashes)
    ]
    if rows:
        connection.execute(sa.insert(KEYS), rows)
