"""The bridge's tables: what is written, what is read of it, what other processes may do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from ocpp16.store.bridge import query
from ocpp16.store.bridge.change import (
    Absent,
    Added,
    AddMessage,
    Drop,
    GiveLocalId,
    Known,
    Learn,
    Move,
    Note,
    Pending,
    Register,
    Registration,
    Requeue,
    SetRefusing,
    Settle,
    Withdraw,
)
from ocpp16.store.bridge.tables import State, instant, milliseconds
from tests.bridge.relay_bench import NOON, at, new_database

MESSAGE = AddMessage(
    identity="CP1",
    action="MeterValues",
    payload=b"{}",
    call_id="1",
    received=NOON,
    digest=b"d" * 32,
    answer=b"{}",
)


@pytest.fixture
def connection() -> Any:
    with new_database().begin() as connection:
        yield connection


def add(connection: sa.Connection, number: int, **changes: Any) -> int:
    change = attrs.evolve(
        MESSAGE, call_id=str(number), digest=str(number).encode().ljust(32), **changes
    )
    added = change.apply(connection)
    assert isinstance(added, Added)
    return added.key


def test_a_message_is_stored_once(connection: sa.Connection) -> None:
    first = MESSAGE.apply(connection)
    assert first == Added(1)
    again = attrs.evolve(MESSAGE, call_id="2", answer=b'{"other":1}')
    assert again.apply(connection) == Known(b"{}")
    # Of another charge point it is another message.
    assert attrs.evolve(MESSAGE, identity="CP2", call_id="2").apply(connection) == Added(2)
    rows, total = query.line(connection, "CP1", 0, 10)
    assert total == 1
    assert attrs.asdict(rows[0]) == {
        "key": 1,
        "identity": "CP1",
        "action": "MeterValues",
        "payload": b"{}",
        "call_id": "1",
        "digest": b"d" * 32,
        "received": NOON,
        "state": State.QUEUED,
        "attempts": 0,
        "reason": None,
        "moved": None,
        "local_id": None,
    }


def test_a_message_without_an_answer_is_pending(connection: sa.Connection) -> None:
    start = attrs.evolve(MESSAGE, answer=None, action="StartTransaction")
    assert attrs.evolve(start, may_add=False).apply(connection) == Absent()
    assert start.apply(connection) == Added(1)
    assert attrs.evolve(start, call_id="2").apply(connection) == Pending(1, State.QUEUED)
    GiveLocalId(
        identity="CP1", key=1, digest=b"d" * 32, local_id=5, answer=b'{"id":5}', at=NOON
    ).apply(connection)
    assert attrs.evolve(start, call_id="2").apply(connection) == Known(b'{"id":5}')
    assert query.transactions(connection, "CP1") == [(5, None)]
    Settle(identity="CP1", key=1, action="StartTransaction", at=NOON, mapping=(5, 2**40)).apply(
        connection
    )
    assert query.transactions(connection, "CP1") == [(5, 2**40)]
    assert query.line(connection, "CP1", 0, 10) == ([], 0)
    assert attrs.evolve(start, call_id="2").apply(connection) == Known(b'{"id":5}')


def test_keys_grow_and_are_never_used_again(connection: sa.Connection) -> None:
    first, second = add(connection, 1), add(connection, 2)
    Withdraw(key=second).apply(connection)
    third = add(connection, 3)
    assert first < second < third
    rows, total = query.line(connection, "CP1", first, 10)
    assert [row.key for row in rows] == [third]
    assert total == 2


def test_a_message_moves_aside_and_back(connection: sa.Connection) -> None:
    key = add(connection, 1, local_id=9)
    move = Move(
        identity="CP1",
        key=key,
        state=State.DEAD,
        reason="r" * 600,
        at=at(5),
        attempts=3,
        given_up=9,
    )
    move.apply(connection)
    assert query.line(connection, "CP1", 0, 10) == ([], 0)
    [row] = query.messages(connection, "CP1", [State.DEAD])
    assert (row.attempts, row.reason, row.moved) == (3, "r" * 500, at(5))
    assert query.transactions(connection, "CP1") == [(9, -1)]
    assert query.release(connection, key, "CP2") is None
    assert query.release(connection, 99) is None
    assert query.decided(connection) == []
    released = query.release(connection, key, "CP1")
    assert released is not None
    assert released.key == key
    assert [each.key for each in query.decided(connection)] == [key]
    requeue = Requeue(identity="CP1", key=key)
    assert requeue.apply(connection) == (0, 0)
    assert requeue.apply(connection) is None
    rows, total = query.line(connection, "CP1", 0, 10)
    assert [(each.key, each.attempts, each.reason) for each in rows] == [(key, 0, None)]
    # One that waits cannot be put back.
    assert query.release(connection, key) is None
    assert total == 1


def test_a_message_is_done_away_with(connection: sa.Connection) -> None:
    key = add(connection, 1, local_id=9)
    # One that waits cannot be dropped.
    assert query.drop(connection, key) is None
    Move(identity="CP1", key=key, state=State.HELD, reason="r", at=at(5), attempts=0).apply(
        connection
    )
    drop = Drop(identity="CP1", key=key, local_id=9, at=at(6))
    assert drop.apply(connection) is None
    assert query.drop(connection, key, "CP2") is None
    dropped = query.drop(connection, key, "CP1")
    assert dropped is not None
    assert dropped.key == key
    assert query.release(connection, key) is None
    assert [(each.key, each.state) for each in query.decided(connection)] == [(key, State.DROPPED)]
    assert query.transactions(connection, "CP1") == [(9, None)]
    assert drop.apply(connection) == (0, 0)
    assert drop.apply(connection) is None
    assert query.transactions(connection, "CP1") == [(9, -1)]
    assert query.messages(connection, "CP1", list(State)) == []


def test_what_is_known_of_charge_points(connection: sa.Connection) -> None:
    registration = Registration(status="Accepted", interval=300, boot=b"{}")
    Register(identity="CP2", registration=registration).apply(connection)
    Register(
        identity="CP2", registration=Registration(status="Pending", interval=5, boot=b"x")
    ).apply(connection)
    Learn(identity="CP2", callback="http://cp.example/").apply(connection)
    SetRefusing(identity="CP2", refusing="start").apply(connection)
    Note(identity="CP2", is_online=True, upstream="open", last_seen=at(3), last_error="bad").apply(
        connection
    )
    for number in (1, 2, 3):
        add(connection, number, received=at(number))
    Move(identity="CP1", key=1, state=State.HELD, reason="", at=at(9), attempts=0).apply(connection)
    one, two = query.chargers(connection)
    assert (one.identity, one.queued, one.held, one.dead, one.oldest) == ("CP1", 2, 1, 0, at(2))
    assert (one.status, one.upstream, one.is_online, one.last_seen) == (None, "idle", False, None)
    # What was accepted last stays known while the registration is another.
    assert (two.status, two.interval, two.boot) == ("Pending", 300, b"{}")
    assert (two.callback, two.refusing) == ("http://cp.example/", "start")
    assert (two.is_online, two.upstream, two.last_seen, two.last_error) == (
        True,
        "open",
        at(3),
        "bad",
    )
    assert (two.queued, two.oldest) == (0, None)
    assert query.chargers(connection, "CP2") == [two]
    assert query.chargers(connection, "CP3") == []


def test_old_answers_are_forgotten_some_at_a_time(connection: sa.Connection) -> None:
    for number in range(5):
        add(connection, number, received=at(number))
    before = at(3) + timedelta(milliseconds=1)
    assert query.prune(connection, before, limit=3) == 3
    assert query.prune(connection, before, limit=3) == 1
    assert query.prune(connection, before, limit=3) == 0
    # Its message waits still: it is a repeat all the same.
    digest = b"0".ljust(32)
    again = attrs.evolve(MESSAGE, call_id="9", digest=digest)
    assert isinstance(again.apply(connection), Pending)


def test_instants_are_kept_to_the_millisecond() -> None:
    assert instant(milliseconds(at(1.234))) == at(1.234)
