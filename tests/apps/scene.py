"""A simulated charge point that a central system calls, in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ocpp16 import CentralSystem, ChargePoint
from ocpp16.apps.charge_point.profile_requests import ProfileRequests
from ocpp16.apps.charge_point.requests import Requests
from ocpp16.apps.charge_point.simulator import Simulator
from ocpp16.datatypes import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from ocpp16.enums import (
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
)
from ocpp16.roles.peer import Peer
from ocpp16.testing import HandClock, connected
from tests.apps.doubles import NOON, Central, make_simulator
from tests.parties import run

Scene = Callable[["Site"], Awaitable[None]]


class Site:
    """A simulated charge point that a central system calls."""

    def __init__(
        self, peer: Peer, simulator: Simulator, central: Central, clock: HandClock
    ) -> None:
        self.simulator = simulator
        self.central = central
        self._peer = peer
        self._clock = clock

    async def ask(self, request: Any) -> Any:
        """Return the answer, once all that follows from it is done."""
        response = await self._peer.call(request)
        await self._clock.settle()
        return response

    async def charge(self, connector: int = 1) -> None:
        await self.simulator.plug(connector)
        await self.simulator.present(connector, "A")
        self.central.requests.clear()

    @property
    def story(self) -> list[str]:
        return self.central.story


def play(scene: Scene) -> None:
    async def main() -> None:
        clock = HandClock(NOON)
        role, station = CentralSystem(clock=clock), ChargePoint("CP1", clock=clock)
        simulator, central = make_simulator()
        Requests(simulator).register(station)
        ProfileRequests(simulator).register(station)
        async with connected(role, station) as (peer, _):
            await scene(Site(peer, simulator, central, clock))

    run(main)


def profile(
    purpose: ChargingProfilePurposeType = ChargingProfilePurposeType.TX_PROFILE,
    *,
    number: int = 1,
    level: int = 0,
    starts: tuple[int, ...] = (0,),
    transaction_id: int | None = None,
) -> ChargingProfile:
    return ChargingProfile(
        charging_profile_id=number,
        transaction_id=transaction_id,
        stack_level=level,
        charging_profile_purpose=purpose,
        charging_profile_kind=ChargingProfileKindType.RELATIVE,
        charging_schedule=ChargingSchedule(
            charging_rate_unit=ChargingRateUnitType.A,
            charging_schedule_period=tuple(
                ChargingSchedulePeriod(start_period=start, limit=6.0) for start in starts
            ),
        ),
    )


TX = ChargingProfilePurposeType.TX_PROFILE
DEFAULT = ChargingProfilePurposeType.TX_DEFAULT_PROFILE
MAX = ChargingProfilePurposeType.CHARGE_POINT_MAX_PROFILE
