"""The connection of one charge point to its backend: an ordinary OCPP-J charge point.

Opened, kept and closed as the relay wants it; attempts of all charge points take turns.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import quote, urlsplit, urlunsplit

from ocpp16 import log
from ocpp16.bridge.policy import crossing
from ocpp16.bridge.settings import ChargerSettings
from ocpp16.clock import Clock
from ocpp16.errors import ConnectionRefused, SessionClosed, Unreachable
from ocpp16.roles import event as told
from ocpp16.roles.backend import Backend
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.roles.stack import stack_for
from ocpp16.security.configuration import KeyPair, StationSecurity
from ocpp16.security.tls import ClientTls
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.structure import Request, RequestType, Response
from ocpp16.transports.connection import Connection
from ocpp16.transports.task import TaskGroup

logger = logging.getLogger(__name__)


class Turns:
    """Lets so many through in a second, one after the other.

    Args:
        rate: How many.
        clock: Where they wait.
    """

    def __init__(self, rate: float, clock: Clock) -> None:
        self._gap = 1.0 / rate
        self._clock = clock
        self._next = 0.0

    async def wait(self) -> None:
        """Wait for a turn."""
        now = self._clock.time()
        turn = max(now, self._next)
        self._next = turn + self._gap
        if turn > now:
            await self._clock.sleep(turn - now)


class Listener(Protocol):
    """Who is told of a connection, at once and in order."""

    def upstream_opened(self) -> None:
        """Take it that the backend is connected."""
        ...

    def upstream_closed(self, reason: str) -> None:
        """Take it that the connection has ended."""
        ...

    def upstream_failed(self, reason: str) -> None:
        """Take it that an attempt has failed; another will follow."""
        ...


def tls_for(url: str, charger: ChargerSettings, roots: Path | None) -> ClientTls | None:
    """Return our end of the TLS links of a charge point; None where the URL has no TLS.

    Raises:
        ValueError: A file cannot be read, or a certificate could not be shown.
    """
    pair = None
    if charger.client_certificate is not None and charger.client_key is not None:
        pair = KeyPair(charger.client_certificate, charger.client_key)
    if urlsplit(url).scheme == "wss":
        profile = 0 if pair is None else 3
        return ClientTls(StationSecurity(profile=profile, roots=roots, certificate=pair))
    if pair is not None:
        raise ValueError("a client certificate is shown to a wss:// backend only")
    return None


def with_credentials(url: str, identity: str, key: bytes | None) -> str:
    """Return the URL of a backend with the credentials of a charge point in it (J 6.2)."""
    if key is None:
        return url
    parts = urlsplit(url)
    user = f"{quote(identity, safe='')}:{quote(key, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc}"))


class _Station(ChargePoint):
    """A charge point whose events are heard at once, not read from a stream."""

    def __init__(self, identity: str, hear: Callable[[told.Event], None], **options: Any) -> None:
        super().__init__(identity, **options)
        self._hear = hear

    def tell(self, event: told.Event) -> None:
        """Spread an event."""
        super().tell(event)
        self._hear(event)


class Upstream:
    """One charge point's connection.

    Args:
        identity: Which charge point.
        url: The backend, credentials included.
        tls: Our end of TLS links; None where the URL has none.
        listener: Who is told.
        handle: Answers a call of the backend.
        turns: Where attempts take turns.
        settings: Limits and timers.
        clock: Where timers run.
        random: Gives a number from 0 to below 1.
        new_id: Source of message ids.
    """

    def __init__(
        self,
        identity: str,
        url: str,
        *,
        tls: ClientTls | None,
        listener: Listener,
        handle: Callable[[Request[Any]], Awaitable[Response]],
        turns: Turns,
        settings: Settings,
        clock: Clock,
        random: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self._url = url
        self._tls = tls
        self._listener = listener
        self._turns = turns
        self._random = random
        self._station = _Station(
            identity, self._hear, settings=settings, clock=clock, new_id=new_id, random=random
        )

        async def relay(_: Backend, request: Request[Any]) -> Response:
            return await handle(request)

        for action in crossing(Side.CENTRAL_SYSTEM):
            wanted = cast("RequestType[Any, Any]", action.request)
            self._station.on(wanted)(relay)
        self._backend: Backend | None = None
        self._tasks = TaskGroup(lambda error: log.failure(logger, "a connection failed", error))
        self._ending: asyncio.Task[Any] | None = None

    def open(self) -> None:
        """Connect, and stay connected; if that goes on already, try at once."""
        if self._backend is not None:
            self._backend.hurry()
            return
        self._backend = Backend(
            self._station,
            self._dial,
            boot=None,
            reconnect=True,
            attempts=None,
            random=self._random,
        )
        self._tasks.spawn(self._start(self._backend, self._ending))

    def close(self) -> None:
        """Disconnect; calls of the backend that are in work get their time."""
        backend, self._backend = self._backend, None
        if backend is not None:
            self._ending = self._tasks.spawn(backend.stop())

    async def call(self, request: Request[Any], *, seconds: float, call_id: str) -> Response:
        """Call the backend.

        Raises:
            Unreachable: There is no connection; nothing was sent.
            OcppError: How else it failed; the backend may have it.
        """
        backend = self._backend
        if backend is None or not backend.is_connected:
            raise Unreachable("the backend is not connected")
        response: Response = await backend.call(request, timeout=seconds, call_id=call_id)
        return response

    @property
    def is_closed(self) -> bool:
        """Tell whether nothing is left of any connection."""
        return self._backend is None and not len(self._tasks)

    async def wait_closed(self) -> None:
        """Wait until nothing is left of any connection."""
        await self._tasks.wait()

    async def _start(self, backend: Backend, before: asyncio.Task[Any] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            await backend.start()
        except SessionClosed:
            if backend is self._backend:
                raise

    async def _dial(self) -> Connection:
        await self._turns.wait()
        station = self._station
        try:
            return await stack_for(self._url).dial(
                self._url,
                station.identity,
                listen=None,
                settings=station.settings,
                clock=station.clock,
                security=None,
                tls=self._tls,
            )
        except (ConnectionRefused, SessionClosed) as error:
            self._listener.upstream_failed(str(error))
            raise
        except (OSError, ValueError) as error:
            # A URL or a certificate that is no good; a person may mend it meanwhile.
            self._listener.upstream_failed(str(error))
            raise SessionClosed(str(error)) from error

    def _hear(self, event: told.Event) -> None:
        match event:
            case told.Connected(peer=peer) if peer is self._backend:
                self._listener.upstream_opened()
            case told.Disconnected(peer=peer, reason=reason) if peer is self._backend:
                self._listener.upstream_closed(reason)
            case _:
                pass
