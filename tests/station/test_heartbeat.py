"""Heartbeats. SPEC 2."""

from __future__ import annotations

from ocpp16.station.heartbeat import DAY, Heartbeat


def test_one_is_due_after_so_much_silence() -> None:
    assert Heartbeat(300, 10.0).next_due == 310.0


def test_any_message_counts_as_a_sign_of_life() -> None:
    heartbeat = Heartbeat(300, 0.0)
    heartbeat.sent(200.0)
    assert heartbeat.next_due == 500.0


def test_one_a_day_is_due_whatever_else_is_sent() -> None:
    heartbeat = Heartbeat(300, 0.0)
    heartbeat.sent(DAY - 10)
    assert heartbeat.next_due == DAY
    heartbeat.sent(DAY, is_heartbeat=True)
    assert heartbeat.next_due == DAY + 300


def test_an_interval_of_0_leaves_the_daily_one() -> None:
    assert Heartbeat(0, 0.0).next_due == DAY


def test_a_new_interval_holds_at_once() -> None:
    heartbeat = Heartbeat(300, 0.0)
    heartbeat.interval = 60
    assert heartbeat.next_due == 60.0
