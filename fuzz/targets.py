"""What is fuzzed: for each target, what it does with one input, and what it must never do.

A target raises `Finding` when something happens that is not declared: an exception of another kind,
two readers of ours that disagree, an answer that is none. Any other exception is a finding as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from ocpp16.bindings.binding import Binding
from ocpp16.bindings.ocppj import OcppJ
from ocpp16.bindings.ocppj import codec as json_codec
from ocpp16.bindings.ocppj import framing as json_framing
from ocpp16.bindings.ocpps import OcppS, content
from ocpp16.bindings.ocpps import codec as soap_codec
from ocpp16.bindings.ocpps import framing as soap_framing
from ocpp16.bindings.ocpps.envelope import read
from ocpp16.bindings.ocpps.faults import EnvelopeFault
from ocpp16.bindings.ocpps.xml import XmlError, parse
from ocpp16.catalog import ACTIONS
from ocpp16.envelope import Call, CallResult
from ocpp16.errors import (
    ConstraintError,
    Fault,
    InternalError,
    InvalidMessage,
    InvalidResponse,
    UnanswerableFrame,
)
from ocpp16.session import CallReceived, FaultAnswered, FrameIgnored, FrameToSend, Session
from ocpp16.settings import STRICT, Leniency, Settings
from ocpp16.spec import Side
from ocpp16.storage import MemoryAnswers
from ocpp16.structure import Structure

Target: TypeAlias = Callable[[bytes], None]
LENIENT: Final = frozenset(Leniency)
_CLASSES: Final = tuple(
    cls for action in ACTIONS.values() for cls in (action.request, action.response)
)
DESCRIPTION_LIMIT: Final = 255


class Finding(Exception):
    """Something that must not happen."""


def json_frames(data: bytes) -> None:
    """Framing of OCPP-J: a frame is read, or one of three errors tells why not."""
    try:
        read_one = json_framing.unframe(data)
    except (UnanswerableFrame, Fault, InvalidResponse) as error:
        if len(getattr(error, "description", "")) > 2000:
            raise Finding("an error without bound") from error
        return
    if isinstance(read_one, Call):
        again = json_framing.unframe(json_framing.frame(read_one))
        if again != read_one:
            raise Finding(f"what was read is written as {again!r}")


def json_messages(data: bytes) -> None:
    """Codec of OCPP-J: the fast and the slow reader agree, on the message or on the error."""
    cls = _CLASSES[data[0] % len(_CLASSES)] if data[:1] else _CLASSES[0]
    # A payload that fits no class tells little: the mutated frame says which one it was.
    payload = data
    try:
        found = json_framing.unframe(data)
    except (UnanswerableFrame, Fault, InvalidResponse):
        pass
    else:
        if isinstance(found, Call) and found.action in ACTIONS:
            cls, payload = ACTIONS[found.action].request, found.payload
        elif isinstance(found, CallResult):
            payload = found.payload
    _compare(cls, payload, json_codec.decode, json_codec.decode_slowly)
    for tolerated in (STRICT, LENIENT):
        try:
            message = json_codec.decode(cls, payload, tolerated)
        except ConstraintError:
            continue
        try:
            encoded = json_codec.encode(message)
        except InvalidMessage:
            if tolerated is STRICT:
                raise Finding("what is read strictly cannot be written") from None
            continue
        if json_codec.decode(cls, encoded) != message:
            raise Finding("what is written is read as something else")


def json_sessions(data: bytes) -> None:
    """A session on OCPP-J: whatever comes, it answers what the standard allows, or nothing."""
    for side in Side:
        for answer in _answers(OcppJ(), side, data):
            array = json.loads(answer)
            if array[0] not in {3, 4} or len(array) != {3: 3, 4: 5}[array[0]]:
                raise Finding(f"the answer {answer!r}")
            if array[0] == 4 and (len(array[3]) > DESCRIPTION_LIMIT or "Traceback" in array[3]):
                raise Finding(f"the description {array[3]!r}")


def soap_xml(data: bytes) -> None:
    """The parser of XML: a tree, or `XmlError`."""
    try:
        parse(data)
    except XmlError:
        return


def soap_envelopes(data: bytes) -> None:
    """Envelopes of OCPP-S: what is in the body comes out of another envelope as it went in."""
    try:
        body = read(data).body
    except EnvelopeFault:
        return
    if body is None:
        return
    result: CallResult[soap_framing.Payload] = CallResult("1", body, "Heartbeat")
    again = read(soap_framing.frame_result(result, side=Side.CENTRAL_SYSTEM, message_id="2")).body
    if again is None or soap_codec.fingerprint(again) != soap_codec.fingerprint(body):
        raise Finding("the body comes back as another")


def soap_messages(data: bytes) -> None:
    """Codec of OCPP-S: the fast and the slow reader agree."""
    try:
        envelope = read(data)
    except EnvelopeFault:
        return
    if envelope.body is None:
        return
    cls = next((cls for cls in _CLASSES if _element_of(cls) == envelope.body_name), _CLASSES[0])
    _compare(cls, envelope.body, soap_codec.decode, soap_codec.decode_slowly)


def soap_sessions(data: bytes) -> None:
    """A session on OCPP-S, likewise."""
    for side in Side:
        binding = OcppS(side=side, identity="CP1", new_message_id=lambda: "urn:uuid:0")
        for answer in _answers(binding, side, data, exchange=1):
            told = read(answer)
            text = "" if told.fault is None else told.fault.text
            if len(text) > DESCRIPTION_LIMIT + 40 or "Traceback" in text:
                raise Finding(f"the text {text!r}")


def soap_bodies(data: bytes) -> None:
    """Compressed bodies: they come out within the limit, or `ContentError` tells why not."""
    for encoding in ("gzip", "deflate"):
        packed = content.deflate(data, encoding)
        half = len(packed) // 2
        for body in (data, packed, packed[:half], packed[:half] + data[:8] + packed[half:]):
            try:
                if len(content.inflate(body, encoding, 4096)) > 4096:
                    raise Finding("more than the limit")
            except content.ContentError:
                continue
    try:
        content.inflate(data, data[:40].decode("latin-1"), 4096)
    except content.ContentError:
        return


def _answers(
    binding: Binding, side: Side, data: bytes, exchange: int | None = None
) -> Iterable[bytes]:
    """Let a session take one frame while it waits for an answer; return what it sends."""
    session = Session(
        binding,
        side,
        "CP1",
        settings=Settings(),
        new_id=lambda: "1",
        offers=lambda action: True,
        answers=MemoryAnswers(4, 10_000),
    )
    for event in session.receive(data, 0.0, exchange):
        match event:
            case FrameToSend():
                yield event.data
            case FaultAnswered(cause=cause) if cause is not None:
                raise Finding("a reader failed") from cause
            case FrameIgnored(reason=reason) if reason.startswith("cannot be read"):
                raise Finding(reason)
            case CallReceived():
                for told in session.refuse(event.handle, InternalError(), 0.0):
                    if isinstance(told, FrameToSend):
                        yield told.data


def _compare(
    cls: type[Structure], payload: Any, fast: Callable[..., Any], slow: Callable[..., Any]
) -> None:
    one = _outcome(lambda given: fast(cls, given), payload)
    other = _outcome(lambda given: slow(cls, given), payload)
    if one != other:
        raise Finding(f"{cls.__name__}: fast {one!r}, slow {other!r}")


def _outcome(function: Callable[[Any], Any], given: Any) -> object:
    try:
        return function(given)
    except ConstraintError as error:
        return error.path, error.kind


def _element_of(cls: type[Structure]) -> str:
    name = cls.__name__
    return f"{name[0].lower()}{name[1:]}"


JSON: Final[dict[str, tuple[Target, float]]] = {
    "json-frames": (json_frames, 0.4),
    "json-messages": (json_messages, 0.3),
    "json-sessions": (json_sessions, 0.3),
}
SOAP: Final[dict[str, tuple[Target, float]]] = {
    "soap-xml": (soap_xml, 0.2),
    "soap-envelopes": (soap_envelopes, 0.3),
    "soap-messages": (soap_messages, 0.2),
    "soap-sessions": (soap_sessions, 0.2),
    "soap-bodies": (soap_bodies, 0.1),
}
"""Targets of each wire, and their shares of its inputs."""
