"""The charge point: connects to its central system, answers its calls and calls it.

Knows no wire and no socket: connections come from a transport that `stack` chose. What a charge
point does beside talking (transactions, configuration, ...) is not here. Spec: C 4.2, J 3, 5.
"""

from __future__ import annotations

import random as random_source
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import attrs

from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.messages import BootNotificationRequest
from ocpp16.roles import event as told
from ocpp16.roles.backend import Backend
from ocpp16.roles.role import Role
from ocpp16.roles.stack import binding_for
from ocpp16.roles.station_link import Reverted, StationLink, Wallet
from ocpp16.security.configuration import StationSecurity
from ocpp16.session import Session
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.storage import MemoryAnswers
from ocpp16.structure import Request, Response
from ocpp16.transports.connection import Dial
from ocpp16.transports.identity import check_identity


@attrs.frozen
class Trial:
    """A link that is to be used from now on, if a connection can be made with it (W A05.08)."""

    security: StationSecurity
    url: str | None
    """Its endpoint; None is that of the former link."""
    reverted: Reverted
    """Is called if the former link has to do."""


class ChargePoint(Role[Backend]):
    """A charge point: calls its central system and answers it.

    >>> from ocpp16 import ChargePoint, enums, messages
    >>> station = ChargePoint("CP1")
    >>> @station.on(messages.ResetRequest)
    ... async def reset(backend, request):
    ...     return messages.ResetResponse(status=enums.ResetStatus.ACCEPTED)
    >>> connection = station.connect("ws://127.0.0.1:9000/ocpp")  # async with connection: ...

    Args:
        identity: Its identity, 1 to 48 characters.
        settings: Limits, timers and choices.
        clock: Where time comes from; None is the machine's.
        new_id: Source of message ids, each unique for ever; None is UUID4.
        random: Gives a number from 0 to below 1, for the waits between connections.

    Raises:
        ValueError: The identity is none.
    """

    def __init__(
        self,
        identity: str,
        *,
        settings: Settings = Settings(),  # noqa: B008 - frozen
        clock: Clock | None = None,
        new_id: Callable[[], str] | None = None,
        random: Callable[[], float] = random_source.random,
    ) -> None:
        check_identity(identity)
        super().__init__(Side.CHARGE_POINT, settings=settings, clock=clock, new_id=new_id)
        self.identity = identity
        self._random = random
        self._answers = MemoryAnswers(settings.answers, settings.answer_bytes)

    # For applications

    def connect(
        self,
        url: str,
        *,
        listen: str | None = None,
        boot: BootNotificationRequest | None = None,
        reconnect: bool = True,
        attempts: int | None = 1,
        security: StationSecurity | None = None,
        trial: Trial | None = None,
        wallet: Wallet | None = None,
    ) -> AbstractAsyncContextManager[Backend]:
        """Connect to a central system, as `async with`; leaving it closes the connection.

        Args:
            url: Its endpoint, without the identity (`ws://...` or `wss://...`; for SOAP
                `http://...` or `https://...`).
            listen: Where to take its calls, on SOAP: `http://host:port/path`, port 0 is any free
                one. The connection counts as open at once, and a request that does not get
                through fails by itself.
            boot: Send this BootNotification first, again after each interval until it is accepted,
                and gate by the answers: entering returns after the first one. None does neither.
            reconnect: Open a connection that was lost again, for ever, with back-off.
            attempts: How often the start is tried before entering raises; None is for ever, as a
                charge point in the field has to (JE 3.4).
            security: The security profile, and what we show; None has what the URL says: TLS by its
                scheme, and a user and password in it.
            trial: A security profile that was set before and has not worked yet; it comes first.
            wallet: Says for each attempt what is shown and who is trusted, in place of `security`;
                for certificates that change while it runs.

        Raises:
            ConnectionRefused: The central system did not let us in, or we do not trust it.
            SessionClosed: It could not be reached.
            CallFailed: It answered BootNotification with an error. Likewise InvalidResponse and
                CallTimeout.
            ValueError: `attempts` is below 1, the URL does not fit the security profile, or a
                certificate cannot be read.
        """
        link = StationLink(
            url,
            self.identity,
            listen=listen,
            security=security,
            settings=self.settings,
            clock=self.clock,
            wallet=wallet,
        )
        if trial is not None:
            link.change_profile(trial.security, trial.reverted, trial.url)
        return self._connect(link.dial, link, boot=boot, reconnect=reconnect, attempts=attempts)

    def connect_by(
        self,
        dial: Dial,
        *,
        boot: BootNotificationRequest | None = None,
        reconnect: bool = True,
        attempts: int | None = 1,
    ) -> AbstractAsyncContextManager[Backend]:
        """Connect over any transport; see `connect`.

        Args:
            dial: Opens a connection.
            boot: The BootNotification.
            reconnect: Whether to open a connection that was lost again.
            attempts: How often the start is tried.
        """
        return self._connect(dial, None, boot=boot, reconnect=reconnect, attempts=attempts)

    @asynccontextmanager
    async def _connect(
        self,
        dial: Dial,
        link: StationLink | None,
        *,
        boot: BootNotificationRequest | None,
        reconnect: bool,
        attempts: int | None,
    ) -> AsyncIterator[Backend]:
        backend = Backend(
            self,
            dial,
            link=link,
            boot=boot,
            reconnect=reconnect,
            attempts=attempts,
            random=self._random,
        )
        try:
            await backend.start()
            yield backend
        finally:
            await backend.stop()

    # For the backend

    @property
    def watches_frames(self) -> bool:
        """Tell whether anyone wants frame events."""
        return self._observers.watches_frames

    def tell(self, event: told.Event) -> None:
        """Spread an event."""
        self._observers.tell(event)

    def open_session(self, info: PeerInfo) -> Session:
        """Return a new session."""
        return Session(
            binding_for(info.binding, self.side, lambda: info),
            self.side,
            self.identity,
            settings=self.settings,
            new_id=self._new_id,
            offers=self._dispatcher.offers,
            answers=self._answers,
        )

    async def handle(self, peer: Backend, request: Request[Any]) -> Response:
        """Run the handler of a request."""
        response: Response = await self._dispatcher.handle(peer, request)
        return response

    async def run_after(self, peer: Backend, request: Request[Any], response: Response) -> None:
        """Run the hooks of a request."""
        await self._dispatcher.run_after(peer, request, response)
