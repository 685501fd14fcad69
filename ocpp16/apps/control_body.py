"""Bodies of requests to the control API: so many bytes, so much time, and only what is meant."""

from __future__ import annotations

import asyncio
import json
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from ocpp16.apps.control_problem import Problem
from ocpp16.bindings.ocppj import codec
from ocpp16.bindings.ocppj.review import parse_payload
from ocpp16.bindings.ocppj.text import Members
from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus, RegistrationStatus
from ocpp16.errors import ConstraintError, InvalidMessage
from ocpp16.messages import AuthorizeRequest
from ocpp16.security.auth import check_basic_identity, read_key
from ocpp16.store.central_system.id_tag import IdTag
from ocpp16.transports.identity import check_identity

BODY_LIMIT = 128 * 1024
BODY_SECONDS = 10.0
NOTE_LIMIT = 500
INFO_FIELDS = ("status", "expiryDate", "parentIdTag")

T = TypeVar("T")


async def body_of(request: Request) -> bytes:
    """Return the body of a request."""
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                found += chunk
                if len(found) > BODY_LIMIT:
                    raise Problem("too-large", f"a body has {BODY_LIMIT} bytes at most")
    except ClientDisconnect:
        raise Problem("too-slow", "the client has left") from None
    except TimeoutError:
        raise Problem("too-slow", f"a body is there within {BODY_SECONDS:g} s") from None
    return bytes(found)


def approval_of(identity: str, body: bytes) -> RegistrationStatus:
    """Return what a charge point is to be told at boot."""
    try:
        check_identity(identity)
    except ValueError as error:
        raise Problem("invalid-request", str(error), path="") from None
    fields = object_of(body, "status")
    status = fields.get("status")
    if not isinstance(status, str) or status not in set(RegistrationStatus):
        detail = f"status is one of {', '.join(RegistrationStatus)}"
        raise Problem("invalid-request", detail, path="/status")
    return RegistrationStatus(status)


def key_of(identity: str, body: bytes) -> bytes | None:
    """Return the key that a charge point is to have; None if one is to be made."""
    try:
        check_identity(identity)
        check_basic_identity(identity)
    except ValueError as error:
        raise Problem("invalid-request", str(error), path="") from None
    text = object_of(body, "key").get("key")
    if text is None:
        return None
    try:
        return read_key(text if isinstance(text, str) else "")
    except ValueError as error:
        raise Problem("invalid-request", str(error), path="/key") from None


def id_tag_of(text: str, body: bytes) -> IdTag:
    """Return an identifier; without a status it is accepted."""
    if not text:
        raise Problem("invalid-request", "an identifier has 1 to 20 characters", path="/idTag")
    fields = object_of(body, *INFO_FIELDS, "single", "note")
    info = {
        name: _of_type(fields, name, str, "")
        for name in INFO_FIELDS
        if fields.get(name) is not None
    }
    info.setdefault("status", str(AuthorizationStatus.ACCEPTED))
    try:
        AuthorizeRequest(id_tag=text)
        found = codec.decode_slowly(IdTagInfo, json.dumps(info).encode())
    except InvalidMessage as error:
        raise Problem("invalid-request", error.reason, path=error.path) from None
    except ConstraintError as error:
        raise Problem("invalid-request", str(error), path=error.path) from None
    if found.status is AuthorizationStatus.CONCURRENT_TX:
        detail = "ConcurrentTx comes of `single`, when a transaction runs"
        raise Problem("invalid-request", detail, path="/status")
    note = _of_type(fields, "note", str, "")
    if len(note) > NOTE_LIMIT or not note.isprintable():
        detail = f"a note has {NOTE_LIMIT} characters at most, none a control character"
        raise Problem("invalid-request", detail, path="/note")
    return IdTag(
        id_tag=text, info=found, is_single=_of_type(fields, "single", bool, False), note=note
    )


def _of_type(fields: dict[str, Any], name: str, kind: type[T], default: T) -> T:
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise Problem("invalid-request", f"{name} is not of its type", path=f"/{name}")
    return value


def object_of(body: bytes, *names: str) -> dict[str, Any]:
    """Return the fields of an object that has no others than these.

    Raises:
        Problem: It is none, or has others.
    """
    try:
        found = parse_payload(body)
    except ConstraintError as error:
        raise Problem("invalid-request", error.reason, path="") from None
    if not isinstance(found, Members):
        raise Problem("invalid-request", "it is not an object", path="")
    fields: dict[str, Any] = {}
    for name, value in found:
        if name not in names or name in fields:
            detail = f"a field is one of {', '.join(names)}, and there once"
            raise Problem("invalid-request", detail, path=f"/{name[:50]}")
        fields[name] = value
    return fields
