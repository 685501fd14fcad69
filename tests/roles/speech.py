"""What peers say to each other on the wire of the run, written and read by a test itself."""

from __future__ import annotations

from typing import Any, TypeVar

from ocpp16.bindings.binding import Binding
from ocpp16.bindings.ocppj import OcppJ
from ocpp16.catalog import action_of
from ocpp16.envelope import Call, CallError, CallResult, Envelope
from ocpp16.spec import Side
from ocpp16.structure import Request, Response
from ocpp16.testing import LoopbackPair

ResponseT = TypeVar("ResponseT", bound=Response)
STATION, CENTRAL = Side.CHARGE_POINT, Side.CENTRAL_SYSTEM
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_WSA = "http://www.w3.org/2005/08/addressing"


def speaks_json() -> bool:
    return LoopbackPair.WIRE == "json"


def _binding(side: Side) -> Binding:
    if speaks_json():
        return OcppJ()
    from ocpp16.bindings.ocpps import OcppS

    return OcppS(side=side, identity="CP1", from_address="http://x/", to="http://y/")


def call(request: Request[Any], id: str, *, by: Side = STATION) -> str:
    """Return the frame of a call."""
    binding = _binding(by)
    name = action_of(type(request)).name
    return binding.frame(Call(id, name, binding.encode(request))).decode()


def result(response: Response, id: str, *, by: Side = STATION) -> str:
    """Return the frame of an answer."""
    binding = _binding(by)
    name = action_of(type(response)).name
    return binding.frame(CallResult(id, binding.encode(response), name)).decode()


def raw_call(action: str, id: str, payload: str, body: str) -> str:
    """Return the frame of a charge point's call that may be wrong.

    Args:
        action: What is called.
        id: The message id.
        payload: The payload in JSON.
        body: What stands in the element of the body in XML.
    """
    if speaks_json():
        return f'[2,"{id}","{action}",{payload}]'
    name = f"{action[0].lower()}{action[1:]}Request"
    return (
        f'<s:Envelope xmlns:s="{_SOAP}" xmlns:w="{_WSA}" xmlns="urn://Ocpp/Cs/2015/10/"><s:Header>'
        f"<chargeBoxIdentity>CP1</chargeBoxIdentity><w:Action>/{action}</w:Action>"
        f"<w:MessageID>{id}</w:MessageID><w:From><w:Address>http://x/</w:Address></w:From>"
        f"</s:Header><s:Body><{name}>{body}</{name}></s:Body></s:Envelope>"
    )


def heard(frame: str | bytes, *, by: Side = STATION) -> Envelope[Any]:
    """Read a frame that the other side sent."""
    return _binding(by).unframe(frame)


def response_in(
    frame: str | bytes, cls: type[ResponseT], *, by: Side = STATION
) -> tuple[str, ResponseT]:
    """Return the id and the response of an answer that the other side sent."""
    answer = heard(frame, by=by)
    assert isinstance(answer, CallResult)
    return answer.id, _binding(by).decode(cls, answer.payload)


def id_of(frame: str | bytes, *, by: Side = STATION) -> str:
    return heard(frame, by=by).id


def kind_of(frame: str | bytes, *, by: Side) -> str:
    """Return `call`, `result` or `error`."""
    return {Call: "call", CallResult: "result", CallError: "error"}[type(heard(frame, by=by))]


def refused(frame: str | bytes) -> tuple[str, str]:
    """Return the id and the code of an error that a central system answered."""
    error = heard(frame)
    assert isinstance(error, CallError)
    return error.id, str(error.code)
