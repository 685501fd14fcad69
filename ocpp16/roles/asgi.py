"""Both stacks of a central system as one ASGI application, to mount in somebody else's server.

OCPP-J is a `websocket` scope, OCPP-S an `http` one; both may have the same path. Knows no server:
message size, compression and pings of WebSockets are the server's (under uvicorn: `ws_max_size`,
`ws_per_message_deflate`, `ws_ping_interval`), and so are the time that the head of a request may
take and TLS. What comes is checked here again. Spec: J 3; S 3; ASGI 3.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import quote

from ocpp16.clock import Clock, Timer
from ocpp16.envelope import PeerInfo
from ocpp16.roles.driver import Driver
from ocpp16.roles.stack import Entrance, open_soap_entrance
from ocpp16.security.activity import Trouble
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.session.event import CallId, Exchange
from ocpp16.settings import Settings
from ocpp16.transports.asgi_link import certificate_in, is_secure
from ocpp16.transports.connection import (
    NORMAL_CLOSURE,
    NOT_TEXT,
    POLICY_VIOLATION,
    PROTOCOL_BROKEN,
    TOO_BIG,
    Connection,
    Receiver,
)
from ocpp16.transports.identity import identity_in
from ocpp16.transports.task import Signal

logger = logging.getLogger(__name__)

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

SUBPROTOCOL: Final = "ocpp1.6"
REASON_LIMIT: Final = 123
CLOSE_SECONDS: Final = 2.0


class Host(Protocol):
    """The central system, as far as the application needs it."""

    settings: Settings
    clock: Clock

    async def admit(self, handshake: Handshake) -> PeerInfo | Refusal:
        """Let a peer in or refuse it."""
        raise NotImplementedError

    def watch(self, trouble: Trouble) -> None:
        """Take what went wrong before a peer had a name."""
        ...

    def welcome(self, connection: Connection, house: set[Driver[Any]] | None = None) -> None:
        """Take a new connection, and keep its driver in `house` while it is open."""
        ...

    async def disconnect(self, house: set[Driver[Any]] | None = None) -> None:
        """Let running handlers end, then close the connections."""
        ...


class AsgiApp:
    """An ASGI 3 application; made by `CentralSystem.asgi`.

    Args:
        host: The central system.
        json: Path of OCPP-J, below which each identity has its URL; None does not serve it.
        soap: Path of OCPP-S; None does not serve it.
    """

    def __init__(self, host: Host, *, json: str | None, soap: str | None) -> None:
        if json is None and soap is None:
            raise ValueError("at least one path is needed")
        self._host = host
        self._json = json
        self._soap = soap
        self._entrance: Entrance | None = None
        self._house: set[Driver[Any]] = set()
        self._sockets: set[AsgiWebSocket] = set()
        self._one_left = Signal()
        self._is_open = False

    def start(self) -> None:
        """Let peers in."""
        if self._is_open:
            return
        if self._soap is not None:
            self._entrance = open_soap_entrance(
                self._soap,
                admission=self._host.admit,
                welcome=partial(self._host.welcome, house=self._house),
                watch=self._host.watch,
                settings=self._host.settings,
                clock=self._host.clock,
            )
        self._is_open = True

    async def stop(self) -> None:
        """Stop gracefully: nobody is let in, handlers get their time, then all is closed."""
        if not self._is_open:
            return
        self._is_open = False
        entrance, self._entrance = self._entrance, None
        if entrance is not None:
            entrance.stop()
        await self._host.disconnect(self._house)
        while self._sockets:
            await self._one_left.wait()
        if entrance is not None:
            await entrance.wait_closed()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection or request."""
        match scope["type"]:
            case "lifespan":
                await self._live(receive, send)
            case "websocket":
                await self._serve_socket(scope, receive, send)
            case "http":
                await self._serve_request(scope, receive, send)
            case kind:
                raise ValueError(f"an ASGI scope of type {kind!r} is not served here")

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._entrance is not None:
            await self._entrance(scope, receive, send)
            return
        status = 404 if self._is_open else 503
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (await receive())["type"] != "websocket.connect":
            return
        try:
            verdict = await self._judge(scope)
        except Exception:
            logger.exception("a WebSocket handshake failed")
            verdict = Refusal(500)
        if isinstance(verdict, Refusal):
            await _refuse(scope, send, verdict)
            return
        if SUBPROTOCOL not in scope.get("subprotocols", ()):
            # J 3.2: complete the handshake without the header, then close at once.
            await send({"type": "websocket.accept"})
            reason = f"the subprotocol {SUBPROTOCOL} is due"
            await send({"type": "websocket.close", "code": PROTOCOL_BROKEN, "reason": reason})
            return
        connection = AsgiWebSocket(verdict, settings=self._host.settings, clock=self._host.clock)
        try:
            # Before the upgrade: if it fails, that can still be told.
            self._host.welcome(connection, self._house)
        except Exception:
            logger.exception("a WebSocket handshake failed")
            await _refuse(scope, send, Refusal(500))
            return
        self._sockets.add(connection)
        try:
            await connection.run(receive, send)
        finally:
            self._sockets.discard(connection)
            self._one_left.notify()

    async def _judge(self, scope: Scope) -> PeerInfo | Refusal:
        settings = self._host.settings
        if not self._is_open:
            return Refusal(503, "the server stops")
        if self._json is None:
            return Refusal(404)
        if settings.subprotocol_mismatch == "refuse" and SUBPROTOCOL not in scope.get(
            "subprotocols", ()
        ):
            return Refusal(400, f"the subprotocol {SUBPROTOCOL} is due")
        target = _target(scope)
        identity, misfit = "", None
        try:
            identity = identity_in(
                target, self._json, allow_slash=settings.slash_in_identity == "accept"
            )
        except ValueError as error:
            misfit = str(error)
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        )
        return await self._host.admit(
            Handshake(
                identity=identity,
                misfit=misfit,
                binding="ocppj",
                url=_url(scope, target),
                address=_address(scope),
                headers=headers,
                secure=is_secure(scope),
                certificate=certificate_in(scope),
            )
        )


class AsgiWebSocket:
    """One WebSocket of somebody's ASGI server; `Connection`.

    Args:
        info: Who the peer is.
        settings: Limits.
        clock: Where timers run.
    """

    def __init__(self, info: PeerInfo, *, settings: Settings, clock: Clock) -> None:
        self.info = info
        self._settings = settings
        self._clock = clock
        self._receiver: Receiver | None = None
        self._early: list[bytes] = []
        self._line: deque[tuple[int, Message]] = deque()
        self._unsent = 0
        self._is_over = False  # no frame comes or goes any more
        self._is_gone = False  # the server's call of the application is over
        self._over_reason = ""
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._timer: Timer | None = None
        self._work = Signal()
        self._changed = Signal()

    def start(self, receiver: Receiver) -> None:
        """Give out frames from now on, those that have come already included."""
        self._receiver = receiver
        early, self._early = self._early, []
        for frame in early:
            receiver.frame_received(frame)
        if self._is_over:
            asyncio.get_running_loop().call_soon(receiver.connection_lost, self._over_reason)

    def send(
        self, frame: bytes, *, exchange: Exchange | None = None, call: CallId | None = None
    ) -> None:
        """Send a frame as a text message; once the connection has ended this does nothing."""
        if self._is_over:
            return
        if self._unsent > self._settings.unsent_limit:
            # Asked before the frame is added: none is too large for a peer that reads.
            self._end("the peer does not read")
            self._cut()
            return
        self._put({"type": "websocket.send", "text": frame.decode()}, len(frame))

    def leave_unanswered(self, exchange: Exchange) -> None:
        """Do nothing: a WebSocket has no exchanges."""

    async def flush(self) -> None:
        """Wait until the server has taken all that was sent, or the connection has ended."""
        while self._line and not self._is_gone:
            await self._changed.wait()

    def close(self, code: int = NORMAL_CLOSURE, reason: str = "") -> None:
        """End the connection; frames that still come are dropped."""
        if not self._is_over:
            self._is_over = True
            self._over_reason = f"closed by us: {code} {reason}".rstrip()
            self._send_close(code, reason)

    async def wait_closed(self) -> None:
        """Wait until the server's call of the application is over."""
        while not self._is_gone:
            await self._changed.wait()

    async def run(self, receive: Receive, send: Send) -> None:
        """Accept the upgrade, then carry frames both ways until the connection has ended."""
        loop = asyncio.get_running_loop()
        reason = "the connection was cut"
        try:
            await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
            self._tasks = (
                loop.create_task(self._read(receive)),
                loop.create_task(self._write(send)),
            )
            # The writer ends with a close of ours; the reader when the peer is gone.
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in self._tasks:
                if task.done() and not task.cancelled() and task.exception() is not None:
                    reason = f"the connection broke: {task.exception()}"
        finally:
            self._cut()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._timer is not None:
                self._timer.cancel()
            self._end(reason)
            self._is_gone = True
            self._changed.notify()

    # Inside

    async def _read(self, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                code, reason = message.get("code", 1005), message.get("reason") or ""
                self._end(f"closed by the peer: {code} {reason}".rstrip())
                return
            if not self._is_over:
                self._take(message.get("text"))

    def _take(self, text: str | None) -> None:
        if text is None:
            self._fail(NOT_TEXT, "OCPP-J messages are text")
            return
        frame = text.encode("utf-8", "replace")
        if len(frame) > self._settings.message_limit:
            self._fail(TOO_BIG, "the message is too large")
        elif self._receiver is None:
            self._early.append(frame)
        else:
            self._receiver.frame_received(frame)

    async def _write(self, send: Send) -> None:
        while True:
            while self._line:
                size, message = self._line[0]
                await send(message)
                self._line.popleft()
                self._unsent -= size
                self._changed.notify()
                if message["type"] == "websocket.close":
                    return
            await self._work.wait()

    def _put(self, message: Message, size: int) -> None:
        self._line.append((size, message))
        self._unsent += size
        self._work.notify()

    def _fail(self, code: int, reason: str) -> None:
        self._send_close(code, reason)
        self._end(f"closed by us: {code} {reason}")

    def _send_close(self, code: int, reason: str) -> None:
        short = reason.encode()[:REASON_LIMIT].decode(errors="ignore")
        self._put({"type": "websocket.close", "code": code, "reason": short}, 0)
        self._timer = self._clock.call_at(self._clock.time() + CLOSE_SECONDS, self._cut)

    def _cut(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _end(self, reason: str) -> None:
        """Tell once that no frame comes or goes any more."""
        if self._is_over:
            return
        self._is_over = True
        self._over_reason = reason
        if self._receiver is not None:
            self._receiver.connection_lost(reason)


async def _refuse(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Refuse the upgrade: with its status if the server can do that, else with its 403."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return
    body = f"{refusal.reason}\n".encode()
    headers = [(name.lower().encode(), value.encode()) for name, value in refusal.headers]
    headers += [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    kind = "websocket.http.response"
    await send({"type": f"{kind}.start", "status": refusal.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})


def _target(scope: Scope) -> str:
    """Return the path below where the application is mounted, as the client wrote it."""
    raw = scope.get("raw_path")
    path = quote(str(scope["path"])) if raw is None else raw.decode("latin-1").partition("?")[0]
    root = str(scope.get("root_path", "")).rstrip("/")
    for mount in (root, quote(root)):
        if mount and path.startswith(f"{mount}/"):
            return path[len(mount) :]
    return path


def _url(scope: Scope, target: str) -> str:
    host, port = scope.get("server") or ("localhost", None)
    shown = f"[{host}]" if ":" in str(host) else host
    root = str(scope.get("root_path", "")).rstrip("/")
    place = shown if port is None else f"{shown}:{port}"
    return f"{scope.get('scheme', 'ws')}://{place}{quote(root)}{target}"


def _address(scope: Scope) -> str | None:
    client = scope.get("client")
    if not client:
        return None
    host, port = client
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
