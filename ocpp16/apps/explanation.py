"""`ocpp16 inspect --explain`: a frame, part by part, with what each part is for.

Goes by the spec of the action and reads what is really there, so it explains invalid frames too:
fields that nobody knows, required ones that are missing. Judges nothing: what is wrong is the
verdict's. What may hold a key or a password is not shown (W A01.09).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from ocpp16.apps.attribute_text import attribute_texts
from ocpp16.apps.document import is_xml
from ocpp16.apps.summary import HIDDEN, SECRET_KEYS, without_credentials
from ocpp16.apps.verdict import Kind, Verdict
from ocpp16.catalog import ACTIONS
from ocpp16.log import one_line
from ocpp16.spec import ActionSpec, FieldKind, FieldSpec
from ocpp16.structure import Structure, WireEnum

VALUE_LIMIT = 60
"""Characters of a value that are shown."""
PART_LIMIT = 2_000
"""Parts of one frame that are explained."""

_KINDS = {
    Kind.CALL: "CALL: a request, which is to be answered (J 4.2.1)",
    Kind.CALL_RESULT: "CALLRESULT: the response to a request (J 4.2.2)",
    Kind.CALL_ERROR: "CALLERROR: a request could not be handled (J 4.2.3)",
}
_ERROR_PARTS = (
    ("errorCode", "what kind of error, a word of J 4.2.3"),
    ("errorDescription", "the error for people; may be empty"),
    ("errorDetails", "the error for programs: an object, the peer's own"),
)
_HEADERS = {
    "chargeBoxIdentity": "which charge point it is about (S 3)",
    "Action": "the action, with / before it (S 3)",
    "MessageID": "the id of this message: the answer bears it as RelatesTo",
    "RelatesTo": "the id of the request that it answers",
    "From": "who sends it: where a charge point can be called (S 3)",
    "To": "the endpoint that it is sent to",
    "ReplyTo": "where the answer goes: anonymous is the same HTTP exchange",
}
_FAULT_PARTS = {
    "Code": "what kind of fault; the word of OCPP is in its Subcode (S 3)",
    "Reason": "the fault for people",
    "Detail": "the fault for programs",
}


@attrs.frozen
class Part:
    """One part of a frame."""

    depth: int
    """How deep it lies, from 0."""
    name: str
    """Its name, or its place in an array; untrusted."""
    value: str
    """Its value on one line, cut; empty for what only holds others. Untrusted."""
    meaning: str
    """What it is for; untrusted where it names what nobody knows."""


def explain(frame: bytes | str, verdict: Verdict) -> list[Part]:
    """Return the parts of a frame that was judged, from the outside to the inside.

    Args:
        frame: One OCPP-J text message, or one SOAP envelope.
        verdict: What `Inspector.inspect` said of it: it knows the action of an answer.

    Returns:
        Nothing for what cannot be read at all.
    """
    if verdict.kind is Kind.UNPARSABLE:
        return []
    found = _of_envelope(frame, verdict) if is_xml(frame) else _of_array(frame, verdict)
    parts = [part for part, _ in zip(found, range(PART_LIMIT + 1), strict=False)]
    if len(parts) > PART_LIMIT:
        parts[-1] = Part(0, "...", "", f"more than {PART_LIMIT:,} parts")
    return parts


# OCPP-J


def _of_array(frame: bytes | str, verdict: Verdict) -> Iterator[Part]:
    text = frame.decode() if isinstance(frame, bytes) else frame
    array = json.loads(text.removeprefix("\ufeff"))
    action = ACTIONS.get(verdict.action or "")
    kind = _KINDS.get(verdict.kind, "a message type that OCPP 1.6 does not define: it is ignored")
    yield Part(0, "[0]", _shown(array[0]) if array else "", kind)
    for place, value in enumerate(array[1:], 1):
        name = f"[{place}]"
        match verdict.kind, place:
            case (Kind.CALL, 1):
                yield Part(0, name, _shown(value), "message id: the answer bears it")
            case (Kind.CALL_RESULT | Kind.CALL_ERROR, 1):
                yield Part(0, name, _shown(value), "message id: that of the request it answers")
            case (Kind.CALL, 2):
                yield Part(0, name, _shown(value), _meaning_of_action(action))
            case (Kind.CALL, 3) | (Kind.CALL_RESULT, 2):
                yield from _payload(name, value, action, verdict.kind)
            case (Kind.CALL_ERROR, 2 | 3 | 4):
                shown, meaning = _ERROR_PARTS[place - 2]
                yield Part(0, name, _shown(value), f"{shown}: {meaning}")
            case _:
                yield Part(0, name, _shown(value), "nothing stands here in OCPP 1.6")


def _payload(name: str, value: Any, action: ActionSpec | None, kind: Kind) -> Iterator[Part]:
    if action is None:
        yield Part(0, name, _shown(value), "payload of an action that is not known")
        return
    cls: type[Structure] = action.request if kind is Kind.CALL else action.response
    yield Part(0, name, "" if isinstance(value, dict) else _shown(value), f"payload: {_about(cls)}")
    if isinstance(value, dict):
        yield from _fields(value, cls, 1)


def _fields(payload: Mapping[str, Any], cls: type[Structure], depth: int) -> Iterator[Part]:
    texts = attribute_texts(cls)
    is_secret = str(payload.get("key")).casefold() in SECRET_KEYS
    for wire, value in payload.items():
        field = cls.SPEC.field(wire)
        if field is None:
            yield Part(depth, wire, _shown(value), f"no field of {cls.SPEC.name}")
            continue
        need = "required" if field.required else "optional"
        # The text of a field says its limits and its unit.
        meaning = f"{_sentence(texts.get(field.name, ''))} ({_type_of(field)}, {need})"
        values = value if field.many and isinstance(value, list) else [value]
        for number, each in enumerate(values):
            name = f"{wire}[{number}]" if values is value else wire
            shown = HIDDEN if is_secret and wire == "value" else _shown(each)
            # The rule stands beside the first of several.
            said = meaning if number == 0 else ""
            if field.kind is FieldKind.OBJECT and isinstance(each, dict) and field.cls is not None:
                yield Part(depth, name, "", said)
                yield from _fields(each, field.cls, depth + 1)
            else:
                yield Part(depth, name, shown, said or _of_member(field.cls, each))
                if said and (word := _of_member(field.cls, each)):
                    yield Part(depth + 1, "", "", f"{each}: {word}")
    for field in cls.SPEC.fields:
        if field.required and field.wire not in payload:
            yield Part(depth, field.wire, "", "MISSING: it is required")


def _of_member(cls: type | None, value: Any) -> str:
    """Return what a value of an enumeration stands for."""
    if cls is None or not issubclass(cls, WireEnum) or not isinstance(value, str):
        return ""
    try:
        member = cls(value)
    except ValueError:
        return f"no value of {cls.__name__}"
    return _sentence(attribute_texts(cls).get(member.name, ""))


# OCPP-S


def _of_envelope(frame: bytes | str, verdict: Verdict) -> Iterator[Part]:
    from ocpp16.bindings.ocpps.xml import parse  # noqa: PLC0415 - XML is read here alone

    root = parse(frame if isinstance(frame, bytes) else frame.encode())
    for section in root:
        name = _local(section.tag)
        if name == "Header":
            yield Part(0, "Header", "", "how the message finds its way (S 3, WS-Addressing)")
            for header in section:
                address = next((each for each in header if _local(each.tag) == "Address"), header)
                meaning = _HEADERS.get(_local(header.tag), "no header that OCPP 1.6 knows")
                text = (address.text or "").strip()
                yield Part(1, _local(header.tag), _shown(without_credentials(text)), meaning)
        elif name == "Body":
            yield Part(0, "Body", "", "what is said: one element")
            for content in section:
                yield from _content(content, verdict)
        else:
            yield Part(0, name, "", "nothing that SOAP 1.2 knows")


def _content(content: Any, verdict: Verdict) -> Iterator[Part]:
    name = _local(content.tag)
    if name == "Fault":
        yield Part(1, name, "", "the request could not be handled (SOAP 1.2, S 3)")
        for part in content:
            text = " ".join("".join(part.itertext()).split())
            yield Part(2, _local(part.tag), _shown(text), _FAULT_PARTS.get(_local(part.tag), ""))
        return
    action = ACTIONS.get(verdict.action or "")
    if action is None:
        yield Part(1, name, "", "no message of OCPP 1.6")
        return
    cls: type[Structure] = action.request if verdict.kind is Kind.CALL else action.response
    yield Part(1, name, "", _about(cls))
    yield from _fields(_object(content, cls), cls, 2)


def _object(element: Any, cls: type[Any]) -> dict[str, Any]:
    """Return the children of an element as JSON would have them, all texts as they are."""
    found: dict[str, Any] = {}
    for child in element:
        wire = _local(child.tag)
        field = cls.SPEC.field(wire)
        inner = None if field is None or field.kind is not FieldKind.OBJECT else field.cls
        value = (child.text or "").strip() if inner is None else _object(child, inner)
        if field is not None and field.many:
            found.setdefault(wire, []).append(value)
        else:
            found[wire] = value
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


# Words


def _meaning_of_action(action: ActionSpec | None) -> str:
    if action is None:
        return "action: none of OCPP 1.6"
    senders = " or the ".join(sorted(side.value for side in action.senders))
    receivers = " or the ".join(sorted(side.other.value for side in action.senders))
    return f"action, from the {senders} to the {receivers}: {action.summary} ({action.sections})"


def _about(cls: type[Structure]) -> str:
    return (cls.__doc__ or "").strip().split("\n", 1)[0].rstrip(".")


def _type_of(field: FieldSpec) -> str:
    shown = field.kind.value if field.cls is None else field.cls.__name__
    return f"list of {shown}" if field.many else shown


def _sentence(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return one_line(without_credentials(text), VALUE_LIMIT)
