"""Two connections in one process, back to back, for tests and demonstrations.

Frames go through the event loop, never straight into the other side's code, so that order and
reentrancy are those of a real network. A `Fate` can lose, repeat and delay them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeAlias

from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.session.event import CallId, Exchange
from ocpp16.transports.connection import NORMAL_CLOSURE, Receiver
from ocpp16.transports.task import Signal

Fate: TypeAlias = Callable[[bytes], Iterable[float]]
"""What becomes of a frame: for each copy that arrives, the seconds that it takes."""


def deliver(frame: bytes) -> Iterable[float]:
    """Let a frame arrive once, at once."""
    return (0.0,)


class LoopbackConnection:
    """One end of a loopback; `Connection`.

    Args:
        info: Who the peer at the other end is.
        clock: Where delayed frames wait.
        fate: What becomes of the frames sent from this end.
    """

    def __init__(self, info: PeerInfo, *, clock: Clock, fate: Fate = deliver) -> None:
        self.info = info
        self.close_code: int | None = None
        self.close_reason = ""
        self._clock = clock
        self._fate = fate
        self._other: LoopbackConnection | None = None
        self._receiver: Receiver | None = None
        self._early: list[bytes] = []
        self._is_over = False
        self._over = Signal()

    def join(self, other: LoopbackConnection) -> None:
        """Connect both ends."""
        self._other, other._other = other, self

    def start(self, receiver: Receiver) -> None:
        """Give out frames from now on, those that have come already included."""
        self._receiver = receiver
        early, self._early = self._early, []
        for frame in early:
            receiver.frame_received(frame)
        if self._is_over:
            asyncio.get_running_loop().call_soon(receiver.connection_lost, self.close_reason)

    def send(
        self, frame: bytes, *, exchange: Exchange | None = None, call: CallId | None = None
    ) -> None:
        """Send a frame to the other end, as its fate wills."""
        if self._is_over or self._other is None:
            return
        arrive = partial(self._other.take, frame)
        for seconds in self._fate(frame):
            if seconds > 0:
                self._clock.call_at(self._clock.time() + seconds, arrive)
            else:
                asyncio.get_running_loop().call_soon(arrive)

    def leave_unanswered(self, exchange: Exchange) -> None:
        """Do nothing: a loopback has no exchanges."""

    async def flush(self) -> None:
        """Return at once: what was sent has left."""

    def close(self, code: int = NORMAL_CLOSURE, reason: str = "") -> None:
        """End the connection, and the other end with it."""
        if self._is_over:
            return
        self.close_code, self.close_reason = code, reason
        self._end()
        if self._other is not None:
            why = f"closed by the peer: {code} {reason}"
            asyncio.get_running_loop().call_soon(self._other.lose, why)

    def cut(self) -> None:
        """Break the connection, as a network does: both ends learn of it by themselves."""
        for end in (self, self._other):
            if end is not None:
                asyncio.get_running_loop().call_soon(end.lose, "the connection was cut")

    async def wait_closed(self) -> None:
        """Wait until the connection has ended."""
        while not self._is_over:
            await self._over.wait()

    def take(self, frame: bytes) -> None:
        """Take a frame of the other end."""
        if self._is_over:
            return
        if self._receiver is None:
            self._early.append(frame)
        else:
            self._receiver.frame_received(frame)

    def lose(self, reason: str) -> None:
        """Take it that the connection has ended at the other end, or on the way."""
        if self._is_over:
            return
        self.close_reason = reason
        self._end()
        if self._receiver is not None:
            self._receiver.connection_lost(reason)

    def _end(self) -> None:
        self._is_over = True
        self._over.notify()


def loopback(
    station: PeerInfo,
    central: PeerInfo,
    *,
    clock: Clock,
    to_central: Fate = deliver,
    to_station: Fate = deliver,
) -> tuple[LoopbackConnection, LoopbackConnection]:
    """Return both ends of a loopback: the central system's, and the charge point's.

    Args:
        station: Who the central system takes its peer for.
        central: Who the charge point takes its peer for.
        clock: Where delayed frames wait.
        to_central: What becomes of the charge point's frames.
        to_station: What becomes of the central system's frames.
    """
    at_central = LoopbackConnection(station, clock=clock, fate=to_station)
    at_station = LoopbackConnection(central, clock=clock, fate=to_central)
    at_central.join(at_station)
    return at_central, at_station
