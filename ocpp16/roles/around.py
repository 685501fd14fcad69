"""What surrounds each call: context managers of an application, entered and left with it.

Tracing and log contexts hang on here. Whatever such a context does, the call goes on: it can
neither stop a call nor swallow or change what came of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias

import attrs

from ocpp16 import log
from ocpp16.roles.peer import Peer
from ocpp16.structure import Request, Response

logger = logging.getLogger(__name__)


@attrs.define(eq=False)
class CallContext:
    """One call, ours or the peer's, while it is worked on."""

    peer: Peer
    """Who calls us, or whom we call."""
    request: Request[Any]
    id: str
    """Message id: what both sides know the call by."""
    is_ours: bool
    """Whether we call; else a handler of ours is at work."""
    response: Response | None = None
    """What came of it, once that is known; an error is raised through the context instead."""


Around: TypeAlias = Callable[[CallContext], AbstractContextManager[object]]


class Surroundings:
    """The contexts of a role."""

    __slots__ = ("_hooks",)

    def __init__(self) -> None:
        self._hooks: list[Around] = []

    def __bool__(self) -> bool:
        return bool(self._hooks)

    def add(self, hook: Around) -> None:
        """Enter what this function returns for each call from now on."""
        self._hooks.append(hook)

    @contextmanager
    def of(self, context: CallContext) -> Iterator[CallContext]:
        """Surround a call: the first context that was added is the outermost."""
        entered: list[AbstractContextManager[object]] = []
        for hook in self._hooks:
            try:
                manager = hook(context)
                manager.__enter__()
                entered.append(manager)
            except Exception as error:  # noqa: BLE001 - whatever it does, the call goes on
                log.failure(logger, "a context around a call could not be entered", error)
        try:
            yield context
        except BaseException as error:
            _leave(entered, error)
            raise
        _leave(entered, None)


def _leave(entered: list[AbstractContextManager[object]], outcome: BaseException | None) -> None:
    kind = None if outcome is None else type(outcome)
    trace = None if outcome is None else outcome.__traceback__
    for manager in reversed(entered):
        try:
            manager.__exit__(kind, outcome, trace)
        except Exception as error:  # noqa: BLE001 - as above
            if error is not outcome:
                log.failure(logger, "a context around a call could not be left", error)
