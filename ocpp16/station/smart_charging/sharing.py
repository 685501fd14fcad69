"""How connectors share what the charge point as a whole may draw. Spec: C 3.13.1.

The standard limits the sum, and leaves to the charge point who gets how much of it. Here everybody
gets the same, except that what one cannot use goes to the others ("water filling"): a fair share
that never wastes, and never exceeds. minChargingRate is a hint that is not used: nobody is made to
wait so that others charge well.
"""

from __future__ import annotations

from collections.abc import Mapping


def share(budget: int, wishes: Mapping[int, int]) -> dict[int, int]:
    """Return how much everybody gets; the parts are integers and never more than the budget.

    Args:
        budget: What there is.
        wishes: The most that each can use.
    """
    parts: dict[int, int] = {}
    waiting = len(wishes)
    for number, wish in sorted(wishes.items(), key=lambda pair: (pair[1], pair[0])):
        parts[number] = min(wish, budget // waiting)
        budget -= parts[number]
        waiting -= 1
    return parts
