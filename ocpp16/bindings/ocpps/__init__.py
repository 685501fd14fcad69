"""OCPP-S: SOAP 1.2 over HTTP. Its transports need the extra `soap`."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from os import urandom
from typing import Final, TypeVar

import attrs

from ocpp16.bindings.ocpps import codec, framing
from ocpp16.bindings.ocpps.envelope import namespace_of
from ocpp16.bindings.ocpps.framing import Payload
from ocpp16.bindings.ocpps.xml import can_be_written
from ocpp16.envelope import Call, CallError, CallResult, Envelope
from ocpp16.settings import STRICT, Leniency
from ocpp16.spec import ActionSpec, Side
from ocpp16.structure import Request, Structure

StructureT = TypeVar("StructureT", bound=Structure)

_VARIANTS: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
_WSDLS: Final = {
    Side.CENTRAL_SYSTEM: "OCPP_CentralSystemService_1.6.wsdl",
    Side.CHARGE_POINT: "OCPP_ChargePointService_1.6.wsdl",
}


def new_urn() -> str:
    """Return a new message id, as WS-Addressing has them."""
    # A UUID of version 4 (RFC 9562), without the object around it.
    digits = urandom(16).hex()
    return (
        f"urn:uuid:{digits[:8]}-{digits[8:12]}-4{digits[13:16]}"
        f"-{_VARIANTS[digits[16]]}{digits[17:20]}-{digits[20:]}"
    )


def wsdl(side: Side) -> bytes:
    """Return the WSDL of the service that a side offers."""
    return (files(__name__) / _WSDLS[side]).read_bytes()


def _check_writable(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not can_be_written(value):
        raise ValueError(f"{attribute.name} holds a character that XML does not have")


@attrs.frozen(kw_only=True)
class OcppS:
    """The SOAP wire, as a session sees it.

    Args:
        side: Which side we are.
        identity: The charge point's identity; calls that name another are refused.
        from_address: Where we listen, for the From of our calls.
        to: Where our calls go, for their To.
        new_message_id: Source of ids for our answers, which nobody refers to.
    """

    side: Side
    identity: str = attrs.field(validator=_check_writable)
    from_address: str | None = None
    to: str | None = None
    new_message_id: Callable[[], str] = new_urn
    name: str = attrs.field(default="ocpps", init=False)

    def carries(self, action: ActionSpec) -> bool:
        """Tell whether the WSDLs have an action: those of the security extension are missing."""
        return bool(action.soap_services)

    def unframe(self, frame: bytes | str) -> Envelope[Payload]:
        """Read one envelope; see `framing.unframe`."""
        return framing.unframe(frame, side=self.side, identity=self.identity)

    def frame(self, envelope: Envelope[Payload]) -> bytes:
        """Write one envelope."""
        match envelope:
            case Call():
                return framing.frame_call(
                    envelope,
                    side=self.side,
                    identity=self.identity,
                    from_address=self.from_address,
                    to=self.to,
                )
            case CallResult():
                return framing.frame_result(
                    envelope, side=self.side, message_id=self.new_message_id()
                )
            case CallError():
                return framing.frame_error(
                    envelope, side=self.side, message_id=self.new_message_id()
                )

    def decode(
        self,
        cls: type[StructureT],
        payload: Payload,
        leniency: frozenset[Leniency] = STRICT,
    ) -> StructureT:
        """Read a payload; see `codec.decode`."""
        return codec.decode(cls, payload, leniency)

    def encode(self, message: Structure) -> Payload:
        """Write a payload: a request for the other side's service, a response for ours."""
        side = self.side.other if isinstance(message, Request) else self.side
        return codec.encode(message, namespace_of(side))

    def fingerprint(self, payload: Payload) -> bytes:
        """Return the payload in canonical form; see `codec.fingerprint`."""
        return codec.fingerprint(payload)
