"""What the tests of the station's parts share: instants, tags, a storage that can fail."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus
from ocpp16.station.configuration import Configuration
from ocpp16.storage import Change, MemoryStationStorage, StorageFailed, Value

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ACCEPTED = IdTagInfo(status=AuthorizationStatus.ACCEPTED)
BLOCKED = IdTagInfo(status=AuthorizationStatus.BLOCKED)
FAMILY = IdTagInfo(status=AuthorizationStatus.ACCEPTED, parent_id_tag="FAMILY")


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def info(
    status: AuthorizationStatus = AuthorizationStatus.ACCEPTED,
    *,
    parent: str | None = None,
    until: datetime | None = None,
) -> IdTagInfo:
    return IdTagInfo(status=status, parent_id_tag=parent, expiry_date=until)


class Disk:
    """A storage that refuses to write when it is full."""

    def __init__(self) -> None:
        self.is_full = False
        self.writes: list[list[Change]] = []
        self._memory = MemoryStationStorage()

    def read(self, kind: str) -> Mapping[str, Value]:
        return self._memory.read(kind)

    def write(self, changes: Iterable[Change]) -> None:
        work = list(changes)
        if self.is_full:
            raise StorageFailed("the disk is full")
        self.writes.append(work)
        self._memory.write(work)


def configured(**values: str | int | bool) -> Configuration:
    """Return a configuration with these keys."""
    return Configuration(
        MemoryStationStorage(),
        values={
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in values.items()
        },
    )


def counted_ids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"m{next(numbers)}"
