"""Doubles for tests of applications: both roles in memory, a hand-driven clock, recorded frames.

Used like this::

    clock = HandClock()
    central, station = CentralSystem(clock=clock), ChargePoint("CP1", clock=clock)
    recording = record(station)
    async with connected(central, station) as (peer, backend):
        await peer.call(ClearCacheRequest())
        await clock.advance(60)

No socket, no thread of ours, no real waiting: what takes an hour takes as long as its callbacks.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal, TypeAlias

import attrs

from ocpp16.clock import Timer
from ocpp16.envelope import PeerInfo
from ocpp16.errors import ConnectionRefused, SessionClosed
from ocpp16.messages import BootNotificationRequest
from ocpp16.roles.backend import Backend
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.roles.event import FrameIn, FrameOut
from ocpp16.roles.peer import Peer
from ocpp16.roles.role import Role
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.spec import Side
from ocpp16.transports.loopback import Fate, LoopbackConnection, deliver, loopback

__all__ = [
    "Fate",
    "HandClock",
    "LoopbackPair",
    "Recording",
    "connected",
    "delaying",
    "duplicating",
    "loopback_pair",
    "losing",
    "record",
]

Wire: TypeAlias = Literal["json", "soap"]
_BINDINGS: dict[Wire, str] = {"json": "ocppj", "soap": "ocpps"}
URL = "loopback://central/ocpp"
CALLBACK = "loopback://station/"
SETTLING_ROUNDS = 200
"""Turns of the event loop that count as long enough for all that follows from one thing."""


class HandClock:
    """A `Clock` that stands still until it is turned.

    Args:
        start: The time of day at the beginning.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed = 0.0
        self._timers: list[tuple[float, int, _HandTimer]] = []
        self._order = itertools.count()

    def time(self) -> float:
        """Return the seconds that it was turned by."""
        return self._elapsed

    def now(self) -> datetime:
        """Return the time of day."""
        return self._start + timedelta(seconds=self._elapsed)

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call back once it was turned so far, in `advance` or `settle`."""
        timer = _HandTimer(callback)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    async def sleep(self, seconds: float) -> None:
        """Wait until it was turned so far."""
        woken = asyncio.Event()
        timer = self.call_at(self._elapsed + seconds, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    async def advance(self, seconds: float) -> None:
        """Turn it on, stopping at every timer that is due, and let tasks do what they then can.

        Args:
            seconds: By how much.
        """
        target = self._elapsed + seconds
        await self.settle()
        while self._timers and self._timers[0][0] <= target:
            self._elapsed = max(self._elapsed, self._timers[0][0])
            await self.settle()
        self._elapsed = target
        await self.settle()

    async def settle(self) -> None:
        """Let tasks do what they can at this time; a task that waits for a thread cannot."""
        for _ in range(SETTLING_ROUNDS):
            while self._timers and self._timers[0][0] <= self._elapsed:
                heapq.heappop(self._timers)[2].fire()
            await asyncio.sleep(0)

    @property
    def next_due(self) -> float | None:
        """Seconds until the next timer; None without any."""
        while self._timers and self._timers[0][2].is_cancelled:
            heapq.heappop(self._timers)
        return self._timers[0][0] - self._elapsed if self._timers else None


class _HandTimer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback = callback
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True

    def fire(self) -> None:
        if not self.is_cancelled:
            self._callback()


def losing(every: int) -> Fate:
    """Return a fate that loses every n-th frame."""
    count = itertools.count(1)
    return lambda frame: () if next(count) % every == 0 else (0.0,)


def duplicating(frame: bytes) -> tuple[float, ...]:
    """Let every frame arrive twice."""
    return (0.0, 0.0)


def delaying(seconds: float) -> Fate:
    """Return a fate that lets every frame take so long."""
    return lambda frame: (seconds,)


class LoopbackPair:
    """A charge point and a central system, joined in memory; see `loopback_pair`."""

    WIRE: ClassVar[Wire] = "json"
    """The wire where none is named; a test suite can run on the other one by setting it."""

    def __init__(
        self,
        central: CentralSystem,
        station: ChargePoint,
        to_central: Fate,
        to_station: Fate,
        *,
        wire: Wire | None = None,
    ) -> None:
        self.central = central
        self.station = station
        self.binding = _BINDINGS[self.WIRE if wire is None else wire]
        self.to_central = to_central
        self.to_station = to_station
        self.is_down = False
        """Whether the network is out of order: no new connection then; see `cut`."""
        self.connections: list[tuple[LoopbackConnection, LoopbackConnection]] = []
        """Both ends of every connection so far: the central system's, the charge point's."""

    async def dial(self) -> LoopbackConnection:
        """Connect the charge point, as a transport does; for `ChargePoint.connect_by`.

        Raises:
            ConnectionRefused: The central system refuses it.
            SessionClosed: The network is down.
        """
        if self.is_down:
            raise SessionClosed("the network is down")
        identity = self.station.identity
        verdict = await self.central.admit(
            Handshake(
                identity=identity,
                binding=self.binding,
                url=f"{URL}/{identity}",
                address="loopback",
            )
        )
        if isinstance(verdict, Refusal):
            raise ConnectionRefused(verdict.reason, status=verdict.status)
        info = PeerInfo(
            identity=identity,
            side=Side.CENTRAL_SYSTEM,
            binding=self.binding,
            address="loopback",
            url=f"{URL}/{identity}",
            callback=CALLBACK,
        )
        verdict = attrs.evolve(verdict, callback=CALLBACK)
        ends = loopback(
            verdict,
            info,
            clock=self.central.clock,
            to_central=self._towards_central,
            to_station=self._towards_station,
        )
        self.connections.append(ends)
        self.central.welcome(ends[0])
        return ends[1]

    def cut(self) -> None:
        """Break the connection as a network does."""
        if self.connections:
            self.connections[-1][0].cut()

    def _towards_central(self, frame: bytes) -> Iterable[float]:
        # Not bound when the connection is made: a test changes its network as it goes.
        return self.to_central(frame)

    def _towards_station(self, frame: bytes) -> Iterable[float]:
        return self.to_station(frame)

    @asynccontextmanager
    async def connected(
        self,
        *,
        boot: BootNotificationRequest | None = None,
        reconnect: bool = True,
        attempts: int | None = 1,
    ) -> AsyncIterator[tuple[Peer, Backend]]:
        """Connect both, and give what the central system and the charge point see of each other.

        Args:
            boot: The BootNotification, as in `ChargePoint.connect`.
            reconnect: Whether a lost connection is opened again.
            attempts: How often the start is tried.
        """
        async with self.station.connect_by(
            self.dial, boot=boot, reconnect=reconnect, attempts=attempts
        ) as backend:
            yield await self.central.wait_for(self.station.identity), backend


def loopback_pair(
    central: CentralSystem,
    station: ChargePoint,
    *,
    to_central: Fate = deliver,
    to_station: Fate = deliver,
    wire: Wire | None = None,
) -> LoopbackPair:
    """Return a network in memory between a central system and a charge point.

    Args:
        central: The central system; needs no `serve`.
        station: The charge point.
        to_central: What becomes of the charge point's frames (`losing`, `delaying`, ...).
        to_station: What becomes of the central system's frames.
        wire: `json` or `soap`: how the frames are written; handlers never know.
    """
    return LoopbackPair(central, station, to_central, to_station, wire=wire)


@asynccontextmanager
async def connected(
    central: CentralSystem,
    station: ChargePoint,
    *,
    boot: BootNotificationRequest | None = None,
    to_central: Fate = deliver,
    to_station: Fate = deliver,
    wire: Wire | None = None,
) -> AsyncIterator[tuple[Peer, Backend]]:
    """Connect a central system and a charge point in memory.

    Args:
        central: The central system.
        station: The charge point.
        boot: The BootNotification, as in `ChargePoint.connect`.
        to_central: What becomes of the charge point's frames.
        to_station: What becomes of the central system's frames.
        wire: `json` or `soap`: how the frames are written.
    """
    pair = loopback_pair(central, station, to_central=to_central, to_station=to_station, wire=wire)
    async with pair.connected(boot=boot) as both:
        yield both


Direction: TypeAlias = Literal["in", "out"]


@attrs.define
class Recording:
    """The frames of a role, in order, as it saw them."""

    frames: list[tuple[Direction, str]] = attrs.field(factory=list)
    """Each frame with its direction."""

    @property
    def received(self) -> list[str]:
        """The frames that came in."""
        return [text for direction, text in self.frames if direction == "in"]

    @property
    def sent(self) -> list[str]:
        """The frames that went out."""
        return [text for direction, text in self.frames if direction == "out"]

    def clear(self) -> None:
        """Forget what was recorded so far."""
        self.frames.clear()


def record(role: Role[Any]) -> Recording:
    """Record the frames of a role from now on."""
    recording = Recording()

    @role.on_frame
    def keep(event: FrameIn | FrameOut) -> None:
        direction: Direction = "in" if isinstance(event, FrameIn) else "out"
        recording.frames.append((direction, event.frame.decode(errors="replace")))

    return recording
