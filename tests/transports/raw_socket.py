"""A WebSocket client that can do wrong: it writes what it is told and reads what comes."""

from __future__ import annotations

import asyncio
import struct
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

import attrs

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


@attrs.frozen
class Answer:
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: str


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, masked: bool = True) -> bytes:
    """Return one WebSocket frame; the mask is all zeroes, which is a mask like any other."""
    head = bytes([opcode | (0x80 if fin else 0)])
    mask_bit = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([mask_bit | len(payload)])
    elif len(payload) < 65536:
        head += bytes([mask_bit | 126]) + struct.pack("!H", len(payload))
    else:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", len(payload))
    return head + (b"\0\0\0\0" if masked else b"") + payload


class RawSocket:
    """One TCP connection to a server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, url: str) -> Self:
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port, limit=2**22))

    @classmethod
    async def upgraded(cls, url: str) -> Self:
        """Open a connection and complete the handshake."""
        socket = await cls.open(url)
        answer = await socket.ask(urlsplit(url).path)
        assert answer.status == 101, answer
        return socket

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

    async def ask(
        self,
        target: str,
        headers: dict[str, str] | None = None,
        *,
        subprotocol: str | None = "ocpp1.6",
        method: str = "GET",
        more: bytes = b"",
    ) -> Answer:
        """Send a handshake request and return the response."""
        lines = {
            "Host": "localhost",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "x3JJHMcDL1EzLkh9GBhXDw==",
            "Sec-WebSocket-Version": "13",
        }
        if subprotocol is not None:
            lines["Sec-WebSocket-Protocol"] = subprotocol
        lines.update(headers or {})
        head = f"{method} {target} HTTP/1.1\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
        self.writer.write(head.encode() + b"\r\n" + more)
        return await self.answer()

    async def answer(self) -> Answer:
        """Read an HTTP response."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split(" ")[1]), headers, body.decode())

    def send(self, opcode: int, payload: bytes = b"", *, fin: bool = True) -> None:
        """Write one frame."""
        self.writer.write(frame(opcode, payload, fin=fin))

    async def receive(self) -> tuple[int, bytes]:
        """Read one unfragmented frame; EOFError at the end."""
        opcode, length = await self.head()
        return opcode, await self._reader.readexactly(length)

    async def head(self) -> tuple[int, int]:
        """Read the head of a frame; return its opcode and its length."""
        head = await self._reader.readexactly(2)
        assert not head[1] & 0x80
        length = head[1]
        if length == 126:
            (length,) = struct.unpack("!H", await self._reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self._reader.readexactly(8))
        return head[0] & 0x0F, length

    async def text(self) -> str:
        """Read one text message."""
        opcode, payload = await self.receive()
        assert opcode == TEXT, (opcode, payload)
        return payload.decode()

    async def close_code(self) -> int:
        """Read on until the close frame, and return its code."""
        while True:
            opcode, payload = await self.receive()
            if opcode == CLOSE:
                return int(struct.unpack("!H", payload[:2])[0])

    async def is_at_end(self) -> bool:
        """Tell whether the server has closed, reading on until it has."""
        with suppress(ConnectionError):
            while await self._reader.read(65536):
                pass
        return True
