"""The security of a station's link, over restarts: keys and profiles that its central system sets.

A profile that has been set and has not worked yet is tried again after a restart, with the former
one to go back to; one that has worked is used at once. Spec: W A01, A05; SPEC 13.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias

import attrs

from ocpp16 import log
from ocpp16.enums import ConfigurationStatus
from ocpp16.messages import (
    BootNotificationRequest,
    ChangeConfigurationRequest,
    ChangeConfigurationResponse,
)
from ocpp16.roles.backend import Backend
from ocpp16.roles.charge_point import ChargePoint, Trial
from ocpp16.roles.station_link import Wallet
from ocpp16.security.auth import KEY_BYTES
from ocpp16.security.configuration import StationSecurity
from ocpp16.security.profile_change import SECURITY_PROFILE
from ocpp16.station.configuration import Configuration
from ocpp16.storage import Change, StationStorage

logger = logging.getLogger(__name__)
SecurityFor: TypeAlias = Callable[[int], tuple[StationSecurity, str | None]]
LINK_KIND = "link"
WORKED = "profile"
"""Key of the record of the profile that a connection was made with last."""


class Link:
    """The link of one station.

    Args:
        role: What connects.
        configuration: Returns the configuration keys of the moment.
        storage: What outlives it.
        security_for: Returns the security of a link for another SecurityProfile, and its URL; None
            knows no other.
        wallet: Says for each attempt what is shown and who is trusted; see `ChargePoint.connect`.
    """

    def __init__(
        self,
        role: ChargePoint,
        configuration: Callable[[], Configuration],
        storage: StationStorage,
        security_for: SecurityFor | None,
        *,
        wallet: Wallet | None = None,
    ) -> None:
        self._role = role
        self._configuration = configuration
        self._storage = storage
        self._security_for = security_for
        self._wallet = wallet

    def connect(
        self,
        url: str,
        *,
        listen: str | None,
        security: StationSecurity | None,
        boot: BootNotificationRequest,
    ) -> AbstractAsyncContextManager[Backend]:
        """Connect with what was set last; see `ChargePoint.connect`."""
        trial = self._newer(security)
        if trial is not None and self._storage.read(LINK_KIND).get(WORKED) == self._profile:
            # It has worked: the former one would be refused (A05.09).
            url, security, trial = trial.url or url, trial.security, None
        return self._role.connect(
            url,
            listen=listen,
            boot=boot,
            attempts=None,
            security=self.with_key(security),
            trial=trial,
            wallet=self._wallet,
        )

    def with_key(self, security: StationSecurity | None) -> StationSecurity | None:
        """Return the security of a link with the AuthorizationKey that was given since."""
        key = self._configuration().text("AuthorizationKey")
        if security is None or key is None:
            return security
        return attrs.evolve(security, authorization_key=bytes.fromhex(key))

    @staticmethod
    def has_key(peer: Backend | None) -> bool:
        """Tell whether a link has an AuthorizationKey of the length that is due (A05.02)."""
        security = None if peer is None else peer.security
        key = None if security is None else security.authorization_key
        return key is not None and len(key) in KEY_BYTES

    def connected(self, profile: int) -> None:
        """Take it that there is a connection with a security profile.

        Raises:
            StorageFailed: It could not be stored.
        """
        configuration = self._configuration()
        if configuration.has(SECURITY_PROFILE) and profile > self._profile:
            # It was set up so, and must not be asked to come down to less (A00.005).
            configuration.set(SECURITY_PROFILE, str(profile))
        if self._security_for is None or profile != self._profile:
            return
        if self._storage.read(LINK_KIND).get(WORKED) != profile:
            self._storage.write([Change(LINK_KIND, WORKED, profile)])

    async def change_key(
        self, peer: Backend, request: ChangeConfigurationRequest
    ) -> ChangeConfigurationResponse:
        """Take another AuthorizationKey; it is stored before the answer leaves (A01)."""

        def keep(key: bytes) -> None:
            self._configuration().set("AuthorizationKey", key.hex())

        status = await peer.change_key(request.value, keep)
        return ChangeConfigurationResponse(status=status)

    def change_profile(self, peer: Backend, answer: Any, before: int) -> Any:
        """Take another SecurityProfile, if that was accepted (A05.05-.08); return the answer.

        It is Rejected after all where a file or the URL is not what the profile needs.
        """
        is_accepted = getattr(answer, "status", None) is ConfigurationStatus.ACCEPTED
        if not is_accepted or self._security_for is None:
            return answer
        try:
            security, url = self._security_for(self._profile)
            peer.change_profile(self.with_key(security) or security, self._revert_to(before), url)
        except (ValueError, OSError, RuntimeError) as error:
            log.failure(logger, "the security profile cannot be changed", error)
            self._configuration().set(SECURITY_PROFILE, str(before))
            return ChangeConfigurationResponse(status=ConfigurationStatus.REJECTED)
        return answer

    @property
    def _profile(self) -> int:
        return self._configuration().integer(SECURITY_PROFILE)

    def _newer(self, security: StationSecurity | None) -> Trial | None:
        given = 0 if security is None else security.profile
        if self._security_for is None or self._profile <= given:
            return None
        newer, url = self._security_for(self._profile)
        return Trial(self.with_key(newer) or newer, url, self._revert_to(given))

    def _revert_to(self, profile: int) -> Callable[[], Any]:
        async def revert() -> None:
            # A05.FR.08: the new one did not work.
            self._configuration().set(SECURITY_PROFILE, str(profile))

        return revert
