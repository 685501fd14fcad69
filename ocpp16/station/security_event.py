"""Security events: which are pushed, and the log of all. Spec: W A04, L01; SPEC 13."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime

import attrs

from ocpp16.security_event import SecurityEvent

CRITICAL: frozenset[str] = frozenset(event for event in SecurityEvent if event.is_critical)
"""Queued, with guaranteed delivery (A04.FR.01, .02)."""
SENT: frozenset[str] = CRITICAL | {
    SecurityEvent.INVALID_FIRMWARE_SIGNATURE,
    SecurityEvent.INVALID_FIRMWARE_SIGNING_CERTIFICATE,
    SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE,
    SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE,
    SecurityEvent.INVALID_TLS_VERSION,
    SecurityEvent.INVALID_TLS_CIPHER_SUITE,
}
"""Sent at all: the critical ones, and those that a rule says to trigger."""
TYPE_LENGTH = 50
TECH_INFO_LENGTH = 255


@attrs.frozen
class Logged:
    """One line of the security log."""

    at: datetime
    type: str
    tech_info: str | None = None


class SecurityLog:
    """The security log: every event, the oldest go first.

    Args:
        limit: How many events it holds.
    """

    __slots__ = ("_lines",)

    def __init__(self, limit: int = 1000) -> None:
        self._lines: deque[Logged] = deque(maxlen=limit)

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Logged]:
        return iter(self._lines)

    def note(self, at: datetime, type: str, tech_info: str | None = None) -> Logged:
        """Note an event."""
        logged = Logged(
            at, type[:TYPE_LENGTH], None if tech_info is None else tech_info[:TECH_INFO_LENGTH]
        )
        self._lines.append(logged)
        return logged
