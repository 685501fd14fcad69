"""HTTP/1.1 by hand on asyncio streams: one request a connection, either way.

Enough for what a charge point of those days does, and for nothing more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

BODY_LIMIT = 1 << 20


class LinkLost(Exception):
    """No answer came: it could not connect, or the connection broke, or it took too long."""


async def post(
    host: str, port: int, path: str, body: bytes, *, seconds: float
) -> tuple[int, bytes]:
    """Post an envelope, and return the status and the body of the answer.

    Raises:
        LinkLost: There is none.
    """
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(
                    f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n"
                    "Content-Type: application/soap+xml; charset=utf-8\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode()
                )
                writer.write(body)
                await writer.drain()
                return await _answer(reader)
            finally:
                writer.transport.abort()
    except (OSError, EOFError, TimeoutError, ValueError) as error:
        raise LinkLost(f"{type(error).__name__}: {error}") from error


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status = int(head.split(" ", 2)[1])
    return status, await _body(head, reader)


async def _body(head: str, reader: asyncio.StreamReader) -> bytes:
    fields = {
        name.strip().lower(): value.strip()
        for line in head.split("\r\n")[1:]
        for name, _, value in [line.partition(":")]
    }
    if "content-length" in fields:
        return await reader.readexactly(int(fields["content-length"]))
    if fields.get("transfer-encoding") == "chunked":
        content = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            content += await reader.readexactly(size)
            await reader.readexactly(2)
        return content
    return await reader.read(BODY_LIMIT)


Answerer = Callable[[str, bytes], Awaitable[tuple[int, bytes]]]
"""Takes path and body of a request, and returns status and body of the answer."""


@contextlib.asynccontextmanager
async def served(answer: Answerer, port: int = 0) -> AsyncIterator[int]:
    """Serve requests at a port of this machine while it is entered; gives the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                status, content = await answer(head.split(" ")[1], await _body(head, reader))
                writer.write(
                    f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n"
                    "Content-Type: application/soap+xml; charset=utf-8\r\n\r\n".encode()
                )
                writer.write(content)
                await writer.drain()
        except (OSError, EOFError, ValueError, asyncio.CancelledError):
            # Python 3.11 complains of tasks of a server that were cancelled.
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
