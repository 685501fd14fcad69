"""The authorization cache. SPEC 4."""

from __future__ import annotations

import pytest

from ocpp16.enums import AuthorizationStatus
from ocpp16.station.cache import AuthorizationCache
from ocpp16.storage import StorageFailed
from tests.station.parts import ACCEPTED, BLOCKED, NOON, Disk, after, info


def test_it_holds_the_latest_of_each_tag_valid_or_not() -> None:
    cache = AuthorizationCache(Disk())
    cache.learn("A", ACCEPTED, NOON)
    cache.learn("a", BLOCKED, NOON)
    assert (cache.find("A", NOON), len(cache)) == (BLOCKED, 1)


def test_an_entry_whose_date_passes_is_expired() -> None:
    cache = AuthorizationCache(Disk())
    cache.learn("A", info(until=after(60)), NOON)
    found = cache.find("A", after(60))
    assert found is not None and found.status is AuthorizationStatus.EXPIRED


def test_a_full_cache_drops_an_invalid_entry_first() -> None:
    cache = AuthorizationCache(Disk(), limit=3)
    for tag, of_tag in (("A", ACCEPTED), ("B", ACCEPTED), ("C", BLOCKED), ("D", ACCEPTED)):
        cache.learn(tag, of_tag, NOON)
    assert [cache.find(tag, NOON) for tag in "ABCD"] == [ACCEPTED, ACCEPTED, None, ACCEPTED]


def test_an_expired_entry_counts_as_invalid() -> None:
    cache = AuthorizationCache(Disk(), limit=2)
    cache.learn("A", ACCEPTED, NOON)
    cache.learn("B", info(until=after(60)), NOON)
    cache.learn("C", ACCEPTED, after(61))
    assert cache.find("B", NOON) is None
    assert cache.find("A", NOON) == ACCEPTED


def test_then_the_valid_one_told_longest_ago() -> None:
    cache = AuthorizationCache(Disk(), limit=2)
    for tag in ("A", "B", "A", "C"):
        cache.learn(tag, ACCEPTED, NOON)
    assert [cache.find(tag, NOON) for tag in "ABC"] == [ACCEPTED, None, ACCEPTED]


def test_it_outlives_a_restart_with_its_order() -> None:
    disk = Disk()
    cache = AuthorizationCache(disk, limit=2)
    for tag in ("B", "A", "B"):
        cache.learn(tag, ACCEPTED, NOON)
    cache = AuthorizationCache(disk, limit=2)
    cache.learn("C", BLOCKED, NOON)
    assert [cache.find(tag, NOON) for tag in "ABC"] == [None, ACCEPTED, BLOCKED]


def test_clearing_empties_it_for_good() -> None:
    disk = Disk()
    cache = AuthorizationCache(disk)
    cache.learn("A", ACCEPTED, NOON)
    cache.clear()
    assert len(cache) == len(AuthorizationCache(disk)) == 0


def test_a_forgotten_tag_stays_forgotten() -> None:
    disk = Disk()
    cache = AuthorizationCache(disk)
    cache.learn("A", ACCEPTED, NOON)
    cache.forget("a")
    assert len(cache) == len(AuthorizationCache(disk)) == 0


def test_what_cannot_be_stored_is_not_kept() -> None:
    disk = Disk()
    cache = AuthorizationCache(disk, limit=1)
    cache.learn("A", ACCEPTED, NOON)
    disk.is_full = True
    with pytest.raises(StorageFailed):
        cache.learn("B", ACCEPTED, NOON)
    assert [cache.find(tag, NOON) for tag in "AB"] == [ACCEPTED, None]
