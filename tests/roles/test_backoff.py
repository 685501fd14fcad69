from __future__ import annotations

from datetime import timedelta

from ocpp16.roles.backoff import Backoff
from ocpp16.settings import Settings


def test_the_bound_doubles_up_to_its_limit() -> None:
    backoff = Backoff(Settings(), lambda: 0.5)
    waits = [backoff.next_wait() for _ in range(12)]
    assert waits == [1.5, 2.0, 3.0, 5.0, 9.0, 17.0, 33.0, 65.0, 129.0, 151.0, 151.0, 151.0]


def test_the_least_wait_is_kept_whatever_chance_says() -> None:
    backoff = Backoff(Settings(reconnect_wait=timedelta(seconds=3)), lambda: 0.0)
    assert [backoff.next_wait() for _ in range(3)] == [3.0, 3.0, 3.0]


def test_a_connection_that_lasted_ends_the_back_off() -> None:
    backoff = Backoff(Settings(), lambda: 0.5)
    waits = [backoff.next_wait() for _ in range(3)]
    backoff.end_connection(seconds=60)
    assert (waits[-1], backoff.next_wait()) == (3.0, 1.5)


def test_a_connection_that_is_lost_at_once_counts_as_a_failure() -> None:
    backoff = Backoff(Settings(), lambda: 0.5)
    waits = [backoff.next_wait() for _ in range(3)]
    backoff.end_connection(seconds=0.1)
    assert (waits[-1], backoff.next_wait()) == (3.0, 5.0)


def test_a_bound_below_the_least_wait_holds() -> None:
    backoff = Backoff(
        Settings(reconnect_wait=timedelta(seconds=4), reconnect_bound=timedelta(seconds=2)),
        lambda: 1.0,
    )
    assert [backoff.next_wait() for _ in range(2)] == [6.0, 6.0]
