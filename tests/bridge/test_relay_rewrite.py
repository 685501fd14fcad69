"""Changes that had to be written again: what was written since is not undone by them."""

from __future__ import annotations

from ocpp16 import messages as m
from ocpp16.bridge.settings import Delivery, OfflineStart
from ocpp16.enums import RegistrationStatus
from ocpp16.store.bridge import query
from ocpp16.store.bridge.tables import State
from ocpp16.store.error import StoreUnavailable
from tests.bridge.relay_bench import (
    NO_ANSWER,
    Bench,
    away,
    boot,
    booted,
    is_refused,
    meter,
    online,
    start,
    started,
    stop,
)

HEARTBEAT = m.HeartbeatRequest()


def pairs(bench: Bench) -> list[tuple[int, int | None]]:
    with bench.engine.connect() as connection:
        return query.transactions(connection, "CP1")


def row(bench: Bench) -> query.ChargerRow:
    with bench.engine.connect() as connection:
        return query.chargers(connection, "CP1")[0]


def test_a_local_id_written_late_does_not_forget_the_backends() -> None:
    bench = online(offline_start=OfflineStart.LOCAL_ID)
    ticket = bench.send(start())
    bench.store_fails = True
    bench.close()  # The charge point is to get a local id, and that cannot be written.
    bench.fail_to_open()
    bench.store_fails = False
    bench.open()
    bench.answer(started(7))
    bench.advance(2)
    answer = bench.outcomes[ticket]
    assert isinstance(answer, m.StartTransactionResponse)
    assert pairs(bench) == [(answer.transaction_id, 7)]
    again = bench.restart()
    again.open()
    assert again.ask(start()) == answer
    again.send(stop(answer.transaction_id))
    assert again.upstream == [stop(7)]


def test_a_local_id_that_never_was_written_is_the_answer_all_the_same() -> None:
    bench = online(offline_start=OfflineStart.LOCAL_ID)
    bench.send(start())
    bench.store_fails = True
    bench.close()
    bench.fail_to_open()
    bench.store_fails = False
    bench.open()
    bench.answer(started(7))
    again = bench.restart()  # The charge point has no answer, and asks again.
    again.open()
    answer = again.ask(start())
    assert isinstance(answer, m.StartTransactionResponse)
    assert pairs(again) == [(answer.transaction_id, 7)]
    assert again.upstream == []  # One transaction.


def test_a_refusal_is_not_forgotten_by_an_earlier_change() -> None:
    bench = away()
    assert is_refused(bench.ask(start()))
    assert row(bench).refusing == "start"
    bench.open()
    bench.advance(60)
    ticket = bench.send(start(1))
    bench.holds_writes = True
    bench.answer()
    bench.write_one()  # The answer is committed;
    bench.store_fails = True
    bench.write_one()  # that nothing is refused any more, is not.
    bench.store_fails = bench.holds_writes = False
    assert bench.outcomes[ticket] == started(7)
    bench.close()
    bench.fail_to_open()
    assert is_refused(bench.ask(start(2)))
    assert row(bench).refusing == "start"
    bench.advance(2)
    assert row(bench).refusing == "start"
    again = bench.restart()
    again.fail_to_open()
    assert again.ask(HEARTBEAT) == NO_ANSWER


def test_a_refusal_that_could_not_be_written_is_written_later() -> None:
    bench = away()
    bench.store_fails = True
    assert is_refused(bench.ask(start()))
    bench.store_fails = False
    bench.advance(2)
    assert row(bench).refusing == "start"


def test_a_registration_written_late_does_not_undo_the_next() -> None:
    bench = away()
    bench.ask(boot())  # Answered by us, and stored.
    bench.open()
    bench.store_fails = True
    bench.answer(booted(RegistrationStatus.PENDING, interval=1))
    bench.store_fails = False
    bench.time += 1.0
    # Both are due: the next BootNotification, and the registration.
    bench.do(bench.relay.tick(bench.now))
    bench.answer(booted())
    bench.advance(5)
    assert row(bench).status == "Accepted"


def test_a_local_id_whose_commit_was_cut_off_is_known_all_the_same() -> None:
    bench = away(offline_start=OfflineStart.LOCAL_ID, delivery=Delivery.HOLD)
    bench.holds_writes = True
    ticket = bench.send(start())
    write = bench.writes.popleft()
    with bench.engine.begin() as connection:
        write.change.apply(connection)
    bench.do(bench.relay.unwritten(write, StoreUnavailable("cut off"), bench.now))
    bench.holds_writes = False
    bench.settle()
    assert is_refused(bench.outcomes[ticket])
    answer = bench.ask(start())
    assert isinstance(answer, m.StartTransactionResponse)
    bench.ask(meter(1, answer.transaction_id))
    bench.open()
    assert bench.upstream == [start()]
    bench.close()  # Whether the backend has the start is unknown, so it is held;
    bench.time += 60
    bench.open()
    # and what follows must not leave by an id that the backend does not know.
    assert bench.upstream == [start()]
    assert [row.action for row in bench.kept(State.HELD)] == ["StartTransaction", "MeterValues"]


def test_that_a_message_has_left_is_not_forgotten_by_an_earlier_failure() -> None:
    bench = online(delivery=Delivery.HOLD, retry_interval=0.0)
    bench.ask(meter())
    bench.holds_writes = True
    bench.fail()
    bench.store_fails = True
    bench.write_one()  # That it failed once;
    bench.store_fails = bench.holds_writes = False
    bench.settle()  # that it leaves again.
    assert bench.upstream == [meter(), meter()]
    bench.advance(2)
    again = bench.restart()
    again.open()
    assert again.upstream == []
    assert [row.action for row in again.kept(State.HELD)] == ["MeterValues"]
