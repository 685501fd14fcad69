"""`ocpp16 charge-point`: a simulated charge point that boots, charges one car, and ends or stays.

Puts a `Simulator` behind a `ChargePoint` and moves its time. Does not print.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import attrs

from ocpp16.apps.charge_point.connector import Connector
from ocpp16.apps.charge_point.simulator import Hardware, Simulator
from ocpp16.apps.exchange import LogRemarks, Remark, Tell
from ocpp16.apps.live_station import LiveStation
from ocpp16.apps.tracer import Tracer
from ocpp16.clock import Clock
from ocpp16.enums import ChargePointStatus, Reason
from ocpp16.messages import AuthorizeRequest
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.security.configuration import StationSecurity
from ocpp16.settings import Settings
from ocpp16.transports.system_clock import SystemClock
from ocpp16.transports.task import time_limit

TICK = 0.1
"""Real seconds between two looks at the charge point."""
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


async def run_charge_point(
    hardware: Hardware,
    url: str,
    plan: Plan,
    *,
    tell: Tell,
    stop: asyncio.Event,
    listen: str | None = None,
    security: StationSecurity | None = None,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    clock: Clock | None = None,
) -> bool:
    """Play one charging session; returns whether it took place, to its planned end or a remote one.

    Args:
        hardware: The charge point.
        url: Where its central system is; waits for it as long as it takes.
        plan: What the driver is up to.
        tell: Takes what happens.
        stop: Ends it before its time.
        listen: Where it takes calls itself, on OCPP-S.
        security: The security profile, and what it shows.
        settings: Limits and timers of the role.
        clock: Where real time comes from; None is the machine's.

    Raises:
        ValueError: The identity, the tag, or the URL, is none.
    """
    # Before anything is sent: later on, it would be found in the midst of a session.
    AuthorizeRequest(id_tag=plan.id_tag)
    real_clock = SystemClock() if clock is None else clock
    station = ChargePoint(hardware.identity, settings=settings, clock=real_clock)
    now = real_clock.now().replace(microsecond=0)
    simulator = Simulator(hardware, now=now, sleep=real_clock.sleep)
    Tracer(station, tell)
    live = LiveStation(
        simulator,
        station,
        lambda boot: station.connect(
            url, boot=boot, listen=listen, security=_with_key(security, simulator.key)
        ),
        tell=tell,
    )
    session = _Session(simulator, live, plan, clock=real_clock, tell=tell)
    with LogRemarks(tell):
        running = asyncio.create_task(live.run())
        playing = asyncio.create_task(session.play())
        stopping = asyncio.create_task(stop.wait())
        tasks = (running, playing, stopping)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                # It goes on for ever, unless something is wrong that waiting does not mend.
                running.result()
            playing.cancel()
            await session.end()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return session.took_place


def _with_key(security: StationSecurity | None, key: bytes | None) -> StationSecurity | None:
    """Return the security, with the key that the central system has given since."""
    if security is None or key is None:
        return security
    return attrs.evolve(security, authorization_key=key)


class _Session:
    """One driver at one connector, and time."""

    def __init__(
        self,
        simulator: Simulator,
        live: LiveStation,
        plan: Plan,
        *,
        clock: Clock,
        tell: Tell,
    ) -> None:
        self.took_place = False
        self._simulator = simulator
        self._live = live
        self._plan = plan
        self._clock = clock
        self._tell = tell

    async def play(self) -> None:
        await self._live.ready.wait()
        self._simulator.now = self._clock.now().replace(microsecond=0)
        connector = self._simulator.connectors[self._plan.connector]
        await self._simulator.plug(connector.number)
        if await self._simulator.present(connector.number, self._plan.id_tag):
            await self._charge(connector)
        else:
            self._remark(f"{self._plan.id_tag} cannot charge here", is_warning=True)
        await self._simulator.unplug(connector.number)
        while self._plan.stay:
            await self._live_on()

    async def end(self) -> None:
        """End what still runs, as far as the central system can be told."""
        if not self._live.ready.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with time_limit(self._clock, FAREWELL):
                for number in self._simulator.connectors:
                    await self._simulator.stop(number, Reason.OTHER)

    async def _charge(self, connector: Connector) -> None:
        plan, simulator, transaction = self._plan, self._simulator, connector.transaction
        if transaction is None:
            self._remark(f"the central system does not let {plan.id_tag} go on", is_warning=True)
            return
        end = transaction.started + plan.duration
        while connector.transaction is transaction and simulator.now < end:
            if self._charged(connector, transaction.meter_start):
                break
            await self._clock.sleep(TICK)
            step = timedelta(seconds=TICK * plan.speed)
            await simulator.pass_time(min(step, end - simulator.now))
        if connector.transaction is transaction:
            await simulator.present(connector.number, transaction.id_tag)
        charged = connector.meter - transaction.meter_start
        minutes = (simulator.now - transaction.started).total_seconds() / 60
        self._remark(f"transaction {transaction.id}: {charged} Wh in {minutes:.0f} minutes")
        self.took_place = True

    def _charged(self, connector: Connector, meter_start: int) -> bool:
        return self._plan.energy is not None and connector.meter - meter_start >= self._plan.energy

    async def _live_on(self) -> None:
        """Let a moment pass in which drivers do what a remote start or stop asks of them."""
        simulator = self._simulator
        await self._clock.sleep(TICK)
        is_charging = any(each.transaction is not None for each in simulator.connectors.values())
        await simulator.pass_time(
            timedelta(seconds=TICK * (self._plan.speed if is_charging else 1))
        )
        for number, connector in simulator.connectors.items():
            if connector.tag is not None and not connector.is_plugged:
                await simulator.plug(number)
            elif connector.status is ChargePointStatus.FINISHING:
                await simulator.unplug(number)

    def _remark(self, text: str, *, is_warning: bool = False) -> None:
        self._tell(Remark(at=self._clock.now(), text=text, is_warning=is_warning))
