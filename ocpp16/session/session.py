"""Sans-IO exchange of calls and answers with one peer over one connection.

Knows ids, pending calls, one call of ours in flight, deadlines, repeats and limits. Knows no
socket, no thread, no clock (time comes in as `now`, seconds of a monotonic clock), no wire format
(a `Binding` does) and no handler. Every input returns the events that it caused, in order; one call
into a session must have returned before the next is made. The two directions do not meet except
here, where a frame is read: a call of the peer is served whatever we have outstanding.
Spec: J 4.1, JE 3.5; S 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ocpp16.bindings.binding import Binding
from ocpp16.catalog import action_of
from ocpp16.envelope import Call, CallError, CallResult, Envelope
from ocpp16.errors import (
    CallFailed,
    CallNotAllowed,
    ConstraintError,
    ConstraintKind,
    ErrorCode,
    Fault,
    InvalidMessage,
    InvalidResponse,
    OcppError,
    SessionClosed,
    UnanswerableFrame,
)
from ocpp16.session.event import (
    CallId,
    Deviated,
    Exchange,
    FrameIgnored,
    SessionEvent,
)
from ocpp16.session.incoming import Incoming
from ocpp16.session.outgoing import Outgoing, OwnCall
from ocpp16.settings import Settings
from ocpp16.spec import ActionSpec, Side
from ocpp16.storage import AnswerMemory
from ocpp16.structure import Request, Response, deviations, shorten

_ReadError: TypeAlias = UnanswerableFrame | Fault | InvalidResponse
_Answer: TypeAlias = CallResult[Any] | CallError | InvalidResponse


class Session:
    """The exchange with one peer over one connection.

    Args:
        binding: The wire.
        side: Which side we are.
        identity: The charge point's identity, for per-peer settings.
        settings: Limits and timers.
        new_id: Source of ids for our calls.
        offers: Whether we have a handler for an action.
        answers: Remembered answers of this identity; outlives the session.
        why_refuse: Why a call of this action is refused now, before anything else of it is looked
            at; None if it passes.
    """

    __slots__ = (
        "_binding",
        "_closed",
        "_incoming",
        "_leniency",
        "_new_id",
        "_outgoing",
        "_settings",
        "_side",
        "_timeout",
    )

    def __init__(
        self,
        binding: Binding,
        side: Side,
        identity: str,
        *,
        settings: Settings,
        new_id: Callable[[], str],
        offers: Callable[[ActionSpec], bool],
        answers: AnswerMemory,
        why_refuse: Callable[[str], str | None] = lambda action: None,
    ) -> None:
        self._binding = binding
        self._side = side
        self._settings = settings
        self._new_id = new_id
        self._timeout = settings.call_timeout.total_seconds()
        self._leniency = settings.leniency_for(identity)
        self._closed: str | None = None
        self._outgoing = Outgoing(settings)
        self._incoming = Incoming(
            binding,
            side,
            settings=settings,
            leniency=self._leniency,
            offers=offers,
            answers=answers,
            why_refuse=why_refuse,
        )

    def receive(
        self, frame: bytes | str, now: float, exchange: Exchange | None = None
    ) -> list[SessionEvent]:
        """Take one frame from the peer. Raises nothing, whatever the frame holds."""
        if self._closed is not None:
            return [FrameIgnored(f"the session is closed: {self._closed}", frame, exchange)]
        size = _size(frame)
        read = self._read(frame, size)
        if isinstance(exchange, str) and self._outgoing.action_of(exchange) is not None:
            return self._take_answer(exchange, _answer_in_exchange(exchange, read), frame, now)
        match read:
            case Call():
                return self._incoming.receive(read, frame, size, now, exchange)
            case UnanswerableFrame():
                return [FrameIgnored(str(read), frame, exchange)]
            case Fault(message_id=None) if exchange is None:
                return [FrameIgnored(str(read), frame)]
            case Fault():
                return self._incoming.refuse_frame(read, exchange)
            case _ if exchange is not None:
                # S 3: an answer comes in the exchange of its call. Taken from elsewhere, it could
                # be forged by whoever reaches our server.
                return [FrameIgnored("an answer outside the exchange of its call", frame, exchange)]
            case InvalidResponse():
                return self._take_answer(read.message_id, read, frame, now)
            case CallResult() | CallError():
                return self._take_answer(read.id, read, frame, now)

    def call(
        self,
        request: Request[Any],
        now: float,
        timeout: float | None = None,
        *,
        call_id: CallId | None = None,
    ) -> tuple[CallId, list[SessionEvent]]:
        """Start a call of ours; `CallEnded` with its id tells how it went.

        Args:
            request: What to ask.
            now: The time.
            timeout: Seconds until the answer is due, time in line included; None is
                `Settings.call_timeout`.
            call_id: Id of an earlier call that this one repeats (JE 2025-04); None is a new one.

        Raises:
            InvalidMessage: The request breaks a rule, this wire cannot carry it, or it is larger
                than `Settings.message_limit`.
            CallNotAllowed: Our side does not send this action.
            QueueFull: Too many calls wait already.
            SessionClosed: The session is closed.
            TypeError: It is no request.
            ValueError: The id is that of a call that has not ended, or none that the wire carries.
        """
        if self._closed is not None:
            raise SessionClosed(self._closed)
        if not isinstance(request, Request):
            raise TypeError(f"{type(request).__name__} is no request of OCPP 1.6")
        action = action_of(type(request))
        if self._side not in action.senders:
            raise CallNotAllowed(f"a {self._side.value} does not send {action.name}")
        if not self._binding.carries(action):
            reason = f"{self._binding.name} has no such message"
            raise InvalidMessage(type(request).__name__, "", ConstraintKind.SHAPE, reason)
        self._outgoing.check_room()
        payload = self._binding.encode(request)
        if call_id is None:
            call_id = self._new_id()
        if self._outgoing.is_pending(call_id):
            raise ValueError(f"a call with the id {call_id!r} has not ended yet")
        frame = self._binding.frame(Call(call_id, action.name, payload))
        if len(frame) > self._settings.message_limit:
            reason = f"has {len(frame)} bytes, at most {self._settings.message_limit} are allowed"
            raise InvalidMessage(type(request).__name__, "", ConstraintKind.LENGTH, reason)
        deadline = now + (self._timeout if timeout is None else timeout)
        return call_id, self._outgoing.add(OwnCall(call_id, action, frame, deadline), now)

    def cancel(self, call: CallId, now: float) -> list[SessionEvent]:
        """Give up a call of ours: it leaves no trace but a possible `LateAnswer`.

        There is no `CallEnded` for it; a call that has ended, or never was, is no error.
        """
        return self._outgoing.cancel(call, now)

    def withdraw(self, call: CallId, error: OcppError, now: float) -> list[SessionEvent]:
        """Tell that a call of ours was not sent after all, though a `FrameToSend` said so.

        It ends with this error, and the next in line leaves.
        """
        return self._outgoing.fail(call, error, now)

    def exchange_failed(
        self, exchange: Exchange, error: OcppError, now: float
    ) -> list[SessionEvent]:
        """Tell that the HTTP exchange of a call failed; `exchange` is the call's id."""
        return self._outgoing.fail(exchange, error, now)

    def answer(self, handle: int, response: Response, now: float) -> list[SessionEvent]:
        """Answer a received call. A response that cannot be sent becomes InternalError.

        After `close` the answer is remembered for a repeat, and nothing is sent. A call that was
        answered already, or expired, is no error.
        """
        return self._incoming.answer(handle, response, now)

    def refuse(self, handle: int, fault: Fault, now: float) -> list[SessionEvent]:
        """Answer a received call with an error. One answered already, or expired, is no error."""
        return self._incoming.refuse(handle, fault, now)

    def drop(self, handle: int, now: float) -> list[SessionEvent]:
        """Give no answer to a received call (a rejected charge point is silent, C 4.2).

        An HTTP exchange that stays without an answer is told as `FrameIgnored`.
        """
        return self._incoming.drop(handle, now)

    def close(self, reason: str, now: float) -> list[SessionEvent]:
        """End the session: calls of ours fail with `SessionClosed`; later answers are remembered.

        Calls of the peer that wait for a handler are forgotten. The deadlines of handlers at work
        stay, so that a driver that goes on to `tick` is told to cancel them.
        """
        if self._closed is not None:
            return []
        self._closed = reason
        return self._outgoing.close(reason) + self._incoming.close(reason)

    def tick(self, now: float) -> list[SessionEvent]:
        """Do what is due at `now`."""
        return self._outgoing.expire(now) + self._incoming.expire(now)

    @property
    def deadline(self) -> float | None:
        """When `tick` is due next; None while nothing is."""
        ours, theirs = self._outgoing.deadline, self._incoming.deadline
        if ours is None or theirs is None:
            return theirs if ours is None else ours
        return min(ours, theirs)

    def _read(self, frame: bytes | str, size: int) -> Envelope[Any] | _ReadError:
        limit = self._settings.message_limit
        if size > limit:
            return UnanswerableFrame(f"has {size} bytes, at most {limit} are allowed")
        try:
            return self._binding.unframe(frame)
        except (UnanswerableFrame, Fault, InvalidResponse) as error:
            return error
        # A parser meets whatever a peer can think of; one that fails must not take the session,
        # and with it every other call of this peer, along.
        except Exception as error:  # noqa: BLE001
            return UnanswerableFrame(f"cannot be read ({type(error).__name__})")

    def _take_answer(
        self, call_id: CallId | None, answer: _Answer, frame: bytes | str, now: float
    ) -> list[SessionEvent]:
        action = self._outgoing.action_of(call_id)
        if call_id is None or action is None:
            return [FrameIgnored("an answer that nobody waits for", frame)]
        outcome = self._outcome(call_id, action, answer)
        events: list[SessionEvent] = []
        tolerated = deviations(outcome) if isinstance(outcome, Response) else ()
        if tolerated:
            events.append(Deviated(call_id, action.name, tolerated))
        return events + self._outgoing.end(call_id, outcome, now)

    def _outcome(
        self, call_id: CallId, action: ActionSpec, answer: _Answer
    ) -> Response | OcppError:
        if isinstance(answer, InvalidResponse):
            return answer
        if isinstance(answer, CallError):
            return CallFailed(answer.code, answer.description, answer.details)
        if answer.action is not None and answer.action != action.name:
            reason = f"it answers {shorten(answer.action)}, not {action.name}"
            return InvalidResponse(ErrorCode.PROTOCOL_ERROR, "", reason, message_id=call_id)
        try:
            response: Response = self._binding.decode(
                action.response, answer.payload, self._leniency
            )
        except ConstraintError as error:
            return InvalidResponse(error.kind.code, error.path, str(error), message_id=call_id)
        except Exception as error:  # noqa: BLE001 - as in `_read`
            reason = f"it cannot be read ({type(error).__name__})"
            return InvalidResponse(ErrorCode.INTERNAL_ERROR, "", reason, message_id=call_id)
        return response


def _size(frame: bytes | str) -> int:
    if isinstance(frame, bytes) or frame.isascii():
        return len(frame)
    return len(frame.encode("utf-8", "surrogatepass"))


def _answer_in_exchange(call_id: CallId, read: Envelope[Any] | _ReadError) -> _Answer:
    """Return what came in the exchange of a call of ours, as an answer to it.

    Peers leave out RelatesTo: the exchange says which call is meant. One that names another call
    is wrong.
    """
    match read:
        case CallResult() | CallError():
            if read.id in {"", call_id}:
                return read
            reason = f"it relates to {shorten(read.id)}, not to the call {call_id}"
        case InvalidResponse():
            return read
        case Fault():
            # Its own id would be that of the peer's message, if it is any.
            reason = read.description
            return InvalidResponse(read.code, read.path or "", reason, message_id=call_id)
        case Call():
            reason = "it is a call"
        case UnanswerableFrame():
            return InvalidResponse(ErrorCode.FORMATION_VIOLATION, "", str(read), message_id=call_id)
    return InvalidResponse(ErrorCode.PROTOCOL_ERROR, "", reason, message_id=call_id)
