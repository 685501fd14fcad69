"""An HTTP server for one ASGI application, inside the running event loop. Uses uvicorn.

uvicorn has no limit for the time that the head of a request takes, binds in a way that ends the
process when an address is taken, and takes over signals; here it does none of that.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final, cast
from urllib.parse import urlsplit

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ocpp16.clock import Clock, Timer
from ocpp16.settings import Settings
from ocpp16.transports.soap_app import SoapApp

KEEP_ALIVE_SECONDS: Final = 75
"""How long a client may keep an unused connection."""
GRACE_SECONDS: Final = 5
"""How long responses on their way get when the server stops."""


class HttpServer:
    """A place where one application is served.

    Args:
        url: `http://host:port/path`; port 0 is any free one.
        settings: Limits and timers.
        clock: Where timers run.
    """

    def __init__(self, url: str, *, settings: Settings, clock: Clock) -> None:
        self._parts = urlsplit(url)
        if self._parts.scheme != "http" or not self._parts.hostname:
            raise ValueError(f"{url!r}: a server without TLS listens at http://host:port/path")
        self._settings = settings
        self._clock = clock
        self._port = 80 if self._parts.port is None else self._parts.port
        self._server: _Server | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def path(self) -> str:
        """Path of the endpoint."""
        return self._parts.path

    @property
    def url(self) -> str:
        """Where it listens, with the port that was really bound."""
        return self.url_at(self._parts.hostname or "")

    def url_at(self, host: str) -> str:
        """Return the URL under another name of this machine."""
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self._port}{self.path or '/'}"

    @property
    def host(self) -> str:
        """The address or name that it listens at."""
        return self._parts.hostname or ""

    async def start(self, app: SoapApp) -> None:
        """Bind and listen.

        Raises:
            OSError: The address is not ours or taken.
        """
        listening = await _bind(self.host, self._port)
        self._port = listening.getsockname()[1]
        self._app = app
        self._server = server = _Server(_Config(app, self._settings, self._clock))
        self._running = asyncio.get_running_loop().create_task(server.serve(sockets=[listening]))
        has_started = asyncio.ensure_future(server.has_started.wait())
        try:
            await asyncio.wait({self._running, has_started}, return_when="FIRST_COMPLETED")
            if self._running.done():
                self._running.result()
        finally:
            has_started.cancel()

    def stop(self) -> None:
        """Take no more TCP connections, and no more requests on those that are open."""
        if self._server is not None:
            self._app.is_stopping = True
            for each in self._server.servers:
                each.close()

    async def wait_closed(self) -> None:
        """Wait until the responses on their way have left, and all is closed."""
        self.stop()
        if self._server is not None and self._running is not None:
            self._server.should_exit = True
            await self._running


class _Config(uvicorn.Config):
    def __init__(self, app: SoapApp, settings: Settings, clock: Clock) -> None:
        super().__init__(
            app,
            http=_HttpProtocol,
            ws="none",
            loop="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=settings.connections,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            backlog=1024,
            h11_max_incomplete_event_size=settings.header_count * settings.header_size,
        )
        self.clock = clock
        self.head_seconds = settings.soap_body_timeout.total_seconds()


class _Server(uvicorn.Server):
    def __init__(self, config: _Config) -> None:
        super().__init__(config)
        self.has_started = asyncio.Event()
        self.servers = []

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # The process is not ours: its signals are for whoever runs it.

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.has_started.set()


class _HttpProtocol(H11Protocol):
    """A client's TCP connection, cut when the head of a request does not come in time."""

    config: _Config
    _timer: Timer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Keep the timer that runs while the head of a request is due, from its first byte."""
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._unwatch()
        elif self._timer is None:
            due = self.config.clock.time() + self.config.head_seconds
            self._timer = self.config.clock.call_at(due, self.transport.abort)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


async def _bind(host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setblocking(False)
        listening.bind(address)
        listening.listen(1024)
    except OSError as error:
        listening.close()
        raise OSError(error.errno, f"cannot listen at {host}:{port}: {str(error.strerror).lower()}") from None
    except BaseException:
        listening.close()
        raise
    return listening


async def local_address(host: str, port: int) -> str:
    """Return the address of this machine from which another one is reached.

    Raises:
        OSError: None is.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.connect(address)  # Nothing is sent: the route is looked up.
        return str(probe.getsockname()[0])
