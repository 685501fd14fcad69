"""Registers of simulated meters outlive the process."""

from __future__ import annotations

import pytest

from ocpp16.apps.charge_point.car import FlatCar
from ocpp16.apps.charge_point.machinery import Machinery
from ocpp16.apps.charge_point.meter_storage import MeterStorage
from ocpp16.apps.charge_point.simulator import Hardware, Simulator
from ocpp16.messages import StopTransactionRequest
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.station.storage import RecordDamaged
from ocpp16.storage import Change, MemoryStationStorage, StationStorage, StorageFailed
from ocpp16.testing import HandClock
from tests.station.parts import NOON, Disk


def machinery() -> Machinery:
    return Machinery(2, 11_000, lambda: 0.0)


def simulator(storage: StationStorage) -> Simulator:
    clock = HandClock(NOON)
    return Simulator(Hardware(identity="CP1"), ChargePoint("CP1"), clock=clock, storage=storage)


def test_a_register_goes_on_where_it_was() -> None:
    disk, meters = Disk(), machinery()
    storage = MeterStorage(disk, meters)
    meters.add(2, 1234)
    storage.write([Change("a", "1", True)])
    assert disk.writes == [[Change("a", "1", True), Change("meter-register", "2", 1234)]]
    storage.write([Change("a", "1")])
    assert disk.writes[1] == [Change("a", "1")]
    later = machinery()
    MeterStorage(disk, later)
    assert (later.register(1), later.register(2)) == (0, 1234)


def test_what_could_not_be_stored_is_stored_with_the_next() -> None:
    disk, meters = Disk(), machinery()
    storage = MeterStorage(disk, meters)
    meters.add(1, 5)
    disk.is_full = True
    with pytest.raises(StorageFailed):
        storage.write([Change("a", "1", True)])
    disk.is_full = False
    storage.write([])
    assert storage.read("meter-register") == {"1": 5}


def test_a_socket_that_is_gone_is_left_alone_and_damage_is_told() -> None:
    disk = MemoryStationStorage()
    disk.write([Change("meter-register", "9", 5)])
    MeterStorage(disk, machinery())
    disk.write([Change("meter-register", "1", "x")])
    with pytest.raises(RecordDamaged, match="'x' is no register"):
        MeterStorage(disk, machinery())


def test_a_transaction_that_a_kill_has_cut_off_keeps_its_energy() -> None:
    disk = Disk()
    first = simulator(disk)
    core = first.station.core
    core.parts.context.was_accepted = True
    first.machinery.sockets[1].car = FlatCar()
    core.charging.plug_in(1)
    core.configuration.set("AllowOfflineTxForUnknownId", "true")
    core.reader.present(1, "A")
    first.machinery.add(1, 5000)
    core.pass_time(core.parts.context.time + 300)
    (last,) = (
        each
        for each in simulator(disk).station.core.waiting()
        if isinstance(each, StopTransactionRequest)
    )
    assert last.meter_stop == 5000
    assert last.reason == "PowerLoss"
