"""Drives the relay of one charge point: exchanges, writes, calls and timers around it.

Decides nothing: what is to be done comes from the relay, and what came of it goes back there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import attrs

from ocpp16 import log
from ocpp16.bridge import event
from ocpp16.bridge.action import (
    Action,
    Answer,
    CloseUpstream,
    GiveUp,
    Ignore,
    Load,
    Now,
    OpenUpstream,
    Refuse,
    Send,
    SetRegistration,
    Tell,
    Write,
)
from ocpp16.bridge.mending import Unmendable, mend
from ocpp16.bridge.policy import fault_for_failure, stand_in
from ocpp16.bridge.relay import Reach, Relay
from ocpp16.bridge.upstream import Upstream
from ocpp16.catalog import action_of
from ocpp16.clock import Clock, Timer
from ocpp16.errors import (
    CallNotAllowed,
    CallTimeout,
    Fault,
    GenericError,
    InternalError,
    InvalidResponse,
    NoAnswer,
    OcppError,
    QueueFull,
    SessionClosed,
    Unreachable,
)
from ocpp16.roles.peer import Peer
from ocpp16.store.bridge import query
from ocpp16.store.bridge.change import Learn, Note
from ocpp16.store.bridge.query import MessageRow
from ocpp16.store.bridge.tables import State
from ocpp16.store.database import Database
from ocpp16.store.error import StoreError
from ocpp16.structure import Request, Response
from ocpp16.transports.task import TaskGroup

logger = logging.getLogger(__name__)
CHARGE_POINT = "the charge point"
STEADY_AFTER = 600.0
"""Seconds after which an earlier failure of the relay does not count any more."""


class Host(Protocol):
    """The bridge, as far as one charge point needs it."""

    clock: Clock
    database: Database

    def new_id(self) -> str:
        """Return a message id, unique for ever."""
        ...

    def peer(self, identity: str) -> Peer | None:
        """Return the charge point, None if where it listens is not known."""
        ...

    def tell(self, told: event.Event) -> None:
        """Spread an event."""
        ...

    def register(self, identity: str, status: str, interval: int) -> None:
        """Let a charge point be registered so."""
        ...

    def renew(self, charger: Charger) -> None:
        """Let a charge point whose relay has failed go on with what is stored."""
        ...

    def has_changed(self, charger: Charger) -> None:
        """Take it that something of a charge point is different."""
        ...


@attrs.define(eq=False)
class _Exchange:
    """A call of the charge point that has no answer yet."""

    action: str
    since: float
    answer: asyncio.Future[Response]


class Charger:
    """One charge point.

    Args:
        relay: What decides.
        host: The bridge.
        make_upstream: Makes its connection to the backend.
        call_seconds: How long a call of the backend may take at the charge point.
        send_seconds: Longer than any call to the backend is waited for.
        callback: Where it was called last.
        last_seen: When it made its last request.
    """

    def __init__(
        self,
        relay: Relay,
        host: Host,
        *,
        make_upstream: Callable[[Charger], Upstream],
        call_seconds: float,
        send_seconds: float,
        callback: str | None,
        last_seen: datetime | None,
    ) -> None:
        self.relay = relay
        self.identity = relay.identity
        self.last_seen = last_seen
        self._host = host
        self._clock = host.clock
        self._upstream = make_upstream(self)
        self._call_seconds = call_seconds
        self._send_seconds = send_seconds
        self._callback = callback
        self._exchanges: dict[str, _Exchange] = {}
        self._sends: dict[int, asyncio.Task[Any]] = {}
        self._tasks = TaskGroup(self._fail)
        self._timer: Timer | None = None
        self._timer_due = 0.0
        self.failures = 0
        """How often its relay has failed lately, by our own fault."""
        self._since = host.clock.time()
        self._is_over = False
        self._has_begun = False
        self._noted: Note | None = None

    # For the bridge

    def start(self, *, is_online: bool) -> None:
        """Go on after a restart."""
        self._let(self.relay.start, is_online=is_online)

    async def handle(self, peer: Peer, request: Request[Any]) -> Response:
        """Answer a call of the charge point.

        Raises:
            Fault: It is refused, by us or by the backend.
            NoAnswer: It gets none.
        """
        if self._is_over:
            raise NoAnswer("the bridge stops, or the relay starts anew")
        ticket = self._host.new_id()
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        action = action_of(type(request)).name
        self._exchanges[ticket] = _Exchange(action, self._clock.time(), answer)
        self.last_seen = self._clock.now()
        self._learn(peer.info.callback)
        self._let(self.relay.receive, ticket, request)
        try:
            return await answer
        finally:
            if self._exchanges.pop(ticket, None) is not None:
                self._let(self.relay.forget, ticket)

    async def call(self, request: Request[Any]) -> Response:
        """Answer a call of the backend: by the charge point, once, within its time.

        Raises:
            Fault: The charge point refused it, or did not answer.
        """
        action = action_of(type(request)).name
        correlation = self._host.new_id()
        since = self._clock.time()
        outcome = "unanswered"
        try:
            response = await self._call_charge_point(request, action, correlation)
        except Fault as fault:
            outcome = str(fault.code)
            raise
        except asyncio.CancelledError:
            # The backend has given up, or we end: the charge point may do it all the same.
            self._tell_unknown(action, correlation, "its end was not waited for")
            raise
        else:
            outcome = "answered"
            return response
        finally:
            seconds = self._clock.time() - since
            self._host.tell(
                event.ExchangeCrossed(
                    self.identity, action, event.Direction.DOWN, outcome, seconds, correlation
                )
            )

    def decide(self, row: MessageRow) -> None:
        """Take a message that a person has put back, or done away with."""
        is_dropped = row.state is State.DROPPED
        self._let(self.relay.drop if is_dropped else self.relay.release, row)

    def note(self) -> Note | None:
        """Return what other processes are to see of it, None if that is as before."""
        note = Note(
            identity=self.identity,
            is_online=self.relay.is_online and not self._is_over,
            upstream=self.reach.value,
            last_seen=self.last_seen,
            last_error=self.relay.last_error,
        )
        if note == self._noted:
            return None
        self._noted = note
        return note

    @property
    def reach(self) -> Reach:
        """Where its backend is."""
        return Reach.IDLE if self._is_over else self.relay.reach

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing waits, neither for the backend nor for us."""
        return self.relay.is_idle and not self._exchanges

    @property
    def is_forgettable(self) -> bool:
        """Tell whether all that is known of it is in the store."""
        is_gone = not self.relay.is_online and self.relay.reach is Reach.IDLE
        is_at_rest = self.is_idle and not self._is_over and not len(self._tasks)
        return self._has_begun and is_gone and is_at_rest and self._upstream.is_closed

    async def stop(self) -> None:
        """Stop: what waits stays in the store."""
        self._end()
        for exchange in self._exchanges.values():
            if not exchange.answer.done():
                exchange.answer.set_exception(NoAnswer("the bridge stops"))
        self._upstream.close()
        self._tasks.cancel()
        await self._tasks.wait()
        await self._upstream.wait_closed()

    # Listener of the connection

    def upstream_opened(self) -> None:
        """Take it that the backend is connected."""
        self._let(self.relay.opened)

    def upstream_closed(self, reason: str) -> None:
        """Take it that the connection has ended."""
        self._let(self.relay.closed, reason)

    def upstream_failed(self, reason: str) -> None:
        """Take it that an attempt has failed."""
        self._let(self.relay.attempt_failed, reason)

    # What the relay wants done

    def _let(self, take: Callable[..., list[Action]], *what: Any, **options: Any) -> None:
        """Let the relay take something, and do what it wants done."""
        if self._is_over:
            return
        self._has_begun = True
        try:
            self._perform(take(*what, self._now(), **options))
        except Exception as error:  # noqa: BLE001 - what it has in memory is not to be trusted
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """End: our own code failed amid something. What is stored is true, and is gone on with."""
        if self._is_over:
            return
        log.failure(logger, f"{self.identity}: the relay failed, and starts anew", error)
        lived = self._clock.time() - self._since
        self.failures = 1 if lived > STEADY_AFTER else self.failures + 1
        reason = f"the relay failed: {type(error).__name__}"
        self.relay.last_error = reason
        self._end()
        for ticket in tuple(self._exchanges):
            self._end_exchange(ticket, "unanswered", NoAnswer(reason))
        self._host.tell(event.RelayFailed(self.identity, reason))
        self._host.renew(self)

    def _end(self) -> None:
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()

    def _perform(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Answer(ticket, response, outcome):
                    self._end_exchange(ticket, outcome, response)
                case Refuse(ticket, fault, is_ours):
                    self._end_exchange(ticket, "refused" if is_ours else str(fault.code), fault)
                case Ignore(ticket):
                    self._end_exchange(ticket, "unanswered", NoAnswer("as the policy says"))
                case Write():
                    self._tasks.spawn(self._write(action))
                case Load(after, limit):
                    self._tasks.spawn(self._load(after, limit))
                case Send():
                    self._sends[action.number] = self._tasks.spawn(self._send(action))
                case GiveUp(number):
                    task = self._sends.get(number)
                    if task is not None:
                        task.cancel()
                case OpenUpstream():
                    self._upstream.open()
                case CloseUpstream():
                    self._upstream.close()
                case SetRegistration(status, interval):
                    self._host.register(self.identity, status, interval)
                case Tell(told):
                    self._host.tell(told)
        self._arm()
        self._host.has_changed(self)

    def _end_exchange(self, ticket: str, outcome: str, answer: Response | OcppError) -> None:
        exchange = self._exchanges.pop(ticket, None)
        if exchange is None or exchange.answer.done():
            return
        if isinstance(answer, OcppError):
            exchange.answer.set_exception(answer)
        else:
            exchange.answer.set_result(answer)
        seconds = self._clock.time() - exchange.since
        self._host.tell(
            event.ExchangeCrossed(
                self.identity, exchange.action, event.Direction.UP, outcome, seconds, ticket
            )
        )

    async def _write(self, write: Write) -> None:
        try:
            result = await self._host.database.write(write.change.apply)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not stored
            if not isinstance(error, StoreError):
                log.failure(logger, "a change could not be written", error)
            self._let(self.relay.unwritten, write, error)
        else:
            self._let(self.relay.written, write, result)

    async def _load(self, after: int, limit: int) -> None:
        try:
            rows, total = await self._host.database.read(
                lambda connection: query.line(connection, self.identity, after, limit)
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            if not isinstance(error, StoreError):
                log.failure(logger, "messages could not be read", error)
            self._let(self.relay.not_loaded, error)
        else:
            self._let(self.relay.loaded, rows, limit, total)

    async def _send(self, send: Send) -> None:
        number = send.number
        try:
            response = await self._upstream.call(
                send.request, seconds=self._send_seconds, call_id=send.entry.call_id
            )
        except OcppError as error:
            has_left = not isinstance(error, Unreachable)
            self._let(self.relay.failed, number, error, has_left=has_left)
        else:
            self._let(self.relay.answered, number, response)
        finally:
            self._sends.pop(number, None)

    def _learn(self, callback: str | None) -> None:
        if callback is not None and callback != self._callback:
            self._callback = callback
            change = Learn(identity=self.identity, callback=callback)

            def forget(*_: object) -> None:
                self._callback = None  # So that it is learnt again at the next request.

            self._tasks.spawn(self._write(Write(change, _leave, forget)))

    def _arm(self) -> None:
        due = self.relay.deadline
        if self._timer is not None:
            if due is not None and self._timer_due <= due:
                return  # It is set anew when it fires.
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._timer_due = due
            self._timer = self._clock.call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._let(self.relay.tick)

    def _now(self) -> Now:
        return Now(self._clock.time(), self._clock.now())

    # Calls of the backend

    async def _call_charge_point(
        self, request: Request[Any], action: str, correlation: str
    ) -> Response:
        request = self._mended(request, action)
        peer = self._host.peer(self.identity)
        if peer is None:
            raise GenericError("where the charge point listens is not known")
        wanted = self.relay.ids.for_charge_point(request)
        try:
            response = await peer.call(wanted, timeout=self._call_seconds, call_id=correlation)
        except QueueFull as error:
            raise GenericError(str(error)) from None
        except CallNotAllowed as error:
            answer = stand_in(request)
            if answer is not None and peer.registration != "Rejected":
                return answer
            raise fault_for_failure(error, CHARGE_POINT) from None
        except OcppError as error:
            if _may_have_arrived(error):
                self._tell_unknown(action, correlation, str(error))
            raise fault_for_failure(error, CHARGE_POINT) from None
        self.last_seen = self._clock.now()
        self._let(self.relay.heard)
        mended: Response = self._mended(response, action)
        return mended

    def _tell_unknown(self, action: str, correlation: str, reason: str) -> None:
        self._host.tell(
            event.OutcomeUnknown(self.identity, action, event.Direction.DOWN, correlation, reason)
        )

    def _mended(self, message: Any, action: str) -> Any:
        try:
            mended, changes = mend(message)
        except Unmendable as error:
            if isinstance(message, Request):
                raise error.fault from None
            self._host.tell(event.Altered(self.identity, action, (str(error),)))
            raise InternalError("the charge point's answer cannot cross") from None
        if changes:
            self._host.tell(event.Altered(self.identity, action, changes))
        return mended


def _may_have_arrived(error: OcppError) -> bool:
    if isinstance(error, Unreachable):
        return False
    return isinstance(error, (CallTimeout, SessionClosed, InvalidResponse))


def _leave(*_: object) -> None:
    """Do nothing about what came of a change."""
