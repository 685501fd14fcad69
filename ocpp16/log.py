"""Log lines: one line an event, control characters escaped, bounded.

Silent until an application configures logging (`logging.getLogger("ocpp16")`).
"""

from __future__ import annotations

import logging
import traceback

logging.getLogger("ocpp16").addHandler(logging.NullHandler())

LINE_LIMIT = 2048


def one_line(text: str, limit: int) -> str:
    """Return a text with its control characters escaped, cut to a length."""
    line = text[:limit]
    if not line.isprintable():
        line = "".join(
            character if character.isprintable() else ascii(character)[1:-1] for character in line
        )
    return line if len(line) <= limit and len(text) <= limit else f"{line[: limit - 3]}..."


def failure(to: logging.Logger, text: str, error: BaseException, limit: int = LINE_LIMIT) -> None:
    """Log what our own code did wrong, with the last part of its trace."""
    trace = "".join(traceback.format_exception(error)).strip()
    room = limit - len(text) - 2
    to.error("%s", f"{text}: {one_line(trace[-room // 2 :], room)}")
