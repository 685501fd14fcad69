"""The limit that charging profiles make, and the composite schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocpp16.apps.charge_point.charging_profile import (
    ChargingProfiles,
    Installed,
    starts_at_zero,
    to_power,
    to_unit,
)
from ocpp16.datatypes import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from ocpp16.enums import (
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    RecurrencyKindType,
)
from ocpp16.messages import ClearChargingProfileRequest

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MAX = ChargingProfilePurposeType.CHARGE_POINT_MAX_PROFILE
DEFAULT = ChargingProfilePurposeType.TX_DEFAULT_PROFILE
TX = ChargingProfilePurposeType.TX_PROFILE
W, A = ChargingRateUnitType.W, ChargingRateUnitType.A


def period(start: int, limit: float, phases: int | None = None) -> ChargingSchedulePeriod:
    return ChargingSchedulePeriod(start_period=start, limit=limit, number_phases=phases)


def profile(
    number: int,
    purpose: ChargingProfilePurposeType,
    *periods: tuple[int, float],
    level: int = 0,
    kind: ChargingProfileKindType = ChargingProfileKindType.ABSOLUTE,
    start: datetime | None = NOON,
    duration: int | None = None,
    **fields: Any,
) -> ChargingProfile:
    return ChargingProfile(
        charging_profile_id=number,
        stack_level=level,
        charging_profile_purpose=purpose,
        charging_profile_kind=kind,
        charging_schedule=ChargingSchedule(
            start_schedule=start,
            duration=duration,
            charging_rate_unit=W,
            charging_schedule_period=tuple(period(*one) for one in periods),
        ),
        **fields,
    )


def profiles(*installed: tuple[int, ChargingProfile]) -> ChargingProfiles:
    found = ChargingProfiles(power=11_000, connectors=2)
    for connector, one in installed:
        found.install(Installed(connector, one, NOON))
    return found


def limits(of: ChargingProfiles, connector: int = 1, *hours: float) -> list[float]:
    times = [NOON + hour * HOUR for hour in hours]
    return [of.limit_at(connector, time, NOON) / 10 for time in times]


def test_without_profiles_the_hardware_limits() -> None:
    assert limits(profiles(), 1, 0) == [11_000]
    assert limits(profiles(), 0, 0) == [22_000]


def test_a_tx_profile_goes_before_defaults_and_a_default_of_the_connector_before_that_of_all() -> (
    None
):
    both = profiles(
        (0, profile(1, DEFAULT, (0, 5000))),
        (2, profile(2, DEFAULT, (0, 6000))),
        (2, profile(3, TX, (0, 7000))),
    )
    assert limits(both, 1, 0) == [5000]
    assert limits(both, 2, 0) == [7000]
    both.end_transaction(2)
    assert limits(both, 2, 0) == [6000]


def test_the_maximum_of_the_charge_point_is_never_exceeded() -> None:
    capped = profiles((0, profile(1, MAX, (0, 4000))), (1, profile(2, TX, (0, 7000))))
    assert limits(capped, 1, 0) == [4000]
    assert limits(capped, 0, 0) == [4000]


def test_the_highest_level_that_says_something_prevails() -> None:
    stacked = profiles(
        (1, profile(1, TX, (0, 3000))),
        (1, profile(2, TX, (0, 6000), level=1, duration=3600)),
    )
    assert limits(stacked, 1, 0, 0.99, 1) == [6000, 6000, 3000]


@pytest.mark.parametrize(
    ("fields", "hours", "expected"),
    [
        ({}, (0, 1, 1.99, 2, 9), [1000, 2000, 2000, 3000, 3000]),
        ({"duration": 7200}, (0, 1, 2), [1000, 2000, 11_000]),
        ({"valid_from": NOON + HOUR, "valid_to": NOON + 2 * HOUR}, (0, 1, 2), [11e3, 2000, 11e3]),
        ({"start": NOON + HOUR}, (0, 1, 2), [11_000, 1000, 2000]),
        ({"start": None}, (0, 1), [1000, 2000]),
        ({"start": NOON + 9 * HOUR, "kind": ChargingProfileKindType.RELATIVE}, (0, 1), [1e3, 2e3]),
        (
            {
                "kind": ChargingProfileKindType.RECURRING,
                "recurrency_kind": RecurrencyKindType.DAILY,
                "start": NOON - 49 * HOUR,
            },
            (0, 1, 23, 24),
            [2000, 3000, 1000, 2000],
        ),
        (
            {
                "kind": ChargingProfileKindType.RECURRING,
                "recurrency_kind": RecurrencyKindType.WEEKLY,
                "start": NOON - 7 * 24 * HOUR,
                "duration": 3600,
            },
            (0, 0.99, 1, 7 * 24),
            [1000, 1000, 11_000, 1000],
        ),
    ],
)
def test_kinds_and_validity(
    fields: dict[str, Any], hours: tuple[float, ...], expected: list[float]
) -> None:
    one = profile(1, TX, (0, 1000), (3600, 2000), (7200, 3000), **fields)
    assert limits(profiles((1, one)), 1, *hours) == expected


def test_a_profile_is_not_valid_before_it_came() -> None:
    installed = Installed(1, profile(1, TX, (0, 1000), start=NOON - HOUR), NOON)
    assert installed.limit_at(NOON - timedelta(seconds=1), NOON) is None
    assert installed.limit_at(NOON, NOON) == 10_000


def test_the_same_id_or_the_same_place_replaces() -> None:
    found = profiles((1, profile(1, TX, (0, 1000))))
    for number, level, connector, count in ((1, 5, 2, 1), (2, 5, 2, 1), (3, 5, 1, 2), (4, 6, 1, 3)):
        new = Installed(connector, profile(number, TX, (0, 1000), level=level), NOON)
        assert found.count_with(new) == count
        found.install(new)
        assert len(found) == count


@pytest.mark.parametrize(
    ("request_", "left"),
    [
        (ClearChargingProfileRequest(), 0),
        (ClearChargingProfileRequest(id=2), 2),
        (ClearChargingProfileRequest(id=2, connector_id=99), 2),
        (ClearChargingProfileRequest(id=9), 3),
        (ClearChargingProfileRequest(connector_id=0), 1),
        (ClearChargingProfileRequest(charging_profile_purpose=DEFAULT), 2),
        (ClearChargingProfileRequest(connector_id=0, stack_level=1), 2),
        (ClearChargingProfileRequest(connector_id=1, stack_level=1), 3),
    ],
)
def test_clearing(request_: ClearChargingProfileRequest, left: int) -> None:
    found = profiles(
        (0, profile(1, MAX, (0, 1000))),
        (0, profile(2, DEFAULT, (0, 1000), level=1)),
        (1, profile(3, TX, (0, 1000))),
    )
    assert (found.clear(request_), len(found)) == (3 - left, left)


def test_the_composite_schedule_follows_every_change() -> None:
    found = profiles(
        (0, profile(1, MAX, (0, 8000))),
        (1, profile(2, TX, (0, 9000), (1800, 6900), duration=3000)),
        (0, profile(3, DEFAULT, (0, 4140), start=NOON - HOUR)),
    )
    schedule = found.composite(1, NOON, 3600, A, NOON)
    shown = [(one.start_period, one.limit) for one in schedule.charging_schedule_period]
    assert shown == [(0, 11.5), (1800, 10.0), (3000, 6.0)]
    assert (schedule.duration, schedule.charging_rate_unit) == (3600, A)
    assert schedule.start_schedule is None
    whole = found.composite(0, NOON, 60, W, NOON)
    assert [(one.start_period, one.limit) for one in whole.charging_schedule_period] == [(0, 8e3)]


def test_the_composite_schedule_agrees_with_the_limit_at_every_second() -> None:
    daily = profile(
        4,
        DEFAULT,
        (0, 3000),
        (40, 5000),
        kind=ChargingProfileKindType.RECURRING,
        recurrency_kind=RecurrencyKindType.DAILY,
        start=NOON - 24 * HOUR + timedelta(seconds=30),
        duration=60,
        level=3,
    )
    found = profiles(
        (0, daily),
        (0, profile(5, DEFAULT, (0, 7000), valid_to=NOON + timedelta(seconds=110))),
        (1, profile(6, TX, (0, 6500), start=NOON + timedelta(seconds=70), duration=5)),
    )
    schedule = found.composite(1, NOON, 180, W, NOON)
    by_second = [found.limit_at(1, NOON + timedelta(seconds=n), NOON) / 10 for n in range(180)]
    drawn = []
    for second in range(180):
        past = [one for one in schedule.charging_schedule_period if one.start_period <= second]
        drawn.append(past[-1].limit)
    assert drawn == by_second
    assert len(set(by_second)) == 5


@pytest.mark.parametrize(
    ("limit", "phases", "unit", "tenths"),
    [(16.0, None, A, 110_400), (16.5, 1, A, 37_950), (6.1, 3, A, 42_090), (1234.5, 1, W, 12_345)],
)
def test_units(limit: float, phases: int | None, unit: ChargingRateUnitType, tenths: int) -> None:
    assert to_power(period(0, limit, phases), unit) == tenths
    if phases in {None, 3}:
        assert to_unit(tenths, unit) == limit


def test_a_limit_in_amperes_is_rounded_down() -> None:
    assert to_unit(110_000, A) == 15.9


@pytest.mark.parametrize(
    ("starts", "is_right"),
    [
        ((0,), True),
        ((0, 60), True),
        ((), False),
        ((60,), False),
        ((0, 0), False),
        ((0, 9, 5), False),
    ],
)
def test_periods_begin_at_zero_and_go_up(starts: tuple[int, ...], is_right: bool) -> None:
    assert starts_at_zero(period(start, 1.0) for start in starts) is is_right
