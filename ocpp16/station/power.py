"""Charging profiles of a station on disk, and what they let each transaction draw. Spec: SPEC 9.

The rules are in `smart_charging`; here they meet storage and configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias, TypeVar

from ocpp16.datatypes import ChargingProfile
from ocpp16.enums import ChargingRateUnitType
from ocpp16.messages import (
    ClearChargingProfileRequest,
    ClearChargingProfileResponse,
    GetCompositeScheduleRequest,
    GetCompositeScheduleResponse,
    SetChargingProfileRequest,
    SetChargingProfileResponse,
)
from ocpp16.station.context import Context
from ocpp16.station.smart_charging import (
    Charging,
    Limits,
    Outlet,
    Profiles,
    SmartCharging,
    Wiring,
)
from ocpp16.storage import Change

T = TypeVar("T")
Write: TypeAlias = Callable[[list[Change]], T]
"""Writes changes together with something else."""
KIND = "charging-profile"
UNITS = {"Current": ChargingRateUnitType.A, "Power": ChargingRateUnitType.W}
"""CE 3.88."""


class Power:
    """The limits of one station that supports smart charging.

    Args:
        context: The station.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        model, configuration = context.model, context.configuration
        outlets = {number: Outlet(power=model.power) for number in range(1, model.connectors + 1)}
        units = configuration.items("ChargingScheduleAllowedChargingRateUnit")
        limits = Limits(
            stack_level=configuration.integer("ChargeProfileMaxStackLevel"),
            periods=configuration.integer("ChargingScheduleMaxPeriods"),
            profiles=configuration.integer("MaxChargingProfilesInstalled"),
            units=frozenset(UNITS[unit] for unit in units if unit in UNITS),
        )
        # CE 3.37: profiles survive; those of transactions end with them, and none runs now.
        stored = Profiles.from_records(context.storage.read(KIND)).with_transactions_only(())
        self._rules = SmartCharging(Wiring(outlets=outlets), limits, stored)
        self._kept = stored.to_records()

    def set_profile(
        self, request: SetChargingProfileRequest, charging: Mapping[int, Charging]
    ) -> SetChargingProfileResponse:
        """Answer a SetChargingProfile.

        Raises:
            PropertyConstraintViolation: No such connector, or no such value.
            StorageFailed: It could not be stored, and is not installed.
        """
        response = self._rules.set_profile(request, self._context.now, charging)
        self._keep(self._write)
        return response

    def clear(self, request: ClearChargingProfileRequest) -> ClearChargingProfileResponse:
        """Answer a ClearChargingProfile.

        Raises:
            StorageFailed: It could not be stored, and nothing is cleared.
        """
        response = self._rules.clear(request)
        self._keep(self._write)
        return response

    def composite_schedule(
        self, request: GetCompositeScheduleRequest, charging: Mapping[int, Charging]
    ) -> GetCompositeScheduleResponse:
        """Answer a GetCompositeSchedule.

        Raises:
            PropertyConstraintViolation: No such unit.
        """
        return self._rules.composite_schedule(request, self._context.now, charging)

    def may_start_with(self, profile: ChargingProfile) -> bool:
        """Tell whether a RemoteStartTransaction may come with a profile (CE 3.41).

        Raises:
            PropertyConstraintViolation: No such value.
        """
        return self._rules.remote_start_refusal(profile) is None

    def begin(self, connector: int, profile: ChargingProfile | None, write: Write[T]) -> T:
        """Take it that a transaction begins, with a profile perhaps; both are stored, or neither.

        Raises:
            StorageFailed: It could not be stored, and nothing is installed.
        """
        if profile is not None:
            self._rules.begin(connector, profile, self._context.now)
        return self._keep(write)

    def end(self, connector: int, write: Write[T]) -> T:
        """Take it that a transaction ends, and its profiles with it.

        Raises:
            StorageFailed: It could not be stored, and they stay.
        """
        self._rules.end(connector)
        return self._keep(write)

    def holds(self, charging: Mapping[int, Charging]) -> tuple[dict[int, int], datetime | None]:
        """Return what each transaction may draw, in tenths of a watt, and until when that holds."""
        if not charging:
            return {}, None
        holds = self._rules.holds(self._context.now, charging)
        until = min((hold.until for hold in holds.values()), default=None)
        return {number: hold.limit.power for number, hold in holds.items()}, until

    def _keep(self, write: Write[T]) -> T:
        wanted = self._rules.profiles.to_records()
        changes = [Change(KIND, key) for key in self._kept if key not in wanted]
        changes += [
            Change(KIND, key, record)
            for key, record in wanted.items()
            if self._kept.get(key) != record
        ]
        try:
            result = write(changes)
        except OSError:
            self._rules.profiles = Profiles.from_records(self._kept)
            raise
        self._kept = wanted
        return result

    def _write(self, changes: list[Change]) -> None:
        if changes:
            self._context.storage.write(changes)
