"""An HTTP server for one ASGI application, inside the running event loop. Uses uvicorn.

Its HTTP protocol, not its `Server`: that one takes over signals, ends the process when an address
is taken, and wakes ten times a second, which a thousand charge points in one process would feel.
What the protocol lacks, a limit for the time that the head of a request takes, is added here.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from contextlib import suppress
from email.utils import formatdate
from functools import lru_cache
from typing import Any, Final, Protocol, cast
from urllib.parse import unquote, urlsplit

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from ocpp16.clock import Clock, Timer
from ocpp16.security.tls import ServerTls
from ocpp16.settings import Settings
from ocpp16.transports.asgi_link import CUT, ENGINE
from ocpp16.transports.identity import without_secrets
from ocpp16.transports.soap_app import Receive, Scope, Send
from ocpp16.transports.task import Signal, time_limit
from ocpp16.transports.tls_layer import TlsDoor
from ocpp16.transports.watch import Watch, unwatched

_logger = logging.getLogger(f"{__name__}.http")
# What uvicorn warns of here is what any client can bring about as often as it likes.
_logger.setLevel(logging.ERROR)

KEEP_ALIVE_SECONDS: Final = 75
"""How long a client may keep an unused connection."""
GRACE_SECONDS: Final = 5
"""How long responses on their way get when the server stops."""


_NO_MORE: Final = b"Connection: close\r\nContent-Length: 0\r\n\r\n"
TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\n" + _NO_MORE
TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\n" + _NO_MORE


class HttpApp(Protocol):
    """An ASGI application for HTTP."""

    is_stopping: bool
    """Set when it is to take no more requests."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        ...


class HttpServer:
    """A place where one application is served.

    Args:
        url: `http://host:port/path`, or `https://...` with `tls`; port 0 is any free one.
        settings: Limits and timers.
        clock: Where timers run.
        tls: Our end of TLS links.
        watch: Is told of TLS links that cannot be.
    """

    def __init__(
        self,
        url: str,
        *,
        settings: Settings,
        clock: Clock,
        tls: ServerTls | None = None,
        watch: Watch = unwatched,
    ) -> None:
        self._parts = urlsplit(url)
        scheme = "http" if tls is None else "https"
        if self._parts.scheme != scheme or not self._parts.hostname:
            kind = "a server without TLS" if tls is None else "a server with TLS"
            raise ValueError(f"{url!r}: {kind} listens at {scheme}://host:port/path")
        if "@" in self._parts.netloc or self._parts.query or self._parts.fragment:
            shown = without_secrets(url)
            raise ValueError(f"{shown!r} to listen at came with a user, a query or a fragment")
        self._door = (
            None if tls is None else TlsDoor(tls, settings=settings, clock=clock, watch=watch)
        )
        self._settings = settings
        self._clock = clock
        default_port = 80 if tls is None else 443
        self._port = default_port if self._parts.port is None else self._parts.port
        self._state = ServerState()
        self._closed_one = Signal()
        self._server: asyncio.Server | None = None
        self._app: HttpApp | None = None

    @property
    def path(self) -> str:
        """Path of the endpoint, decoded."""
        return unquote(self._parts.path)

    @property
    def url(self) -> str:
        """Where it listens, with the port that was really bound."""
        return self.url_at(self._parts.hostname or "")

    def url_at(self, host: str) -> str:
        """Return the URL under another name of this machine."""
        shown = f"[{host}]" if ":" in host else host
        return f"{self._parts.scheme}://{shown}:{self._port}{self._parts.path or '/'}"

    @property
    def host(self) -> str:
        """The address or name that it listens at."""
        return self._parts.hostname or ""

    async def start(self, app: HttpApp) -> None:
        """Bind and listen.

        Raises:
            OSError: The address is not ours or taken.
        """
        config = _Config(app, self._settings, self._clock, self._closed_one)
        config.load()
        loop = asyncio.get_running_loop()
        host = self.host
        if self._port == 0:
            # A name can stand for several addresses; each would get a free port of its own.
            found = await loop.getaddrinfo(
                host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            host = str(found[0][4][0])

        def make() -> asyncio.Protocol:
            return _HttpProtocol(config, self._state)

        self._server = await loop.create_server(
            make if self._door is None else self._door.wrap(make), host, self._port, backlog=1024
        )
        self._port = self._server.sockets[0].getsockname()[1]
        self._app = app

    def stop(self) -> None:
        """Take no more TCP connections, and no more requests on those that are open."""
        if self._server is not None and self._app is not None:
            self._app.is_stopping = True
            self._server.close()
        if self._door is not None:
            self._door.stop()

    async def wait_closed(self) -> None:
        """Wait until the responses on their way have left, and all is closed."""
        self.stop()
        for each in tuple(self._state.connections):
            with suppress(h11.LocalProtocolError):  # It is closing already.
                each.shutdown()
        try:
            async with time_limit(self._clock, GRACE_SECONDS):
                while self._state.connections:
                    await self._closed_one.wait()
        except TimeoutError:
            for each in tuple(self._state.connections):
                each.transport.abort()
            for task in tuple(self._state.tasks):
                task.cancel()
        while self._state.tasks:
            await asyncio.wait(self._state.tasks)


class _Config(uvicorn.Config):
    def __init__(self, app: HttpApp, settings: Settings, clock: Clock, closed_one: Signal) -> None:
        super().__init__(
            app,
            http=_HttpProtocol,
            ws="none",
            loop="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            # To switch it off here would do so for every uvicorn of the process.
            access_log=True,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            # One more than we let in: whoever is still there is served.
            limit_concurrency=settings.connections + 1,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            h11_max_incomplete_event_size=settings.header_count * settings.header_size,
        )
        self.limit = settings.connections
        self.head_limit = settings.header_count * settings.header_size
        self.clock = clock
        self.waiting: dict[_HttpProtocol, None] = {}
        """Connections whose request is not there yet, whoever waits longest first."""
        self.closed_one = closed_one
        self.head_seconds = settings.soap_body_timeout.total_seconds()


_UNFINISHED: Final = frozenset({h11.IDLE, h11.SEND_BODY})


class HeadWithBody:
    """A transport that sends the head of an answer with the first of its body.

    uvicorn writes them apart, and each would be a system call. The head of an answer that does not
    tell its length leaves at once: such a stream may have nothing to say for long.

    Args:
        transport: Where to send.
        connection: The state of the HTTP exchange.
    """

    __slots__ = ("_connection", "_held", "_is_in_body", "_transport")

    def __init__(self, transport: asyncio.Transport, connection: h11.Connection) -> None:
        self._transport = transport
        self._connection = connection
        self._held = b""
        self._is_in_body = False

    def write(self, data: bytes) -> None:
        """Send bytes; a head waits for what comes next."""
        was_in_body = self._is_in_body
        self._is_in_body = self._connection.our_state is h11.SEND_BODY
        if self._is_in_body and not was_in_body and b"\r\ncontent-length:" in data.lower():
            self._held = data
            return
        held, self._held = self._held, b""
        self._transport.write(held + data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _HttpProtocol(H11Protocol):
    """A client's TCP connection, cut when the head of a request does not come in time.

    One more than the limit cuts whoever has kept us waiting for a request longest: connections that
    are held and not used must not keep out those who have something to say.
    """

    config: _Config

    def __init__(self, config: _Config, server_state: ServerState) -> None:
        super().__init__(config=config, server_state=server_state, app_state={})
        self.access_log = False
        self.logger = _logger
        self._timer: Timer | None = None
        self._has_begun = False  # Some of the head of a request is there.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        whole = HeadWithBody(cast("asyncio.Transport", transport), self.conn)
        super().connection_made(cast("asyncio.Transport", whole))
        # A copy is in the scope of each request.
        self.app_state = {CUT: self.transport.abort}
        engine = transport.get_extra_info("tls_engine")
        if engine is not None:
            self.scheme = "https"
            self.app_state[ENGINE] = engine
        if cast("HttpApp", self.config.app).is_stopping:
            self.transport.abort()  # It was accepted just before.
        elif len(self.connections) > self.config.limit:
            self._make_room()
        self._watch()

    def data_received(self, data: bytes) -> None:
        self.server_state.default_headers = _date(int(time.time()))
        super().data_received(data)
        self._has_begun = True
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.config.waiting.pop(self, None)  # It waits anew.
        self._watch()

    def send_400_response(self, msg: str) -> None:
        unread, _ = self.conn.trailing_data
        if len(unread) > self.config.head_limit:
            self.transport.write(TOO_LARGE)
            self.transport.close()
        else:
            super().send_400_response(msg)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self.config.waiting.pop(self, None)
        super().connection_lost(exc)
        self.config.closed_one.notify()

    def _make_room(self) -> None:
        for each in self.config.waiting:
            del self.config.waiting[each]
            self.connections.discard(each)  # It counts no longer, though it takes a moment to go.
            each.transport.abort()
            break

    def _watch(self) -> None:
        """Keep the timer that runs while the head of a request is due, from its first byte."""
        if self.conn.their_state in _UNFINISHED and not self.transport.is_closing():
            self.config.waiting.setdefault(self)
        else:
            self.config.waiting.pop(self, None)
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._has_begun = False
            self._unwatch()
        elif self._timer is None:
            due = self.config.clock.time() + self.config.head_seconds
            self._timer = self.config.clock.call_at(due, self._cut)

    def _cut(self) -> None:
        if self._has_begun and not self.transport.is_closing():
            self.transport.write(TOO_SLOW)
        self.transport.close()

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


@lru_cache(maxsize=1)
def _date(second: int) -> list[tuple[bytes, bytes]]:
    return [(b"date", formatdate(second, usegmt=True).encode())]


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
