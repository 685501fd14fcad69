"""Meter values: what is sampled when, in which words. Spec: C 3.16, 4.7, CE 3.9-3.16, 3.91; SPEC 7.

The meter itself comes in as a `Meter`. Session samples are instants; clock-aligned values are sent
at the end of an interval and stamped with its start: registers as they stood then, flows summed,
everything else averaged over the readings that were taken meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

import attrs

from ocpp16.datatypes import MeterValue, SampledValue
from ocpp16.enums import Location, Measurand, Phase, ReadingContext, UnitOfMeasure, ValueFormat
from ocpp16.station.configuration_key import split_measurand

DAY = 24 * 60 * 60
HELD_VALUES = 1000
"""Most meter values of one transaction where StopTransactionMaxMeterValues is not there."""


@attrs.frozen(kw_only=True)
class Reading:
    """One quantity as the meter shows it now."""

    measurand: Measurand
    value: Decimal | int | str
    """A number; a text is signed data."""
    phase: Phase | None = None
    location: Location | None = None
    unit: UnitOfMeasure | None = None

    @property
    def place(self) -> tuple[Measurand, Phase | None, Location | None]:
        """What it measures where."""
        return self.measurand, self.phase, self.location


class Meter(Protocol):
    """The meters of a charge point."""

    def measurands(self) -> frozenset[Measurand]:
        """Return what they can measure."""
        ...

    def register(self, connector: int) -> int:
        """Return the energy that went out of a connector so far, in whole Wh; it never falls."""
        ...

    def read(self, connector: int) -> Sequence[Reading]:
        """Return what they show for a connector; 0 is the main meter, if there is one."""
        ...


def is_register(measurand: Measurand) -> bool:
    """Tell whether a quantity is a meter reading that never decreases."""
    return measurand.endswith(".Register")


def is_flow(measurand: Measurand) -> bool:
    """Tell whether a quantity is an amount in an interval."""
    return measurand.endswith(".Interval")


def can_measure(items: Iterable[str], measurands: frozenset[Measurand]) -> bool:
    """Tell whether every item of a key such as MeterValuesSampledData can be measured.

    An amount in an interval is known wherever its register is.
    """
    for item in items:
        measurand, _ = split_measurand(item)
        if measurand is None:
            return False
        if measurand not in measurands and _register_of(measurand) not in measurands:
            return False
    return True


def _register_of(measurand: Measurand) -> Measurand | None:
    if not is_flow(measurand):
        return None
    return Measurand(measurand.removesuffix(".Interval") + ".Register")


def chosen(readings: Iterable[Reading], items: Iterable[str]) -> list[Reading]:
    """Return the readings that items ask for, every phase and location where none is named."""
    wanted = [split_measurand(item) for item in items]
    return [
        reading
        for measurand, phase in wanted
        for reading in readings
        if reading.measurand is measurand and phase in {None, reading.phase}
    ]


def sample(
    readings: Iterable[Reading], items: Iterable[str], context: ReadingContext, at: datetime
) -> MeterValue | None:
    """Return a meter value of what items ask for; None where the meter shows none of it."""
    values = tuple(_sampled(reading, context) for reading in chosen(list(readings), items))
    return MeterValue(timestamp=at, sampled_value=values) if values else None


def _sampled(reading: Reading, context: ReadingContext) -> SampledValue:
    is_signed = isinstance(reading.value, str)
    unit = reading.unit
    if unit is None and reading.measurand.startswith("Energy.Active"):
        unit = UnitOfMeasure.WH
    return SampledValue(
        value=str(reading.value),
        context=context,
        format=ValueFormat.SIGNED_DATA if is_signed else None,
        measurand=reading.measurand,
        phase=reading.phase,
        location=reading.location,
        # CE 3.86: no unit exists for a frequency.
        unit=None if reading.measurand is Measurand.FREQUENCY else unit,
    )


# Clock-aligned values


def boundary_after(now: datetime, interval: int) -> datetime:
    """Return the next end of an interval, counted from 00:00:00 of each day."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = int((now - midnight).total_seconds())
    return midnight + timedelta(seconds=min(DAY, (passed // interval + 1) * interval))


class Interval:
    """One interval of a connector, or the part of one that belongs to a transaction.

    Args:
        start: When it began.
        readings: What the meter showed then.
    """

    __slots__ = ("_first", "_seen", "start")

    def __init__(self, start: datetime, readings: Iterable[Reading]) -> None:
        self.start = start
        self._first = list(readings)
        self._seen = [self._first]

    def see(self, readings: Iterable[Reading]) -> None:
        """Take readings from the midst of it."""
        self._seen.append(list(readings))

    def end(self, readings: Iterable[Reading], items: Sequence[str]) -> MeterValue | None:
        """Return its meter value, stamped with its start; None where there is nothing to tell."""
        last = list(readings)
        if not last or not items:
            return None
        values = self._values(last, _wanted(items))
        return sample(values, items, ReadingContext.SAMPLE_CLOCK, self.start)

    def _values(self, last: list[Reading], wanted: frozenset[Measurand]) -> list[Reading]:
        values = []
        before = {reading.place: reading for reading in self._first}
        offered = {reading.measurand for reading in last}
        for reading in last:
            measurand, first = reading.measurand, before.get(reading.place)
            if is_register(measurand):
                if measurand in wanted:
                    values.append(reading if first is None else first)
                flow = Measurand(measurand.removesuffix(".Register") + ".Interval")
                if flow in wanted and flow not in offered and first is not None:
                    values.append(_with_value(reading, _difference(reading, first), flow))
            elif measurand not in wanted:
                continue
            elif is_flow(measurand):
                amounts = _numbers(reading, [*self._seen[1:], last])
                values.append(_with_value(reading, sum(amounts)))
            else:
                numbers = _numbers(reading, [*self._seen, last])
                mean = sum(numbers, Decimal(0)) / len(numbers) if numbers else reading.value
                values.append(_with_value(reading, _rounded(mean)))
        return values


@lru_cache(maxsize=64)
def _measurands(items: tuple[str, ...]) -> frozenset[Measurand]:
    found = (split_measurand(item)[0] for item in items)
    return frozenset(measurand for measurand in found if measurand is not None)


def _wanted(items: Iterable[str]) -> frozenset[Measurand]:
    return _measurands(tuple(items))


def _with_value(
    reading: Reading, value: Decimal | int | str, measurand: Measurand | None = None
) -> Reading:
    return Reading(
        measurand=measurand or reading.measurand,
        value=value,
        phase=reading.phase,
        location=reading.location,
        unit=reading.unit,
    )


def _numbers(reading: Reading, seen: Iterable[list[Reading]]) -> list[Decimal]:
    return [
        each.value if isinstance(each.value, Decimal) else Decimal(each.value)
        for readings in seen
        for each in readings
        if each.place == reading.place and not isinstance(each.value, str)
    ]


def _difference(later: Reading, earlier: Reading) -> Decimal:
    return Decimal(later.value) - Decimal(earlier.value)


def _rounded(value: Decimal | int | str) -> Decimal | int | str:
    if isinstance(value, str):
        return value
    rounded = round(Decimal(value), 1)
    return int(rounded) if rounded == int(rounded) else rounded


# transactionData


def thin_out(values: Sequence[MeterValue], most: int) -> list[int]:
    """Return which values have to go so that not more than so many are left.

    From the middle (CE 3.91): of those that are neither first nor last, the ones that are closest
    to their neighbours, so that what is left covers the transaction evenly.
    """
    kept = list(range(len(values)))
    gone = []
    while len(kept) > max(most, 0):
        if len(kept) <= 2:
            # Begin and end are the last to go (CE 3.14); of the two the end says more.
            gone.append(kept.pop(0))
            continue
        gaps = [
            (values[kept[place + 1]].timestamp - values[kept[place - 1]].timestamp, place)
            for place in range(1, len(kept) - 1)
        ]
        gone.append(kept.pop(min(gaps)[1]))
    return gone
