"""A clock whose time can be skipped, and that runs slower or faster in between."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from ocpp16.clock import Clock, Timer


class SkippingClock:
    """A `Clock` on top of another one.

    Args:
        clock: The other one.
        pace: How much faster it runs than that; below 1 slower.
    """

    def __init__(self, clock: Clock, pace: float = 1.0) -> None:
        self._clock = clock
        self._pace = pace
        self._since = clock.time()
        # Whole seconds read better, and schedules count in them.
        self._start = clock.now().replace(microsecond=0)
        self._reached = 0.0
        self._timers: list[tuple[float, int, _Timer]] = []
        self._order = itertools.count()
        self._alarm: Timer | None = None

    def time(self) -> float:
        """Return monotonic seconds."""
        return self._reached + (self._clock.time() - self._since) * self._pace

    def now(self) -> datetime:
        """Return the time of day."""
        return self._start + timedelta(seconds=self.time())

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call back once `time()` has reached `when`."""
        timer = _Timer(callback)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        self._arm()
        return timer

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        woken = asyncio.Event()
        timer = self.call_at(self.time() + seconds, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    @property
    def next_due(self) -> float | None:
        """When the next timer is due; None without any."""
        while self._timers and self._timers[0][2].is_cancelled:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def skip_to(self, when: float) -> None:
        """Let it be a later time now, and call back what is due then; nothing if it is over."""
        self._reached += max(0.0, when - self.time())
        self._fire()

    @contextmanager
    def at_pace(self, pace: float) -> Iterator[None]:
        """Let it run at another pace while the body runs."""
        before = self._pace
        self._change_pace(pace)
        try:
            yield
        finally:
            self._change_pace(before)

    def _change_pace(self, pace: float) -> None:
        self._reached, self._since, self._pace = self.time(), self._clock.time(), pace
        self._arm()

    def _fire(self) -> None:
        now = self.time()
        while (due := self.next_due) is not None and due <= now:
            heapq.heappop(self._timers)[2].fire()
        self._arm()

    def _arm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        due = self.next_due
        if due is not None:
            wait = max(0.0, due - self.time()) / self._pace
            self._alarm = self._clock.call_at(self._clock.time() + wait, self._fire)


class _Timer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self._callback = callback
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True

    def fire(self) -> None:
        if not self.is_cancelled:
            self._callback()
