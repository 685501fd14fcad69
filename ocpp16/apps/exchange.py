"""What apps tell about: calls with their outcome, and remarks. Who listens decides how it looks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeAlias, TypeVar

import attrs

from ocpp16.catalog import action_of
from ocpp16.clock import Clock
from ocpp16.errors import OcppError
from ocpp16.spec import Side
from ocpp16.structure import Request, Response

ResponseT = TypeVar("ResponseT", bound=Response)


@attrs.frozen(kw_only=True)
class Exchange:
    """One call and what came of it."""

    at: datetime
    """When it ended."""
    identity: str
    """The charge point's."""
    sender: Side
    request: Request[Any]
    outcome: Response | OcppError
    seconds: float | None = None
    """How long it took; None where that was not measured."""

    @property
    def action(self) -> str:
        """The action."""
        return action_of(type(self.request)).name

    @property
    def ok(self) -> bool:
        """Tell whether it was answered with a response."""
        return isinstance(self.outcome, Response)


@attrs.frozen(kw_only=True)
class Remark:
    """Something worth a line that is no call."""

    at: datetime
    identity: str | None
    text: str
    """May hold text of a peer: whoever prints it escapes it."""
    is_warning: bool = False


Tell: TypeAlias = Callable[[Exchange | Remark], object]


class Caller(Protocol):
    """Whoever takes a request to the other side and brings the response; a `Peer` does."""

    async def call(self, request: Request[ResponseT]) -> ResponseT:
        """Send a request and return its response."""


class ToldCaller:
    """A caller that tells about each call.

    Args:
        caller: Who really calls.
        identity: The charge point's.
        sender: Which side calls.
        clock: Measures.
        tell: Takes each exchange.
    """

    def __init__(
        self, caller: Caller, identity: str, sender: Side, *, clock: Clock, tell: Tell
    ) -> None:
        self._caller = caller
        self._identity = identity
        self._sender = sender
        self._clock = clock
        self._tell = tell

    async def call(self, request: Request[ResponseT]) -> ResponseT:
        """Send a request and return its response; what `Peer.call` raises is told and raised."""
        began = self._clock.time()
        try:
            outcome = await self._caller.call(request)
        except OcppError as error:
            self._done(request, error, began)
            raise
        self._done(request, outcome, began)
        return outcome

    def _done(self, request: Request[Any], outcome: Response | OcppError, began: float) -> None:
        self._tell(
            Exchange(
                at=self._clock.now(),
                identity=self._identity,
                sender=self._sender,
                request=request,
                outcome=outcome,
                seconds=self._clock.time() - began,
            )
        )
