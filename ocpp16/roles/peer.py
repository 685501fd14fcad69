"""The other side, as applications and handlers see it, whichever role and whichever wire."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import TypeAlias, TypeVar

from ocpp16.enums import RegistrationStatus
from ocpp16.envelope import PeerInfo
from ocpp16.structure import Request, Response
from ocpp16.transports.connection import NORMAL_CLOSURE

ResponseT = TypeVar("ResponseT", bound=Response)
Duration: TypeAlias = float | timedelta
"""Seconds, or a timedelta."""


def seconds_of(duration: Duration) -> float:
    """Return a duration in seconds.

    Raises:
        ValueError: It is negative, or no number.
    """
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else float(duration)
    if not seconds >= 0:
        raise ValueError(f"{duration!r} is no time to wait")
    return seconds


class Peer(ABC):
    """The other side."""

    __slots__ = ()

    @property
    @abstractmethod
    def info(self) -> PeerInfo:
        """What was known of it when it was let in."""

    @property
    def identity(self) -> str:
        """The charge point's identity, whichever side the peer is."""
        return self.info.identity

    @property
    def binding(self) -> str:
        """Its wire: `ocppj` or `ocpps`."""
        return self.info.binding

    @property
    @abstractmethod
    def is_connected(self) -> bool:
        """Tell whether a call could leave now."""

    @property
    @abstractmethod
    def registration(self) -> RegistrationStatus | None:
        """What the charge point was last told when it booted; None if nothing yet (C 4.2)."""

    @abstractmethod
    async def call(
        self,
        request: Request[ResponseT],
        *,
        timeout: Duration | None = None,  # noqa: ASYNC109 - the session keeps it, not a task
        call_id: str | None = None,
    ) -> ResponseT:
        """Send a request and return its response. Handlers may call the peer that called them.

        Args:
            request: What to ask.
            timeout: How long the answer may take, waiting for earlier calls included; None is
                `Settings.call_timeout`.
            call_id: Id of an earlier call that this one repeats; None is a new one.

        Raises:
            CallFailed: The peer answered an error.
            InvalidResponse: Its answer breaks a rule.
            CallTimeout: No answer came in time.
            SessionClosed: The connection ended before the answer came.
            CallNotAllowed: The registration does not allow the call now, or too many wait; nothing
                was sent.
            InvalidMessage: The request breaks a rule, or this wire cannot carry it.
        """

    @abstractmethod
    def close(self, code: int = NORMAL_CLOSURE, reason: str = "") -> None:
        """End the connection. Calls without an answer fail; nobody is waited for.

        Args:
            code: Close code (RFC 6455, 7.4.1), for wires that have one.
            reason: Told to the peer.
        """

    def __repr__(self) -> str:
        state = "connected" if self.is_connected else "not connected"
        return f"<{type(self).__name__} {self.identity!r} {state}>"
