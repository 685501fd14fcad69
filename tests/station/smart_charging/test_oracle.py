"""The composite schedule, and what holds now, against the text asked second by second."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from random import Random

import attrs
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from ocpp16.messages import GetCompositeScheduleRequest
from ocpp16.station.smart_charging import SmartCharging
from ocpp16.station.smart_charging.composite import Question, Stretch, stretches
from ocpp16.station.smart_charging.second import to_instant, to_seconds
from tests.station.smart_charging.building import MAX, RECURRING, TX, A, W
from tests.station.smart_charging.generated import Scene, scenes
from tests.station.smart_charging.oracle import Place, Set, Told, elapsed, told

MOST = settings().max_examples
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
MANY = settings(max_examples=max(400, MOST), suppress_health_check=SLOW)
SOME = settings(max_examples=max(120, MOST), suppress_health_check=SLOW)


def ask_oracle(scene: Scene, second: int, *, asked: int) -> Told:
    return told(
        [Set(one.connector, one.profile, one.received) for one in scene.profiles.installed],
        {number: Place(one.power, one.phases) for number, one in scene.wiring.outlets.items()},
        scene.connector,
        to_instant(second),
        asked=to_instant(asked),
        began={number: one.started for number, one in scene.charging.items()},
        voltage=scene.wiring.voltage,
        unit=scene.unit.value,
        without_default=frozenset(
            one.connector for one in scene.profiles.installed if one.without_default
        ),
    )


def ask_code(scene: Scene) -> list[Stretch]:
    start = to_seconds(scene.start)
    question = Question(scene.profiles, scene.wiring, start, start + scene.duration, scene.charging)
    found = [Stretch._make(one) for one in stretches(question, scene.connector, scene.unit)]
    assert found[0].start == start and found[-1].end == start + scene.duration
    for one, following in itertools.pairwise(found):
        assert one.start < one.end == following.start
    return found


def told_by(stretch: Stretch) -> Told:
    rulers = tuple(
        one.profile.charging_profile_id for one in (stretch.site, stretch.own) if one is not None
    )
    return Told(stretch.tenths, stretch.phases, rulers)


CLASSES = {
    "two levels overlap",
    "a lower level takes over",
    "a higher level takes over",
    "an edge of validity",
    "a day or week wraps",
    "a schedule ends before its day or week",
    "equal levels of two connectors",
    "one phase",
    "two phases",
    "amperes and watts meet",
    "nothing limits",
    "relative",
    "weekly",
    "without default",
    "the charge point as a whole",
    "no transaction",
    "within a second",
    "told in amperes, rounded down",
    "TxProfile hides TxDefaultProfile",
    "TxDefaultProfile after TxProfile",
    "maximum and transaction meet",
}
"""What has to happen in random scenes, so that agreement says something."""


def classes(scene: Scene, trace: list[Told]) -> Iterable[str]:
    installed = {one.profile.charging_profile_id: one for one in scene.profiles.installed}
    start = to_seconds(scene.start)
    kinds = [one.purpose for one in installed.values()]
    yield from (["the charge point as a whole"] if scene.connector == 0 else [])
    if scene.connector and scene.connector not in scene.charging:
        yield "no transaction"
    if any(one.without_default for one in installed.values() if one.connector == scene.connector):
        yield "without default"
    defaults = [one for one in installed.values() if "Default" in one.purpose]
    if any(
        one.level == other.level and one.connector == 0 != other.connector == scene.connector
        for one in defaults
        for other in defaults
    ):
        yield "equal levels of two connectors"
    for second, now in enumerate(trace):
        rulers = [installed[number] for number in now.rulers]
        before = [installed[number] for number in trace[second - 1].rulers] if second else rulers
        yield from {1: ["one phase"], 2: ["two phases"]}.get(now.phases, [])
        if now.tenths is None:
            yield "nothing limits"
        elif scene.unit is A and any(
            one.profile.charging_schedule.charging_rate_unit is W for one in rulers
        ):
            yield "told in amperes, rounded down"
        if len(rulers) == 2:
            yield "maximum and transaction meet"
            if len({one.profile.charging_schedule.charging_rate_unit for one in rulers}) == 2:
                yield "amperes and watts meet"
        for one in rulers:
            profile = one.profile
            if profile.charging_profile_kind == "Relative":
                yield "relative"
            if profile.recurrency_kind == "Weekly":
                yield "weekly"
            if one.purpose is TX and any("Default" in purpose for purpose in kinds):
                yield "TxProfile hides TxDefaultProfile"
            for edge in (profile.valid_from, profile.valid_to):
                if edge is not None and start < to_seconds(edge) < start + len(trace):
                    yield "an edge of validity"
                if edge is not None and edge.microsecond:
                    yield "within a second"
            schedule = profile.charging_schedule
            if profile.charging_profile_kind is RECURRING and second and one in before:
                charging = scene.charging.get(scene.connector)
                began = scene.start if charging is None else charging.started
                times = [
                    elapsed(Set(one.connector, profile, one.received), to_instant(at), began)
                    for at in (start + second - 1, start + second)
                ]
                if None not in times and times[0] > times[1]:  # type: ignore[operator]
                    yield "a day or week wraps"
                if schedule.duration is not None and schedule.duration < 86_400:
                    yield "a schedule ends before its day or week"
            if any(
                (one.purpose, one.connector) == (other.purpose, other.connector)
                and one.level > other.level
                for other in installed.values()
            ):
                yield "two levels overlap"
        for one, old in ((one, old) for one in rulers for old in before if one is not old):
            if (one.purpose, one.connector) == (old.purpose, old.connector):
                yield f"a {'higher' if one.level > old.level else 'lower'} level takes over"
            if old.purpose is TX and "Default" in one.purpose:
                yield "TxDefaultProfile after TxProfile"


def test_every_second_is_what_the_text_says() -> None:
    seen: Counter[str] = Counter()

    @MANY
    @given(scenes())
    def compare(scene: Scene) -> None:
        start = to_seconds(scene.start)
        trace = [
            ask_oracle(scene, second, asked=start)
            for second in range(start, start + scene.duration)
        ]
        code = [told_by(one) for one in ask_code(scene) for _ in range(one.start, one.end)]
        assert code == trace
        for name in set(classes(scene, trace)):
            event(name)
            seen[name] += 1

    compare()
    assert {name for name in CLASSES if seen[name] < 3} == set()


@SOME
@given(scenes(step=3600), st.randoms(use_true_random=False))
def test_days_are_what_the_text_says_around_every_change(scene: Scene, random: Random) -> None:
    """A window of days is too long to ask every second: ask around changes, and anywhere."""
    found = ask_code(scene)
    start = to_seconds(scene.start)
    for one in found:
        middle = random.randrange(one.start, one.end)
        for second in (one.start, middle, one.end - 1):
            assert told_by(one) == ask_oracle(scene, second, asked=start)


@SOME
@given(scenes(open_outlets=False))
def test_the_answer_has_the_same_limits_and_no_period_in_vain(scene: Scene) -> None:
    smart = SmartCharging(scene.wiring, profiles=scene.profiles)
    request = GetCompositeScheduleRequest(
        connector_id=scene.connector, duration=scene.duration, charging_rate_unit=scene.unit
    )
    answer = smart.composite_schedule(request, scene.start, scene.charging)
    start = to_seconds(scene.start)
    assert (answer.status, answer.connector_id) == ("Accepted", scene.connector)
    assert answer.schedule_start == to_instant(start)
    schedule = answer.charging_schedule
    assert schedule is not None
    assert (schedule.duration, schedule.charging_rate_unit) == (scene.duration, scene.unit)
    assert (schedule.start_schedule, schedule.min_charging_rate) == (None, None)
    periods = schedule.charging_schedule_period
    assert periods[0].start_period == 0
    for one, following in itertools.pairwise(periods):
        assert one.start_period < following.start_period
        assert (one.limit, one.number_phases) != (following.limit, following.number_phases)
    drawn: list[tuple[float, int | None]] = []
    for second in range(scene.duration):
        now = [one for one in periods if one.start_period <= second][-1]
        drawn.append((now.limit, now.number_phases))
    text = [ask_oracle(scene, start + second, asked=start) for second in range(scene.duration)]
    assert drawn == [(one.tenths / 10, one.phases) for one in text if one.tenths is not None]


@SOME
@given(scenes(open_outlets=False))
def test_what_holds_now_is_what_the_text_says_until_the_time_it_tells(scene: Scene) -> None:
    smart = SmartCharging(scene.wiring, profiles=scene.profiles)
    holds = smart.holds(scene.start, scene.charging)
    assert set(holds) == set(scene.charging)
    start = to_seconds(scene.start)
    text = {
        number: [
            ask_oracle(attrs.evolve(scene, connector=number, unit=W), at, asked=start)
            for at in range(start, start + 60)
        ]
        for number in scene.charging
    }
    for number, hold in holds.items():
        first = text[number][0]
        assert first.tenths is not None
        assert hold.limit.phases == first.phases
        if len(holds) == 1:
            # Connectors that are alone share with nobody; but see below.
            assert hold.limit.power <= first.tenths
        if not any(one.purpose is MAX for one in scene.profiles.installed):
            assert hold.limit.power == first.tenths
        steady = text[number][: to_seconds(hold.until) - start]
        assert {(one.tenths, one.phases) for one in steady} == {(first.tenths, first.phases)}
    total = ask_oracle(attrs.evolve(scene, connector=0, unit=W), start, asked=start)
    assert total.tenths is not None
    assert sum(hold.limit.power for hold in holds.values()) <= total.tenths
