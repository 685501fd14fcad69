"""The rules of smart charging, sentence by sentence, with where the standard has them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from ocpp16.datatypes import ChargingProfile
from ocpp16.messages import ClearChargingProfileRequest
from ocpp16.station.smart_charging import Charging
from tests.station.smart_charging.building import (
    DAILY,
    DAY,
    DEFAULT,
    HOUR,
    MAX,
    NOON,
    RECURRING,
    RELATIVE,
    SECOND,
    TX,
    WEEKLY,
    A,
    Site,
    W,
    profile,
)

FREE = 11_040.0
"""What a connector of the site gives where no profile limits it."""


def drawn(*set_: tuple[int, ChargingProfile], **asked: Any) -> list[tuple[int, float]]:
    site = Site()
    for connector, one in set_:
        assert site.set(connector, one) == "Accepted", site.smart.last_refusal
    return site.schedule(**asked)


# Purposes, C 3.13.1 and 3.13.2


def test_a_charge_point_max_profile_limits_every_connector_and_the_sum() -> None:
    whole = (0, profile(MAX, (0, 5000.0)))
    assert drawn(whole) == [(0, 5000.0)]
    assert drawn(whole, connector=2) == [(0, 5000.0)]
    assert drawn(whole, connector=0) == [(0, 5000.0)]


def test_connectors_that_charge_share_the_maximum() -> None:
    site = Site()
    site.charging[2] = Charging(NOON, 8)
    site.set(0, profile(MAX, (0, 9000.0)))
    assert site.watts() == {1: 4500.0, 2: 4500.0}
    site.set(1, profile(TX, (0, 2000.0), number=2))
    assert site.watts() == {1: 2000.0, 2: 7000.0}


def test_a_default_for_connector_0_is_for_every_connector() -> None:
    every = (0, profile(DEFAULT, (0, 5000.0)))
    assert drawn(every) == drawn(every, connector=2) == [(0, 5000.0)]


def test_a_default_of_one_connector_is_for_that_one_and_replaces_there_the_one_of_all() -> None:
    both = (
        (0, profile(DEFAULT, (0, 5000.0), number=1, level=3)),
        (2, profile(DEFAULT, (0, 7000.0), number=2)),
    )
    assert drawn(*both, connector=1) == [(0, 5000.0)]
    assert drawn(*both, connector=2) == [(0, 7000.0)]


def test_a_tx_profile_overrules_a_default_and_is_not_merged_with_it() -> None:
    both = (
        (1, profile(DEFAULT, (0, 5000.0), number=1, level=9)),
        (1, profile(TX, (0, 9000.0), number=2)),
    )
    assert drawn(*both) == [(0, 9000.0)]


def test_a_tx_profile_ends_with_its_transaction_and_is_gone() -> None:
    site = Site()
    site.set(0, profile(MAX, (0, 9000.0), number=1))
    site.set(1, profile(DEFAULT, (0, 5000.0), number=2))
    site.set(1, profile(TX, (0, 7000.0), number=3))
    site.charging[2] = Charging(NOON, 8)
    site.set(2, profile(TX, (0, 6000.0), number=4))
    site.smart.end(1)
    del site.charging[1]
    assert [one.profile.charging_profile_id for one in site.smart.profiles.installed] == [1, 2, 4]
    assert site.schedule() == [(0, 5000.0)]
    assert site.schedule(2) == [(0, 6000.0)]


# Which one prevails, C 3.13.2


def test_the_highest_stack_level_prevails() -> None:
    levels = [(1, profile(TX, (0, 1000.0 * n), number=n, level=n)) for n in (2, 3, 1)]
    assert drawn(*levels) == [(0, 3000.0)]


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, [(0, 2000.0)]),
        (NOON + HOUR, None, [(0, 1000.0), (3600, 2000.0)]),
        (None, NOON + HOUR, [(0, 2000.0), (3600, 1000.0)]),
        (NOON + SECOND, NOON + 2 * SECOND, [(0, 1000.0), (1, 2000.0), (2, 1000.0)]),
        (NOON - DAY, NOON, [(0, 1000.0)]),
        (NOON, NOON + DAY, [(0, 2000.0)]),
    ],
)
@pytest.mark.parametrize("purpose", [TX, DEFAULT])  # TxProfile, too: CE 3.65, 3.66
def test_validity_begins_with_valid_from_and_ends_before_valid_to(
    purpose: Any, since: datetime | None, until: datetime | None, expected: list[tuple[int, float]]
) -> None:
    low = profile(purpose, (0, 1000.0), number=1)
    high = profile(purpose, (0, 2000.0), number=2, level=1, valid_from=since, valid_to=until)
    assert drawn((1, low), (1, high), duration=7200) == expected


def test_a_high_level_without_duration_never_gives_way() -> None:
    low = profile(TX, (0, 1000.0), number=1)
    high = profile(TX, (0, 2000.0), (60, 3000.0), number=2, level=1)
    assert drawn((1, low), (1, high), duration=300 * 86_400) == [(0, 2000.0), (60, 3000.0)]


def test_the_lowest_of_maximum_and_transaction_holds_and_intervals_need_not_align() -> None:
    found = drawn(
        (0, profile(MAX, (0, 5000.0), (100, 9000.0), (300, 4000.0), number=1)),
        (1, profile(TX, (0, 8000.0), (200, 3000.0), (400, 6000.0), number=2)),
    )
    assert found == [(0, 5000.0), (100, 8000.0), (200, 3000.0), (400, 4000.0)]


def test_no_profile_no_limit_but_that_of_the_connector() -> None:
    assert drawn() == [(0, FREE)]
    assert drawn(connector=0) == [(0, 2 * FREE)]


# Kinds, C 3.13.3, 7.9; CE 3.43, 3.44, 3.79


def steps(**fields: Any) -> list[tuple[int, float]]:
    hours = fields.pop("hours", 1)
    one = profile(TX, (0, 1000.0), (600, 2000.0), (1200, 3000.0), **fields)
    return drawn((1, one), duration=hours * 3600)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # Absolute: from startSchedule; before it, nothing.
        ({}, [(0, 1000.0), (600, 2000.0), (1200, 3000.0)]),
        ({"start": NOON - 900 * SECOND}, [(0, 2000.0), (300, 3000.0)]),
        ({"start": NOON + 3000 * SECOND}, [(0, FREE), (3000, 1000.0)]),
        ({"start": NOON + 3600 * SECOND}, [(0, FREE)]),
        # Past duration nothing is executed; the last limit holds until then.
        ({"duration": 1500}, [(0, 1000.0), (600, 2000.0), (1200, 3000.0), (1500, FREE)]),
        ({"duration": 900}, [(0, 1000.0), (600, 2000.0), (900, FREE)]),
        ({"duration": 600}, [(0, 1000.0), (600, FREE)]),
        ({"duration": 0}, [(0, FREE)]),
        # Relative, and without startSchedule: from the start of charging, here 12:00.
        ({"kind": RELATIVE, "start": None}, [(0, 1000.0), (600, 2000.0), (1200, 3000.0)]),
        ({"start": None}, [(0, 1000.0), (600, 2000.0), (1200, 3000.0)]),
        ({"kind": RELATIVE, "start": NOON - DAY}, [(0, 1000.0), (600, 2000.0), (1200, 3000.0)]),
    ],
)
def test_absolute_and_relative(fields: dict[str, Any], expected: list[tuple[int, float]]) -> None:
    assert steps(**fields) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # Repeats from startSchedule on, however long ago, at the same time of day.
        ({"start": NOON - DAY - 900 * SECOND},
         [(0, 2000.0), (300, 3000.0), (85_500, 1000.0), (86_100, 2000.0)]),
        ({"start": NOON + 23 * HOUR}, [(0, FREE), (82_800, 1000.0), (83_400, 2000.0),
                                       (84_000, 3000.0)]),
        # CE 3.43: a duration shorter than the day leaves a gap.
        ({"start": NOON - DAY, "duration": 900, "hours": 25},
         [(0, 1000.0), (600, 2000.0), (900, FREE), (86_400, 1000.0), (87_000, 2000.0),
          (87_300, FREE)]),
        # CE 3.44: what is longer than the day is not executed beyond it.
        ({"start": NOON, "duration": 10**6, "hours": 25},
         [(0, 1000.0), (600, 2000.0), (1200, 3000.0), (86_400, 1000.0), (87_000, 2000.0),
          (87_600, 3000.0)]),
        # Weekly.
        ({"recurrency_kind": WEEKLY, "start": NOON - 7 * DAY - 900 * SECOND, "hours": 169},
         [(0, 2000.0), (300, 3000.0), (603_900, 1000.0), (604_500, 2000.0), (605_100, 3000.0)]),
    ],
)  # fmt: skip
def test_recurring(fields: dict[str, Any], expected: list[tuple[int, float]]) -> None:
    fields = {"kind": RECURRING, "recurrency_kind": DAILY, "hours": 24, **fields}
    assert steps(**fields) == expected


def test_periods_beyond_the_day_are_not_executed() -> None:
    one = profile(
        TX, (0, 1000.0), (86_400, 2000.0), (90_000, 3000.0),
        kind=RECURRING, recurrency_kind=DAILY,
    )  # fmt: skip
    assert drawn((1, one), duration=3 * 86_400) == [(0, 1000.0)]


def test_in_the_gap_of_a_recurring_profile_a_lower_level_holds() -> None:
    daily: dict[str, Any] = {"kind": RECURRING, "recurrency_kind": DAILY, "duration": 3600}
    low = profile(DEFAULT, (0, 6000.0), number=1)
    high = profile(DEFAULT, (0, 3000.0), number=2, level=1, **daily)
    found = drawn((0, low), (0, high), duration=25 * 3600)
    assert found == [(0, 3000.0), (3600, 6000.0), (86_400, 3000.0)]


def test_a_relative_schedule_counts_from_the_start_of_the_transaction() -> None:
    site = Site()
    one = profile(DEFAULT, (0, 1000.0), (3600, 2000.0), kind=RELATIVE, start=None)
    site.set(0, one, NOON - DAY)
    assert site.schedule(1, now=NOON + HOUR / 2) == [(0, 1000.0), (1800, 2000.0)]
    # Where none runs: as if it began now.
    assert site.schedule(2, duration=7200) == [(0, 1000.0), (3600, 2000.0)]


def test_a_relative_maximum_counts_from_its_receipt() -> None:
    site = Site()
    one = profile(MAX, (0, 1000.0), (3600, 2000.0), kind=RELATIVE, start=None)
    site.set(0, one, NOON - HOUR / 2)
    for connector in (0, 1, 2):
        assert site.schedule(connector) == [(0, 1000.0), (1800, 2000.0)]


def test_days_are_those_of_utc() -> None:
    """Clocks go forward in much of Europe on this night; the schedule does not."""
    night = datetime.fromisoformat("2026-03-28T22:00:00+00:00")
    site = Site()
    one = profile(
        TX, (0, 1000.0), (6 * 3600, 2000.0),
        kind=RECURRING, recurrency_kind=DAILY, start=night,
    )  # fmt: skip
    site.set(1, one, night)
    found = site.schedule(duration=2 * 86_400, now=night)
    assert found == [(0, 1000.0), (21_600, 2000.0), (86_400, 1000.0), (108_000, 2000.0)]


# Replacement, C 3.13.2, 5.16


@pytest.mark.parametrize(
    ("connector", "number", "level", "left"),
    [
        (1, 1, 0, [1]),  # itself
        (1, 1, 5, [1]),  # the same number, whatever else changes
        (2, 1, 5, [1]),
        (0, 1, 0, [1]),
        (1, 2, 0, [2]),  # the same purpose, level and connector
        (1, 2, 1, [1, 2]),  # another level
        (2, 2, 0, [1, 2]),  # another connector
        (0, 2, 0, [1, 2]),
    ],
)
def test_the_same_number_or_purpose_and_level_replaces(
    connector: int, number: int, level: int, left: list[int]
) -> None:
    site = Site()
    site.set(1, profile(DEFAULT, (0, 1000.0), number=1))
    assert site.set(connector, profile(DEFAULT, (0, 2000.0), number=number, level=level)) == (
        "Accepted"
    )
    found = site.smart.profiles.installed
    assert [one.profile.charging_profile_id for one in found] == left
    assert found[-1].connector == connector


def test_another_purpose_does_not_replace() -> None:
    site = Site()
    site.set(0, profile(MAX, number=1))
    site.set(0, profile(DEFAULT, number=2))
    site.set(1, profile(DEFAULT, number=3))
    site.set(1, profile(TX, number=4))
    assert len(site.smart.profiles) == 4


def test_one_profile_can_replace_two() -> None:
    site = Site()
    site.set(0, profile(DEFAULT, number=1))
    site.set(1, profile(DEFAULT, number=2))
    site.set(1, profile(DEFAULT, number=1))
    assert [one.connector for one in site.smart.profiles.installed] == [1]


def test_one_that_is_valid_later_leaves_default_behaviour_until_then() -> None:
    site = Site()
    site.set(0, profile(DEFAULT, (0, 5000.0), number=1))
    site.set(1, profile(TX, (0, 7000.0), number=2))
    site.set(1, profile(TX, (0, 8000.0), number=3, valid_from=NOON + HOUR))
    assert site.schedule(duration=7200) == [(0, 5000.0), (3600, 8000.0)]


# During a transaction, CE 3.8


def test_a_default_that_comes_changes_or_goes_acts_on_the_transaction() -> None:
    site = Site()
    assert site.watts() == {1: FREE}
    site.set(0, profile(DEFAULT, (0, 5000.0)))
    assert site.watts() == {1: 5000.0}
    site.set(0, profile(DEFAULT, (0, 6000.0)))
    assert site.watts() == {1: 6000.0}
    site.smart.clear(ClearChargingProfileRequest(id=1))
    assert site.watts() == {1: FREE}


def test_a_default_does_not_act_on_a_transaction_with_its_own_profile() -> None:
    site = Site()
    site.set(1, profile(TX, (0, 8000.0), number=1))
    site.set(0, profile(DEFAULT, (0, 5000.0), number=2))
    assert site.watts() == {1: 8000.0}


# Remote start, CE 3.41, 3.42, 3.67


def remote(site: Site, *periods: tuple[int, float], **fields: Any) -> None:
    site.smart.begin(1, profile(TX, *periods, number=50, **fields), NOON)


def test_a_profile_that_came_with_the_start_acts_on_its_transaction() -> None:
    site = Site()
    remote(site, (0, 4000.0))
    assert site.watts() == {1: 4000.0}
    site.smart.end(1)
    assert site.watts() == {1: FREE}


def test_that_transaction_does_not_use_a_default() -> None:
    site = Site()
    site.set(0, profile(DEFAULT, (0, 5000.0)))
    remote(site, (0, 4000.0), duration=60)
    assert site.schedule() == [(0, 4000.0), (60, FREE)]
    # Other connectors do, and so does the next transaction.
    assert site.schedule(2) == [(0, 5000.0)]
    site.smart.end(1)
    assert site.schedule() == [(0, 5000.0)]


def test_a_later_tx_profile_replaces_it_at_its_level_and_stacks_at_others() -> None:
    site = Site()
    site.set(0, profile(DEFAULT, (0, 5000.0)))
    remote(site, (0, 4000.0), level=1)
    site.set(1, profile(TX, (0, 6000.0), number=51, level=2, duration=60))
    assert site.schedule() == [(0, 6000.0), (60, 4000.0)]
    site.set(1, profile(TX, (0, 7000.0), number=52, level=1, duration=120))
    assert site.schedule() == [(0, 6000.0), (60, 7000.0), (120, FREE)]
    # Once the central system has removed them all, the transaction is like any other.
    site.smart.clear(ClearChargingProfileRequest(charging_profile_purpose=TX))
    assert site.schedule() == [(0, 5000.0)]


# Units and phases, CE 3.34, 3.69


@pytest.mark.parametrize(
    ("limit", "unit", "phases", "watts", "amperes"),
    [
        (16.0, A, None, 11_040.0, 16.0),
        (10.1, A, 3, 6969.0, 10.1),
        (10.1, A, 2, 4646.0, 10.1),
        (10.1, A, 1, 2323.0, 10.1),
        (6900.0, W, None, 6900.0, 10.0),
        (2300.0, W, 1, 2300.0, 10.0),
        # Never more than allowed: 1000 W are 1.449... A on three phases.
        (1000.0, W, 3, 1000.0, 1.4),
        (1034.9, W, 3, 1034.9, 1.4),
        (1035.0, W, 3, 1035.0, 1.5),
        (0.1, W, 3, 0.1, 0.0),
        (0.0, A, 3, 0.0, 0.0),
    ],
)
def test_units(limit: float, unit: Any, phases: int | None, watts: float, amperes: float) -> None:
    one = (1, profile(TX, (0, limit, phases), unit=unit))
    assert drawn(one, unit=W) == [(0, watts)]
    assert drawn(one, unit=A) == [(0, amperes)]


def test_amperes_and_watts_are_compared_on_the_phases_that_both_allow() -> None:
    # One phase: 15 A are 3450 W there, 20 A more; 3650 W stand as they are.
    found = drawn(
        (0, profile(MAX, (0, 15.0), (60, 20.0), number=1, unit=A)),
        (1, profile(TX, (0, 3650.0, 1), number=2)),
    )
    assert found == [(0, 3450.0), (60, 3650.0)]


def test_the_unit_of_an_answer_without_one_is_that_which_is_taken() -> None:
    site = Site()
    site.set(1, profile(TX, (0, 10.0), unit=A))
    assert site.schedule(unit=None) == [(0, 6900.0)]
    site.smart.limits = type(site.smart.limits)(units={A})
    assert site.schedule(unit=None) == [(0, 10.0)]
