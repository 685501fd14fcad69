"""Which profile prevails when: the one that ranks highest of those that say something.

A sweep over the ends of spans. Each profile has a bit, the higher its rank the higher the bit; the
spans, sorted by time, set and clear bits of one integer, whose highest bit then is the profile that
prevails. Only for that profile the periods of its schedule are looked at. So n profiles of s spans
cost n x s x log(n x s), however they overlap, and what is hidden costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from ocpp16.station.smart_charging.profiles import Installed
from ocpp16.station.smart_charging.wiring import Rate

Part: TypeAlias = tuple[int, int, Rate | None, Installed | None]
"""From, until before, what holds and whose it is; None where no profile says anything."""


def prevailing(ranked: Sequence[Installed], start: int, end: int, began: int) -> Iterator[Part]:
    """Return what prevails from one instant to another, in order and without a gap.

    Args:
        ranked: The profiles, the one that ranks highest last.
        start: The first second.
        end: The second after the last one.
        began: When charging began.
    """
    for since, until, one in _reigns(ranked, start, end, began):
        if one is None:
            yield since, until, None, None
        else:
            for first, last, rate in one.timeline.steps(since, until, began):
                yield first, last, rate, one


def _reigns(
    ranked: Sequence[Installed], start: int, end: int, began: int
) -> Iterator[tuple[int, int, Installed | None]]:
    edges = [
        (time, 1 << rank)
        for rank, one in enumerate(ranked)
        for span in one.timeline.spans(start, end, began)
        for time in span
    ]
    edges.sort()
    speaking, since, ruler, at = 0, start, None, start
    for time, bit in (*edges, (end, 0)):
        if time > at:
            highest = ranked[speaking.bit_length() - 1] if speaking else None
            if highest is not ruler:
                if since < at:
                    yield since, at, ruler
                since, ruler = at, highest
            at = time
        # Where a span ends and the next one of the same profile begins, the bit ends as it was.
        speaking ^= bit
    yield since, end, ruler
