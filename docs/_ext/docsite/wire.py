"""Messages as they stand on the two wires: made by the codecs and framings of the library.

Laid out for reading: on the wire there are neither line breaks nor indentation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from lxml import etree

from docsite import markdown
from docsite.examples import EXCHANGES, IDENTITY
from ocpp16.bindings.ocppj import OcppJ
from ocpp16.bindings.ocpps import OcppS
from ocpp16.catalog import action_of
from ocpp16.envelope import Call, CallError, CallResult
from ocpp16.errors import ErrorCode
from ocpp16.spec import Side
from ocpp16.structure import Request, Response

ID = "5f1c2a0e-9d3b-4c7f-8a61-2b7d0c5e4f10"
ADDRESSES = {
    Side.CENTRAL_SYSTEM: "https://ocpp.example.com/soap",
    Side.CHARGE_POINT: "http://192.0.2.17:8080/ocpp",
}
"""Where the two sides listen."""


def json_call(request: Request[Response]) -> str:
    """Return the OCPP-J frame of a request."""
    wire = OcppJ()
    action = action_of(type(request)).name
    return laid_out(wire.frame(Call(ID, action, wire.encode(request))))


def json_result(response: Response) -> str:
    """Return the OCPP-J frame of a response."""
    wire = OcppJ()
    return laid_out(wire.frame(CallResult(ID, wire.encode(response))))


def json_error(code: ErrorCode, description: str) -> str:
    """Return the OCPP-J frame of an error."""
    return laid_out(OcppJ().frame(CallError(ID, code, description)))


def laid_out(frame: bytes) -> str:
    """Return a frame with its payload indented."""
    array = json.loads(frame)
    parts = [
        json.dumps(part, indent=2, ensure_ascii=False) if isinstance(part, dict) and part
        else json.dumps(part, ensure_ascii=False)
        for part in array
    ]  # fmt: skip
    return "[" + ", ".join(parts) + "]"


def _soap(side: Side) -> OcppS:
    return OcppS(
        side=side,
        identity=IDENTITY,
        from_address=ADDRESSES[side],
        to=ADDRESSES[side.other],
        new_message_id=lambda: "urn:uuid:0d6a2c4b-71e8-4f3e-9b57-c2d10f8a6e93",
    )


def soap_call(request: Request[Response], sender: Side) -> str:
    """Return the SOAP envelope of a request."""
    wire = _soap(sender)
    action = action_of(type(request)).name
    return _indented(wire.frame(Call(f"urn:uuid:{ID}", action, wire.encode(request))))


def soap_result(response: Response, sender: Side) -> str:
    """Return the SOAP envelope of a response."""
    wire = _soap(sender)
    action = action_of(type(response)).name
    result = CallResult(f"urn:uuid:{ID}", wire.encode(response), action)
    return _indented(wire.frame(result))


def soap_error(code: ErrorCode, description: str, action: str, sender: Side) -> str:
    """Return the SOAP envelope of a fault."""
    error = CallError(f"urn:uuid:{ID}", code, description, action=action)
    return _indented(_soap(sender).frame(error))


def exchange_parts(action: str, name: str) -> Mapping[str, Callable[[], str]]:
    """Return what writes an exchange that a charge point begins on both wires, as blocks."""
    request, response = EXCHANGES[action]
    station, central = Side.CHARGE_POINT, Side.CENTRAL_SYSTEM
    return {
        f"{name}-json-request": lambda: markdown.code("json", json_call(request)),
        f"{name}-json-response": lambda: markdown.code("json", json_result(response)),
        f"{name}-soap-request": lambda: markdown.code("xml", soap_call(request, station)),
        f"{name}-soap-response": lambda: markdown.code("xml", soap_result(response, central)),
    }


def _indented(frame: bytes) -> str:
    root = etree.fromstring(frame)
    etree.indent(root, space="  ")
    return etree.tostring(root, encoding="unicode", pretty_print=True)
