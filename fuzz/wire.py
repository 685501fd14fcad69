"""The HTTP and WebSocket layers: mutated requests and frames over real sockets.

What may come back is an HTTP response of a kind that a client can cause, WebSocket frames after an
upgrade, or nothing. Whatever goes wrong inside is logged by the library or told to the event loop,
and either is a finding.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from fuzz.targets import Finding
from ocpp16 import CentralSystem
from ocpp16.messages import HeartbeatRequest, HeartbeatResponse
from ocpp16.settings import Settings

UPGRADE: Final = (
    b"GET /ocpp/CP1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x3JJHMcDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
)
CLOSE: Final = b"\x88\x82\0\0\0\0\x03\xe8"
FRAMES: Final = (
    b'\x81\x97\0\0\0\0[2,"1","Heartbeat",{}]' + CLOSE,
    b'\x01\x83\0\0\0\0[2,\x89\x81\0\0\0\0x\x80\x94\0\0\0\0"1","Heartbeat",{}]' + CLOSE,
    b"\x82\xfe\0\x84\0\0\0\0" + bytes(132),
    b"\x8a\x80\0\0\0\0\x81\xff" + (300).to_bytes(8, "big") + bytes(4) + b"[" * 300,
)
"""Good frames to start from; they go after an upgrade."""
TOGETHER: Final = 16
"""Connections at once."""
SECONDS: Final = 20
_NOT_CAUSED: Final = {b"500", b"502", b"504"}


class Site:
    """A central system on both wires, and raw clients of it."""

    def __init__(self) -> None:
        self.trouble: list[str] = []
        self._watch = _Watch(self.trouble)

    async def run(self, inputs: Callable[[], tuple[str, bytes]], count: int) -> None:
        """Send inputs until `count` were sent.

        Args:
            inputs: Gives the next: `json` or `soap`, and what to send.
            count: How many.

        Raises:
            Finding: Something happened that must not.
        """
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self.trouble.append(str(context)))
        root = logging.getLogger("ocpp16")
        root.addHandler(self._watch)
        # What a client does is logged at levels below, as often as a client likes.
        level = root.level
        root.setLevel(logging.ERROR)
        central = CentralSystem(settings=Settings(callback_networks=["127.0.0.0/8"]))

        @central.on(HeartbeatRequest)
        async def heartbeat(peer: Any, request: HeartbeatRequest) -> HeartbeatResponse:
            return HeartbeatResponse(current_time=datetime.now(UTC))

        try:
            async with central.serve(
                json="ws://127.0.0.1:0/ocpp", soap="http://127.0.0.1:0/ocpp"
            ) as server:
                ports = {
                    "json": urlsplit(server.urls.json or "").port,
                    "soap": urlsplit(server.urls.soap or "").port,
                }
                left = iter(range(count))

                async def client() -> None:
                    for _ in left:
                        wire, data = inputs()
                        await self._send(ports[wire], data)

                async with asyncio.TaskGroup() as group:
                    for _ in range(TOGETHER):
                        group.create_task(client())
        finally:
            root.removeHandler(self._watch)
            root.setLevel(level)

    async def _send(self, port: int | None, data: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answer = b""
        try:
            async with asyncio.timeout(SECONDS):
                writer.write(data)
                writer.write_eof()
                answer = await reader.read(4096)
                while await reader.read(65536):
                    pass
        except TimeoutError:
            raise Finding(f"no end of {data!r}") from None
        except ConnectionError:
            pass
        finally:
            writer.close()
        if self.trouble:
            raise Finding(f"{self.trouble[:3]} after {data!r}")
        if answer and not answer.startswith(b"HTTP/1.1 "):
            raise Finding(f"{answer[:80]!r} to {data!r}")
        # A SOAP fault of the receiver is a 500 with a body; the status alone is what a crash gives.
        if answer[9:12] in _NOT_CAUSED and b"content-length: 0" in answer.lower():
            raise Finding(f"{answer!r} to {data!r}")


class _Watch(logging.Handler):
    def __init__(self, trouble: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._trouble = trouble

    def emit(self, record: logging.LogRecord) -> None:
        self._trouble.append(record.getMessage())
