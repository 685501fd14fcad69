"""How long a charge point waits before it connects again. Spec: JE 3.4; POLICY "Connections"."""

from __future__ import annotations

from collections.abc import Callable

from ocpp16.settings import Settings


class Backoff:
    """Waits of at least `reconnect_wait`, with a random part below a bound that doubles.

    The random part keeps the chargers of a whole site apart after an outage that they share.

    Args:
        settings: Least wait, and limit of the bound.
        random: Gives a number from 0 to below 1.
    """

    def __init__(self, settings: Settings, random: Callable[[], float]) -> None:
        self._least = settings.reconnect_wait.total_seconds()
        self._limit = settings.reconnect_bound.total_seconds()
        self._random = random
        self._bound = 0.0

    def next_wait(self) -> float:
        """Return the seconds to wait before the next attempt."""
        self._bound = min(max(2 * self._bound, self._least), self._limit)
        return self._least + self._random() * self._bound

    def end_connection(self, seconds: float) -> None:
        """Take it that there was a connection for so long.

        One that did not outlast the last wait counts as a failed attempt, or a central system that
        lets in and closes at once would be flooded.
        """
        if seconds > self._least + self._bound:
            self._bound = 0.0
