"""Watches a role and tells each call with its answer, in types, with the time it took.

Reads the frames a second time, by whatever binding they are of, so that neither handlers nor calls
have to be wrapped. A frame that cannot be read is not told here: the log of the role names it.
"""

from __future__ import annotations

from typing import Any

import attrs

from ocpp16.apps.exchange import Exchange, Tell
from ocpp16.bindings.binding import Binding
from ocpp16.catalog import ACTIONS
from ocpp16.envelope import Call, CallError, CallResult
from ocpp16.errors import (
    CallFailed,
    ConstraintError,
    Fault,
    InvalidResponse,
    OcppError,
    UnanswerableFrame,
)
from ocpp16.roles.event import FrameIn, FrameOut
from ocpp16.roles.role import Role
from ocpp16.roles.stack import binding_for
from ocpp16.settings import Leniency
from ocpp16.spec import ActionSpec, Side
from ocpp16.structure import Request, Response

OPEN_CALLS = 1000
"""Calls without an answer that are remembered; the oldest are forgotten first."""


@attrs.frozen
class _OpenCall:
    action: ActionSpec
    request: Request[Any]
    began: float


class Tracer:
    """Tells the calls of one role.

    Args:
        role: Which role; it is watched from now on.
        tell: Takes each exchange.
        own_only: Leave out the calls of the other side.
    """

    def __init__(self, role: Role[Any], tell: Tell, *, own_only: bool = False) -> None:
        self._role = role
        self._tell = tell
        self._own_only = own_only
        self._open: dict[tuple[str, Side, str], _OpenCall] = {}
        role.on_frame(self._take)

    def _take(self, event: FrameIn | FrameOut) -> None:
        is_ours = isinstance(event, FrameOut)
        try:
            envelope = self._binding(event).unframe(event.frame)
        except (Fault, InvalidResponse, UnanswerableFrame):
            return
        if isinstance(envelope, Call):
            sender = self._role.side if is_ours else self._role.side.other
            self._begin(event, sender, envelope)
        else:
            sender = self._role.side.other if is_ours else self._role.side
            self._end(event, sender, envelope)

    def _begin(self, event: FrameIn | FrameOut, sender: Side, call: Call[Any]) -> None:
        action = ACTIONS.get(call.action)
        if action is None or (self._own_only and sender is not self._role.side):
            return
        try:
            request: Request[Any] = self._binding(event).decode(
                action.request, call.payload, self._leniency(event)
            )
        except ConstraintError:
            return
        key = (event.peer.identity, sender, call.id)
        self._open[key] = _OpenCall(action, request, self._role.clock.time())
        if len(self._open) > OPEN_CALLS:
            del self._open[next(iter(self._open))]

    def _end(
        self, event: FrameIn | FrameOut, sender: Side, answer: CallResult[Any] | CallError
    ) -> None:
        call = self._open.pop((event.peer.identity, sender, answer.id), None)
        if call is None:
            return
        self._tell(
            Exchange(
                at=self._role.clock.now(),
                identity=event.peer.identity,
                wire=event.peer.binding,
                sender=sender,
                request=call.request,
                outcome=self._outcome(event, call.action, answer),
                seconds=self._role.clock.time() - call.began,
            )
        )

    def _outcome(
        self,
        event: FrameIn | FrameOut,
        action: ActionSpec,
        answer: CallResult[Any] | CallError,
    ) -> Response | OcppError:
        if isinstance(answer, CallError):
            return CallFailed(answer.code, answer.description, answer.details)
        try:
            response: Response = self._binding(event).decode(
                action.response, answer.payload, self._leniency(event)
            )
        except ConstraintError as error:
            return InvalidResponse(error.kind.code, error.path, str(error), message_id=answer.id)
        return response

    def _binding(self, event: FrameIn | FrameOut) -> Binding:
        """Return the binding of whoever a frame is for."""
        reader = self._role.side if isinstance(event, FrameIn) else self._role.side.other
        return binding_for(event.peer.binding, reader, lambda: event.peer.info)

    def _leniency(self, event: FrameIn | FrameOut) -> frozenset[Leniency]:
        return self._role.settings.leniency_for(event.peer.identity)
