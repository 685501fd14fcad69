"""Security events of a station: on disk first, told for ever, and a log that survives. W A04."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from ocpp16 import messages
from ocpp16.enums import ResetType
from ocpp16.errors import CallFailed, ConstraintKind, ErrorCode, InvalidMessage, OcppError
from ocpp16.security_event import SecurityEvent
from ocpp16.station.model import Model
from ocpp16.station.outbox import LONGEST_WAIT
from ocpp16.station.security import EXHAUSTED, QUIET, WAITING
from ocpp16.station.security_event import FROM_OUTSIDE, LOG_KIND
from ocpp16.storage import Change, StorageFailed, StorageFull, Value
from ocpp16.store.station import StationFile
from tests.station.bench import CLOSED, REFUSED, TIMEOUT, Bench
from tests.station.parts import NOON, Disk

SECURE = Model(connectors=1, has_security_extension=True)
TAMPER = SecurityEvent.TAMPER_DETECTION_ACTIVATED
EVENT = messages.SecurityEventNotificationRequest


class FullDisk(Disk):
    """A disk that says what is wrong with it."""

    def write(self, changes: Iterable[Change]) -> None:
        if self.is_full:
            raise StorageFull("no room")
        super().write(changes)

    def read(self, kind: str) -> Mapping[str, Value]:
        return super().read(kind)


def types(bench: Bench) -> list[str]:
    """Return the types of the events that were told since the last look."""
    found = [each.type for each in bench.of(EVENT)]
    bench.central.received.clear()
    return found


def log_of(bench: Bench) -> list[str]:
    return [line.type for line in bench.core.parts.security.log]


def made(**options: object) -> Bench:
    bench = Bench(model=SECURE, **options)  # type: ignore[arg-type]
    bench.wait(1)
    bench.central.received.clear()
    return bench


@pytest.mark.parametrize("event", SecurityEvent)
def test_a_critical_event_is_on_disk_when_it_is_noted(event: SecurityEvent) -> None:
    bench = made()
    bench.offline()
    assert isinstance(bench.storage, Disk)
    bench.core.parts.security.note(event, "why")
    kinds = [change.kind for change in bench.storage.writes[-1]]
    assert LOG_KIND in kinds
    assert ("security-outbox" in kinds) is (
        event.is_critical or event.startswith(("InvalidF", "InvalidC", "InvalidT"))
    )
    bench.power_cut()
    bench.wait(60)
    told = types(bench)
    assert told.count(event) == (
        (1 if event.is_critical else 0)
        + (1 if event.startswith(("InvalidF", "InvalidC", "InvalidT")) else 0)
        + (1 if event is SecurityEvent.STARTUP_OF_THE_DEVICE else 0)
    )
    assert event in log_of(bench)


def test_critical_events_arrive_in_order_over_restarts() -> None:
    bench = made()
    bench.offline()
    for number in range(3):
        bench.core.parts.security.note(TAMPER, f"{number}")
        bench.wait(1)
        bench.power_cut(boots=False)
    bench.boot()
    bench.wait(10)
    told = [(each.type, each.tech_info) for each in bench.of(EVENT)]
    startup = (str(SecurityEvent.STARTUP_OF_THE_DEVICE), None)
    assert told == [
        *((each) for number in range(3) for each in ((str(TAMPER), f"{number}"), startup)),
    ]
    times = [each.timestamp for each in bench.of(EVENT)]
    assert times == sorted(times)


@pytest.mark.parametrize("outcome", [REFUSED, TIMEOUT, CLOSED])
def test_a_critical_event_is_never_given_up(outcome: OcppError) -> None:
    bench = made(TransactionMessageAttempts=2, TransactionMessageRetryInterval=10)
    bench.central.fails = lambda request: outcome if isinstance(request, EVENT) else None
    bench.core.parts.security.note(TAMPER)
    # The greatest wait is an hour, however often it failed.
    for _ in range(30):
        bench.wait(LONGEST_WAIT)
        bench.online()
    bench.power_cut()
    bench.wait(60)
    bench.central.received.clear()
    bench.central.fails = lambda request: None
    bench.online()
    bench.wait(LONGEST_WAIT)
    assert TAMPER in types(bench)
    assert bench.core.is_all_sent


@pytest.mark.parametrize(
    "outcome",
    [
        CallFailed(ErrorCode.NOT_SUPPORTED),
        CallFailed(ErrorCode.NOT_IMPLEMENTED),
        InvalidMessage("", "", ConstraintKind.SHAPE, "this wire has none"),
    ],
)
def test_who_will_never_take_events_is_not_told_again_and_they_stay_in_the_log(
    outcome: CallFailed | InvalidMessage,
) -> None:
    bench = made()
    bench.central.fails = lambda request: outcome if isinstance(request, EVENT) else None
    bench.core.parts.security.note(TAMPER)
    bench.wait(60)
    assert bench.core.is_all_sent
    assert TAMPER in log_of(bench)


def test_what_cannot_be_stored_is_not_noted() -> None:
    bench = made(storage=FullDisk())
    before = log_of(bench)
    assert isinstance(bench.storage, Disk)
    bench.storage.is_full = True
    with pytest.raises(StorageFailed):
        bench.core.parts.security.note(TAMPER)
    with pytest.raises(StorageFailed):
        bench.core.parts.security.clear()
    assert log_of(bench) == before
    # What is not critical is noted as well as it can be.
    bench.core.parts.security.note(SecurityEvent.INVALID_MESSAGES)
    assert log_of(bench) == [*before, SecurityEvent.INVALID_MESSAGES]
    bench.pump()
    assert bench.refused[-1] == "no room"


def test_a_full_memory_is_an_event_once_it_can_be_told() -> None:
    bench = made(storage=FullDisk())
    disk = bench.storage
    assert isinstance(disk, Disk)
    disk.is_full = True
    with pytest.raises(StorageFailed):
        bench.core.parts.security.note(TAMPER)
    bench.wait(30)
    assert types(bench) == []
    disk.is_full = False
    bench.wait(30)
    assert types(bench) == [SecurityEvent.MEMORY_EXHAUSTION]
    # Once an hour at most: each event needs room itself.
    for _ in range(3):
        disk.is_full = True
        with pytest.raises(StorageFailed):
            bench.core.parts.security.note(TAMPER)
        disk.is_full = False
        bench.wait(60)
    assert types(bench) == []
    bench.wait(EXHAUSTED)
    assert types(bench) == [SecurityEvent.MEMORY_EXHAUSTION]
    bench.wait(2 * EXHAUSTED)
    assert types(bench) == []


def test_a_file_that_is_full_says_so(tmp_path: Path) -> None:
    file = StationFile(tmp_path / "s")
    file.write([Change("x", "1", "y")])
    pages = file._database.execute("PRAGMA page_count").fetchone()[0]
    file._database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageFull):
        file.write([Change("x", "2", "y" * 100_000)])
    file._database.execute("PRAGMA max_page_count = 1000000")
    file.write([Change("x", "2", "y" * 100_000)])
    file.close()


def test_clearing_the_log_is_its_first_event(tmp_path: Path) -> None:
    bench = made()
    bench.core.parts.security.note(TAMPER)
    bench.core.parts.security.clear()
    bench.pump()
    assert log_of(bench) == [SecurityEvent.SECURITY_LOG_WAS_CLEARED]
    assert types(bench) == [TAMPER, SecurityEvent.SECURITY_LOG_WAS_CLEARED]
    bench.power_cut()
    assert log_of(bench) == ["SecurityLogWasCleared", "StartupOfTheDevice"]


def test_the_log_survives_and_is_bounded() -> None:
    bench = Bench(model=Model(connectors=1))
    for number in range(1500):
        bench.core.parts.security.note("Vendor", f"{number}")
    before = list(bench.core.parts.security.log)
    assert len(before) == 1000
    assert len(bench.storage.read(LOG_KIND)) == 1000
    bench.power_cut()
    after = list(bench.core.parts.security.log)
    assert after[:-1] == before[1:]
    assert after[-1].type == SecurityEvent.STARTUP_OF_THE_DEVICE


def test_times_before_the_clock_was_set_are_put_right_in_the_log() -> None:
    early = NOON - timedelta(days=365)
    bench = Bench(model=SECURE, accepted=False, estimate=early)
    bench.core.parts.security.note(TAMPER)
    assert all(line.is_undated for line in bench.core.parts.security.log)
    bench.boot(current_time=NOON)
    lines = list(bench.core.parts.security.log)
    assert [(line.type, line.at, line.is_undated) for line in lines] == [
        ("StartupOfTheDevice", NOON, False),
        ("TamperDetectionActivated", NOON, False),
        ("SettingSystemTime", NOON, False),
    ]
    assert [each.timestamp for each in bench.of(EVENT)] == [NOON] * 3
    bench.power_cut()
    assert list(bench.core.parts.security.log)[:3] == lines


@pytest.mark.parametrize("event", sorted(FROM_OUTSIDE))
def test_who_causes_an_event_without_end_neither_fills_the_log_nor_the_queue(event: str) -> None:
    bench = made()
    bench.offline()
    before = len(bench.core.parts.security.log)
    for number in range(1000):
        bench.core.parts.security.note(event, f"case {number}")
    assert len(bench.core.parts.security.log) == before + 1
    bench.wait(QUIET)
    bench.core.parts.security.note(event, "the last")
    line = list(bench.core.parts.security.log)[-1]
    assert line.tech_info == "999 more before; the last"
    bench.online()
    bench.wait(1)
    assert len(types(bench)) <= 1


@pytest.mark.parametrize("event", ["InvalidFirmwareSignature", "InvalidFirmwareSigningCertificate"])
def test_requests_whose_events_are_not_taken_fill_no_queue(event: str) -> None:
    bench = made()
    for number in range(3):
        bench.core.parts.security.note(event, f"case {number}")
        bench.wait(1)
    # One by one, as long as they are taken.
    assert types(bench).count(event) == 3
    bench.central.received.clear()
    bench.offline()
    for number in range(1000):
        bench.core.parts.security.note(event, f"case {number}")
    assert len(bench.core.parts.security.log) == 1000
    bench.online()
    bench.wait(60)
    assert types(bench).count(event) == WAITING


def test_a_reset_and_a_new_key_are_events() -> None:
    bench = made()
    bench.ask(messages.ResetRequest(type=ResetType.SOFT))
    assert SecurityEvent.RESET_OR_REBOOT in types(bench)
    assert log_of(bench)[-1] == SecurityEvent.RESET_OR_REBOOT
