"""The half of a session that answers the peer's calls: refusals, repeats, handlers, lines.

Knows which calls are in work, which wait for a handler, and what earlier ones were answered. Runs
no handler: it says when one is due, and takes what came of it. Spec: J 4.1, 4.2.3, JE 2025-04;
S 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from ocpp16.bindings.binding import Binding
from ocpp16.catalog import ACTIONS
from ocpp16.envelope import Call, CallError, CallResult
from ocpp16.errors import (
    DESCRIPTION_LIMIT,
    ConstraintError,
    ErrorCode,
    Fault,
    GenericError,
    InternalError,
    NotImplementedFault,
    NotSupported,
    SecurityError,
    fault_for,
)
from ocpp16.session.event import (
    CallReceived,
    Deviated,
    Exchange,
    FaultAnswered,
    FrameIgnored,
    FrameToSend,
    HandlerExpired,
    IdReused,
    Repeated,
    SessionEvent,
)
from ocpp16.settings import Leniency, Settings
from ocpp16.spec import ActionSpec, Side
from ocpp16.storage import AnswerMemory
from ocpp16.structure import Request, Response, deviations, shorten

REMEMBERED_ACTIONS: Final = frozenset({"StartTransaction", "StopTransaction", "MeterValues"})
"""Transaction messages (C 3.7.1): a charge point repeats them, and they must not count twice."""
TOO_MANY_WAIT: Final = "too many calls wait already"
"""Description of the error that a call gets where no more can wait."""
RECENT_IDS: Final = 16
"""How many ids of calls that are not remembered are kept, only to notice that one is reused."""


@attrs.define(eq=False)
class PeerCall:
    """A call of the peer that is in work, or waits for a handler."""

    call: Call[Any]
    action: ActionSpec
    fingerprint: bytes
    size: int
    exchanges: list[Exchange | None]
    """One for the call, and one more for each repeat of it."""
    handle: int | None = None
    deadline: float = 0.0

    def is_repeated_by(self, action: ActionSpec, fingerprint: bytes) -> bool:
        """Tell whether a call with the same id is this one again."""
        return self.action is action and self.fingerprint == fingerprint


class Incoming:
    """The peer's calls over one connection.

    Args:
        binding: The wire.
        side: Which side we are.
        settings: Limits and timers.
        leniency: What is tolerated in this peer's messages.
        offers: Whether we have a handler for an action.
        answers: Remembered answers of this identity.
        why_refuse: Why a call of this action is refused now; None if it passes.
    """

    __slots__ = (
        "_answers",
        "_binding",
        "_handle",
        "_handler_timeout",
        "_is_closed",
        "_leniency",
        "_offers",
        "_open",
        "_recent",
        "_repeats",
        "_settings",
        "_side",
        "_waiting",
        "_waiting_bytes",
        "_why_refuse",
        "_work",
    )

    def __init__(
        self,
        binding: Binding,
        side: Side,
        *,
        settings: Settings,
        leniency: frozenset[Leniency],
        offers: Callable[[ActionSpec], bool],
        answers: AnswerMemory,
        why_refuse: Callable[[str], str | None],
    ) -> None:
        self._binding = binding
        self._side = side
        self._settings = settings
        self._handler_timeout = settings.handler_timeout.total_seconds()
        self._leniency = leniency
        self._offers = offers
        self._answers = answers
        self._why_refuse = why_refuse
        self._is_closed = False
        self._handle = 0
        self._work: dict[int, PeerCall] = {}
        self._waiting: list[PeerCall] = []  # no longer than `Settings.waiting_calls`
        self._waiting_bytes = 0
        self._repeats = 0
        self._open: dict[str, list[PeerCall]] = {}
        self._recent: dict[str, int] = {}

    def receive(
        self,
        call: Call[Any],
        frame: bytes | str,
        size: int,
        now: float,
        exchange: Exchange | None,
    ) -> list[SessionEvent]:
        """Take a call of the peer."""
        reason = self._why_refuse(call.action)
        if reason is not None:
            # First of all: who is not registered learns nothing of what is offered or known here.
            return self._refuse(call.id, call.action, SecurityError(reason), exchange)
        action = ACTIONS.get(call.action)
        if action is None:
            text = f"action {shorten(call.action)} is not one of OCPP 1.6"
            return self._refuse(call.id, call.action, NotImplementedFault(text), exchange)
        if not self._takes(action):
            fault = NotSupported(f"{action.name} is not offered here")
            return self._refuse(call.id, action.name, fault, exchange)
        try:
            fingerprint = self._binding.fingerprint(call.payload)
        except Exception as error:  # noqa: BLE001 - no bytes may end the session (see `receive`)
            return self._refuse(call.id, action.name, InternalError(), exchange, cause=error)
        for known in self._open.get(call.id, ()):
            if known.is_repeated_by(action, fingerprint):
                return self._join(known, frame, exchange)
        if action.name in REMEMBERED_ACTIONS:
            answer = self._answers.find(call.id, action.name, fingerprint)
            if answer is not None:
                return [FrameToSend(answer, exchange), Repeated(call.id, action.name)]
        events = self._note_id(call.id, action, fingerprint)
        received = PeerCall(call, action, fingerprint, size, [exchange])
        if len(self._work) < self._settings.handlers:
            return events + self._begin(received, now)
        return events + self._wait(received)

    def refuse_frame(self, fault: Fault, exchange: Exchange | None) -> list[SessionEvent]:
        """Answer a call whose frame breaks a rule."""
        return self._refuse(fault.message_id or "", None, fault, exchange)

    def answer(self, handle: int, response: Response, now: float) -> list[SessionEvent]:
        """Answer a call in work."""
        received = self._take_from_work(handle)
        if received is None:
            return []
        try:
            frame = self._result_frame(received, response)
        except Exception as error:  # noqa: BLE001 - a codec met with anything a handler made
            if self._is_closed:
                return []
            events = self._send_fault(received, InternalError(), cause=error)
            return events + self._begin_waiting(now)
        if received.action.name in REMEMBERED_ACTIONS:
            self._answers.keep(received.call.id, received.action.name, received.fingerprint, frame)
        if self._is_closed:
            return []
        events = self._send(received, frame)
        return events + self._begin_waiting(now) if self._waiting else events

    def refuse(self, handle: int, fault: Fault, now: float) -> list[SessionEvent]:
        """Answer a call in work with an error."""
        received = self._take_from_work(handle)
        if received is None or self._is_closed:
            return []
        # An error is not remembered: the same message, sent again, gets another chance.
        return self._send_fault(received, fault) + self._begin_waiting(now)

    def drop(self, handle: int, now: float) -> list[SessionEvent]:
        """Give no answer to a call in work."""
        received = self._take_from_work(handle)
        if received is None or self._is_closed:
            return []
        return _abandon(received, "its call is given no answer") + self._begin_waiting(now)

    def expire(self, now: float) -> list[SessionEvent]:
        """Answer for the handlers whose time is over."""
        events: list[SessionEvent] = []
        over = [handle for handle, each in self._work.items() if each.deadline <= now]
        for handle in over:
            received = self._take_from_work(handle)
            events.append(HandlerExpired(handle))
            if received is not None and not self._is_closed:
                events += self._send_fault(received, InternalError())
        return events + self._begin_waiting(now)

    def close(self, reason: str) -> list[SessionEvent]:
        """Send nothing from now on, and forget the calls that wait.

        Those in work stay until their handlers are done or expired: an answer to a transaction
        message has to be remembered all the same.
        """
        self._is_closed = True
        events: list[SessionEvent] = []
        for received in (*self._work.values(), *self._waiting):
            events += _abandon(received, reason)
        for received in self._waiting:
            self._leave(received)
        self._waiting.clear()
        self._waiting_bytes = 0
        self._recent.clear()
        return events

    @property
    def deadline(self) -> float | None:
        """When the first handler runs out of time; None without handlers at work."""
        # All have the same time, so that the first one begun is the first one over.
        for received in self._work.values():
            return received.deadline
        return None

    def _takes(self, action: ActionSpec) -> bool:
        return (
            self._side.other in action.senders
            and self._binding.carries(action)
            and self._offers(action)
        )

    def _note_id(self, call_id: str, action: ActionSpec, fingerprint: bytes) -> list[SessionEvent]:
        content = hash((action.name, fingerprint))
        is_reused = (
            call_id in self._open
            or self._recent.pop(call_id, content) != content
            or self._answers.knows(call_id)
        )
        self._recent[call_id] = content
        if len(self._recent) > RECENT_IDS:
            del self._recent[next(iter(self._recent))]
        return [IdReused(call_id, action.name)] if is_reused else []

    def _join(
        self, known: PeerCall, frame: bytes | str, exchange: Exchange | None
    ) -> list[SessionEvent]:
        if self._repeats + len(self._waiting) >= self._settings.waiting_calls:
            # Not an error with its id, which would be taken for the answer to the first.
            return [FrameIgnored("a repeat of a call in work, one too many", frame, exchange)]
        self._repeats += 1
        known.exchanges.append(exchange)
        return [Repeated(known.call.id, known.action.name)]

    def _wait(self, received: PeerCall) -> list[SessionEvent]:
        if (
            self._repeats + len(self._waiting) >= self._settings.waiting_calls
            or self._waiting_bytes + received.size > self._settings.waiting_bytes
        ):
            return self._send_fault(received, GenericError(TOO_MANY_WAIT))
        self._waiting.append(received)
        self._waiting_bytes += received.size
        self._enter(received)
        return []

    def _begin_waiting(self, now: float) -> list[SessionEvent]:
        events: list[SessionEvent] = []
        while self._waiting and len(self._work) < self._settings.handlers:
            received = self._waiting.pop(0)
            self._waiting_bytes -= received.size
            self._leave(received)
            reason = self._why_refuse(received.action.name)
            if reason is None:
                events += self._begin(received, now)
            else:
                events += self._send_fault(received, SecurityError(reason))
        return events

    def _begin(self, received: PeerCall, now: float) -> list[SessionEvent]:
        # A call that waits is read only now: as an object it is many times as large.
        call, action = received.call, received.action
        try:
            request: Request[Any] = self._binding.decode(
                action.request, call.payload, self._leniency
            )
        except ConstraintError as error:
            return self._send_fault(received, fault_for(error))
        except Exception as error:  # noqa: BLE001 - no bytes may end the session (see `receive`)
            return self._send_fault(received, InternalError(), cause=error)
        self._handle += 1
        handle = received.handle = self._handle
        received.deadline = now + self._handler_timeout
        self._work[handle] = received
        self._enter(received)
        events: list[SessionEvent] = []
        tolerated = deviations(request)
        if tolerated:
            events.append(Deviated(call.id, action.name, tolerated))
        events.append(
            CallReceived(
                handle, call.id, action, request, received.fingerprint, received.exchanges[0]
            )
        )
        return events

    def _take_from_work(self, handle: int) -> PeerCall | None:
        received = self._work.pop(handle, None)
        if received is not None:
            self._leave(received)
        return received

    def _enter(self, received: PeerCall) -> None:
        self._open.setdefault(received.call.id, []).append(received)
        self._repeats += len(received.exchanges) - 1

    def _leave(self, received: PeerCall) -> None:
        calls = self._open[received.call.id]
        calls.remove(received)
        if not calls:
            del self._open[received.call.id]
        self._repeats -= len(received.exchanges) - 1

    def _result_frame(self, received: PeerCall, response: Response) -> bytes:
        action = received.action
        if not isinstance(response, action.response):
            due = action.response.__name__
            raise TypeError(f"the answer is {type(response).__name__}, due is {due}")
        payload = self._binding.encode(response)
        frame = self._binding.frame(CallResult(received.call.id, payload, action.name))
        if len(frame) > self._settings.message_limit:
            limit = self._settings.message_limit
            raise ValueError(f"the answer has {len(frame)} bytes, at most {limit} are allowed")
        return frame

    def _send(self, received: PeerCall, frame: bytes) -> list[SessionEvent]:
        # Whatever runs once the answer has left must run once: repeats do not carry the handle.
        exchanges = received.exchanges
        events: list[SessionEvent] = [FrameToSend(frame, exchanges[0], answers=received.handle)]
        if len(exchanges) > 1:
            events += [FrameToSend(frame, other) for other in exchanges[1:]]
        return events

    def _send_fault(
        self, received: PeerCall, fault: Fault, *, cause: Exception | None = None
    ) -> list[SessionEvent]:
        call_id, action = received.call.id, received.action.name
        frame = self._error_frame(call_id, action, fault)
        events = self._send(received, frame)
        events.append(FaultAnswered(call_id, action, fault, received.handle, cause))
        return events

    def _refuse(
        self,
        call_id: str,
        action: str | None,
        fault: Fault,
        exchange: Exchange | None,
        *,
        cause: Exception | None = None,
    ) -> list[SessionEvent]:
        frame = self._error_frame(call_id, action if action in ACTIONS else None, fault)
        return [FrameToSend(frame, exchange), FaultAnswered(call_id, action, fault, None, cause)]

    def _error_frame(self, call_id: str, action: str | None, fault: Fault) -> bytes:
        # A fault is whatever a handler made of it, and telling of an error must not fail in turn
        # (CVE-2025-59398): plainer and plainer ones follow. A binding can write the last of them
        # for every id that it has read.
        builders: tuple[Callable[[ErrorCode], CallError], ...] = (
            lambda code: CallError(
                call_id, code, fault.description[:DESCRIPTION_LIMIT], fault.details, action
            ),
            lambda code: CallError(
                call_id, code, fault.description[:DESCRIPTION_LIMIT], action=action
            ),
            lambda code: CallError(call_id, code, action=action),
        )
        for build in builders:
            try:
                frame = self._binding.frame(build(ErrorCode(fault.code)))
            except Exception:  # noqa: BLE001, S112 - a plainer one follows
                continue
            if len(frame) <= self._settings.message_limit:
                return frame
        return self._binding.frame(CallError(call_id, ErrorCode.INTERNAL_ERROR, action=action))


def _abandon(received: PeerCall, reason: str) -> list[SessionEvent]:
    # A WebSocket needs no word of it; an HTTP exchange has to be ended by its transport.
    return [
        FrameIgnored(reason, b"", exchange)
        for exchange in received.exchanges
        if exchange is not None
    ]
