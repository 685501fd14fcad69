"""What limit holds at one second, by asking the text of the standard for that second alone.

Written from the text, and apart from the code that it judges: instants, not integers; fractions of
amperes, not tenths of watts; every profile is asked every second. Slow, and plain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from fractions import Fraction

import attrs

from ocpp16.datatypes import ChargingProfile, ChargingSchedulePeriod


@attrs.frozen
class Set:
    """A profile and the connector that it was set for."""

    connector: int
    profile: ChargingProfile
    received: datetime


@attrs.frozen
class Place:
    """What one connector has: the most it gives in W, over how many phases; None is no bound."""

    power: int | None
    phases: int


@attrs.frozen
class Told:
    """What holds at one second."""

    tenths: int | None
    phases: int
    rulers: tuple[int, ...]
    """Numbers of the profiles that prevail."""


def cut(instant: datetime) -> datetime:
    """Our rule, where the standard has none: fractions of seconds do not count."""
    return instant.replace(microsecond=0)


def elapsed(one: Set, now: datetime, began: datetime) -> int | None:
    """Seconds since the schedule (last) began, None before it begins."""
    profile, start = one.profile, one.profile.charging_schedule.start_schedule
    if profile.charging_profile_kind == "Relative" or start is None:
        # Without startSchedule it is relative to the start of charging. A charge point as a whole
        # has none: our rule is receipt.
        is_site = profile.charging_profile_purpose == "ChargePointMaxProfile"
        start = one.received if is_site else began
    gone = now - cut(start)
    if gone < timedelta(0):
        return None
    if profile.charging_profile_kind == "Recurring":
        # It repeats each 24 h, or each 7 days, from startSchedule on, CE 3.79.
        gone %= timedelta(days=7 if profile.recurrency_kind == "Weekly" else 1)
    return round(gone.total_seconds())


def says(one: Set, now: datetime, began: datetime) -> ChargingSchedulePeriod | None:
    profile, schedule = one.profile, one.profile.charging_schedule
    # The end of validity is not part of it.
    if profile.valid_from is not None and now < cut(profile.valid_from):
        return None
    if profile.valid_to is not None and now >= cut(profile.valid_to):
        return None
    gone = elapsed(one, now, began)
    if gone is None:
        return None
    # Past duration nothing is executed.
    if schedule.duration is not None and gone >= schedule.duration:
        return None
    # A limit holds from its startPeriod to the next one.
    begun = [period for period in schedule.charging_schedule_period if period.start_period <= gone]
    return max(begun, key=lambda period: period.start_period)


def prevails(
    sets: Iterable[Set], purpose: str, connector: int, now: datetime, began: datetime
) -> tuple[Set, ChargingSchedulePeriod] | None:
    """The highest stackLevel among those of a purpose and connector that say something."""
    found = [
        (one, period)
        for one in sets
        if one.connector == connector
        and one.profile.charging_profile_purpose == purpose
        and (period := says(one, now, began)) is not None
    ]
    return max(found, key=lambda pair: pair[0].profile.stack_level, default=None)


def current_of(pair: tuple[Set, ChargingSchedulePeriod], phases: int, voltage: int) -> Fraction:
    """Amperes per phase: of a power, what is left of it by nominal voltage and phases (CE 3.69)."""
    one, period = pair
    limit = Fraction(str(period.limit))
    if one.profile.charging_schedule.charging_rate_unit == "A":
        return limit
    return limit / (voltage * phases)


def phases_of(pair: tuple[Set, ChargingSchedulePeriod] | None) -> int:
    """The phases that a limit names; 3 if it names none."""
    return 3 if pair is None or pair[1].number_phases is None else pair[1].number_phases


def at_connector(
    sets: list[Set],
    place: Place,
    connector: int,
    now: datetime,
    *,
    began: datetime,
    voltage: int,
    without_default: bool,
) -> tuple[Fraction | None, int, tuple[int, ...]]:
    """Amperes per phase, phases, and who prevails."""
    site = prevails(sets, "ChargePointMaxProfile", 0, now, began)
    own = prevails(sets, "TxProfile", connector, now, began)
    if own is None and not without_default:
        # A default of the connector replaces there the one of connector 0.
        own = prevails(sets, "TxDefaultProfile", connector, now, began)
        own = own or prevails(sets, "TxDefaultProfile", 0, now, began)
    phases = min(place.phases, phases_of(site), phases_of(own))
    currents = [] if place.power is None else [Fraction(place.power, voltage * place.phases)]
    rulers = [pair for pair in (site, own) if pair is not None]
    currents += [current_of(pair, phases, voltage) for pair in rulers]
    numbers = tuple(one.profile.charging_profile_id for one, _ in rulers)
    return min(currents, default=None), phases, numbers


def told(
    sets: list[Set],
    places: Mapping[int, Place],
    connector: int,
    now: datetime,
    *,
    asked: datetime,
    began: Mapping[int, datetime],
    voltage: int,
    unit: str,
    without_default: frozenset[int],
) -> Told:
    """What is to be told of a second; connector 0 is the sum of all, and below its maximum."""

    def held(number: int) -> tuple[Fraction | None, int, tuple[int, ...]]:
        return at_connector(
            sets,
            places[number],
            number,
            now,
            began=began.get(number, asked),
            voltage=voltage,
            without_default=number in without_default,
        )

    if connector:
        current, phases, rulers = held(connector)
        if current is None:
            return Told(None, phases, rulers)
        value = current if unit == "A" else current * voltage * phases
        return Told(int(value * 10 // 1), phases, rulers)
    site = prevails(sets, "ChargePointMaxProfile", 0, now, asked)
    most = max(place.phases for place in places.values())
    phases = min(most, phases_of(site))
    each = [held(number) for number in places]
    sums: list[Fraction] = []
    if all(current is not None for current, _, _ in each):
        weights = [1 if unit == "A" else voltage * phases for _, phases, _ in each]
        sums = [
            sum(
                (
                    (current or Fraction(0)) * weight
                    for (current, _, _), weight in zip(each, weights, strict=True)
                ),
                Fraction(0),
            )
        ]
    if site is not None:
        cap = current_of(site, phases, voltage)
        sums.append(cap if unit == "A" else cap * voltage * phases)
    numbers = () if site is None else (site[0].profile.charging_profile_id,)
    if not sums:
        return Told(None, phases, numbers)
    return Told(int(min(sums) * 10 // 1), phases, numbers)
