"""What a charge point can give, and limits of power in exact integers. Spec: CE 3.34, 3.69.

The unit inside is the tenth of a watt, over all phases that are used. A current is per phase, at
the nominal voltage between a phase and neutral, never the measured one (CE 3.69):

    power = current x voltage x phases

so currents of one decimal become powers of one decimal without rounding. The way back divides, and
rounds down: what is told never is more than what is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

PHASES = 3
"""What an absent numberPhases stands for."""


@attrs.frozen(kw_only=True)
class Outlet:
    """What one connector can give, whatever profiles say."""

    power: int | None = None
    """Most power in W over all its phases; None where it is not known, for studies on paper."""
    phases: int = PHASES
    """How many phases it has, or its car uses: 1, 2 or 3."""

    def __attrs_post_init__(self) -> None:
        if self.phases not in {1, 2, 3} or (self.power is not None and self.power < 0):
            raise ValueError(f"{self} cannot be: 1 to 3 phases, and no power below 0")

    def power_on(self, phases: int) -> int | None:
        """Return the most that it gives on some of its phases, in tenths of a watt."""
        return None if self.power is None else 10 * self.power * phases // self.phases


def _as_given(outlets: Mapping[int, Outlet]) -> Mapping[int, Outlet]:
    return MappingProxyType(dict(outlets))


def _most_phases(outlets: Mapping[int, Outlet]) -> int:
    return max((outlet.phases for outlet in outlets.values()), default=PHASES)


@attrs.frozen(kw_only=True)
class Wiring:
    """The connectors of a charge point, and its voltage."""

    outlets: Mapping[int, Outlet] = attrs.field(converter=_as_given)
    """Each connector, from 1 on."""
    voltage: int = 230
    """Nominal voltage between a phase and neutral, in V."""
    phases: int = attrs.field(
        init=False, default=attrs.Factory(lambda own: _most_phases(own.outlets), takes_self=True)
    )
    """Phases that the charge point as a whole can use."""

    def __attrs_post_init__(self) -> None:
        if self.voltage <= 0:
            raise ValueError(f"{self.voltage} V is no nominal voltage")
        if not self.outlets or list(self.outlets) != list(range(1, len(self.outlets) + 1)):
            raise ValueError("connectors are numbered from 1 on, without gaps (C 3.8)")


@attrs.frozen
class Limit:
    """The most that may be drawn."""

    power: int
    """In tenths of a watt, over all phases together."""
    phases: int
    """How many phases may be used."""
    voltage: int
    """Nominal voltage, in V."""

    @property
    def watts(self) -> float:
        """The power in W."""
        return self.power / 10

    def amperes(self, phases: int = 1) -> float:
        """Return the current per phase in A, rounded down to one decimal.

        Args:
            phases: How many phases really are used. With fewer than allowed the limit stands as it
                is for each of them (CE 3.34); with more, as by a charge point that cannot switch
                phases while it charges, the power is what holds.
        """
        return self.power // (self.voltage * max(phases, self.phases)) / 10


@attrs.frozen(eq=False)
class Rate:
    """The limit of one period, as its schedule gives it."""

    tenths: int
    """In tenths of the unit."""
    is_current: bool
    """Amperes per phase; otherwise watts over all phases together."""
    phases: int

    def power_on(self, phases: int, voltage: int) -> int:
        """Return it for the phases that are used, in tenths of a watt.

        Fewer phases than it names: it stands as it is, for those (CE 3.34).
        """
        return self.tenths * voltage * phases if self.is_current else self.tenths
