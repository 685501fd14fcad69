"""What becomes of a charge point's messages, by the rules: stored, passed, refused, answered."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from ocpp16 import messages as m
from ocpp16.bridge import event
from ocpp16.bridge.settings import OfflineStart
from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus, FirmwareStatus, RegistrationStatus
from ocpp16.structure import Request
from tests.bridge.relay_bench import (
    NO_ANSWER,
    Bench,
    at,
    authorize,
    away,
    boot,
    booted,
    is_refused,
    meter,
    online,
    start,
    started,
    status,
    stop,
)
from tests.bridge.rule import rule

HEARTBEAT = m.HeartbeatRequest()
LOCAL = {"offline_start": OfflineStart.LOCAL_ID}


@rule("Nothing is acknowledged to a charger before it is committed (SQLite WAL, synchronous=FULL).")
@pytest.mark.parametrize("request_", [stop(7), meter(), status()])
def test_it_is_committed_before_it_is_acknowledged(request_: Request[Any]) -> None:
    bench = away()
    bench.holds_writes = True
    ticket = bench.send(request_)
    assert ticket not in bench.outcomes
    bench.write_one()
    assert bench.outcomes[ticket] == type(request_).response_type()()
    assert len(bench.kept()) == 1


@rule("Nothing is acknowledged to a charger before it is committed (SQLite WAL, synchronous=FULL).")
def test_a_started_transaction_is_committed_before_its_id_is_told() -> None:
    bench = online()
    ticket = bench.send(start())
    bench.holds_writes = True
    bench.answer(started(7))
    assert ticket not in bench.outcomes
    bench.write_one()
    assert bench.outcomes[ticket] == started(7)
    assert bench.kept() == []


@rule("Nothing is acknowledged to a charger before it is committed (SQLite WAL, synchronous=FULL).")
def test_an_accepted_boot_is_committed_before_it_is_told() -> None:
    bench = Bench()
    ticket = bench.send(boot())
    bench.open()
    bench.holds_writes = True
    bench.answer(booted())
    assert ticket not in bench.outcomes
    bench.write_one()
    assert bench.outcomes[ticket] == booted()
    assert bench.restart().relay.status == "Accepted"


def test_what_cannot_be_stored_is_refused_and_so_is_heartbeat_as_long_as_the_store_fails() -> None:
    bench = online()
    bench.store_fails = True
    assert is_refused(bench.ask(meter()))
    assert is_refused(bench.ask(start()))
    assert bench.ask(HEARTBEAT) == NO_ANSWER
    assert bench.upstream == []
    bench.store_fails = False
    bench.advance(2)
    assert bench.ask(meter()) == m.MeterValuesResponse()


def test_a_commit_that_was_cut_off_and_took_place_is_delivered_all_the_same() -> None:
    bench = online()
    bench.holds_writes = True
    ticket = bench.send(status("cut off"))
    write = bench.writes.popleft()
    with bench.engine.begin() as connection:
        write.change.apply(connection)
    bench.holds_writes = False
    bench.do(bench.relay.unwritten(write, RuntimeError("unknown"), bench.now))
    assert is_refused(bench.outcomes[ticket])
    assert bench.upstream == [status("cut off")]
    bench.answer()
    assert bench.kept() == []
    assert bench.relay.is_idle


@rule("Backend down: StartTransaction is refused with Receiver/InternalError (default `refuse`).")
def test_a_start_is_refused_while_the_backend_is_away() -> None:
    bench = away()
    assert is_refused(bench.ask(start()))
    assert bench.kept() == []
    assert bench.told(event.Refused)[0].action == "StartTransaction"


@rule("Authorize and DataTransfer are refused likewise.")
@pytest.mark.parametrize("request_", [authorize(), m.DataTransferRequest(vendor_id="V")])
def test_questions_are_refused_while_the_backend_is_away(request_: Request[Any]) -> None:
    assert is_refused(away().ask(request_))


@rule(
    "While anything is being refused Heartbeat is refused too (HTTP 503), since a charger that gets"
    " an answered Heartbeat discards what was refused."
)
@pytest.mark.parametrize("request_", [start(), authorize(), boot("other")])
def test_heartbeat_gets_no_answer_while_anything_is_refused(
    request_: Request[Any],
) -> None:
    bench = away()
    assert is_refused(bench.ask(request_))
    assert bench.ask(HEARTBEAT) == NO_ANSWER


@rule(
    "While anything is being refused Heartbeat is refused too (HTTP 503), since a charger that gets"
    " an answered Heartbeat discards what was refused."
)
def test_that_something_is_refused_is_known_after_a_restart() -> None:
    bench = away()
    bench.ask(start())
    again = bench.restart()
    ticket = again.send(HEARTBEAT)
    again.fail_to_open()
    assert again.outcomes[ticket] == NO_ANSWER


def test_that_something_is_refused_is_committed_before_it_is_told() -> None:
    bench = away()
    bench.holds_writes = True
    ticket = bench.send(authorize())
    assert ticket not in bench.outcomes
    bench.write_one()
    assert is_refused(bench.outcomes[ticket])


def test_heartbeat_is_refused_until_the_refused_start_has_come_through() -> None:
    bench = away()
    bench.ask(start())
    bench.open()
    bench.close()
    bench.fail_to_open()
    # The charge point has not had its chance to send it again.
    assert bench.ask(HEARTBEAT) == NO_ANSWER
    bench.open()
    ticket = bench.send(start())
    bench.answer(started(7))
    assert bench.outcomes[ticket] == started(7)
    bench.close()
    bench.fail_to_open()
    assert bench.ask(HEARTBEAT) == m.HeartbeatResponse(current_time=bench.now.at)


def test_a_heartbeat_that_asks_about_a_refusal_gets_no_answer_though_the_backend_is_back() -> None:
    bench = away()
    assert is_refused(bench.ask(start()))
    bench.open()
    assert bench.ask(HEARTBEAT) == NO_ANSWER
    bench.time += 29
    assert bench.ask(HEARTBEAT) == NO_ANSWER
    # A charge point that has given it up, or lost it, is not mute for ever.
    bench.time += 1
    ticket = bench.send(HEARTBEAT)
    bench.answer(m.HeartbeatResponse(current_time=at(33)))
    assert bench.outcomes[ticket] == m.HeartbeatResponse(current_time=at(33))


def test_such_a_heartbeat_is_answered_once_the_message_has_come_through() -> None:
    bench = away()
    bench.ask(start())
    bench.open()
    bench.send(start())
    bench.answer(started(7))
    ticket = bench.send(HEARTBEAT)
    bench.answer(m.HeartbeatResponse(current_time=at(33)))
    assert bench.outcomes[ticket] == m.HeartbeatResponse(current_time=at(33))


def test_a_heartbeat_after_a_restart_asks_about_what_was_refused_before() -> None:
    bench = away()
    bench.ask(start())
    again = bench.restart()
    again.send(status())
    again.open()
    again.answer(m.StatusNotificationResponse())
    assert again.ask(HEARTBEAT) == NO_ANSWER
    again.time += 30
    ticket = again.send(HEARTBEAT)
    again.answer(m.HeartbeatResponse(current_time=at(33)))
    assert again.outcomes[ticket] == m.HeartbeatResponse(current_time=at(33))


@rule("With `local-id`, and when nothing is waiting to be refused, Heartbeat is answered locally.")
@pytest.mark.parametrize("rules", [{}, LOCAL])
def test_heartbeat_is_answered_by_our_clock_when_nothing_is_refused(
    rules: dict[str, OfflineStart],
) -> None:
    bench = away(**rules)
    bench.ask(meter())
    bench.ask(status())
    bench.time = 100
    ticket = bench.send(HEARTBEAT)
    bench.fail_to_open()
    assert bench.outcomes[ticket] == m.HeartbeatResponse(current_time=at(100))


@rule("With `local-id`, and when nothing is waiting to be refused, Heartbeat is answered locally.")
def test_with_local_ids_a_start_does_not_keep_heartbeat_from_being_answered() -> None:
    bench = away(**LOCAL)
    bench.ask(start())
    assert bench.ask(HEARTBEAT) == m.HeartbeatResponse(current_time=bench.now.at)


def test_heartbeat_passes_through_while_the_backend_is_there() -> None:
    bench = online()
    ticket = bench.send(HEARTBEAT)
    bench.answer(m.HeartbeatResponse(current_time=at(33)))
    assert bench.outcomes[ticket] == m.HeartbeatResponse(current_time=at(33))


def test_heartbeat_waits_behind_others_for_ten_seconds() -> None:
    bench = online()
    bench.send(status())
    ticket = bench.send(HEARTBEAT)
    bench.advance(9)
    assert ticket not in bench.outcomes
    bench.advance(1)
    assert bench.outcomes[ticket] == m.HeartbeatResponse(current_time=at(10))
    bench.answer()
    assert bench.upstream == [status()]


@rule("Or given a local id that is mapped later (`local-id`).")
def test_a_start_gets_a_local_id_while_the_backend_is_away() -> None:
    bench = away(**LOCAL)
    outcome = bench.ask(start())
    assert isinstance(outcome, m.StartTransactionResponse)
    assert outcome.id_tag_info == IdTagInfo(status=AuthorizationStatus.ACCEPTED)
    local_id = outcome.transaction_id
    assert 2**30 <= local_id < 2**31
    assert bench.ask(stop(local_id)) == m.StopTransactionResponse()
    bench.open()
    bench.answer(started(7))
    assert bench.upstream == [start(), stop(7)]
    assert bench.relay.ids.local_of(7) == local_id


@rule(
    "BootNotification of a charger accepted before, with the same data, is answered Accepted with"
    " our clock and its last interval, and queued, otherwise refused."
)
def test_a_known_boot_is_answered_and_queued_while_the_backend_is_away() -> None:
    bench = away()
    bench.time = 50
    expected = m.BootNotificationResponse(
        status=RegistrationStatus.ACCEPTED, current_time=at(50), interval=300
    )
    ticket = bench.send(boot())
    bench.fail_to_open()
    assert bench.outcomes[ticket] == expected
    assert [row.action for row in bench.kept()] == ["BootNotification"]
    bench.open()
    assert bench.upstream == [boot()]


@rule(
    "BootNotification of a charger accepted before, with the same data, is answered Accepted with"
    " our clock and its last interval, and queued, otherwise refused."
)
def test_the_interval_is_the_last_one_that_was_accepted_after_a_restart_too() -> None:
    bench = Bench()
    bench.send(boot())
    bench.open()
    bench.answer(booted(interval=77))
    again = bench.restart()
    again.fail_to_open()
    assert again.ask(boot()) == attrs.evolve(booted(interval=77), current_time=again.now.at)


@rule(
    "BootNotification of a charger accepted before, with the same data, is answered Accepted with"
    " our clock and its last interval, and queued, otherwise refused."
)
@pytest.mark.parametrize("known", [True, False])
def test_another_boot_is_refused_while_the_backend_is_away(known: bool) -> None:
    bench = away() if known else Bench()
    ticket = bench.send(boot("other"))
    if not known:
        bench.fail_to_open()
    assert is_refused(bench.outcomes[ticket])
    assert bench.kept() == []


def test_a_known_boot_that_waits_too_long_is_answered_and_queued() -> None:
    bench = online()
    bench.send(meter(1))
    ticket = bench.send(boot())
    bench.advance(25)
    assert bench.outcomes[ticket] == m.BootNotificationResponse(
        status=RegistrationStatus.ACCEPTED, current_time=at(25), interval=300
    )
    bench.answer()
    assert bench.upstream == [meter(1), boot()]


def test_a_boot_that_was_not_accepted_last_is_refused_while_the_backend_is_away() -> None:
    bench = online()
    bench.send(boot())
    bench.answer(booted(RegistrationStatus.REJECTED, 60))
    bench.close()
    bench.fail_to_open()
    assert is_refused(bench.ask(boot()))


def test_the_answer_to_a_boot_passes_through() -> None:
    bench = Bench()
    ticket = bench.send(boot())
    bench.open()
    bench.answer(booted(RegistrationStatus.PENDING, 5))
    assert bench.outcomes[ticket] == booted(RegistrationStatus.PENDING, 5)
    assert bench.relay.status == "Pending"


@rule(
    "StatusNotification, MeterValues, StopTransaction and other notifications are stored and"
    " acknowledged."
)
def test_notices_are_stored_and_acknowledged_while_the_backend_is_away() -> None:
    bench = away()
    sent: list[Request[Any]] = [
        status(),
        meter(),
        stop(7),
        m.FirmwareStatusNotificationRequest(status=FirmwareStatus.IDLE),
    ]
    for request in sent:
        assert bench.ask(request) == type(request).response_type()()
    assert [row.action for row in bench.kept()] == [
        "StatusNotification",
        "MeterValues",
        "StopTransaction",
        "FirmwareStatusNotification",
    ]
    bench.open()
    bench.answer_all()
    assert bench.upstream == sent
    assert bench.kept() == []


def test_a_stop_gets_the_backends_own_answer_while_that_is_there() -> None:
    bench = online()
    ticket = bench.send(stop(7))
    assert ticket not in bench.outcomes
    own = m.StopTransactionResponse(id_tag_info=IdTagInfo(status=AuthorizationStatus.BLOCKED))
    bench.answer(own)
    assert bench.outcomes[ticket] == own
    assert bench.ask(stop(7)) == own


def test_a_stop_is_acknowledged_after_ten_seconds_without_the_backends_answer() -> None:
    bench = online()
    ticket = bench.send(stop(7))
    bench.advance(9)
    assert ticket not in bench.outcomes
    bench.advance(1)
    assert bench.outcomes[ticket] == m.StopTransactionResponse()
