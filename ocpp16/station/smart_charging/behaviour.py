"""Smart charging of one charge point: its answers, and the limits that hold. Spec: C 3.13.

Holds the installed profiles and the wiring. Time and transactions come in as arguments; nothing is
sent, stored or awaited here. A charge point without smart charging does not need this module: where
no handler is registered, the answer is NotSupported, as is due (CE 3.38).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

import attrs

from ocpp16.datatypes import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from ocpp16.enums import (
    ChargingProfileStatus,
    ChargingRateUnitType,
    ClearChargingProfileStatus,
    GetCompositeScheduleStatus,
)
from ocpp16.errors import PropertyConstraintViolation
from ocpp16.messages import (
    ClearChargingProfileRequest,
    ClearChargingProfileResponse,
    GetCompositeScheduleRequest,
    GetCompositeScheduleResponse,
    SetChargingProfileRequest,
    SetChargingProfileResponse,
)
from ocpp16.station.smart_charging.charging import Charging
from ocpp16.station.smart_charging.composite import (
    Held,
    Question,
    amount,
    cap_of,
    limits_of_connector,
    power_of,
    stretches,
)
from ocpp16.station.smart_charging.prevalence import prevailing
from ocpp16.station.smart_charging.profiles import Installed, Profiles
from ocpp16.station.smart_charging.refusal import (
    Limits,
    Refusal,
    check_values,
    refusal,
    remote_start_refusal,
)
from ocpp16.station.smart_charging.second import DAY, to_instant, to_seconds
from ocpp16.station.smart_charging.sharing import share
from ocpp16.station.smart_charging.wiring import Limit, Rate, Wiring

T = TypeVar("T")

LONGEST = 31 * DAY
"""Seconds that a composite schedule covers at most; an answer says how far it reaches. What recurs
makes work for every day that is asked for, whoever asks."""
MOST_PERIODS = 1000
"""Periods of a composite schedule at most: some 60 KiB of JSON, half of the message limit."""
LOOK_AHEAD = DAY
"""Seconds after which a limit is to be asked for again, even if no change of it is in sight."""


@attrs.frozen
class Hold:
    """What a connector may draw from now on, and until when that is known."""

    limit: Limit
    until: datetime
    """Ask again then, or when profiles or transactions have changed."""


class SmartCharging:
    """The charging profiles of one charge point, and what comes of them.

    >>> from datetime import UTC, datetime
    >>> from ocpp16.messages import GetCompositeScheduleRequest
    >>> from ocpp16.station.smart_charging import Outlet, SmartCharging, Wiring
    >>> smart = SmartCharging(Wiring(outlets={1: Outlet(power=11_040)}))
    >>> request = GetCompositeScheduleRequest(connector_id=1, duration=3600)
    >>> answer = smart.composite_schedule(request, datetime(2026, 3, 2, 12, tzinfo=UTC), {})
    >>> answer.charging_schedule.charging_schedule_period
    (ChargingSchedulePeriod(start_period=0, limit=11040.0, number_phases=3),)

    Args:
        wiring: Its connectors; each one's power has to be known.
        limits: What it takes.
        profiles: Those that were stored.
    """

    def __init__(
        self, wiring: Wiring, limits: Limits | None = None, profiles: Profiles | None = None
    ) -> None:
        unknown = [number for number, outlet in wiring.outlets.items() if outlet.power is None]
        if unknown:
            raise ValueError(f"the power of connector {unknown[0]} is not known")
        self.wiring = wiring
        self.limits = limits or Limits()
        self.profiles = profiles or Profiles()
        """Change it only to put back what was there, when it could not be stored."""
        self.last_refusal: Refusal | None = None
        """Why the last profile was not taken, for a log."""

    # What a central system asks

    def set_profile(
        self,
        request: SetChargingProfileRequest,
        now: datetime,
        charging: Mapping[int, Charging],
    ) -> SetChargingProfileResponse:
        """Install a profile, or tell that it is not taken.

        Args:
            request: What is asked.
            now: The time.
            charging: The transactions that run, by connector.

        Raises:
            PropertyConstraintViolation: There is no such connector, or a value is outside its
                enumeration (CE 3.38, 3.39).
        """
        connector, profile = request.connector_id, request.cs_charging_profiles
        if connector != 0 and connector not in self.wiring.outlets:
            reason = f"/connectorId: there is no connector {connector}"
            raise PropertyConstraintViolation(reason, path="/connectorId")
        check_values(profile, "/csChargingProfiles")
        refused = refusal(connector, profile, charging.get(connector), self.limits)
        if refused is None:
            profiles = self.profiles.with_profile(Installed(connector, profile, now))
            if len(profiles) <= self.limits.profiles:
                self.profiles = profiles
                return SetChargingProfileResponse(status=ChargingProfileStatus.ACCEPTED)
            refused = Refusal("", f"would be one of more than {self.limits.profiles}")
        self.last_refusal = refused
        return SetChargingProfileResponse(status=ChargingProfileStatus.REJECTED)

    def clear(self, request: ClearChargingProfileRequest) -> ClearChargingProfileResponse:
        """Remove the profiles that are named, or tell that there are none."""
        profiles = self.profiles.without(request)
        if len(profiles) == len(self.profiles):
            return ClearChargingProfileResponse(status=ClearChargingProfileStatus.UNKNOWN)
        self.profiles = profiles
        return ClearChargingProfileResponse(status=ClearChargingProfileStatus.ACCEPTED)

    def composite_schedule(
        self,
        request: GetCompositeScheduleRequest,
        now: datetime,
        charging: Mapping[int, Charging],
    ) -> GetCompositeScheduleResponse:
        """Return the limits from now on. It reaches as far as its duration says.

        Raises:
            PropertyConstraintViolation: The unit is none (CE 3.24).
        """
        connector, unit = request.connector_id, request.charging_rate_unit
        if unit is not None and not unit.is_recognised:
            reason = f"/chargingRateUnit: {unit.value!a} is not a value of ChargingRateUnitType"
            raise PropertyConstraintViolation(reason, path="/chargingRateUnit")
        is_known = connector == 0 or connector in self.wiring.outlets
        if not is_known or request.duration < 0:
            return GetCompositeScheduleResponse(status=GetCompositeScheduleStatus.REJECTED)
        start, duration = to_seconds(now), min(request.duration, LONGEST)
        unit = unit or self._own_unit
        # Of no time at all it still is told what holds.
        end = start + max(1, duration)
        question = Question(self.profiles, self.wiring, start, end, charging)
        schedule = compose(stretches(question, connector, unit), start, duration, unit)
        return GetCompositeScheduleResponse(
            status=GetCompositeScheduleStatus.ACCEPTED,
            connector_id=connector,
            schedule_start=to_instant(start),
            charging_schedule=schedule,
        )

    def remote_start_refusal(self, profile: ChargingProfile) -> Refusal | None:
        """Return why a profile cannot come with RemoteStartTransaction, None if it can.

        Raises:
            PropertyConstraintViolation: A value is outside its enumeration.
        """
        check_values(profile, "/chargingProfile")
        return remote_start_refusal(profile, self.limits)

    # What happens to transactions

    def begin(self, connector: int, profile: ChargingProfile, now: datetime) -> None:
        """Install the profile that a transaction was started with from afar.

        It was promised with the start, so it is taken even if the charge point is full.
        """
        installed = Installed(connector, profile, now, without_default=True)
        self.profiles = self.profiles.with_profile(installed)

    def end(self, connector: int) -> None:
        """Remove the profiles of the transaction that has ended on a connector."""
        self.profiles = self.profiles.without_transaction(connector)

    # What holds now

    def holds(self, now: datetime, charging: Mapping[int, Charging]) -> dict[int, Hold]:
        """Return what each connector with a transaction may draw now, and until when.

        ChargePointMaxProfile limits the sum, so the connectors share it: see `sharing`.
        """
        start = to_seconds(now)
        until = end = start + LOOK_AHEAD
        question = Question(self.profiles, self.wiring, start, end, charging)
        limits: dict[int, Limit] = {}
        for number in charging:
            held = limits_of_connector(question, number)
            (power, phases), change = _first(
                (since, (power, phases)) for since, _, power, phases, _, _ in held
            )
            if power is not None:
                limits[number] = Limit(power, phases, self.wiring.voltage)
            until = min(until, change or end)
        site = prevailing(self.profiles.of_site(), start, end, start)
        rate, change = _first((since, rate) for since, _, rate, _ in site)
        until = min(until, change or end)
        if rate is not None:
            limits = self._shared(rate, limits)
        return {number: Hold(limit, to_instant(until)) for number, limit in limits.items()}

    def _shared(self, rate: Rate, limits: Mapping[int, Limit]) -> dict[int, Limit]:
        """Return limits whose sum is no more than the rate of a ChargePointMaxProfile."""
        unit = ChargingRateUnitType.A if rate.is_current else ChargingRateUnitType.W
        _, budget = cap_of(rate, self.wiring, unit)
        wishes = {
            number: amount(limit.power, limit.phases, unit) for number, limit in limits.items()
        }
        return {
            number: attrs.evolve(limits[number], power=power_of(part, limits[number].phases, unit))
            for number, part in share(budget, wishes).items()
        }

    @property
    def _own_unit(self) -> ChargingRateUnitType:
        """The unit of an answer where none is asked for; a power needs no rounding."""
        only_current = ChargingRateUnitType.W not in self.limits.units
        return ChargingRateUnitType.A if only_current else ChargingRateUnitType.W


def compose(
    parts: Iterable[Held], start: int, duration: int, unit: ChargingRateUnitType
) -> ChargingSchedule:
    """Return stretches as one schedule; what is the same side by side becomes one period.

    Args:
        parts: In order of time; each has a limit.
        start: When the first one begins.
        duration: How long they last together. The schedule is shorter if it would have too many
            periods.
        unit: The unit of their tenths.
    """
    periods: list[ChargingSchedulePeriod] = []
    tenths_before, phases_before = -1, 0
    for since, _, tenths, phases, _, _ in parts:
        if tenths is None or (tenths == tenths_before and phases == phases_before):
            continue
        tenths_before, phases_before = tenths, phases
        if len(periods) == MOST_PERIODS:
            duration = since - start
            break
        periods.append(
            ChargingSchedulePeriod(
                start_period=since - start, limit=tenths / 10, number_phases=phases
            )
        )
    # CE 3.57: startSchedule is left out; scheduleStart of the answer stands for it.
    return ChargingSchedule(
        duration=duration, charging_rate_unit=unit, charging_schedule_period=tuple(periods)
    )


def _first(values: Iterable[tuple[int, T]]) -> tuple[T, int | None]:
    """Return the first value, and when it first becomes another one."""
    times = iter(values)
    _, first = next(times)
    return first, next((since for since, value in times if value != first), None)
