"""The time of day of a charge point whose clock is set by its central system. Spec: C 4.2, SPEC 2.

Between settings it goes on with the seconds of a monotonic clock. What was noted before it was set
in this run is wrong by the offset that setting it reveals.
"""

from __future__ import annotations

from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=1)
"""A time that differs by less is taken as the same: answers take their time, too."""


class StationClock:
    """A clock that is set from outside.

    Args:
        time: Monotonic seconds now.
        estimate: The best guess at the time of day now.
    """

    __slots__ = ("_base", "_base_time", "is_set")

    def __init__(self, time: float, estimate: datetime) -> None:
        self._base_time = time
        self._base = estimate
        self.is_set = False
        """Whether it was set in this run."""

    def at(self, time: float) -> datetime:
        """Return the time of day at some monotonic seconds."""
        return self._base + timedelta(seconds=time - self._base_time)

    def set(self, time: float, current_time: datetime) -> timedelta:
        """Set it, and return by how much it went forward (negative: back); 0 if it was right."""
        self.is_set = True
        offset = current_time - self.at(time)
        if abs(offset) < TOLERANCE:
            return timedelta(0)
        self._base_time, self._base = time, current_time
        return offset

    def seconds_until(self, instant: datetime, time: float) -> float:
        """Return how many seconds after `time` an instant comes; 0 if it is over."""
        return max(0.0, (instant - self.at(time)).total_seconds())
