"""The clock of a station. SPEC 2; POLICY, Charge point."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ocpp16.station.clock import StationClock
from tests.station.parts import NOON, after


def test_it_goes_on_with_the_monotonic_clock() -> None:
    assert StationClock(100.0, NOON).at(160.0) == after(60)


def test_setting_it_tells_the_offset() -> None:
    clock = StationClock(0.0, datetime(1970, 1, 1, tzinfo=UTC))
    offset = clock.set(10.0, NOON)
    assert offset == NOON - datetime(1970, 1, 1, 0, 0, 10, tzinfo=UTC)
    assert clock.at(15.0) == after(5)
    assert clock.is_set


def test_it_can_go_back() -> None:
    clock = StationClock(0.0, NOON)
    assert clock.set(0.0, after(-3600)) == timedelta(hours=-1)


def test_a_right_clock_stays_as_it_is() -> None:
    clock = StationClock(0.0, NOON)
    assert clock.set(10.0, after(10.5)) == timedelta(0)
    assert clock.at(10.0) == after(10)
    assert clock.is_set


def test_waits_until_an_instant() -> None:
    clock = StationClock(0.0, NOON)
    assert clock.seconds_until(after(90), 30.0) == 60.0
    assert clock.seconds_until(after(-1), 30.0) == 0.0
