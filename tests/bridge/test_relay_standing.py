"""Transaction ids, registration and silence of a charge point, over restarts."""

from __future__ import annotations

import attrs
import pytest

from ocpp16 import messages as m
from ocpp16.bridge import event
from ocpp16.bridge.settings import Delivery, OfflineStart
from ocpp16.enums import AuthorizationStatus, RegistrationStatus
from ocpp16.errors import (
    CallFailed,
    ErrorCode,
)
from tests.bridge.relay_bench import (
    Bench,
    authorize,
    away,
    boot,
    booted,
    meter,
    online,
    start,
    started,
    status,
    stop,
)
from tests.bridge.rule import rule

ERROR = CallFailed(ErrorCode.INTERNAL_ERROR, "no")
HOLD = {"delivery": Delivery.HOLD}
LOCAL = {"offline_start": OfflineStart.LOCAL_ID}


def local_start(bench: Bench, second: float = 0) -> int:
    """Let a transaction start with a local id, and return that."""
    outcome = bench.ask(start(second))
    assert isinstance(outcome, m.StartTransactionResponse)
    return outcome.transaction_id


# Transaction ids


@rule("Transaction ids over 32 bit are mapped.")
@pytest.mark.parametrize("backend_id", [2**31, 2**40, -(2**31) - 1])
def test_an_id_that_soap_cannot_carry_is_mapped(backend_id: int) -> None:
    bench = online()
    ticket = bench.send(start())
    bench.answer(started(backend_id))
    outcome = bench.outcomes[ticket]
    assert isinstance(outcome, m.StartTransactionResponse)
    local_id = outcome.transaction_id
    assert 0 < local_id < 2**31
    assert bench.ask(start()) == outcome
    again = bench.restart()
    again.open()
    again.send(meter(5, local_id))
    assert again.upstream == [meter(5, backend_id)]
    assert again.relay.ids.local_of(backend_id) == local_id


@rule("Ids are the backend's; local ids are mapped both ways; unknown ids pass unchanged.")
def test_the_backends_id_passes_as_it_is() -> None:
    bench = online()
    ticket = bench.send(start())
    bench.answer(started(7))
    assert bench.outcomes[ticket] == started(7)
    bench.send(meter(1, 7))
    bench.answer()
    bench.send(meter(2, 99))
    assert bench.upstream[1:] == [meter(1, 7), meter(2, 99)]


@rule("Ids are the backend's; local ids are mapped both ways; unknown ids pass unchanged.")
def test_local_ids_are_mapped_both_ways_over_a_restart() -> None:
    bench = away(**LOCAL)
    one, two = local_start(bench, 1), local_start(bench, 2)
    assert one != two
    bench.ask(meter(3, two))
    bench.ask(meter(4, one))
    again = bench.restart()
    again.ask(stop(one))
    again.open()
    again.answer(started(100))
    again.answer(started(200))
    again.answer_all()
    assert again.upstream == [start(1), start(2), meter(3, 200), meter(4, 100), stop(100)]
    assert [again.relay.ids.local_of(each) for each in (100, 200, 300)] == [one, two, 300]
    last = again.restart()
    assert last.relay.ids.local_of(200) == two


def test_a_local_id_that_the_backend_gives_to_another_transaction_is_mapped_again() -> None:
    bench = away(**LOCAL)
    local_id = local_start(bench)
    bench.open()
    bench.answer(started(7))
    ticket = bench.send(start(50, connector=2))
    bench.answer(started(local_id))
    outcome = bench.outcomes[ticket]
    assert isinstance(outcome, m.StartTransactionResponse)
    assert outcome.transaction_id != local_id
    bench.send(stop(outcome.transaction_id))
    assert bench.upstream[-1] == stop(local_id)


def test_a_start_given_up_leaves_minus_one_to_its_later_messages() -> None:
    bench = away(attempts=1, **LOCAL)
    local_id = local_start(bench)
    bench.ask(meter(1, local_id))
    bench.open()
    bench.fail(ERROR)
    assert bench.upstream == [start(), meter(1, -1)]
    again = bench.restart()
    again.ask(stop(local_id))
    again.open()
    again.answer_all()
    assert again.upstream == [meter(1, -1), stop(-1)]


def test_a_start_that_is_not_accepted_keeps_its_id() -> None:
    bench = away(**LOCAL)
    local_id = local_start(bench)
    bench.open()
    bench.answer(started(7, AuthorizationStatus.BLOCKED))
    bench.send(meter(1, local_id))
    assert bench.upstream[-1] == meter(1, 7)


def test_the_backend_may_use_its_id_before_the_answer_is_committed() -> None:
    bench = away(**LOCAL)
    local_id = local_start(bench)
    bench.open()
    bench.holds_writes = True
    bench.answer(started(7))
    request = m.RemoteStopTransactionRequest(transaction_id=7)
    mapped = bench.relay.ids.for_charge_point(request)
    assert mapped == m.RemoteStopTransactionRequest(transaction_id=local_id)


# Registration


def test_nothing_but_boot_leaves_until_it_is_accepted() -> None:
    bench = away()
    bench.ask(meter(1))
    again = bench.restart()
    again.open()
    again.close()
    again.relay.status = "Pending"
    again.open()
    assert len(again.sent) == 1  # What had left before.
    ticket = again.send(boot())
    assert again.upstream[-1] == boot()
    again.answer(booted())
    assert again.outcomes[ticket] == booted()
    assert [*again.upstream] == [meter(1), boot(), meter(1)]


def test_what_was_asked_for_while_pending_leaves() -> None:
    bench = online()
    bench.send(boot())
    bench.answer(booted(RegistrationStatus.PENDING))
    # The gate of the role has let it in, so the backend has asked for it.
    bench.send(status("asked for"))
    assert bench.upstream[-1] == status("asked for")


def test_a_boot_that_we_answered_is_sent_until_it_is_accepted() -> None:
    bench = away()
    bench.ask(boot())
    bench.ask(meter(1))
    bench.open()
    assert bench.upstream == [boot()]
    bench.answer(booted(RegistrationStatus.REJECTED, 40))
    assert bench.registered == ["Rejected"]
    bench.advance(39)
    assert bench.upstream == [boot()]
    bench.advance(1)
    assert bench.upstream == [boot(), boot()]
    bench.answer(booted())
    assert bench.registered == ["Rejected", "Accepted"]
    assert bench.upstream == [boot(), boot(), meter(1)]


# Silence


@rule(
    "A charger silent for 2.5 heartbeat intervals is offline: its upstream connection is closed,"
    " and reopened at its next request."
)
def test_a_silent_charge_point_is_disconnected_and_connected_again() -> None:
    bench = online()
    bench.send(status())
    bench.answer()
    bench.advance(749)
    assert bench.relay.is_online
    bench.do(bench.relay.heard(bench.now))
    bench.advance(749)
    assert bench.wanted
    bench.advance(1)
    assert not bench.relay.is_online
    assert bench.wanted is False
    assert len(bench.told(event.ChargerOffline)) == 1
    ticket = bench.send(authorize())
    assert bench.wanted
    bench.open()
    bench.answer()
    assert isinstance(bench.outcomes[ticket], m.AuthorizeResponse)


def test_a_silent_charge_point_stays_connected_until_all_is_delivered() -> None:
    bench = online(upstream_timeout=10_000.0)
    bench.send(meter(1))
    bench.advance(800)
    assert not bench.relay.is_online
    assert bench.wanted
    bench.answer()
    assert bench.wanted is False


def test_the_interval_of_the_acceptance_counts() -> None:
    bench = Bench(silent_after=3.0)
    bench.send(boot())
    bench.open()
    bench.answer(booted(interval=10))
    bench.advance(29)
    assert bench.wanted
    bench.advance(1)
    assert bench.wanted is False


def test_a_charge_point_that_comes_before_it_was_restored_stays_connected() -> None:
    bench = away()
    bench.ask(meter())
    # The listener is open before everything that was there is restored.
    again = Bench(bench.engine, now=bench.time, names=bench.names)
    again.send(status())
    again.open()
    again.do(again.relay.start(again.now, is_online=True))
    again.answer_all()
    assert again.upstream[0] == meter()
    assert again.kept() == []


def test_an_interval_that_soap_cannot_carry_is_cut() -> None:
    bench = Bench()
    ticket = bench.send(boot())
    bench.open()
    bench.answer(booted(interval=2**62))
    assert bench.outcomes[ticket] == booted(interval=2**31 - 1)
    assert bench.relay.interval == 2**31 - 1
    (altered,) = bench.told(event.Altered)
    assert altered.changes == (f"/interval: {2**62} is more than SOAP carries: {2**31 - 1}",)


@pytest.mark.parametrize("interval", [0, -5])
def test_an_interval_that_is_none_silences_nobody(interval: int) -> None:
    bench = Bench()
    bench.send(boot())
    bench.open()
    bench.answer(booted(interval=interval))
    bench.advance(700)
    assert bench.relay.is_online
    bench.advance(100)
    assert not bench.relay.is_online


def test_what_a_backend_asks_for_while_pending_does_not_wait_for_the_next_boot() -> None:
    bench = away()
    bench.ask(boot())  # Answered by us.
    bench.open()
    bench.answer(booted(RegistrationStatus.PENDING, interval=300))
    # C 4.2: the backend may ask for messages now, and waits for them.
    assert bench.ask(status("asked for")) == m.StatusNotificationResponse()
    assert bench.upstream == [boot(), status("asked for")]
    bench.answer()
    bench.advance(299)
    bench.ask(status("again"))
    bench.advance(1)
    bench.do(bench.relay.tick(bench.now))
    # One at a time, whatever is due.
    assert bench.upstream[2:] == [status("again")]
    bench.answer()
    assert bench.upstream[2:] == [status("again"), boot()]


def test_an_id_that_a_backend_gives_twice_is_that_of_the_later_transaction() -> None:
    bench = away(**LOCAL)
    first = local_start(bench)
    bench.open()
    bench.answer(started(7))
    ticket = bench.send(start(50, connector=2))
    bench.answer(started(7))
    outcome = bench.outcomes[ticket]
    assert isinstance(outcome, m.StartTransactionResponse)
    again = bench.restart()
    request = m.RemoteStopTransactionRequest(transaction_id=7)
    for ids in (bench.relay.ids, again.relay.ids):
        mapped = ids.for_charge_point(request)
        assert mapped == attrs.evolve(request, transaction_id=outcome.transaction_id)
        assert ids.for_backend(stop(outcome.transaction_id)) == stop(7)
        assert ids.for_backend(stop(first)) == stop(7)


def test_a_first_boot_overtakes_what_the_backend_answers_errors_to_until_then() -> None:
    bench = Bench()
    assert bench.ask(status()) == m.StatusNotificationResponse()
    bench.open()
    bench.fail(CallFailed(ErrorCode.SECURITY_ERROR, "not registered"))
    ticket = bench.send(boot())
    assert bench.upstream == [status(), boot()]
    bench.answer(booted())
    assert bench.outcomes[ticket] == booted()
    bench.advance(60)
    assert bench.upstream == [status(), boot(), status()]
    bench.answer()
    assert not bench.kept()


def test_a_later_boot_does_not_overtake() -> None:
    bench = online()
    bench.send(status())
    bench.fail()
    bench.send(boot())
    assert bench.upstream == [status()]
