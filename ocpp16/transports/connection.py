"""What a transport offers, whichever it is: connections, listeners, dialers.

A connection carries frames, which it does not read, between us and one peer that was let in. On a
WebSocket a frame is one text message. On SOAP a frame is one body of an HTTP exchange; there the
connection lasts from a charger's first request until it counts as offline, and frames carry the tag
of their exchange. Frames are pushed to a `Receiver`, so that no connection needs a task of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias, runtime_checkable

from ocpp16.envelope import PeerInfo
from ocpp16.errors import OcppError
from ocpp16.session.event import CallId, Exchange

NORMAL_CLOSURE = 1000
GOING_AWAY = 1001
PROTOCOL_BROKEN = 1002
NOT_TEXT = 1003
NOT_UTF8 = 1007
POLICY_VIOLATION = 1008
TOO_BIG = 1009
INTERNAL_ERROR = 1011
"""Close codes of RFC 6455, 7.4.1, as far as we send them; every transport takes these."""


class Receiver(Protocol):
    """Who takes what comes in over a connection. Its methods must not raise."""

    def frame_received(self, frame: bytes, exchange: Exchange | None = None) -> None:
        """Take one frame; UTF-8 and size were checked."""
        ...

    def exchange_failed(self, exchange: Exchange, error: OcppError) -> None:
        """Take it that the HTTP exchange of one call of ours failed; the connection goes on."""
        ...

    def connection_lost(self, reason: str) -> None:
        """Take it that the peer or the network ended the connection: no frame comes or goes.

        Called once at most, and not after we closed the connection ourselves.
        """
        ...


class Connection(Protocol):
    """A way to one peer."""

    @property
    def info(self) -> PeerInfo:
        """Who the peer is."""
        raise NotImplementedError

    def start(self, receiver: Receiver) -> None:
        """Give out frames from now on, those that have come already included."""
        ...

    def send(
        self, frame: bytes, *, exchange: Exchange | None = None, call: CallId | None = None
    ) -> None:
        """Send a frame; once the connection has ended this does nothing.

        Args:
            frame: The frame.
            exchange: The exchange of the peer that the frame ends.
            call: Id of the call of ours that the frame is.
        """
        ...

    def leave_unanswered(self, exchange: Exchange) -> None:
        """End an exchange of the peer that gets no frame."""
        ...

    async def flush(self) -> None:
        """Wait until all that was sent has left this process, or the connection has ended."""
        ...

    def close(self, code: int = NORMAL_CLOSURE, reason: str = "") -> None:
        """End the connection; the peer gets some time to agree."""
        ...

    async def wait_closed(self) -> None:
        """Wait until nothing is left of the connection."""
        ...


@runtime_checkable
class Pinging(Protocol):
    """A connection that can find out by itself whether the peer is still there."""

    def ping_every(self, seconds: float | None) -> None:
        """Send a ping every so often, and close when several in a row stay unanswered.

        Args:
            seconds: The interval; None or 0 stops it.
        """
        ...


Welcome: TypeAlias = Callable[[Connection], None]
"""Takes a new connection whose peer was let in; it has to `start` it."""


class Listener(Protocol):
    """A place where peers connect."""

    @property
    def url(self) -> str:
        """Where, with the port that was really bound."""
        raise NotImplementedError

    def stop(self) -> None:
        """Let nobody in any more; connections that are open go on."""
        ...

    async def wait_closed(self) -> None:
        """Wait until no connection is left."""
        ...


@runtime_checkable
class Restoring(Protocol):
    """A listener whose peers can be called while they have no connection: SOAP."""

    def restore(self, info: PeerInfo, *, is_fixed: bool = False) -> None:
        """Go on with a peer that was let in before, as if it had just made a request.

        Args:
            info: Who it is, and where it listens.
            is_fixed: Whether it is called there whatever it names later.
        """
        ...


Dial: TypeAlias = Callable[[], Awaitable[Connection]]
"""Opens a connection to a central system.

Raises:
    ConnectionRefused: It did not let us in.
    SessionClosed: It could not be reached.
"""
