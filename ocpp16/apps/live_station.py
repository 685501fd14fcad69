"""Keeps a simulated charge point connected, booted and beating. Spec: C 4.2, 4.6; JE 3.4.

The only part of the simulation that knows a role. The role itself waits out Pending and Rejected,
and connects again when the connection is lost.
"""

from __future__ import annotations

import asyncio
import random as random_source
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from http import HTTPStatus
from typing import TypeAlias

from ocpp16.apps.charge_point.profile_requests import ProfileRequests
from ocpp16.apps.charge_point.requests import Requests
from ocpp16.apps.charge_point.simulator import Simulator
from ocpp16.apps.exchange import Remark, Tell
from ocpp16.enums import RegistrationStatus
from ocpp16.errors import ConnectionRefused, OcppError
from ocpp16.messages import BootNotificationRequest
from ocpp16.roles.backend import Backend
from ocpp16.roles.backoff import Backoff
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.roles.event import EventStream, Registered

Connect: TypeAlias = Callable[[BootNotificationRequest], AbstractAsyncContextManager[Backend]]
"""Connects a charge point and boots it with what it says of itself."""


class LiveStation:
    """One simulated charge point at work.

    Args:
        simulator: How it behaves.
        station: The role that it has; its handlers are registered here.
        connect: Connects and boots it, as `ChargePoint.connect` does.
        tell: Takes remarks on connections that fail.
        random: Gives a number from 0 to below 1, for the waits between attempts to connect.
    """

    def __init__(
        self,
        simulator: Simulator,
        station: ChargePoint,
        connect: Connect,
        *,
        tell: Tell,
        random: Callable[[], float] = random_source.random,
    ) -> None:
        self.ready = asyncio.Event()
        """Set while it is accepted and has reported its status."""
        self._simulator = simulator
        self._station = station
        self._connect = connect
        self._tell = tell
        self._random = random
        Requests(simulator).register(station)
        ProfileRequests(simulator).register(station)

    async def run(self) -> None:
        """Boot, and boot again whenever the charge point wants to; ends by being cancelled."""
        async with self._station.events() as events:
            listening = asyncio.create_task(self._take_intervals(events))
            try:
                await self._keep_booting()
            finally:
                listening.cancel()

    async def _keep_booting(self) -> None:
        backoff = Backoff(self._station.settings, self._random)
        while True:
            boot = self._simulator.boot_request()
            try:
                async with self._connect(boot) as backend:
                    await self._serve(backend)
                    backoff = Backoff(self._station.settings, self._random)
            except OcppError as error:
                await self._wait_after(error, backoff.next_wait())

    async def _wait_after(self, error: OcppError, seconds: float) -> None:
        text = f"cannot boot: {error}; next attempt in {seconds:.0f} s"
        if isinstance(error, ConnectionRefused) and error.status == HTTPStatus.NOT_FOUND:
            text += f" (it may not know {self._station.identity}, or the path is another one)"
        clock = self._station.clock
        self._tell(Remark(at=clock.now(), text=text, is_warning=True))
        await clock.sleep(seconds)

    async def _serve(self, backend: Backend) -> None:
        simulator = self._simulator
        simulator.outbox.caller = backend
        try:
            await backend.accepted()
            await simulator.begin()
            self.ready.set()
            beating = asyncio.create_task(self._beat())
            try:
                await simulator.reboot_wanted.wait()
            finally:
                beating.cancel()
        finally:
            self.ready.clear()
            simulator.outbox.caller = None
            simulator.reboot_wanted.clear()

    async def _take_intervals(self, events: EventStream) -> None:
        async for event in events:
            if not isinstance(event, Registered):
                continue
            if event.status is RegistrationStatus.ACCEPTED and event.interval > 0:
                self._simulator.configuration.set("HeartbeatInterval", str(event.interval))

    async def _beat(self) -> None:
        while True:
            seconds = self._simulator.configuration.amount("HeartbeatInterval")
            # 0 is not described by the standard; taken as "no heartbeats", looked at again later.
            await self._station.clock.sleep(seconds or timedelta(minutes=1).total_seconds())
            if seconds:
                await self._simulator.heartbeat()
