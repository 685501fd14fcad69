"""Short ways to write profiles down, for the tests of smart charging."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ocpp16.datatypes import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from ocpp16.enums import (
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    RecurrencyKindType,
)
from ocpp16.messages import GetCompositeScheduleRequest, SetChargingProfileRequest
from ocpp16.station.smart_charging import Charging, Limits, Outlet, SmartCharging, Wiring

MAX = ChargingProfilePurposeType.CHARGE_POINT_MAX_PROFILE
DEFAULT = ChargingProfilePurposeType.TX_DEFAULT_PROFILE
TX = ChargingProfilePurposeType.TX_PROFILE
ABSOLUTE = ChargingProfileKindType.ABSOLUTE
RECURRING = ChargingProfileKindType.RECURRING
RELATIVE = ChargingProfileKindType.RELATIVE
DAILY, WEEKLY = RecurrencyKindType.DAILY, RecurrencyKindType.WEEKLY
A, W = ChargingRateUnitType.A, ChargingRateUnitType.W

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
"""On a day when clocks change in many countries, and not in UTC."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


def period(start: int, limit: float, phases: int | None = None) -> ChargingSchedulePeriod:
    return ChargingSchedulePeriod(start_period=start, limit=limit, number_phases=phases)


def profile(
    purpose: ChargingProfilePurposeType = TX,
    *periods: tuple[int, float] | tuple[int, float, int | None],
    number: int = 1,
    level: int = 0,
    kind: ChargingProfileKindType = ABSOLUTE,
    unit: ChargingRateUnitType = W,
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
            charging_rate_unit=unit,
            charging_schedule_period=tuple(period(*one) for one in periods or ((0, 6.0),)),
        ),
        **fields,
    )


class Site:
    """A charge point whose connectors give 11 kW each, with a transaction on connector 1."""

    def __init__(self, *, connectors: int = 2, limits: Limits | None = None) -> None:
        outlets = {number: Outlet(power=11_040) for number in range(1, connectors + 1)}
        self.smart = SmartCharging(Wiring(outlets=outlets), limits)
        self.charging: dict[int, Charging] = {1: Charging(NOON, 7)}

    def set(self, connector: int, new: ChargingProfile, now: datetime = NOON) -> str:
        request = SetChargingProfileRequest(connector_id=connector, cs_charging_profiles=new)
        return self.smart.set_profile(request, now, self.charging).status

    def reason(self, connector: int, new: ChargingProfile) -> str:
        assert self.set(connector, new) == "Rejected"
        return str(self.smart.last_refusal)

    def schedule(
        self,
        connector: int = 1,
        duration: int = 3600,
        unit: ChargingRateUnitType | None = W,
        now: datetime = NOON,
    ) -> list[tuple[int, float]]:
        request = GetCompositeScheduleRequest(
            connector_id=connector, duration=duration, charging_rate_unit=unit
        )
        answer = self.smart.composite_schedule(request, now, self.charging)
        assert answer.status == "Accepted"
        assert answer.charging_schedule is not None
        periods = answer.charging_schedule.charging_schedule_period
        return [(one.start_period, one.limit) for one in periods]

    def watts(self, now: datetime = NOON) -> Mapping[int, float]:
        holds = self.smart.holds(now, self.charging)
        return {number: hold.limit.watts for number, hold in holds.items()}
