from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from contextvars import Context, ContextVar
from datetime import UTC, datetime
from typing import TypeVarTuple, Unpack

import pytest

from ocpp16.testing import HandClock
from ocpp16.transports.system_clock import SHARED_FROM, SLOT, SystemClock
from ocpp16.transports.task import Signal, TaskGroup, run_in_thread, time_limit
from tests.parties import run

Ts = TypeVarTuple("Ts")


def test_a_signal_wakes_all_who_wait_and_nobody_who_comes_later() -> None:
    async def main() -> None:
        signal = Signal()
        waiting = [asyncio.create_task(signal.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        assert signal.is_awaited
        waiting[0].cancel()
        await asyncio.sleep(0)
        signal.notify()
        await asyncio.gather(*waiting[1:])
        assert not signal.is_awaited
        late = asyncio.create_task(signal.wait())
        await asyncio.sleep(0)
        assert not late.done()
        late.cancel()
        await asyncio.sleep(0)
        assert not signal.is_awaited

    run(main)


def test_a_wait_that_is_cancelled_while_it_is_woken_does_no_harm() -> None:
    async def main() -> None:
        signal = Signal()
        first, second = (asyncio.create_task(signal.wait()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        signal.notify()
        await second

    run(main)


def test_a_time_limit_goes_by_the_clock_that_was_given() -> None:
    async def main() -> None:
        clock = HandClock()

        async def body(seconds: float | None) -> None:
            async with time_limit(clock, seconds):
                await clock.sleep(10)

        short, long, none = (asyncio.create_task(body(limit)) for limit in (5, 15, None))
        await clock.advance(6)
        with pytest.raises(TimeoutError):
            await short
        await clock.advance(5)
        await asyncio.gather(long, none)
        assert clock.next_due is None

    run(main)


def test_a_time_limit_that_is_over_already_ends_the_body_at_its_first_wait() -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with time_limit(SystemClock(), 0):
                await asyncio.sleep(5)

    run(main)


def test_a_cancellation_from_outside_is_no_time_limit() -> None:
    async def main() -> None:
        clock = HandClock()

        async def body() -> None:
            async with time_limit(clock, 5):
                await asyncio.Event().wait()

        task = asyncio.create_task(body())
        await clock.settle()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)


def test_a_task_group_tells_failures_and_ends_with_its_owner() -> None:
    async def main() -> None:
        failures: list[BaseException] = []
        group = TaskGroup(failures.append)
        error = ValueError("broken")

        async def fail() -> None:
            raise error

        group.spawn(fail())
        group.spawn(asyncio.sleep(0))
        group.spawn(asyncio.Event().wait())
        assert len(group) == 3
        await asyncio.sleep(0.001)
        assert len(group) == 1
        group.cancel()
        await group.wait()
        assert (len(group), failures) == (0, [error])

    run(main)


def test_a_task_begins_at_once_but_not_within_another_one() -> None:
    seen: list[str] = []

    async def main() -> None:
        group = TaskGroup(failures.append)

        async def note(name: str, *then: str) -> None:
            task = asyncio.current_task()
            assert task is not None
            assert task.get_coro().__name__ == "note"  # type: ignore[union-attr]
            seen.append(name)
            for each in then:
                group.begin(note(each))
            if then:
                seen.append(f"{name} ends")
                raise error

        def begin() -> None:
            group.begin(note("a", "b"))
            seen.append("begun")

        asyncio.get_running_loop().call_soon(begin)
        await asyncio.sleep(0.001)
        assert len(group) == 0

    failures: list[BaseException] = []
    error = ValueError("broken")
    run(main)
    assert failures == [error]
    eager = ["a", "a ends", "begun", "b"]
    assert seen == (eager if sys.version_info >= (3, 12) else ["begun", "a", "a ends", "b"])


def test_a_task_that_began_at_once_and_waits_is_one_of_its_group() -> None:
    async def main() -> None:
        group = TaskGroup(lambda error: None)
        begun: list[asyncio.Task[None]] = []

        async def wait() -> None:
            await asyncio.Event().wait()

        asyncio.get_running_loop().call_soon(lambda: begun.append(group.begin(wait())))
        await asyncio.sleep(0)
        assert len(group) == 1
        begun[0].cancel()
        await group.wait()
        assert len(group) == 0
        assert begun[0].cancelled()

    run(main)


def test_run_in_thread_gives_back_what_the_function_gives_or_raises() -> None:
    async def main() -> None:
        assert await run_in_thread(threading.get_ident) != threading.get_ident()
        assert await run_in_thread(lambda first, second: first + second, 1, second=2) == 3
        with pytest.raises(ZeroDivisionError):
            await run_in_thread(lambda: 1 // 0)

    run(main)


def test_the_system_clock_tells_time_and_wakes() -> None:
    async def main() -> None:
        clock = SystemClock()
        before = clock.time()
        woken: list[float] = []
        cancelled = clock.call_at(before + 0.001, lambda: woken.append(-1))
        cancelled.cancel()
        clock.call_at(before + 0.005, lambda: woken.append(clock.time()))
        clock.call_at(before - 5, lambda: woken.append(0))
        assert woken == []
        await clock.sleep(0.03)
        assert woken[0] == 0
        assert woken[1] >= before + 0.004
        assert len(woken) == 2
        assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5
        assert clock.now().tzinfo is UTC

    run(main)


def test_timers_that_are_far_off_share_one_of_the_loop_and_nothing_else() -> None:
    who: ContextVar[str] = ContextVar("who")
    woken: list[str] = []
    told: list[object] = []

    async def main() -> None:
        clock = SystemClock()
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
        slot = (clock.time() // SLOT + 2 + SHARED_FROM / SLOT) * SLOT
        error = ValueError("broken")

        def note() -> None:
            assert clock.time() >= slot
            woken.append(who.get())

        def fail() -> None:
            raise error

        timers = []
        for name in "abc":
            who.set(name)
            timers.append(clock.call_at(slot - SLOT / 2, note))
            clock.call_at(slot - SLOT / 2, fail)
        who.set("d")
        timers[1].cancel()
        rung = asyncio.Event()
        clock.call_at(slot - SLOT / 2, rung.set)
        assert len(set_at) == 1
        await rung.wait()
        assert woken == ["a", "c"]
        assert told == [error] * 3
        timers[0].cancel()  # too late, and no harm

    class CountingLoop(asyncio.SelectorEventLoop):
        def call_at(
            self,
            when: float,
            callback: Callable[[Unpack[Ts]], object],
            *args: *Ts,
            context: Context | None = None,
        ) -> asyncio.TimerHandle:
            set_at.append(when)
            return super().call_at(when, callback, *args, context=context)

    set_at: list[float] = []
    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        runner.run(main())


def test_a_timer_cancelled_by_one_of_the_same_moment_does_not_ring() -> None:
    async def main() -> None:
        clock = SystemClock()
        when = (clock.time() // SLOT + 2 + SHARED_FROM / SLOT) * SLOT - SLOT / 2
        woken: list[str] = []
        rung = asyncio.Event()

        def first() -> None:
            woken.append("first")
            second.cancel()

        clock.call_at(when, first)
        second = clock.call_at(when, lambda: woken.append("second"))
        clock.call_at(when, rung.set)
        await rung.wait()
        assert woken == ["first"]

    run(main)
