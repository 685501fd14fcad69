"""What a session tells its driver: one class for each thing that can come of an input.

Knows no order and no rule (see `session`); the events are plain values, made to be matched on.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeAlias

import attrs

from ocpp16.errors import Fault, OcppError
from ocpp16.spec import ActionSpec
from ocpp16.structure import Deviation, Request, Response

CallId: TypeAlias = str
Exchange: TypeAlias = Hashable
"""A tag for one HTTP exchange, None on a WebSocket: the id of a call of ours, or for an exchange
that the peer began whatever the transport chooses, which must never be the id of a call."""


@attrs.frozen
class FrameToSend:
    """Hand these bytes to the transport: a call of ours (`call`), or an answer to the peer's."""

    data: bytes
    exchange: Exchange | None = None
    """The exchange of the peer that the frame ends; a call of ours begins one, named by `call`."""
    call: CallId | None = None
    answers: int | None = None
    """Handle of the received call that the frame answers; None on the answer to a repeat."""


@attrs.frozen
class CallReceived:
    """Run the handler of this request, then tell `Session.answer` or `Session.refuse`."""

    handle: int
    id: str
    action: ActionSpec
    request: Request[Any]
    fingerprint: bytes
    """With id and action this names the call: equal ones are repeats of one call."""
    exchange: Exchange | None = None


@attrs.frozen
class HandlerExpired:
    """The handler took too long and its call was answered InternalError: cancel it."""

    handle: int


@attrs.frozen
class CallEnded:
    """A call of ours is over: it was answered, refused, ran out of time, or was cut off."""

    id: CallId
    action: ActionSpec
    outcome: Response | OcppError


@attrs.frozen
class LateAnswer:
    """An answer to a call that had timed out or was cancelled."""

    id: CallId
    action: ActionSpec
    outcome: Response | OcppError


@attrs.frozen
class FaultAnswered:
    """A call was answered with an error, by us or by its handler."""

    id: str
    action: str | None
    """As the peer wrote it (untrusted text); None where the frame could not be read so far."""
    fault: Fault
    handle: int | None = None
    """Handle of the call; None if it never became a `CallReceived`."""
    cause: Exception | None = None
    """What our own code did wrong, where the fault is ours: a response that cannot be sent, say."""


@attrs.frozen
class FrameIgnored:
    """A frame that gets no answer, or an answer that nobody waits for."""

    reason: str
    frame: bytes | str
    """Empty where the frame is not at hand any more: its call was dropped, or cut off."""
    exchange: Exchange | None = None
    """The exchange of the peer that stays without an answer, for the transport to end."""


@attrs.frozen
class IdReused:
    """A call came with the id of an earlier one and other content; it is handled as a new call."""

    id: str
    action: str


@attrs.frozen
class Repeated:
    """A repeat of a call: it gets the answer of the first, from memory or when that is ready."""

    id: str
    action: str


@attrs.frozen
class Deviated:
    """A message was read only by leniency."""

    id: str
    action: str
    deviations: tuple[Deviation, ...]


SessionEvent: TypeAlias = (
    FrameToSend
    | CallReceived
    | HandlerExpired
    | CallEnded
    | LateAnswer
    | FaultAnswered
    | FrameIgnored
    | IdReused
    | Repeated
    | Deviated
)
