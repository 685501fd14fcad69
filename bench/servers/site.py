"""The central system of `ocpp16 central-system`: on a store, or with its books in memory."""

from __future__ import annotations

import asyncio
import sys
from typing import Any
from urllib.parse import urlsplit

from bench.servers.control import answer_questions, run
from ocpp16 import CentralSystem
from ocpp16.apps.back_office import BackOffice
from ocpp16.apps.central_system import run_central_system
from ocpp16.roles.server import Urls

ENDPOINT = "ws://127.0.0.1:0/ocpp"
INTERVAL = 240
"""Seconds between heartbeats: less than between the meter values of a session."""


async def in_memory() -> None:
    """Serve with books in memory: the same answers, and nothing is kept."""
    central = CentralSystem()
    office = BackOffice(now=central.clock.now, tell=lambda event: None, interval=INTERVAL)
    office.register(central)
    async with central.serve(json=ENDPOINT) as server:
        await answer_questions(port_of(server.urls))


async def on_a_store(store: str) -> None:
    """Serve on a store."""
    stop = asyncio.Event()
    ready: asyncio.Future[Urls] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(
        run_central_system(
            json=ENDPOINT,
            store=store,
            interval=INTERVAL,
            tell=lambda event: None,
            listening=lambda urls, control: ready.set_result(urls),
            stop=stop,
        )
    )
    either: list[asyncio.Future[Any]] = [running, ready]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    try:
        if ready.done():
            await answer_questions(port_of(ready.result()))
    finally:
        stop.set()
        await running


def port_of(urls: Urls) -> int:
    """Return where it listens."""
    port = urlsplit(urls.json).port
    assert port is not None
    return port


if __name__ == "__main__":
    _stores = [each for each in sys.argv[1:] if each != "--uvloop"]
    run(on_a_store(_stores[0]) if _stores else in_memory())
