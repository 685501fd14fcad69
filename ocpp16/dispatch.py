"""From a typed request to its handler, and from what that returns to a typed response or an error.

Knows which handlers there are, and what becomes of what they raise. Knows no wire and no event
loop: how a handler that is no coroutine function is run comes in from outside. Spec: J 4.2.3.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar, overload

import attrs

from ocpp16 import log
from ocpp16.catalog import ACTIONS, action_of
from ocpp16.errors import Fault, InternalError, NoAnswer, NotSupported
from ocpp16.spec import ActionSpec, Side
from ocpp16.structure import Request, RequestType, Response

_logger = logging.getLogger("ocpp16.dispatch")

T = TypeVar("T")
PeerT = TypeVar("PeerT")
PeerT_contra = TypeVar("PeerT_contra", contravariant=True)
RequestT = TypeVar("RequestT", bound=Request[Any])
RequestT_co = TypeVar("RequestT_co", bound=Request[Any], covariant=True)
ResponseT = TypeVar("ResponseT", bound=Response)


class RunSync(Protocol):
    """Runs a function that may block, in a thread say, and gives back what it returns."""

    def __call__(self, function: Callable[[], T], /) -> Awaitable[T]:
        """Run it; awaiting the result gives what it returned, or raises what it raised."""
        raise NotImplementedError


class OnDecorator(Protocol[PeerT, RequestT, ResponseT]):
    """Takes the handler of one request, a coroutine function or not, and returns it unchanged."""

    @overload
    def __call__(
        self, handler: Callable[[PeerT, RequestT], ResponseT], /
    ) -> Callable[[PeerT, RequestT], ResponseT]: ...
    @overload
    def __call__(
        self, handler: Callable[[PeerT, RequestT], Coroutine[Any, Any, ResponseT]], /
    ) -> Callable[[PeerT, RequestT], Coroutine[Any, Any, ResponseT]]: ...


class AfterDecorator(Protocol[PeerT, RequestT, ResponseT]):
    """Takes a hook, with the response or without it, and returns it unchanged."""

    @overload
    def __call__(
        self, hook: Callable[[PeerT, RequestT], T], /
    ) -> Callable[[PeerT, RequestT], T]: ...
    @overload
    def __call__(
        self, hook: Callable[[PeerT, RequestT, ResponseT], T], /
    ) -> Callable[[PeerT, RequestT, ResponseT], T]: ...


@attrs.frozen
class _Hook:
    function: Callable[..., object]
    run: Callable[..., Awaitable[object]]
    takes_response: bool


class Dispatcher(Generic[PeerT]):
    """The handlers of one side.

    Args:
        side: Which side we are.
        run_sync: Runs a handler or hook that is no coroutine function.
    """

    def __init__(self, side: Side, *, run_sync: RunSync) -> None:
        self._side = side
        self._run_sync = run_sync
        self._handlers: dict[str, Callable[..., object]] = {}
        self._runs: dict[str, Callable[..., Awaitable[object]]] = {}
        self._hooks: dict[str, list[_Hook]] = {}

    def on(
        self, request: RequestType[RequestT, ResponseT]
    ) -> OnDecorator[PeerT, RequestT, ResponseT]:
        """Register the handler of a request.

        The handler is called as `handler(peer, request)` and returns the response that belongs to
        the request, or raises a `Fault` to answer an error.

        Args:
            request: A request class.

        Returns:
            A decorator; it raises ValueError where there is a handler already.

        Raises:
            ValueError: This side never receives the request.
            TypeError: It is no request class of OCPP 1.6.
        """
        action = self._received_action(request)

        def register(handler: Callable[..., Any]) -> Callable[..., Any]:
            if not callable(handler):
                raise TypeError(f"{handler!r} is no handler: it cannot be called")
            earlier = self._handlers.get(action.name)
            if earlier is not None:
                raise ValueError(f"{action.name} has a handler already: {_name(earlier)}")
            self._handlers[action.name] = handler
            self._runs[action.name] = self._awaitable(handler)
            return handler

        return register

    def after(
        self, request: RequestType[RequestT, ResponseT]
    ) -> AfterDecorator[PeerT, RequestT, ResponseT]:
        """Register a hook that runs once the response to a request has left.

        A hook with two positional parameters is called as `hook(peer, request)`, one with three as
        `hook(peer, request, response)`. Several hooks run in the order of their registration.

        Args:
            request: A request class.

        Returns:
            A decorator; it raises TypeError for a hook that takes neither two nor three.

        Raises:
            ValueError: This side never receives the request.
            TypeError: It is no request class of OCPP 1.6.
        """
        action = self._received_action(request)

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            hook = _Hook(function, self._awaitable(function), _takes_response(function))
            self._hooks.setdefault(action.name, []).append(hook)
            return function

        return register

    def offers(self, action: ActionSpec) -> bool:
        """Tell whether there is a handler for an action."""
        return action.name in self._handlers

    @property
    def handlers(self) -> Mapping[str, Callable[..., object]]:
        """The handlers by the name of their action."""
        return MappingProxyType(self._handlers)

    async def handle(self, peer: PeerT, request: Request[ResponseT]) -> ResponseT:
        """Run the handler of a request and return its response.

        Raises:
            Fault: The handler answers an error, or failed: InternalError then, and a log line.
            NoAnswer: The handler gives none.
        """
        action = action_of(type(request))
        run = self._runs.get(action.name)
        if run is None:
            raise NotSupported(f"{action.name} is not offered here")
        try:
            response = await run(peer, request)
        except (Fault, NoAnswer):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a handler raises
            # The peer learns nothing of our code: the trace is for the log alone.
            text = f"the handler {_name(self._handlers[action.name])} of {action.name} failed"
            log.failure(_logger, text, error)
            raise InternalError from None
        due = request.response_type()
        if not isinstance(response, due):
            _logger.error(
                "the handler %s of %s returned %s, due is %s",
                _name(self._handlers[action.name]),
                action.name,
                type(response).__name__,
                due.__name__,
            )
            raise InternalError
        return response

    async def run_after(
        self, peer: PeerT, request: Request[ResponseT], response: ResponseT
    ) -> None:
        """Run the hooks of a request, one after the other; one that fails leaves a log line."""
        action = action_of(type(request))
        for hook in self._hooks.get(action.name, ()):
            arguments = (peer, request, response) if hook.takes_response else (peer, request)
            try:
                await hook.run(*arguments)
            except Exception as error:  # noqa: BLE001 - whatever a hook raises
                text = f"the hook {_name(hook.function)} after {action.name} failed"
                log.failure(_logger, text, error)

    def _awaitable(self, function: Callable[..., Any]) -> Callable[..., Awaitable[object]]:
        """Return what runs a handler or hook, a coroutine function or not."""
        if inspect.iscoroutinefunction(function):
            return function

        async def run(*arguments: object) -> object:
            result = await self._run_sync(lambda: function(*arguments))
            # A lambda or an object may hand back a coroutine without being a coroutine function.
            return await result if inspect.isawaitable(result) else result

        return run

    def _received_action(self, request: RequestType[RequestT, ResponseT]) -> ActionSpec:
        wanted: object = request
        for action in ACTIONS.values():
            if action.request is wanted:
                break
        else:
            raise TypeError(f"{request!r} is no request of OCPP 1.6")
        if self._side.other not in action.senders:
            name = action.request.__name__
            raise ValueError(f"{name} is sent by the {self._side.value}, never received by it")
        return action


def _takes_response(hook: Callable[..., object]) -> bool:
    parameters = inspect.signature(hook).parameters.values()
    count = sum(
        parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}
        for parameter in parameters
    )
    if count in {2, 3}:
        return count == 3
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return True
    raise TypeError(f"the hook {_name(hook)} takes {count} arguments, not 2 or 3")


def _name(function: Callable[..., object]) -> str:
    name: object = getattr(function, "__qualname__", None)
    return name if isinstance(name, str) else type(function).__name__
