"""The limits that come of all profiles together. Spec: C 3.13, 5.7.

At a connector the lowest of these holds: what ChargePointMaxProfile says, what TxProfile says (else
TxDefaultProfile), and what the connector can give. They are compared as powers on the phases that
all of them allow, so a current and a power can meet (CE 3.34, 3.69).

The charge point as a whole (connector 0) is expected to draw at most the sum of what its connectors
may draw, and never more than ChargePointMaxProfile says. A connector without a transaction counts
as if charging began there now: a car may come at any time, and the figure is to hold then, too.
Powers add up as they are. Currents add up per phase, as if all connectors lay on the same phases,
which is the worst case.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

import attrs

from ocpp16.enums import ChargingRateUnitType
from ocpp16.station.smart_charging.charging import Charging
from ocpp16.station.smart_charging.prevalence import prevailing
from ocpp16.station.smart_charging.profiles import Installed, Profiles
from ocpp16.station.smart_charging.second import to_seconds
from ocpp16.station.smart_charging.wiring import Rate, Wiring

SIXTH = 6
"""Per-phase powers are counted in sixths of their unit: 1, 2 and 3 phases divide them exactly."""


@attrs.frozen
class Question:
    """Whose limits are asked for, and when."""

    profiles: Profiles
    """All that are installed."""
    wiring: Wiring
    start: int
    """The first second."""
    end: int
    """The second after the last one."""
    charging: Mapping[int, Charging]
    """The transactions that run, by connector."""


Held: TypeAlias = tuple[int, int, int | None, int, Installed | None, Installed | None]
"""What holds at a connector: from, until before, tenths of a watt (None where nothing limits), the
phases that may be used, and the ChargePointMaxProfile and the other profile that prevail."""


class Stretch(NamedTuple):
    """What holds from one instant to another, in the unit that was asked for."""

    start: int
    """The first second."""
    end: int
    """The second after the last one."""
    tenths: int | None
    """Tenths of the unit, rounded down; None where nothing limits."""
    phases: int
    """How many phases may be used."""
    site: Installed | None
    """The ChargePointMaxProfile that prevails."""
    own: Installed | None
    """The TxProfile or TxDefaultProfile that prevails; None for connector 0, which sums them up."""


def stretches(question: Question, connector: int, unit: ChargingRateUnitType) -> Iterator[Held]:
    """Return what holds at a connector, or with 0 for the charge point, in order, without a gap.

    These are the values of a `Stretch` each; making one takes longer than finding them.
    """
    if connector == 0:
        yield from _of_site(question, unit)
    elif unit is ChargingRateUnitType.W:
        yield from limits_of_connector(question, connector)
    else:
        voltage = question.wiring.voltage
        for start, end, power, phases, site, own in limits_of_connector(question, connector):
            current = None if power is None else power // (voltage * phases)
            yield start, end, current, phases, site, own


def limits_of_connector(question: Question, connector: int) -> Iterator[Held]:
    """Return the limits of one connector, in order of time and without a gap."""
    outlet, voltage = question.wiring.outlets[connector], question.wiring.voltage
    profiles, start, end = question.profiles, question.start, question.end
    charging = question.charging.get(connector)
    began = start if charging is None else to_seconds(charging.started)
    site_parts = prevailing(profiles.of_site(), start, end, began)
    own_parts = prevailing(profiles.of_connector(connector), start, end, began)
    powers = (None, outlet.power_on(1), outlet.power_on(2), outlet.power_on(3))
    site_until = own_until = start
    site_rate = own_rate = None
    site = own = None
    while start < end:
        if site_until == start:
            _, site_until, site_rate, site = next(site_parts)
        if own_until == start:
            _, own_until, own_rate, own = next(own_parts)
        # Compared on the phases that all allow; fewer leave the limit as it stands (CE 3.34).
        phases = outlet.phases
        if site_rate is not None and site_rate.phases < phases:
            phases = site_rate.phases
        if own_rate is not None and own_rate.phases < phases:
            phases = own_rate.phases
        power = powers[phases]
        if site_rate is not None:
            allowed = site_rate.power_on(phases, voltage)
            if power is None or allowed < power:
                power = allowed
        if own_rate is not None:
            allowed = own_rate.power_on(phases, voltage)
            if power is None or allowed < power:
                power = allowed
        until = site_until if site_until < own_until else own_until  # noqa: FURB136 - a call costs more
        yield start, until, power, phases, site, own
        start = until


def _of_site(question: Question, unit: ChargingRateUnitType) -> Iterator[Held]:
    wiring, start, end = question.wiring, question.start, question.end
    sums = _sums(question, unit)
    parts = prevailing(question.profiles.of_site(), start, end, start)
    sum_until = part_until = start
    total: int | None = None
    rate = ruler = None
    while start < end:
        if sum_until == start:
            sum_until, total = next(sums)
        if part_until == start:
            _, part_until, rate, ruler = next(parts)
        phases, least = wiring.phases, total
        if rate is not None:
            phases, cap = cap_of(rate, wiring, unit)
            least = cap if total is None or cap < total else total
        until = min(sum_until, part_until)
        if least is not None and unit is ChargingRateUnitType.A:
            least //= SIXTH * wiring.voltage
        yield start, until, least, phases, ruler, None
        start = until


def _sums(question: Question, unit: ChargingRateUnitType) -> Iterator[tuple[int, int | None]]:
    """Return until when the limits of all connectors add up to what; None where one has none."""
    # Connectors that have the same profiles, hardware and start have the same limits.
    alike: dict[object, list[int]] = {}
    for connector, outlet in question.wiring.outlets.items():
        charging = question.charging.get(connector)
        profiles = tuple(map(id, question.profiles.of_connector(connector)))
        began = None if charging is None else charging.started
        alike.setdefault((profiles, outlet, began), []).append(connector)
    changes = heapq.merge(
        *(_changes(question, group[0], len(group), unit) for group in alike.values())
    )
    start, total, unlimited = question.start, 0, 0
    for time, change, opened in changes:
        if time > start:
            yield time, None if unlimited else total
            start = time
        total += change
        unlimited += opened
    yield question.end, None if unlimited else total


def _changes(
    question: Question, connector: int, count: int, unit: ChargingRateUnitType
) -> Iterator[tuple[int, int, int]]:
    """Return when the limits of so many connectors change, and by how much in sum.

    The third value is 1 where they lose their limit, and -1 where they get one again.
    """
    before = 0, 0
    for start, _, power, phases, _, _ in limits_of_connector(question, connector):
        now = (0, 1) if power is None else (count * amount(power, phases, unit), 0)
        if now != before:
            yield start, now[0] - before[0], now[1] - before[1]
            before = now


def cap_of(rate: Rate, wiring: Wiring, unit: ChargingRateUnitType) -> tuple[int, int]:
    """Return the phases that a ChargePointMaxProfile leaves, and its limit as an `amount`."""
    phases = min(wiring.phases, rate.phases)
    return phases, amount(rate.power_on(phases, wiring.voltage), phases, unit)


def amount(power: int, phases: int, unit: ChargingRateUnitType) -> int:
    """Return what adds up over connectors: the power, or the power per phase in sixths.

    Tenths of a watt both, without rounding.
    """
    return power if unit is ChargingRateUnitType.W else power * SIXTH // phases


def power_of(amount: int, phases: int, unit: ChargingRateUnitType) -> int:
    """Return the power that an `amount` is on so many phases, rounded down."""
    return amount if unit is ChargingRateUnitType.W else amount * phases // SIXTH
