"""The authorization cache of a charge point. Spec: C 3.5.1, CE 3.4; SPEC 4.

Holds what the central system said last of each tag, valid or not; outlives restarts and power loss.
When it is full, invalid entries go first, then the valid ones that were told longest ago.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ocpp16.datatypes import IdTagInfo
from ocpp16.station.local_list import VALID, as_of
from ocpp16.station.record import from_record, to_record
from ocpp16.station.storage import fields_of
from ocpp16.storage import Change, StationStorage

KIND = "authorization-cache"


class AuthorizationCache:
    """A cache.

    Args:
        storage: Where it is kept.
        limit: How many tags it holds.
    """

    __slots__ = ("_count", "_entries", "_limit", "_storage")

    def __init__(self, storage: StationStorage, limit: int = 1000) -> None:
        self._storage = storage
        self._limit = limit
        stored: list[tuple[int, str, IdTagInfo]] = sorted(
            (_stored(key, record) for key, record in storage.read(KIND).items()),
            key=lambda each: each[0],
        )
        self._entries = {key: info for _, key, info in stored}
        self._count = stored[-1][0] if stored else 0

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, id_tag: str, now: datetime) -> IdTagInfo | None:
        """Return what was said of a tag; an entry whose date has passed is Expired."""
        return as_of(self._entries.get(id_tag.casefold()), now)

    def learn(self, id_tag: str, info: IdTagInfo, now: datetime) -> None:
        """Keep what was said of a tag.

        Raises:
            StorageFailed: It could not be stored, and is not kept.
        """
        key = id_tag.casefold()
        changes = []
        victim = None
        if key not in self._entries and len(self._entries) >= self._limit:
            victim = self._victim(now)
            changes.append(Change(KIND, victim))
        number = self._count + 1
        self._storage.write([*changes, Change(KIND, key, {"n": number, "info": to_record(info)})])
        if victim is not None:
            del self._entries[victim]
        self._entries.pop(key, None)
        self._entries[key] = info
        self._count = number

    def forget(self, id_tag: str) -> None:
        """Drop what was said of a tag: it has come into the local list."""
        if id_tag.casefold() in self._entries:
            self._storage.write([Change(KIND, id_tag.casefold())])
            del self._entries[id_tag.casefold()]

    def clear(self) -> None:
        """Drop everything (C 5.4)."""
        self._storage.write([Change(KIND, key) for key in self._entries])
        self._entries.clear()

    def _victim(self, now: datetime) -> str:
        for key in self._entries:
            info = self.find(key, now)
            if info is not None and info.status not in VALID:
                return key
        return next(iter(self._entries))


def _stored(key: str, record: Any) -> tuple[int, str, IdTagInfo]:
    fields = fields_of(record, "cache entry")
    return int(fields["n"]), key, from_record(IdTagInfo, fields["info"])
