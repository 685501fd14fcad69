"""One driver who charges a car at a simulated charge point, and what comes after."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import attrs

from ocpp16.apps.charge_point.car import FlatCar
from ocpp16.apps.charge_point.simulator import Simulator
from ocpp16.apps.exchange import Remark, Tell
from ocpp16.clock import Clock
from ocpp16.enums import ChargePointStatus, Reason
from ocpp16.transports.task import time_limit

TICK = 0.1
"""Real seconds between two looks at the charge point."""
PACE = 0.01
"""How fast time runs by itself while a car charges."""
FAREWELL = 5.0
"""Real seconds in which an interrupted transaction may be reported."""


@attrs.frozen(kw_only=True)
class Plan:
    """What the driver is up to."""

    connector: int = 1
    id_tag: str = "CARD-1"
    duration: timedelta = timedelta(minutes=20)
    """How long the car charges, in simulated time, ..."""
    energy: int | None = None
    """... or until it has got so many Wh."""
    speed: float = 120.0
    """How much faster simulated time runs while a car charges."""
    stay: bool = False
    """Stay connected afterwards and serve the central system, drivers included."""


class Session:
    """One driver at one connector, and time.

    Args:
        simulator: The charge point.
        plan: What the driver is up to.
        clock: Real time.
        tell: Takes remarks.
    """

    def __init__(self, simulator: Simulator, plan: Plan, *, clock: Clock, tell: Tell) -> None:
        self.took_place = False
        self._simulator = simulator
        self._plan = plan
        self._clock = clock
        self._tell = tell

    async def play(self) -> None:
        """Charge one car, then end or stay."""
        simulator, plan = self._simulator, self._plan
        await simulator.station.until(lambda: simulator.station.is_accepted)
        await simulator.station.quiet()
        # Time passes in steps of ours: however busy this machine is, what is metered is exact.
        with simulator.clock.at_pace(PACE):
            simulator.plug(plan.connector, FlatCar(plan.energy))
            if await simulator.present(plan.connector, plan.id_tag):
                await self._charge()
            else:
                self._remark(f"{plan.id_tag} cannot charge here", is_warning=True)
            simulator.unplug(plan.connector)
            await simulator.station.quiet()
        while plan.stay:
            await self._live_on()

    async def end(self) -> None:
        """End what still runs, as far as the central system can be told."""
        station = self._simulator.station
        for number in self._simulator.connectors:
            if station.is_charging(number):
                self._simulator.stop(number, Reason.OTHER)
        if not station.is_accepted:
            return
        with contextlib.suppress(TimeoutError):
            async with time_limit(self._clock, FAREWELL):
                await station.settled()

    async def _charge(self) -> None:
        plan, simulator, connector = self._plan, self._simulator, self._plan.connector
        station = simulator.station
        begin = simulator.machinery.register(connector)
        began = simulator.clock.time()
        await station.quiet()
        transaction = station.transaction_id(connector)
        if station.is_held(connector):
            text = f"the central system does not let {plan.id_tag} go on"
            self._remark(text, is_warning=True)
            return
        end = began + plan.duration.total_seconds()
        if transaction is not None:
            await self._charge_until(end, begin, transaction)
        stopped = simulator.clock.time()
        charged = simulator.machinery.register(connector) - begin
        minutes = (stopped - began) / 60
        self._remark(f"transaction {transaction}: {charged} Wh in {minutes:.0f} minutes")
        self.took_place = True

    async def _charge_until(self, end: float, begin: int, transaction: int) -> None:
        plan, simulator, connector = self._plan, self._simulator, self._plan.connector
        station = simulator.station
        while station.transaction_id(connector) == transaction and simulator.clock.time() < end:
            charged = simulator.machinery.register(connector) - begin
            if plan.energy is not None and charged >= plan.energy:
                break
            await self._clock.sleep(TICK)
            left = end - simulator.clock.time()
            await simulator.pass_time(max(0.0, min(TICK * plan.speed, left)))
        if station.transaction_id(connector) == transaction:
            await simulator.present(connector, plan.id_tag)

    async def _live_on(self) -> None:
        """Let a moment pass in which drivers do what a remote start or stop asks of them."""
        simulator, station = self._simulator, self._simulator.station
        await self._clock.sleep(TICK)
        is_charging = any(station.is_charging(number) for number in simulator.connectors)
        if is_charging:
            await simulator.pass_time(TICK * (self._plan.speed - 1))
        for number in simulator.connectors:
            if station.is_awaited(number) and simulator.machinery.sockets[number].car is None:
                simulator.plug(number, FlatCar())
            elif simulator.status(number) is ChargePointStatus.FINISHING:
                simulator.unplug(number)

    def _remark(self, text: str, *, is_warning: bool = False) -> None:
        self._tell(Remark(at=self._clock.now(), text=text, is_warning=is_warning))
