"""A clock that is turned by hand. Knows nothing of OCPP."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ocpp16.clock import Timer

SETTLING_ROUNDS = 200
"""Turns of the event loop that count as long enough for all that follows from one thing."""


class HandClock:
    """A `Clock` that stands still until it is turned.

    Args:
        start: The time of day at the beginning.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed = 0.0
        self._timers: list[tuple[float, int, _HandTimer]] = []
        self._order = itertools.count()

    def time(self) -> float:
        """Return the seconds that it was turned by."""
        return self._elapsed

    def now(self) -> datetime:
        """Return the time of day."""
        return self._start + timedelta(seconds=self._elapsed)

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call back once it was turned so far, in `advance` or `settle`."""
        timer = _HandTimer(callback)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    async def sleep(self, seconds: float) -> None:
        """Wait until it was turned so far."""
        woken = asyncio.Event()
        timer = self.call_at(self._elapsed + seconds, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    async def advance(self, seconds: float) -> None:
        """Turn it on, stopping at every timer that is due, and let tasks do what they then can.

        Args:
            seconds: By how much.
        """
        target = self._elapsed + seconds
        await self.settle()
        while self._timers and self._timers[0][0] <= target:
            self._elapsed = max(self._elapsed, self._timers[0][0])
            await self.settle()
        self._elapsed = target
        await self.settle()

    async def settle(self) -> None:
        """Let tasks do what they can at this time; a task that waits for a thread cannot."""
        for _ in range(SETTLING_ROUNDS):
            while self._timers and self._timers[0][0] <= self._elapsed:
                heapq.heappop(self._timers)[2].fire()
            await asyncio.sleep(0)

    @property
    def next_due(self) -> float | None:
        """Seconds until the next timer; None without any."""
        while self._timers and self._timers[0][2].is_cancelled:
            heapq.heappop(self._timers)
        return self._timers[0][0] - self._elapsed if self._timers else None


class _HandTimer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback = callback
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True

    def fire(self) -> None:
        if not self.is_cancelled:
            self._callback()
