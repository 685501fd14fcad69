"""What a message says, as bytes to keep and as a digest by which a repeat is known. Pure.

A charge point on SOAP writes a new MessageID each time, so a repeat is known by its content. Only
transaction messages are sent again (C 3.7, SE 3.2), and only theirs is looked at: two equal
Heartbeats, Authorizes or StatusNotifications are two messages, and so are two MeterValues that have
no timestamp in them, since nothing tells one from the other.
"""

from __future__ import annotations

from datetime import UTC
from hashlib import sha256
from typing import Any, TypeVar

import msgspec

from ocpp16.bindings.ocppj import codec
from ocpp16.catalog import ACTIONS
from ocpp16.messages import MeterValuesRequest, StartTransactionRequest, StopTransactionRequest
from ocpp16.spec import FieldKind
from ocpp16.structure import Request, Response, Structure, WireEnum

StructureT = TypeVar("StructureT", bound=Structure)


def encode(message: Structure) -> bytes:
    """Write a message as it is kept: the JSON payload of OCPP-J.

    Raises:
        InvalidMessage: It breaks a rule of OCPP 1.6.
    """
    return codec.encode(message)


def decode_request(action: str, payload: bytes) -> Request[Any]:
    """Read a request as it was kept."""
    request: Request[Any] = codec.decode(ACTIONS[action].request, payload)
    return request


def decode_response(action: str, payload: bytes) -> Response:
    """Read a response as it was kept."""
    response: Response = codec.decode(ACTIONS[action].response, payload)
    return response


def digest_of(request: Request[Any]) -> bytes | None:
    """Return what a repeat of this message has as well; None where repeats cannot be known."""
    match request:
        case StartTransactionRequest():
            # Whatever else may differ in a repeat, these four are one start; an idTag is compared
            # without case (C 2.2).
            parts: tuple[object, ...] = (
                "StartTransaction",
                request.connector_id,
                request.id_tag.casefold(),
                request.meter_start,
                request.timestamp.astimezone(UTC).isoformat(),
            )
            return sha256(repr(parts).encode()).digest()
        case MeterValuesRequest(meter_value=()):
            return None
        case StopTransactionRequest() | MeterValuesRequest():
            name = type(request).SPEC.name.encode()
            return sha256(name + b"\0" + codec.encode(request)).digest()
        case _:
            return None


def sketch(message: Structure) -> bytes:
    """Write a message that breaks rules as JSON all the same, for people to read."""
    return msgspec.json.encode(_plain(message))


def _plain(structure: Structure) -> dict[str, object]:
    members: dict[str, object] = {}
    for field in type(structure).SPEC.fields:
        value = getattr(structure, field.name)
        if value is None:
            continue
        if field.many:
            members[field.wire] = [_plain_value(field.kind, item) for item in value]
        else:
            members[field.wire] = _plain_value(field.kind, value)
    return members


def _plain_value(kind: FieldKind, value: Any) -> object:
    if kind is FieldKind.OBJECT:
        return _plain(value)
    if kind is FieldKind.TIMESTAMP:
        return value.isoformat()
    if isinstance(value, WireEnum):
        return str(value.value)
    return value
