"""Everyone who watches a role: hooks are told at once, streams without ever waiting for one."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Self, TypeAlias, TypeVar
from weakref import WeakSet

from ocpp16 import log
from ocpp16.roles.event import Event, FrameIn, FrameOut, Unanswerable
from ocpp16.roles.event_log import write
from ocpp16.transports.task import Signal

logger = logging.getLogger(__name__)

FrameHook: TypeAlias = Callable[[FrameIn | FrameOut], object]
FrameHookT = TypeVar("FrameHookT", bound=FrameHook)
EventHook: TypeAlias = Callable[[Event], object]
EventHookT = TypeVar("EventHookT", bound=EventHook)


class EventStream:
    """The events of a role from now on, as an asynchronous iterator.

    A reader that is too slow loses the oldest ones, which `dropped` counts. The stream ends when it
    is closed, by `close`, `async with`, or by being forgotten.

    Args:
        limit: How many events wait for the reader.
        byte_limit: How large their frames may be in all; the latest event is kept all the same.
    """

    def __init__(self, limit: int, byte_limit: int = 4 * 1024 * 1024) -> None:
        self.dropped = 0
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._limit = limit
        self._byte_limit = byte_limit
        self._is_closed = False
        self._changed = Signal()

    def put(self, event: Event) -> None:
        """Add an event."""
        if self._is_closed:
            return
        self._events.append(event)
        self._bytes += _frame_size(event)
        while len(self._events) > 1 and (
            len(self._events) > self._limit or self._bytes > self._byte_limit
        ):
            self._take()
            self.dropped += 1
        self._changed.notify()

    def close(self) -> None:
        """End the stream; events that wait can still be read."""
        self._is_closed = True
        self._changed.notify()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._events:
            if self._is_closed:
                raise StopAsyncIteration
            await self._changed.wait()
        return self._take()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def _take(self) -> Event:
        event = self._events.popleft()
        self._bytes -= _frame_size(event)
        return event


def _frame_size(event: Event) -> int:
    return len(event.frame) if isinstance(event, FrameIn | FrameOut | Unanswerable) else 0


class Observers:
    """Everyone who watches a role.

    Args:
        limit: How many events wait for the reader of a stream.
        line_limit: Longest log line, in characters.
        byte_limit: How large the frames among those events may be in all.
    """

    def __init__(self, limit: int, line_limit: int, byte_limit: int = 4 * 1024 * 1024) -> None:
        self._limit = limit
        self._byte_limit = byte_limit
        self._line_limit = line_limit
        self._streams: WeakSet[EventStream] = WeakSet()
        self._hooks: list[FrameHook] = []
        self._event_hooks: list[EventHook] = []

    @property
    def watches_frames(self) -> bool:
        """Tell whether anyone wants frames, so that nobody makes events for nobody."""
        return bool(self._hooks) or bool(self._streams)

    def add_stream(self) -> EventStream:
        """Return a new stream."""
        stream = EventStream(self._limit, self._byte_limit)
        self._streams.add(stream)
        return stream

    def add_hook(self, hook: FrameHookT) -> FrameHookT:
        """Call a function with each frame event from now on."""
        self._hooks.append(hook)
        return hook

    def add_event_hook(self, hook: EventHookT) -> EventHookT:
        """Call a function with each event that is no frame, from now on."""
        self._event_hooks.append(hook)
        return hook

    def tell(self, event: Event) -> None:
        """Spread an event."""
        if isinstance(event, FrameIn | FrameOut):
            for hook in self._hooks:
                try:
                    hook(event)
                except Exception as error:  # noqa: BLE001 - whatever it does, frames go on
                    log.failure(logger, "a frame hook failed", error, self._line_limit)
        else:
            write(event, self._line_limit)
            for event_hook in self._event_hooks:
                try:
                    event_hook(event)
                except Exception as error:  # noqa: BLE001 - whatever it does, the role goes on
                    log.failure(logger, "an event hook failed", error, self._line_limit)
        for stream in tuple(self._streams):
            stream.put(event)
