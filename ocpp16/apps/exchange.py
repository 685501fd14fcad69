"""What apps tell about: calls with their outcome, and remarks. Who listens decides how it looks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self, TypeAlias

import attrs

from ocpp16.catalog import action_of
from ocpp16.errors import OcppError
from ocpp16.spec import Side
from ocpp16.structure import Request, Response


@attrs.frozen(kw_only=True)
class Exchange:
    """One call and what came of it."""

    at: datetime
    """When it ended."""
    identity: str
    """The charge point's."""
    wire: str
    """`ocppj` or `ocpps`."""
    sender: Side
    """Which side called."""
    request: Request[Any]
    outcome: Response | OcppError
    seconds: float
    """From the call to its answer, as the side that is watched saw them."""

    @property
    def action(self) -> str:
        """The action."""
        return action_of(type(self.request)).name

    @property
    def ok(self) -> bool:
        """Tell whether it was answered with a response."""
        return isinstance(self.outcome, Response)


@attrs.frozen(kw_only=True)
class Remark:
    """Something worth a line that is no call."""

    at: datetime
    text: str
    """May hold text of a peer: whoever prints it escapes it."""
    is_warning: bool = False


Tell: TypeAlias = Callable[[Exchange | Remark], object]


class LogRemarks(logging.Handler):
    """Turns the log lines of the library into remarks, while it is entered.

    Args:
        tell: Takes the remarks.
        level: Least level of a line.
    """

    def __init__(self, tell: Tell, level: int = logging.INFO) -> None:
        super().__init__(level)
        self._tell = tell
        self._logger = logging.getLogger("ocpp16")
        self._level_before = self._logger.level

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one line."""
        at = datetime.fromtimestamp(record.created, UTC)
        is_warning = record.levelno >= logging.WARNING
        self._tell(Remark(at=at, text=record.getMessage(), is_warning=is_warning))

    def __enter__(self) -> Self:
        self._level_before = self._logger.level
        self._logger.setLevel(self.level)
        self._logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self._logger.setLevel(self._level_before)
