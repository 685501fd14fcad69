"""`ocpp16 central-system` in this process, on a store in a folder, with its control API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx

from ocpp16 import ChargePoint
from ocpp16.apps.central_system import Control, run_central_system
from ocpp16.apps.control_problem import KINDS
from ocpp16.apps.control_token import Scope, Token
from ocpp16.roles.backend import Backend
from ocpp16.roles.server import Urls
from tests.apps.doubles import Ears
from tests.parties import BOOT, make_station

READ, OPERATE = "read-token-0123456789", "operate-token-0123456789"
TOKENS = (Token(Scope.READ, READ), Token(Scope.OPERATE, OPERATE))
WIRES = ["json", "soap"]
LISTEN = "http://127.0.0.1:0/callback"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class App:
    """One that runs."""

    def __init__(self, urls: Urls, client: httpx.AsyncClient, ears: Ears) -> None:
        self.urls = urls
        self.ears = ears
        self._client = client

    @property
    def control(self) -> str:
        return str(self._client.base_url).rstrip("/")

    async def ask(
        self, method: str, path: str, body: Any = None, *, token: str | None = OPERATE
    ) -> httpx.Response:
        headers = {} if token is None else bearer(token)
        if body is None or isinstance(body, bytes):
            return await self._client.request(method, path, content=body, headers=headers)
        return await self._client.request(method, path, json=body, headers=headers)

    async def get(self, path: str) -> Any:
        answer = await self.ask("GET", path, token=READ)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @asynccontextmanager
    async def connected(self, station: ChargePoint, wire: str = "json") -> AsyncIterator[Backend]:
        listen = LISTEN if wire == "soap" else None
        async with station.connect(self.urls[wire], listen=listen) as backend:
            yield backend


def store_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'site.db'}"


@asynccontextmanager
async def central_app(
    folder: Path,
    store: str | None = None,
    *,
    json: str = "ws://127.0.0.1:0/ocpp",
    soap: str | None = "http://127.0.0.1:0/ocpp",
    **options: Any,
) -> AsyncIterator[App]:
    """Run it until the test leaves; then it has to stop gracefully."""
    stop, ears = asyncio.Event(), Ears()
    ready: asyncio.Future[tuple[Urls, str | None]] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(
        run_central_system(
            json=json,
            soap=soap,
            store=store or store_in(folder),
            callback_networks=[ip_network("127.0.0.0/8")],
            control=Control(address="127.0.0.1:0", tokens=TOKENS),
            tell=ears,
            listening=lambda urls, control: ready.set_result((urls, control)),
            stop=stop,
            **options,
        )
    )
    either: list[asyncio.Future[Any]] = [running, ready]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        ready.cancel()
        running.result()
    urls, control = ready.result()
    assert control is not None
    try:
        async with httpx.AsyncClient(base_url=control, timeout=30, verify=False) as client:
            yield App(urls, client, ears)
    finally:
        stop.set()
        await running


def problem(answer: Any) -> tuple[int, str]:
    """Return status and kind, and see to it that it has the one form of all."""
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    kind = found["type"].removeprefix("urn:ocpp16:problem:")
    assert found["status"] == answer.status_code == KINDS[kind][0]
    assert found["title"] == KINDS[kind][1]
    return answer.status_code, kind


@asynccontextmanager
async def site(folder: Path, station: ChargePoint | None = None) -> AsyncIterator[App]:
    async with central_app(folder) as app, app.connected(station or make_station()) as backend:
        await backend.call(BOOT)
        yield app
