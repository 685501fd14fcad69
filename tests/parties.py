"""A central system and a charge point with plain handlers, and how to run them in a test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any

from ocpp16 import CentralSystem, ChargePoint
from ocpp16.clock import Clock
from ocpp16.enums import RegistrationStatus, ResetStatus, ResetType
from ocpp16.messages import (
    BootNotificationRequest,
    BootNotificationResponse,
    ClearCacheRequest,
    HeartbeatRequest,
    HeartbeatResponse,
    ResetRequest,
    ResetResponse,
)
from ocpp16.roles.event import Event
from ocpp16.roles.observers import EventStream
from ocpp16.roles.peer import Peer

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
BOOT = BootNotificationRequest(charge_point_vendor="Vendor", charge_point_model="Model")
HEARTBEAT = HeartbeatRequest()
PULSE = HeartbeatResponse(current_time=NOON)
RESET = ResetRequest(type=ResetType.SOFT)
RESET_DONE = ResetResponse(status=ResetStatus.ACCEPTED)
CLEAR_CACHE = ClearCacheRequest()
ACCEPTED = RegistrationStatus.ACCEPTED
PENDING = RegistrationStatus.PENDING
REJECTED = RegistrationStatus.REJECTED
ENDPOINT = "ws://127.0.0.1:0/ocpp"


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test; it fails if it leaves a task behind, or an error that nobody saw."""
    unseen: list[dict[str, Any]] = []

    async def watched() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: unseen.append(context))
        async with asyncio.timeout(90):
            await main()
        for _ in range(20):
            await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"tasks left behind: {left}"

    asyncio.run(watched())
    assert not unseen, unseen


def booted(status: RegistrationStatus, interval: int = 300) -> BootNotificationResponse:
    return BootNotificationResponse(status=status, current_time=NOON, interval=interval)


def make_central(
    boots: Iterable[BootNotificationResponse] = (), clock: Clock | None = None, **options: Any
) -> CentralSystem:
    """Return a central system that answers Heartbeat, and boots as told, at last with Accepted."""
    answers = list(boots)
    central = CentralSystem(clock=clock, **options)

    @central.on(BootNotificationRequest)
    async def boot(peer: Peer, request: BootNotificationRequest) -> BootNotificationResponse:
        return answers.pop(0) if answers else booted(ACCEPTED)

    @central.on(HeartbeatRequest)
    async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
        return PULSE

    return central


def make_station(clock: Clock | None = None, identity: str = "CP1", **options: Any) -> ChargePoint:
    """Return a charge point that answers Reset; its waits between connections are not random."""
    options.setdefault("random", lambda: 0.0)
    station = ChargePoint(identity, clock=clock, **options)

    @station.on(ResetRequest)
    async def reset(peer: Peer, request: ResetRequest) -> ResetResponse:
        return RESET_DONE

    return station


async def until(is_so: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for something that real sockets bring about."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.002)


async def drained(stream: EventStream) -> list[Event]:
    """Return the events that wait in a stream, and end it."""
    stream.close()
    return [event async for event in stream]


def kinds(events: Iterable[Event]) -> list[str]:
    """Return what happened, by class name, frames left out."""
    return [
        name for event in events if (name := type(event).__name__) not in {"FrameIn", "FrameOut"}
    ]


def call_in(text: str) -> tuple[str, str] | None:
    """Return id and action of the call that a frame is, on either wire; None if it is none."""
    if not text.startswith("<"):
        frame = json.loads(text)
        return (frame[1], frame[2]) if frame[0] == 2 else None
    from ocpp16.bindings.ocpps.envelope import read

    envelope = read(text.encode())
    if envelope.relates_to is not None or envelope.action is None:
        return None
    assert envelope.message_id is not None
    return envelope.message_id, envelope.action
