"""A log of frames as a sequence diagram: who said what, in order, from top to bottom.

Knows which side may send what, and draws in characters; pictures are `sequence_picture`'s. Frames
of a log bear no sender: a call is from the side that alone may send its action, an answer from the
side that was called. A DataTransfer is from the side that was heard last, since both may send one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import attrs

from ocpp16.apps.document import is_xml
from ocpp16.apps.summary import summarise
from ocpp16.apps.verdict import Kind, Verdict
from ocpp16.bindings.ocppj import codec
from ocpp16.catalog import ACTIONS
from ocpp16.errors import ConstraintError
from ocpp16.log import one_line
from ocpp16.spec import Side

LABEL_LIMIT = 60
"""Characters of an arrow's label."""
STEP_LIMIT = 10_000
"""Arrows of one diagram."""
LEAST_WIDTH = 40


@attrs.frozen
class Step:
    """One arrow, or a remark."""

    sender: Side | None
    """Who sends it; None is a remark."""
    text: str
    """What it says, on one line."""
    is_answer: bool = False
    is_good: bool = True
    """False for an error, and for what a rule forbids."""


class Sequence:
    """Collects the steps of a log."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._callers: dict[str, Side] = {}
        self._heard = Side.CHARGE_POINT
        self._has_room = True

    def add(self, frame: bytes | str, verdict: Verdict) -> None:
        """Add a frame that was judged; a diagram that is too long ends with a remark."""
        if not self._has_room:
            return
        if len(self.steps) >= STEP_LIMIT:
            self._has_room = False
            self.steps.append(Step(None, f"more than {STEP_LIMIT:,} frames", is_good=False))
            return
        self.steps.append(self._step(frame, verdict))

    def _step(self, frame: bytes | str, verdict: Verdict) -> Step:
        shown = one_line(verdict.id or "", 40)
        match verdict.kind:
            case Kind.CALL:
                sender = self._sender(verdict.action)
                if verdict.id is not None:
                    self._callers[verdict.id] = sender
                self._heard = sender
                return Step(sender, _label(frame, verdict), is_good=verdict.valid)
            case Kind.CALL_RESULT | Kind.CALL_ERROR:
                caller = self._callers.pop(verdict.id or "", None)
                if caller is None:
                    return Step(None, f"an answer to {shown}, which nobody asked", is_good=False)
                self._heard = caller.other
                is_good = verdict.valid and verdict.kind is Kind.CALL_RESULT
                return Step(caller.other, _label(frame, verdict), is_answer=True, is_good=is_good)
            case _:
                return Step(
                    None, one_line(verdict.reason or "no frame", LABEL_LIMIT), is_good=False
                )

    def _sender(self, action: str | None) -> Side:
        spec = ACTIONS.get(action or "")
        return next(iter(spec.senders)) if spec and len(spec.senders) == 1 else self._heard


def _label(frame: bytes | str, verdict: Verdict) -> str:
    said = _told(frame, verdict)
    if verdict.kind is not Kind.CALL:
        return said
    return one_line(f"{verdict.action} {said}".rstrip(), LABEL_LIMIT)


def _told(frame: bytes | str, verdict: Verdict) -> str:
    """Return what matters of a payload that can be read; nothing of one that cannot."""
    spec = ACTIONS.get(verdict.action or "")
    if is_xml(frame):
        return "" if verdict.kind is Kind.CALL else verdict.kind.value
    array = json.loads(frame.decode().removeprefix("\ufeff") if isinstance(frame, bytes) else frame)
    if verdict.kind is Kind.CALL_ERROR:
        return one_line(" ".join(map(str, array[2:4])), LABEL_LIMIT)
    if not verdict.valid:
        where = f" at {verdict.path}" if verdict.path else ""
        return one_line(f"(not valid{where}: {verdict.reason})", LABEL_LIMIT)
    if spec is None:
        return ""
    cls = spec.request if verdict.kind is Kind.CALL else spec.response
    try:
        message = codec.decode(cls, json.dumps(array[-1]).encode())
    except ConstraintError:
        return ""  # Valid, and still refused: more than 64 bits, say.
    return summarise(message, LABEL_LIMIT) or "{}"


def draw(steps: Iterable[Step], width: int, *, plain: bool = False) -> Iterator[tuple[str, Step]]:
    """Draw a diagram in characters; gives each line with the step it belongs to.

    Args:
        steps: What happens.
        width: Columns of the diagram.
        plain: Whether only ASCII can be shown.
    """
    bar, dash, dots, right, left = "|-.><" if plain else "│─┄▶◀"
    head = [side.value for side in (Side.CHARGE_POINT, Side.CENTRAL_SYSTEM)]
    inner = max(LEAST_WIDTH, width) - 2 - len(head[0]) // 2 - len(head[1]) // 2
    indent = " " * (len(head[0]) // 2)
    place = len(indent) + 1 + inner - len(head[1]) // 2
    yield f"{head[0]:<{place}}{head[1]}", Step(None, "")
    for step in steps:
        text = one_line(step.text, inner - 2)
        if step.sender is None:
            yield f"{indent}{bar}{f'({text})':^{inner}}{bar}", step
            continue
        line = dots if step.is_answer else dash
        is_up = step.sender is Side.CHARGE_POINT
        arrow = f" {line * (inner - 3)}{right} " if is_up else f" {left}{line * (inner - 3)} "
        yield f"{indent}{bar} {text:<{inner - 1}}{bar}", step
        yield f"{indent}{bar}{arrow}{bar}", step
