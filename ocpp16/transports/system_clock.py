"""The real clock, on the running asyncio event loop.

Timers that are far off share one timer of the loop with all that are due about the same time: ten
thousand connections, each with its pings and deadlines, then wake the process a few times a second.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from contextvars import Context, copy_context
from datetime import UTC, datetime
from typing import TypeAlias

from ocpp16.clock import Timer

SHARED_FROM = 1.0
"""Seconds; a timer this far off may be shared."""
SLOT = 1 / 16
"""Seconds; a shared timer comes this much late at most."""


class SystemClock:
    """The clock of the machine."""

    __slots__ = ("_rounds",)

    def __init__(self) -> None:
        # By event loop, since a clock may serve several threads, and by time.
        self._rounds: dict[tuple[asyncio.AbstractEventLoop, int], _Round] = {}

    def time(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return datetime.now(UTC)

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call back once `time()` has reached `when`."""
        loop = asyncio.get_running_loop()
        now = time.monotonic()
        if when - now < SHARED_FROM:
            return loop.call_later(max(0.0, when - now), callback)
        key = loop, math.ceil(when / SLOT)
        together = self._rounds.get(key)
        if together is None:
            together = self._rounds[key] = {}
            loop.call_later(key[1] * SLOT - now, self._ring, key)
        timer = _SharedTimer(callback, together)
        together[timer] = None
        return timer

    def _ring(self, key: tuple[asyncio.AbstractEventLoop, int]) -> None:
        loop, _ = key
        for timer in self._rounds.pop(key):
            # Each by itself: what one raises is its own, and is told by the loop.
            loop.call_soon(timer.ring, context=timer.context)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class _SharedTimer:
    """One of the timers that are due in the same slot."""

    __slots__ = ("_callback", "_round", "context")

    def __init__(self, callback: Callable[[], object], together: _Round) -> None:
        self.context: Context = copy_context()
        self._callback: Callable[[], object] | None = callback
        self._round = together

    def ring(self) -> None:
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()

    def cancel(self) -> None:
        """Do not call it; no effect once it was called."""
        self._callback = None
        self._round.pop(self, None)


_Round: TypeAlias = dict[_SharedTimer, None]
