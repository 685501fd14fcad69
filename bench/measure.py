"""Measuring side by side: rounds in which each contender has its turn, and ratios within a round.

A shared machine is slow now and quick then; a ratio of two neighbours in time is steady. So
functions are measured in processor time, which others on the machine do not add to, and the figure
is the median of the ratios of the rounds, never a ratio of two medians.
"""

from __future__ import annotations

import statistics
import time
import timeit
from collections.abc import Callable, Mapping, Sequence

import attrs

ROUND_SECONDS = 0.02
"""How long one contender works in one round of a quick function."""


@attrs.frozen
class Row:
    """One line of the results."""

    goal: int
    """Number of the goal, 0 without one."""
    what: str
    against: str
    ratio: float
    low: float
    """A quarter of the rounds was below, a quarter above `high`."""
    high: float
    limit: str = ""
    """What is to be reached (`<= 1.6`)."""
    ours: float = 0.0
    """Median of ours, in `unit`."""
    unit: str = "us"

    @property
    def is_reached(self) -> bool | None:
        """Tell whether the limit is kept; None without one."""
        if not self.limit:
            return None
        sign, number = self.limit.split()
        return self.ratio <= float(number) if sign == "<=" else self.ratio >= float(number)


def row(
    goal: int,
    what: str,
    against: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    limit: str = "",
    inverse: bool = False,
    unit: str = "us",
) -> Row:
    """Return the line for figures taken in the same rounds.

    Args:
        goal: Number of the goal.
        what: What was measured.
        against: What it is compared with.
        ours: Our figures, one a round.
        theirs: The other's.
        limit: What is to be reached.
        inverse: Give theirs / ours: how many times as quick we are.
        unit: Unit of our figures.
    """
    pairs = zip(ours, theirs, strict=True)
    ratios = [other / our if inverse else our / other for our, other in pairs]
    low, middle, high = _quartiles(ratios)
    return Row(goal, what, against, middle, low, high, limit, statistics.median(ours), unit)


def absolute(goal: int, what: str, figures: Sequence[float], *, limit: str, unit: str) -> Row:
    """Return the line for a figure that is compared with nothing but its limit."""
    low, middle, high = _quartiles(figures)
    return Row(goal, what, "", middle, low, high, limit, middle, unit)


def _quartiles(figures: Sequence[float]) -> tuple[float, float, float]:
    if len(figures) < 2:
        return figures[0], figures[0], figures[0]
    low, middle, high = statistics.quantiles(figures, n=4, method="inclusive")
    return low, middle, high


def side_by_side(
    contenders: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, list[float]]:
    """Return the microseconds that each function takes, one figure a round."""
    timers = {
        name: timeit.Timer("f()", timer=time.process_time, globals={"f": call})
        for name, call in contenders.items()
    }
    return _in_rounds(timers, rounds)


def calls_side_by_side(
    contenders: Mapping[str, tuple[Callable[..., object], tuple[object, ...]]], rounds: int
) -> dict[str, list[float]]:
    """Return the microseconds of each function called with its arguments, one figure a round.

    The call stands in the loop itself, so that nothing is measured with it.
    """
    timers = {}
    for name, (function, arguments) in contenders.items():
        names = {f"a{number}": argument for number, argument in enumerate(arguments)}
        statement = f"f({', '.join(names)})"
        timers[name] = timeit.Timer(
            statement, timer=time.process_time, globals={"f": function, **names}
        )
    return _in_rounds(timers, rounds)


def _in_rounds(timers: Mapping[str, timeit.Timer], rounds: int) -> dict[str, list[float]]:
    times = {name: _enough(timer) for name, timer in timers.items()}
    figures: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(rounds):
        for name, timer in timers.items():
            figures[name].append(timer.timeit(times[name]) / times[name] * 1e6)
    return figures


def _enough(timer: timeit.Timer) -> int:
    """Return how often to call a function for one round; the first call may have to load more."""
    timer.timeit(1)
    once = max(timer.timeit(3) / 3, 1e-8)
    return max(1, min(100_000, int(ROUND_SECONDS / once)))
