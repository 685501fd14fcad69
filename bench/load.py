"""Charge points as light as they can be: many connections that ask and wait for the answer.

Frames are made beforehand and masked with zeros (RFC 6455 allows any mask), answers are counted and
not read. So nearly all time on a shared machine goes to the server that is measured.
"""

from __future__ import annotations

import asyncio
import socket
import time
from base64 import b64encode
from collections.abc import Callable
from itertools import count

from websockets.frames import Frame, Opcode

ID = b"%036d"
_numbers = count(1)


def call(action: bytes, payload: bytes) -> Callable[[], bytes]:
    """Return a maker of calls, each with an id of its own, as frames of a client."""
    tail = b'","' + action + b'",' + payload + b"]"

    def make() -> bytes:
        text = b'[2,"' + ID % next(_numbers) + tail
        length = len(text)
        head = (
            bytes([0x81, 0x80 | length]) if length < 126 else b"\x81\xfe%c%c" % divmod(length, 256)
        )
        return head + b"\0\0\0\0" + text

    return make


class Station(asyncio.Protocol):
    """One connection.

    Args:
        identity: Its name.
        port: Where the server is, for the Host header.
    """

    def __init__(self, identity: str, port: int) -> None:
        self._hello = (
            f"GET /ocpp/{identity} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {b64encode(bytes(16)).decode()}\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
        ).encode()
        loop = asyncio.get_running_loop()
        self.opened = loop.create_future()
        self.done = loop.create_future()
        self.latencies: list[float] = []
        self._buffer = b""
        self._make: Callable[[], bytes] | None = None
        self._left = 0
        self._sent = 0.0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        """Count whole answers, and ask again."""
        self._buffer += data
        if not self.opened.done():
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(RuntimeError(head.decode("latin-1")[:200]))
                return
            self._buffer = rest
            self.opened.set_result(None)
        while (size := _whole(self._buffer)) is not None:
            opcode = self._buffer[0] & 15
            payload = self._buffer[2:size]
            self._buffer = self._buffer[size:]
            if opcode == Opcode.PING:  # short, so that its payload begins there
                self.transport.write(Frame(Opcode.PONG, payload).serialize(mask=True))
            elif opcode == Opcode.TEXT and self._make is not None:
                self.latencies.append(time.perf_counter() - self._sent)
                self._left -= 1
                if self._left > 0:
                    self._ask()
                elif not self.done.done():
                    self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell those who wait."""
        error = ConnectionError("the server closed the connection")
        for future in (self.opened, self.done):
            if not future.done():
                future.set_exception(error)
                future.exception()  # Nobody need wait for it.

    def start(self, make: Callable[[], bytes], times: int) -> asyncio.Future[None]:
        """Ask so many times, one after the other."""
        self.done = asyncio.get_running_loop().create_future()
        self._make, self._left = make, times
        self._ask()
        return self.done

    def _ask(self) -> None:
        assert self._make is not None
        self._sent = time.perf_counter()
        self.transport.write(self._make())


def _whole(buffer: bytes) -> int | None:
    """Return the size of the first frame of a server, None while it is not complete."""
    if len(buffer) < 2:
        return None
    length, head = buffer[1], 2
    if length == 126:
        if len(buffer) < 4:
            return None
        length, head = int.from_bytes(buffer[2:4], "big"), 4
    return head + length if len(buffer) >= head + length else None


class Fleet:
    """So many charge points of one server.

    Args:
        port: Where the server is.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.stations: list[Station] = []

    async def grow(self, size: int, at_once: int = 100) -> None:
        """Connect until there are so many."""
        while len(self.stations) < size:
            batch = [
                self._connect(number)
                for number in range(len(self.stations), min(size, len(self.stations) + at_once))
            ]
            self.stations += await asyncio.gather(*batch)

    async def exchange(self, make: Callable[[], bytes], times: int) -> None:
        """Let each ask so many times."""
        await asyncio.gather(*(station.start(make, times) for station in self.stations))

    async def close(self) -> None:
        """Close all connections, as a client that goes away does."""
        goodbye = Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True)
        for station in self.stations:
            station.transport.write(goodbye)
            station.transport.close()
        self.stations.clear()
        await asyncio.sleep(0)

    async def _connect(self, number: int) -> Station:
        loop = asyncio.get_running_loop()
        # An address of its own for each few thousand, or the machine runs out of ports.
        source = f"127.0.0.{2 + number // 4000}"
        opened = socket.socket()
        opened.setblocking(False)
        opened.bind((source, 0))
        await loop.sock_connect(opened, ("127.0.0.1", self._port))
        _, station = await loop.create_connection(
            lambda: Station(f"CP{number:05d}", self._port), sock=opened
        )
        await station.opened
        return station
