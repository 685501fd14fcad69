"""Triggers, data transfer, availability, resets, remote control, security events. SPEC 8, 13."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ocpp16.enums import (
    AvailabilityStatus,
    AvailabilityType,
    ChargePointStatus,
    DataTransferStatus,
    ResetType,
    TriggerMessageStatus,
    UnlockStatus,
)
from ocpp16.messages import DataTransferRequest, DataTransferResponse
from ocpp16.security_event import SecurityEvent
from ocpp16.station.availability import Availability
from ocpp16.station.data_transfer import DataTransfers
from ocpp16.station.remote import pick_connector, unlock_status
from ocpp16.station.reset import PATIENCE, REASONS, Reset, ResetStep
from ocpp16.station.security_event import CRITICAL, LOG_KIND, SENT, Logged, SecurityLog
from ocpp16.station.storage import RecordDamaged
from ocpp16.station.trigger import decide, targets
from ocpp16.storage import StorageFailed
from tests.station.parts import NOON, Disk

OFFERED = {"BootNotification", "Heartbeat", "MeterValues", "StatusNotification"}
ACCEPTED = TriggerMessageStatus.ACCEPTED
REJECTED = TriggerMessageStatus.REJECTED


@pytest.mark.parametrize(
    ("wanted", "connector", "is_accepted", "status"),
    [
        ("Heartbeat", None, True, ACCEPTED),
        ("Heartbeat", 99, True, ACCEPTED),  # without meaning there, so ignored
        ("StatusNotification", None, True, ACCEPTED),
        ("StatusNotification", 0, True, ACCEPTED),
        ("StatusNotification", 2, True, ACCEPTED),
        ("StatusNotification", 3, True, REJECTED),
        ("MeterValues", -1, True, REJECTED),
        ("BootNotification", None, True, REJECTED),
        ("BootNotification", None, False, ACCEPTED),
        ("DiagnosticsStatusNotification", None, True, TriggerMessageStatus.NOT_IMPLEMENTED),
        ("Nonsense", None, True, TriggerMessageStatus.NOT_IMPLEMENTED),
    ],
)
def test_what_may_be_triggered(
    wanted: str, connector: int | None, is_accepted: bool, status: TriggerMessageStatus
) -> None:
    answer = decide(wanted, connector, connectors=2, is_accepted=is_accepted, offered=OFFERED)
    assert answer is status


@pytest.mark.parametrize(
    ("wanted", "connector", "meant"),
    [
        ("StatusNotification", None, (0, 1, 2)),
        ("StatusNotification", 1, (1,)),
        ("StatusNotification", 0, (0,)),
        ("MeterValues", None, (0, 1, 2)),
        ("Heartbeat", 1, ()),
    ],
)
def test_whom_a_trigger_means(wanted: str, connector: int | None, meant: tuple[int, ...]) -> None:
    assert targets(wanted, connector, connectors=2) == meant


@pytest.mark.parametrize(
    ("vendor", "message", "status", "data"),
    [
        ("com.example", "echo", DataTransferStatus.ACCEPTED, "x"),
        ("COM.Example", "ECHO", DataTransferStatus.ACCEPTED, "x"),
        ("com.example", None, DataTransferStatus.REJECTED, None),
        ("com.example", "other", DataTransferStatus.UNKNOWN_MESSAGE_ID, None),
        ("com.other", "echo", DataTransferStatus.UNKNOWN_VENDOR_ID, None),
        ("com.other", None, DataTransferStatus.UNKNOWN_VENDOR_ID, None),
    ],
)
def test_data_transfer(
    vendor: str, message: str | None, status: DataTransferStatus, data: str | None
) -> None:
    transfers = DataTransfers()
    transfers.agree(
        "com.example",
        "echo",
        lambda request: DataTransferResponse(status=DataTransferStatus.ACCEPTED, data=request.data),
    )
    transfers.agree(
        "com.example",
        None,
        lambda request: DataTransferResponse(status=DataTransferStatus.REJECTED),
    )
    request = DataTransferRequest(vendor_id=vendor, message_id=message, data="x")
    assert transfers.answer(request) == DataTransferResponse(status=status, data=data)


OPERATIVE, INOPERATIVE = AvailabilityType.OPERATIVE, AvailabilityType.INOPERATIVE


@pytest.mark.parametrize(
    ("number", "type", "busy", "status"),
    [
        (1, INOPERATIVE, set(), AvailabilityStatus.ACCEPTED),
        (1, INOPERATIVE, {1}, AvailabilityStatus.SCHEDULED),
        (1, INOPERATIVE, {2}, AvailabilityStatus.ACCEPTED),
        (1, OPERATIVE, {1}, AvailabilityStatus.ACCEPTED),  # it is so already
        (0, INOPERATIVE, set(), AvailabilityStatus.ACCEPTED),
        (0, INOPERATIVE, {2}, AvailabilityStatus.SCHEDULED),
        (3, INOPERATIVE, set(), AvailabilityStatus.REJECTED),
        (-1, INOPERATIVE, set(), AvailabilityStatus.REJECTED),
    ],
)
def test_change_of_availability(
    number: int, type: AvailabilityType, busy: set[int], status: AvailabilityStatus
) -> None:
    assert Availability(Disk(), 2).change(number, type, busy=busy) is status


def test_connector_0_means_all() -> None:
    availability = Availability(Disk(), 2)
    availability.change(0, INOPERATIVE, busy=())
    assert [availability.is_operative(number) for number in (0, 1, 2)] == [False] * 3
    availability.change(1, OPERATIVE, busy=())
    assert [availability.is_operative(number) for number in (0, 1, 2)] == [False, True, False]
    availability.change(0, OPERATIVE, busy=())
    assert [availability.is_operative(number) for number in (0, 1, 2)] == [True] * 3


def test_availability_outlives_a_restart() -> None:
    disk = Disk()
    Availability(disk, 2).change(2, INOPERATIVE, busy=())
    again = Availability(disk, 2)
    assert [again.is_operative(number) for number in (0, 1, 2)] == [True, True, False]


def test_availability_that_cannot_be_stored_is_not_changed() -> None:
    disk = Disk()
    availability = Availability(disk, 2)
    disk.is_full = True
    with pytest.raises(StorageFailed):
        availability.change(1, INOPERATIVE, busy=())
    assert availability.is_operative(1)


def test_a_soft_reset_waits_for_its_messages() -> None:
    reset = Reset(ResetType.SOFT, 0.0, retries=0)
    assert reset.look(1.0, is_all_sent=False) is ResetStep.NOTHING
    assert reset.look(2.0, is_all_sent=True) is ResetStep.RESTART


def test_a_soft_reset_does_not_wait_for_ever() -> None:
    reset = Reset(ResetType.SOFT, 0.0, retries=0)
    assert reset.next_due(0.0, is_all_sent=False) == PATIENCE
    assert reset.next_due(7.0, is_all_sent=True) == 7.0
    assert reset.look(PATIENCE, is_all_sent=False) is ResetStep.RESTART


def test_a_hard_reset_does_not_wait() -> None:
    reset = Reset(ResetType.HARD, 0.0, retries=0)
    assert reset.look(0.0, is_all_sent=False) is ResetStep.RESTART


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_reset_is_tried_again_so_often(retries: int) -> None:
    reset = Reset(ResetType.SOFT, 0.0, retries=retries)
    time, restarts = 0.0, 0
    while True:
        step = reset.look(time, is_all_sent=True)
        if step is not ResetStep.RESTART:
            break
        restarts += 1
        assert reset.look(time, is_all_sent=True) is ResetStep.NOTHING
        assert reset.next_due(time, is_all_sent=True) is None
        reset.failed(time)
        due = reset.next_due(time, is_all_sent=True)
        assert due is not None
        time = due
    assert (step, restarts) == (ResetStep.GIVE_UP, 1 + retries)


def test_reasons_of_a_reset() -> None:
    assert {type.value: reason.value for type, reason in REASONS.items()} == {
        "Soft": "SoftReset",
        "Hard": "HardReset",
    }


AVAILABLE, PREPARING = ChargePointStatus.AVAILABLE, ChargePointStatus.PREPARING


@pytest.mark.parametrize(
    ("wanted", "statuses", "usable", "picked"),
    [
        (None, {1: AVAILABLE, 2: PREPARING}, {1, 2}, 2),
        (None, {1: AVAILABLE, 2: PREPARING}, {1}, 1),
        (1, {1: AVAILABLE, 2: PREPARING}, {1, 2}, 1),
        (1, {2: PREPARING}, {1, 2}, None),
        (None, {}, {1}, None),
        (None, {1: ChargePointStatus.UNAVAILABLE, 2: ChargePointStatus.FAULTED}, {1, 2}, None),
        (1, {1: ChargePointStatus.RESERVED}, {1}, 1),
        (1, {1: ChargePointStatus.FINISHING}, {1}, 1),
    ],
)
def test_where_a_remote_start_takes_place(
    wanted: int | None,
    statuses: dict[int, ChargePointStatus],
    usable: set[int],
    picked: int | None,
) -> None:
    assert pick_connector(wanted, statuses, usable.__contains__) == picked


@pytest.mark.parametrize(
    ("exists", "has_lock", "is_unlocked", "status"),
    [
        (True, True, True, UnlockStatus.UNLOCKED),
        (True, True, False, UnlockStatus.UNLOCK_FAILED),
        (True, False, False, UnlockStatus.NOT_SUPPORTED),
        (False, True, True, UnlockStatus.NOT_SUPPORTED),
    ],
)
def test_unlocking(exists: bool, has_lock: bool, is_unlocked: bool, status: UnlockStatus) -> None:
    assert unlock_status(exists=exists, has_lock=has_lock, is_unlocked=is_unlocked) is status


def test_the_security_events_of_the_whitepaper() -> None:
    assert len(SecurityEvent) == 18
    assert {
        "FirmwareUpdated", "SettingSystemTime", "StartupOfTheDevice", "ResetOrReboot",
        "SecurityLogWasCleared", "MemoryExhaustion", "TamperDetectionActivated",
    } == CRITICAL  # fmt: skip
    assert {
        "InvalidFirmwareSignature", "InvalidFirmwareSigningCertificate",
        "InvalidCentralSystemCertificate", "InvalidChargePointCertificate",
        "InvalidTLSVersion", "InvalidTLSCipherSuite",
    } == SENT - CRITICAL  # fmt: skip


def logged(log: SecurityLog, type: str, info: str | None = None, seconds: int = 0) -> Logged:
    line, changes = log.line(NOON + timedelta(seconds=seconds), type, info)
    DISK.write(changes)
    log.append(line)
    return line


DISK = Disk()


def test_the_security_log_rolls_on_disk_too() -> None:
    log = SecurityLog(limit=2)
    for number in range(3):
        logged(log, f"Event{number}", "x" * 300, number)
    assert [line.type for line in log] == ["Event1", "Event2"]
    assert [len(line.tech_info or "") for line in log] == [255, 255]
    assert len(logged(log, "x" * 60).type) == 50
    again = SecurityLog(DISK.read(LOG_KIND), limit=2)
    assert list(again) == list(log)
    assert len(DISK.read(LOG_KIND)) == 2


def test_a_line_of_the_security_log_is_one_line() -> None:
    line = logged(SecurityLog(), "Type\n2026", "a\r\nb")
    assert line.type == "Type\\n2026"
    assert line.tech_info == "a\\r\\nb"


@pytest.mark.parametrize("record", [1, [], {}, {"line": ["x", "y", None, False]}, {"line": 1}])
def test_what_is_no_line_is_told(record: object) -> None:
    with pytest.raises(RecordDamaged):
        SecurityLog({"1": record})
