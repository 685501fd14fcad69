"""When meter values are sent, and what StopTransaction tells. SPEC 7."""

from __future__ import annotations

from typing import Any

from ocpp16 import messages
from ocpp16.enums import ReadingContext
from tests.station.bench import REFUSED, Bench
from tests.station.parts import Disk, after

ENERGY = "Energy.Active.Import.Register"


def values(bench: Bench) -> list[str]:
    return [line for line in bench.told if line.startswith("Meter")]


def test_samples_count_from_the_start_of_the_transaction() -> None:
    bench = Bench(MeterValueSampleInterval=60)
    bench.wait(17)
    bench.charge()
    bench.wait(125)
    assert values(bench) == ["Meter 1 101 12:01:17 0", "Meter 1 101 12:02:17 0"]


def test_a_sample_names_its_transaction_measurands_and_context() -> None:
    bench = Bench(MeterValueSampleInterval=60, MeterValuesSampledData=f"{ENERGY},Voltage.L2")
    bench.charge()
    bench.machinery.registers[1] = 42
    bench.wait(60)
    (sent,) = bench.of(messages.MeterValuesRequest)
    assert (sent.connector_id, sent.transaction_id) == (1, 101)
    assert sent.meter_value[0].timestamp == after(60)
    values = sent.meter_value[0].sampled_value
    assert [(each.value, each.measurand, each.phase, each.context) for each in values] == [
        ("42", ENERGY, None, ReadingContext.SAMPLE_PERIODIC),
        ("231", "Voltage", "L2", ReadingContext.SAMPLE_PERIODIC),
    ]  # fmt: skip


def test_an_interval_of_0_sends_none() -> None:
    bench = Bench(MeterValueSampleInterval=0)
    bench.charge()
    bench.wait(3600)
    assert values(bench) == []


def test_a_new_interval_holds_for_what_runs() -> None:
    bench = Bench(MeterValueSampleInterval=600)
    bench.charge()
    bench.wait(30)
    bench.ask(messages.ChangeConfigurationRequest(key="MeterValueSampleInterval", value="60"))
    bench.wait(60)
    assert values(bench) == ["Meter 1 101 12:01:00 0"]


def test_nothing_is_sampled_after_the_end() -> None:
    bench = Bench(MeterValueSampleInterval=60)
    bench.charge()
    bench.show("A")
    bench.wait(300)
    assert values(bench) == []


def test_a_failure_does_not_stop_the_samples() -> None:
    bench = Bench(
        MeterValueSampleInterval=60, TransactionMessageAttempts=1, TransactionMessageRetryInterval=1
    )
    bench.charge()
    bench.central.fails = lambda request: REFUSED
    bench.wait(180)
    assert len(bench.of(messages.MeterValuesRequest)) == 3
    assert bench.refused == ["the central system fails to process MeterValuesRequest"] * 3


# Clock-aligned values


def aligned(**keys: Any) -> Bench:
    keys = {"ClockAlignedDataInterval": 900, "MeterValueSampleInterval": 0, **keys}
    return Bench(**keys)


def test_aligned_values_are_sent_at_the_end_and_stamped_with_the_start() -> None:
    bench = aligned()
    bench.machinery.registers[1] = 100
    bench.wait(600)
    bench.machinery.registers[1] = 200
    bench.wait(1100)
    assert values(bench) == ["Meter 1 None 12:00:00 100", "Meter 2 None 12:00:00 0"]
    bench.wait(100)
    assert values(bench) == ["Meter 1 None 12:15:00 200", "Meter 2 None 12:15:00 0"]


def test_a_station_switched_on_in_between_joins_in() -> None:
    bench = aligned()
    bench.wait(1000)
    bench.central.received.clear()
    bench.power_cut(seconds=7)
    bench.wait(900)
    assert values(bench)[0] == "Meter 1 None 12:16:40 0"


def test_they_name_their_context() -> None:
    bench = aligned()
    bench.wait(900)
    sent = bench.of(messages.MeterValuesRequest)
    assert {each.meter_value[0].sampled_value[0].context for each in sent} == {"Sample.Clock"}


def test_amounts_and_averages() -> None:
    bench = aligned(
        MeterValuesAlignedData="Energy.Active.Import.Interval,Power.Active.Import",
        MeterValueSampleInterval=300,
        MeterValuesSampledData="",
    )
    bench.charge()
    bench.machinery.power[1] = 3000
    bench.machinery.registers[1] = 50
    bench.wait(300)
    bench.machinery.power[1] = 6000
    bench.machinery.registers[1] = 700
    bench.wait(600)
    (first, *_) = values(bench)
    assert first == "Meter 1 101 12:00:00 700,3750"


def test_a_transaction_has_its_own_part_of_an_interval() -> None:
    bench = aligned()
    bench.wait(300)
    bench.charge()
    bench.machinery.registers[1] = 10
    bench.wait(300)
    bench.show("A")
    bench.wait(300)
    assert values(bench) == [
        "Meter 1 101 12:05:00 0", "Meter 1 None 12:10:00 10", "Meter 2 None 12:00:00 0",
    ]  # fmt: skip


def test_the_part_before_a_transaction_is_told_without_it() -> None:
    bench = aligned()
    bench.wait(300)
    bench.plug_in()
    bench.show("A")
    assert values(bench) == ["Meter 1 None 12:00:00 0"]


def test_the_main_meter_is_connector_0() -> None:
    bench = aligned()
    bench.machinery.has_main_meter = True
    bench.power_cut()
    bench.central.received.clear()
    bench.wait(900)
    assert values(bench)[0] == "Meter 0 None 12:00:00 0"


def test_the_interval_can_be_switched_on_and_off() -> None:
    bench = aligned(ClockAlignedDataInterval=0)
    bench.wait(3600)
    assert values(bench) == []
    key = "ClockAlignedDataInterval"
    bench.ask(messages.ChangeConfigurationRequest(key=key, value="1800"))
    bench.wait(1800)
    assert values(bench) == ["Meter 1 None 13:00:00 0", "Meter 2 None 13:00:00 0"]
    bench.ask(messages.ChangeConfigurationRequest(key=key, value="0"))
    bench.wait(3600)
    assert values(bench) == []


def test_a_day_has_96_values() -> None:
    bench = aligned(HeartbeatInterval=86400)
    bench.wait(86400)
    assert len([line for line in values(bench) if line.startswith("Meter 1")]) == 96


# transactionData


def data(bench: Bench) -> list[tuple[str, list[str]]]:
    (stop,) = bench.of(messages.StopTransactionRequest)
    return [
        (str(each.sampled_value[0].context), [value.value for value in each.sampled_value])
        for each in stop.transaction_data or ()
    ]


def test_without_its_keys_there_is_none() -> None:
    bench = Bench()
    bench.charge()
    bench.show("A")
    (stop,) = bench.of(messages.StopTransactionRequest)
    assert stop.transaction_data is None


def test_begin_samples_and_end() -> None:
    bench = Bench(MeterValueSampleInterval=60, StopTxnSampledData=ENERGY, MeterValuesSampledData="")
    bench.charge()
    for register in (10, 20):
        bench.machinery.registers[1] = register
        bench.wait(60)
    bench.machinery.registers[1] = 25
    bench.show("A")
    assert data(bench) == [
        ("Transaction.Begin", ["0"]), ("Sample.Periodic", ["10"]), ("Sample.Periodic", ["20"]),
        ("Transaction.End", ["25"]),
    ]  # fmt: skip


def test_aligned_values_are_told_too() -> None:
    bench = aligned(StopTxnAlignedData="Power.Active.Import", MeterValuesAlignedData="")
    bench.machinery.power[1] = 7
    bench.charge()
    bench.wait(1000)
    bench.show("A")
    assert data(bench) == [
        ("Transaction.Begin", ["7"]), ("Sample.Clock", ["7"]), ("Sample.Clock", ["7"]),
        ("Transaction.End", ["7"]),
    ]  # fmt: skip


def test_begin_and_end_have_every_measurand() -> None:
    bench = aligned(StopTxnAlignedData="Power.Active.Import", StopTxnSampledData=ENERGY)
    bench.charge()
    bench.show("A")
    assert [len(numbers) for _, numbers in data(bench)] == [2, 2]


def test_the_middle_is_dropped_not_the_ends() -> None:
    bench = Bench(
        MeterValueSampleInterval=60,
        StopTxnSampledData=ENERGY,
        MeterValuesSampledData="",
        StopTransactionMaxMeterValues=4,
    )
    bench.charge()
    for register in range(1, 21):
        bench.machinery.registers[1] = register
        bench.wait(60)
    bench.show("A")
    found = data(bench)
    assert len(found) == 4
    assert (found[0], found[-1]) == (("Transaction.Begin", ["0"]), ("Transaction.End", ["20"]))


def test_they_survive_a_power_cut() -> None:
    bench = Bench(MeterValueSampleInterval=60, StopTxnSampledData=ENERGY, MeterValuesSampledData="")
    bench.charge()
    bench.machinery.registers[1] = 10
    bench.wait(60)
    bench.power_cut()
    found = data(bench)
    assert [context for context, _ in found] == [
        "Transaction.Begin", "Sample.Periodic", "Transaction.End",
    ]  # fmt: skip
    assert not bench.storage.read("transaction-data")


def test_values_that_cannot_be_stored_are_not_sent() -> None:
    disk = Disk()
    bench = Bench(storage=disk, MeterValueSampleInterval=60)
    bench.charge()
    disk.is_full = True
    bench.wait(120)
    assert values(bench) == []
    assert bench.refused == ["the disk is full"] * 2
    disk.is_full = False
    bench.wait(60)
    assert values(bench) == ["Meter 1 101 12:03:00 0"]


def test_samples_that_are_switched_on_again_begin_with_a_whole_interval() -> None:
    bench = Bench(MeterValueSampleInterval=60)
    bench.charge()
    bench.wait(70)
    for seconds, wait in (("0", 100), ("60", 130)):
        change = messages.ChangeConfigurationRequest(key="MeterValueSampleInterval", value=seconds)
        bench.ask(change)
        bench.wait(wait)
    # On again at 12:02:50.
    assert [text.split()[3] for text in bench.told] == ["12:01:00", "12:03:50", "12:04:50"]
