"""The local authorization list of a simulated charge point. Spec: C 3.5.2, 5.15; SPEC 8."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ocpp16.datatypes import AuthorizationData, IdTagInfo
from ocpp16.enums import AuthorizationStatus, UpdateStatus, UpdateType


class LocalList:
    """Tags with their status, and the version of the whole.

    Args:
        capacity: Most entries in all.
        message_capacity: Most entries of one update.
    """

    def __init__(self, capacity: int, message_capacity: int) -> None:
        self._capacity = capacity
        self._message_capacity = message_capacity
        self._entries: dict[str, IdTagInfo] = {}
        self._version = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def version(self) -> int:
        """The version of the last update; 0 while the list is empty."""
        return self._version if self._entries else 0

    def update(
        self, kind: UpdateType, version: int, entries: Sequence[AuthorizationData]
    ) -> UpdateStatus:
        """Take an update; one that is not Accepted changes nothing."""
        if version <= 0 or len(entries) > self._message_capacity:
            return UpdateStatus.FAILED
        if kind is UpdateType.DIFFERENTIAL and version <= self.version:
            return UpdateStatus.VERSION_MISMATCH
        merged = {} if kind is UpdateType.FULL else dict(self._entries)
        tags = [entry.id_tag.casefold() for entry in entries]
        if len(set(tags)) < len(tags):
            return UpdateStatus.FAILED
        for tag, entry in zip(tags, entries, strict=True):
            if entry.id_tag_info is not None:
                merged[tag] = entry.id_tag_info
            elif kind is UpdateType.FULL:
                return UpdateStatus.FAILED
            else:
                merged.pop(tag, None)
        if len(merged) > self._capacity:
            return UpdateStatus.FAILED
        self._entries, self._version = merged, version
        return UpdateStatus.ACCEPTED

    def find(self, id_tag: str, now: datetime) -> IdTagInfo | None:
        """Return what the list says of a tag, None where it does not have it."""
        info = self._entries.get(id_tag.casefold())
        if info is None or info.expiry_date is None or info.expiry_date > now:
            return info
        return IdTagInfo(status=AuthorizationStatus.EXPIRED)
