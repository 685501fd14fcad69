"""The exchange with one peer: calls and answers in, events and deadlines out, nothing else.

`event` has the events, `outgoing` our own calls, `incoming` the peer's, `session` both together.
"""

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
from ocpp16.session.session import Session

__all__ = [
    "CallEnded",
    "CallId",
    "CallReceived",
    "Deviated",
    "Exchange",
    "FaultAnswered",
    "FrameIgnored",
    "FrameToSend",
    "HandlerExpired",
    "IdReused",
    "LateAnswer",
    "Repeated",
    "Session",
    "SessionEvent",
]
