"""Goal 14: a composite schedule over 24 hours, and how its time grows with the profiles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bench.measure import Row, absolute, calls_side_by_side
from ocpp16 import messages
from ocpp16.datatypes import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from ocpp16.enums import (
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    RecurrencyKindType,
)
from ocpp16.station.smart_charging import Limits, Outlet, SmartCharging, Wiring

NOW = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def composite(rounds: int) -> list[Row]:
    """Compute the schedule of a connector from 20 and from 40 profiles of 24 periods each."""
    request = messages.GetCompositeScheduleRequest(
        connector_id=1, duration=24 * 3600, charging_rate_unit=ChargingRateUnitType.W
    )
    calls: dict[str, Any] = {
        str(count): (_smart_charging(count).composite_schedule, (request, NOW, {}))
        for count in (20, 40)
    }
    figures = calls_side_by_side(calls, rounds)
    twenty, forty = figures["20"], figures["40"]
    growth = [two / one for one, two in zip(twenty, forty, strict=True)]
    milliseconds = [figure / 1000 for figure in twenty]
    return [
        absolute(14, "composite schedule, 20 profiles", milliseconds, limit="<= 1.0", unit="ms"),
        # Twice the profiles: 2 is linear, 4 would be square.
        absolute(14, "the same, 40 profiles / 20", growth, limit="<= 2.5", unit="x"),
    ]


def _smart_charging(count: int) -> SmartCharging:
    wiring = Wiring(outlets={1: Outlet(power=22_000)})
    smart = SmartCharging(wiring, Limits(profiles=100, stack_level=100))
    for number in range(count):
        request = messages.SetChargingProfileRequest(
            connector_id=1, cs_charging_profiles=_profile(number, NOW + DAY * number / count)
        )
        smart.set_profile(request, NOW, {})
    return smart


def _profile(number: int, valid_from: datetime) -> ChargingProfile:
    """Return a profile that governs from its time until that of the next one, which lies above."""
    periods = [
        ChargingSchedulePeriod(start_period=3600 * hour, limit=1000.0 + 100 * hour + number)
        for hour in range(24)
    ]
    return ChargingProfile(
        charging_profile_id=number,
        stack_level=number,
        charging_profile_purpose=ChargingProfilePurposeType.TX_DEFAULT_PROFILE,
        charging_profile_kind=ChargingProfileKindType.RECURRING,
        recurrency_kind=RecurrencyKindType.DAILY,
        valid_from=valid_from,
        charging_schedule=ChargingSchedule(
            charging_rate_unit=ChargingRateUnitType.W,
            charging_schedule_period=periods,
            start_schedule=NOW,
        ),
    )
