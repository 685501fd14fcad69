"""Cars that charge: how much power they take of what they are offered, as their battery fills.

A flat car takes all it can until it has enough. A real one takes its power up over half a minute,
holds it, and from 80 % on takes less and less. Power is in tenths of a watt, energy in tenths of a
watt times microseconds, both integers, so that nothing is lost however time is cut.
"""

from __future__ import annotations

from typing import Protocol

import attrs

WATT_HOUR = 10 * 3600 * 1_000_000
"""One Wh, in the unit of energy here."""
RAMP = 30 * 1_000_000
"""Microseconds until a real car takes its full power."""
KNEE = 0.8
"""State of charge from which on a real car takes less."""
LAST_SHARE = 0.05
"""Share of its power that a real car takes when it is almost full."""


class Car(Protocol):
    """A car at a connector."""

    def power(self, offered: int, since: int) -> int:
        """Return what it takes of the power offered, so many microseconds after it began."""
        raise NotImplementedError

    def take(self, energy: int) -> int:
        """Take energy, or as much of it as it still wants; return what it took."""
        raise NotImplementedError

    @property
    def wants(self) -> bool:
        """Tell whether it wants more."""
        raise NotImplementedError

    @property
    def state_of_charge(self) -> float | None:
        """How full its battery is, 0 to 1; None if nobody knows."""
        ...


@attrs.define
class FlatCar:
    """Takes whatever it is offered, up to an amount."""

    wanted: int | None = None
    """Energy that it still wants, in Wh; None is no end."""
    most: int | None = None
    """Power that it takes at most, in W."""
    _taken: int = 0

    def power(self, offered: int, since: int) -> int:
        """Return what it takes of the power offered."""
        if not self.wants:
            return 0
        return offered if self.most is None else min(offered, 10 * self.most)

    def take(self, energy: int) -> int:
        """Take energy, or as much of it as it still wants."""
        if self.wanted is not None:
            energy = min(energy, self.wanted * WATT_HOUR - self._taken)
        self._taken += energy
        return energy

    @property
    def wants(self) -> bool:
        """Tell whether it wants more."""
        return self.wanted is None or self._taken < self.wanted * WATT_HOUR

    @property
    def state_of_charge(self) -> float | None:
        """Nobody knows."""
        return None


@attrs.define(kw_only=True)
class BatteryCar:
    """A car with a battery."""

    capacity: int = 60_000
    """In Wh."""
    most: int = 11_000
    """Power that it takes at most, in W."""
    start: float = 0.2
    """How full it comes, 0 to 1."""
    enough: float = 1.0
    """How full it wants to be."""
    _taken: int = 0

    def power(self, offered: int, since: int) -> int:
        """Return what it takes of the power offered, so many microseconds after it began."""
        if not self.wants:
            return 0
        most = 10 * self.most * min(RAMP, since + RAMP // 10) // RAMP
        share = 1.0
        if self.state_of_charge > KNEE:
            share = max(LAST_SHARE, (1 - self.state_of_charge) / (1 - KNEE))
        return min(offered, int(most * share))

    def take(self, energy: int) -> int:
        """Take energy."""
        self._taken += energy
        return energy

    @property
    def wants(self) -> bool:
        """Tell whether it wants more."""
        return self.state_of_charge < self.enough

    @property
    def state_of_charge(self) -> float:
        """How full its battery is, 0 to 1."""
        return min(1.0, self.start + self._taken / (self.capacity * WATT_HOUR))
