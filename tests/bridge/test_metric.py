"""The metrics: every event is counted, and no peer can make the number of series grow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("prometheus_client")
pytest.importorskip("sqlalchemy")

import sqlalchemy as sa

from ocpp16.bridge import event
from ocpp16.bridge.metric import Metrics, Moment
from ocpp16.bridge.totals import Totals, totals
from ocpp16.store.bridge.tables import MESSAGES, METADATA, State, milliseconds

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOTHING = Totals(queued=0, deepest=0, oldest=None, held=0, dead=0)
UP, DOWN = event.Direction.UP, event.Direction.DOWN


def moment(counted: Totals | None = NOTHING) -> Moment:
    return Moment(online=2, upstream=1, writes=3, is_leader=True, now=NOW, totals=counted)


def rendered(*events: event.Event, counted: Totals | None = NOTHING) -> dict[str, float]:
    metrics = Metrics()
    for each in events:
        metrics.tell(each)
    lines = metrics.render(moment(counted)).decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {
        name.removeprefix("ocpp16_bridge_"): float(value)
        for name, value in pairs
        if "_created" not in name
    }


def test_exchanges_are_counted_and_timed() -> None:
    found = rendered(
        event.ExchangeCrossed("CP1", "Heartbeat", UP, "answered", 0.02, "1"),
        event.ExchangeCrossed("CP2", "Heartbeat", UP, "answered", 0.2, "2"),
        event.ExchangeCrossed("CP1", "Reset", DOWN, "GenericError", 20.5, "3"),
    )
    labels = 'action="Heartbeat",direction="up"'
    assert found[f'exchanges_total{{{labels},outcome="answered"}}'] == 2
    assert found['exchanges_total{action="Reset",direction="down",outcome="GenericError"}'] == 1
    assert found[f'exchange_seconds_bucket{{{labels},le="0.025"}}'] == 1
    assert found[f"exchange_seconds_count{{{labels}}}"] == 2


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (event.Stored("CP1", "MeterValues", "1"), "stored"),
        (event.Delivered("CP1", "MeterValues", "1"), "delivered"),
        (event.Failed("CP1", "MeterValues", "1", "x", 1), "failures"),
        (event.DeadLettered("CP1", "MeterValues", "1", "x"), "dead_letters"),
        (event.Held("CP1", "MeterValues", "1", "x"), "held"),
        (event.Released("CP1", "MeterValues", "1"), "released"),
        (event.Discarded("CP1", "MeterValues", "1"), "discarded"),
        (event.Refused("CP1", "MeterValues", "x"), "refused"),
        (event.Repeated("CP1", "MeterValues"), "duplicates"),
        (event.Altered("CP1", "MeterValues", ("x",)), "altered"),
        (event.LateAnswer("CP1", "MeterValues", "1"), "late_answers"),
    ],
)
def test_events_are_counted_by_action(told: event.Event, name: str) -> None:
    assert rendered(told, told)[f'{name}_total{{action="MeterValues"}}'] == 2


def test_the_other_events() -> None:
    found = rendered(
        event.UpstreamOpened("CP1"),
        event.UpstreamFailed("CP1", "x"),
        event.UpstreamFailed("CP2", "y"),
        event.StoreFailed("CP1", "x"),
        event.RelayFailed("CP1", "x"),
        event.OutcomeUnknown("CP1", "Reset", DOWN, "1", "x"),
        event.ChargerOnline("CP1"),
    )
    assert found["upstream_opened_total"] == 1
    assert found["upstream_failures_total"] == 2
    assert found["store_failures_total"] == 1
    assert found["relay_failures_total"] == 1
    assert found['outcome_unknown_total{action="Reset",direction="down"}'] == 1


def test_strangers_do_not_let_the_series_grow() -> None:
    strange = [
        told
        for number in range(500)
        for told in (
            event.ExchangeCrossed(f"CP{number}", f"A{number}", UP, f"o{number}", 0.1, "1"),
            event.Refused(f"CP{number}", f"A{number}", f"why{number}"),
            event.Stored(f"CP{number}", "Heartbeat", f"{number}"),
        )
    ]
    few = rendered(*strange[:3])
    many = rendered(*strange)
    assert set(few) == set(many)
    assert many['exchanges_total{action="other",direction="up",outcome="other"}'] == 500
    assert not any("CP" in name or "why" in name for name in many)


def test_what_is_true_now() -> None:
    found = rendered(
        counted=Totals(queued=7, deepest=5, oldest=NOW - timedelta(seconds=90), held=2, dead=1)
    )
    assert {name: found[name] for name in found if "{" not in name and "total" not in name} == {
        "chargers_online": 2, "upstream_connections": 1, "store_waiting": 3, "leader": 1,
        "store_readable": 1, "queue_depth": 7, "queue_depth_max": 5, "queue_age_seconds": 90,
        "held_messages": 2, "dead_letter_messages": 1,
    }  # fmt: skip
    assert rendered()["queue_age_seconds"] == 0


def test_a_store_that_cannot_be_read_says_nothing_false() -> None:
    found = rendered(counted=None)
    assert found["store_readable"] == 0
    assert "queue_depth" not in found


def test_totals_of_a_store() -> None:
    engine = sa.create_engine("sqlite://", poolclass=sa.NullPool)
    with engine.connect() as connection:
        METADATA.create_all(connection)
        assert totals(connection) == NOTHING
        rows = [
            ("A", State.QUEUED, 5), ("A", State.QUEUED, 3), ("B", State.QUEUED, 4),
            ("B", State.DEAD, 1), ("C", State.HELD, 2), ("C", State.HELD, 2),
        ]  # fmt: skip
        for number, (identity, state, minutes) in enumerate(rows):
            row = {
                "identity": identity, "action": "MeterValues", "payload": b"{}",
                "call_id": str(number), "state": state.value,
                "received": milliseconds(NOW + timedelta(minutes=minutes)),
            }  # fmt: skip
            connection.execute(sa.insert(MESSAGES).values(row))
        assert totals(connection) == Totals(
            queued=3, deepest=2, oldest=NOW + timedelta(minutes=3), held=2, dead=1
        )
