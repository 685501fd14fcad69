"""OCPP-J framing: one WebSocket text to one envelope and back.

Knows array positions and message type numbers. Knows no action and no message class; a payload
passes through as raw JSON. Spec: J 4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec import Raw

from ocpp16.bindings.explain import NESTING_LIMIT
from ocpp16.bindings.ocppj.faults import read_code, write_code
from ocpp16.bindings.ocppj.text import deepest
from ocpp16.envelope import Call, CallError, CallResult, Envelope
from ocpp16.errors import (
    NO_DETAILS,
    ErrorCode,
    FormationViolation,
    InvalidResponse,
    UnanswerableFrame,
)
from ocpp16.structure import shorten

Payload: TypeAlias = bytes

CALL, CALL_RESULT, CALL_ERROR = 2, 3, 4
ID_LIMIT = 36
"""Characters of a message id (J 4.1.4)."""
ANSWERABLE_ID_LIMIT = 255
"""An id up to this length is answered with an error; a longer one is never sent back."""

_read_call = msgspec.json.Decoder(tuple[int, str, str, Raw]).decode
_read_result = msgspec.json.Decoder(tuple[int, str, Raw]).decode
_read_array = msgspec.json.Decoder(list[Raw]).decode
_read_value = msgspec.json.Decoder(Any).decode
_write = msgspec.json.Encoder().encode

_NOT_JSON = (msgspec.DecodeError, UnicodeError, RecursionError)
# A frame too deep for the parser still has its id at the front.
_FRONT = re.compile(r'\s*\[\s*(?P<kind>[234])\s*,\s*(?P<id>"(?:[^"\\]|\\.)*+")\s*,')


def unframe(frame: bytes | str) -> Envelope[Payload]:
    """Read one OCPP-J array.

    Raises:
        UnanswerableFrame: No usable message id, so the peer cannot be told.
        FormationViolation: A call with an id, but not formed as a call; the fault carries the id.
        InvalidResponse: An answer with an id, but not formed as one; the error carries the id.
    """
    is_call = frame.startswith("[2") if isinstance(frame, str) else frame.startswith(b"[2")
    try:
        if is_call:
            kind, id, action, payload = _read_call(frame)
            if kind == CALL and 0 < len(id) <= ID_LIMIT:
                return Call(id, action, bytes(payload))
        else:
            kind, id, payload = _read_result(frame)
            if kind == CALL_RESULT and 0 < len(id) <= ID_LIMIT:
                return CallResult(id, bytes(payload))
    except _NOT_JSON:
        pass
    return _unframe_slowly(frame)


def _unframe_slowly(frame: bytes | str) -> Envelope[Payload]:
    try:
        if isinstance(frame, bytes):
            frame.decode()
    except UnicodeDecodeError:
        raise UnanswerableFrame("is not UTF-8") from None
    try:
        array = [bytes(item) for item in _read_array(frame)]
        kind: object = _read_value(array[0]) if array else None
        id: object = _read_value(array[1]) if len(array) > 1 else None
    except RecursionError:
        raise _too_deep(frame) from None
    except _NOT_JSON as error:
        raise UnanswerableFrame(f"is not a JSON array ({error})") from None
    # J 4.1.3: an unknown type number is ignored. Answering it would let two implementations trade
    # errors without end.
    if type(kind) is not int or kind not in {CALL, CALL_RESULT, CALL_ERROR}:
        raise UnanswerableFrame(f"message type {shorten(kind)} is not defined")
    if not isinstance(id, str) or not 0 < len(id) <= ANSWERABLE_ID_LIMIT:
        raise UnanswerableFrame(f"{shorten(id)} is no message id")
    if kind == CALL:
        return _call(id, array)
    if kind == CALL_RESULT:
        if len(array) != 3:
            reason = f"a CALLRESULT has 3 elements, not {len(array)}"
            raise InvalidResponse(ErrorCode.FORMATION_VIOLATION, "", reason, message_id=id)
        return CallResult(id, array[2])
    return _call_error(id, array)


def _call(id: str, array: list[bytes]) -> Call[Payload]:
    if len(array) != 4:
        reason = f"a CALL has 4 elements, not {len(array)}"
    elif len(id) > ID_LIMIT:
        reason = f"a message id has at most {ID_LIMIT} characters, not {len(id)}"
    else:
        action = _value(array[2])
        if isinstance(action, str):
            return Call(id, action, array[3])
        reason = f"the action is {type(action).__name__}, not text"
    raise FormationViolation(reason, message_id=id)


def _call_error(id: str, array: list[bytes]) -> CallError:
    # Peers leave out the details, or the description, too.
    if not 3 <= len(array) <= 5:
        reason = f"a CALLERROR has 5 elements, not {len(array)}"
        raise InvalidResponse(ErrorCode.FORMATION_VIOLATION, "", reason, message_id=id)
    code, description, details = (*(_value(item) for item in array[2:]), None, None)[:3]
    if not isinstance(code, str):
        reason = f"the error code is {type(code).__name__}, not text"
        raise InvalidResponse(ErrorCode.FORMATION_VIOLATION, "", reason, message_id=id)
    return CallError(
        id,
        read_code(code),
        description if isinstance(description, str) else "",
        details if isinstance(details, dict) else NO_DETAILS,
    )


def _value(item: bytes) -> object:
    try:
        return _read_value(item) if deepest(item) <= NESTING_LIMIT else None
    except _NOT_JSON:
        return None


def _too_deep(frame: bytes | str) -> UnanswerableFrame | FormationViolation | InvalidResponse:
    text = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
    reason = f"nests deeper than {NESTING_LIMIT}"
    front = _FRONT.match(text)
    if front is None:
        return UnanswerableFrame(reason)
    try:
        id = str(_read_value(front["id"]))
    except _NOT_JSON:
        id = ""
    if not 0 < len(id) <= ANSWERABLE_ID_LIMIT:
        return UnanswerableFrame(reason)
    if front["kind"] == str(CALL):
        return FormationViolation(f"payload: {reason}", path="", message_id=id)
    return InvalidResponse(ErrorCode.FORMATION_VIOLATION, "", reason, message_id=id)


def frame(envelope: Envelope[Payload]) -> bytes:
    """Write one OCPP-J array.

    Raises:
        ValueError: The id is none that OCPP-J can carry.
        TypeError: The details of an error hold what JSON cannot carry.
    """
    match envelope:
        case Call(id, action, payload):
            if not 0 < len(id) <= ID_LIMIT:
                raise ValueError(f"{shorten(id)} is no message id: 1 to {ID_LIMIT} characters")
            return _write((CALL, id, action, Raw(payload)))
        case CallResult(id, payload):
            return _write((CALL_RESULT, id, Raw(payload)))
        case CallError(id, code, description, details):
            return _write((CALL_ERROR, id, write_code(code), description, _details(details)))


def _details(details: Mapping[str, object]) -> dict[str, object]:
    return dict(details)
