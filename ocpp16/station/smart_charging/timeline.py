"""One charging profile as a timeline: when it says something, and what. Spec: C 3.13, 7.8-7.14.

A profile says something while it is valid and its schedule is executed. Such a stretch is a span;
outside of its spans a profile is as if it were not there, and lower stack levels get their turn.
Within a span the periods of the schedule are its steps. All times are whole seconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias

import attrs

from ocpp16.datatypes import ChargingProfile
from ocpp16.enums import (
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    RecurrencyKindType,
)
from ocpp16.station.smart_charging.second import DAY, FOREVER, WEEK, to_seconds
from ocpp16.station.smart_charging.wiring import PHASES, Rate

Span: TypeAlias = tuple[int, int]
"""From, and until before."""
Step: TypeAlias = tuple[int, int, Rate]
"""From, until before, and what holds."""


@attrs.frozen(eq=False)
class Timeline:
    """When a profile says what."""

    valid_from: int
    valid_to: int
    origin: int | None
    """What the schedule counts from; None is the start of charging."""
    cycle: int
    """Length of a day or a week; 0 where nothing recurs."""
    length: int
    """How long the schedule is executed from its origin, or in each cycle if that is longer."""
    starts: tuple[int, ...]
    """startPeriod of each period; one too late for `length` or `cycle` is never reached."""
    rates: tuple[Rate, ...]

    def spans(self, start: int, end: int, began: int) -> Iterator[Span]:
        """Return where it says something, in order, between two instants.

        Args:
            start: The first second that is asked for.
            end: The second after the last one.
            began: When charging began.
        """
        first, last = max(start, self.valid_from), min(end, self.valid_to)
        origin = began if self.origin is None else self.origin
        length = self.length
        if self.cycle and length < self.cycle:
            # CE 3.79: it repeats from its origin on. CE 3.43: the gaps are for lower levels.
            origin += max(0, first - origin) // self.cycle * self.cycle
        elif self.cycle:
            # CE 3.44: parts beyond the day or week are not executed; the next one follows at once.
            length = FOREVER
        while origin < last:
            since, until = max(first, origin), min(last, origin + length)
            if since < until:
                yield since, until
            if not self.cycle or length == FOREVER:
                return
            origin += self.cycle

    def steps(self, start: int, end: int, began: int) -> Iterator[Step]:
        """Return what it says, in order, between two instants inside one of its spans."""
        origin = began if self.origin is None else self.origin
        starts, rates, last = self.starts, self.rates, len(self.starts) - 1
        while start < end:
            if self.cycle:
                origin += (start - origin) // self.cycle * self.cycle
                stop = min(end, origin + self.cycle)
            else:
                stop = end
            index = bisect_right(starts, start - origin) - 1
            while index < last and (until := origin + starts[index + 1]) < stop:
                yield start, until, rates[index]
                start, index = until, index + 1
            yield start, stop, rates[index]
            start = stop


def timeline_of(profile: ChargingProfile, received: datetime) -> Timeline:
    """Return the timeline of a profile that may be installed.

    Args:
        profile: The profile; its first period starts at 0.
        received: When it came: what a relative ChargePointMaxProfile counts from, since a charge
            point as a whole has no start of charging.
    """
    schedule = profile.charging_schedule
    cycle = 0
    if profile.charging_profile_kind is ChargingProfileKindType.RECURRING:
        cycle = WEEK if profile.recurrency_kind is RecurrencyKindType.WEEKLY else DAY
    return Timeline(
        # Without validFrom it is valid from receipt: whenever it is there to be asked. A stored
        # time of receipt would silence it when the clock is set back.
        valid_from=-FOREVER if profile.valid_from is None else to_seconds(profile.valid_from),
        valid_to=FOREVER if profile.valid_to is None else to_seconds(profile.valid_to),
        origin=_origin(profile, received),
        cycle=cycle,
        length=FOREVER if schedule.duration is None else schedule.duration,
        starts=tuple(period.start_period for period in schedule.charging_schedule_period),
        rates=tuple(
            Rate(
                round(period.limit * 10),
                schedule.charging_rate_unit is ChargingRateUnitType.A,
                PHASES if period.number_phases is None else period.number_phases,
            )
            for period in schedule.charging_schedule_period
        ),
    )


def _origin(profile: ChargingProfile, received: datetime) -> int | None:
    start = profile.charging_schedule.start_schedule
    if start is not None and profile.charging_profile_kind is not ChargingProfileKindType.RELATIVE:
        return to_seconds(start)
    # C 7.13: without startSchedule the schedule is relative to the start of charging, whatever its
    # kind says; and Relative says so by itself.
    if profile.charging_profile_purpose is ChargingProfilePurposeType.CHARGE_POINT_MAX_PROFILE:
        return to_seconds(received)
    return None
