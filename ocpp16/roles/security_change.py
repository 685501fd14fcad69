"""A charge point's AuthorizationKey and SecurityProfile, changed while it is connected.

What is changed counts from the next connection on, which is due once the answer to the request has
left. Knows no connection: the backend closes it, and opens the next. Spec: W A01, A05.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import attrs

from ocpp16.enums import ConfigurationStatus
from ocpp16.messages import ChangeConfigurationRequest
from ocpp16.roles.station_link import Reverted, StationLink
from ocpp16.security.auth import read_key
from ocpp16.security.configuration import StationSecurity
from ocpp16.security.profile_change import (
    AUTHORIZATION_KEY,
    SECURITY_PROFILE,
    is_authorization_key,
    is_security_profile,
)
from ocpp16.structure import Request

KeepKey: TypeAlias = Callable[[bytes], Awaitable[None] | None]
"""Keeps an AuthorizationKey, durably before it returns."""


class SecurityChanges:
    """The changes of one link.

    Args:
        link: What dials; None if it cannot be changed.
        tell: Is told the name of what has changed, and whether that was undone.
    """

    def __init__(self, link: StationLink | None, tell: Callable[[str, bool], object]) -> None:
        self._link = link
        self._tell = tell
        self._is_relink_due = False

    @property
    def security(self) -> StationSecurity | None:
        """What the next connection has; None if nothing was said."""
        return None if self._link is None else self._link.security

    async def change_key(self, value: str, keep: KeepKey) -> ConfigurationStatus:
        """Take another key; see `Backend.change_key`."""
        try:
            key = read_key(value)
        except ValueError:
            return ConfigurationStatus.REJECTED
        before = self.security
        await _keep(keep, key)
        self._tell(AUTHORIZATION_KEY, False)
        if self._link is None or before is None:
            return ConfigurationStatus.ACCEPTED

        async def revert() -> None:
            if before.authorization_key is not None:
                await _keep(keep, before.authorization_key)
            self._tell(AUTHORIZATION_KEY, True)

        self._link.change_key(attrs.evolve(before, authorization_key=key), revert)
        self._is_relink_due = before.password is not None
        return ConfigurationStatus.ACCEPTED

    def change_profile(
        self, security: StationSecurity, reverted: Reverted, url: str | None
    ) -> None:
        """Take another profile; see `Backend.change_profile`."""
        if self._link is None:
            raise RuntimeError("this connection was opened by other means, and so has to be again")

        async def revert() -> None:
            await reverted()
            self._tell(SECURITY_PROFILE, True)

        self._link.change_profile(security, revert, url)
        self._tell(SECURITY_PROFILE, False)
        self._is_relink_due = True

    def take_answered(self, request: Request[Any]) -> bool:
        """Tell whether the connection has to be opened anew, now that a request is answered."""
        is_change = isinstance(request, ChangeConfigurationRequest) and (
            is_authorization_key(request.key) or is_security_profile(request.key)
        )
        if not is_change or not self._is_relink_due:
            return False
        self._is_relink_due = False
        return True


async def _keep(keep: KeepKey, key: bytes) -> None:
    done = keep(key)
    if done is not None:
        await done
