"""A clock whose time can be skipped."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from ocpp16.apps.charge_point.skipping_clock import SkippingClock
from ocpp16.testing import HandClock
from tests.apps.doubles import NOON


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 20))


def test_it_runs_at_its_pace() -> None:
    async def main() -> None:
        hand = HandClock(NOON)
        clock = SkippingClock(hand, 60)
        await hand.advance(2)
        assert clock.time() == 120
        assert (clock.now() - NOON).total_seconds() == 120

    run(main())


def test_skipping_calls_what_is_due_in_order() -> None:
    called: list[str] = []
    clock = SkippingClock(HandClock(NOON))
    clock.call_at(20, lambda: called.append("later"))
    clock.call_at(10, lambda: called.append("sooner"))
    clock.call_at(30, lambda: called.append("not yet"))
    clock.skip_to(25)
    assert called == ["sooner", "later"]
    assert clock.next_due == 30
    assert clock.time() == 25


def test_it_does_not_go_back() -> None:
    clock = SkippingClock(HandClock(NOON))
    clock.skip_to(25)
    clock.skip_to(5)
    assert clock.time() == 25


def test_a_cancelled_timer_is_not_due() -> None:
    clock = SkippingClock(HandClock(NOON))
    called: list[int] = []
    clock.call_at(10, lambda: called.append(1)).cancel()
    assert clock.next_due is None
    clock.skip_to(20)
    assert called == []


def test_timers_fire_by_themselves_too() -> None:
    async def main() -> None:
        hand = HandClock(NOON)
        clock = SkippingClock(hand, 2)
        sleeping = asyncio.ensure_future(clock.sleep(10))
        await hand.advance(4.9)
        assert not sleeping.done()
        await hand.advance(0.1)
        assert sleeping.done()

    run(main())


def test_another_pace_for_a_while() -> None:
    async def main() -> None:
        hand = HandClock(NOON)
        clock = SkippingClock(hand)
        called: list[float] = []
        clock.call_at(10, lambda: called.append(hand.time()))
        await hand.advance(1)
        with clock.at_pace(0.1):
            await hand.advance(10)
            assert clock.time() == pytest.approx(2)
        await hand.advance(8)
        assert called == [pytest.approx(19)]

    run(main())
