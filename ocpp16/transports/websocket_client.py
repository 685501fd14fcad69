"""The client end of OCPP-J: a charge point opens a WebSocket to its central system. Spec: J 3."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit, urlunsplit

import attrs
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, InvalidURI
from websockets.http11 import Request, Response
from websockets.uri import WebSocketURI, parse_uri

from ocpp16._version import __version__
from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.errors import ConnectionRefused, OcppError, SessionClosed
from ocpp16.security.auth import write_basic
from ocpp16.security.configuration import StationSecurity
from ocpp16.security.tls import ClientTls, TlsFailure
from ocpp16.security_event import SecurityEvent
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.transports.address import format_address
from ocpp16.transports.connection import PROTOCOL_BROKEN
from ocpp16.transports.identity import unescape, unescape_bytes, url_for, without_secrets
from ocpp16.transports.task import time_limit
from ocpp16.transports.tls_layer import dial_tls
from ocpp16.transports.websocket import (
    SILENT,
    SUBPROTOCOL,
    ClientFrames,
    WebSocketConnection,
)


async def dial(
    url: str,
    identity: str,
    *,
    settings: Settings,
    clock: Clock,
    security: StationSecurity | None = None,
    tls: ClientTls | None = None,
) -> WebSocketConnection:
    """Open a WebSocket to a central system.

    Args:
        url: Endpoint (`ws://host:port/path`, `wss://...`); user and password in it become a Basic
            header, the password as the bytes that its percent-encoding stands for.
        identity: The charge point's identity, which is appended percent-encoded.
        settings: Limits and timers.
        clock: Where timers run.
        security: The link, and what is shown there; None is what the URL says.
        tls: Our end of TLS links; None makes one for this link.

    Raises:
        ConnectionRefused: The central system did not let us in, or does not speak OCPP 1.6.
        SessionClosed: It could not be reached.
        ValueError: The URL is none, or does not fit the security profile.
    """
    plain_url, headers = _split_user(url_for(url, identity))
    profile = _profile(urlsplit(url).scheme == "wss", "Authorization" in headers)
    if security is not None:
        security.check_link(url, identity)
        profile = security.profile
        if "Authorization" in headers:
            raise ValueError(f"{without_secrets(url)!r} has a password, and so has its security")
        if security.password is not None:
            headers["Authorization"] = write_basic(identity, security.password)
    try:
        uri = parse_uri(plain_url)
    except InvalidURI as error:
        raise ValueError(f"{without_secrets(url)!r}: {error.msg}") from None
    connection = ClientConnection(
        ClientFrames(
            uri, subprotocols=[SUBPROTOCOL], max_size=settings.message_limit, logger=SILENT
        ),
        PeerInfo(
            identity=identity,
            side=Side.CENTRAL_SYSTEM,
            binding="ocppj",
            url=without_secrets(plain_url),
            security_profile=profile,
        ),
        headers,
        settings,
        clock,
    )
    if uri.secure and tls is None:
        tls = ClientTls(security)
    seconds = settings.handshake_timeout.total_seconds()
    try:
        async with time_limit(clock, seconds):
            if tls is None or not uri.secure:
                await _reach(lambda: connection, uri)
            else:
                await _reach_by_tls(tls, lambda: connection, uri, clock, seconds)
            await connection.shake_hands()
    except BaseException as error:
        connection.give_up()
        if isinstance(error, TimeoutError):
            raise SessionClosed("the central system did not answer in time") from None
        raise
    return connection


async def _reach(make: Callable[[], asyncio.Protocol], uri: WebSocketURI) -> None:
    loop = asyncio.get_running_loop()
    try:
        await loop.create_connection(make, uri.host, uri.port)
    except OSError as error:
        raise SessionClosed(f"the central system cannot be reached: {error}") from error


async def _reach_by_tls(
    tls: ClientTls,
    make: Callable[[], asyncio.Protocol],
    uri: WebSocketURI,
    clock: Clock,
    seconds: float,
) -> None:
    try:
        await dial_tls(tls, make, uri.host, uri.port, clock=clock, seconds=seconds)
    except TlsFailure as failure:
        raise tls_refused(failure) from None
    except OSError as error:
        raise SessionClosed(f"the central system cannot be reached: {error}") from error


def tls_refused(failure: TlsFailure) -> ConnectionRefused:
    """Return the error that a TLS link that cannot be is for whoever wanted to connect."""
    return ConnectionRefused(failure.reason, security_event=failure.event)


def _profile(is_tls: bool, has_password: bool) -> int:
    """Return the profile of a link that nobody has said one for."""
    return (2 if is_tls else 1) if has_password else 0


_EVENTS: dict[int, SecurityEvent] = {
    HTTPStatus.UNAUTHORIZED: SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CENTRAL_SYSTEM,
    HTTPStatus.FORBIDDEN: SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CENTRAL_SYSTEM,
}


class ClientConnection(WebSocketConnection):
    """Our connection to a central system, from TCP on.

    Args:
        protocol: The sans-IO protocol of our end.
        target: Who the central system is, its address left out.
        headers: Further header fields of the request.
        settings: Limits and timers.
        clock: Where timers run.
    """

    __slots__ = ("_has_begun", "_headers", "_opened", "_target")
    _protocol: ClientProtocol

    def __init__(
        self,
        protocol: ClientProtocol,
        target: PeerInfo,
        headers: Mapping[str, str],
        settings: Settings,
        clock: Clock,
    ) -> None:
        super().__init__(protocol, settings=settings, clock=clock)
        self._target = target
        self._headers = headers
        self._opened: asyncio.Future[OcppError | None]
        self._opened = asyncio.get_running_loop().create_future()
        self._has_begun = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the TCP connection, and give the handshake its time."""
        super().connection_made(transport)
        self._has_begun = True

    def give_up(self) -> None:
        """Cut the connection, as far as there is one."""
        if self._has_begun:
            self._abort()

    async def shake_hands(self) -> None:
        """Ask to be let in.

        Raises:
            ConnectionRefused: The central system did not.
            SessionClosed: The connection broke meanwhile.
        """
        request = self._protocol.connect()
        for name, value in self._headers.items():
            request.headers[name] = value
        self._protocol.send_request(request)
        self._write()
        error = await self._opened
        if error is not None:
            raise error

    def connection_lost(self, exc: Exception | None) -> None:
        """Take it that the TCP connection is gone."""
        super().connection_lost(exc)
        # TLS 1.3 tells a client only after its handshake what is wrong with its certificate.
        self._refuse(
            tls_refused(exc)
            if isinstance(exc, TlsFailure)
            else SessionClosed("the connection broke during the handshake")
        )

    def _take_handshake(self, message: Request | Response) -> None:
        # Not by the state: a close that came in one go with the response has changed that already.
        if self._protocol.handshake_exc is not None:
            return
        if self._protocol.subprotocol is None:
            # J 3.2: a server without OCPP 1.6 completes the handshake without the header.
            self._refuse(
                ConnectionRefused(f"the central system does not speak {SUBPROTOCOL}", status=101)
            )
            self.close(PROTOCOL_BROKEN, f"the subprotocol {SUBPROTOCOL} is due")
            return
        self._stop_timer()
        self._hold()
        address = format_address(self._transport.get_extra_info("peername"))
        self._info = attrs.evolve(self._target, address=address)
        if not self._opened.done():
            self._opened.set_result(None)

    def _after_work(self) -> None:
        self._fail_handshake()

    def _take_eof(self) -> None:
        super()._take_eof()
        self._fail_handshake()

    def _fail_handshake(self) -> None:
        error = self._protocol.handshake_exc
        if error is None or self._opened.done():
            return
        if isinstance(error, InvalidStatus):
            status = error.response.status_code
            try:
                phrase = f"{status} {HTTPStatus(status).phrase}"
            except ValueError:
                phrase = str(status)
            self._refuse(
                ConnectionRefused(
                    f"the central system answered HTTP {phrase}",
                    status=status,
                    security_event=_EVENTS.get(status),
                )
            )
        else:
            self._refuse(ConnectionRefused(f"the WebSocket handshake failed: {error}"))
        self._abort()

    def _refuse(self, error: OcppError) -> None:
        if not self._opened.done():
            self._opened.set_result(error)


def _split_user(url: str) -> tuple[str, dict[str, str]]:
    """Return a URL without user and password, and the header fields of the request."""
    headers = {"User-Agent": f"ocpp16/{__version__}"}
    parts = urlsplit(url)
    user, separator, host = parts.netloc.rpartition("@")
    if separator:
        name, colon, password = user.partition(":")
        if not colon:
            raise ValueError(f"{without_secrets(url)!r} has a user without a password")
        # The key is bytes, not text (J 6.2).
        credentials = b":".join((unescape(name).encode(), unescape_bytes(password)))
        headers["Authorization"] = f"Basic {b64encode(credentials).decode()}"
    return urlunsplit(parts._replace(netloc=host)), headers
