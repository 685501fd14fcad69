"""Log lines of the roles: one line an event, safe to read, without payloads.

A payload can hold a key or a password, so no line shows one: whoever wants frames takes the frame
hook. Text of a peer is escaped, and every line is bounded. Silent until an application configures
logging (`logging.getLogger("ocpp16")`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from ocpp16.roles import event as kind
from ocpp16.roles.event import Event

logging.getLogger("ocpp16").addHandler(logging.NullHandler())
logger = logging.getLogger("ocpp16.roles")

_LINES: dict[type, tuple[int, Callable[..., str]]] = {
    kind.Connected: (
        logging.INFO,
        lambda event: f"connected from {event.peer.info.address}",
    ),
    kind.Disconnected: (logging.INFO, lambda event: f"disconnected: {event.reason}"),
    kind.Replaced: (
        logging.WARNING,
        lambda event: f"connected again from {event.by.info.address}, earlier connection closed",
    ),
    kind.Refused: (
        logging.WARNING,
        lambda event: f"refused, HTTP {event.status}: {event.reason} (from {event.address})",
    ),
    kind.Registered: (
        logging.INFO,
        lambda event: f"registration {event.status}, interval {event.interval} s",
    ),
    kind.FaultAnswered: (
        logging.WARNING,
        # The description may quote a value, the path cannot.
        lambda event: (
            f"call {event.id} ({event.action}) answered {event.fault.code}"
            f"{' at ' + event.fault.path if event.fault.path else ''}"
        ),
    ),
    kind.Unanswerable: (logging.WARNING, lambda event: f"frame not answered: {event.reason}"),
    kind.Deviated: (
        logging.INFO,
        lambda event: (
            f"{event.action} {event.id} read by leniency: "
            + ", ".join(f"{each.kind} at {each.path}" for each in event.deviations)
        ),
    ),
    kind.LateAnswer: (
        logging.WARNING,
        lambda event: f"late answer to {event.action} {event.id} dropped",
    ),
    kind.Repeated: (logging.INFO, lambda event: f"repeat of {event.action} {event.id}"),
    kind.IdReused: (
        logging.WARNING,
        lambda event: f"{event.action} came with {event.id}, the id of an earlier call",
    ),
}


def write(event: Event, limit: int) -> None:
    """Write the log line of an event, if it has one.

    Args:
        event: What happened.
        limit: Longest line, in characters.
    """
    level, describe = _LINES.get(type(event), (logging.NOTSET, str))
    if level and logger.isEnabledFor(level):
        identity = event.identity if isinstance(event, kind.Refused) else event.peer.identity
        logger.log(level, "%s", one_line(f"{identity}: {describe(event)}", limit))


def one_line(text: str, limit: int) -> str:
    """Return a text with its control characters escaped, cut to a length."""
    line = text[:limit]
    if not line.isprintable():
        line = "".join(
            character if character.isprintable() else ascii(character)[1:-1] for character in line
        )
    return line if len(line) <= limit and len(text) <= limit else f"{line[: limit - 3]}..."
