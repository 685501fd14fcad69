"""Charging profiles of a simulated charge point, and the limit they make. Spec: C 3.13; SPEC 9.

Limits are tenths of a watt inside, as integers; a current is per phase at the nominal voltage. Not
simulated: the choice of another start for Relative schedules than that of the transaction, and
minChargingRate.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import attrs

from ocpp16.datatypes import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from ocpp16.enums import (
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    RecurrencyKindType,
)
from ocpp16.messages import ClearChargingProfileRequest

VOLTAGE = 230
PHASES = 3

_MAX = ChargingProfilePurposeType.CHARGE_POINT_MAX_PROFILE
_DEFAULT = ChargingProfilePurposeType.TX_DEFAULT_PROFILE
_TX = ChargingProfilePurposeType.TX_PROFILE


@attrs.frozen
class Installed:
    """A profile, with the connector it was set for and the time it came."""

    connector: int
    profile: ChargingProfile
    since: datetime

    def limit_at(self, time: datetime, started: datetime) -> int | None:
        """Return the limit in tenths of a watt, None where it has none for that time.

        Args:
            time: The time that is meant.
            started: When the transaction started.
        """
        profile, schedule = self.profile, self.profile.charging_schedule
        if time < (profile.valid_from or self.since):
            return None
        if profile.valid_to is not None and time >= profile.valid_to:
            return None
        offset = (time - self._base(time, started)).total_seconds()
        if offset < 0 or (schedule.duration is not None and offset >= schedule.duration):
            return None
        limit = None
        for period in schedule.charging_schedule_period:
            if period.start_period <= offset:
                limit = to_power(period, schedule.charging_rate_unit)
        return limit

    def edges(self, start: datetime, end: datetime, started: datetime) -> set[datetime]:
        """Return the times between start and end at which the limit may change."""
        schedule = self.profile.charging_schedule
        offsets = [period.start_period for period in schedule.charging_schedule_period]
        if schedule.duration is not None:
            offsets.append(schedule.duration)
        times = {time for time in (self.profile.valid_from, self.profile.valid_to) if time}
        base: datetime | None = self._base(start, started)
        while base is not None and base < end:
            times |= {base + timedelta(seconds=offset) for offset in offsets}
            base = base + self._cycle if self._cycle else None
        return {time for time in times if start < time < end}

    @property
    def _cycle(self) -> timedelta | None:
        if self.profile.charging_profile_kind is not ChargingProfileKindType.RECURRING:
            return None
        weekly = self.profile.recurrency_kind is RecurrencyKindType.WEEKLY
        return timedelta(weeks=1) if weekly else timedelta(days=1)

    def _base(self, time: datetime, started: datetime) -> datetime:
        """Return the time that the offsets of the schedule count from."""
        start = self.profile.charging_schedule.start_schedule
        if start is None or self.profile.charging_profile_kind is ChargingProfileKindType.RELATIVE:
            return started
        if self._cycle is None or time < start:
            return start
        return start + (time - start) // self._cycle * self._cycle


class ChargingProfiles:
    """The profiles that are installed.

    Args:
        power: What the charge point can give to one connector, in W.
        connectors: How many connectors it has.
    """

    def __init__(self, power: int, connectors: int) -> None:
        self._power = 10 * power
        self._connectors = connectors
        self._installed: list[Installed] = []

    def __len__(self) -> int:
        return len(self._installed)

    def count_with(self, new: Installed) -> int:
        """Return how many there would be with a new one."""
        return 1 + sum(not _replaces(new, one) for one in self._installed)

    def install(self, new: Installed) -> None:
        """Install a profile; it replaces one of its id, or of its purpose, level and connector."""
        self._installed = [one for one in self._installed if not _replaces(new, one)] + [new]

    def clear(self, request: ClearChargingProfileRequest) -> int:
        """Remove what a central system names; returns how many it were."""
        kept = [one for one in self._installed if not _is_named(one, request)]
        cleared = len(self._installed) - len(kept)
        self._installed = kept
        return cleared

    def end_transaction(self, connector: int) -> None:
        """Remove the profiles of the transaction that ended on a connector."""
        self._installed = [
            one
            for one in self._installed
            if one.connector != connector or one.profile.charging_profile_purpose is not _TX
        ]

    def limit_at(self, connector: int, time: datetime, started: datetime) -> int:
        """Return what a connector may draw at a time, 0 is all of them, in tenths of a watt."""
        limits = [self._power if connector else self._power * self._connectors]
        site = self._prevailing(0, _MAX, time, started)
        if site is not None:
            limits.append(site)
        if not connector:
            return min(limits)
        for where, purpose in ((connector, _TX), (connector, _DEFAULT), (0, _DEFAULT)):
            limit = self._prevailing(where, purpose, time, started)
            if limit is not None:
                limits.append(limit)
                break
        return min(limits)

    def composite(
        self,
        connector: int,
        start: datetime,
        duration: int,
        unit: ChargingRateUnitType,
        started: datetime,
    ) -> ChargingSchedule:
        """Return the limits from a time on, for so many seconds, as one schedule."""
        end = start + timedelta(seconds=duration)
        times = {start}.union(*(one.edges(start, end, started) for one in self._installed))
        periods: list[ChargingSchedulePeriod] = []
        for time in sorted(times):
            limit = to_unit(self.limit_at(connector, time, started), unit)
            if not periods or periods[-1].limit != limit:
                offset = int((time - start).total_seconds())
                periods.append(ChargingSchedulePeriod(start_period=offset, limit=limit))
        # CE 3.57: the answer leaves startSchedule out.
        return ChargingSchedule(
            duration=duration, charging_rate_unit=unit, charging_schedule_period=tuple(periods)
        )

    def _prevailing(
        self,
        connector: int,
        purpose: ChargingProfilePurposeType,
        time: datetime,
        started: datetime,
    ) -> int | None:
        candidates = [
            one
            for one in self._installed
            if one.connector == connector and one.profile.charging_profile_purpose is purpose
        ]
        for one in sorted(candidates, key=lambda one: -one.profile.stack_level):
            limit = one.limit_at(time, started)
            if limit is not None:
                return limit
        return None


def to_power(period: ChargingSchedulePeriod, unit: ChargingRateUnitType) -> int:
    """Return the limit of a period in tenths of a watt."""
    tenths = round(period.limit * 10)
    if unit is ChargingRateUnitType.W:
        return tenths
    return tenths * VOLTAGE * (period.number_phases or PHASES)


def to_unit(power: int, unit: ChargingRateUnitType) -> float:
    """Return tenths of a watt in a unit with one decimal, rounded down: a limit must hold."""
    tenths = power if unit is ChargingRateUnitType.W else power // (VOLTAGE * PHASES)
    return tenths / 10


def starts_at_zero(periods: Iterable[ChargingSchedulePeriod]) -> bool:
    """Tell whether periods begin with startPeriod 0 and go up (CE 3.45)."""
    starts = [period.start_period for period in periods]
    return starts[:1] == [0] and starts == sorted(set(starts))


def _replaces(new: Installed, old: Installed) -> bool:
    if new.profile.charging_profile_id == old.profile.charging_profile_id:
        return True
    return (
        new.connector == old.connector
        and new.profile.charging_profile_purpose is old.profile.charging_profile_purpose
        and new.profile.stack_level == old.profile.stack_level
    )


def _is_named(one: Installed, request: ClearChargingProfileRequest) -> bool:
    # CE 3.26: an id alone decides; else every field that is given has to fit.
    profile = one.profile
    if request.id is not None:
        return profile.charging_profile_id == request.id
    return all(
        wanted is None or wanted == found
        for wanted, found in (
            (request.connector_id, one.connector),
            (request.charging_profile_purpose, profile.charging_profile_purpose),
            (request.stack_level, profile.stack_level),
        )
    )
