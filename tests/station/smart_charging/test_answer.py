"""What is answered to requests about charging profiles, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ocpp16.datatypes import ChargingProfile, ChargingSchedule
from ocpp16.enums import (
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    RecurrencyKindType,
)
from ocpp16.errors import PropertyConstraintViolation
from ocpp16.messages import (
    ClearChargingProfileRequest,
    GetCompositeScheduleRequest,
    SetChargingProfileRequest,
)
from ocpp16.station.smart_charging import Charging, Limits, Outlet, SmartCharging, Wiring
from tests.station.smart_charging.building import (
    DAILY,
    DAY,
    DEFAULT,
    HOUR,
    MAX,
    NOON,
    RECURRING,
    RELATIVE,
    TX,
    A,
    Site,
    W,
    profile,
)

PERIODS = "/chargingSchedule/chargingSchedulePeriod"
TINY = Limits(stack_level=2, periods=3, profiles=2, units={A})


@pytest.mark.parametrize(
    ("connector", "new", "reason"),
    [
        # Purposes and places, C 3.13.1.
        (1, profile(MAX), "/chargingProfilePurpose is for connector 0 only"),
        (0, profile(TX), "/chargingProfilePurpose is for one connector, not for connector 0"),
        (2, profile(TX), "/chargingProfilePurpose needs a transaction on connector 2"),
        (
            1,
            profile(TX, transaction_id=8),
            "/transactionId is not of the transaction on connector 1",
        ),
        (0, profile(MAX, transaction_id=7), "/transactionId belongs to purpose TxProfile only"),
        (1, profile(DEFAULT, transaction_id=7), "/transactionId belongs to purpose TxProfile only"),
        # Recurrence, CE 3.56.
        (1, profile(kind=RECURRING), "/recurrencyKind is needed by kind Recurring"),
        (
            1,
            profile(recurrency_kind=DAILY),
            "/recurrencyKind belongs to kind Recurring only (CE 3.56)",
        ),
        (1, profile(valid_from=NOON, valid_to=NOON), "/validTo is not after validFrom"),
        # The schedule, CE 3.45, 3.70.
        (1, profile(duration=-1), "/chargingSchedule/duration is below 0"),
        (
            1,
            profile(TX, (1, 6.0)),
            f"{PERIODS}/0/startPeriod has to be 0 in the first period (CE 3.45)",
        ),
        (
            1,
            profile(TX, (0, 6.0), (5, 6.0), (5, 7.0)),
            f"{PERIODS}/2/startPeriod is not after that of the period before",
        ),
        (
            1,
            profile(TX, (0, 6.0), (5, -0.1)),
            f"{PERIODS}/1/limit is below 0",
        ),
        *(
            (
                1,
                profile(TX, (0, 6.0, phases)),
                f"{PERIODS}/0/numberPhases is none of 1, 2, 3",
            )
            for phases in (0, 4, -1)
        ),
        # Limits, C 9.4.
        (1, profile(level=10), "/stackLevel is outside 0 to 9"),
        (1, profile(level=-1), "/stackLevel is outside 0 to 9"),
        (
            1,
            profile(TX, *((n, 6.0) for n in range(101))),
            f"{PERIODS} has 101 items, at most 100 are taken",
        ),
    ],
)
def test_what_is_rejected_and_why(connector: int, new: ChargingProfile, reason: str) -> None:
    site = Site()
    before = site.smart.profiles
    assert site.reason(connector, new) == reason
    assert site.smart.profiles is before


def test_a_schedule_without_periods_is_rejected() -> None:
    empty = ChargingSchedule(charging_rate_unit=W, charging_schedule_period=())
    new = ChargingProfile(
        charging_profile_id=1,
        stack_level=0,
        charging_profile_purpose=DEFAULT,
        charging_profile_kind=RECURRING,
        recurrency_kind=DAILY,
        charging_schedule=empty,
    )
    assert Site().reason(1, new) == f"{PERIODS} is empty"


@pytest.mark.parametrize(
    ("connector", "new"),
    [
        (0, profile(MAX)),
        (0, profile(DEFAULT)),
        (2, profile(DEFAULT)),
        (1, profile(TX)),
        (1, profile(TX, transaction_id=7)),
        (1, profile(kind=RECURRING, recurrency_kind=DAILY)),
        (1, profile(level=9)),
        (1, profile(duration=0)),
        (1, profile(valid_from=NOON + DAY)),
        (1, profile(TX, (0, 0.0, 1))),
        (1, profile(TX, *((n, 6.0) for n in range(100)))),
    ],
)
def test_what_is_accepted(connector: int, new: ChargingProfile) -> None:
    site = Site()
    assert site.set(connector, new) == "Accepted"
    assert [one.profile for one in site.smart.profiles.installed] == [new]


def test_the_id_of_a_transaction_has_to_be_known() -> None:
    site = Site()
    site.charging[1] = Charging(NOON)
    assert site.set(1, profile(TX, transaction_id=7)) == "Rejected"
    assert site.set(1, profile(TX)) == "Accepted"


def test_limits_are_those_of_the_configuration() -> None:
    site = Site(limits=TINY)
    assert (
        site.reason(1, profile(unit=W)) == "/chargingSchedule/chargingRateUnit W is not taken here"
    )
    assert site.reason(1, profile(level=3, unit=A)) == "/stackLevel is outside 0 to 2"
    many = profile(TX, *((n, 6.0) for n in range(4)), unit=A)
    assert site.reason(1, many).endswith("has 4 items, at most 3 are taken")
    assert site.set(1, profile(number=1, unit=A)) == "Accepted"
    assert site.set(1, profile(number=2, level=1, unit=A)) == "Accepted"
    third = profile(number=3, level=2, unit=A)
    assert site.reason(1, third) == "the profile would be one of more than 2"
    # One that replaces another is no more.
    assert site.set(1, profile(number=3, level=1, unit=A)) == "Accepted"
    assert site.set(1, profile(number=1, level=2, unit=A)) == "Accepted"
    assert len(site.smart.profiles) == 2


@pytest.mark.parametrize("connector", [3, -1])
def test_an_unknown_connector_is_an_error(connector: int) -> None:
    with pytest.raises(PropertyConstraintViolation) as caught:
        Site().set(connector, profile(DEFAULT))
    assert caught.value.path == "/connectorId"
    assert caught.value.description == f"/connectorId: there is no connector {connector}"


def lenient(new: ChargingProfile, **fields: Any) -> ChargingProfile:
    """Return a profile as a lenient reader leaves it."""
    values = {spec.name: getattr(new, spec.name) for spec in new.SPEC.fields}
    return ChargingProfile.unchecked({**values, **fields}, ())


@pytest.mark.parametrize(
    ("broken", "path", "name"),
    [
        (
            lenient(
                profile(), charging_profile_purpose=ChargingProfilePurposeType.unrecognised("x")
            ),
            "/csChargingProfiles/chargingProfilePurpose",
            "ChargingProfilePurposeType",
        ),
        (
            lenient(profile(), charging_profile_kind=ChargingProfileKindType.unrecognised("x")),
            "/csChargingProfiles/chargingProfileKind",
            "ChargingProfileKindType",
        ),
        (
            lenient(profile(), recurrency_kind=RecurrencyKindType.unrecognised("x")),
            "/csChargingProfiles/recurrencyKind",
            "RecurrencyKindType",
        ),
        (
            lenient(
                profile(),
                charging_schedule=ChargingSchedule.unchecked(
                    {"charging_rate_unit": ChargingRateUnitType.unrecognised("x")}, ()
                ),
            ),
            "/csChargingProfiles/chargingSchedule/chargingRateUnit",
            "ChargingRateUnitType",
        ),
    ],
)
def test_a_value_outside_its_enumeration_is_an_error(
    broken: ChargingProfile, path: str, name: str
) -> None:
    site = Site()
    request = SetChargingProfileRequest.unchecked(
        {"connector_id": 1, "cs_charging_profiles": broken}, ()
    )
    with pytest.raises(PropertyConstraintViolation) as caught:
        site.smart.set_profile(request, NOON, site.charging)
    assert caught.value.path == path
    assert caught.value.description == f"{path}: 'x' is not a value of {name}"


# RemoteStartTransaction


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (profile(MAX), "/chargingProfilePurpose has to be TxProfile with a remote start"),
        (profile(DEFAULT), "/chargingProfilePurpose has to be TxProfile with a remote start"),
        (
            profile(transaction_id=7),
            "/transactionId cannot be known before the transaction has begun",
        ),
        (profile(kind=RECURRING), "/recurrencyKind is needed by kind Recurring"),
        (profile(level=10), "/stackLevel is outside 0 to 9"),
        (profile(duration=-1), "/chargingSchedule/duration is below 0"),
    ],
)
def test_what_cannot_come_with_a_remote_start(new: ChargingProfile, reason: str) -> None:
    assert str(Site().smart.remote_start_refusal(new)) == reason


def test_what_can_come_with_a_remote_start() -> None:
    assert Site().smart.remote_start_refusal(profile(TX)) is None
    with pytest.raises(PropertyConstraintViolation) as caught:
        Site().smart.remote_start_refusal(
            lenient(profile(), recurrency_kind=RecurrencyKindType.unrecognised("x"))
        )
    assert caught.value.path == "/chargingProfile/recurrencyKind"


# ClearChargingProfile, CE 3.25, 3.26


@pytest.mark.parametrize(
    ("request_", "left"),
    [
        (ClearChargingProfileRequest(), []),
        (ClearChargingProfileRequest(id=2), [1, 3, 4]),
        # The id alone decides.
        (ClearChargingProfileRequest(id=2, connector_id=9, stack_level=9), [1, 3, 4]),
        # 0 are those set for connector 0, absent is any.
        (ClearChargingProfileRequest(connector_id=0), [3, 4]),
        (ClearChargingProfileRequest(connector_id=1), [1, 2, 4]),
        (ClearChargingProfileRequest(charging_profile_purpose=DEFAULT), [1, 3]),
        (ClearChargingProfileRequest(stack_level=1), [1, 3]),
        (ClearChargingProfileRequest(stack_level=1, connector_id=2), [1, 2, 3]),
        (ClearChargingProfileRequest(charging_profile_purpose=MAX, stack_level=0), [2, 3, 4]),
        # Nothing is found: Unknown.
        (ClearChargingProfileRequest(id=9), None),
        (ClearChargingProfileRequest(connector_id=9), None),
        (ClearChargingProfileRequest(charging_profile_purpose=MAX, stack_level=1), None),
    ],
)
def test_clearing(request_: ClearChargingProfileRequest, left: list[int] | None) -> None:
    site = Site()
    site.set(0, profile(MAX, number=1))
    site.set(0, profile(DEFAULT, number=2, level=1))
    site.set(1, profile(TX, number=3))
    site.set(2, profile(DEFAULT, number=4, level=1))
    answer = site.smart.clear(request_)
    assert answer.status == ("Unknown" if left is None else "Accepted")
    found = [one.profile.charging_profile_id for one in site.smart.profiles.installed]
    assert found == ([1, 2, 3, 4] if left is None else left)
    assert Site().smart.clear(request_).status == "Unknown"


# GetCompositeSchedule, C 5.7, CE 3.24, 3.57


@pytest.mark.parametrize(("connector", "duration"), [(3, 60), (-1, 60), (1, -1), (0, -1)])
def test_no_composite_schedule(connector: int, duration: int) -> None:
    site = Site()
    request = GetCompositeScheduleRequest(connector_id=connector, duration=duration)
    answer = site.smart.composite_schedule(request, NOON, site.charging)
    assert answer.status == "Rejected"
    assert (answer.connector_id, answer.schedule_start, answer.charging_schedule) == (None,) * 3


def test_a_unit_outside_its_enumeration_is_an_error() -> None:
    request = GetCompositeScheduleRequest.unchecked(
        {
            "connector_id": 1,
            "duration": 60,
            "charging_rate_unit": ChargingRateUnitType.unrecognised("kW"),
        },
        (),
    )
    with pytest.raises(PropertyConstraintViolation) as caught:
        Site().smart.composite_schedule(request, NOON, {})
    assert caught.value.path == "/chargingRateUnit"
    assert "'kW' is not a value of ChargingRateUnitType" in caught.value.description


def test_a_composite_schedule() -> None:
    site = Site()
    site.set(1, profile(TX, (0, 10.0), (90, 16.0, 1), unit=A))
    request = GetCompositeScheduleRequest(connector_id=1, duration=120, charging_rate_unit=A)
    now = NOON + timedelta(seconds=30, milliseconds=700)
    answer = site.smart.composite_schedule(request, now, site.charging)
    assert (answer.status, answer.connector_id) == ("Accepted", 1)
    # From the second on in which it was asked: offsets are whole seconds.
    assert answer.schedule_start == NOON + timedelta(seconds=30)
    schedule = answer.charging_schedule
    assert schedule is not None
    assert (schedule.duration, schedule.charging_rate_unit) == (120, A)
    assert schedule.start_schedule is None
    shown = [
        (one.start_period, one.limit, one.number_phases)
        for one in schedule.charging_schedule_period
    ]
    assert shown == [(0, 10.0, 3), (60, 16.0, 1)]


def test_of_no_time_it_still_tells_what_holds() -> None:
    assert Site().schedule(duration=0) == [(0, 11_040.0)]


def test_it_reaches_a_month_and_a_thousand_periods_and_says_so() -> None:
    site = Site()
    request = GetCompositeScheduleRequest(connector_id=1, duration=2**63 - 1)
    schedule = site.smart.composite_schedule(request, NOON, {}).charging_schedule
    assert schedule is not None
    assert schedule.duration == 31 * 86_400
    daily = profile(
        TX, *((n, n / 10) for n in range(100)), kind=RECURRING, recurrency_kind=DAILY, duration=100
    )
    site.set(1, daily)
    schedule = site.smart.composite_schedule(request, NOON, site.charging).charging_schedule
    assert schedule is not None
    assert len(schedule.charging_schedule_period) == 1000
    # 101 periods a day, the last one without a limit of the profile: 9 days, and 91 s of the tenth.
    assert schedule.duration == 9 * 86_400 + 91
    assert schedule.charging_schedule_period[-1].start_period == 9 * 86_400 + 90


def test_values_at_the_edge_of_what_a_message_can_hold() -> None:
    site = Site()
    huge = 2**63 - 1
    far = profile(TX, (0, 9.0e14), (huge, 0.0), duration=huge, number=-huge)
    assert site.set(1, far) == "Accepted"
    assert site.schedule(duration=huge) == [(0, 11_040.0)]
    old = profile(
        TX,
        (0, 5000.0),
        kind=RECURRING,
        recurrency_kind=DAILY,
        start=NOON.replace(year=1),
        valid_from=NOON.replace(year=1),
        valid_to=NOON.replace(year=9999),
        level=1,
    )
    assert site.set(1, old) == "Accepted"
    assert site.schedule(duration=huge) == [(0, 5000.0)]


# The charge point as a whole


def test_connector_0_is_the_sum_of_what_connectors_may_draw() -> None:
    site = Site(connectors=3)
    site.set(1, profile(TX, (0, 1000.0), (60, 2000.0), number=1))
    site.set(2, profile(DEFAULT, (0, 500.0), (90, 700.0), number=2))
    assert site.schedule(0) == [(0, 12_540.0), (60, 13_540.0), (90, 13_740.0)]
    site.set(0, profile(MAX, (0, 13_000.0), (120, 20_000.0), number=3))
    assert site.schedule(0) == [(0, 12_540.0), (60, 13_000.0), (120, 13_740.0)]


def test_connectors_alike_count_each_and_those_that_began_apart_differ() -> None:
    site = Site(connectors=4)
    site.charging[2] = Charging(NOON - HOUR / 2, 8)
    site.set(0, profile(DEFAULT, (0, 1000.0), (3600, 2000.0), kind=RELATIVE, start=None))
    assert site.schedule(0, duration=7200) == [(0, 4000.0), (1800, 5000.0), (3600, 8000.0)]
    assert site.schedule(0, duration=7200, unit=A) == [(0, 5.7), (1800, 7.2), (3600, 11.5)]


def test_currents_add_up_per_phase_as_if_on_the_same_phases() -> None:
    wiring = Wiring(outlets={1: Outlet(power=22_080), 2: Outlet(power=3680, phases=1)})
    smart = SmartCharging(wiring)
    request = GetCompositeScheduleRequest(connector_id=0, duration=60, charging_rate_unit=A)
    schedule = smart.composite_schedule(request, NOON, {}).charging_schedule
    assert schedule is not None
    (only,) = schedule.charging_schedule_period
    assert (only.limit, only.number_phases) == (48.0, 3)
    request = GetCompositeScheduleRequest(connector_id=0, duration=60, charging_rate_unit=W)
    schedule = smart.composite_schedule(request, NOON, {}).charging_schedule
    assert schedule is not None
    assert schedule.charging_schedule_period[0].limit == 25_760.0


# What holds now


def test_what_holds_now_and_until_when() -> None:
    site = Site()
    site.set(1, profile(TX, (0, 10.0), (3600, 16.0, 1), unit=A, number=1))
    hold = site.smart.holds(NOON, site.charging)[1]
    assert hold.until == NOON + HOUR
    assert (hold.limit.power, hold.limit.phases, hold.limit.watts) == (69_000, 3, 6900.0)
    # Fewer phases leave the current as it is; more, where it cannot switch, make it smaller.
    assert [hold.limit.amperes(phases) for phases in (1, 2, 3)] == [10.0, 10.0, 10.0]
    hold = site.smart.holds(NOON + HOUR, site.charging)[1]
    assert [hold.limit.amperes(phases) for phases in (1, 2, 3)] == [16.0, 8.0, 5.3]
    # No change is in sight: ask again in a day.
    assert hold.until == NOON + HOUR + DAY
    # A change of the maximum counts, too, though it is above what is drawn now.
    site.set(0, profile(MAX, (0, 99.0), (7200, 98.0), unit=A, number=2))
    assert site.smart.holds(NOON + HOUR, site.charging)[1].until == NOON + 2 * HOUR


def test_nobody_charges_nothing_holds() -> None:
    assert Site().smart.holds(NOON, {}) == {}


def test_the_maximum_is_shared_per_phase_where_it_is_a_current() -> None:
    outlets = {1: Outlet(power=22_080), 2: Outlet(power=7360, phases=1)}
    smart = SmartCharging(Wiring(outlets=outlets))
    charging = {1: Charging(NOON), 2: Charging(NOON)}
    request = SetChargingProfileRequest(
        connector_id=0, cs_charging_profiles=profile(MAX, (0, 32.0), unit=A)
    )
    smart.set_profile(request, NOON, charging)
    holds = smart.holds(NOON, charging)
    # 16 A on three phases and 16 A on one: 32 A on the phase that they may have in common.
    assert [(holds[n].limit.amperes(), holds[n].limit.watts) for n in (1, 2)] == [
        (16.0, 11_040.0),
        (16.0, 3680.0),
    ]


def test_the_power_of_every_connector_has_to_be_known() -> None:
    with pytest.raises(ValueError, match="the power of connector 2 is not known"):
        SmartCharging(Wiring(outlets={1: Outlet(power=1), 2: Outlet()}))
