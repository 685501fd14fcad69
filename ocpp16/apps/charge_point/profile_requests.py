"""What a central system asks about charging profiles, and how a simulated charge point answers.

Spec: C 5.5, 5.7, 5.16; SPEC 9.
"""

from __future__ import annotations

from ocpp16 import messages
from ocpp16.apps.charge_point.charging_profile import Installed, starts_at_zero
from ocpp16.apps.charge_point.simulator import Simulator
from ocpp16.datatypes import ChargingProfile
from ocpp16.enums import (
    ChargingProfilePurposeType,
    ChargingProfileStatus,
    ChargingRateUnitType,
    ClearChargingProfileStatus,
    GetCompositeScheduleStatus,
)
from ocpp16.errors import PropertyConstraintViolation
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.roles.peer import Peer


class ProfileRequests:
    """The handlers for smart charging of one simulated charge point.

    Args:
        simulator: The charge point.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def register(self, station: ChargePoint) -> None:
        """Let them answer for a role."""
        station.on(messages.SetChargingProfileRequest)(self._set)
        station.after(messages.SetChargingProfileRequest)(self._apply)
        station.on(messages.ClearChargingProfileRequest)(self._clear)
        station.after(messages.ClearChargingProfileRequest)(self._apply)
        station.on(messages.GetCompositeScheduleRequest)(self._get_composite_schedule)

    async def _set(
        self, peer: Peer, request: messages.SetChargingProfileRequest
    ) -> messages.SetChargingProfileResponse:
        number, profile = request.connector_id, request.cs_charging_profiles
        if number not in (0, *self._simulator.connectors):
            # CE 3.38: not a status, but an error.
            reason = f"/connectorId: there is no connector {number}"
            raise PropertyConstraintViolation(reason, path="/connectorId")
        new = Installed(number, profile, self._simulator.now)
        if not (self._is_in_place(number, profile) and self._is_within_limits(new)):
            return messages.SetChargingProfileResponse(status=ChargingProfileStatus.REJECTED)
        self._simulator.profiles.install(new)
        return messages.SetChargingProfileResponse(status=ChargingProfileStatus.ACCEPTED)

    def _is_in_place(self, number: int, profile: ChargingProfile) -> bool:
        """Tell whether a purpose fits a connector, and a transaction the one that runs there."""
        match profile.charging_profile_purpose:
            case ChargingProfilePurposeType.CHARGE_POINT_MAX_PROFILE:
                return number == 0 and profile.transaction_id is None
            case ChargingProfilePurposeType.TX_DEFAULT_PROFILE:
                return profile.transaction_id is None
            case ChargingProfilePurposeType.TX_PROFILE:
                connector = self._simulator.connectors.get(number)
                if connector is None or connector.transaction is None:
                    return False
                return profile.transaction_id in {None, connector.transaction.id}

    def _is_within_limits(self, new: Installed) -> bool:
        configuration, profile = self._simulator.configuration, new.profile
        periods = profile.charging_schedule.charging_schedule_period
        count = self._simulator.profiles.count_with(new)
        return (
            0 <= profile.stack_level <= configuration.amount("ChargeProfileMaxStackLevel")
            and len(periods) <= configuration.amount("ChargingScheduleMaxPeriods")
            and count <= configuration.amount("MaxChargingProfilesInstalled")
            and starts_at_zero(periods)
        )

    async def _clear(
        self, peer: Peer, request: messages.ClearChargingProfileRequest
    ) -> messages.ClearChargingProfileResponse:
        cleared = self._simulator.profiles.clear(request)
        return messages.ClearChargingProfileResponse(
            status=ClearChargingProfileStatus.ACCEPTED
            if cleared
            else ClearChargingProfileStatus.UNKNOWN
        )

    async def _apply(self, peer: Peer, request: object) -> None:
        await self._simulator.apply_limits()

    async def _get_composite_schedule(
        self, peer: Peer, request: messages.GetCompositeScheduleRequest
    ) -> messages.GetCompositeScheduleResponse:
        simulator, number = self._simulator, request.connector_id
        if number not in (0, *simulator.connectors) or request.duration < 0:
            return messages.GetCompositeScheduleResponse(status=GetCompositeScheduleStatus.REJECTED)
        connector = simulator.connectors.get(number)
        transaction = None if connector is None else connector.transaction
        schedule = simulator.profiles.composite(
            number,
            simulator.now,
            request.duration,
            request.charging_rate_unit or ChargingRateUnitType.W,
            simulator.now if transaction is None else transaction.started,
        )
        return messages.GetCompositeScheduleResponse(
            status=GetCompositeScheduleStatus.ACCEPTED,
            connector_id=number,
            schedule_start=simulator.now,
            charging_schedule=schedule,
        )
