"""Both roles joined in memory, with a network between them that a test can spoil."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import ClassVar, Literal, TypeAlias

import attrs

from ocpp16.envelope import PeerInfo
from ocpp16.errors import ConnectionRefused, SessionClosed
from ocpp16.messages import BootNotificationRequest
from ocpp16.roles.backend import Backend
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.roles.peer import Peer
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.spec import Side
from ocpp16.transports.loopback import Fate, LoopbackConnection, deliver, loopback

Wire: TypeAlias = Literal["json", "soap"]
"""How frames are written: as OCPP-J, or as OCPP-S."""
_BINDINGS: dict[Wire, str] = {"json": "ocppj", "soap": "ocpps"}
URL = "loopback://central/ocpp"
CALLBACK = "loopback://station/"


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
