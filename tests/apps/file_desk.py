"""A central system with files over real sockets, and a charge point that answers as a test says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx

from ocpp16 import ChargePoint, messages
from ocpp16.apps.central_system import Files
from ocpp16.clock import Clock
from ocpp16.enums import LogStatus, UpdateFirmwareStatus
from ocpp16.errors import InternalError
from ocpp16.roles.backend import Backend
from ocpp16.roles.peer import Peer
from tests.apps.central_app import App, central_app
from tests.parties import BOOT, make_station

IMAGE = bytes(range(256)) * 5000
ONE = "/charge-points/CP1"


class Given:
    """What a charge point was asked for, and what it answers."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.log = LogStatus.ACCEPTED
        self.update = UpdateFirmwareStatus.ACCEPTED
        self.diagnostics: str | None = "diagnostics.txt"
        self.fails = False

    @property
    def location(self) -> str:
        request = self.requests[-1]
        match request:
            case messages.GetLogRequest():
                return str(request.log.remote_location)
            case messages.SignedUpdateFirmwareRequest():
                return str(request.firmware.location)
            case _:
                return str(request.location)


def station(given: Given) -> ChargePoint:
    found = make_station()

    @found.on(messages.GetDiagnosticsRequest)
    async def diagnostics(peer: Peer, request: Any) -> messages.GetDiagnosticsResponse:
        given.requests.append(request)
        if given.fails:
            raise InternalError("no")
        return messages.GetDiagnosticsResponse(file_name=given.diagnostics)

    @found.on(messages.GetLogRequest)
    async def log(peer: Peer, request: Any) -> messages.GetLogResponse:
        given.requests.append(request)
        return messages.GetLogResponse(status=given.log, filename="log.txt")

    @found.on(messages.UpdateFirmwareRequest)
    async def update(peer: Peer, request: Any) -> messages.UpdateFirmwareResponse:
        given.requests.append(request)
        return messages.UpdateFirmwareResponse()

    @found.on(messages.SignedUpdateFirmwareRequest)
    async def signed(peer: Peer, request: Any) -> messages.SignedUpdateFirmwareResponse:
        given.requests.append(request)
        return messages.SignedUpdateFirmwareResponse(status=given.update)

    return found


@attrs.frozen
class Desk:
    """One that runs with files, and a charge point that is connected."""

    app: App
    backend: Backend
    given: Given
    client: httpx.AsyncClient

    async def ask(self, path: str, body: Any = None) -> dict[str, Any]:
        answer = await self.app.ask("POST", ONE + path, {} if body is None else body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def job(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = await self.app.get(f"/jobs/{number}")
        return found

    async def statuses(self, number: int) -> list[str]:
        return [step["status"] for step in (await self.job(number))["history"]]


@asynccontextmanager
async def desk(folder: Path, clock: Clock | None = None, **limits: Any) -> AsyncIterator[Desk]:
    given = Given()
    files = Files(folder=folder / "files", address="127.0.0.1:0", **limits)
    async with (
        central_app(folder, files=files, clock=clock) as app,
        app.connected(station(given)) as backend,
        httpx.AsyncClient(timeout=30) as client,
    ):
        await backend.call(BOOT)
        yield Desk(app, backend, given, client)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "files" / "uploads").iterdir())
