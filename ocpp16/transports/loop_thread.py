"""An event loop in a thread of its own, for callers that have none: WSGI's threads, say."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for threads: on one event loop, so that what handlers share stays usable.

    `asyncio.run` for each call would give every call a loop of its own, on which a connection pool
    that an earlier one opened does not work.

    Args:
        loop: A loop that runs in another thread; None is one of our own, begun at the first call
            (a server that forks has forked by then) in a thread that ends with the process.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._given = loop
        self._own: tuple[int, asyncio.AbstractEventLoop] | None = None
        self._lock = threading.Lock()

    def run(self, coroutine: Coroutine[Any, Any, T], seconds: float) -> T:
        """Run a coroutine and return its result.

        Raises:
            TimeoutError: It took too long, and was cancelled.
        """
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop())
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine, and do not wait for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop())

    def call(self, function: Callable[[], object]) -> None:
        """Call a function on the loop, and do not wait for it."""
        self._loop().call_soon_threadsafe(function)

    def _loop(self) -> asyncio.AbstractEventLoop:
        if self._given is not None:
            return self._given
        with self._lock:
            if self._own is None or self._own[0] != os.getpid():
                loop = asyncio.new_event_loop()
                self._own = os.getpid(), loop
                threading.Thread(target=loop.run_forever, name="ocpp16-loop", daemon=True).start()
            return self._own[1]
