"""Random sets of profiles, made so that what is difficult happens often.

All times lie near one instant, or whole days and weeks from it, so edges of validity, ends of
schedules and the wrap of recurring ones fall into a window of two minutes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs
from hypothesis import strategies as st

from ocpp16.datatypes import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from ocpp16.enums import ChargingProfileKindType, ChargingProfilePurposeType, ChargingRateUnitType
from ocpp16.station.smart_charging import Charging, Installed, Outlet, Profiles, Wiring
from tests.station.smart_charging.building import (
    ABSOLUTE,
    DAILY,
    DEFAULT,
    MAX,
    NOON,
    RECURRING,
    RELATIVE,
    TX,
    WEEKLY,
    A,
    W,
)


@attrs.frozen
class Scene:
    """A charge point with profiles, and what is asked of it."""

    wiring: Wiring
    profiles: Profiles
    charging: dict[int, Charging]
    connector: int
    start: datetime
    duration: int
    unit: ChargingRateUnitType


@st.composite
def instants(draw: st.DrawFn, step: int) -> datetime:
    seconds = draw(st.integers(-60, 90)) * step
    # Now and then within a second.
    micros = draw(st.sampled_from([0, 0, 0, 1, 999_999]))
    return NOON + timedelta(seconds=seconds, microseconds=micros)


@st.composite
def schedules(draw: st.DrawFn, cycle: int, step: int, start: datetime | None) -> ChargingSchedule:
    unit = draw(st.sampled_from([A, W]))
    near = st.integers(1, 90).map(lambda n: n * step)
    offsets = near
    if cycle:
        offsets |= st.integers(-60, 30).map(lambda n: max(1, cycle + n * step))
    starts = [0, *sorted(draw(st.sets(offsets, max_size=4)))]
    tenths = st.integers(0, 400) if unit is A else st.integers(0, 250_000)
    return ChargingSchedule(
        charging_rate_unit=unit,
        start_schedule=start,
        duration=draw(st.none() | st.integers(0, 60).map(lambda n: n * step) | offsets),
        charging_schedule_period=tuple(
            ChargingSchedulePeriod(
                start_period=offset,
                limit=draw(tenths) / 10,
                number_phases=draw(st.sampled_from([None, None, 1, 2, 3])),
            )
            for offset in starts
        ),
    )


@st.composite
def profiles(
    draw: st.DrawFn,
    number: int,
    purpose: ChargingProfilePurposeType,
    transaction_id: int | None,
    step: int,
) -> ChargingProfile:
    kind: ChargingProfileKindType = draw(
        st.sampled_from([ABSOLUTE, RECURRING, RECURRING, RELATIVE])
    )
    recurrency = draw(st.sampled_from([DAILY, DAILY, WEEKLY])) if kind is RECURRING else None
    cycle = {None: 0, DAILY: 86_400, WEEKLY: 7 * 86_400}[recurrency]
    start: datetime | None = draw(st.none() | instants(step) | instants(step) | instants(step))
    if start is not None and cycle:
        if draw(st.booleans()):
            start = NOON + timedelta(seconds=draw(st.integers(10, 40)) * step)
        start -= timedelta(seconds=cycle * draw(st.sampled_from([1, 1, 2, 3, 0])))
    since = draw(st.none() | st.none() | instants(step))
    until = draw(st.none() | st.none() | instants(step))
    return ChargingProfile(
        charging_profile_id=number,
        stack_level=draw(st.integers(0, 3)),
        charging_profile_purpose=purpose,
        charging_profile_kind=kind,
        recurrency_kind=recurrency,
        transaction_id=transaction_id,
        valid_from=since,
        valid_to=until,
        charging_schedule=draw(schedules(cycle, step, start)),
    )


@st.composite
def scenes(draw: st.DrawFn, *, step: int = 1, open_outlets: bool = True) -> Scene:
    """Return charge points with profiles.

    Args:
        draw: Hypothesis' own.
        step: The grid of most times, in seconds.
        open_outlets: Whether some connectors have no bound of their own.
    """
    # Powers that 1, 2 and 3 phases divide; how others are rounded has a test of its own.
    powers = st.sampled_from([None, 3600, 7200, 11_040, 22_080] if open_outlets else [3600, 22_080])
    outlets = {
        connector: Outlet(power=draw(powers), phases=draw(st.sampled_from([1, 2, 3, 3])))
        for connector in range(1, draw(st.integers(1, 3)) + 1)
    }
    charging = {
        connector: Charging(NOON - timedelta(seconds=draw(st.integers(0, 90)) * step), connector)
        for connector in outlets
        if draw(st.integers(0, 3))
    }
    received = NOON - timedelta(seconds=draw(st.integers(0, 90)) * step)
    places = [(DEFAULT, 0), (MAX, 0), *((DEFAULT, connector) for connector in outlets)]
    places += [(TX, connector) for connector in charging]
    connector = draw(st.sampled_from([0, *outlets, *(charging or outlets)]))
    # Most profiles are for few places, where they stack, and meet those that they meet in practice.
    around = [place for place in places if place[1] in {0, connector}]
    mode = draw(st.sampled_from(["all", "stack", "maximum", "transaction"]))
    if mode == "stack":
        places = [draw(st.sampled_from(around))]
    elif mode == "maximum":
        places = [(MAX, 0), around[-1]]
    elif mode == "transaction":
        places = [place for place in around if place != (MAX, 0)]
    found = Profiles()
    for number in range(1, draw(st.integers(2, 8)) + 1):
        # Each place once, the last ones first, and then any of them.
        if number <= len(places):
            purpose, where = places[-number]
        else:
            purpose, where = draw(st.sampled_from(places))
        transaction_id = charging[where].transaction_id if purpose is TX else None
        profile = draw(profiles(number, purpose, transaction_id, step))
        remote = purpose is TX and draw(st.integers(0, 7)) == 7
        found = found.with_profile(Installed(where, profile, received, remote))
    return Scene(
        wiring=Wiring(outlets=outlets, voltage=draw(st.sampled_from([230, 230, 120, 231]))),
        profiles=found,
        charging=charging,
        connector=connector,
        start=NOON + timedelta(seconds=draw(st.integers(0, 30)) * step),
        duration=draw(st.sampled_from([60, 40, 20, 1])) * step,
        unit=draw(st.sampled_from([A, W])),
    )
