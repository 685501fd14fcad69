"""Security events of a running station: logged, and sent where they have to be. Spec: W A04.

A critical one is on disk, in the log and in the queue, before `note` returns. What somebody else
can cause as often as it likes is noted once a minute for each kind, with the count of the others.
"""

from __future__ import annotations

from datetime import timedelta

import attrs

from ocpp16.messages import SecurityEventNotificationRequest
from ocpp16.security_event import SecurityEvent
from ocpp16.station.action import Refused
from ocpp16.station.context import Context
from ocpp16.station.outbox import Outbox
from ocpp16.station.security_event import (
    CRITICAL,
    FROM_OUTSIDE,
    LOG_KIND,
    SENT,
    Logged,
    SecurityLog,
)
from ocpp16.storage import Change, StorageFailed

QUIET = 60.0
"""Seconds in which an event that comes from outside is noted once."""
EXHAUSTED = 3600.0
"""Seconds in which a storage that is full is told of once."""
WAITING = 16
"""How many events of one kind may wait that are not critical, and follow from requests."""
PATIENCE = 10.0
"""Seconds until a storage that was full is tried again."""


@attrs.define
class _Seen:
    """When a kind of event was noted last, and how often it came since."""

    since: float
    more: int = 0


class Security:
    """The security events of one station.

    Args:
        context: The station.
        outbox: Where events that are sent are kept until they have arrived.

    Raises:
        RecordDamaged: What is stored is no security log.
    """

    def __init__(self, context: Context, outbox: Outbox) -> None:
        self._context = context
        self._outbox = outbox
        self._full_since: float | None = None
        self._retry_at = 0.0
        self._seen: dict[str, _Seen] = {}
        self.log = SecurityLog(context.storage.read(LOG_KIND))

    def note(self, type: str, tech_info: str | None = None) -> None:
        """Take an event.

        Raises:
            StorageFailed: It is critical, and could not be stored.
        """
        if type in FROM_OUTSIDE:
            counted = self._count(type, tech_info)
            if counted is None:
                return
            tech_info = counted[0]
        context = self._context
        line, changes = self.log.line(
            context.now, type, tech_info, is_undated=not context.clock.is_set
        )
        try:
            self._keep(line, changes)
        except StorageFailed as error:
            if type in CRITICAL and context.model.has_security_extension:
                raise
            context.act(Refused(error))
        self.log.append(line)

    def clear(self) -> None:
        """Clear the log; that is an event itself, and the first of the new one.

        Raises:
            StorageFailed: It could not be stored; then the log is as it was.
        """
        context = self._context
        text = f"{len(self.log)} events"
        line, _ = self.log.line(
            context.now,
            SecurityEvent.SECURITY_LOG_WAS_CLEARED,
            text,
            is_undated=not context.clock.is_set,
        )
        self._keep(line, self.log.clearing(line))
        self.log.clear(line)

    def correct(self, offset: timedelta) -> None:
        """Set the times of lines that were made before the clock was set right."""
        lines, changes = self.log.correction(offset)
        if changes:
            self._context.storage.write(changes)
            self.log.correct(lines)

    def look(self) -> None:
        """Tell that the memory was full, once it can be told.

        Raises:
            StorageFailed: It still is.
        """
        due = self.next_due
        time = self._context.time
        if due is None or time < due:
            return
        self._retry_at = time + PATIENCE
        self.note(SecurityEvent.MEMORY_EXHAUSTION, "what has to be kept could not be stored")
        self._context.storage.was_full = False
        self._full_since = time

    @property
    def next_due(self) -> float | None:
        """When `look` has something to do."""
        if not self._context.storage.was_full:
            return None
        if self._full_since is None:
            return self._retry_at
        return max(self._retry_at, self._full_since + EXHAUSTED)

    def _count(self, type: str, tech_info: str | None) -> tuple[str | None] | None:
        """Return what to note of an event from outside; None if it is only counted."""
        time, seen = self._context.time, self._seen.get(type)
        if seen is not None and time - seen.since < QUIET:
            seen.more += 1
            return None
        self._seen[type] = _Seen(time)
        if seen is None or not seen.more:
            return (tech_info,)
        return (f"{seen.more} more before; {tech_info or ''}",)

    def _keep(self, line: Logged, changes: list[Change]) -> None:
        context = self._context
        if not context.model.has_security_extension or not self._is_sent(line.type):
            context.storage.write(changes)
            return
        request = SecurityEventNotificationRequest(
            type=line.type, timestamp=line.at, tech_info=line.tech_info
        )
        self._outbox.add(request, is_undated=line.is_undated, also=changes)

    def _is_sent(self, type: str) -> bool:
        if type in CRITICAL or type not in SENT:
            return type in SENT
        # The queue cannot be made to grow from outside: of some, one that waits says it for all;
        # the others follow from requests, and are told one by one as long as they are taken.
        waiting = sum(
            isinstance(entry.request, SecurityEventNotificationRequest)
            and entry.request.type == type
            for entry in self._outbox
        )
        return waiting < (1 if type in FROM_OUTSIDE else WAITING)
