"""What a role tells those who watch it: connections, frames, and what went wrong.

Plain values. Each names the peer it is about; frames and reasons are the peer's own text and not to
be trusted. `Observers` spreads them: to hooks at once, to streams without ever waiting for one.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Self, TypeAlias, TypeVar
from weakref import WeakSet

import attrs

from ocpp16 import log
from ocpp16.enums import RegistrationStatus
from ocpp16.envelope import PeerInfo
from ocpp16.errors import Fault, OcppError
from ocpp16.roles.peer import Peer
from ocpp16.security.activity import Trouble, UnusualActivity
from ocpp16.security.admission import Handshake, Refusal, RefusalCause
from ocpp16.security_event import SecurityEvent
from ocpp16.structure import Deviation, Response
from ocpp16.transports.task import Signal

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
    """An HTTP request is no SOAP envelope, so nobody knows whose it is."""

    reason: str
    address: str | None


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
FrameHook: TypeAlias = Callable[[FrameIn | FrameOut], object]
FrameHookT = TypeVar("FrameHookT", bound=FrameHook)
EventHook: TypeAlias = Callable[[Event], object]
EventHookT = TypeVar("EventHookT", bound=EventHook)


class EventStream:
    """The events of a role from now on, as an asynchronous iterator.

    A reader that is too slow loses the oldest ones, which `dropped` counts. The stream ends when it
    is closed, by `close`, `async with`, or by being forgotten.

    Args:
        limit: How many events wait for the reader.
        byte_limit: How large their frames may be in all; the latest event is kept all the same.
    """

    def __init__(self, limit: int, byte_limit: int = 4 * 1024 * 1024) -> None:
        self.dropped = 0
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._limit = limit
        self._byte_limit = byte_limit
        self._is_closed = False
        self._changed = Signal()

    def put(self, event: Event) -> None:
        """Add an event."""
        if self._is_closed:
            return
        self._events.append(event)
        self._bytes += _frame_size(event)
        while len(self._events) > 1 and (
            len(self._events) > self._limit or self._bytes > self._byte_limit
        ):
            self._take()
            self.dropped += 1
        self._changed.notify()

    def close(self) -> None:
        """End the stream; events that wait can still be read."""
        self._is_closed = True
        self._changed.notify()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._events:
            if self._is_closed:
                raise StopAsyncIteration
            await self._changed.wait()
        return self._take()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def _take(self) -> Event:
        event = self._events.popleft()
        self._bytes -= _frame_size(event)
        return event


def _frame_size(event: Event) -> int:
    return len(event.frame) if isinstance(event, FrameIn | FrameOut | Unanswerable) else 0


class Observers:
    """Everyone who watches a role.

    Args:
        limit: How many events wait for the reader of a stream.
        line_limit: Longest log line, in characters.
        byte_limit: How large the frames among those events may be in all.
    """

    def __init__(self, limit: int, line_limit: int, byte_limit: int = 4 * 1024 * 1024) -> None:
        self._limit = limit
        self._byte_limit = byte_limit
        self._line_limit = line_limit
        self._streams: WeakSet[EventStream] = WeakSet()
        self._hooks: list[FrameHook] = []
        self._event_hooks: list[EventHook] = []

    @property
    def watches_frames(self) -> bool:
        """Tell whether anyone wants frames, so that nobody makes events for nobody."""
        return bool(self._hooks) or bool(self._streams)

    def add_stream(self) -> EventStream:
        """Return a new stream."""
        stream = EventStream(self._limit, self._byte_limit)
        self._streams.add(stream)
        return stream

    def add_hook(self, hook: FrameHookT) -> FrameHookT:
        """Call a function with each frame event from now on."""
        self._hooks.append(hook)
        return hook

    def add_event_hook(self, hook: EventHookT) -> EventHookT:
        """Call a function with each event that is no frame, from now on."""
        self._event_hooks.append(hook)
        return hook

    def tell(self, event: Event) -> None:
        """Spread an event."""
        if isinstance(event, FrameIn | FrameOut):
            for hook in self._hooks:
                try:
                    hook(event)
                except Exception as error:  # noqa: BLE001 - whatever it does, frames go on
                    log.failure(logger, "a frame hook failed", error, self._line_limit)
        else:
            self._log(event)
            for event_hook in self._event_hooks:
                try:
                    event_hook(event)
                except Exception as error:  # noqa: BLE001 - whatever it does, the role goes on
                    log.failure(logger, "an event hook failed", error, self._line_limit)
        for stream in tuple(self._streams):
            stream.put(event)

    def _log(self, event: Event) -> None:
        level, describe = _LINES[type(event)]
        if logger.isEnabledFor(level):
            identity = _identity(event)
            who = "a stranger" if identity is None else identity
            line = log.one_line(f"{who}: {describe(event)}", self._line_limit)
            logger.log(level, "%s", line)


def of_trouble(trouble: Trouble) -> TlsFailed | LimitHit | Unreadable:
    """Return the event of what a transport has met."""
    if trouble.activity is UnusualActivity.LIMIT_HIT:
        return LimitHit(trouble.reason, trouble.address, trouble.identity)
    if trouble.activity is UnusualActivity.INVALID_MESSAGE:
        return Unreadable(trouble.reason, trouble.address)
    return TlsFailed(trouble.reason, trouble.address, trouble.event)


def _identity(event: Event) -> str | None:
    if isinstance(event, Refused | LimitHit):
        return event.identity
    if isinstance(event, TlsFailed | Unreadable):
        return None
    return event.info.identity if isinstance(event, Admitted) else event.peer.identity


# No line shows a payload or a fault's description: either may hold a key or a password.
_LINES: dict[type, tuple[int, Callable[..., str]]] = {
    Connected: (
        logging.INFO,
        lambda event: f"connected from {event.peer.info.address}",
    ),
    Disconnected: (logging.INFO, lambda event: f"disconnected: {event.reason}"),
    Replaced: (
        logging.WARNING,
        lambda event: f"connected again from {event.by.info.address}, earlier connection closed",
    ),
    Refused: (
        logging.WARNING,
        lambda event: (
            f"refused, HTTP {event.status}: {event.reason} (from {event.address})"
            f"{'' if event.identity is not None else f', asked for {str(event.url)[:URL_SHOWN]}'}"
        ),
    ),
    Admitted: (
        logging.INFO,
        lambda event: (
            f"let in with security profile {event.info.security_profile}"
            f" (from {event.info.address})"
        ),
    ),
    TlsFailed: (
        logging.WARNING,
        lambda event: f"{event.event or 'no TLS link'}: {event.reason} (from {event.address})",
    ),
    NotLetIn: (logging.WARNING, lambda event: f"{event.event}: {event.reason}"),
    Unreadable: (
        logging.WARNING,
        lambda event: f"request not read: {event.reason} (from {event.address})",
    ),
    LimitHit: (
        logging.WARNING,
        lambda event: f"limit reached: {event.reason} (from {event.address})",
    ),
    ForeignTransaction: (
        logging.WARNING,
        lambda event: f"{event.action} about transaction {event.transaction_id}, not its own",
    ),
    SecurityChanged: (
        logging.WARNING,
        lambda event: f"{event.name} {'is the old one again' if event.is_reverted else 'changed'}",
    ),
    Registered: (
        logging.INFO,
        lambda event: f"registration {event.status}, interval {event.interval} s",
    ),
    FaultAnswered: (
        logging.WARNING,
        # The description may quote a value, the path cannot.
        lambda event: (
            f"call {event.id} ({event.action}) answered {event.fault.code}"
            f"{' at ' + event.fault.path if event.fault.path else ''}"
        ),
    ),
    Unanswerable: (logging.WARNING, lambda event: f"frame not answered: {event.reason}"),
    Deviated: (
        logging.INFO,
        lambda event: (
            f"{event.action} {event.id} read by leniency: "
            + ", ".join(f"{each.kind} at {each.path}" for each in event.deviations)
        ),
    ),
    LateAnswer: (
        logging.WARNING,
        lambda event: f"late answer to {event.action} {event.id} dropped",
    ),
    Repeated: (logging.INFO, lambda event: f"repeat of {event.action} {event.id}"),
    IdReused: (
        logging.WARNING,
        lambda event: f"{event.action} came with {event.id}, the id of an earlier call",
    ),
}
