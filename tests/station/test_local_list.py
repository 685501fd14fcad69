"""The local list. SPEC 1, 4, 8."""

from __future__ import annotations

import pytest

from ocpp16.datatypes import AuthorizationData, IdTagInfo
from ocpp16.enums import AuthorizationStatus, UpdateStatus, UpdateType
from ocpp16.station.local_list import LocalList
from ocpp16.storage import MemoryStationStorage, StorageFailed
from tests.station.parts import ACCEPTED, BLOCKED, NOON, Disk, after, info

FULL, DIFFERENTIAL = UpdateType.FULL, UpdateType.DIFFERENTIAL


def entry(tag: str, of_tag: IdTagInfo | None = ACCEPTED) -> AuthorizationData:
    return AuthorizationData(id_tag=tag, id_tag_info=of_tag)


def make(storage: Disk | MemoryStationStorage | None = None) -> LocalList:
    return LocalList(storage or Disk(), max_length=3, max_update=3)


def filled(storage: Disk | None = None) -> LocalList:
    """Return a list of version 5 with A and B."""
    local = make(storage)
    assert local.update(FULL, 5, [entry("A"), entry("B")]) is UpdateStatus.ACCEPTED
    return local


def tags(local: LocalList) -> set[str]:
    return {tag for tag in ("A", "B", "C", "D") if local.find(tag, NOON) is not None}


def test_an_empty_list_has_version_0() -> None:
    assert make().version == 0


@pytest.mark.parametrize(
    ("type", "version", "entries", "status", "left", "version_then"),
    [
        (FULL, 6, [entry("C")], UpdateStatus.ACCEPTED, {"C"}, 6),
        (FULL, 2, [entry("C")], UpdateStatus.ACCEPTED, {"C"}, 2),
        (FULL, 6, [], UpdateStatus.ACCEPTED, set(), 0),
        (FULL, 0, [entry("C")], UpdateStatus.FAILED, {"A", "B"}, 5),
        (FULL, -1, [entry("C")], UpdateStatus.FAILED, {"A", "B"}, 5),
        (FULL, 6, [entry("C", None)], UpdateStatus.FAILED, {"A", "B"}, 5),
        (FULL, 6, [entry("C"), entry("c")], UpdateStatus.FAILED, {"A", "B"}, 5),
        (DIFFERENTIAL, 6, [entry("C")], UpdateStatus.ACCEPTED, {"A", "B", "C"}, 6),
        (DIFFERENTIAL, 99, [entry("C")], UpdateStatus.ACCEPTED, {"A", "B", "C"}, 99),
        (DIFFERENTIAL, 6, [entry("a", None)], UpdateStatus.ACCEPTED, {"B"}, 6),
        (DIFFERENTIAL, 6, [entry("D", None)], UpdateStatus.ACCEPTED, {"A", "B"}, 6),
        (DIFFERENTIAL, 6, [], UpdateStatus.ACCEPTED, {"A", "B"}, 6),
        (DIFFERENTIAL, 5, [entry("C")], UpdateStatus.VERSION_MISMATCH, {"A", "B"}, 5),
        (DIFFERENTIAL, 4, [entry("C")], UpdateStatus.VERSION_MISMATCH, {"A", "B"}, 5),
        (DIFFERENTIAL, 0, [entry("C")], UpdateStatus.FAILED, {"A", "B"}, 5),
        (DIFFERENTIAL, -1, [entry("C")], UpdateStatus.FAILED, {"A", "B"}, 5),
        (DIFFERENTIAL, 6, [entry("C"), entry("D")], UpdateStatus.FAILED, {"A", "B"}, 5),
        (FULL, 6, [entry(t) for t in "ABCD"], UpdateStatus.FAILED, {"A", "B"}, 5),
    ],
)
def test_updates(
    type: UpdateType,
    version: int,
    entries: list[AuthorizationData],
    *,
    status: UpdateStatus,
    left: set[str],
    version_then: int,
) -> None:
    local = filled()
    assert local.update(type, version, entries) is status
    assert (tags(local), local.version) == (left, version_then)


def test_an_entry_is_updated() -> None:
    local = filled()
    local.update(DIFFERENTIAL, 6, [entry("A", BLOCKED)])
    assert local.find("a", NOON) == BLOCKED


def test_tags_compare_without_case() -> None:
    assert filled().find("a", NOON) == ACCEPTED


def test_an_entry_expires_by_passage_of_time() -> None:
    local = make()
    local.update(FULL, 1, [entry("A", info(until=after(60), parent="P"))])
    early, late = local.find("A", after(59)), local.find("A", after(60))
    assert early is not None and early.status is AuthorizationStatus.ACCEPTED
    assert late == info(AuthorizationStatus.EXPIRED, until=after(60), parent="P")


def test_an_entry_without_date_has_no_end() -> None:
    assert filled().find("A", after(10**9)) == ACCEPTED


def test_it_outlives_a_restart() -> None:
    disk = Disk()
    filled(disk).update(DIFFERENTIAL, 7, [entry("B", None), entry("C", BLOCKED)])
    local = make(disk)
    assert (tags(local), local.version, local.find("C", NOON)) == ({"A", "C"}, 7, BLOCKED)


def test_what_cannot_be_stored_is_not_applied() -> None:
    disk = Disk()
    local = filled(disk)
    disk.is_full = True
    with pytest.raises(StorageFailed):
        local.update(FULL, 6, [entry("C")])
    assert (tags(local), local.version) == ({"A", "B"}, 5)
