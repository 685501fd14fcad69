"""OCPP-S for tests that hold both ends of a wire, in one object as OCPP-J is."""

from __future__ import annotations

from typing import Any, TypeVar

from ocpp16.bindings.ocpps import OcppS, codec
from ocpp16.bindings.ocpps.envelope import CHARGE_POINT
from ocpp16.catalog import ACTIONS, action_of
from ocpp16.envelope import Call, CallResult, Envelope
from ocpp16.settings import STRICT, Leniency
from ocpp16.spec import ActionSpec, Side
from ocpp16.structure import Request, Structure

StructureT = TypeVar("StructureT", bound=Structure)

ANSWER_ID = "urn:uuid:answer"
FROM = {Side.CENTRAL_SYSTEM: "http://cs.example/", Side.CHARGE_POINT: "http://cp.example/"}


def end(side: Side, identity: str = "CP-1") -> OcppS:
    """Return the binding of one end; its answers all have one id."""
    return OcppS(
        side=side,
        identity=identity,
        from_address=FROM[side],
        to=FROM[side.other],
        new_message_id=lambda: ANSWER_ID,
    )


class SoapEnds:
    """Both ends: whoever sends an action writes its call, whom a frame is for reads it."""

    name = "ocpps"

    def __init__(self) -> None:
        self._ends = {side: end(side) for side in Side}

    def on(self, side: Side) -> OcppS:
        """Return one end, as a session has it."""
        return self._ends[side]

    def carries(self, action: ActionSpec) -> bool:
        return self.on(Side.CENTRAL_SYSTEM).carries(action)

    def unframe(self, frame: bytes | str) -> Envelope[Any]:
        data = frame.encode() if isinstance(frame, str) else frame
        is_of_charge_point = CHARGE_POINT.encode() in data
        is_answer = b"RelatesTo" in data
        side = Side.CHARGE_POINT if is_of_charge_point != is_answer else Side.CENTRAL_SYSTEM
        return self.on(side).unframe(frame)

    def frame(self, envelope: Envelope[Any]) -> bytes:
        match envelope:
            case Call(action=name):
                return self.on(_sender(ACTIONS[name])).frame(envelope)
            case CallResult(action=name):
                return self.on(_sender(ACTIONS[name or ""]).other).frame(envelope)
            case _:
                return self.on(Side.CENTRAL_SYSTEM).frame(envelope)

    def decode(
        self, cls: type[StructureT], payload: Any, leniency: frozenset[Leniency] = STRICT
    ) -> StructureT:
        return codec.decode(cls, payload, leniency)

    def encode(self, message: Structure) -> Any:
        sender = _sender(action_of(type(message)))
        return self.on(sender if isinstance(message, Request) else sender.other).encode(message)

    def fingerprint(self, payload: Any) -> bytes:
        return codec.fingerprint(payload)


def _sender(action: ActionSpec) -> Side:
    """Return who sends an action; for DataTransfer, the charge point."""
    is_ours = Side.CHARGE_POINT in action.senders
    return Side.CHARGE_POINT if is_ours else Side.CENTRAL_SYSTEM
