"""The machinery of a simulated charge point: sockets, locks, meters, and the energy that flows.

Energy is counted whenever somebody looks, in steps so small that the curve of a car shows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from decimal import Decimal

import attrs

from ocpp16.apps.charge_point.car import WATT_HOUR, Car
from ocpp16.enums import Location, Measurand, Phase, UnitOfMeasure
from ocpp16.station.meter import Reading

STEP = 10 * 1_000_000
"""Microseconds for which the power of a car is taken as constant, while it changes by itself."""
PHASES = (Phase.L1, Phase.L2, Phase.L3)
VOLTAGE = 230
MEASURANDS = frozenset(
    {
        Measurand.ENERGY_ACTIVE_IMPORT_REGISTER,
        Measurand.POWER_ACTIVE_IMPORT,
        Measurand.POWER_OFFERED,
        Measurand.CURRENT_IMPORT,
        Measurand.CURRENT_OFFERED,
        Measurand.VOLTAGE,
        Measurand.FREQUENCY,
        Measurand.TEMPERATURE,
        Measurand.SOC,
    }
)


@attrs.define
class Socket:
    """One connector as a piece of hardware."""

    car: Car | None = None
    offered: int = 0
    """Power offered to the car, in tenths of a watt."""
    fixed_power: int | None = None
    """Power that somebody wants to be drawn whatever the car says, in tenths of a watt."""
    energy: int = 0
    """What went out so far; see `car` for the unit."""
    looked: int = 0
    began: int = 0
    """When the offer became more than nothing."""
    is_locked: bool = False
    is_stuck: bool = False
    """Its lock does not open."""

    def power(self, now: int) -> int:
        """Return the power that flows, in tenths of a watt."""
        if self.car is None or not self.offered:
            return 0
        if self.fixed_power is not None:
            return min(self.fixed_power, self.offered)
        return self.car.power(self.offered, now - self.began)


class Machinery:
    """`Equipment` of a simulated charge point.

    Args:
        connectors: How many.
        power: What each can give, in W.
        time: Returns monotonic seconds.
        chance: Where the noise of the meters comes from; None is none.
    """

    def __init__(
        self,
        connectors: int,
        power: int,
        time: Callable[[], float],
        chance: random.Random | None = None,
    ) -> None:
        self._most = 10 * power
        self._time = time
        self._chance = chance
        now = self._now()
        self.sockets = {number: Socket(looked=now) for number in range(1, connectors + 1)}

    def _now(self) -> int:
        return round(self._time() * 1_000_000)

    # What a station asks of it

    def measurands(self) -> frozenset[Measurand]:
        """Return what the meters can measure."""
        return MEASURANDS

    def register(self, connector: int) -> int:
        """Return the energy that went out of a connector so far, in whole Wh."""
        self.flow(connector)
        return (self.sockets[connector].energy + WATT_HOUR // 2) // WATT_HOUR

    def unlock(self, connector: int) -> bool:
        """Unlock a connector, unless it is stuck."""
        socket = self.sockets[connector]
        if not socket.is_stuck:
            socket.is_locked = False
        return not socket.is_stuck

    def lock(self, connector: int) -> None:
        """Lock a connector."""
        self.sockets[connector].is_locked = True

    def offer(self, connector: int, power: int | None) -> None:
        """Offer power to the car."""
        self.flow(connector)
        socket = self.sockets[connector]
        offered = self._most if power is None else min(power, self._most)
        if offered and not socket.offered:
            socket.began = self._now()
        socket.offered = offered

    def read(self, connector: int) -> Sequence[Reading]:
        """Return what the meters of a connector show; there is no main meter."""
        socket = self.sockets.get(connector)
        if socket is None:
            return ()
        energy = self.register(connector)
        power = socket.power(self._now())
        readings = [
            _reading(Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, energy, UnitOfMeasure.WH),
            _reading(Measurand.POWER_ACTIVE_IMPORT, _tenths(power), UnitOfMeasure.W),
            _reading(Measurand.POWER_OFFERED, _tenths(socket.offered), UnitOfMeasure.W),
            _reading(Measurand.CURRENT_OFFERED, _ampere(socket.offered, VOLTAGE), UnitOfMeasure.A),
            Reading(measurand=Measurand.FREQUENCY, value=self._noisy("50", 2)),
            Reading(
                measurand=Measurand.TEMPERATURE,
                value=self._noisy("31", 1),
                location=Location.BODY,
                unit=UnitOfMeasure.CELSIUS,
            ),
        ]
        for phase in PHASES:
            voltage = self._noisy(str(VOLTAGE), 1)
            readings += [
                _reading(Measurand.VOLTAGE, voltage, UnitOfMeasure.V, phase),
                _reading(Measurand.CURRENT_IMPORT, _ampere(power, voltage), UnitOfMeasure.A, phase),
            ]
        charge = None if socket.car is None else socket.car.state_of_charge
        if charge is not None:
            readings.append(
                Reading(
                    measurand=Measurand.SOC,
                    value=int(charge * 100),
                    location=Location.EV,
                    unit=UnitOfMeasure.PERCENT,
                )
            )
        return readings

    def _noisy(self, value: str, digits: int) -> Decimal:
        noise = 0.0 if self._chance is None else self._chance.uniform(-0.004, 0.004)
        return round(Decimal(value) * (1 + Decimal(noise)), digits)

    # Energy

    def power(self, connector: int) -> float:
        """Return the power that flows now, in W."""
        self.flow(connector)
        return self.sockets[connector].power(self._now()) / 10

    def fix_power(self, connector: int, watt: int | None) -> None:
        """Let so much power be drawn, as far as it is offered; None lets the car decide."""
        self.flow(connector)
        self.sockets[connector].fixed_power = None if watt is None else 10 * watt

    def flow(self, connector: int) -> None:
        """Count the energy that has flown since the last look."""
        socket, now = self.sockets[connector], self._now()
        while socket.looked < now:
            until = now
            if socket.car is not None and socket.offered and socket.fixed_power is None:
                until = min(now, socket.looked + STEP)
            energy = socket.power(socket.looked) * (until - socket.looked)
            if socket.car is not None and socket.fixed_power is None:
                energy = socket.car.take(energy)
            socket.energy += energy
            socket.looked = until

    def add(self, connector: int, watt_hours: int) -> None:
        """Let the meter of a connector show so much more, as if it had flown."""
        self.flow(connector)
        socket = self.sockets[connector]
        socket.energy += watt_hours * WATT_HOUR
        if socket.car is not None:
            socket.car.take(watt_hours * WATT_HOUR)


def _reading(
    measurand: Measurand,
    value: Decimal | int,
    unit: UnitOfMeasure,
    phase: Phase | None = None,
) -> Reading:
    return Reading(
        measurand=measurand, value=value, phase=phase, unit=unit, location=Location.OUTLET
    )


def _tenths(power: int) -> Decimal:
    return Decimal(power) / 10


def _ampere(power: int, voltage: Decimal | int) -> Decimal:
    """Return the current on each of three phases."""
    return round(Decimal(power) / 10 / (3 * Decimal(voltage)), 1)
