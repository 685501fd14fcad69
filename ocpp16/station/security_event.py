"""Security events: which are pushed, and the log of all, bounded and kept. Spec: W A04, L01."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import attrs

from ocpp16.log import one_line
from ocpp16.primitives import format_timestamp, parse_timestamp
from ocpp16.security_event import SecurityEvent
from ocpp16.station.storage import RecordDamaged, fields_of
from ocpp16.storage import Change, Value

LOG_KIND = "security-log"
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
FROM_OUTSIDE: frozenset[str] = frozenset(
    {
        SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CENTRAL_SYSTEM,
        SecurityEvent.CENTRAL_SYSTEM_FAILED_TO_AUTHENTICATE,
        SecurityEvent.INVALID_MESSAGES,
        SecurityEvent.ATTEMPTED_REPLAY_ATTACKS,
        SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE,
        SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE,
        SecurityEvent.INVALID_TLS_VERSION,
        SecurityEvent.INVALID_TLS_CIPHER_SUITE,
    }
)
"""Those that somebody else can cause as often as it likes: they must not push out the others."""
TYPE_LENGTH = 50
TECH_INFO_LENGTH = 255


@attrs.frozen
class Logged:
    """One line of the security log; its texts are short, and hold no control character."""

    at: datetime
    type: str
    tech_info: str | None = None
    number: int = 0
    """Its place in the order, over all runs."""
    is_undated: bool = False
    """Made before the clock was set in this run."""


class SecurityLog:
    """The security log: every event, the oldest go first.

    What has to be written for it is handed out, so that it can be written along with other things.

    Args:
        kept: The records of `LOG_KIND` that an earlier run has left.
        limit: How many events it holds.

    Raises:
        RecordDamaged: A record is no event.
    """

    __slots__ = ("_limit", "_lines")

    def __init__(self, kept: Mapping[str, Value] | None = None, limit: int = 1000) -> None:
        self._limit = limit
        self._lines = deque(_line(key, record) for key, record in (kept or {}).items())

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Logged]:
        return iter(self._lines)

    def line(
        self, at: datetime, type: str, tech_info: str | None = None, *, is_undated: bool = False
    ) -> tuple[Logged, list[Change]]:
        """Return a new last line, and what has to be written for it; see `append`."""
        last = self._lines[-1].number if self._lines else 0
        info = None if tech_info is None else one_line(tech_info, TECH_INFO_LENGTH)
        line = Logged(at, one_line(type, TYPE_LENGTH), info, last + 1, is_undated)
        gone = len(self._lines) + 1 - self._limit
        old = [self._lines[place].number for place in range(max(0, gone))]
        return line, [*map(_removal, old), _change(line)]

    def append(self, line: Logged) -> None:
        """Take a line."""
        self._lines.append(line)
        while len(self._lines) > self._limit:
            self._lines.popleft()

    def clearing(self, line: Logged) -> list[Change]:
        """Return what has to be written so that a line is the only one; see `clear`."""
        return [*(_removal(each.number) for each in self._lines), _change(line)]

    def clear(self, line: Logged) -> None:
        """Let a line be the only one."""
        self._lines.clear()
        self._lines.append(line)

    def correction(self, offset: timedelta) -> tuple[list[Logged], list[Change]]:
        """Return all lines with the times of those before the clock was set put right, in order."""
        fixed: list[Logged] = []
        changes: list[Change] = []
        for each in self._lines:
            line = each
            if each.is_undated:
                at = each.at + offset
                least = fixed[-1].at if fixed else at
                line = attrs.evolve(each, at=max(at, least), is_undated=False)
                changes.append(_change(line))
            fixed.append(line)
        return fixed, changes

    def correct(self, lines: Iterable[Logged]) -> None:
        """Take lines in place of all there are."""
        self._lines = deque(lines)


def _removal(number: int) -> Change:
    return Change(LOG_KIND, _key(number))


def _change(line: Logged) -> Change:
    record = [format_timestamp(line.at), line.type, line.tech_info, line.is_undated]
    return Change(LOG_KIND, _key(line.number), {"line": record})


def _key(number: int) -> str:
    return f"{number:016d}"


def _line(key: str, value: Value) -> Logged:
    try:
        at, type, tech_info, is_undated = fields_of(value, "line of the security log")["line"]
        return Logged(parse_timestamp(at), type, tech_info, int(key), is_undated)
    except (TypeError, ValueError, KeyError) as error:
        raise RecordDamaged(f"{value!r} is no line of the security log") from error
