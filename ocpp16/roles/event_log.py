"""What an event looks like in a log: one line for people, and its fields for programs.

Fields go along as `extra` of the record, each name with `ocpp_` before it, as structlog, JSON
formatters and filters take them. No line and no field shows a payload or the description of a
fault: either may hold a key or a password.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping

from ocpp16 import log
from ocpp16.roles.event import (
    Admitted,
    Connected,
    Deviated,
    Disconnected,
    Event,
    FaultAnswered,
    ForeignTransaction,
    IdReused,
    LateAnswer,
    LimitHit,
    NotLetIn,
    Refused,
    Registered,
    Repeated,
    Replaced,
    SecurityChanged,
    TlsFailed,
    Unanswerable,
    Unreadable,
)

logger = logging.getLogger("ocpp16.events")
URL_SHOWN = 300
"""Characters of a stranger's URL in a log line."""
FIELD_LIMIT = 300
"""Characters of a field."""


def write(event: Event, limit: int) -> None:
    """Log an event that is no frame.

    Args:
        event: What happened.
        limit: Longest line, in characters.
    """
    level, describe = _LINES[type(event)]
    if logger.isEnabledFor(level):
        identity = _identity(event)
        who = "a stranger" if identity is None else identity
        line = log.one_line(f"{who}: {describe(event)}", limit)
        logger.log(level, "%s", line, extra=fields_of(event))


def fields_of(event: Event) -> Mapping[str, str]:
    """Return what an event says of whom, by the names that it has in a log record."""
    info = event.info if isinstance(event, Admitted) else None
    # Who is not let in the first time has had no connection, and so no wire yet.
    peer = None if isinstance(event, NotLetIn) else getattr(event, "peer", None)
    found = {
        "ocpp_event": _WORD.sub(r"_\1", type(event).__name__).lower(),
        "ocpp_identity": _identity(event),
        "ocpp_address": getattr(event, "address", None),
        "ocpp_wire": peer.binding if peer is not None else info.binding if info else None,
        "ocpp_action": getattr(event, "action", None),
        "ocpp_message_id": getattr(event, "id", None),
    }
    return {
        name: log.one_line(str(value), FIELD_LIMIT)
        for name, value in found.items()
        if value is not None
    }


_WORD = re.compile(r"(?<!^)([A-Z])")


def _identity(event: Event) -> str | None:
    if isinstance(event, Refused | LimitHit | Unreadable):
        return event.identity
    if isinstance(event, TlsFailed):
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
