"""Time, as the library sees it: what a clock can do. Knows no event loop and no clock of its own.

Everything that waits or measures takes a `Clock`, so that a test can turn it by hand
(`ocpp16.testing.HandClock`). The real one is `ocpp16.transports.system_clock.SystemClock`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class Timer(Protocol):
    """A callback that waits for its time."""

    def cancel(self) -> None:
        """Do not call it; no effect once it was called."""
        ...


class Clock(Protocol):
    """Measures time, tells the time of day, and wakes."""

    def time(self) -> float:
        """Return monotonic seconds: for waits and deadlines, of no meaning by themselves."""
        raise NotImplementedError

    def now(self) -> datetime:
        """Return the time of day, in UTC with tzinfo."""
        raise NotImplementedError

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call back once `time()` has reached `when`; never before `call_at` returns."""
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
