"""When a Heartbeat is due: after so much silence, and once a day for the clock. Spec: C 4.6, J 5.3.

Any message that was sent counts as a sign of life. Times are monotonic seconds.
"""

from __future__ import annotations

DAY = 24 * 60 * 60.0


class Heartbeat:
    """Watches for silence.

    Args:
        interval: Seconds of silence before a Heartbeat; 0 sends none but the daily one.
        time: Now.
    """

    __slots__ = ("_last_beat", "_last_sent", "interval")

    def __init__(self, interval: int, time: float) -> None:
        self.interval = interval
        self._last_sent = time
        self._last_beat = time

    def sent(self, time: float, *, is_heartbeat: bool = False) -> None:
        """Take it that a message was sent."""
        self._last_sent = time
        if is_heartbeat:
            self._last_beat = time

    @property
    def next_due(self) -> float:
        """When the next one is due."""
        daily = self._last_beat + DAY
        # SPEC 2: what an interval of 0 means is not described; taken as none.
        return min(daily, self._last_sent + self.interval) if self.interval > 0 else daily
