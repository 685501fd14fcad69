"""SOAP charge points on a backend of the `ocpp` library: every action crosses, in its direction.

Three charge points are ours, over HTTP; one is zeep by itself, which can only ask. The backend has
nothing of this library. Each side must see every field of what the other sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from websockets.asyncio.server import serve

from ocpp16 import ChargePoint
from ocpp16.bridge.bridge import SCHEMA, Bridge
from ocpp16.bridge.settings import BridgeSettings
from ocpp16.store.database import Database
from tests.interop.test_mobilityhouse import (
    FROM_CENTRAL_SYSTEM,
    FROM_CHARGE_POINT,
    call_them,
    check_calls,
    check_wire,
    serve_everything,
    their_side,
    they_call,
)

pytestmark = pytest.mark.interop

# The registration comes first, since a backend is asked for nothing else before.
ASKED = sorted(FROM_CHARGE_POINT, key=lambda action: action.name != "BootNotification")


class TheirBackend:
    """A backend of theirs: one of their charge points for each connection."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, Any]] = {}
        self.points: dict[str, Any] = {}
        self.url = ""

    async def _take(self, socket: Any) -> None:
        identity = unquote(socket.request.path.rpartition("/")[2])
        seen = self.seen.setdefault(identity, {})
        point = self.points[identity] = their_side(FROM_CHARGE_POINT, seen)(identity, socket)
        running = asyncio.create_task(point.start())
        await socket.wait_closed()
        running.cancel()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with serve(self._take, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:  # type: ignore[list-item]
            self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield


@asynccontextmanager
async def bridged(path: Path) -> AsyncIterator[tuple[Bridge, TheirBackend]]:
    backend = TheirBackend()
    async with backend.serving():
        settings = BridgeSettings(
            soap="http://127.0.0.1:0/ocpp",
            upstream=backend.url,
            store=f"sqlite:///{path}/bridge.db",
            open=True,
            callback_networks=["127.0.0.0/8"],
        )
        async with (
            await Database.open(settings.store, schemas=[SCHEMA]) as database,
            Bridge(settings, database) as bridge,
        ):
            yield bridge, backend


async def delivered(bridge: Bridge) -> None:
    """Wait until the backend has answered everything."""
    async with asyncio.timeout(20):
        while any(each.queued for each in bridge.chargers()):  # noqa: ASYNC110 - real sockets
            await asyncio.sleep(0.01)


def test_three_charge_points_of_ours_and_every_action(tmp_path: Path) -> None:
    async def play(identity: str, bridge: Bridge, backend: TheirBackend) -> None:
        station = ChargePoint(identity)
        we_saw = serve_everything(station, FROM_CENTRAL_SYSTEM)
        async with station.connect(bridge.url, listen="http://127.0.0.1:0/") as central:
            await call_them(central, ASKED)
            await they_call(backend.points[identity], FROM_CENTRAL_SYSTEM)
            await delivered(bridge)
        check_calls(we_saw, FROM_CENTRAL_SYSTEM)
        check_wire(backend.seen[identity], FROM_CHARGE_POINT)

    async def main() -> None:
        async with bridged(tmp_path) as (bridge, backend):
            names = ("CP1", "CP2", "CP 3/Ä")
            await asyncio.gather(*(play(name, bridge, backend) for name in names))

    assert len(FROM_CHARGE_POINT) + len(FROM_CENTRAL_SYSTEM) == 29  # DataTransfer both ways
    asyncio.run(main())


def test_zeep_alone_and_every_action_of_a_charge_point(tmp_path: Path) -> None:
    zeep_test = pytest.importorskip("tests.interop.test_zeep")

    async def main() -> None:
        async with bridged(tmp_path) as (bridge, backend):
            url = bridge.url
            client = await asyncio.to_thread(zeep_test.client_of, f"{url}?wsdl")
            await asyncio.to_thread(zeep_test.they_call, client, url, zeep_test.CENTRAL)
            await delivered(bridge)
            check_wire(backend.seen["CP1"], FROM_CHARGE_POINT)

    asyncio.run(main())
