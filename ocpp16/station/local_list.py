"""The local authorization list of a charge point. Spec: C 3.5.3, 5.10, 5.15, CE 3.52; SPEC 4, 8.

Changes only by SendLocalList; outlives restarts. Tags compare without case.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs

from ocpp16.datatypes import AuthorizationData, IdTagInfo
from ocpp16.enums import AuthorizationStatus, UpdateStatus, UpdateType
from ocpp16.station.record import from_record, to_record
from ocpp16.storage import Change, StationStorage

KIND = "local-list"
VERSION_KIND = "local-list-version"
NOT_SUPPORTED = -1
"""The version that says that there is no list."""
VALID = frozenset({AuthorizationStatus.ACCEPTED, AuthorizationStatus.CONCURRENT_TX})
"""C 3.5.2: ConcurrentTx counts as a valid entry."""


class LocalList:
    """A local list.

    Args:
        storage: Where it is kept.
        max_length: LocalAuthListMaxLength: entries in all.
        max_update: SendLocalListMaxLength: entries of one message.
    """

    __slots__ = ("_entries", "_storage", "max_length", "max_update", "version")

    def __init__(self, storage: StationStorage, *, max_length: int, max_update: int) -> None:
        self._storage = storage
        self.max_length = max_length
        self.max_update = max_update
        self._entries = {
            key: from_record(IdTagInfo, record) for key, record in storage.read(KIND).items()
        }
        version = storage.read(VERSION_KIND).get("version", 0)
        self.version = version if isinstance(version, int) else 0
        """0 while it is empty."""

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, id_tag: str, now: datetime) -> IdTagInfo | None:
        """Return what the list says of a tag; an entry whose date has passed is Expired."""
        return as_of(self._entries.get(id_tag.casefold()), now)

    def update(
        self, type: UpdateType, version: int, entries: Iterable[AuthorizationData]
    ) -> UpdateStatus:
        """Take a SendLocalList.

        Raises:
            StorageFailed: It could not be stored, and is not applied.
        """
        given = list(entries)
        tags = [entry.id_tag.casefold() for entry in given]
        is_full = type is UpdateType.FULL
        if version <= 0 or len(given) > self.max_update or len(set(tags)) < len(tags):
            return UpdateStatus.FAILED
        if is_full and any(entry.id_tag_info is None for entry in given):
            return UpdateStatus.FAILED
        if not is_full and version <= self.version:
            return UpdateStatus.VERSION_MISMATCH
        wanted: dict[str, IdTagInfo] = {} if is_full else dict(self._entries)
        for tag, entry in zip(tags, given, strict=True):
            if entry.id_tag_info is None:
                wanted.pop(tag, None)
            else:
                wanted[tag] = entry.id_tag_info
        if len(wanted) > self.max_length:
            return UpdateStatus.FAILED
        # SPEC 8: an empty list has version 0, whatever version emptied it.
        self._keep(wanted, version if wanted or not is_full else 0)
        return UpdateStatus.ACCEPTED

    def _keep(self, wanted: dict[str, IdTagInfo], version: int) -> None:
        changes = [Change(KIND, tag) for tag in self._entries if tag not in wanted]
        changes += [
            Change(KIND, tag, to_record(info))
            for tag, info in wanted.items()
            if self._entries.get(tag) != info
        ]
        self._storage.write([*changes, Change(VERSION_KIND, "version", version)])
        self._entries, self.version = wanted, version


def as_of(info: IdTagInfo | None, now: datetime) -> IdTagInfo | None:
    """Return what is known of a tag as it stands at a time: expired once its date has passed."""
    if info is None or info.expiry_date is None or info.expiry_date > now:
        return info
    return attrs.evolve(info, status=AuthorizationStatus.EXPIRED) if info.status in VALID else info
