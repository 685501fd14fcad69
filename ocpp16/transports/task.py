"""The little of asyncio that roles need besides connections: tasks, signals, waits with a limit.

All waits go by an injected `Clock`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from ocpp16.clock import Clock, Timer

P = ParamSpec("P")
T = TypeVar("T")


class Signal:
    """Wakes everyone who waits for it."""

    __slots__ = ("_waiters",)

    def __init__(self) -> None:
        self._waiters: list[asyncio.Future[None]] = []

    @property
    def is_awaited(self) -> bool:
        """Tell whether anyone waits."""
        return bool(self._waiters)

    def notify(self) -> None:
        """Wake all who wait now."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self) -> None:
        """Wait for the next `notify`."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)


class time_limit:  # noqa: N801 - a function in all but name, as `suppress` is
    """Raises TimeoutError in the body of its `async with` once that has taken so long.

    Args:
        clock: By which time.
        seconds: How long; None is no limit.
    """

    __slots__ = ("_clock", "_seconds", "_timeout", "_timer")

    def __init__(self, clock: Clock, seconds: float | None) -> None:
        self._clock = clock
        self._seconds = seconds
        self._timeout = asyncio.timeout(None)
        self._timer: Timer | None = None

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        if self._seconds is not None:
            self._timer = self._clock.call_at(self._clock.time() + self._seconds, self._end)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._timeout.__aexit__(kind, error, at)

    def _end(self) -> None:
        self._timeout.reschedule(asyncio.get_running_loop().time())


class TaskGroup:
    """Tasks that belong to one owner and end with it. A task's failure is told to `on_error`."""

    __slots__ = ("_on_error", "_tasks")

    def __init__(self, on_error: Callable[[BaseException], object]) -> None:
        self._on_error = on_error
        self._tasks: dict[asyncio.Task[Any], None] = {}  # smaller than an empty set

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, coroutine: Coroutine[Any, Any, object]) -> asyncio.Task[Any]:
        """Run a coroutine in a task of its own."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks[task] = None
        task.add_done_callback(self._done)
        return task

    def begin(self, coroutine: Coroutine[Any, Any, object]) -> asyncio.Task[Any]:
        """Run a coroutine in a task of its own, as far as it goes without a wait at once.

        From within another task it begins later, as with `spawn`: one that begins the next one at
        its end would go ever deeper. So it does before Python 3.12.
        """
        if sys.version_info < (3, 12) or asyncio.current_task() is not None:
            return self.spawn(coroutine)
        task = asyncio.Task(coroutine, loop=asyncio.get_running_loop(), eager_start=True)
        self._tasks[task] = None
        if task.done():
            self._done(task)
        else:
            task.add_done_callback(self._done)
        return task

    def cancel(self) -> None:
        """Cancel every task."""
        for task in self._tasks:
            task.cancel()

    async def wait(self) -> None:
        """Wait until no task is left."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled():
            error = task.exception()
            if error is not None:
                self._on_error(error)


Slots = asyncio.Semaphore
"""Lets so many in at once, the others wait in line."""


async def run_in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking function in a thread of the event loop's bounded pool."""
    return await asyncio.to_thread(function, *args, **kwargs)
