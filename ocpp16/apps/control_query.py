"""Parameters of a URL, read strictly: one that is unknown, repeated or wrong is a `Problem`."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from ocpp16.apps.control_problem import Problem
from ocpp16.errors import ConstraintError
from ocpp16.primitives import parse_timestamp

LONGEST_CALL = 600.0
"""Seconds."""


def check_escapes(request: Request) -> None:
    """See to it that the URL is UTF-8: else different names would be the same one.

    Raises:
        Problem: It is not.
    """
    for part in (request.scope["raw_path"], request.scope["query_string"]):
        try:
            unquote_to_bytes(part).decode()
        except UnicodeDecodeError:
            raise Problem("invalid-parameter", "what the URL escapes is not UTF-8") from None


class Query:
    """The parameters of one request.

    Args:
        request: The request.
        names: Those that it may have.

    Raises:
        Problem: It has others, or one twice.
    """

    def __init__(self, request: Request, *names: str) -> None:
        self._found: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            if name not in names:
                raise Problem("invalid-parameter", f"{name[:50]} is none of {', '.join(names)}")
            if name in self._found:
                raise Problem("invalid-parameter", f"{name} stands there twice")
            self._found[name] = value

    def text(self, name: str) -> str | None:
        """Return a text; None where there is none."""
        return self._found.get(name)

    def integer(self, name: str) -> int | None:
        """Return a number from 0."""
        text = self._found.get(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 19):
            raise Problem("invalid-parameter", f"{name} is a number from 0")
        return int(text)

    def limit(self, most: int, default: int = 100) -> int:
        """Return how many are wanted at most."""
        number = self.integer("limit")
        if number is not None and not 1 <= number <= most:
            raise Problem("invalid-parameter", f"limit is a number from 1 to {most}")
        return min(default, most) if number is None else number

    def boolean(self, name: str) -> bool | None:
        """Return true or false."""
        text = self._found.get(name)
        if text not in {None, "true", "false"}:
            raise Problem("invalid-parameter", f"{name} is true or false")
        return None if text is None else text == "true"

    def instant(self, name: str) -> datetime | None:
        """Return a time with its offset."""
        text = self._found.get(name)
        if text is None:
            return None
        try:
            return parse_timestamp(text)
        except (ConstraintError, ValueError):
            detail = f"{name} is a date and time with its offset: 2026-01-31T00:00:00Z"
            raise Problem("invalid-parameter", detail) from None

    def seconds(self, name: str) -> float | None:
        """Return how long something may take."""
        text = self._found.get(name)
        if text is None:
            return None
        try:
            seconds = float(text)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds <= LONGEST_CALL:
            detail = f"{name} is a number of seconds, up to {LONGEST_CALL:g}"
            raise Problem("invalid-parameter", detail)
        return seconds
