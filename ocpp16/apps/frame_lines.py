"""How frames stand in a file: one a line, and what to do with those that do not.

Knows brackets and line ends, no JSON beyond that. A log often holds frames as a pretty printer
wrote them, over several lines; such lines are put together again. Memory is bounded by the limit of
one frame.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from ocpp16.apps.document import Lines

LINE_LIMIT = 1024 * 1024
"""Bytes of one frame; a longer one is reported without being read as a whole."""

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]')
# The bracket that opens a frame, and not one inside a payload: a pretty printer indents those.
_OPENING = re.compile(rb"\s*\[\s*[234]\s*,|\[\s*$")


@attrs.frozen
class Line:
    """One frame of a file."""

    number: int
    """The line on which it begins, counted from 1."""
    frame: bytes | None
    """The frame without its line end; None where it is over the limit."""


def read_frames(stream: Lines, limit: int = LINE_LIMIT) -> Iterator[Line]:
    """Give out frames, each as soon as its last line was read.

    Lines whose brackets never come out even are given out one by one: a frame that was cut off
    costs the frames after it nothing.
    """
    held: list[Line] = []
    parts: list[bytes] = []
    open_brackets = 0
    for line in _read_lines(stream, limit):
        part = line.frame
        if held and (
            part is None
            or _OPENING.match(part)
            or sum(map(len, parts)) + len(parts) + len(part) > limit
        ):
            yield from held
            held, parts, open_brackets = [], [], 0
        if part is None or not (held or _OPENING.match(part)):
            yield line
            continue
        held.append(line)
        parts.append(part)
        open_brackets += _surplus(part)
        if open_brackets <= 0:
            yield Line(held[0].number, b"\n".join(parts))
            held, parts, open_brackets = [], [], 0
    yield from held


def _read_lines(stream: Lines, limit: int) -> Iterator[Line]:
    """Give out the lines that are not blank."""
    number = 0
    while chunk := stream.readline(limit + 2):
        number += 1
        line = chunk.removesuffix(b"\n").removesuffix(b"\r")
        if len(line) > limit:
            while chunk and not chunk.endswith(b"\n"):
                chunk = stream.readline(limit)
            yield Line(number, None)
        elif line.strip():
            yield Line(number, line)


def _surplus(line: bytes) -> int:
    """Return how many more brackets a line opens than it closes. No string of JSON spans lines."""
    return sum(
        1 if token[0] in b"[{" else -1 for token in _TOKENS.findall(line) if token[0] != ord('"')
    )
