"""A simulator at a central system that takes everything, in memory; time is turned by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from ocpp16 import CentralSystem, ChargePoint
from ocpp16.apps.back_office import BackOffice
from ocpp16.apps.charge_point.simulator import Hardware, Simulator
from ocpp16.apps.exchange import Exchange
from ocpp16.apps.tracer import Tracer
from ocpp16.datatypes import IdTagInfo
from ocpp16.testing import HandClock, loopback_pair
from tests.apps.doubles import ACCEPTED, BLOCKED, NOON


class Stand:
    """A simulated charge point, and the books of its central system."""

    def __init__(self, hardware: Hardware) -> None:
        self.clock = HandClock(NOON)
        self.central = CentralSystem(clock=self.clock)
        tags: dict[str, IdTagInfo] = {"lost": BLOCKED, "a": ACCEPTED}
        self.office = BackOffice(now=self.clock.now, tell=lambda _: None, tags=tags)
        self.office.register(self.central)
        self.role = ChargePoint("CP1", clock=self.clock)
        self.exchanges: list[Exchange] = []
        Tracer(
            self.role,
            lambda event: self.exchanges.append(event) if isinstance(event, Exchange) else None,
        )
        self.simulator = Simulator(hardware, self.role, clock=self.clock)
        self.pair = loopback_pair(self.central, self.role)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        async with self.simulator.connected(
            lambda boot: self.role.connect_by(self.pair.dial, boot=boot, attempts=None)
        ):
            await self.clock.settle()
            yield

    async def doing(self, work: Awaitable[object]) -> object:
        """Do something that takes real time, which passes meanwhile."""
        task = asyncio.ensure_future(work)
        while not task.done():
            await self.clock.advance(0.05)
        return task.result()

    @property
    def actions(self) -> list[str]:
        found = [exchange.action for exchange in self.exchanges]
        self.exchanges.clear()
        return found


def play(
    body: Callable[[Stand], Awaitable[None]], *, connectors: int = 2, has_real_cars: bool = False
) -> None:
    async def main() -> None:
        stand = Stand(Hardware(identity="CP1", connectors=connectors, has_real_cars=has_real_cars))
        async with stand.working():
            await body(stand)

    asyncio.run(asyncio.wait_for(main(), 30))
