"""Cars, sockets and meters of a simulated charge point."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp16.apps.charge_point.car import RAMP, WATT_HOUR, BatteryCar, Car, FlatCar
from ocpp16.apps.charge_point.machinery import Machinery
from ocpp16.enums import Measurand

HOUR = 3600.0


class Bench:
    """Machinery with a hand-driven time."""

    def __init__(self, car: Car | None = None, chance: random.Random | None = None) -> None:
        self.now = 0.0
        self.machinery = Machinery(2, 11_000, lambda: self.now, chance)
        if car is not None:
            self.machinery.sockets[1].car = car
            self.machinery.offer(1, None)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def values(self, measurand: Measurand) -> list[Decimal | int | str]:
        readings = self.machinery.read(1)
        return [each.value for each in readings if each.measurand is measurand]


def test_a_flat_car_takes_what_it_is_offered() -> None:
    bench = Bench(FlatCar())
    bench.wait(HOUR)
    assert bench.machinery.register(1) == 11_000
    bench.machinery.offer(1, 50_000)
    bench.wait(HOUR)
    assert bench.machinery.register(1) == 16_000


def test_it_takes_no_more_than_it_wants() -> None:
    car = FlatCar(wanted=500, most=2000)
    bench = Bench(car)
    assert bench.machinery.power(1) == 2000
    bench.wait(HOUR)
    assert bench.machinery.register(1) == 500
    assert not car.wants
    assert bench.machinery.power(1) == 0


@pytest.mark.parametrize("offered", [0, 10_000])
def test_nothing_flows_without_an_offer_or_a_car(offered: int) -> None:
    bench = Bench(FlatCar() if not offered else None)
    bench.machinery.offer(1, offered)
    bench.wait(HOUR)
    assert bench.machinery.register(1) == 0


@given(st.lists(st.floats(0.001, 500), min_size=1, max_size=40))
def test_nothing_is_lost_however_time_is_cut(pieces: list[float]) -> None:
    whole, cut = Bench(FlatCar()), Bench(FlatCar())
    for piece in pieces:
        cut.wait(piece)
        cut.machinery.register(1)
    whole.wait(cut.now)
    assert whole.machinery.register(1) == cut.machinery.register(1)


def test_a_real_car_takes_its_power_up() -> None:
    car = BatteryCar(most=11_000, start=0.2)
    assert car.power(110_000, 0) == 11_000
    assert car.power(110_000, RAMP // 2) == 66_000
    assert car.power(110_000, RAMP) == 110_000


def test_a_real_car_takes_less_as_it_fills() -> None:
    car = BatteryCar(capacity=50_000, most=11_000, start=0.8)
    powers = []
    for _ in range(10):
        powers.append(car.power(110_000, RAMP))
        car.take(1_000 * WATT_HOUR)
    assert powers == sorted(powers, reverse=True)
    assert powers[0] == 110_000 and powers[-1] < 20_000
    assert not car.wants and car.power(110_000, RAMP) == 0


def test_a_session_of_a_real_car_fills_it() -> None:
    car = BatteryCar(capacity=40_000, most=11_000, start=0.5)
    bench = Bench(car)
    bench.wait(6 * HOUR)
    assert bench.machinery.register(1) == pytest.approx(20_000, abs=50)
    assert bench.values(Measurand.SOC) == [100]


def test_what_is_fixed_flows_whatever_the_car_says() -> None:
    bench = Bench(FlatCar(wanted=0))
    bench.machinery.fix_power(1, 2000)
    bench.wait(HOUR)
    assert bench.machinery.register(1) == 2000
    bench.machinery.fix_power(1, None)
    assert bench.machinery.power(1) == 0


def test_energy_at_once() -> None:
    bench = Bench(FlatCar())
    bench.machinery.add(1, 700)
    assert bench.machinery.register(1) == 700


def test_meters_show_what_flows() -> None:
    bench = Bench(FlatCar())
    assert bench.values(Measurand.POWER_ACTIVE_IMPORT) == [Decimal(11_000)]
    assert bench.values(Measurand.CURRENT_IMPORT) == [Decimal("15.9")] * 3
    assert bench.values(Measurand.VOLTAGE) == [Decimal(230)] * 3
    assert bench.machinery.read(0) == ()
    shown = {each.measurand for each in bench.machinery.read(1)}
    assert shown == bench.machinery.measurands() - {Measurand.SOC}


def test_noise_is_small_and_the_same_for_the_same_seed() -> None:
    one, other = Bench(FlatCar(), random.Random(1)), Bench(FlatCar(), random.Random(1))
    voltages = one.values(Measurand.VOLTAGE)
    assert voltages == other.values(Measurand.VOLTAGE)
    assert len(set(voltages)) > 1
    assert all(abs(Decimal(value) - 230) < 1 for value in voltages)


def test_a_lock_may_be_stuck() -> None:
    machinery = Bench().machinery
    machinery.lock(1)
    assert machinery.unlock(1) and not machinery.sockets[1].is_locked
    machinery.lock(1)
    machinery.sockets[1].is_stuck = True
    assert not machinery.unlock(1) and machinery.sockets[1].is_locked
