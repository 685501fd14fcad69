"""Log lines of the bridge: one an event, as text or as JSON, escaped and bounded.

Every exchange is one line, with the identity and an id that the line on the other side has, too.
No line holds a payload, a key or a password. Spec: none; house rules, "Frames".
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import attrs

from ocpp16.bridge import event as told
from ocpp16.bridge.settings import LogFormat, LogLevel
from ocpp16.log import one_line

LINE_LIMIT: Final = 2048
VALUE_LIMIT: Final = 400
"""Characters of one value of an object."""
_LOGGER: Final = logging.getLogger("ocpp16.bridge")
_EVENT: Final = "ocpp16_event"

LEVELS: Final[dict[type, int]] = {
    told.Stored: logging.DEBUG,
    told.Delivered: logging.DEBUG,
    told.Failed: logging.WARNING,
    told.DeadLettered: logging.ERROR,
    told.Held: logging.WARNING,
    told.Discarded: logging.WARNING,
    told.Withdrawn: logging.WARNING,
    told.Refused: logging.WARNING,
    told.OutcomeUnknown: logging.WARNING,
    told.Altered: logging.WARNING,
    told.LateAnswer: logging.WARNING,
    told.UpstreamFailed: logging.WARNING,
    told.StoreFailed: logging.ERROR,
    told.RelayFailed: logging.ERROR,
}
"""Of the events that are no matter of course."""


def log_event(event: told.Event) -> None:
    """Log an event of the bridge."""
    level = LEVELS.get(type(event), logging.INFO)
    if _LOGGER.isEnabledFor(level):
        _LOGGER.log(level, "%s", _sentence(event), extra={_EVENT: event})


def _sentence(event: told.Event) -> str:
    """Return an event as words: what happened, and then its values."""
    if isinstance(event, told.ExchangeCrossed):
        return (
            f"{event.identity}: {event.direction} {event.action} {event.outcome}"
            f" {event.seconds * 1000:.1f} ms id={event.correlation}"
        )
    values = [
        f"{name}={value}"
        for name, value in attrs.asdict(event, recurse=False).items()
        if name != "identity"
    ]
    return f"{event.identity}: {' '.join((_words(type(event).__name__), *values))}"


def _words(name: str) -> str:
    """Return `DeadLettered` as `dead-lettered`."""
    parts = "".join(f" {each.lower()}" if each.isupper() else each for each in name).split()
    return "-".join(parts)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        text = one_line(record.getMessage(), LINE_LIMIT)
        return f"{at.replace('+00:00', 'Z')} {record.levelname} {text}"


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
        }
        event = getattr(record, _EVENT, None)
        if event is None:
            line |= {"logger": record.name, "text": one_line(record.getMessage(), LINE_LIMIT)}
        else:
            line["event"] = _words(type(event).__name__)
            line |= {
                name: _plain(value) for name, value in attrs.asdict(event, recurse=False).items()
            }
        return json.dumps(line, ensure_ascii=True, default=str)


def _plain(value: object) -> object:
    return value if isinstance(value, (int, float)) else one_line(str(value), VALUE_LIMIT)


@contextlib.contextmanager
def logging_to(file: TextIO, form: LogFormat, level: LogLevel = LogLevel.INFO) -> Iterator[None]:
    """Write what the library logs to a file while it is entered."""
    handler = logging.StreamHandler(file)
    handler.setFormatter(_JsonFormatter() if form is LogFormat.JSON else _Formatter())
    root = logging.getLogger("ocpp16")
    before = root.level
    root.addHandler(handler)
    root.setLevel(level.upper())
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
