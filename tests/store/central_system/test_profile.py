"""Charging profiles: what replaces what, and what a clearing clears."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16.datatypes import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from ocpp16.enums import (
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
)
from ocpp16.messages import ClearChargingProfileRequest, SetChargingProfileRequest
from ocpp16.store.central_system import profile, transaction
from tests.store.central_system.books import NOON, Books, at, start, stop

TX_DEFAULT = ChargingProfilePurposeType.TX_DEFAULT_PROFILE
TX = ChargingProfilePurposeType.TX_PROFILE
MAX = ChargingProfilePurposeType.CHARGE_POINT_MAX_PROFILE


def request(
    number: int,
    connector: int = 1,
    level: int = 0,
    purpose: ChargingProfilePurposeType = TX_DEFAULT,
    transaction_id: int | None = None,
) -> SetChargingProfileRequest:
    schedule = ChargingSchedule(
        charging_rate_unit=ChargingRateUnitType.A,
        charging_schedule_period=(ChargingSchedulePeriod(start_period=0, limit=16.1),),
        start_schedule=at(0),
    )
    return SetChargingProfileRequest(
        connector_id=connector,
        cs_charging_profiles=ChargingProfile(
            charging_profile_id=number,
            stack_level=level,
            charging_profile_purpose=purpose,
            charging_profile_kind=ChargingProfileKindType.ABSOLUTE,
            charging_schedule=schedule,
            transaction_id=transaction_id,
        ),
    )


def ids(books: Books, identity: str = "CP1") -> list[int]:
    found = books.ask(profile.profiles, identity)
    return sorted(each.profile.charging_profile_id for each in found)


def put(books: Books, *requests: SetChargingProfileRequest) -> None:
    for each in requests:
        books.do(profile.note_set, "CP1", each, now=NOON)


def test_a_profile_comes_back_as_it_was_sent(books: Books) -> None:
    sent = request(1, connector=2, level=3)
    put(books, sent)
    (kept,) = books.ask(profile.profiles, "CP1")
    assert kept.profile == sent.cs_charging_profiles
    assert (kept.connector_id, kept.since) == (2, NOON)
    assert books.ask(profile.profiles, "CP2") == []


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (request(1, connector=2, level=5, purpose=MAX), [1]),
        (request(2), [2]),
        (request(2, level=1), [1, 2]),
        (request(2, connector=2), [1, 2]),
        (request(2, purpose=TX), [1, 2]),
    ],
)
def test_what_replaces_a_profile(
    books: Books, second: SetChargingProfileRequest, expected: list[int]
) -> None:
    put(books, request(1), second)
    assert ids(books) == expected


def test_profiles_of_different_transactions_stand_side_by_side(books: Books) -> None:
    put(
        books,
        request(1, purpose=TX, transaction_id=7),
        request(2, purpose=TX, transaction_id=8),
        request(3, purpose=TX, transaction_id=8),
    )
    assert ids(books) == [1, 3]


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({}, []),
        ({"id": 1}, [2, 3]),
        ({"id": 1, "connector_id": 99, "stack_level": 99}, [2, 3]),
        ({"connector_id": 1}, [3]),
        ({"charging_profile_purpose": TX_DEFAULT}, [2]),
        ({"stack_level": 1}, [1, 3]),
        ({"connector_id": 1, "stack_level": 0}, [2, 3]),
        ({"connector_id": 2, "stack_level": 0}, [1, 2, 3]),
        ({"connector_id": 0}, [1, 2]),
    ],
)
def test_what_a_clearing_clears(books: Books, fields: dict[str, Any], left: list[int]) -> None:
    put(books, request(1), request(2, level=1, purpose=TX), request(3, connector=0))
    cleared = books.do(profile.note_cleared, "CP1", ClearChargingProfileRequest(**fields))
    assert ids(books) == left
    assert cleared == 3 - len(left)


def test_a_profile_ends_with_its_transaction(books: Books) -> None:
    began = books.do(transaction.start, "CP1", start(), now=NOON)
    number = began.response.transaction_id
    put(books, request(1, purpose=TX, transaction_id=number), request(2))
    books.do(transaction.stop, "CP1", stop(number), now=NOON)
    assert ids(books) == [2]
