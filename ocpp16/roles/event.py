"""What a role tells those who watch it: connections, frames, and what went wrong.

Plain values. Each names the peer it is about; frames and reasons are the peer's own text and not to
be trusted. `observers` spreads them, and `event_log` writes them down.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Self, TypeAlias

import attrs

from ocpp16.enums import RegistrationStatus
from ocpp16.envelope import PeerInfo
from ocpp16.errors import Fault, OcppError
from ocpp16.roles.peer import Peer
from ocpp16.security.activity import Trouble, UnusualActivity
from ocpp16.security.admission import Handshake, Refusal, RefusalCause
from ocpp16.security_event import SecurityEvent
from ocpp16.structure import Deviation, Response

logger = logging.getLogger("ocpp16.events")
URL_SHOWN = 300
"""Characters of a stranger's URL in a log line."""


@attrs.frozen
class Connected:
    """A peer is connected, and can be called."""

    peer: Peer


@attrs.frozen
class Disconnected:
    """A connection has ended."""

    peer: Peer
    reason: str


@attrs.frozen
class Replaced:
    """A charge point connected again, and its earlier connection is closed."""

    peer: Peer
    """The earlier connection."""
    by: Peer
    """The one that counts from now on."""


@attrs.frozen
class Refused:
    """A charge point was not let in."""

    identity: str | None
    """Who it claimed to be; None if its URL names no charge point."""
    status: int
    """HTTP status that it was answered."""
    reason: str
    address: str | None
    url: str | None = None
    """The URL it asked for, as it wrote it, without query."""
    cause: RefusalCause = RefusalCause.OTHER
    """What kind of reason it is."""

    @classmethod
    def of(cls, handshake: Handshake, refusal: Refusal) -> Self:
        """Return the event of a verdict."""
        return cls(
            handshake.identity if handshake.misfit is None else None,
            refusal.status,
            refusal.reason,
            handshake.address,
            handshake.url,
            refusal.cause,
        )


@attrs.frozen
class Admitted:
    """A charge point was let in by the rules of a `ServerSecurity`; on SOAP, its request was.

    With `Refused` it is the audit trail of logins: each decision is one of the two.
    """

    info: PeerInfo
    """Who it is, from where, and on which security profile."""


@attrs.frozen
class TlsFailed:
    """A TLS link could not be, or was cut while it was made."""

    reason: str
    address: str | None
    event: SecurityEvent | None = None
    """What kind of security event it is, if it is one."""


@attrs.frozen
class NotLetIn:
    """A charge point could not connect, at its own end, for what is a security event."""

    peer: Peer
    reason: str
    event: SecurityEvent
    """What it is: a central system that is not trusted, or one that does not trust us."""


@attrs.frozen
class LimitHit:
    """Somebody has reached a limit of `Settings`."""

    reason: str
    address: str | None
    identity: str | None = None


@attrs.frozen
class Unreadable:
    """What came is no message: a request that is no SOAP envelope, a frame that is no text."""

    reason: str
    address: str | None
    identity: str | None = None
    """Whose it is; None on SOAP, where nobody knows."""


@attrs.frozen
class ForeignTransaction:
    """A charge point spoke of a transaction that is not its own; told by the application."""

    peer: Peer
    action: str
    transaction_id: int


@attrs.frozen
class Registered:
    """A BootNotification was answered."""

    peer: Peer
    status: RegistrationStatus
    interval: int
    """Seconds: between heartbeats if it was accepted, else until the next BootNotification."""
    current_time: datetime | None = attrs.field(default=None, eq=False)
    """The central system's clock, as its answer told it; to the charge point only."""


@attrs.frozen
class SecurityChanged:
    """A charge point has another AuthorizationKey or SecurityProfile, from its next connection on.

    A security event, ReconfigurationOfSecurityParameters (W A01.11). The key is not told.
    """

    peer: Peer
    name: str
    """`AuthorizationKey` or `SecurityProfile`."""
    is_reverted: bool = False
    """Whether the new one did not work, and the old one is used again."""


@attrs.frozen
class FrameIn:
    """A frame came in."""

    peer: Peer
    frame: bytes


@attrs.frozen
class FrameOut:
    """A frame goes out."""

    peer: Peer
    frame: bytes


@attrs.frozen
class FaultAnswered:
    """A call of the peer was answered with an error."""

    peer: Peer
    id: str
    action: str | None
    """As the peer wrote it; None where the frame could not be read so far."""
    fault: Fault


@attrs.frozen
class Unanswerable:
    """A frame got no answer: none is possible, or nobody waits for what it answers."""

    peer: Peer
    reason: str
    frame: bytes | str


@attrs.frozen
class Deviated:
    """A message breaks rules, and was read by leniency."""

    peer: Peer
    id: str
    action: str
    deviations: tuple[Deviation, ...]


@attrs.frozen
class LateAnswer:
    """An answer came after its call had timed out or was cancelled."""

    peer: Peer
    id: str
    action: str
    outcome: Response | OcppError


@attrs.frozen
class Repeated:
    """The peer repeated a call, and gets the answer of the first."""

    peer: Peer
    id: str
    action: str


@attrs.frozen
class IdReused:
    """The peer used the id of an earlier call for another one."""

    peer: Peer
    id: str
    action: str


Event: TypeAlias = (
    Connected
    | Disconnected
    | Replaced
    | Refused
    | Admitted
    | TlsFailed
    | NotLetIn
    | LimitHit
    | Unreadable
    | ForeignTransaction
    | SecurityChanged
    | Registered
    | FrameIn
    | FrameOut
    | FaultAnswered
    | Unanswerable
    | Deviated
    | LateAnswer
    | Repeated
    | IdReused
)


def of_trouble(trouble: Trouble) -> TlsFailed | LimitHit | Unreadable:
    """Return the event of what a transport has met."""
    if trouble.activity is UnusualActivity.LIMIT_HIT:
        return LimitHit(trouble.reason, trouble.address, trouble.identity)
    if trouble.activity is UnusualActivity.INVALID_MESSAGE:
        return Unreadable(trouble.reason, trouble.address, trouble.identity)
    return TlsFailed(trouble.reason, trouble.address, trouble.event)
