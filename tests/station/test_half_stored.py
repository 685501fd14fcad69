"""A storage that fails amid what belongs together: a start, or an end, with its profile."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from ocpp16 import messages
from ocpp16.datatypes import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from ocpp16.enums import (
    ChargePointStatus,
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
)
from ocpp16.storage import Change, StorageFailed
from tests.station.bench import Bench
from tests.station.parts import Disk

PROFILE = ChargingProfile(
    charging_profile_id=7,
    stack_level=0,
    charging_profile_purpose=ChargingProfilePurposeType.TX_PROFILE,
    charging_profile_kind=ChargingProfileKindType.RELATIVE,
    charging_schedule=ChargingSchedule(
        charging_rate_unit=ChargingRateUnitType.W,
        charging_schedule_period=(ChargingSchedulePeriod(start_period=0, limit=5000.0),),
    ),
)
START = messages.RemoteStartTransactionRequest(id_tag="A", connector_id=1, charging_profile=PROFILE)


class Failing(Disk):
    """A storage that cannot write records in which a word stands."""

    refused = "nothing"

    def write(self, changes: Iterable[Change]) -> None:
        work = list(changes)
        if any(self.refused in f"{change.kind} {change.value}" for change in work):
            raise StorageFailed(f"no room for {self.refused}")
        super().write(work)


def test_a_start_and_its_profile_are_stored_together_or_not_at_all() -> None:
    disk = Failing()
    bench = Bench(storage=disk)
    bench.plug_in()
    disk.refused = "charging-profile"
    with pytest.raises(StorageFailed, match="no room for charging-profile"):
        bench.ask(START)
    assert bench.core.waiting() == []
    assert bench.core.charging.busy == frozenset()
    assert bench.machinery.offers.get(1, 0) == 0
    disk.refused = "nothing"
    assert bench.show("B") is False  # A is still awaited
    bench.wait(60)
    bench.ask(START)
    assert bench.machinery.offers[1] == 50_000


def test_an_end_and_its_profile_are_stored_together_or_not_at_all() -> None:
    disk = Failing()
    bench = Bench(storage=disk)
    bench.plug_in()
    bench.ask(START)
    bench.central.received.clear()
    disk.refused = "charging-profile"
    with pytest.raises(StorageFailed, match="no room for charging-profile"):
        bench.show("A")
    assert bench.core.waiting() == []
    assert bench.core.status(1) is ChargePointStatus.CHARGING
    assert bench.machinery.offers[1] == 50_000
    disk.refused = "nothing"
    bench.show("A")
    assert bench.told == ["Stop 101 Local", "1 Finishing"]
    assert bench.machinery.offers[1] == 0
    assert disk.read("charging-profile") == {}


def test_a_start_stands_though_values_from_before_it_could_not_be_stored() -> None:
    disk = Failing()
    bench = Bench(storage=disk, ClockAlignedDataInterval=900)
    bench.wait(100)
    bench.plug_in()
    disk.refused = "MeterValues"
    assert bench.show("A")
    assert bench.core.status(1) is ChargePointStatus.CHARGING
    assert bench.machinery.offers[1] == 110_000
    assert bench.refused == ["no room for MeterValues"]
