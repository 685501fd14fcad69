"""A station's storage that remembers whether it was full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ocpp16.storage import Change, StationStorage, StorageFull, Value


class WatchedStorage:
    """A `StationStorage` on another one.

    Args:
        storage: The one that keeps.
    """

    __slots__ = ("_storage", "was_full")

    def __init__(self, storage: StationStorage) -> None:
        self._storage = storage
        self.was_full = False
        """Whether a write has failed for lack of room, and nobody was told yet."""

    def read(self, kind: str) -> Mapping[str, Value]:
        """Return all records of a kind, in the order of their keys."""
        return self._storage.read(kind)

    def write(self, changes: Iterable[Change]) -> None:
        """Apply all changes or none; when it returns they survive a power cut.

        Raises:
            StorageFailed: Nothing was changed.
        """
        try:
            self._storage.write(changes)
        except StorageFull:
            self.was_full = True
            raise
