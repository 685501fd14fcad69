"""What a central system knows of logins across its listeners: rules, keys, limits, who got how far.

Knows no handler and no connection: peers are let in by `security.profile_admission`, which this
gives what it needs, once for each `ServerSecurity`.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection

import attrs

from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.errors import CallNotAllowed
from ocpp16.roles import event as told
from ocpp16.roles.unusual import unusual_in
from ocpp16.security.activity import Activity
from ocpp16.security.admission import (
    UNKNOWN_IDENTITY,
    Admission,
    Handshake,
    Known,
    Refusal,
    RefusalCause,
)
from ocpp16.security.configuration import ServerSecurity
from ocpp16.security.keyring import KeyRing
from ocpp16.security.profile_admission import (
    ProfileAdmission,
    judge_profile,
    login_limits,
)
from ocpp16.security.profiles import MemoryReachedProfiles, ReachedProfiles
from ocpp16.settings import Settings
from ocpp16.transports.thread import Threads


class Guard:
    """Logins of one central system.

    Args:
        known: Identities that may connect, or a function that tells; None lets any in.
        admission: What the application decides by; None lets in whoever came so far.
        reached: The highest profile of each charge point; None keeps it in memory.
        settings: Limits and timers.
        clock: Where time comes from.
    """

    def __init__(
        self,
        known: Collection[str] | Known | None,
        admission: Admission | None,
        reached: ReachedProfiles | None,
        *,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._known = known
        self._admission = admission
        self._reached: ReachedProfiles = MemoryReachedProfiles() if reached is None else reached
        self._settings = settings
        self._clock = clock
        self._limits = login_limits(settings)
        self.activity = Activity(settings.login_records)
        self._threads = Threads(settings.login_threads)
        self._rings: list[KeyRing] = []
        self._admissions: list[ProfileAdmission] = []

    async def judge(
        self, handshake: Handshake, security: ServerSecurity | None
    ) -> PeerInfo | Refusal:
        """Let a peer in or refuse it, by all the rules there are.

        Args:
            handshake: What it says of itself.
            security: The rules of the listener; None has none.

        Raises:
            Exception: What the application's own functions raise.
        """
        if handshake.misfit is not None:
            reason = f"no charge point: {handshake.misfit}"
            return Refusal(404, reason, cause=RefusalCause.UNKNOWN)
        verdict = await self._authenticate(handshake, security)
        if self._admission is not None and isinstance(verdict, PeerInfo):
            verdict = _confirm(verdict, await self._admission(handshake))
        if security is None and isinstance(verdict, PeerInfo):
            # A port without rules is no way down from one that has some.
            return await judge_profile(verdict, self._reached)
        return verdict

    def admission(self, security: ServerSecurity) -> ProfileAdmission:
        """Return what lets peers in by the rules of a listener."""
        for admission in self._admissions:
            if admission.security is security:
                return admission
        admission = ProfileAdmission(
            security,
            reached=self._reached,
            limits=self._limits,
            keys=self._ring(security),
            clock=self._clock,
        )
        self._admissions.append(admission)
        return admission

    async def keys_of(self, identity: str) -> KeyRing:
        """Return the keys among which those of a charge point are.

        Raises:
            CallNotAllowed: None are.
        """
        for ring in self._rings:
            if await ring.knows(identity):
                return ring
        raise CallNotAllowed(f"no key of {identity!r} is known here")

    async def take_connected(self, info: PeerInfo) -> None:
        """Take it that a charge point is connected: from now on no lower profile is taken."""
        if info.security_profile > await self._reached.find(info.identity):
            await self._reached.keep(info.identity, info.security_profile)

    def take(self, event: told.Event) -> None:
        """Count an event, if it is one of unusual activity."""
        found = unusual_in(event)
        if found is not None:
            activity, identity, address = found
            self.activity.count(activity, identity=identity, address=address)

    def _ring(self, security: ServerSecurity) -> KeyRing | None:
        if security.credentials is None:
            return None
        # Shared by listeners, as what was right on one is right on another.
        for ring in self._rings:
            if ring.credentials is security.credentials:
                return ring
        ring = KeyRing(
            security.credentials,
            self._threads.run,
            waiting=self._settings.logins_waiting,
            verified=self._settings.login_records,
        )
        self._rings.append(ring)
        return ring

    async def _authenticate(
        self, handshake: Handshake, security: ServerSecurity | None
    ) -> PeerInfo | Refusal:
        is_known = None if self._known is None else await self._is_known(handshake.identity)
        if security is not None:
            return await self.admission(security).judge(handshake, is_known=is_known)
        return UNKNOWN_IDENTITY if is_known is False else handshake.admit()

    async def _is_known(self, identity: str) -> bool:
        if self._known is None:
            return True
        if not callable(self._known):
            return identity in self._known
        verdict = self._known(identity)
        return await verdict if inspect.isawaitable(verdict) else verdict


def _confirm(proven: PeerInfo, verdict: object) -> PeerInfo | Refusal:
    """Return the verdict of an application, with what was proven before."""
    if isinstance(verdict, Refusal):
        return verdict
    if not isinstance(verdict, PeerInfo):
        raise TypeError(f"the admission gave {verdict!r}, due is a PeerInfo or a Refusal")
    if not proven.security_profile:
        return verdict
    return attrs.evolve(
        verdict,
        identity=proven.identity,
        security_profile=proven.security_profile,
        serial_number=proven.serial_number,
    )
