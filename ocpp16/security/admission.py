"""Who is let in: what is known of a peer before its connection is open, and the verdict.

The place for authentication. An `Admission` is asked before the WebSocket upgrade and sees no
frame; the `PeerInfo` it returns is what handlers may trust. Spec: J 3.1, JE 3.4 (HTTP 404).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum, unique
from typing import TypeAlias

import attrs

from ocpp16.envelope import PeerInfo
from ocpp16.security.client_certificate import ClientCertificate
from ocpp16.spec import Side


@attrs.frozen(kw_only=True)
class Handshake:
    """What a charge point says of itself when it asks to be let in.

    All of it is only claimed, but for `secure`, `certificate` and `address`.
    """

    identity: str
    """The identity it claims, decoded; its form was checked."""
    binding: str
    """`ocppj` or `ocpps`."""
    url: str
    """The URL it asked for, without query."""
    address: str | None = None
    """Its network address, `host:port`."""
    misfit: str | None = None
    """Why its URL names no charge point: `identity` is empty then, and a central system refuses
    it (HTTP 404) before it asks an `Admission` of the application."""
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    """Header fields of the request, in order; one may hold a password, so no repr shows them."""
    secure: bool = False
    """Whether it came over TLS."""
    certificate: ClientCertificate | None = None
    """The TLS client certificate, its path verified; None if it showed none."""

    def header(self, name: str) -> str | None:
        """Return the first value of a header field, None where there is none."""
        return next(iter(self.header_values(name)), None)

    def header_values(self, name: str) -> tuple[str, ...]:
        """Return every value of a header field, in order."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def admit(self, security_profile: int = 0, serial_number: str | None = None) -> PeerInfo:
        """Return the verdict that lets the peer in as who it claims to be."""
        return PeerInfo(
            identity=self.identity,
            side=Side.CHARGE_POINT,
            binding=self.binding,
            address=self.address,
            url=self.url,
            user_agent=self.header("User-Agent"),
            security_profile=security_profile,
            serial_number=serial_number,
        )


@unique
class RefusalCause(StrEnum):
    """Why a charge point was not let in, for events and counters; the peer is not told."""

    UNKNOWN = "unknown"
    """Its URL names no charge point that is known."""
    NO_CREDENTIALS = "no-credentials"
    """It showed neither password nor certificate, or none that can be read."""
    WRONG_CREDENTIALS = "wrong-credentials"
    """The password is not this charge point's."""
    WRONG_CERTIFICATE = "wrong-certificate"
    """The certificate is not this charge point's, or not of an owner that is trusted."""
    WRONG_PROFILE = "wrong-profile"
    """The link has a security profile that is not taken here, or a lower one than before."""
    TOO_MANY_FAILURES = "too-many-failures"
    """Authentication failed too often; it was not tried."""
    OVERLOADED = "overloaded"
    """There are too many connections, or too many logins at once."""
    FAILED = "failed"
    """Our own code failed."""
    OTHER = "other"
    """The application has its own reasons."""


@attrs.frozen
class Refusal:
    """The verdict that keeps a peer out, before any upgrade."""

    status: int
    """HTTP status, 400 to 599."""
    reason: str = ""
    """Told to the peer; never put secrets here."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further header fields of the answer (`WWW-Authenticate`, say)."""
    cause: RefusalCause = RefusalCause.OTHER
    """What events and counters say of it."""


Admission: TypeAlias = Callable[[Handshake], Awaitable[PeerInfo | Refusal]]
"""Lets a peer in, as the `PeerInfo` says, or refuses it."""

Known: TypeAlias = Callable[[str], bool | Awaitable[bool]]
"""Tells whether an identity is one that may connect."""

UNKNOWN_IDENTITY = Refusal(404, "unknown charge point", cause=RefusalCause.UNKNOWN)
