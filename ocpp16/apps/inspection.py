"""`ocpp16 inspect`: what the contract says of frames, and what our receiver does with them.

Knows which call an answer belongs to, and XML from JSON. What is valid on a wire, and what is
accepted, is judged by the module of that wire. Does not print.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import attrs

from ocpp16.apps import inspection_json
from ocpp16.apps.document import is_xml, split
from ocpp16.apps.frame_lines import LINE_LIMIT, read_frames
from ocpp16.apps.verdict import Finding, Judgement, Kind, Reception, Verdict
from ocpp16.catalog import ACTIONS
from ocpp16.settings import STRICT, Leniency

REMEMBERED_CALLS = 10_000
"""Calls of a file whose ids are remembered, so that answers are known; the oldest go first."""

_ID_LIMIT = 255


def inspect_frame(
    frame: bytes | str, action: str | None = None, *, leniency: frozenset[Leniency] = STRICT
) -> Verdict:
    """Judge one frame by itself.

    Args:
        frame: One OCPP-J text message, a byte order mark being part of it; or one SOAP envelope,
            which begins with `<` and names its action itself.
        action: The action that an answer belongs to; without it only the frame of an answer is
            judged, not its payload. Of no effect on a call, which names its own.
        leniency: What our receiver is told to tolerate; the contract tolerates nothing.

    Raises:
        ModuleNotFoundError: It is XML, and the extra `soap` is not installed.
    """
    if is_xml(frame):
        from ocpp16.apps import inspection_xml  # noqa: PLC0415 - needs an extra

        judgement = inspection_xml.judge(frame)
        return Verdict.of(judgement, inspection_xml.receive(frame, judgement.kind, leniency))
    return Verdict.of(
        inspection_json.judge(frame, action),
        inspection_json.receive(frame, action, leniency),
    )


class Inspector:
    """Judges frames one after another; an answer is known by the id of an earlier call.

    Args:
        action: The action that every answer belongs to; None finds it by the id.
        leniency: What our receiver is told to tolerate.
    """

    def __init__(
        self, action: str | None = None, *, leniency: frozenset[Leniency] = STRICT
    ) -> None:
        self._action = action
        self._leniency = leniency
        self._calls: dict[str, str] = {}

    def inspect(self, frame: bytes | str) -> Verdict:
        """Judge the next frame."""
        verdict = inspect_frame(frame, self._action, leniency=self._leniency)
        if verdict.kind is Kind.CALL:
            self._remember(verdict)
        elif self._action is None and verdict.id is not None:
            action = self._calls.get(verdict.id)
            if action is not None:
                verdict = inspect_frame(frame, action, leniency=self._leniency)
        return verdict

    def _remember(self, call: Verdict) -> None:
        if call.id is None or len(call.id) > _ID_LIMIT:
            return
        if call.action is None or call.action not in ACTIONS:
            return
        self._calls.pop(call.id, None)
        self._calls[call.id] = call.action
        if len(self._calls) > REMEMBERED_CALLS:
            del self._calls[next(iter(self._calls))]


@attrs.frozen
class Inspected:
    """One frame of a stream, judged."""

    number: int
    """The line on which it begins, counted from 1."""
    frame: bytes
    """Empty for one that was too long to be read."""
    verdict: Verdict


def inspect_stream(
    stream: BinaryIO, inspector: Inspector, limit: int = LINE_LIMIT
) -> Iterator[Inspected]:
    """Judge each frame of a stream as it comes.

    A stream that begins with `<` is one envelope as a whole.
    """
    document, lines = split(stream, limit)
    if document is not None:
        frame = None if len(document) > limit else document
        yield _inspected(1, frame, inspector, limit)
        return
    for line in read_frames(lines, limit):
        yield _inspected(line.number, line.frame, inspector, limit)


def _inspected(number: int, frame: bytes | None, inspector: Inspector, limit: int) -> Inspected:
    if frame is None:
        return Inspected(number, b"", _too_long(limit))
    return Inspected(number, frame, inspector.inspect(frame))


def _too_long(limit: int) -> Verdict:
    finding = Finding(f"has more than {limit} bytes and was not read")
    return Verdict.of(Judgement(Kind.UNPARSABLE, finding=finding), Reception(finding))
