"""Threads of a role: bounded, reused, and never waited for."""

from __future__ import annotations

import asyncio
import contextvars
import subprocess
import sys
import threading

import pytest

from ocpp16.transports import thread
from ocpp16.transports.thread import Threads
from tests.parties import run, until


def fail(error: BaseException) -> None:
    raise error


def test_a_function_gives_back_what_it_gives_or_raises() -> None:
    async def main() -> None:
        threads = Threads(2)
        variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable")
        variable.set(7)
        assert await threads.run(threading.get_ident) != threading.get_ident()
        assert await threads.run(variable.get) == 7
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 // 0)
        with pytest.raises(RuntimeError, match="StopIteration"):
            await threads.run(lambda: fail(StopIteration()))

    run(main)


def test_a_thread_is_used_again_and_no_more_than_allowed_are_started() -> None:
    async def main() -> None:
        threads = Threads(2)
        used = {await threads.run(threading.get_ident) for _ in range(20)}
        assert len(used) == 1
        go, begun = threading.Event(), []

        def wait() -> int:
            begun.append(threading.get_ident())
            go.wait(5)
            return threading.get_ident()

        tasks = [asyncio.create_task(threads.run(wait)) for _ in range(5)]
        await until(lambda: len(begun) == 2)
        tasks[3].cancel()
        tasks[0].cancel()
        await asyncio.sleep(0.02)
        assert len(begun) == 2
        go.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert {each for each in done if isinstance(each, int)} <= set(begun)
        assert len(begun) == 4
        assert len(set(begun)) == 2

    run(main)


def test_a_thread_without_work_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        threads = Threads(3)
        await asyncio.gather(*(threads.run(threading.get_ident) for _ in range(3)))
        await until(lambda: threads._count == 0)
        assert await threads.run(lambda: 5) == 5

    monkeypatch.setattr(thread, "IDLE_SECONDS", 0.02)
    run(main)


def test_a_function_that_never_returns_does_not_keep_the_program() -> None:
    program = """
import asyncio, threading
from ocpp16.transports.thread import Threads
async def main():
    task = asyncio.create_task(Threads(1).run(threading.Event().wait))
    await asyncio.sleep(0.1)
    task.cancel()
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=20)
