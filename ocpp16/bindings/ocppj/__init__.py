"""OCPP-J: JSON over WebSocket (subprotocol `ocpp1.6`)."""

from __future__ import annotations

from typing import TypeVar

import attrs

from ocpp16.bindings.ocppj import codec, framing
from ocpp16.envelope import Envelope
from ocpp16.settings import STRICT, Leniency
from ocpp16.spec import ActionSpec
from ocpp16.structure import Structure

StructureT = TypeVar("StructureT", bound=Structure)


@attrs.frozen
class OcppJ:
    """The JSON wire, as a session sees it; it has no state of its own."""

    name: str = attrs.field(default="ocppj", init=False)

    def carries(self, action: ActionSpec) -> bool:
        """Tell whether the wire has a contract for an action: OCPP-J has one for each."""
        return bool(action.name)

    def unframe(self, frame: bytes | str) -> Envelope[bytes]:
        """Read one frame; see `framing.unframe`."""
        return framing.unframe(frame)

    def frame(self, envelope: Envelope[bytes]) -> bytes:
        """Write one frame; see `framing.frame`."""
        return framing.frame(envelope)

    def decode(
        self, cls: type[StructureT], payload: bytes, leniency: frozenset[Leniency] = STRICT
    ) -> StructureT:
        """Read a payload; see `codec.decode`."""
        return codec.decode(cls, payload, leniency)

    def encode(self, message: Structure) -> bytes:
        """Write a payload; see `codec.encode`."""
        return codec.encode(message)

    def fingerprint(self, payload: bytes) -> bytes:
        """Return the payload itself."""
        return payload
