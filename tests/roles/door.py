"""A handler that waits until it is let go, and charge points without a role."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ocpp16 import CentralSystem
from ocpp16.messages import (
    HeartbeatRequest,
    HeartbeatResponse,
)
from ocpp16.roles.peer import Peer
from ocpp16.settings import Settings
from ocpp16.testing import HandClock, LoopbackPair
from tests.parties import (
    PULSE,
)


class Door:
    """A handler that waits until it is opened, and counts."""

    def __init__(self) -> None:
        self.is_open = asyncio.Event()
        self.entered = 0
        self.left = 0
        self.cancelled = 0

    async def __call__(self, peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
        self.entered += 1
        try:
            await self.is_open.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.left += 1
        return PULSE


def central_with(door: Door, clock: HandClock | None = None, **limits: object) -> CentralSystem:
    central = CentralSystem(clock=clock, settings=Settings(**limits))  # type: ignore[arg-type]

    @central.on(HeartbeatRequest)
    async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
        return await door(peer, request)

    return central


class _Silent:
    def frame_received(self, frame: bytes, exchange: object = None) -> None: ...
    def exchange_failed(self, exchange: object, error: object) -> None: ...
    def connection_lost(self, reason: str) -> None: ...


async def open_end(pair: LoopbackPair) -> Callable[[str], None]:
    """Connect without a charge point; return what sends its frames."""
    connection = await pair.dial()
    connection.start(_Silent())
    await settle()
    return lambda text: connection.send(text.encode())


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)
