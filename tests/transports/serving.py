"""A central system that serves on a real socket, for raw clients."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from ocpp16 import CentralSystem
from ocpp16.settings import Settings
from ocpp16.testing import HandClock
from tests.parties import ENDPOINT, HEARTBEAT, PULSE, make_central, make_station
from tests.transports.raw_socket import Answer, RawSocket

BEAT = b'[2,"1","Heartbeat",{}]'


@asynccontextmanager
async def serving(
    clock: HandClock | None = None, **options: Any
) -> AsyncIterator[tuple[CentralSystem, str]]:
    """Serve; give the central system and the URL of the charge point CP1."""
    settings = Settings(
        **{key: options.pop(key) for key in tuple(options) if hasattr(Settings(), key)}
    )
    central = make_central(settings=settings, clock=clock, **options)
    async with central.serve(json=ENDPOINT) as server:
        yield central, f"{server.urls.json}/CP1"


async def ask(url: str, target: str | None = None, **options: Any) -> Answer:
    async with await RawSocket.open(url) as socket:
        return await socket.ask(urlsplit(url).path if target is None else target, **options)


async def serves(url: str) -> bool:
    """Tell whether another charge point is served."""
    station = make_station(identity="CP2")
    async with station.connect(url.removesuffix("/CP1"), reconnect=False) as backend:
        return await backend.call(HEARTBEAT) == PULSE
