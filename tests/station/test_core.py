"""Boot, clock, link and power of a whole station. SPEC 2, 3; POLICY, Charge point."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ocpp16 import messages
from ocpp16.enums import ChargePointStatus, Reason, RegistrationStatus
from ocpp16.errors import ConstraintKind, InvalidMessage
from ocpp16.station.model import Model
from tests.station.bench import CLOSED, REFUSED, TIMEOUT, Bench, Outcome
from tests.station.parts import NOON, Disk, after

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OFFLINE = Model(connectors=1, may_charge_unregistered=True)


def of(bench: Bench, kind: str) -> list[str]:
    return [line for line in bench.told if line.startswith(kind)]


# Boot


def test_nothing_leaves_before_the_registration() -> None:
    bench = Bench(model=OFFLINE, accepted=False, AllowOfflineTxForUnknownId=True)
    bench.core.link_up()
    bench.plug_in()
    bench.show("A")
    bench.wait(1000)
    assert bench.told == []
    bench.boot(RegistrationStatus.REJECTED, interval=60)
    bench.wait(1000)
    assert bench.told == []


def test_what_it_says_of_itself() -> None:
    model = Model(
        vendor="Example", model="One", serial_number="1", box_serial_number="2",
        firmware_version="3", iccid="4", imsi="5", meter_type="6", meter_serial_number="7",
    )  # fmt: skip
    assert Bench(model=model).core.boot_request() == messages.BootNotificationRequest(
        charge_point_vendor="Example", charge_point_model="One", charge_point_serial_number="1",
        charge_box_serial_number="2", firmware_version="3", iccid="4", imsi="5", meter_type="6",
        meter_serial_number="7",
    )  # fmt: skip


def test_without_a_role_the_core_knows_when_to_boot() -> None:
    bench = Bench(accepted=False)
    assert bench.core.next_boot == 0.0
    bench.core.boot_sent()
    assert bench.core.next_boot is None
    bench.core.boot_failed()
    assert bench.core.next_boot == 30.0


# The clock


def test_the_clock_is_set_by_the_registration() -> None:
    bench = Bench(accepted=False, estimate=EPOCH)
    bench.boot(current_time=NOON)
    assert bench.core.now == NOON
    bench.wait(60)
    assert bench.core.now == after(60)


def test_the_clock_is_set_by_heartbeats() -> None:
    bench = Bench(HeartbeatInterval=60)
    bench.central.clock = lambda: bench.core.now + timedelta(seconds=30)
    bench.wait(60)
    assert bench.core.now == after(90)


def test_what_was_noted_before_is_corrected() -> None:
    bench = Bench(
        model=OFFLINE,
        accepted=False,
        estimate=EPOCH,
        AllowOfflineTxForUnknownId=True,
        StopTxnSampledData="Energy.Active.Import.Register",
    )
    bench.plug_in()
    bench.show("A")
    bench.wait(600)
    bench.boot(current_time=NOON)
    bench.show("A")
    (start,) = bench.of(messages.StartTransactionRequest)
    (stop,) = bench.of(messages.StopTransactionRequest)
    meters = bench.of(messages.MeterValuesRequest)
    assert start.timestamp == after(-600)
    assert [each.meter_value[0].timestamp for each in meters] == [after(-300), NOON]
    assert stop.timestamp == NOON
    assert [each.timestamp for each in stop.transaction_data] == [
        after(-600), after(-300), NOON, NOON,
    ]  # fmt: skip


def test_a_transaction_without_a_clock_that_ends_with_the_power_is_corrected_too() -> None:
    bench = Bench(model=OFFLINE, accepted=False, estimate=EPOCH, AllowOfflineTxForUnknownId=True)
    bench.plug_in()
    bench.show("A")
    bench.wait(600)
    bench.power_cut(boots=False)
    bench.boot(current_time=NOON)
    (start,) = bench.of(messages.StartTransactionRequest)
    (stop,) = bench.of(messages.StopTransactionRequest)
    assert start.timestamp == after(-600)
    assert start.timestamp <= stop.timestamp <= NOON


def test_the_clock_never_starts_before_it_was() -> None:
    bench = Bench()
    bench.wait(3600)
    bench.charge()
    bench.power_cut(boots=False)
    assert bench.core.now >= after(3600)


def test_setting_the_clock_is_a_security_event() -> None:
    bench = Bench(model=Model(has_security_extension=True), accepted=False, estimate=EPOCH)
    bench.boot(current_time=NOON)
    assert of(bench, "Event") == ["Event StartupOfTheDevice", "Event SettingSystemTime"]


# Heartbeats


def test_heartbeats_follow_silence_only() -> None:
    bench = Bench(HeartbeatInterval=100, MeterValueSampleInterval=60)
    bench.wait(100)
    assert of(bench, "Heartbeat") == ["Heartbeat"]
    bench.charge()
    bench.wait(600)
    assert of(bench, "Heartbeat") == []


def test_one_heartbeat_a_day_is_sent_all_the_same() -> None:
    bench = Bench(HeartbeatInterval=600, MeterValueSampleInterval=60)
    bench.charge()
    bench.wait(86400)
    assert of(bench, "Heartbeat") == ["Heartbeat"]


# Messages about transactions


def test_offline_they_wait_and_arrive_in_order() -> None:
    bench = Bench(MeterValueSampleInterval=60, HeartbeatInterval=86400)
    bench.charge()
    bench.offline()
    bench.wait(150)
    bench.show("A")
    assert bench.told == []
    bench.online()
    assert bench.told == [
        "1 Finishing", "Meter 1 101 12:01:00 0", "Meter 1 101 12:02:00 0", "Stop 101 Local",
    ]  # fmt: skip


def test_a_start_offline_gives_its_id_to_what_follows() -> None:
    bench = Bench(AllowOfflineTxForUnknownId=True, MeterValueSampleInterval=60)
    bench.offline()
    bench.plug_in()
    bench.show("A")
    bench.wait(60)
    bench.show("A")
    bench.online()
    assert [line for line in bench.told if not line[0].isdigit()] == [
        "Start 1 A", "Meter 1 101 12:01:00 0", "Stop 101 Local",
    ]  # fmt: skip


def test_other_messages_overtake() -> None:
    bench = Bench(MeterValueSampleInterval=60)
    bench.charge()
    bench.central.fails = lambda request: (
        TIMEOUT if isinstance(request, messages.MeterValuesRequest) else None
    )
    bench.wait(200)
    bench.central.received.clear()
    assert bench.show("B", 2)
    assert "Authorize B" in bench.told


def test_a_call_error_is_tried_again_later_each_time() -> None:
    bench = Bench(
        MeterValueSampleInterval=3600,
        TransactionMessageAttempts=3,
        TransactionMessageRetryInterval=60,
        HeartbeatInterval=0,
    )
    bench.charge()
    times: list[float] = []

    def fails(request: object) -> Outcome | None:
        if isinstance(request, messages.MeterValuesRequest):
            times.append(bench.time)
            return REFUSED
        return None

    bench.central.fails = fails  # type: ignore[assignment]
    bench.wait(3600 + 1000)
    assert times == [3600, 3660, 3780]
    assert bench.refused == ["the central system fails to process MeterValuesRequest"]


def test_a_start_that_is_given_up() -> None:
    bench = Bench(TransactionMessageAttempts=1, MeterValueSampleInterval=60)
    bench.central.fails = lambda request: (
        REFUSED if isinstance(request, messages.StartTransactionRequest) else None
    )
    bench.plug_in()
    bench.show("A")
    bench.wait(60)
    bench.show("A")
    assert [line for line in bench.told if line.startswith(("Meter", "Stop"))] == [
        "Meter 1 -1 12:01:00 0", "Stop -1 Local",
    ]  # fmt: skip


def test_soap_faults_count_only_while_heartbeats_are_answered() -> None:
    bench = Bench(
        soap=True,
        MeterValueSampleInterval=3600,
        TransactionMessageAttempts=2,
        TransactionMessageRetryInterval=60,
        HeartbeatInterval=0,
    )
    bench.charge()
    heartbeat: list[Outcome | None] = [CLOSED]

    def fails(request: object) -> Outcome | None:
        if isinstance(request, messages.MeterValuesRequest):
            return REFUSED
        return heartbeat[0] if isinstance(request, messages.HeartbeatRequest) else None

    bench.central.fails = fails  # type: ignore[assignment]
    bench.wait(3600 + 600)
    assert bench.refused == []
    heartbeat[0] = None
    bench.wait(200)
    assert bench.refused == ["the central system fails to process MeterValuesRequest"]


def test_a_message_that_the_wire_cannot_carry_blocks_nothing() -> None:
    bench = Bench(MeterValueSampleInterval=60, TransactionMessageAttempts=1)
    bench.charge()
    bench.central.fails = lambda request: (
        InvalidMessage("MeterValuesRequest", "/transactionId", ConstraintKind.TYPE, "too large")
        if isinstance(request, messages.MeterValuesRequest)
        else None
    )
    bench.wait(60)
    bench.show("A")
    assert of(bench, "Stop") == ["Stop 101 Local"]


def test_a_late_answer_counts() -> None:
    bench = Bench()
    bench.central.fails = lambda request: (
        TIMEOUT if isinstance(request, messages.StartTransactionRequest) else None
    )
    bench.plug_in()
    bench.show("A")
    bench.central.fails = lambda request: None
    sent = next(iter(bench.core._outboxes[0]))
    response = bench.central.answer(sent.request)
    assert isinstance(response, messages.StartTransactionResponse)
    bench.core.late_answer(sent.message_id, response)
    bench.show("A")
    assert of(bench, "St") == ["Start 1 A", "Start 1 A", "Stop 101 Local"]


def test_the_message_timeout_is_the_key() -> None:
    bench = Bench(MessageTimeout=12)
    bench.core.charging.plug_in(1)
    send = bench.core.next_message()
    assert send is not None and send.timeout == 12


# Power


def test_a_power_cut_stops_what_ran() -> None:
    bench = Bench(MeterValueSampleInterval=60)
    bench.charge()
    bench.machinery.registers[1] = 500
    bench.wait(90)
    bench.power_cut(seconds=3600)
    (stop,) = bench.of(messages.StopTransactionRequest)
    assert (stop.transaction_id, stop.reason, stop.meter_stop) == (101, Reason.POWER_LOSS, 500)
    assert stop.timestamp == after(60)
    assert bench.core.status(1) is ChargePointStatus.AVAILABLE


def test_a_power_cut_offline_loses_nothing() -> None:
    bench = Bench(AllowOfflineTxForUnknownId=True)
    bench.offline()
    bench.plug_in()
    bench.show("A")
    bench.power_cut(boots=False)
    bench.power_cut(boots=False)
    bench.boot()
    assert [line for line in bench.told if not line[0].isdigit()] == [
        "Start 1 A", "Stop 101 PowerLoss",
    ]  # fmt: skip


def test_transactions_after_a_power_cut_are_not_confused_with_those_before() -> None:
    bench = Bench(AllowOfflineTxForUnknownId=True)
    bench.offline()
    for tag in ("A", "B"):
        bench.plug_in()
        bench.show(tag)
        bench.power_cut(boots=False)
    bench.boot()
    assert [line for line in bench.told if not line[0].isdigit()] == [
        "Start 1 A", "Stop 101 PowerLoss", "Start 1 B", "Stop 102 PowerLoss",
    ]  # fmt: skip


def test_what_is_due_and_cannot_be_stored_is_tried_again_now_and_then() -> None:
    disk = Disk()
    bench = Bench(storage=disk)
    bench.ask(
        messages.ReserveNowRequest(
            connector_id=1, expiry_date=after(60), id_tag="A", reservation_id=1
        )
    )
    disk.is_full = True
    bench.wait(60 + 35)
    # At 60, 70, 80 and 90 s, and when the bench looks at the end.
    assert bench.refused == ["the disk is full"] * 5
    assert bench.core.status(1) is ChargePointStatus.RESERVED
    disk.is_full = False
    bench.wait(10)
    assert bench.core.status(1) is ChargePointStatus.AVAILABLE


@pytest.mark.parametrize("seconds", [0, 5, 3600])
def test_an_unused_station_forgets_nothing(seconds: int) -> None:
    bench = Bench(storage=Disk())
    bench.power_cut(seconds=seconds)
    assert bench.told == ["0 Available", "1 Available", "2 Available"]
