"""Lets charge points in by the rules of their security profile, before anything is upgraded.

The order: is the link one that is taken here; is the identity known; then the certificate, or the
password (what was right before; the limits of failures; the slow hash); at last the profile, which
must not be lower than one before. An unknown identity is answered 404, as the standard wants it:
that tells a stranger which names exist, at the speed that the limits leave, unless
`ServerSecurity.hides_identities` is set. Spec: J 3.1, 6.2; W A00, A01, A05.09.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.security.admission import UNKNOWN_IDENTITY, Handshake, Refusal, RefusalCause
from ocpp16.security.auth import CHALLENGE, BasicLogin, read_basic
from ocpp16.security.client_certificate import ClientCertificate, identity_of
from ocpp16.security.configuration import ServerSecurity
from ocpp16.security.keyring import KeyRing, TooBusy
from ocpp16.security.limits import LoginLimits, network_of
from ocpp16.security.profiles import ReachedProfiles
from ocpp16.settings import Settings

NO_PASSWORD: Final = Refusal(
    HTTPStatus.UNAUTHORIZED, "a password is due", (CHALLENGE,), RefusalCause.NO_CREDENTIALS
)
WRONG_PASSWORD: Final = Refusal(
    HTTPStatus.UNAUTHORIZED,
    "user or password is wrong",
    (CHALLENGE,),
    RefusalCause.WRONG_CREDENTIALS,
)
NOT_ITS_CERTIFICATE: Final = Refusal(
    HTTPStatus.FORBIDDEN,
    "the certificate is not that of this charge point",
    (),
    RefusalCause.WRONG_CERTIFICATE,
)
BUSY: Final = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "too many logins at once",
    (("Retry-After", "10"),),
    RefusalCause.OVERLOADED,
)


def login_limits(settings: Settings) -> LoginLimits:
    """Return the limits of failures that settings say."""
    return LoginLimits(
        per_link=settings.failed_logins,
        per_address=settings.failed_logins_address,
        per_identity=settings.failed_logins_identity,
        seconds=settings.failed_login_wait.total_seconds(),
        records=settings.login_records,
    )


class ProfileAdmission:
    """Lets charge points in as one `ServerSecurity` says.

    Args:
        security: The rules.
        reached: The highest profile of each charge point.
        limits: How often authentication may fail; shared by all listeners.
        keys: The keys of charge points, where a profile has passwords.
        clock: Where the time of the limits comes from.
    """

    def __init__(
        self,
        security: ServerSecurity,
        *,
        reached: ReachedProfiles,
        limits: LoginLimits,
        keys: KeyRing | None,
        clock: Clock,
    ) -> None:
        self.security = security
        self._reached = reached
        self._limits = limits
        self._keys = keys
        self._clock = clock

    async def judge(self, handshake: Handshake, *, is_known: bool | None) -> PeerInfo | Refusal:
        """Let a peer in or refuse it.

        Args:
            handshake: What it says of itself.
            is_known: Whether its identity is known; None if only its credentials can tell.
        """
        profiles = self.security.profiles
        if handshake.secure is not self.security.is_tls:
            return _wrong_profile("this security profile is not taken here")
        if is_known is False:
            return await self._refuse_unknown(handshake)
        if handshake.certificate is not None and 3 in profiles:
            verdict = await self._judge_certificate(handshake, handshake.certificate)
        elif profiles & {1, 2} and not (0 in profiles and _shows_nothing(handshake)):
            verdict = await self._judge_password(handshake, is_known=is_known)
        elif 0 in profiles:
            verdict = handshake.admit()
        else:
            verdict = Refusal(
                HTTPStatus.FORBIDDEN, "a client certificate is due", (), RefusalCause.NO_CREDENTIALS
            )
        if isinstance(verdict, PeerInfo):
            return await judge_profile(verdict, self._reached)
        return verdict

    # Inside

    async def _judge_certificate(
        self, handshake: Handshake, certificate: ClientCertificate
    ) -> PeerInfo | Refusal:
        reason = certificate.why_not_owned_by(self.security.owners)
        serial = certificate.charge_point_serial
        if reason is None and certificate.not_after <= self._clock.now():
            # TLS has looked when the link, or the session that it goes on with, began.
            reason = "the certificate has expired"
        if reason is None and serial is None:
            reason = "the certificate does not name one serial number"
        if reason is not None or serial is None:
            return _wrong_certificate(reason or "")
        if await identity_of(self.security.serial_numbers, serial) == handshake.identity:
            return handshake.admit(security_profile=3, serial_number=serial)
        table = self.security.serial_numbers
        if isinstance(table, Mapping) and handshake.identity not in table.values():
            return await self._refuse_unknown(handshake)
        return NOT_ITS_CERTIFICATE

    async def _judge_password(
        self, handshake: Handshake, *, is_known: bool | None
    ) -> PeerInfo | Refusal:
        assert self._keys is not None  # noqa: S101 - `ServerSecurity` has checked it
        if is_known is None and not await self._keys.knows(handshake.identity):
            return await self._refuse_unknown(handshake)
        login = _login(handshake)
        if login is None:
            return NO_PASSWORD
        info = handshake.admit(security_profile=2 if handshake.secure else 1)
        identity = handshake.identity
        is_named = login.names(identity)
        # First, and free of limits: whoever fails elsewhere cannot keep out who is genuine.
        if is_named and await self._keys.remembers(identity, login.password):
            self._limits.succeed(identity, network_of(handshake.address), self._clock.time())
            return info
        return await self._try(handshake, login.password if is_named else None, info)

    async def _try(
        self, handshake: Handshake, password: bytes | None, info: PeerInfo
    ) -> PeerInfo | Refusal:
        """Check a password slowly, within the limits; None is wrong and costs the same."""
        assert self._keys is not None  # noqa: S101 - `ServerSecurity` has checked it
        identity, network = handshake.identity, network_of(handshake.address)
        wait = self._limits.begin(identity, network, self._clock.time())
        if wait is not None:
            return _too_many(wait)
        is_right = None
        try:
            if password is None:
                is_right = False
            else:
                is_right = await self._keys.check(identity, password)
        except TooBusy:
            return BUSY
        finally:
            # Cancelled or failed, it was no wrong password.
            if is_right is None:
                self._limits.abandon(identity, network, self._clock.time())
        if not is_right:
            return WRONG_PASSWORD
        self._limits.succeed(identity, network, self._clock.time())
        return info

    async def _refuse_unknown(self, handshake: Handshake) -> Refusal:
        if self.security.hides_identities:
            return await self._pretend(handshake)
        wait = self._limits.probe(network_of(handshake.address), self._clock.time())
        return UNKNOWN_IDENTITY if wait is None else _too_many(wait)

    async def _pretend(self, handshake: Handshake) -> Refusal:
        """Refuse an unknown charge point as one that is known is refused, and as slowly."""
        login = _login(handshake)
        if self._keys is None or handshake.certificate is not None:
            return NOT_ITS_CERTIFICATE
        if login is None:
            return NO_PASSWORD
        password = login.password if login.names(handshake.identity) else None
        verdict = await self._try(handshake, password, handshake.admit())
        return verdict if isinstance(verdict, Refusal) else WRONG_PASSWORD


async def judge_profile(info: PeerInfo, reached: ReachedProfiles) -> PeerInfo | Refusal:
    """Refuse who has proven who it is, and has had a higher profile before (A05.09)."""
    # Only then: a stranger shall not learn what somebody else has reached.
    if info.security_profile < await reached.find(info.identity):
        return _wrong_profile("this charge point has had a higher security profile")
    return info


def _shows_nothing(handshake: Handshake) -> bool:
    return not handshake.header_values("Authorization")


def _login(handshake: Handshake) -> BasicLogin | None:
    """Return what the request claims, None if nothing that can be read."""
    fields = handshake.header_values("Authorization")
    if len(fields) != 1:
        return None
    try:
        return read_basic(fields[0])
    except ValueError:
        return None


def _wrong_certificate(reason: str) -> Refusal:
    return Refusal(HTTPStatus.FORBIDDEN, reason, (), RefusalCause.WRONG_CERTIFICATE)


def _wrong_profile(reason: str) -> Refusal:
    return Refusal(HTTPStatus.FORBIDDEN, reason, (), RefusalCause.WRONG_PROFILE)


def _too_many(seconds: float) -> Refusal:
    return Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        "authentication failed too often",
        (("Retry-After", str(math.ceil(seconds))),),
        RefusalCause.TOO_MANY_FAILURES,
    )
