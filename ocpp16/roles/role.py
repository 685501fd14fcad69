"""What both roles have in common: handlers, hooks, events, settings, clock and ids."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable
from typing import Generic, TypeVar

from ocpp16.clock import Clock
from ocpp16.dispatch import AfterDecorator, Dispatcher, OnDecorator
from ocpp16.roles.around import Around, Surroundings
from ocpp16.roles.observers import EventHookT, EventStream, FrameHookT, Observers
from ocpp16.roles.peer import Peer
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.structure import Request, RequestType, Response
from ocpp16.transports.system_clock import SystemClock
from ocpp16.transports.thread import Threads

PeerT = TypeVar("PeerT", bound=Peer)
AroundT = TypeVar("AroundT", bound=Around)
RequestT = TypeVar("RequestT", bound=Request[Response])
ResponseT = TypeVar("ResponseT", bound=Response)


def new_uuid() -> str:
    """Return an id that is unique over restarts."""
    return str(uuid.uuid4())


class Role(Generic[PeerT]):
    """One side of OCPP, as an application sees it.

    Args:
        side: Which side.
        settings: Limits, timers and choices.
        clock: Where time comes from; None is the machine's.
        new_id: Source of message ids, each unique for ever; None is UUID4.
    """

    def __init__(
        self,
        side: Side,
        *,
        settings: Settings,
        clock: Clock | None,
        new_id: Callable[[], str] | None,
    ) -> None:
        self.side = side
        self.settings = settings
        self.clock: Clock = SystemClock() if clock is None else clock
        self._new_id = new_uuid if new_id is None else new_id
        self._threads = Threads(settings.handler_threads)
        self._dispatcher: Dispatcher[PeerT] = Dispatcher(side, run_sync=self._threads.run)
        self.surroundings = Surroundings()
        self._observers = Observers(settings.event_queue, settings.log_line, settings.event_bytes)

    def on(
        self, request: RequestType[RequestT, ResponseT]
    ) -> OnDecorator[PeerT, RequestT, ResponseT]:
        """Register the handler of a request, as a decorator.

        It is called as `handler(peer, request)`, beside others and in no order with them, and
        returns the response or raises a `Fault`. It may call its peer.

        A function that is no coroutine function runs in a thread, one of
        `Settings.handler_threads` that all such functions of this role share; while none is free
        it waits, and that counts as part of `Settings.handler_timeout`. A thread cannot be
        stopped: one whose call is answered InternalError for taking too long stays in use until
        the function returns. None is waited for when a role stops or the program ends.

        Args:
            request: The request class.
        """
        return self._dispatcher.on(request)

    def after(
        self, request: RequestType[RequestT, ResponseT]
    ) -> AfterDecorator[PeerT, RequestT, ResponseT]:
        """Register what is to be done once the response to a request has left, as a decorator.

        It is called as `hook(peer, request)` or `hook(peer, request, response)`, and not if the
        connection was lost before.

        Args:
            request: The request class.
        """
        return self._dispatcher.after(request)

    def around(self, hook: AroundT) -> AroundT:
        """Register what surrounds each call, as a decorator.

        It is called as `hook(context)` with a `CallContext` and returns a context manager, which is
        entered before the handler of a call runs, and before a call of ours leaves, and is left
        when the outcome is known: with the exception if that is an error. It runs in the task of
        the handler, or of whoever calls, so that context variables reach both. A context that
        fails leaves a log line; none can stop a call.
        """
        self.surroundings.add(hook)
        return hook

    def on_frame(self, hook: FrameHookT) -> FrameHookT:
        """Register a function that is called with each `FrameIn` and `FrameOut`, as a decorator.

        It is called in the midst of the exchange, so it has to be quick, and cannot be a coroutine
        function.
        """
        if inspect.iscoroutinefunction(hook):
            raise TypeError("a frame hook cannot be a coroutine function; see `events()`")
        return self._observers.add_hook(hook)

    def on_event(self, hook: EventHookT) -> EventHookT:
        """Register a function that is called with each event that is no frame, as a decorator.

        It is called at once, in the midst of the exchange, so it has to be quick, misses nothing,
        and cannot be a coroutine function; `events()` is for readers that take their time.
        """
        if inspect.iscoroutinefunction(hook):
            raise TypeError("an event hook cannot be a coroutine function; see `events()`")
        return self._observers.add_event_hook(hook)

    def events(self) -> EventStream:
        """Return the events from now on, to be read with `async for`."""
        return self._observers.add_stream()
