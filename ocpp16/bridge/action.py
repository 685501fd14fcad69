"""What the relay of a charge point wants done: plain values, for its driver to carry out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

import attrs

from ocpp16.bridge.entry import Entry
from ocpp16.bridge.event import Event
from ocpp16.errors import Fault
from ocpp16.structure import Request, Response


@attrs.frozen
class Now:
    """The time, by both of its names."""

    time: float
    """Monotonic seconds."""
    at: datetime


@attrs.frozen
class Answer:
    """End an exchange of the charge point with a response."""

    ticket: str
    response: Response
    outcome: str


@attrs.frozen
class Refuse:
    """End an exchange of the charge point with a fault."""

    ticket: str
    fault: Fault
    is_ours: bool
    """Whether the bridge refuses, not the backend."""


@attrs.frozen
class Ignore:
    """End an exchange of the charge point without an answer (HTTP 503)."""

    ticket: str


@attrs.frozen(eq=False)
class Write:
    """Apply a change; writes are applied in the order in which they were asked for."""

    change: Any
    done: Callable[[Any, Now], None]
    failed: Callable[[Exception, Now], None]


@attrs.frozen
class Load:
    """Read the messages that wait behind a key."""

    after: int
    limit: int


@attrs.frozen(eq=False)
class Send:
    """Call the backend, and tell what came of it by the number."""

    number: int
    entry: Entry
    request: Request[Any]


@attrs.frozen
class GiveUp:
    """Wait no longer for the answer to a call."""

    number: int


@attrs.frozen
class OpenUpstream:
    """Connect to the backend, or try again at once."""


@attrs.frozen
class CloseUpstream:
    """Disconnect from the backend."""


@attrs.frozen
class SetRegistration:
    """Let the charge point be registered so from now on, though it was told otherwise."""

    status: str
    interval: int


@attrs.frozen
class Tell:
    """Spread an event."""

    event: Event


Action: TypeAlias = (
    Answer
    | Refuse
    | Ignore
    | Write
    | Load
    | Send
    | GiveUp
    | OpenUpstream
    | CloseUpstream
    | SetRegistration
    | Tell
)
