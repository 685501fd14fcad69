"""Judges one OCPP-J frame: by the contract, and as our receiver does.

The contract is the frame rules of OCPP-J 1.6 section 4 and the published JSON schemas. It is
read here once more, apart from the receiver's framing, because the two differ on purpose: the
receiver takes some frames that the contract forbids (a CALLERROR without details) and refuses some
that it allows (an empty id, repeated keys, integers over 64 bits).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from ocpp16.apps.verdict import Finding, Judgement, Kind, Reception
from ocpp16.bindings.explain import NESTING_LIMIT, explain
from ocpp16.bindings.ocppj import codec
from ocpp16.bindings.ocppj.faults import PUBLISHED_CODES, WIRE_CODES
from ocpp16.bindings.ocppj.framing import ID_LIMIT, unframe
from ocpp16.bindings.ocppj.notation import ContractNotation
from ocpp16.bindings.ocppj.text import Members, deepest, parse
from ocpp16.catalog import ACTIONS
from ocpp16.envelope import Call, CallError, Envelope
from ocpp16.errors import ConstraintError, ErrorCode, Fault, InvalidResponse, UnanswerableFrame
from ocpp16.settings import STRICT, Leniency, Settings
from ocpp16.spec import ActionSpec
from ocpp16.structure import Structure, deviations, shorten

BYTE_ORDER_MARK = "\ufeff"
MESSAGE_LIMIT = Settings().message_limit

_KINDS = {2: Kind.CALL, 3: Kind.CALL_RESULT, 4: Kind.CALL_ERROR}
_ELEMENTS = {Kind.CALL: 4, Kind.CALL_RESULT: 3, Kind.CALL_ERROR: 5}
_FRONT = re.compile(r"\s*\[\s*([234])\s*,")
# The security extension was published as draft-06, where 1.0 is an integer; the rest as draft-04.
_DRAFT_04 = ContractNotation(whole_floats=False)
_DRAFT_06 = ContractNotation(whole_floats=True)


def judge(frame: bytes | str, action: str | None = None) -> Judgement:
    """Judge a frame by the contract.

    Args:
        frame: One text message.
        action: The action that an answer belongs to; without it only the frame is judged.
    """
    try:
        text = frame.decode() if isinstance(frame, bytes) else frame
        # A str may hold what UTF-8 cannot carry.
        raw = text.removeprefix(BYTE_ORDER_MARK).encode()
    except UnicodeError:
        return Judgement(Kind.UNPARSABLE, finding=Finding("is not UTF-8"))
    if deepest(raw) > NESTING_LIMIT:
        front = _FRONT.match(text)
        kind = _KINDS[int(front[1])] if front else Kind.UNPARSABLE
        return Judgement(kind, finding=Finding(f"nests deeper than {NESTING_LIMIT}"))
    try:
        array = _read(raw)
    except (ValueError, RecursionError) as error:
        return Judgement(Kind.UNPARSABLE, finding=Finding(f"is not JSON ({error})"))
    if type(array) is not list:
        return Judgement(Kind.UNPARSABLE, finding=Finding("is JSON, but not an array"))
    judgement = _judge_array(array, action)
    if text.startswith(BYTE_ORDER_MARK):
        finding = Finding("begins with a byte order mark, which JSON does not have")
        return Judgement(judgement.kind, judgement.id, judgement.action, finding)
    return judgement


def receive(
    frame: bytes | str, action: str | None = None, leniency: frozenset[Leniency] = STRICT
) -> Reception:
    """Tell what our receiver does with a frame.

    Args:
        frame: One text message.
        action: The action that an answer belongs to; without it only the frame is judged.
        leniency: What the receiver is told to tolerate.
    """
    raw = frame if isinstance(frame, bytes) else frame.encode("utf-8", "surrogatepass")
    # What the transport sees to, before anyone reads a frame.
    if len(raw) > MESSAGE_LIMIT:
        return Reception(Finding(f"has {len(raw)} bytes, at most {MESSAGE_LIMIT} are allowed"))
    try:
        raw.decode()
    except UnicodeError:
        return Reception(Finding("is not UTF-8"))
    envelope: Envelope[bytes] | None = None
    try:
        envelope = unframe(frame)
        if isinstance(envelope, CallError):
            return Reception()
        name = envelope.action if isinstance(envelope, Call) else action
        spec = None if name is None else ACTIONS.get(name)
        if spec is None:
            return _receive_unknown(name) if isinstance(envelope, Call) else Reception()
        cls = spec.request if isinstance(envelope, Call) else spec.response
        message: Structure = codec.decode(cls, envelope.payload, leniency)
    except Fault as fault:
        return Reception(Finding(fault.description, fault.path), WIRE_CODES[fault.code])
    except ConstraintError as error:
        code = WIRE_CODES[error.kind.code] if isinstance(envelope, Call) else None
        return Reception(Finding(error.reason, error.path), code)
    except InvalidResponse as error:
        return Reception(Finding(error.reason, error.path or None))
    except UnanswerableFrame as error:
        return Reception(Finding(str(error)))
    return Reception(deviations=deviations(message))


def _receive_unknown(name: str | None) -> Reception:
    finding = Finding(f"{shorten(name)} is no action of OCPP 1.6")
    return Reception(finding, WIRE_CODES[ErrorCode.NOT_IMPLEMENTED])


def _read(raw: bytes) -> Any:
    """Read JSON to the letter (RFC 8259), as `parse` gives it."""
    # `parse` wants a text that is known to be JSON: Python's reader also takes NaN and Infinity.
    json.loads(raw, parse_constant=_refuse_constant, parse_int=str, parse_float=str)
    value = parse(raw)
    _check_texts(value)
    return value


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON")


def _check_texts(value: Any) -> None:
    """Refuse half a surrogate pair: an escape can write it, no UTF-8 text can carry it."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if type(one) is str:
            if not one.isascii() and any("\ud800" <= character <= "\udfff" for character in one):
                raise ValueError("half a surrogate pair")
        elif type(one) is Members:
            waiting += [part for member in one for part in member]
        elif type(one) is list:
            waiting += one


def _judge_array(array: list[Any], action: str | None) -> Judgement:
    kind = _kind_of(array)
    if kind is None:
        reason = f"message type {shorten(_plain(array[0]))} is not defined" if array else "is empty"
        return Judgement(Kind.UNDEFINED, finding=Finding(reason))
    message_id = array[1] if len(array) > 1 and type(array[1]) is str else None
    if kind is Kind.CALL:
        action = array[2] if len(array) > 2 and type(array[2]) is str else None
    finding = _frame_finding(kind, array) or _payload_finding(kind, action, array)
    return Judgement(kind, message_id, action, finding)


def _kind_of(array: list[Any]) -> Kind | None:
    return _KINDS.get(array[0]) if array and type(array[0]) is int else None


def _frame_finding(kind: Kind, array: Sequence[Any]) -> Finding | None:
    if len(array) != _ELEMENTS[kind]:
        return Finding(f"a {kind} has {_ELEMENTS[kind]} elements, not {len(array)}")
    message_id = array[1]
    if type(message_id) is not str:
        return Finding(f"the message id is {_name(message_id)}, not text")
    if len(message_id) > ID_LIMIT:
        return Finding(f"a message id has at most {ID_LIMIT} characters, not {len(message_id)}")
    if kind is Kind.CALL:
        return _action_finding(array[2])
    return _error_finding(*array[2:]) if kind is Kind.CALL_ERROR else None


def _action_finding(action: Any) -> Finding | None:
    if type(action) is not str:
        return Finding(f"the action is {_name(action)}, not text")
    return None if action in ACTIONS else Finding(f"{shorten(action)} is no action of OCPP 1.6")


def _error_finding(code: Any, description: Any, details: Any) -> Finding | None:
    if type(code) is not str:
        return Finding(f"the error code is {_name(code)}, not text")
    if code not in PUBLISHED_CODES:
        return Finding(f"{shorten(code)} is no error code of OCPP-J 1.6")
    if type(description) is not str:
        return Finding(f"the error description is {_name(description)}, not text")
    if type(details) is not Members:
        return Finding(f"the error details are {_name(details)}, not an object")
    return None


def _payload_finding(kind: Kind, action: str | None, array: Sequence[Any]) -> Finding | None:
    spec = None if action is None else ACTIONS.get(action)
    if spec is None or kind is Kind.CALL_ERROR:
        return None
    cls = spec.request if kind is Kind.CALL else spec.response
    try:
        explain(cls, array[-1], _notation_of(spec), STRICT)
    except ConstraintError as error:
        return Finding(error.reason, error.path)
    return None


def _notation_of(spec: ActionSpec) -> ContractNotation:
    return _DRAFT_06 if spec.profile == "security" else _DRAFT_04


def _plain(value: Any) -> object:
    return value if isinstance(value, (str, int)) else _name(value)


def _name(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "text"
        case Members():
            return "an object"
        case list():
            return "an array"
        case _:
            return "a number"
