"""Messages with an unknown outcome that are held for a person, by the rule."""

from __future__ import annotations

import pytest

from ocpp16 import messages as m
from ocpp16.bridge import event
from ocpp16.bridge.settings import Delivery, OfflineStart
from ocpp16.errors import (
    CallFailed,
    ErrorCode,
)
from ocpp16.store.bridge import query
from ocpp16.store.bridge.tables import State
from tests.bridge.relay_bench import (
    Bench,
    at,
    away,
    boot,
    meter,
    online,
    start,
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


def local_start(bench: Bench, second: float = 0) -> int:
    """Let a transaction start with a local id, and return that."""
    outcome = bench.ask(start(second))
    assert isinstance(outcome, m.StartTransactionResponse)
    return outcome.transaction_id


@rule("Setting `hold` parks it for a person instead.")
@pytest.mark.parametrize("how", ["lost", "late", "restart"])
def test_hold_parks_a_message_with_an_unknown_outcome(how: str) -> None:
    bench = online(**HOLD)
    bench.send(meter(1))
    bench.send(meter(2))
    if how == "lost":
        bench.close()
        bench.open()
    elif how == "late":
        bench.advance(30 + 60)
    else:
        bench = bench.restart()
        bench.open()
    bench.answer()
    # The queue goes on.
    assert seconds_of(bench)[-1] == 2
    assert seconds_of(bench).count(1) <= 1
    [row] = bench.kept(State.HELD)
    assert row.action == "MeterValues"
    assert bench.relay.held == 1
    assert bench.kept() == []


@rule("Setting `hold` parks it for a person instead.")
def test_a_boot_that_we_answered_can_be_held_as_well() -> None:
    bench = away(**HOLD)
    bench.ask(boot())
    bench.open()
    bench.close()
    assert [row.action for row in bench.kept(State.HELD)] == ["BootNotification"]


@rule("Setting `hold` parks it for a person instead.")
def test_hold_lets_no_message_go_unnoted() -> None:
    bench = online(**HOLD)
    bench.holds_writes = True
    bench.send(meter(1))
    bench.write_one()
    assert bench.upstream == []
    bench.write_one()
    assert bench.upstream == [meter(1)]


@rule("Setting `hold` parks it for a person instead.")
def test_a_message_that_did_not_leave_is_not_held() -> None:
    bench = away(**HOLD)
    bench.ask(meter(1))
    again = bench.restart()
    again.open()
    again.answer()
    assert again.upstream == [meter(1)]
    assert again.kept(State.HELD) == []


def test_what_follows_a_held_start_is_held_with_it() -> None:
    bench = away(**HOLD, **LOCAL)
    local_id = local_start(bench)
    bench.ask(meter(1, local_id))
    bench.ask(meter(2))
    bench.open()
    bench.close()
    bench.open()
    bench.answer()
    assert [row.action for row in bench.kept(State.HELD)] == ["StartTransaction", "MeterValues"]
    assert seconds_of(bench) == [2]


def discard(bench: Bench) -> None:
    """Let a person do away with the first message that is held or dead."""
    row = bench.kept(State.HELD, State.DEAD)[0]
    with bench.engine.begin() as connection:
        dropped = query.drop(connection, row.key, "CP1")
    assert dropped is not None
    bench.do(bench.relay.drop(dropped, bench.now))


def test_a_held_message_is_done_away_with() -> None:
    bench = online(queue_limit=1, **HOLD)
    bench.send(meter(1))
    bench.close()
    assert bench.relay.held == 1
    assert bench.relay.is_full
    discard(bench)
    assert bench.kept(*State) == []
    assert (bench.relay.held, bench.relay.is_full) == (0, False)
    [told] = bench.told(event.Discarded)
    assert (told.action, told.correlation) == ("MeterValues", bench.sent[0].entry.call_id)
    # It was acknowledged, so a repeat is still known.
    bench.open()
    assert bench.ask(meter(1)) == m.MeterValuesResponse()
    assert bench.upstream == [meter(1)]


def test_what_follows_a_start_that_was_done_away_with_carries_minus_one() -> None:
    bench = away(**HOLD, **LOCAL)
    local_id = local_start(bench)
    bench.open()
    bench.close()
    discard(bench)
    [told] = bench.told(event.IdMapped)
    assert (told.local_id, told.backend_id) == (local_id, -1)
    bench.open()
    bench.send(meter(1, local_id))
    assert bench.upstream[-1] == meter(1, -1)
    assert bench.restart().relay.ids.backend_of(local_id) == -1


def test_a_start_whose_id_has_come_keeps_it() -> None:
    bench = away(**HOLD, **LOCAL)
    local_id = local_start(bench)
    bench.open()
    bench.close()
    bench.relay.ids.map(local_id, 7)
    discard(bench)
    assert bench.relay.ids.backend_of(local_id) == 7
    assert bench.told(event.IdMapped) == []


def test_what_was_done_away_with_while_nothing_can_be_written_is_taken_later() -> None:
    bench = online(**HOLD)
    bench.send(meter(1))
    bench.close()
    bench.store_fails = True
    row = bench.kept(State.HELD)[0]
    with bench.engine.begin() as connection:
        dropped = query.drop(connection, row.key, "CP1")
    assert dropped is not None
    bench.do(bench.relay.drop(dropped, bench.now))
    assert bench.relay.held == 1
    bench.store_fails = False
    for _ in range(2):
        bench.do(bench.relay.drop(dropped, bench.now))
    assert bench.relay.held == 0
    assert len(bench.told(event.Discarded)) == 1
