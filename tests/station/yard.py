"""A station behind a role, its central system, and the network between them, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from ocpp16 import messages
from ocpp16.enums import (
    RegistrationStatus,
    UpdateFirmwareStatus,
    UploadLogStatus,
)
from ocpp16.errors import CallFailed, InternalError
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.roles.peer import Peer
from ocpp16.settings import Settings
from ocpp16.station import diagnostics, firmware
from ocpp16.station.model import Model
from ocpp16.station.station import Station
from ocpp16.station.workshop import RebootNeeded, UploadFailed
from ocpp16.structure import Request
from ocpp16.testing import HandClock, LoopbackPair, loopback_pair
from tests.station.bench import Central, Machinery, short
from tests.station.parts import NOON, Disk

SETTINGS = Settings(drain_timeout=timedelta(seconds=1))


class Shop:
    """A workshop whose jobs end as a test says."""

    def __init__(self) -> None:
        self.fails: set[str] = set()
        self.uploads: list[tuple[str, bytes]] = []
        self.why = UploadLogStatus.UPLOAD_FAILURE
        self.raises: dict[str, list[Exception | asyncio.Event]] = {}
        """What jobs raise, or wait for, one after the other before they end as else."""
        self.cancelled: list[str] = []

    def check_signer(self, pem: str, roots: Sequence[str]) -> UpdateFirmwareStatus:
        return UpdateFirmwareStatus(pem)

    async def _meet(self, job: str) -> None:
        for trouble in self.raises.get(job, [])[:1]:
            self.raises[job].pop(0)
            if isinstance(trouble, Exception):
                raise trouble
            try:
                await trouble.wait()
            except asyncio.CancelledError:
                self.cancelled.append(job)
                raise

    async def download(self, order: firmware.Order) -> None:
        await self._meet("download")
        if "download" in self.fails:
            raise OSError("no route")

    async def verify(self, order: firmware.Order) -> bool:
        return "verify" not in self.fails

    async def install(self, order: firmware.Order) -> str:
        await self._meet("install")
        if "reboot" in self.fails:
            raise RebootNeeded("2.0")
        if "install" in self.fails:
            raise OSError("flash is worn out")
        return "2.0"

    async def upload(self, order: diagnostics.Order, content: bytes) -> None:
        if "upload" in self.fails:
            raise UploadFailed(self.why)
        self.uploads.append((order.file_name, content))


class Yard:
    """A station, its central system, and the network between them."""

    def __init__(self, wire: Any, **model: Any) -> None:
        self.clock = HandClock(NOON)
        self.central = CentralSystem(clock=self.clock, settings=SETTINGS)
        self.role = ChargePoint("CP1", clock=self.clock, settings=SETTINGS)
        self.books = Central()
        self.books.clock = self.clock.now
        self.registration = RegistrationStatus.ACCEPTED
        self.machinery = Machinery()
        self.disk = Disk()
        self.shop = Shop()
        self.station = Station(
            self.role,
            Model(connectors=2, configuration={"ConnectionTimeOut": "600"}, **model),
            self.machinery,
            self.disk,
            workshop=self.shop,
        )
        self.pair: LoopbackPair = loopback_pair(self.central, self.role, wire=wire)
        for request in (
            messages.AuthorizeRequest, messages.BootNotificationRequest,
            messages.DiagnosticsStatusNotificationRequest,
            messages.FirmwareStatusNotificationRequest, messages.HeartbeatRequest,
            messages.MeterValuesRequest, messages.StartTransactionRequest,
            messages.StatusNotificationRequest, messages.StopTransactionRequest,
            messages.LogStatusNotificationRequest, messages.SecurityEventNotificationRequest,
            messages.SignedFirmwareStatusNotificationRequest,
        ):  # fmt: skip
            self.central.on(request)(self._answer)

    async def _answer(self, peer: Peer, request: Request[Any]) -> Any:
        if isinstance(request, messages.BootNotificationRequest):
            self.books.received.append(request)
            return messages.BootNotificationResponse(
                status=self.registration, current_time=self.clock.now(), interval=60
            )
        outcome = self.books.answer(request)
        if isinstance(outcome, CallFailed):
            raise InternalError
        return outcome

    async def ask(self, request: Request[Any]) -> Any:
        peer = self.central.peers["CP1"]
        response = await peer.call(request)
        await self.clock.settle()
        return response

    @property
    def told(self) -> list[str]:
        found = [short(request) for request in self.books.received]
        self.books.received.clear()
        return found

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        running = asyncio.create_task(
            self.station.run_by(
                lambda boot: self.role.connect_by(self.pair.dial, boot=boot, attempts=None)
            )
        )
        try:
            await self.clock.settle()
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))
