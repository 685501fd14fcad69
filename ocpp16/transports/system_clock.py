"""The real clock, on the running asyncio event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from ocpp16.clock import Timer


class SystemClock:
    """The clock of the machine."""

    def time(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return datetime.now(UTC)

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call back once `time()` has reached `when`."""
        return asyncio.get_running_loop().call_later(max(0.0, when - time.monotonic()), callback)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
