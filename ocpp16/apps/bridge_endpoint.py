"""Where operators look: `/metrics`, `/healthz`, `/readyz`, on a listener of its own.

A plain ASGI application: reads a path, and nothing else of a request. Who may reach the listener
may read the metrics; it is on this machine unless the setting says otherwise.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from ocpp16.clock import Clock
from ocpp16.settings import Settings
from ocpp16.transports.soap_app import Receive, Scope, Send
from ocpp16.transports.soap_server import HttpServer

TEXT: Final = "text/plain; charset=utf-8"
METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"


class Endpoint:
    """The application.

    Args:
        metrics: Renders the metrics.
        why_not_ready: Tells why the bridge does not serve charge points now; None if it does.
    """

    def __init__(
        self,
        *,
        metrics: Callable[[], Awaitable[bytes]],
        why_not_ready: Callable[[], Awaitable[str | None]],
    ) -> None:
        self.is_stopping = False
        self._metrics = metrics
        self._why_not_ready = why_not_ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        status, content_type, body = await self._answer(str(scope["method"]), str(scope["path"]))
        headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        if status == 405:
            headers.append((b"allow", b"GET, HEAD"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        shown = b"" if scope["method"] == "HEAD" else body
        await send({"type": "http.response.body", "body": shown})

    async def _answer(self, method: str, path: str) -> tuple[int, str, bytes]:
        if method not in {"GET", "HEAD"}:
            return 405, TEXT, b"only GET and HEAD\n"
        match path:
            case "/healthz":
                return 200, TEXT, b"ok\n"
            case "/readyz":
                reason = await self._why_not_ready()
                if reason is None:
                    return 200, TEXT, b"ready\n"
                return 503, TEXT, f"not ready: {reason}\n".encode()
            case "/metrics":
                return 200, METRICS, await self._metrics()
            case _:
                return 404, TEXT, b"known are /metrics, /healthz, /readyz\n"


@asynccontextmanager
async def served(endpoint: Endpoint, address: str, *, clock: Clock) -> AsyncIterator[str]:
    """Serve it while it is entered; gives the URL.

    Args:
        endpoint: The application.
        address: `host:port`; port 0 is any free one.
        clock: Where timers run.

    Raises:
        OSError: The address is not ours, or taken.
    """
    server = HttpServer(f"http://{address}/", settings=Settings(connections=64), clock=clock)
    await server.start(endpoint)
    try:
        yield server.url.rstrip("/")
    finally:
        await server.wait_closed()
