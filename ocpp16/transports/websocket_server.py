"""The server end of OCPP-J: who may open a WebSocket, and the place where charge points connect.

The order of the checks, all before the upgrade: WebSocket handshake, subprotocol (if a mismatch is
to be refused), identity in the URL, `Admission` (which knows how many may be connected).
Spec: J 3; JE 3.4 (HTTP 404).
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from websockets.exceptions import NegotiationError
from websockets.frames import Frame
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.security.activity import Trouble, UnusualActivity
from ocpp16.security.admission import Admission, Handshake, Refusal
from ocpp16.security.tls import ServerTls
from ocpp16.settings import Settings
from ocpp16.transports.address import format_address
from ocpp16.transports.connection import (
    INTERNAL_ERROR,
    NOT_TEXT,
    NOT_UTF8,
    PROTOCOL_BROKEN,
    TOO_BIG,
    Welcome,
)
from ocpp16.transports.identity import identity_in
from ocpp16.transports.task import Signal
from ocpp16.transports.tls_layer import TlsDoor
from ocpp16.transports.watch import Watch
from ocpp16.transports.websocket import (
    NOT_READING,
    SILENT,
    SUBPROTOCOL,
    ServerFrames,
    WebSocketConnection,
)

logger = logging.getLogger(__name__)


class WebSocketListener:
    """Where charge points open WebSockets.

    Args:
        url: `ws://host:port/path`, or `wss://...` with `tls`; port 0 is any free one.
        admission: Lets a peer in or refuses it.
        welcome: Takes each connection once it is open.
        watch: Is told what goes wrong before a peer has a name.
        settings: Limits and timers.
        clock: Where timers run.
        tls: Our end of TLS links.
    """

    def __init__(
        self,
        url: str,
        *,
        admission: Admission,
        welcome: Welcome,
        watch: Watch,
        settings: Settings,
        clock: Clock,
        tls: ServerTls | None = None,
    ) -> None:
        self._parts = urlsplit(url)
        self.watch = watch
        self._door = (
            None if tls is None else TlsDoor(tls, settings=settings, clock=clock, watch=watch)
        )
        self.admission = admission
        self.welcome = welcome
        self.settings = settings
        self.clock = clock
        self.path = self._parts.path
        self.is_stopping = False
        self._server: asyncio.Server | None = None
        self._connections: set[ServerConnection] = set()
        self._half_open: dict[ServerConnection, None] = {}  # the oldest first
        self._one_left = Signal()

    async def start(self) -> None:
        """Bind and listen.

        Raises:
            OSError: The address is not ours or taken.
        """
        loop = asyncio.get_running_loop()
        host, port = self._parts.hostname, self._parts.port
        if port == 0:
            # A name can stand for several addresses; each would get a free port of its own.
            found = await loop.getaddrinfo(
                host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            host = str(found[0][4][0])

        def make() -> asyncio.Protocol:
            return ServerConnection(self)

        self._server = await loop.create_server(
            make if self._door is None else self._door.wrap(make),
            host,
            (80 if self._door is None else 443) if port is None else port,
            backlog=1024,
        )

    @property
    def url(self) -> str:
        """Where it listens, with the port that was really bound."""
        host, port = self._parts.hostname or "", self._parts.port
        if self._server is not None and self._server.sockets:
            port = self._server.sockets[0].getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        return f"{self._parts.scheme}://{shown}{'' if port is None else f':{port}'}{self.path}"

    def stop(self) -> None:
        """Let nobody in any more."""
        self.is_stopping = True
        if self._server is not None:
            self._server.close()
        if self._door is not None:
            self._door.stop()
        for connection in tuple(self._connections):
            connection.give_up_handshake("the server stops")

    async def wait_closed(self) -> None:
        """Wait until no connection is left."""
        while self._connections:
            await self._one_left.wait()

    def add(self, connection: ServerConnection) -> None:
        """Count a connection that is not open yet."""
        self._connections.add(connection)
        self._half_open[connection] = None
        if len(self._half_open) > self.settings.handshakes:
            # Idle TCP connections cost their owner nothing, and must not keep out who is real.
            silent = (
                each for each in self._half_open if not each.has_asked and each is not connection
            )
            oldest = next(silent, None) or next(iter(self._half_open))
            del self._half_open[oldest]
            self.tell_limit("too many are connecting", oldest.address)
            oldest.give_up_handshake("too many are connecting")

    def opened(self, connection: ServerConnection) -> None:
        """Take it that a connection is open."""
        self._half_open.pop(connection, None)

    def tell_limit(self, reason: str, address: str | None, identity: str | None = None) -> None:
        """Take it that somebody has reached a limit."""
        self.watch(
            Trouble(
                activity=UnusualActivity.LIMIT_HIT,
                reason=reason,
                address=address,
                identity=identity,
            )
        )

    def discard(self, connection: ServerConnection) -> None:
        """Count a connection no more."""
        self._connections.discard(connection)
        self._half_open.pop(connection, None)
        self._one_left.notify()


class ServerConnection(WebSocketConnection):
    """A charge point's connection, from TCP on."""

    __slots__ = ("_admitting", "_is_hasty", "_listener")
    _protocol: ServerProtocol

    def __init__(self, listener: WebSocketListener) -> None:
        protocol = ServerFrames(
            select_subprotocol=(
                _demand if listener.settings.subprotocol_mismatch == "refuse" else _choose
            ),
            max_size=listener.settings.message_limit,
            logger=SILENT,
        )
        super().__init__(protocol, settings=listener.settings, clock=listener.clock)
        self._listener = listener
        self._admitting: asyncio.Task[None] | None = None
        self._is_hasty = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the TCP connection, and give the handshake its time."""
        super().connection_made(transport)
        self._listener.add(self)
        if self._listener.is_stopping:
            self._abort()  # It was accepted just before.

    def connection_lost(self, exc: Exception | None) -> None:
        """Take it that the TCP connection is gone."""
        if self._admitting is not None:
            self._admitting.cancel()
        super().connection_lost(exc)
        self._listener.discard(self)

    @property
    def has_asked(self) -> bool:
        """Tell whether the whole request has come."""
        return self._admitting is not None

    def give_up_handshake(self, reason: str) -> None:
        """Refuse the connection if it is not open yet."""
        if self._info is not None:
            return
        if self._admitting is None or self._admitting.done():
            self._abort()
        else:
            self._admitting.cancel()
            status = HTTPStatus.SERVICE_UNAVAILABLE
            self._refuse(self._protocol.reject(status, f"{reason}\n"))

    @property
    def address(self) -> str | None:
        """The peer's network address."""
        return format_address(self._transport.get_extra_info("peername"))

    def _ended(self, reason: str) -> None:
        was_over, info = self._is_over, self._info
        super()._ended(reason)
        if was_over or info is None:
            return
        sent = self._protocol.close_sent
        if reason == NOT_READING or (sent is not None and sent.code == TOO_BIG):
            self._listener.tell_limit(reason, info.address, info.identity)
        elif sent is not None and sent.code in {NOT_TEXT, NOT_UTF8, PROTOCOL_BROKEN}:
            self._listener.watch(
                Trouble(
                    activity=UnusualActivity.INVALID_MESSAGE,
                    reason=reason,
                    address=info.address,
                    identity=info.identity,
                )
            )

    def _take_frame(self, frame: Frame) -> None:
        if self._info is None:
            self._is_hasty = True  # It came before the upgrade, and nothing is made of it.
        else:
            super()._take_frame(frame)

    def _write(self) -> None:
        if self._protocol.state is State.CONNECTING and self.has_asked and not self._is_over:
            # What came along with the request: a pong would go out before the response.
            self._protocol.data_to_send()
            return
        super()._write()

    def _take_handshake(self, message: Request | Response) -> None:
        if isinstance(message, Request) and self._admitting is None:
            # What a client sends before it may would be read as frames of an open connection.
            self._hold()
            self._admitting = asyncio.get_running_loop().create_task(self._answer(message))

    async def _answer(self, request: Request) -> None:
        try:
            response = self._protocol.accept(request)
            if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
                self._refuse(response)
                return
            verdict = await self._judge(request)
            if isinstance(verdict, Refusal):
                refusal = self._protocol.reject(verdict.status, f"{verdict.reason}\n")
                for name, value in verdict.headers:
                    refusal.headers[name] = value
                self._refuse(refusal)
            else:
                self._open(response, verdict)
                # `websockets` keeps the request as long as the connection, the password with it.
                request.headers.clear()
        except Exception:
            logger.exception("a WebSocket handshake failed")
            self._give_up()

    def _give_up(self) -> None:
        if self._protocol.state is State.CONNECTING:
            self._refuse(self._protocol.reject(HTTPStatus.INTERNAL_SERVER_ERROR, "\n"))
        else:
            # After the 101 any more HTTP would be read as WebSocket frames.
            self._fail(INTERNAL_ERROR, "the server failed")

    async def _judge(self, request: Request) -> PeerInfo | Refusal:
        path = request.path.partition("?")[0]
        identity, misfit = "", None
        try:
            identity = identity_in(
                path,
                self._listener.path,
                allow_slash=self._settings.slash_in_identity == "accept",
            )
        except ValueError as error:
            misfit = str(error)
        engine = self._transport.get_extra_info("tls_engine")
        verdict = await self._listener.admission(
            Handshake(
                identity=identity,
                misfit=misfit,
                binding="ocppj",
                url=f"{self._listener.url.removesuffix(self._listener.path)}{path}",
                address=self.address,
                headers=tuple(request.headers.raw_items()),
                secure=engine is not None,
                certificate=None if engine is None else engine.client_certificate,
            )
        )
        if misfit is not None and not isinstance(verdict, Refusal):
            return Refusal(HTTPStatus.NOT_FOUND)
        return verdict

    def _refuse(self, response: Response) -> None:
        if self._transport.is_closing() or self._protocol.eof_sent:
            self._abort()
            return
        logger.info("a handshake from %s was answered %d", self.address, response.status_code)
        self._protocol.send_response(response)
        self._is_over = True
        self._release()
        self._write()
        self._limit_close()

    def _open(self, response: Response, info: PeerInfo) -> None:
        # Frames sent before the upgrade, or a half-closed connection: not a WebSocket client.
        if (
            self._transport.is_closing()
            or self._protocol.eof_sent
            or self._is_hasty
            or self._inbox
            or self._has_eof
        ):
            self._abort()
            return
        if self._protocol.subprotocol is None:
            # J 3.2: complete the handshake without the header, then close at once.
            logger.info("%s does not offer the subprotocol %s", self.address, SUBPROTOCOL)
            self._protocol.send_response(response)
            self._write()
            self._release()
            self.close(PROTOCOL_BROKEN, f"the subprotocol {SUBPROTOCOL} is due")
            return
        interval = self._settings.ping_interval
        seconds = None if interval is None else interval.total_seconds()
        self._info = info
        # Before the 101: if it fails, that can still be told in HTTP.
        self._listener.welcome(self)
        self._protocol.send_response(response)
        self._write()
        self._admitting = None
        self.ping_every(seconds)
        self._listener.opened(self)


def _choose(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


def _demand(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    if SUBPROTOCOL in offered:
        return SUBPROTOCOL
    raise NegotiationError(f"the subprotocol {SUBPROTOCOL} is due")
