"""The parts of smart charging by themselves: storage, sharing, wiring, time, and how cost grows."""

from __future__ import annotations

import cProfile
import json
import pstats
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp16.enums import ChargingRateUnitType
from ocpp16.messages import GetCompositeScheduleRequest
from ocpp16.station.smart_charging import Charging, Limits, Outlet, Profiles, SmartCharging, Wiring
from ocpp16.station.smart_charging.prevalence import prevailing
from ocpp16.station.smart_charging.second import to_instant, to_seconds
from ocpp16.station.smart_charging.sharing import share
from tests.station.smart_charging.building import (
    DAILY,
    DAY,
    DEFAULT,
    HOUR,
    MAX,
    NOON,
    RECURRING,
    TX,
    A,
    Site,
    W,
    profile,
)
from tests.station.smart_charging.generated import Scene, scenes

# Storage, CE 3.37


@given(scenes())
def test_profiles_survive_being_stored(scene: Scene) -> None:
    text = json.dumps(scene.profiles.to_records())
    assert Profiles.from_records(json.loads(text)) == scene.profiles


def test_after_a_reboot_it_answers_as_before_it() -> None:
    site = Site()
    site.set(0, profile(MAX, (0, 9000.0), number=1))
    site.smart.begin(1, profile(TX, (0, 7000.0), number=-2, duration=60), NOON)
    site.set(0, profile(DEFAULT, (0, 1000.0), number=3))
    before = site.schedule()
    stored = json.loads(json.dumps(site.smart.profiles.to_records()))
    assert sorted(stored) == ["-2", "1", "3"]
    site.smart = SmartCharging(site.smart.wiring, profiles=Profiles.from_records(stored))
    assert site.schedule() == before == [(0, 7000.0), (60, 9000.0)]


def test_a_transaction_that_did_not_survive_leaves_no_profile() -> None:
    site = Site(connectors=3)
    site.charging |= {2: Charging(NOON), 3: Charging(NOON)}
    for connector in (1, 2, 3):
        site.set(connector, profile(TX, number=connector))
        site.set(connector, profile(DEFAULT, number=10 + connector))
    kept = site.smart.profiles.with_transactions_only({2})
    assert [one.profile.charging_profile_id for one in kept.installed] == [11, 2, 12, 13]


@pytest.mark.parametrize(
    "damage",
    [
        {"connector": "x"},
        {"received": "yesterday"},
        {"profile": None},
        {"profile": {}},
        {"profile": {"charging_profile_id": 1}},
    ],
)
def test_what_was_stored_damaged_is_told(damage: dict[str, Any]) -> None:
    site = Site()
    site.set(0, profile(MAX, number=5))
    records = site.smart.profiles.to_records()
    records["5"] |= damage
    with pytest.raises(ValueError, match=r"^profile 5 was stored damaged: "):
        Profiles.from_records(records)
    with pytest.raises(ValueError, match=r"^profile 5 was stored damaged: "):
        Profiles.from_records({"5": None})


# Prevalence


def test_what_is_hidden_makes_no_parts() -> None:
    site = Site()
    daily: dict[str, Any] = {"kind": RECURRING, "recurrency_kind": DAILY, "duration": 60}
    site.set(1, profile(TX, (0, 1000.0), number=1, **daily))
    site.set(1, profile(TX, (0, 2000.0), number=2, level=1))
    ranked = site.smart.profiles.of_connector(1)
    start = to_seconds(NOON)
    (part,) = prevailing(ranked, start, start + 30 * 86_400, start)
    assert (part[:2], part[3]) == ((start, start + 30 * 86_400), ranked[-1])


# Sharing


@pytest.mark.parametrize(
    ("budget", "wishes", "parts"),
    [
        (100, {}, {}),
        (100, {1: 100}, {1: 100}),
        (100, {1: 200}, {1: 100}),
        (100, {1: 200, 2: 200}, {1: 50, 2: 50}),
        (100, {1: 10, 2: 200}, {1: 10, 2: 90}),
        (100, {1: 200, 2: 10, 3: 20}, {1: 70, 2: 10, 3: 20}),
        (100, {1: 10, 2: 20}, {1: 10, 2: 20}),
        (100, {1: 99, 2: 99, 3: 99}, {1: 33, 2: 33, 3: 34}),
        (0, {1: 5, 2: 5}, {1: 0, 2: 0}),
    ],
)
def test_a_fair_share(budget: int, wishes: dict[int, int], parts: dict[int, int]) -> None:
    assert share(budget, wishes) == parts


@given(st.integers(0, 10**6), st.dictionaries(st.integers(1, 9), st.integers(0, 10**6)))
def test_sharing_never_exceeds_never_wastes_and_is_fair(
    budget: int, wishes: dict[int, int]
) -> None:
    parts = share(budget, wishes)
    assert set(parts) == set(wishes)
    assert all(0 <= parts[number] <= wishes[number] for number in wishes)
    assert sum(parts.values()) == min(budget, sum(wishes.values()))
    short = [parts[number] for number in wishes if parts[number] < wishes[number]]
    if short:
        # Nobody who wants more has less than anybody else, but for what cannot be divided.
        assert max(parts.values()) - min(short) <= 1


# Wiring


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"phases": 0}, "1 to 3 phases"),
        ({"phases": 4}, "1 to 3 phases"),
        ({"power": -1}, "no power below 0"),
    ],
)
def test_an_outlet_that_cannot_be(fields: dict[str, int], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Outlet(**fields)


@pytest.mark.parametrize(
    ("outlets", "voltage", "error"),
    [
        ({1: Outlet()}, 0, "0 V is no nominal voltage"),
        ({}, 230, "numbered from 1 on, without gaps"),
        ({0: Outlet()}, 230, "numbered from 1 on, without gaps"),
        ({1: Outlet(), 3: Outlet()}, 230, "numbered from 1 on, without gaps"),
    ],
)
def test_a_wiring_that_cannot_be(outlets: dict[int, Outlet], voltage: int, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Wiring(outlets=outlets, voltage=voltage)


def test_a_wiring_keeps_what_it_was_given() -> None:
    outlets = {1: Outlet(power=1)}
    wiring = Wiring(outlets=outlets)
    outlets[1] = Outlet(power=2)
    assert wiring.outlets[1].power == 1


@pytest.mark.parametrize(("phases", "expected"), [(1, 36_666), (2, 73_333), (3, 110_000)])
def test_on_some_phases_a_connector_gives_a_part_rounded_down(phases: int, expected: int) -> None:
    assert Outlet(power=11_000).power_on(phases) == expected


def test_a_connector_that_gives_an_odd_power_never_is_told_to_give_more() -> None:
    smart = SmartCharging(Wiring(outlets={1: Outlet(power=11_000), 2: Outlet(power=11_000)}))
    site = Site()
    site.smart = smart
    site.set(1, profile(TX, (0, 32.0, 1), unit=A))
    assert site.schedule() == [(0, 3666.6)]
    assert site.schedule(unit=A) == [(0, 15.9)]
    assert site.schedule(0, unit=A) == [(0, 31.8)]


# Time


@pytest.mark.parametrize(
    ("instant", "seconds"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC), 1),
        (datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC), -1),
        (datetime(2026, 1, 1, 1, tzinfo=timezone(HOUR)), 1_767_225_600),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), 253_402_300_799),
    ],
)
def test_instants_are_cut_to_their_second(instant: datetime, seconds: int) -> None:
    assert to_seconds(instant) == seconds
    assert timedelta(0) <= instant - to_instant(seconds) < timedelta(seconds=1)


# Cost


def calls_for(count: int, kind: str) -> int:
    """Return how many function calls a schedule of 24 h takes."""
    outlets = {1: Outlet(power=22_080)}
    smart = SmartCharging(Wiring(outlets=outlets), Limits(stack_level=999, profiles=999))
    site = Site()
    site.smart = smart
    slice_ = 86_400 // count
    for number in range(count):
        hours = [(hour * 3600, 6.0 + (hour * 7 + number) % 20) for hour in range(24)]
        fields: dict[str, Any] = {"number": number, "level": number, "unit": A}
        if kind == "overlapping":
            one = profile(
                TX, *hours, start=NOON - DAY + number * HOUR / 10, duration=200_000, **fields
            )
        elif kind == "recurring":
            one = profile(
                TX, *hours, start=NOON - 9 * DAY, duration=86_000 - 600 * number,
                kind=RECURRING, recurrency_kind=DAILY, **fields,
            )  # fmt: skip
        else:
            start = NOON + number * timedelta(seconds=slice_)
            one = profile(TX, (0, 6.0), (slice_ // 2, 7.0), start=start, duration=slice_, **fields)
        assert site.set(1, one) == "Accepted"
    request = GetCompositeScheduleRequest(
        connector_id=1, duration=86_400, charging_rate_unit=ChargingRateUnitType.W
    )
    with cProfile.Profile() as profiler:
        smart.composite_schedule(request, NOON, site.charging)
    return int(pstats.Stats(profiler).total_calls)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["overlapping", "recurring", "one after the other"])
def test_the_cost_grows_linearly_with_the_number_of_profiles(kind: str) -> None:
    few, many = calls_for(20, kind), calls_for(80, kind)
    assert many <= 4.2 * few


def test_the_cost_does_not_grow_with_the_seconds_that_are_asked_for() -> None:
    site = Site()
    site.set(1, profile(TX, (0, 1000.0), (60, 2000.0)))

    def calls(duration: int) -> int:
        with cProfile.Profile() as profiler:
            site.schedule(duration=duration, unit=W)
        return int(pstats.Stats(profiler).total_calls)  # type: ignore[attr-defined]

    assert calls(300) == calls(86_400) == calls(30 * 86_400)
