"""Meter values. SPEC 7."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from ocpp16.datatypes import MeterValue, SampledValue
from ocpp16.enums import (
    Location,
    Measurand,
    Phase,
    ReadingContext,
    UnitOfMeasure,
    ValueFormat,
)
from ocpp16.station.meter import (
    Interval,
    Reading,
    boundary_after,
    can_measure,
    sample,
    thin_out,
)
from tests.station.parts import NOON, after

ENERGY = Measurand.ENERGY_ACTIVE_IMPORT_REGISTER
FLOW = Measurand.ENERGY_ACTIVE_IMPORT_INTERVAL
POWER, VOLTAGE = Measurand.POWER_ACTIVE_IMPORT, Measurand.VOLTAGE
PERIODIC, CLOCK = ReadingContext.SAMPLE_PERIODIC, ReadingContext.SAMPLE_CLOCK


def reading(
    measurand: Measurand = ENERGY,
    value: Decimal | int | str = 5,
    *,
    phase: Phase | None = None,
    location: Location | None = None,
    unit: UnitOfMeasure | None = None,
) -> Reading:
    return Reading(measurand=measurand, value=value, phase=phase, location=location, unit=unit)


def values(value: MeterValue | None) -> list[str]:
    return [] if value is None else [sampled.value for sampled in value.sampled_value]


def test_every_value_says_what_it_is() -> None:
    value = sample([reading()], ["Energy.Active.Import.Register"], PERIODIC, NOON)
    assert value == MeterValue(
        timestamp=NOON,
        sampled_value=(
            SampledValue(value="5", context=PERIODIC, measurand=ENERGY, unit=UnitOfMeasure.WH),
        ),
    )


def test_what_is_measured_at_several_places_is_all_reported() -> None:
    shown = [
        reading(VOLTAGE, 230, phase=Phase.L1),
        reading(VOLTAGE, 231, phase=Phase.L2),
        reading(VOLTAGE, 232, location=Location.INLET),
        reading(POWER, 9),
    ]
    assert values(sample(shown, ["Voltage"], PERIODIC, NOON)) == ["230", "231", "232"]


def test_a_phase_can_be_chosen() -> None:
    shown = [reading(VOLTAGE, 230, phase=Phase.L1), reading(VOLTAGE, 231, phase=Phase.L2)]
    assert values(sample(shown, ["Voltage.L2"], PERIODIC, NOON)) == ["231"]


def test_the_order_is_that_of_the_key() -> None:
    shown = [reading(VOLTAGE, 230), reading(POWER, 9)]
    assert values(sample(shown, [POWER, VOLTAGE], PERIODIC, NOON)) == ["9", "230"]


def test_without_a_value_there_is_no_meter_value() -> None:
    assert sample([reading()], ["Voltage"], PERIODIC, NOON) is None
    assert sample([reading()], [], PERIODIC, NOON) is None


def test_a_frequency_has_no_unit() -> None:
    shown = [reading(Measurand.FREQUENCY, 50, unit=UnitOfMeasure.PERCENT)]
    value = sample(shown, ["Frequency"], PERIODIC, NOON)
    assert value is not None and value.sampled_value[0].unit is None


def test_signed_data_says_so() -> None:
    value = sample([reading(value="0A1B")], [ENERGY], PERIODIC, NOON)
    assert value is not None and value.sampled_value[0].format is ValueFormat.SIGNED_DATA


@pytest.mark.parametrize("context", list(ReadingContext))
def test_the_context_is_always_named(context: ReadingContext) -> None:
    value = sample([reading()], [ENERGY], context, NOON)
    assert value is not None and value.sampled_value[0].context is context


@pytest.mark.parametrize(
    ("items", "can"),
    [
        (["Energy.Active.Import.Register"], True),
        (["Energy.Active.Import.Interval"], True),
        (["Energy.Active.Import.Register", "Voltage.L1"], True),
        (["SoC"], False),
        (["Energy.Active.Import.Register", "SoC"], False),
        (["Energy.Active.Export.Interval"], False),
        (["Nothing"], False),
        ([], True),
    ],
)
def test_what_can_be_measured(items: list[str], can: bool) -> None:
    assert can_measure(items, frozenset({ENERGY, VOLTAGE})) is can


# Clock-aligned values


@pytest.mark.parametrize(
    ("now", "interval", "boundary"),
    [
        ("12:00:00", 900, "12:15:00"),
        ("12:14:59.5", 900, "12:15:00"),
        ("12:07:03", 900, "12:15:00"),
        ("23:59:59", 900, "00:00:00"),
        # Counted from 00:00:00 again each day.
        ("23:00:00", 7000, "23:20:00"),
        ("23:50:00", 7000, "00:00:00"),
        ("12:00:00", 86400, "00:00:00"),
        ("12:00:00", 100000, "00:00:00"),
    ],
)
def test_boundaries_count_from_midnight(now: str, interval: int, boundary: str) -> None:
    instant = datetime.fromisoformat(f"2026-01-01T{now}+00:00")
    date = "2026-01-02" if boundary == "00:00:00" else "2026-01-01"
    assert boundary_after(instant, interval) == datetime.fromisoformat(f"{date}T{boundary}+00:00")


def test_a_day_has_96_quarters_of_an_hour() -> None:
    now = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    end, count = now + timedelta(days=1), 0
    while now < end:
        now, count = boundary_after(now, 900), count + 1
    assert count == 96


def test_a_register_is_told_as_it_stood_at_the_start() -> None:
    interval = Interval(NOON, [reading(value=100)])
    value = interval.end([reading(value=130)], [ENERGY])
    assert value is not None
    assert (value.timestamp, values(value)) == (NOON, ["100"])
    assert value.sampled_value[0].context is CLOCK


def test_the_amount_in_the_interval_is_known_from_the_register() -> None:
    interval = Interval(NOON, [reading(value=100)])
    assert values(interval.end([reading(value=130)], [FLOW])) == ["30"]


def test_flows_that_the_meter_tells_are_summed() -> None:
    interval = Interval(NOON, [reading(FLOW, 1)])
    interval.see([reading(FLOW, 10)])
    assert values(interval.end([reading(FLOW, 20)], [FLOW])) == ["30"]


def test_everything_else_is_averaged() -> None:
    interval = Interval(NOON, [reading(POWER, 1000)])
    interval.see([reading(POWER, 2000)])
    assert values(interval.end([reading(POWER, 4000)], [POWER])) == ["2333.3"]


def test_averages_are_of_one_phase_each() -> None:
    first = [reading(VOLTAGE, 230, phase=Phase.L1), reading(VOLTAGE, 240, phase=Phase.L2)]
    last = [reading(VOLTAGE, 232, phase=Phase.L1), reading(VOLTAGE, 250, phase=Phase.L2)]
    assert values(Interval(NOON, first).end(last, [VOLTAGE])) == ["231", "245"]


def test_signed_data_is_told_as_it_is() -> None:
    interval = Interval(NOON, [reading(POWER, "AA")])
    assert values(interval.end([reading(POWER, "BB")], [POWER])) == ["BB"]


# transactionData


def course(*seconds: float) -> list[MeterValue]:
    return [
        MeterValue(timestamp=after(each), sampled_value=(SampledValue(value=str(each)),))
        for each in seconds
    ]


@pytest.mark.parametrize(
    ("seconds", "most", "left"),
    [
        ([0, 10, 20], 3, [0, 10, 20]),
        ([0, 10, 20], 2, [0, 20]),
        ([0, 1, 10, 20], 3, [0, 10, 20]),
        ([0, 10, 20, 21, 30], 4, [0, 10, 20, 30]),
        ([0, 10, 20], 1, [20]),
        ([0, 10, 20], 0, []),
        ([0, 20], 5, [0, 20]),
    ],
)
def test_the_middle_goes_first(seconds: list[float], most: int, left: list[float]) -> None:
    gone = set(thin_out(course(*seconds), most))
    assert [each for place, each in enumerate(seconds) if place not in gone] == left
