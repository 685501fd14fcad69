"""The way of stored messages to the backend: order, failures, unknown outcomes, ids, restarts."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ocpp16 import messages as m
from ocpp16.bridge import event
from ocpp16.bridge.entry import WINDOW
from ocpp16.bridge.settings import Delivery, OfflineStart
from ocpp16.errors import (
    CallFailed,
    ConstraintKind,
    ErrorCode,
    GenericError,
    InvalidMessage,
    InvalidResponse,
    Unreachable,
)
from ocpp16.store.bridge import query
from ocpp16.store.bridge.tables import MESSAGES, State
from tests.bridge.relay_bench import (
    LOST,
    Bench,
    at,
    authorize,
    away,
    is_refused,
    meter,
    online,
    start,
    started,
    stop,
)
from tests.bridge.rule import rule

ERROR = CallFailed(ErrorCode.INTERNAL_ERROR, "no")
HOLD = {"delivery": Delivery.HOLD}
LOCAL = {"offline_start": OfflineStart.LOCAL_ID}


def seconds_of(bench: Bench) -> list[float]:
    """Return the seconds of the meter values that left, in order."""
    return [
        (each.meter_value[0].timestamp - at(0)).total_seconds()
        for each in bench.upstream
        if isinstance(each, m.MeterValuesRequest)
    ]


@rule("One message per charger upstream at a time, in order of arrival.")
def test_one_message_at_a_time_in_order_of_arrival() -> None:
    bench = online()
    bench.send(meter(1))
    bench.send(authorize())
    bench.send(meter(2))
    bench.send(stop(7))
    assert bench.upstream == [meter(1)]
    bench.answer()
    assert bench.upstream == [meter(1), authorize()]
    bench.answer_all()
    assert bench.upstream == [meter(1), authorize(), meter(2), stop(7)]


@rule("One message per charger upstream at a time, in order of arrival.")
def test_the_next_message_leaves_once_the_answer_to_the_last_is_committed() -> None:
    bench = online()
    bench.send(meter(1))
    bench.send(meter(2))
    bench.holds_writes = True
    bench.answer()
    assert bench.upstream == [meter(1)]
    bench.write_one()
    assert bench.upstream == [meter(1), meter(2)]


@rule("One message per charger upstream at a time, in order of arrival.")
@pytest.mark.parametrize("count", [WINDOW - 1, WINDOW, WINDOW + 1, 5 * WINDOW + 3])
def test_a_long_queue_leaves_in_order(count: int) -> None:
    bench = away()
    for second in range(count):
        assert bench.ask(meter(second)) == m.MeterValuesResponse()
    bench.open()
    bench.answer_all()
    assert seconds_of(bench) == list(range(count))
    assert bench.kept() == []
    assert bench.relay.is_idle


def test_messages_that_come_while_a_long_queue_leaves_go_to_its_end() -> None:
    bench = away()
    for second in range(3 * WINDOW):
        bench.ask(meter(second))
    bench.open()
    for second in range(3 * WINDOW, 5 * WINDOW):
        bench.answer()
        bench.ask(meter(second))
    bench.answer_all()
    assert seconds_of(bench) == list(range(5 * WINDOW))
    assert bench.relay.line.depth == 0


def test_what_is_stored_while_others_are_read_is_not_forgotten() -> None:
    bench = away()
    for second in range(WINDOW):
        bench.ask(meter(second))
    bench.holds_writes = True
    bench.send(meter(1000))
    bench.write_one()  # It went behind, into the store alone.
    bench.open()
    while not bench.loads:
        bench.answer()
        bench.write_one()
    load = bench.loads.popleft()
    with bench.engine.connect() as connection:
        rows, total = query.line(connection, "CP1", load.after, load.limit)
    bench.send(meter(2000))
    bench.write_one()
    # What was read, was read before that.
    bench.do(bench.relay.loaded(rows, load.limit, total, bench.now))
    bench.holds_writes = False
    bench.settle()
    bench.answer_all()
    assert seconds_of(bench) == [*range(WINDOW), 1000, 2000]
    assert bench.kept() == []


def test_a_message_that_cannot_be_read_is_dead() -> None:
    bench = away()
    bench.ask(meter(1))
    bench.ask(meter(2))
    with bench.engine.begin() as connection:
        change = sa.update(MESSAGES).where(MESSAGES.c.key == 1)
        connection.execute(change.values(payload=b'{"connectorId":"x"}'))
    again = bench.restart()
    again.open()
    again.answer_all()
    assert seconds_of(again) == [2]
    [row] = again.kept(State.DEAD)
    assert row.reason is not None
    assert row.reason.startswith("cannot be read: /")


def test_behind_a_long_queue_the_backend_counts_as_away() -> None:
    bench = away()
    for second in range(2 * WINDOW):
        bench.ask(meter(second))
    bench.open()
    assert is_refused(bench.ask(authorize()))
    assert is_refused(bench.ask(start()))
    bench.answer_all()
    ticket = bench.send(authorize())
    bench.answer()
    assert isinstance(bench.outcomes[ticket], m.AuthorizeResponse)


@rule("What was acknowledged is never dropped.")
def test_a_restart_goes_on_with_what_waits() -> None:
    bench = away()
    for second in range(2 * WINDOW):
        bench.ask(meter(second))
    again = bench.restart(is_online=False)
    assert again.wanted
    again.open()
    again.answer_all()
    assert seconds_of(again) == list(range(2 * WINDOW))
    # All is delivered, and the charge point is not there.
    assert again.wanted is False


@rule("What was acknowledged is never dropped.")
def test_a_message_stays_while_its_delivery_cannot_be_written() -> None:
    bench = online()
    bench.send(meter(1))
    bench.store_fails = True
    bench.answer()
    bench.advance(10)
    assert bench.upstream == [meter(1)]
    bench.store_fails = False
    bench.advance(1)
    assert bench.kept() == []


@rule("Upstream delivery is at least once: a resend after an unknown outcome keeps its message id.")
@pytest.mark.parametrize("how", ["lost", "late", "restart"])
def test_a_message_is_sent_again_with_its_id(how: str) -> None:
    bench = online()
    bench.send(meter(1))
    first = bench.flight
    if how == "lost":
        bench.close()
        bench.open()
    elif how == "late":
        bench.advance(30 + 60)
        assert bench.given_up == [first.number]
    else:
        bench = bench.restart()
        bench.open()
    second = bench.flight
    assert second is not first
    assert second.entry.call_id == first.entry.call_id
    assert second.request == first.request
    bench.answer()
    assert bench.kept() == []


@rule("Outcome unknown is logged as such.")
def test_an_unknown_outcome_is_told() -> None:
    bench = online()
    bench.send(meter(1))
    bench.close()
    [told] = bench.told(event.OutcomeUnknown)
    assert (told.action, told.direction, told.correlation) == ("MeterValues", "up", "m2")


def test_a_call_that_did_not_leave_is_no_unknown_outcome() -> None:
    bench = online()
    bench.send(meter(1))
    bench.fail(Unreachable("not connected"), has_left=False)
    assert bench.told(event.OutcomeUnknown) == []
    bench.advance(1)
    assert bench.upstream == [meter(1), meter(1)]


def test_a_late_answer_counts_as_delivered() -> None:
    bench = online()
    bench.send(meter(1))
    bench.advance(60)
    bench.answer()
    assert bench.kept() == []
    assert len(bench.upstream) == 1
    assert len(bench.told(event.LateAnswer)) == 1


def test_while_an_answer_is_late_the_backend_counts_as_away() -> None:
    bench = online()
    bench.send(meter(1))
    bench.advance(31)
    assert is_refused(bench.ask(authorize()))
    bench.answer()
    ticket = bench.send(authorize())
    bench.answer()
    assert isinstance(bench.outcomes[ticket], m.AuthorizeResponse)


def test_an_answer_to_an_earlier_call_is_dropped() -> None:
    bench = online()
    bench.send(meter(1))
    first = bench.flight
    bench.close()
    bench.open()
    bench.answer(send=first)
    assert len(bench.kept()) == 1
    bench.answer()
    assert bench.kept() == []


@rule(
    "After TransactionMessageAttempts CALLERRORs, or when it cannot be encoded, a message moves to"
    " a durable dead-letter table (metric, listed, can be retried); the queue goes on."
)
def test_after_so_many_errors_a_message_is_dead_and_the_queue_goes_on() -> None:
    bench = online(attempts=3, retry_interval=60.0)
    bench.send(meter(1))
    bench.send(meter(2))
    bench.fail(ERROR)
    bench.advance(59)
    assert seconds_of(bench) == [1]
    bench.advance(1)
    assert seconds_of(bench) == [1, 1]
    bench.fail(ERROR)
    bench.advance(119)
    assert seconds_of(bench) == [1, 1]
    bench.advance(1)
    assert seconds_of(bench) == [1, 1, 1]
    ids = {send.entry.call_id for send in bench.sent}
    assert len(ids) == 1
    bench.fail(ERROR)
    assert seconds_of(bench) == [1, 1, 1, 2]
    [row] = bench.kept(State.DEAD)
    assert (row.attempts, row.reason) == (3, "the peer answered InternalError: no")
    assert len(bench.told(event.DeadLettered)) == 1
    assert bench.relay.dead == 1


@rule(
    "After TransactionMessageAttempts CALLERRORs, or when it cannot be encoded, a message moves to"
    " a durable dead-letter table (metric, listed, can be retried); the queue goes on."
)
def test_what_cannot_be_encoded_is_dead_at_once() -> None:
    bench = online()
    bench.send(meter(1))
    bench.fail(InvalidMessage("MeterValuesRequest", "", ConstraintKind.LENGTH, "too large"))
    [row] = bench.kept(State.DEAD)
    assert row.reason == "MeterValuesRequest: too large"


def test_the_attempts_are_counted_over_a_restart() -> None:
    bench = online(attempts=2, retry_interval=0.0)
    bench.send(meter(1))
    bench.holds_writes = True
    bench.fail(ERROR)
    bench.write_one()
    again = bench.restart()
    again.open()
    again.fail(ERROR)
    assert len(again.kept(State.DEAD)) == 1


@rule(
    "After TransactionMessageAttempts CALLERRORs, or when it cannot be encoded, a message moves to"
    " a durable dead-letter table (metric, listed, can be retried); the queue goes on."
)
def test_a_dead_letter_that_is_retried_goes_to_its_place_in_the_line() -> None:
    bench = online(attempts=1)
    bench.send(meter(1))
    first = bench.flight
    bench.send(meter(2))
    bench.send(meter(3))
    bench.fail(ERROR)
    with bench.engine.begin() as connection:
        [dead] = query.messages(connection, "CP1", [State.DEAD])
        assert query.release(connection, dead.key) is not None
        [row] = query.decided(connection)
    bench.do(bench.relay.release(row, bench.now))
    bench.answer_all()
    assert seconds_of(bench) == [1, 2, 1, 3]
    assert {s.entry.call_id for s in bench.sent if s.request == meter(1)} == {first.entry.call_id}
    assert bench.relay.dead == 0
    assert bench.kept(State.DEAD, State.QUEUED, State.RELEASED) == []


def test_a_retry_for_an_absent_charge_point_connects_and_disconnects() -> None:
    bench = online(attempts=1)
    bench.send(meter(1))
    bench.fail(ERROR)
    bench.advance(750)
    assert bench.wanted is False
    with bench.engine.begin() as connection:
        [dead] = query.messages(connection, "CP1", [State.DEAD])
        query.release(connection, dead.key)
        [row] = query.decided(connection)
    bench.do(bench.relay.release(row, bench.now))
    assert bench.wanted
    bench.open()
    bench.answer()
    assert bench.wanted is False


def test_a_link_that_is_lost_is_no_failed_attempt() -> None:
    bench = online(attempts=1)
    bench.send(meter(1))
    for _ in range(5):
        bench.fail(LOST)
        bench.close()
        bench.open()
    assert bench.kept(State.DEAD) == []
    bench.answer()
    assert bench.kept() == []


def test_a_late_answer_to_a_question_is_dropped() -> None:
    bench = online()
    ticket = bench.send(authorize())
    send = bench.flight
    bench.advance(40)
    assert is_refused(bench.outcomes[ticket])
    bench.answer(send=send)
    bench.send(meter(1))
    assert bench.upstream == [authorize(), meter(1)]


def test_an_invalid_answer_counts_as_delivered_unless_it_is_needed() -> None:
    bench = online(attempts=1)
    invalid = InvalidResponse(ErrorCode.FORMATION_VIOLATION, "", "odd")
    bench.send(meter(1))
    bench.fail(invalid)
    assert bench.kept(State.DEAD, State.QUEUED) == []
    assert len(bench.told(event.Altered)) == 1
    ticket = bench.send(start())
    bench.fail(invalid)
    assert isinstance(bench.outcomes[ticket], GenericError)
    assert bench.kept() == []


def test_an_invalid_answer_to_a_start_is_asked_for_again_by_the_same_id() -> None:
    bench = online(attempts=2, retry_interval=60.0)
    ticket = bench.send(start())
    bench.fail(InvalidResponse(ErrorCode.FORMATION_VIOLATION, "", "odd"))
    assert is_refused(bench.outcomes[ticket])
    again = bench.send(start())
    bench.advance(20)
    assert len(bench.sent) == 1
    bench.do(bench.relay.forget(again, bench.now))
    bench.advance(40)
    assert [send.entry.call_id for send in bench.sent] == [ticket, ticket]
    bench.answer(started(7))
    assert bench.ask(start()) == started(7)


def test_a_message_that_is_put_back_by_a_commit_that_was_cut_off_is_sent() -> None:
    bench = online(attempts=1)
    bench.send(meter(1))
    bench.fail(ERROR)
    bench.advance(750)
    with bench.engine.begin() as connection:
        [dead] = query.messages(connection, "CP1", [State.DEAD])
        query.release(connection, dead.key)
        [row] = query.decided(connection)
    bench.holds_writes = True
    bench.do(bench.relay.release(row, bench.now))
    write = bench.writes.popleft()
    with bench.engine.begin() as connection:
        write.change.apply(connection)
    bench.holds_writes = False
    bench.do(bench.relay.unwritten(write, RuntimeError("unknown"), bench.now))
    bench.open()
    bench.answer()
    assert seconds_of(bench) == [1, 1]
    assert bench.kept() == []


def test_a_message_that_is_put_back_twice_is_sent_once() -> None:
    bench = online(attempts=1)
    bench.send(meter(1))
    bench.fail(ERROR)
    with bench.engine.begin() as connection:
        [dead] = query.messages(connection, "CP1", [State.DEAD])
        query.release(connection, dead.key)
        [row] = query.decided(connection)
    bench.holds_writes = True
    bench.do(bench.relay.release(row, bench.now))
    bench.do(bench.relay.release(row, bench.now))
    bench.write_one()
    bench.answer()
    bench.holds_writes = False
    bench.settle()
    assert seconds_of(bench) == [1, 1]
    assert bench.relay.is_idle
