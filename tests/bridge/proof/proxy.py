"""A TCP proxy that does to connections what networks do, by a seed.

Knows bytes and no protocol. Stands on either side of the bridge; what it does to one connection is
drawn when that is opened, so a run with the same seed has the same mix of faults.
"""

from __future__ import annotations

import asyncio
import contextlib
import random as random_source
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Mapping

import attrs

CHUNK = 16 * 1024
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that ends a connection by RST."""


@attrs.frozen(kw_only=True)
class Weather:
    """How likely each fault is for a connection; the rest of them are left alone."""

    cut: float = 0.0
    """Both ends are reset after some bytes."""
    delay: float = 0.0
    """Every chunk waits."""
    half_open: float = 0.0
    """From some byte on nothing gets through, and nobody is told."""
    lost_reply: float = 0.0
    """The request gets through, and the connection ends before the answer."""
    duplicate: float = 0.0
    """What the client sends is sent once more, on a connection of its own."""
    slow: float = 0.0
    """It is read a few bytes at a time."""

    def draw(self, random: random_source.Random) -> str:
        """Return a fault, or `none`."""
        chance = random.random()
        for field in attrs.fields(Weather):
            chance -= getattr(self, field.name)
            if chance < 0:
                return str(field.name)
        return "none"


FAIR = Weather()


class Proxy:
    """One listener in front of one place.

    Args:
        target: Host and port behind it.
        random: Where chance comes from.
        weather: What it does.
        pause: Seconds that a delay takes, at most.
        hush: Seconds after which a half-open connection ends all the same.
        after: Bytes that pass before a fault, at most.
    """

    def __init__(
        self,
        target: tuple[str, int],
        *,
        random: random_source.Random,
        weather: Weather = FAIR,
        pause: float = 0.1,
        hush: float = 1.0,
        after: int = 2000,
    ) -> None:
        self.target = target
        self.weather = weather
        self.done: Counter[str] = Counter()
        """What it did, by fault."""
        self.port = 0
        self._random = random
        self._pause = pause
        self._hush = hush
        self._after = after
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def faults(self) -> Mapping[str, int]:
        """How often it did each fault."""
        return {fault: count for fault, count in self.done.items() if fault != "none"}

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[int]:
        """Serve while it is entered; gives the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        try:
            yield self.port
        finally:
            self._server.close()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        fault = self.weather.draw(self._random)
        self.done[fault] += 1
        try:
            there, back = await asyncio.open_connection(*self.target)
        except OSError:
            _reset(writer)
            return
        try:
            await self._carry(fault, (reader, writer), (there, back))
        except (OSError, asyncio.CancelledError):
            # Python 3.11 complains of tasks of a server that were cancelled.
            pass
        finally:
            for end in (writer, back):
                _reset(end)

    async def _carry(
        self,
        fault: str,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        limit = self._random.randrange(1, self._after)
        up = _Pipe(client[0], server[1], step=CHUNK)
        down = _Pipe(server[0], client[1], step=CHUNK)
        match fault:
            case "cut":
                up.limit = limit
            case "half_open":
                up.limit, up.hush = limit, self._hush
            case "lost_reply":
                down.limit = 0
            case "delay":
                up.pause = down.pause = self._random.random() * self._pause
            case "slow":
                down.step, down.pause = 64, 0.002
            case "duplicate":
                up.copy = bytearray()
        tasks = [asyncio.ensure_future(pipe.run()) for pipe in (up, down)]
        try:
            # Who has closed its half may still be sent to, but here nobody does that.
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if up.copy:
            await self._repeat(bytes(up.copy))

    async def _repeat(self, content: bytes) -> None:
        reader, writer = await asyncio.open_connection(*self.target)
        writer.write(content)
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._hush):
                while await reader.read(CHUNK):
                    pass
        _reset(writer)


@attrs.define
class _Pipe:
    """One direction of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    step: int
    limit: int | None = None
    """Bytes after which it ends."""
    hush: float = 0.0
    """Seconds of silence before that end."""
    pause: float = 0.0
    copy: bytearray | None = None
    """What passed, where that is wanted."""

    async def run(self) -> None:
        """Carry bytes until either end is over, or the limit is reached."""
        passed = 0
        while True:
            content = await self.reader.read(self.step)
            if not content:
                return
            if self.pause:
                await asyncio.sleep(self.pause)
            if self.limit is not None and passed + len(content) > self.limit:
                self.writer.write(content[: self.limit - passed])
                await asyncio.sleep(self.hush)
                return
            passed += len(content)
            if self.copy is not None:
                self.copy += content
            self.writer.write(content)
            await self.writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
