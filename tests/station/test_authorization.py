"""Who may charge and who may stop. SPEC 1, 4."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16.datatypes import AuthorizationData, IdTagInfo
from ocpp16.enums import AuthorizationStatus, UpdateStatus, UpdateType
from ocpp16.station.authorization import (
    Authorizer,
    Decision,
    Starter,
    Verdict,
    is_of_group,
    is_starter,
)
from ocpp16.station.cache import AuthorizationCache
from ocpp16.station.local_list import LocalList
from ocpp16.storage import MemoryStationStorage
from tests.station.parts import ACCEPTED, BLOCKED, FAMILY, NOON, after, configured, info

CONCURRENT = info(AuthorizationStatus.CONCURRENT_TX)
ACCEPT, REFUSE, ASK = Verdict.ACCEPT, Verdict.REFUSE, Verdict.ASK


def make(
    listed: IdTagInfo | None = None,
    cached: IdTagInfo | None = None,
    *,
    has_list: bool = True,
    **keys: str | int | bool,
) -> Authorizer:
    """Return an authorizer that knows tag A."""
    storage = MemoryStationStorage()
    local = LocalList(storage, max_length=10, max_update=10)
    if listed is not None:
        entries = [AuthorizationData(id_tag="A", id_tag_info=listed)]
        assert local.update(UpdateType.FULL, 1, entries) is UpdateStatus.ACCEPTED
    cache = AuthorizationCache(storage)
    if cached is not None:
        cache.learn("A", cached, NOON)
    return Authorizer(configured(**keys), local if has_list else None, cache)


@pytest.mark.parametrize(
    ("listed", "cached", "keys", "verdict"),
    [
        # Online, with LocalPreAuthorize: a locally valid tag starts without Authorize.
        (ACCEPTED, None, {"LocalPreAuthorize": True}, ACCEPT),
        (None, ACCEPTED, {"LocalPreAuthorize": True}, ACCEPT),
        (CONCURRENT, None, {"LocalPreAuthorize": True}, ACCEPT),
        # A tag that is known as invalid, or not at all, is asked about.
        (BLOCKED, None, {"LocalPreAuthorize": True}, ASK),
        (None, BLOCKED, {"LocalPreAuthorize": True}, ASK),
        (None, info(until=NOON), {"LocalPreAuthorize": True}, ASK),
        (None, None, {"LocalPreAuthorize": True}, ASK),
        # The list wins over the cache.
        (BLOCKED, ACCEPTED, {"LocalPreAuthorize": True}, ASK),
        # Without LocalPreAuthorize everybody is asked about.
        (ACCEPTED, ACCEPTED, {"LocalPreAuthorize": False}, ASK),
        # What is switched off is not looked at.
        (ACCEPTED, None, {"LocalPreAuthorize": True, "LocalAuthListEnabled": False}, ASK),
        (None, ACCEPTED, {"LocalPreAuthorize": True, "AuthorizationCacheEnabled": False}, ASK),
    ],
)
def test_online(
    listed: IdTagInfo | None,
    cached: IdTagInfo | None,
    keys: dict[str, Any],
    verdict: Verdict,
) -> None:
    assert make(listed, cached, **keys).decide("a", NOON, is_online=True).verdict is verdict


OFFLINE_ON = {"LocalAuthorizeOffline": True}
OFFLINE_OFF = {"LocalAuthorizeOffline": False}
UNKNOWN_ON = {"LocalAuthorizeOffline": True, "AllowOfflineTxForUnknownId": True}
UNKNOWN_ONLY = {"LocalAuthorizeOffline": False, "AllowOfflineTxForUnknownId": True}


@pytest.mark.parametrize(
    ("listed", "cached", "keys", "verdict"),
    [
        (ACCEPTED, None, OFFLINE_ON, ACCEPT),
        (None, ACCEPTED, OFFLINE_ON, ACCEPT),
        (ACCEPTED, None, OFFLINE_OFF, REFUSE),
        (None, ACCEPTED, OFFLINE_OFF, REFUSE),
        (None, None, OFFLINE_ON, REFUSE),
        (None, None, UNKNOWN_ON, ACCEPT),
        (None, None, UNKNOWN_ONLY, ACCEPT),
        # Known as invalid, or expired by passage of time: refused, even then.
        (BLOCKED, None, UNKNOWN_ON, REFUSE),
        (info(AuthorizationStatus.EXPIRED), None, UNKNOWN_ON, REFUSE),
        (info(until=NOON), None, UNKNOWN_ON, REFUSE),
        (None, BLOCKED, UNKNOWN_ON, REFUSE),
        (BLOCKED, ACCEPTED, UNKNOWN_ON, REFUSE),
        (ACCEPTED, BLOCKED, OFFLINE_ON, ACCEPT),
    ],
)
def test_offline(
    listed: IdTagInfo | None,
    cached: IdTagInfo | None,
    keys: dict[str, Any],
    verdict: Verdict,
) -> None:
    assert make(listed, cached, **keys).decide("A", NOON, is_online=False).verdict is verdict


def test_a_decision_tells_the_group() -> None:
    decision = make(FAMILY, LocalPreAuthorize=True).decide("A", NOON, is_online=True)
    assert decision == Decision(ACCEPT, FAMILY)
    assert decision.parent == "FAMILY"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(each, ACCEPT if each == "Accepted" else REFUSE) for each in AuthorizationStatus],
)
def test_the_answer_to_authorize(status: AuthorizationStatus, verdict: Verdict) -> None:
    assert make().answered(info(status)).verdict is verdict


def test_the_cache_learns_from_every_answer() -> None:
    authorizer = make()
    assert authorizer.learn("B", BLOCKED, NOON) is False
    assert authorizer.known("b", NOON) == BLOCKED


def test_a_tag_of_the_list_never_enters_the_cache() -> None:
    authorizer = make(ACCEPTED)
    authorizer.learn("A", FAMILY, NOON)
    entries = (AuthorizationData(id_tag="A"),)
    assert authorizer.update_list(UpdateType.DIFFERENTIAL, 2, entries) is UpdateStatus.ACCEPTED
    assert authorizer.known("A", NOON) is None


def test_a_tag_that_comes_into_the_list_leaves_the_cache() -> None:
    authorizer = make(cached=BLOCKED)
    entries = (AuthorizationData(id_tag="a", id_tag_info=ACCEPTED),)
    authorizer.update_list(UpdateType.FULL, 1, entries)
    authorizer.update_list(UpdateType.FULL, 2, ())
    assert authorizer.known("A", NOON) is None


@pytest.mark.parametrize(
    ("listed", "told", "conflicts"),
    [
        (ACCEPTED, BLOCKED, True),
        (BLOCKED, ACCEPTED, True),
        (ACCEPTED, ACCEPTED, False),
        (ACCEPTED, CONCURRENT, False),
        (BLOCKED, info(AuthorizationStatus.INVALID), False),
        (info(until=NOON), ACCEPTED, True),
        (None, BLOCKED, False),
    ],
)
def test_a_status_that_contradicts_the_list_is_noticed(
    listed: IdTagInfo | None, told: IdTagInfo, conflicts: bool
) -> None:
    assert make(listed).learn("A", told, NOON) is conflicts


def test_the_list_is_not_changed_by_what_is_told() -> None:
    authorizer = make(ACCEPTED)
    authorizer.learn("A", BLOCKED, NOON)
    assert authorizer.listed("A", NOON) == ACCEPTED


def test_without_a_cache_nothing_is_learned_and_clearing_fails() -> None:
    authorizer = make(AuthorizationCacheEnabled=False)
    authorizer.learn("B", ACCEPTED, NOON)
    assert authorizer.known("B", NOON) is None
    assert not authorizer.clear_cache()


def test_clearing_the_cache() -> None:
    authorizer = make(cached=ACCEPTED)
    assert authorizer.clear_cache()
    assert authorizer.known("A", NOON) is None


@pytest.mark.parametrize(
    ("has_list", "keys"), [(False, {}), (True, {"LocalAuthListEnabled": False})]
)
def test_without_a_list_updates_are_not_supported(has_list: bool, keys: dict[str, Any]) -> None:
    authorizer = make(has_list=has_list, **keys)
    assert authorizer.update_list(UpdateType.FULL, 1, ()) is UpdateStatus.NOT_SUPPORTED


def test_an_entry_without_date_has_no_end() -> None:
    assert make(cached=ACCEPTED).known("A", after(10**9)) == ACCEPTED


@pytest.mark.parametrize(
    ("starter", "tag", "parent", "starts", "belongs"),
    [
        (Starter("A", "P"), "a", None, True, False),
        (Starter("A", "P"), "B", "p", False, True),
        (Starter("A", "P"), "B", "Q", False, False),
        (Starter("A", None), "B", None, False, False),
        (Starter("A", "P"), "P", None, False, False),
    ],
)
def test_who_stops(
    starter: Starter, tag: str, parent: str | None, starts: bool, belongs: bool
) -> None:
    assert is_starter(starter, tag) is starts
    assert is_of_group(starter, parent) is belongs
