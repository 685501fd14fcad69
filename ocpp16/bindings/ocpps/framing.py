"""OCPP-S framing: one SOAP envelope to one envelope of the core and back.

Knows which headers an exchange needs in which direction. Knows no message class: a payload passes
through as an element. Spec: S 3, 4; SE 3.
"""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from ocpp16.bindings.ocpps import envelope as soap
from ocpp16.bindings.ocpps.envelope import SoapEnvelope
from ocpp16.bindings.ocpps.faults import (
    EnvelopeFault,
    read_code,
    soap_code,
    write_text,
)
from ocpp16.catalog import ACTIONS
from ocpp16.envelope import Call, CallError, CallResult, Envelope
from ocpp16.errors import IdentityMismatch, ProtocolError
from ocpp16.spec import Side
from ocpp16.structure import shorten

RESPONSE: Final = "Response"
_ACTIONS_BY_ELEMENT: Final = {
    f"{name[0].lower()}{name[1:]}{kind}": (name, kind)
    for name in ACTIONS
    for kind in ("Request", "Response")
}
FAULT_ACTION: Final = f"{soap.WSA}/soap/fault"


def unframe(frame: bytes | str, *, side: Side, identity: str | None) -> Envelope[etree._Element]:
    """Read one envelope.

    Args:
        frame: The envelope.
        side: Which side we are.
        identity: The charge point's identity; None takes any.

    Raises:
        EnvelopeFault: It is no envelope that we read; `soap` is the code to answer with.
        ProtocolError: A header that the exchange needs is missing or wrong.
        IdentityMismatch: It names another charge point.
    """
    data = frame.encode() if isinstance(frame, str) else frame
    read = soap.read(data)
    if read.fault is not None:
        code, description = read_code(read.fault.subcode, read.fault.text)
        return CallError(read.relates_to or "", code, description)
    if read.body is None:
        if read.action is not None and read.action.endswith(RESPONSE):
            raise EnvelopeFault("the body is empty")
        raise ProtocolError("the body is empty", message_id=read.message_id)
    name, kind = _named(read)
    if kind == RESPONSE:
        return CallResult(read.relates_to or "", read.body, name)
    _check_request(read, name, side=side, identity=identity)
    assert read.message_id is not None  # noqa: S101 - checked just now
    return Call(read.message_id, name, read.body)


def _named(read: SoapEnvelope) -> tuple[str, str]:
    """Return the action of a body, and whether it is a request or a response."""
    namespace, local = read.body_namespace, read.body_name or ""
    if namespace in soap.FOREIGN_CONTRACTS:
        contract = soap.FOREIGN_CONTRACTS[namespace]
        reason = f"the namespace {namespace} is that of {contract}; here it is OCPP 1.6"
        raise ProtocolError(reason, message_id=read.message_id)
    if namespace not in soap.NAMESPACES.values():
        reason = f"the namespace {shorten(namespace, 80)} of the body is not one of OCPP 1.6"
        raise ProtocolError(reason, message_id=read.message_id)
    known = _ACTIONS_BY_ELEMENT.get(local)
    if known is not None:
        return known
    # An action that does not exist is the session's to refuse.
    return local.removesuffix("Request"), "Request"


def _check_request(read: SoapEnvelope, name: str, *, side: Side, identity: str | None) -> None:
    message_id = read.message_id
    missing = [
        header
        for header, value in (
            ("chargeBoxIdentity", read.identity),
            ("Action", read.action),
            ("MessageID", message_id),
            ("From", read.from_address if side is Side.CENTRAL_SYSTEM else ""),
        )
        if value is None
    ]
    if missing:
        raise ProtocolError(f"the header {missing[0]} is missing", message_id=message_id)
    if read.body_namespace != soap.NAMESPACES[side]:
        reason = f"the body is for the other service ({read.body_namespace})"
        raise ProtocolError(reason, message_id=message_id)
    if read.action != name and name in ACTIONS:
        reason = f"the Action is {shorten(read.action)}, the body {shorten(read.body_name)}"
        raise ProtocolError(reason, message_id=message_id)
    if identity is not None and read.identity != identity:
        reason = f"{shorten(read.identity)} is not reached here"
        raise IdentityMismatch(reason, message_id=message_id)


def frame_call(
    call: Call[Any], *, side: Side, identity: str, from_address: str | None, to: str | None
) -> bytes:
    """Write a call of ours: `side` is who we are."""
    return soap.write(
        soap.NAMESPACES[side.other],
        call.payload,
        action=f"/{call.action}",
        message_id=call.id,
        identity=identity,
        from_address=from_address,
        to=to,
    )


def frame_result(result: CallResult[Any], *, side: Side, message_id: str) -> bytes:
    """Write an answer of ours."""
    return soap.write(
        soap.NAMESPACES[side],
        result.payload,
        action=f"/{result.action}{RESPONSE}",
        message_id=message_id,
        relates_to=result.id,
        to=soap.ANONYMOUS,
    )


def frame_error(error: CallError, *, side: Side, message_id: str) -> bytes:
    """Write an answer of ours that is an error."""
    code = soap_code(error.code)
    element = soap.fault_element(code, write_text(error.code, error.description))
    return soap.write(
        soap.NAMESPACES[side],
        element,
        action=FAULT_ACTION,
        message_id=message_id,
        relates_to=error.id,
        to=soap.ANONYMOUS,
    )


def frame_envelope_fault(fault: EnvelopeFault, *, side: Side, message_id: str) -> bytes:
    """Write the answer to an envelope that cannot be taken."""
    return soap.write(
        soap.NAMESPACES[side],
        soap.fault_element(fault.soap, fault.description),
        action=FAULT_ACTION,
        message_id=message_id,
        relates_to=fault.message_id,
        to=soap.ANONYMOUS,
    )
