"""Where and how a charge point connects, and the change of that while it runs. Spec: W A01, A05.

A change counts from the next connection on. If that is refused again and again, the link goes back
to what worked before, so that no charge point is lost over it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Protocol, TypeAlias

import attrs

from ocpp16.clock import Clock
from ocpp16.errors import ConnectionRefused, OcppError, SessionClosed
from ocpp16.roles.stack import stack_for
from ocpp16.security.configuration import StationSecurity
from ocpp16.security.profile_change import LinkChange
from ocpp16.security.tls import ClientTls
from ocpp16.settings import Settings
from ocpp16.transports.connection import Connection

Reverted: TypeAlias = Callable[[], Awaitable[None]]
"""Is called when what was new does not work, and the link is what it was before."""


class Wallet(Protocol):
    """What a charge point shows and whom it trusts, where that changes while it runs."""

    def equip(self, security: StationSecurity) -> StationSecurity:
        """Return the security of the next attempt to connect, from what was said at the start.

        Raises:
            ValueError: A file cannot be read.
            OSError: A file cannot be written.
        """
        raise NotImplementedError

    def failed(self, error: OcppError) -> bool:
        """Take it that the attempt failed; return whether to make another one at once."""
        raise NotImplementedError

    def worked(self) -> None:
        """Take it that the attempt was good."""
        ...


@attrs.frozen
class _Target:
    url: str
    security: StationSecurity | None
    tls: ClientTls | None


@attrs.frozen
class _Change:
    targets: LinkChange[_Target]
    counts: Callable[[OcppError], bool]
    reverted: Reverted


class StationLink:
    """The way of a charge point to its central system.

    Args:
        url: The endpoint.
        identity: The charge point's identity.
        listen: Where it takes calls, on SOAP.
        security: The security profile, and what is shown; None is what the URL says.
        settings: Limits and timers.
        clock: Where timers run.
        wallet: Says for each attempt what is shown and who is trusted; None is what `security`
            says.

    Raises:
        ValueError: These do not fit each other, or a certificate cannot be read.
    """

    def __init__(
        self,
        url: str,
        identity: str,
        *,
        listen: str | None,
        security: StationSecurity | None,
        settings: Settings,
        clock: Clock,
        wallet: Wallet | None = None,
    ) -> None:
        self._identity = identity
        self._listen = listen
        self._settings = settings
        self._clock = clock
        self._wallet = wallet
        self._target = self._make_target(url, security)
        self._change: _Change | None = None

    @property
    def security(self) -> StationSecurity | None:
        """What the next connection has."""
        return self._target.security

    async def dial(self) -> Connection:
        """Open a connection; `Dial`."""
        while True:
            try:
                connection = await self._dial(self._equipped(self._target))
                break
            except (ConnectionRefused, SessionClosed) as error:
                if self._wallet is not None and self._wallet.failed(error):
                    continue
                await self._take_failure(error)
                raise
        self._change = None
        if self._wallet is not None:
            self._wallet.worked()
        return connection

    async def _dial(self, target: _Target) -> Connection:
        return await stack_for(target.url).dial(
            target.url,
            self._identity,
            listen=self._listen,
            settings=self._settings,
            clock=self._clock,
            security=target.security,
            tls=target.tls,
        )

    def _equipped(self, target: _Target) -> _Target:
        if self._wallet is None or target.security is None:
            return target
        try:
            security = self._wallet.equip(target.security)
            return (
                target if security == target.security else self._make_target(target.url, security)
            )
        except (ValueError, OSError) as error:
            raise ConnectionRefused(f"certificates cannot be used: {error}") from error

    def change_key(self, security: StationSecurity, reverted: Reverted) -> None:
        """Use another key from the next connection on, unless that is refused for its password."""
        self._begin(self._make_target(self._target.url, security), _is_unauthorized, reverted)

    def change_profile(
        self, security: StationSecurity, reverted: Reverted, url: str | None = None
    ) -> None:
        """Use another profile from the next connection on, unless none can be made with it.

        Args:
            security: The profile.
            reverted: Called if the old one has to do.
            url: The endpoint for it; None is the present one.

        Raises:
            ValueError: The URL does not fit the profile, or a certificate cannot be read.
        """
        target = self._make_target(self._target.url if url is None else url, security)
        self._begin(target, _is_any, reverted)

    def _begin(
        self, target: _Target, counts: Callable[[OcppError], bool], reverted: Reverted
    ) -> None:
        # What worked last is what to go back to, not what has not been tried yet.
        old = self._target if self._change is None else self._change.targets.old
        self._change = _Change(LinkChange(target, old), counts, reverted)
        self._target = target

    async def _take_failure(self, error: OcppError) -> None:
        change = self._change
        if change is not None and change.counts(error) and change.targets.fail():
            self._target, self._change = change.targets.old, None
            await change.reverted()

    def _make_target(self, url: str, security: StationSecurity | None) -> _Target:
        stack_for(url)
        if security is not None:
            security.check_link(url, self._identity)
        is_tls = security is not None and security.is_tls
        return _Target(url, security, ClientTls(security) if is_tls else None)


def _is_unauthorized(error: OcppError) -> bool:
    return isinstance(error, ConnectionRefused) and error.status == HTTPStatus.UNAUTHORIZED


def _is_any(error: OcppError) -> bool:
    return True
