"""`/metrics`, `/healthz`, `/readyz`: asked as ASGI, and over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

pytest.importorskip("uvicorn")

from ocpp16.apps.bridge_endpoint import Endpoint, served
from ocpp16.transports.system_clock import SystemClock


def endpoint(reason: str | None = None) -> Endpoint:
    async def metrics() -> bytes:
        return b"a 1\n"

    async def why_not_ready() -> str | None:
        return reason

    return Endpoint(metrics=metrics, why_not_ready=why_not_ready)


def asked(app: Endpoint, path: str, method: str = "GET") -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[MutableMapping[str, Any]] = []

    async def main() -> None:
        async def receive() -> MutableMapping[str, Any]:
            raise AssertionError("a body is of no interest")

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await app({"type": "http", "method": method, "path": path}, receive, send)

    asyncio.run(main())
    start, body = sent
    return start["status"], dict(start["headers"]), body["body"]


def test_what_is_served() -> None:
    assert asked(endpoint(), "/healthz")[::2] == (200, b"ok\n")
    assert asked(endpoint(), "/readyz")[::2] == (200, b"ready\n")
    status, headers, body = asked(endpoint(), "/metrics")
    assert (status, body) == (200, b"a 1\n")
    assert headers[b"content-type"] == b"text/plain; version=0.0.4; charset=utf-8"
    assert headers[b"content-length"] == b"4"
    assert headers[b"cache-control"] == b"no-store"


def test_it_is_alive_while_it_is_not_ready() -> None:
    app = endpoint("another process leads the store")
    assert asked(app, "/healthz")[0] == 200
    assert asked(app, "/readyz")[::2] == (503, b"not ready: another process leads the store\n")


def test_anything_else_is_refused() -> None:
    assert asked(endpoint(), "/")[0] == 404
    assert asked(endpoint(), "/metrics/")[0] == 404
    status, headers, _ = asked(endpoint(), "/metrics", "POST")
    assert (status, headers[b"allow"]) == (405, b"GET, HEAD")
    status, headers, body = asked(endpoint(), "/metrics", "HEAD")
    assert (status, headers[b"content-length"], body) == (200, b"4", b"")


def test_other_protocols_get_nothing() -> None:
    async def never(*_: object) -> Any:
        raise AssertionError("not called")

    asyncio.run(endpoint()({"type": "websocket"}, never, never))


def test_it_is_served_until_it_is_left() -> None:
    async def main() -> None:
        async with served(endpoint(), "127.0.0.1:0", clock=SystemClock()) as url:
            port = int(url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.endswith(b"\r\n\r\nready\n")
            writer.close()
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection("127.0.0.1", port)

    asyncio.run(main())
