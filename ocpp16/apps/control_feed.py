"""Events on their way to those who listen: a bounded queue each, and none waits for another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ocpp16.store.central_system.event import Event

QUEUE_LIMIT = 1000
"""Events that wait for one listener; who is slower than that is cut off."""
LISTENER_LIMIT = 32


class TooManyListeners(Exception):
    """Nobody more can listen."""


class Listener:
    """One who listens; entered with `with`."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._events: deque[Event] = deque()
        self._news = asyncio.Event()
        self._is_over = False
        self.when_over: Callable[[], object] = lambda: None
        """Called once no more events come."""

    async def next(self, seconds: float) -> Event | None:
        """Return the next event; None if there is none in this time.

        Raises:
            StopAsyncIteration: There is no more: the feed is closed, or too many waited.
        """
        if not self._events and not self._is_over:
            self._news.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait()
            except TimeoutError:
                return None
        if self._events:
            return self._events.popleft()
        raise StopAsyncIteration

    def put(self, event: Event) -> None:
        """Take an event."""
        if len(self._events) >= QUEUE_LIMIT:
            # Those that wait are still right and in order; the rest is in the store.
            self.end()
        elif not self._is_over:
            self._events.append(event)
            self._news.set()

    def end(self) -> None:
        """Take it that no more come."""
        if not self._is_over:
            self._is_over = True
            self._news.set()
            self.when_over()

    def __enter__(self) -> Self:
        self._feed.add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._feed.remove(self)


class Feed:
    """Spreads events."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._is_closed = False

    @property
    def listening(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def publish(self, event: Event) -> None:
        """Hand an event to all who listen."""
        for listener in self._listeners:
            listener.put(event)

    def listen(self) -> Listener:
        """Return a listener, to be entered.

        Raises:
            TooManyListeners: There are as many as there may be.
        """
        if len(self._listeners) >= LISTENER_LIMIT:
            raise TooManyListeners
        return Listener(self)

    def add(self, listener: Listener) -> None:
        """Take a listener in."""
        self._listeners.add(listener)
        if self._is_closed:
            listener.end()

    def remove(self, listener: Listener) -> None:
        """Let a listener go."""
        self._listeners.discard(listener)

    def close(self) -> None:
        """Let all go once they have got what waits for them."""
        self._is_closed = True
        for listener in self._listeners:
            listener.end()
