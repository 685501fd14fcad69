"""OCPP-S framing: one SOAP envelope to one envelope of the core and back.

Knows which headers an exchange needs in which direction. Knows no message class: a payload passes
through as an element. Spec: S 3, 4; SE 3.
"""

from __future__ import annotations

from typing import Final, TypeAlias
from xml.etree.ElementTree import Element, tostring

from ocpp16.bindings.ocpps.envelope import (
    ANONYMOUS,
    FOREIGN_CONTRACTS,
    NAMESPACES,
    WSA,
    SoapEnvelope,
    namespace_of,
    write,
    write_fault,
)
from ocpp16.bindings.ocpps.envelope import (
    read as read_envelope,
)
from ocpp16.bindings.ocpps.faults import EnvelopeFault, read_code, soap_code, write_text
from ocpp16.bindings.ocpps.xml import SPACE
from ocpp16.catalog import ACTIONS
from ocpp16.envelope import Call, CallError, CallResult, Envelope
from ocpp16.errors import (
    DESCRIPTION_LIMIT,
    Fault,
    FormationViolation,
    IdentityMismatch,
    InvalidResponse,
    ProtocolError,
)
from ocpp16.spec import Side
from ocpp16.structure import shorten

Payload: TypeAlias = Element | str
"""The element in a body: read from a peer's envelope, or as the text that we write."""

REQUEST: Final = "Request"
RESPONSE: Final = "Response"
FAULT_ACTION: Final = f"{WSA}/soap/fault"
_ACTIONS_BY_ELEMENT: Final = {
    f"{name[0].lower()}{name[1:]}{kind}": (name, kind)
    for name in ACTIONS
    for kind in (REQUEST, RESPONSE)
}


def unframe(frame: bytes | str, *, side: Side, identity: str | None) -> Envelope[Payload]:
    """Read one envelope.

    Args:
        frame: The envelope.
        side: Which side we are.
        identity: The charge point's identity; None takes any.

    Raises:
        EnvelopeFault: It is no envelope that we read; `soap` is the code to answer with.
        ProtocolError: A header that a call needs is missing or wrong, or the body is empty, or of
            another service or contract.
        FormationViolation: The body holds an element that is nearly one of OCPP.
        IdentityMismatch: It names another charge point.
        InvalidResponse: An answer whose body is of another service or contract, or whose headers
            say that it is another answer, or somebody else's.
    """
    read = read_envelope(_bytes_of(frame))
    if read.fault is not None:
        code, description = read_code(read.fault.subcode, read.fault.text)
        return CallError(read.relates_to or "", code, description)
    action, kind = action_and_kind(read)
    if kind == RESPONSE:
        try:
            body = _check_body(read, action, namespace_of(side.other))
            _check_answer(read, action, identity)
        except Fault as fault:
            reason = fault.description
            raise InvalidResponse(fault.code, "", reason, message_id=read.relates_to) from None
        return CallResult(read.relates_to or "", body, action)
    body = _check_body(read, action, namespace_of(side))
    message_id = _check_headers(read, action, side=side, identity=identity)
    return Call(message_id, action, body)


def action_and_kind(read: SoapEnvelope) -> tuple[str, str]:
    """Return the action of an envelope, and whether it is a request or a response.

    An action that does not exist comes back as it is written: refusing it is the session's.
    """
    return action_and_kind_of(read.body_name or "")


def action_and_kind_of(local: str) -> tuple[str, str]:
    """Return the same for the local name of the element in a body."""
    known = _ACTIONS_BY_ELEMENT.get(local)
    if known is not None:
        return known
    kind = RESPONSE if local.endswith(RESPONSE) else REQUEST
    return local.removesuffix(kind), kind


def _bytes_of(frame: bytes | str) -> bytes:
    if isinstance(frame, bytes):
        return frame
    try:
        return frame.encode()
    except UnicodeEncodeError:
        raise EnvelopeFault("is not UTF-8") from None


def _check_body(read: SoapEnvelope, action: str, due: str) -> Element:
    """Return the element in a body, which has to be one of a service, known or not."""
    message_id, local = read.message_id, read.body_name
    namespace = read.body_namespace or ""
    if read.body is None or local is None:
        raise ProtocolError("the body is empty", message_id=message_id)
    if namespace != due:
        contract = FOREIGN_CONTRACTS.get(namespace)
        if contract is not None:
            reason = f"the namespace {namespace} is that of {contract}; here it is OCPP 1.6"
        elif namespace in NAMESPACES.values():
            reason = f"the body is of the other service ({namespace})"
        else:
            reason = f"the namespace {shorten(namespace, 80)} of the body is not one of OCPP 1.6"
        raise ProtocolError(reason, message_id=message_id)
    if local not in _ACTIONS_BY_ELEMENT and f"{action[:1].upper()}{action[1:]}" in ACTIONS:
        reason = f"{shorten(local)} is not how OCPP writes an element of its own"
        raise FormationViolation(reason, message_id=message_id)
    return read.body


def _check_headers(read: SoapEnvelope, action: str, *, side: Side, identity: str | None) -> str:
    """Check what a call needs, and return its message id."""
    message_id = read.message_id
    needs_from = side is Side.CENTRAL_SYSTEM
    if (
        message_id is None
        or read.identity is None
        or read.action is None
        or (needs_from and read.from_address is None)
    ):
        missing = {
            "MessageID": message_id,
            "chargeBoxIdentity": read.identity,
            "Action": read.action,
            "From": read.from_address if needs_from else "",
        }
        name = next(name for name, value in missing.items() if value is None)
        raise ProtocolError(f"the header {name} is missing", message_id=message_id)
    if read.action != action and action in ACTIONS:
        reason = f"the Action is {shorten(read.action)}, the body {shorten(read.body_name)}"
        raise ProtocolError(reason, message_id=message_id)
    _check_identity(read, identity)
    return message_id


def _check_answer(read: SoapEnvelope, action: str, identity: str | None) -> None:
    """Check what the headers of an answer say, where it has any."""
    if read.action is not None and read.action != f"{action}{RESPONSE}":
        reason = f"the Action is {shorten(read.action)}, the body {shorten(read.body_name)}"
        raise ProtocolError(reason)
    if read.identity is not None:
        _check_identity(read, identity)


def _check_identity(read: SoapEnvelope, identity: str | None) -> None:
    if identity is not None and read.identity != identity.strip(SPACE):
        reason = f"{shorten(read.identity)} is not reached here"
        raise IdentityMismatch(reason, message_id=read.message_id)


def frame_call(
    call: Call[Payload], *, side: Side, identity: str, from_address: str | None, to: str | None
) -> bytes:
    """Write a call of ours: `side` is who we are.

    Raises:
        ValueError: The id is none that comes back as it is.
    """
    body = _written(call.payload)
    if not call.id or call.id != call.id.strip(SPACE):
        raise ValueError(f"{shorten(call.id)} is no message id: empty, or with space around it")
    return write(
        namespace_of(side.other),
        body,
        action=f"/{call.action}",
        message_id=call.id,
        identity=identity,
        from_address=from_address,
        to=to,
    )


def frame_result(result: CallResult[Payload], *, side: Side, message_id: str) -> bytes:
    """Write an answer of ours."""
    body = _written(result.payload)
    return write(
        namespace_of(side),
        body,
        action=f"/{_action_in(body) if result.action is None else result.action}{RESPONSE}",
        message_id=message_id,
        relates_to=result.id,
        to=ANONYMOUS,
    )


def _written(payload: Payload) -> str:
    """Return the text of an element."""
    if isinstance(payload, str):
        return payload
    # A carriage return that is not escaped would come back as a line feed.
    return tostring(payload, "unicode").replace("\r", "&#13;")


def _action_in(body: str) -> str:
    """Return the action whose response stands in a text of ours."""
    name = body[1 : min(body.index(mark) for mark in " />" if mark in body)]
    return action_and_kind_of(name)[0]


def frame_error(error: CallError, *, side: Side, message_id: str) -> bytes:
    """Write an answer of ours that is an error."""
    code = soap_code(error.code, error.details)
    text = write_text(error.code, error.description[:DESCRIPTION_LIMIT], code)
    return write(
        namespace_of(side),
        write_fault(code, text),
        action=FAULT_ACTION,
        message_id=message_id,
        relates_to=error.id,
        to=ANONYMOUS,
    )


def frame_envelope_fault(fault: EnvelopeFault, *, side: Side, message_id: str) -> bytes:
    """Write the answer to an envelope that cannot be taken."""
    error = CallError(fault.message_id or "", fault.code, fault.description, fault.details)
    return frame_error(error, side=side, message_id=message_id)
