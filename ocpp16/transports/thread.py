"""Threads for functions that may block: bounded, of their owner's own, and never waited for.

Those of the event loop are not used: name look-ups need them, and they are joined when a program
ends, which one function that never returns would put off for ever.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
IDLE_SECONDS = 10.0
"""A thread without work for so long ends."""

_Job: TypeAlias = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Threads:
    """A number of threads, started when they are needed.

    Args:
        limit: How many; further functions wait for their turn.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._count = 0  # threads
        self._load = 0  # functions that have not ended

    async def run(self, function: Callable[[], T]) -> T:
        """Run a function in a thread and return what it returns, or raise what it raises.

        Cancelled, it does not begin; once it has begun it goes on, and its outcome is dropped.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        context = contextvars.copy_context()
        with self._lock:
            if self._count <= self._load and self._count < self._limit:
                # A daemon: it is not joined when the program ends.
                threading.Thread(target=self._work, name="ocpp16-handler", daemon=True).start()
                self._count += 1
            self._load += 1
            self._jobs.put((loop, future, lambda: context.run(function)))
        return await future

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    if self._count <= self._load:
                        continue
                    self._count -= 1
                return
            loop, future, function = job
            settle = None if future.cancelled() else _outcome(future, function)
            # Before it is told, so that a next function finds this thread free.
            with self._lock:
                self._load -= 1
            if settle is not None:
                with suppress(RuntimeError):  # The loop is closed: nobody waits any more.
                    loop.call_soon_threadsafe(settle)
            # What they hold must not live on while there is nothing to do.
            del job, loop, future, function, settle


def _outcome(future: asyncio.Future[Any], function: Callable[[], Any]) -> Callable[[], None]:
    try:
        result = function()
    except StopIteration as error:  # A future cannot hold it.
        return _settle(future, future.set_exception, RuntimeError(repr(error)))
    except BaseException as error:  # noqa: BLE001 - whatever it raises belongs to who asked
        return _settle(future, future.set_exception, error)
    return _settle(future, future.set_result, result)


def _settle(
    future: asyncio.Future[Any], set_outcome: Callable[[Any], None], outcome: object
) -> Callable[[], None]:
    def settle() -> None:
        if not future.done():
            set_outcome(outcome)

    return settle
