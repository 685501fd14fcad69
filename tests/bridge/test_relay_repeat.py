"""Full queues, repeats, questions, and exchanges that wait, by the rules."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from ocpp16 import messages as m
from ocpp16.bridge import event
from ocpp16.bridge.settings import OfflineStart
from ocpp16.errors import CallFailed, ErrorCode, Fault, SecurityError
from ocpp16.store.bridge.tables import State
from ocpp16.structure import Request
from tests.bridge.relay_bench import (
    NO_ANSWER,
    NOON,
    Bench,
    authorize,
    away,
    boot,
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


def full() -> Bench:
    bench = away(queue_limit=3)
    for second in (1, 2, 3):
        bench.ask(meter(second))
    return bench


@rule(
    "When a charger's queue (10,000) is full, transaction messages are refused with a Fault so that"
    " the charger keeps them."
)
@pytest.mark.parametrize("request_", [meter(9), stop(7), start()])
@pytest.mark.parametrize("rules", [{}, LOCAL])
def test_a_full_queue_refuses_transaction_messages(
    request_: Request[Any], rules: dict[str, OfflineStart]
) -> None:
    bench = away(queue_limit=3, **rules)
    for second in (1, 2, 3):
        assert bench.ask(meter(second)) == m.MeterValuesResponse()
    assert is_refused(bench.ask(request_))
    assert len(bench.kept()) == 3


@rule("The same holds for a full queue.")
def test_a_full_queue_refuses_the_rest_and_heartbeat_while_anything_is_refused() -> None:
    bench = full()
    assert bench.ask(HEARTBEAT) == m.HeartbeatResponse(current_time=bench.now.at)
    assert is_refused(bench.ask(status()))
    assert is_refused(bench.ask(boot()))
    assert is_refused(bench.ask(authorize()))
    assert bench.ask(HEARTBEAT) == NO_ANSWER
    bench.open()
    bench.time += 60
    assert bench.ask(HEARTBEAT) == NO_ANSWER  # It is still full.
    bench.answer_all()
    ticket = bench.send(HEARTBEAT)
    bench.answer()
    assert bench.outcomes[ticket] == m.HeartbeatResponse(current_time=NOON)


REFUSED_TOO = (
    "While anything is being refused Heartbeat is refused too (HTTP 503), since a charger that gets"
    " an answered Heartbeat discards what was refused."
)


@rule(REFUSED_TOO)
def test_a_repeat_of_another_message_does_not_end_a_refusal() -> None:
    bench = full()
    assert is_refused(bench.ask(meter(4)))
    assert bench.ask(meter(2)) == m.MeterValuesResponse()
    assert bench.ask(HEARTBEAT) == NO_ANSWER


@rule(REFUSED_TOO)
def test_a_repeated_start_of_another_connector_does_not_end_a_refusal() -> None:
    bench = online()
    bench.send(start())
    bench.answer(started(7))
    bench.close()
    bench.fail_to_open()
    assert is_refused(bench.ask(start(5, connector=2)))
    assert bench.ask(start()) == started(7)
    assert bench.ask(HEARTBEAT) == NO_ANSWER
    bench.open()
    ticket = bench.send(start(5, connector=2))
    bench.answer(started(8))
    assert bench.outcomes[ticket] == started(8)
    bench.close()
    bench.fail_to_open()
    assert bench.ask(HEARTBEAT) == m.HeartbeatResponse(current_time=bench.now.at)


@rule(REFUSED_TOO)
def test_that_an_older_message_is_delivered_does_not_end_a_refusal() -> None:
    bench = full()
    assert is_refused(bench.ask(meter(4)))
    bench.open()
    bench.answer()
    assert bench.ask(HEARTBEAT) == NO_ANSWER
    assert bench.ask(meter(5)) == m.MeterValuesResponse()
    assert bench.ask(HEARTBEAT) == NO_ANSWER
    bench.answer_all()
    assert bench.ask(meter(4)) == m.MeterValuesResponse()
    assert bench.relay.refusing == ""


@rule(REFUSED_TOO)
def test_a_refused_message_that_never_comes_again_is_forgotten_in_the_end() -> None:
    bench = full()
    assert is_refused(bench.ask(meter(4)))
    bench.open()
    bench.answer_all()
    bench.advance(60)
    assert bench.relay.refusing == "meter"
    assert bench.ask(meter(5)) == m.MeterValuesResponse()
    assert bench.relay.refusing == ""


def test_a_full_queue_still_knows_a_repeat() -> None:
    bench = full()
    assert bench.ask(meter(2)) == m.MeterValuesResponse()


def test_dead_letters_are_bounded_as_well() -> None:
    bench = online(queue_limit=2, attempts=1)
    for second in (1, 2):
        bench.send(meter(second))
        bench.fail()
    assert len(bench.kept(State.DEAD)) == 2
    assert is_refused(bench.ask(meter(3)))


@rule(
    "A repeat of a SOAP message is known by its content, not its MessageID; the stored answer is"
    " given again."
)
@pytest.mark.parametrize("request_", [start(), stop(7), meter(1)])
def test_a_repeat_gets_the_stored_answer(request_: Request[Any]) -> None:
    bench = online()
    first = bench.send(request_)
    bench.answer()
    second = bench.send(request_)
    assert bench.outcomes[second] == bench.outcomes[first]
    assert len(bench.upstream) == 1
    assert len(bench.told(event.Repeated)) == 1


@rule(
    "A repeat of a SOAP message is known by its content, not its MessageID; the stored answer is"
    " given again."
)
def test_a_repeat_gets_the_stored_answer_while_the_backend_is_away_and_after_a_restart() -> None:
    bench = online()
    bench.send(start())
    bench.answer(started(7))
    bench.close()
    bench.fail_to_open()
    assert bench.ask(start()) == started(7)
    again = bench.restart()
    again.fail_to_open()
    assert again.ask(start(tag="tag")) == started(7)


def test_a_repeat_waits_for_the_answer_to_the_first() -> None:
    bench = online()
    first, second = bench.send(start()), bench.send(start())
    assert len(bench.upstream) == 1
    bench.answer(started(7))
    assert bench.outcomes[first] == bench.outcomes[second] == started(7)


def test_equal_notifications_without_a_time_are_two_messages() -> None:
    bench = online()
    nothing = m.MeterValuesRequest(connector_id=1, meter_value=())
    for request in (status(), status(), nothing, nothing):
        bench.send(request)
        bench.answer()
    assert bench.upstream == [status(), status(), nothing, nothing]


def test_a_question_passes_through_and_so_does_its_fault() -> None:
    bench = online()
    ticket = bench.send(authorize())
    bench.fail(CallFailed(ErrorCode.SECURITY_ERROR, "not you"))
    fault = bench.outcomes[ticket]
    assert isinstance(fault, SecurityError)
    assert fault.description == "not you"
    # It is the backend's word: nothing is refused by us.
    assert bench.relay.refusing == ""


@rule("A Fault maps by the table, no answer is GenericError, another identity SecurityError.")
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CallFailed(ErrorCode.NOT_SUPPORTED), ErrorCode.NOT_SUPPORTED),
        (CallFailed(ErrorCode.FORMATION_VIOLATION), ErrorCode.FORMATION_VIOLATION),
        (CallFailed("Odd", "text"), ErrorCode.GENERIC_ERROR),
    ],
)
def test_the_backends_errors_cross_as_faults(error: CallFailed, code: ErrorCode) -> None:
    bench = online()
    ticket = bench.send(m.DataTransferRequest(vendor_id="V"))
    bench.fail(error)
    fault = bench.outcomes[ticket]
    assert isinstance(fault, Fault)
    assert fault.code is code


def test_a_start_that_the_backend_refuses_is_the_charge_points_again() -> None:
    bench = online()
    ticket = bench.send(start())
    bench.fail(CallFailed(ErrorCode.GENERIC_ERROR, "no"))
    fault = bench.outcomes[ticket]
    assert isinstance(fault, Fault)
    assert fault.code is ErrorCode.GENERIC_ERROR
    assert bench.kept() == []
    second = bench.send(start())
    bench.answer(started(8))
    assert bench.outcomes[second] == started(8)


def test_messages_wait_for_the_attempt_that_is_on_its_way() -> None:
    bench = Bench()
    tickets = [bench.send(each) for each in (boot(), authorize(), start())]
    assert bench.wanted is True
    assert bench.outcomes == {}
    bench.fail_to_open()
    assert all(is_refused(bench.outcomes[each]) for each in tickets)
    assert bench.kept() == []


def test_messages_do_not_wait_for_an_attempt_that_goes_on() -> None:
    bench = Bench()
    ticket = bench.send(authorize())
    bench.advance(9)
    assert ticket not in bench.outcomes
    bench.advance(1)
    assert is_refused(bench.outcomes[ticket])
    assert is_refused(bench.ask(authorize()))
    bench.open()
    ticket = bench.send(authorize())
    bench.answer()
    assert isinstance(bench.outcomes[ticket], m.AuthorizeResponse)


def test_a_message_brings_about_another_attempt_but_not_too_often() -> None:
    bench = away()
    before = bench.opened
    assert is_refused(bench.ask(authorize()))
    assert bench.opened == before
    bench.time += 5
    ticket = bench.send(authorize())
    assert bench.opened == before + 1
    bench.open()
    bench.answer()
    assert isinstance(bench.outcomes[ticket], m.AuthorizeResponse)


def test_an_exchange_that_waits_too_long_is_refused_and_its_start_taken_back() -> None:
    bench = online()
    bench.send(authorize())
    ticket = bench.send(start())
    bench.advance(25)
    assert is_refused(bench.outcomes[ticket])
    assert bench.kept() == []
    assert bench.upstream == [authorize()]


def test_a_start_that_has_left_stays_until_its_outcome_is_known() -> None:
    bench = online()
    ticket = bench.send(start())
    bench.advance(25)
    assert is_refused(bench.outcomes[ticket])
    bench.answer(started(7))
    assert bench.ask(start()) == started(7)


def test_with_local_ids_a_start_that_waits_too_long_gets_one() -> None:
    bench = online(**LOCAL)
    ticket = bench.send(start())
    bench.advance(25)
    outcome = bench.outcomes[ticket]
    assert isinstance(outcome, m.StartTransactionResponse)
    bench.answer(started(7))
    assert bench.ask(start()) == outcome
    bench.send(stop(outcome.transaction_id))
    assert bench.upstream == [start(), stop(7)]


def test_a_forgotten_exchange_gets_nothing_and_its_message_goes_on() -> None:
    bench = online()
    ticket = bench.send(stop(7))
    bench.do(bench.relay.forget(ticket, bench.now))
    bench.answer()
    assert ticket not in bench.outcomes
    assert bench.kept() == []


def test_a_start_whose_exchange_ended_before_it_was_stored_is_taken_back() -> None:
    bench = online()
    bench.holds_writes = True
    ticket = bench.send(start())
    bench.do(bench.relay.forget(ticket, bench.now))
    bench.holds_writes = False
    bench.settle()
    assert bench.kept() == []
    assert bench.upstream == []


def test_what_came_while_others_wait_for_their_commit_keeps_its_place() -> None:
    bench = online()
    bench.holds_writes = True
    bench.send(status("first"))
    question = bench.send(authorize())
    assert bench.upstream == []
    bench.settle()
    bench.answer()
    bench.settle()
    assert bench.upstream == [status("first"), authorize()]
    bench.answer()
    assert question in bench.outcomes


def test_changes_are_told_as_an_event() -> None:
    bench = online()
    value = meter().meter_value[0]
    empty = attrs.evolve(value, sampled_value=())
    bench.send(attrs.evolve(meter(), meter_value=(value, empty)))
    assert bench.upstream == [meter()]
    [told] = bench.told(event.Altered)
    assert told.changes == ("/meterValue/1: a meter value without sampled values is left out",)
