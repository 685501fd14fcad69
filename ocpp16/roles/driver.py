"""Drives one session over one connection: frames in and out, calls, handlers, deadlines.

The only place of the roles where time passes by itself. What comes in is worked on at once, in the
order of arrival, and handlers run beside it (`work`), so that no handler keeps an answer waiting.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import attrs

from ocpp16 import log
from ocpp16.clock import Clock, Timer
from ocpp16.errors import CallNotAllowed, Fault, InvalidResponse, OcppError, SessionClosed
from ocpp16.roles import event as told
from ocpp16.roles.around import CallContext
from ocpp16.roles.peer import Peer
from ocpp16.roles.work import Outcome, Workload
from ocpp16.session import Session
from ocpp16.session.event import (
    CallEnded,
    CallId,
    CallReceived,
    Deviated,
    Exchange,
    FaultAnswered,
    FrameIgnored,
    FrameToSend,
    HandlerExpired,
    IdReused,
    LateAnswer,
    Repeated,
    SessionEvent,
)
from ocpp16.structure import Request, Response
from ocpp16.transports.connection import Connection

logger = logging.getLogger(__name__)
PeerT = TypeVar("PeerT", bound=Peer)


class NotSent(SessionClosed):
    """The connection ended before the call had left: it can be sent over another one."""


class Owner(Protocol):
    """The role that a driver works for, as far as a driver needs it."""

    @property
    def watches_frames(self) -> bool:
        """Tell whether anyone wants frame events."""
        raise NotImplementedError

    def tell(self, event: told.Event) -> None:
        """Spread an event."""
        ...

    def call_answered(self, driver: Driver[Any], request: Request[Any], response: Response) -> None:
        """Take the response to a call of ours, before anything that came after it is looked at."""
        ...

    def connection_over(self, driver: Driver[Any], reason: str) -> None:
        """Take it that a connection has ended; called once."""
        ...


def _may_leave() -> str | None:
    return None


def _new_waiter() -> asyncio.Future[Response | OcppError]:
    return asyncio.get_running_loop().create_future()


@attrs.define
class _OwnCall:
    request: Request[Any]
    why_not: Callable[[], str | None]
    waiter: asyncio.Future[Response | OcppError] = attrs.field(factory=_new_waiter)
    is_sent: bool = False


class Driver(Generic[PeerT]):
    """One connection at work; `Receiver` of its transport, `Asker` of the workload.

    Args:
        peer: Who is at the other end.
        connection: The way there; the owner starts it.
        session: The exchange.
        workload: The handlers of this charge point.
        owner: The role.
        clock: Where timers run.
        is_deaf: Whether calls are neither read nor answered now (C 4.2, Rejected).
    """

    __slots__ = (
        "_calls",
        "_clock",
        "_is_deaf",
        "_owner",
        "_session",
        "_timer",
        "_timer_due",
        "_workload",
        "connection",
        "has_started",
        "is_draining",
        "is_open",
        "peer",
    )

    def __init__(
        self,
        peer: PeerT,
        connection: Connection,
        session: Session,
        workload: Workload[PeerT],
        *,
        owner: Owner,
        clock: Clock,
        is_deaf: Callable[[], bool] = lambda: False,
    ) -> None:
        self.peer = peer
        self.connection = connection
        self.has_started = False
        self.is_open = True
        self.is_draining = False
        self._session = session
        self._workload = workload
        self._owner = owner
        self._clock = clock
        self._is_deaf = is_deaf
        self._calls: dict[CallId, _OwnCall] = {}
        self._timer: Timer | None = None
        self._timer_due = 0.0

    def start(self) -> None:
        """Begin to read what the peer sends."""
        self.has_started = True
        self.connection.start(self)

    # Our calls

    async def call(
        self,
        request: Request[Any],
        seconds: float | None,
        call_id: CallId | None = None,
        *,
        why_not: Callable[[], str | None] = _may_leave,
    ) -> Any:
        """Send a request and return its response; see `Peer.call`.

        Args:
            request: What to ask.
            seconds: How long the answer may take; None is `Settings.call_timeout`.
            call_id: Id of an earlier call that this one repeats.
            why_not: Asked once, when the call is about to leave: why it must not; None if it may.

        Raises:
            NotSent: The connection ended before the call had left.
            CallNotAllowed: It must not leave, by `why_not`.
        """
        call_id, events = self._session.call(request, self._clock.time(), seconds, call_id=call_id)
        surroundings = self._workload.surroundings
        if not surroundings:
            return await self._carry(_OwnCall(request, why_not), call_id, events)
        with surroundings.of(CallContext(self.peer, request, call_id, is_ours=True)) as context:
            context.response = await self._carry(_OwnCall(request, why_not), call_id, events)
        return context.response

    async def _carry(self, call: _OwnCall, call_id: CallId, events: list[SessionEvent]) -> Response:
        self._calls[call_id] = call
        self._perform(events)
        try:
            outcome = await call.waiter
        except asyncio.CancelledError:
            self._calls.pop(call_id, None)
            self._perform(self._session.cancel(call_id, self._clock.time()))
            raise
        if isinstance(outcome, SessionClosed) and not call.is_sent:
            raise NotSent(str(outcome))
        if isinstance(outcome, OcppError):
            raise outcome
        return outcome

    # Receiver

    def frame_received(self, frame: bytes, exchange: Exchange | None = None) -> None:
        """Take a frame of the peer."""
        if self._owner.watches_frames:
            self._owner.tell(told.FrameIn(self.peer, frame))
        if self._is_deaf():
            self.connection.leave_unanswered(exchange)
            return
        self._perform(self._session.receive(frame, self._clock.time(), exchange))

    def exchange_failed(self, exchange: Exchange, error: OcppError) -> None:
        """Take it that the HTTP exchange of a call of ours failed."""
        self._perform(self._session.exchange_failed(exchange, error, self._clock.time()))

    def connection_lost(self, reason: str) -> None:
        """Take it that the connection has ended."""
        if self.is_open:
            self.is_open = False
            self._perform(self._session.close(reason, self._clock.time()))
            self._owner.connection_over(self, reason)

    def close(self, code: int, reason: str) -> None:
        """End the connection: calls of ours fail at once, handlers go on."""
        if self.is_open:
            self.connection.close(code, reason)
            self.connection_lost(f"closed by us: {code} {reason}".rstrip())

    # Asker

    def answer(self, handle: int, outcome: Outcome) -> bool:
        """Answer a call of the peer; return whether the handler's response was sent."""
        now = self._clock.time()
        if outcome is None or self._is_deaf():
            events = self._session.drop(handle, now)
        elif isinstance(outcome, Fault):
            events = self._session.refuse(handle, outcome, now)
        else:
            events = self._session.answer(handle, outcome, now)
        self._perform(events)
        return isinstance(outcome, Response) and _was_sent(handle, events)

    async def flush(self) -> None:
        """Wait until what was sent has left."""
        await self.connection.flush()

    # Inside

    def _perform(self, events: list[SessionEvent]) -> None:
        for event in events:
            match event:
                case FrameToSend(call=None):
                    self._send_answer(event)
                case FrameToSend():
                    # A call that is refused lets the next one in line leave: the list grows.
                    events += self._send_call(event)
                case CallReceived():
                    self._begin(event)
                case CallEnded(id=call_id, outcome=outcome):
                    if isinstance(outcome, InvalidResponse):
                        where = f" at {outcome.path}" if outcome.path else ""
                        reason = f"the answer to {event.action.name} is none: {outcome.code}{where}"
                        self._owner.tell(told.Unanswerable(self.peer, reason, b""))
                    self._end_call(call_id, outcome)
                case HandlerExpired(handle=handle):
                    self._workload.expire(self, handle)
                case FaultAnswered():
                    if event.cause is not None:
                        log.failure(logger, "an answer could not be made", event.cause)
                    if not self._is_deaf():
                        self._owner.tell(
                            told.FaultAnswered(self.peer, event.id, event.action, event.fault)
                        )
                case FrameIgnored():
                    if event.exchange is not None:
                        self.connection.leave_unanswered(event.exchange)
                    self._owner.tell(told.Unanswerable(self.peer, event.reason, event.frame))
                case LateAnswer():
                    self._owner.tell(
                        told.LateAnswer(self.peer, event.id, event.action.name, event.outcome)
                    )
                case Repeated():
                    self._owner.tell(told.Repeated(self.peer, event.id, event.action))
                case IdReused():
                    self._owner.tell(told.IdReused(self.peer, event.id, event.action))
                case Deviated():
                    self._owner.tell(
                        told.Deviated(self.peer, event.id, event.action, event.deviations)
                    )
        self._arm()

    def _send_call(self, event: FrameToSend) -> list[SessionEvent]:
        assert event.call is not None  # noqa: S101 - the caller has looked
        call = self._calls.get(event.call)
        if call is not None:
            # Asked only now: while it stood in line, an answer may have closed the gate.
            reason = call.why_not()
            if reason is not None:
                error = CallNotAllowed(reason)
                return self._session.withdraw(event.call, error, self._clock.time())
            call.is_sent = True
        self._send(event)
        return []

    def _send_answer(self, event: FrameToSend) -> None:
        if not self._is_deaf():
            self._send(event)
        elif event.exchange is not None:
            self.connection.leave_unanswered(event.exchange)

    def _send(self, event: FrameToSend) -> None:
        if self._owner.watches_frames:
            self._owner.tell(told.FrameOut(self.peer, event.data))
        self.connection.send(event.data, exchange=event.exchange, call=event.call)

    def _end_call(self, call_id: CallId, outcome: Response | OcppError) -> None:
        call = self._calls.pop(call_id, None)
        if call is None or call.waiter.done():
            return
        if isinstance(outcome, Response):
            self._owner.call_answered(self, call.request, outcome)
        call.waiter.set_result(outcome)

    def _begin(self, call: CallReceived) -> None:
        if self.is_draining:
            # No answer: the peer takes the connection's end for the cause and sends it again.
            self._perform(self._session.drop(call.handle, self._clock.time()))
        else:
            self._workload.begin(self.peer, call, self)

    def _arm(self) -> None:
        """See to it that the session is woken at its deadline.

        A timer that is due earlier stays and is set anew when it fires, so that an exchange that
        comes and goes within its limits costs no timer.
        """
        due = self._session.deadline
        if self._timer is not None:
            if self.is_open if due is None else self._timer_due <= due:
                return
            self._timer.cancel()
            self._timer = None
        if due is None:
            return
        self._timer_due = due
        self._timer = self._clock.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._perform(self._session.tick(self._clock.time()))


def _was_sent(handle: int, events: list[SessionEvent]) -> bool:
    """Tell whether a response left as such, and not as the error that it cannot be sent."""
    was_sent = False
    for event in events:
        if isinstance(event, FrameToSend):
            was_sent = was_sent or event.answers == handle
        elif isinstance(event, FaultAnswered) and event.handle == handle:
            return False
    return was_sent
