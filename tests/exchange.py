"""The other end of a session: writes a peer's frames, and reads what a session tells to send."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from ocpp16.bindings.binding import Binding
from ocpp16.catalog import action_of
from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus, ResetType
from ocpp16.envelope import Call, CallError, CallResult, Envelope
from ocpp16.errors import NO_DETAILS, ErrorCode
from ocpp16.messages import (
    HeartbeatRequest,
    HeartbeatResponse,
    ResetRequest,
    StartTransactionRequest,
    StartTransactionResponse,
)
from ocpp16.session import FrameToSend, Session, SessionEvent
from ocpp16.settings import Settings
from ocpp16.spec import ActionSpec, Side
from ocpp16.storage import AnswerMemory, MemoryAnswers
from ocpp16.structure import Request, Response

EventT = TypeVar("EventT")
ResponseT = TypeVar("ResponseT", bound=Response)

NOON = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
HEARTBEAT = HeartbeatRequest()
PULSE = HeartbeatResponse(current_time=NOON)
RESET = ResetRequest(type=ResetType.SOFT)
START = StartTransactionRequest(connector_id=1, id_tag="TAG", meter_start=7, timestamp=NOON)
STARTED = StartTransactionResponse(
    transaction_id=41, id_tag_info=IdTagInfo(status=AuthorizationStatus.ACCEPTED)
)


def start(meter_start: int) -> StartTransactionRequest:
    """Return a StartTransaction that differs from others."""
    return StartTransactionRequest(
        connector_id=1, id_tag="TAG", meter_start=meter_start, timestamp=NOON
    )


def call(binding: Binding, id: str, request: Request[Any]) -> bytes:
    """Return the peer's call."""
    action = action_of(type(request))
    return binding.frame(Call(id, action.name, binding.encode(request)))


def to_the_central_system(frame: bytes) -> bytes:
    """Return a call that only a charge point takes, sent to a central system all the same."""
    return frame.replace(b"urn://Ocpp/Cp/", b"urn://Ocpp/Cs/")


def result(binding: Binding, id: str, response: Response) -> bytes:
    """Return the peer's answer."""
    action = action_of(type(response))
    return binding.frame(CallResult(id, binding.encode(response), action.name))


def error(
    binding: Binding,
    id: str,
    code: ErrorCode,
    description: str = "",
    details: Mapping[str, object] = NO_DETAILS,
) -> bytes:
    """Return the peer's refusal."""
    return binding.frame(CallError(id, code, description, details))


def make_session(
    binding: Binding,
    side: Side = Side.CENTRAL_SYSTEM,
    *,
    settings: Settings | None = None,
    offers: Callable[[ActionSpec], bool] = lambda action: True,
    answers: AnswerMemory | None = None,
    ids: Iterable[str] | None = None,
    why_refuse: Callable[[str], str | None] = lambda action: None,
    **limits: Any,
) -> Session:
    """Return a session whose own calls have the ids own-1, own-2, ..."""
    numbers = (f"own-{number}" for number in itertools.count(1)) if ids is None else iter(ids)
    return Session(
        on_side(binding, side),
        side,
        "CP-1",
        settings=Settings(**limits) if settings is None else settings,
        new_id=lambda: next(numbers),
        offers=offers,
        answers=MemoryAnswers(64, 256 * 1024) if answers is None else answers,
        why_refuse=why_refuse,
    )


def on_side(binding: Binding, side: Side) -> Binding:
    """Return the end of a wire that a side has; on OCPP-J both are the same."""
    if isinstance(binding, Odd):
        return cast("Binding", Odd(on_side(binding.wire, side), **binding.methods))
    end: Callable[[Side], Binding] | None = getattr(binding, "on", None)
    return binding if end is None else end(side)


def only(events: Iterable[SessionEvent], cls: type[EventT]) -> EventT:
    """Return the one event there is, which is of the given class."""
    (event,) = events
    assert isinstance(event, cls), event
    return event


def of(events: Iterable[SessionEvent], cls: type[EventT]) -> list[EventT]:
    """Return the events of a class."""
    return [event for event in events if isinstance(event, cls)]


def names(events: Iterable[SessionEvent]) -> list[str]:
    """Return what happened, by class name."""
    return [type(event).__name__ for event in events]


def sent(binding: Binding, events: Iterable[SessionEvent]) -> list[Envelope[Any]]:
    """Return what a session told to send, as its peer reads it."""
    return [binding.unframe(event.data) for event in events if isinstance(event, FrameToSend)]


def sent_calls(binding: Binding, events: Iterable[SessionEvent]) -> list[tuple[str, str]]:
    """Return id and action of each call among what was sent."""
    return [(each.id, each.action) for each in sent(binding, events) if isinstance(each, Call)]


def sent_errors(binding: Binding, events: Iterable[SessionEvent]) -> list[tuple[str, str]]:
    """Return id and code of each error among what was sent."""
    return [(each.id, each.code) for each in sent(binding, events) if isinstance(each, CallError)]


def sent_results(
    binding: Binding, events: Iterable[SessionEvent], cls: type[ResponseT]
) -> list[tuple[str, ResponseT]]:
    """Return id and response of each result among what was sent."""
    return [
        (each.id, binding.decode(cls, each.payload))
        for each in sent(binding, events)
        if isinstance(each, CallResult)
    ]


def seconds(number: float) -> timedelta:
    """Return a duration."""
    return timedelta(seconds=number)


class Odd:
    """A binding with one method replaced."""

    def __init__(self, wire: Binding, **methods: Callable[..., Any]) -> None:
        self.wire = wire
        self.methods = methods

    def __getattr__(self, name: str) -> Any:
        return self.methods.get(name) or getattr(self.wire, name)


def raising(error: Exception) -> Callable[..., Any]:
    """Return a method that fails."""

    def method(*_: object) -> Any:
        raise error

    return method
