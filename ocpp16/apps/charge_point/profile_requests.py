"""What a central system asks about charging profiles, of a simulated charge point.

The rules are in `station.smart_charging`; here they meet a role, and what they change takes effect.
"""

from __future__ import annotations

from ocpp16 import messages
from ocpp16.apps.charge_point.simulator import Simulator
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
        simulator = self._simulator
        return simulator.smart_charging.set_profile(request, simulator.now, simulator.charging)

    async def _clear(
        self, peer: Peer, request: messages.ClearChargingProfileRequest
    ) -> messages.ClearChargingProfileResponse:
        return self._simulator.smart_charging.clear(request)

    async def _apply(self, peer: Peer, request: object) -> None:
        await self._simulator.apply_limits()

    async def _get_composite_schedule(
        self, peer: Peer, request: messages.GetCompositeScheduleRequest
    ) -> messages.GetCompositeScheduleResponse:
        simulator = self._simulator
        return simulator.smart_charging.composite_schedule(
            request, simulator.now, simulator.charging
        )
