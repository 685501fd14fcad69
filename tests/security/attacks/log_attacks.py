"""Texts that would be lines of their own in a log, or colours in a terminal, in every field."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any, Final

import attrs

from ocpp16.catalog import sent_by
from ocpp16.spec import FieldKind, FieldSpec, Side
from ocpp16.structure import Structure, WireEnum

FORGED: Final = "\r\n\x1b[1m\u2028\u202e\0\x85forged"
"""A line end, colours, line ends of Unicode and of C1, a turn of direction, NUL; 16 characters."""
IN_XML: Final = "&#13;&#10;&#x2028;&#x202e;&#x85;forged"
"""As much of it as XML can hold."""
WHEN: Final = "2026-01-01T00:00:00Z"


@attrs.frozen
class Injection:
    """A frame, request or header in which it stands."""

    id: str
    tries: str
    sent: Any = attrs.field(repr=False)


def _call(payload: object, action: object = "Heartbeat", id: object = "1") -> str:
    return json.dumps([2, id, action, payload])


def _value(field: FieldSpec) -> object:
    match field.kind:
        case FieldKind.TEXT | FieldKind.URI:
            found: object = FORGED[: field.max_length]
        case FieldKind.INTEGER:
            found = 1
        case FieldKind.TENTHS:
            found = 1.5
        case FieldKind.BOOLEAN:
            found = True
        case FieldKind.TIMESTAMP:
            found = WHEN
        case FieldKind.ENUM:
            assert field.cls is not None and issubclass(field.cls, WireEnum)
            found = str(next(iter(field.cls)))
        case FieldKind.OBJECT:
            assert field.cls is not None and issubclass(field.cls, Structure)
            found = _payload(field.cls)
    return [found] if field.many else found


def _payload(cls: type[Structure]) -> dict[str, object]:
    """Return a payload with every field, its texts being the forged one."""
    return {field.wire: _value(field) for field in cls.SPEC.fields}


FIELDS: Final = [
    Injection(
        f"field-{action.name}",
        f"every text of {action.name}",
        _call(_payload(action.request), action.name),
    )
    for action in sent_by(Side.CHARGE_POINT)
]
"""Messages that are taken, since a text may hold anything."""
FRAMES: Final = [
    Injection("id", "the id of a call", _call({}, id=FORGED)),
    Injection("id-long", "an id that is too long", _call({}, id=FORGED * 10)),
    Injection("id-no-text", "an id that is an object", _call({}, id={FORGED: 1})),
    Injection("action", "an action that there is not", _call({}, FORGED)),
    Injection("action-no-text", "an action that is a list", _call({}, [FORGED])),
    Injection("key", "a field that there is not", _call({FORGED: 1})),
    Injection("key-inside", "likewise, within an object",
              _call({"connectorId": 1, "meterValue": [{FORGED: 1}]}, "MeterValues")),
    Injection("key-twice", "a field that is there twice",
              f'[2,"1","Heartbeat",{{{json.dumps(FORGED)}:1,{json.dumps(FORGED)}:1}}]'),
    Injection("enum", "a value that there is not",
              _call({"connectorId": 1, "errorCode": "NoError", "status": FORGED},
                    "StatusNotification")),
    Injection("timestamp", "a time that is none",
              _call({"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": FORGED},
                    "StartTransaction")),
    Injection("number", "a number that is none",
              _call({"connectorId": FORGED, "errorCode": "NoError", "status": "Available"},
                    "StatusNotification")),
    Injection("too-long", "a tag that is too long", _call({"idTag": FORGED * 2}, "Authorize")),
    Injection("payload", "a payload that is a text", _call(FORGED)),
    Injection("kind", "a message of another kind", json.dumps([FORGED, "1", "Heartbeat", {}])),
    Injection("no-array", "no array at all", json.dumps(FORGED)),
    Injection("no-json", "no JSON at all", FORGED),
    Injection("error-unasked", "an error that nobody waits for",
              json.dumps([4, FORGED, FORGED, FORGED, {FORGED: FORGED}])),
    Injection("result-unasked", "an answer that nobody waits for",
              json.dumps([3, FORGED, {FORGED: FORGED}])),
]  # fmt: skip
"""Frames that are refused, or not answered."""
ANSWERS: Final = [
    Injection("answer-code", "the code of an error", [4, FORGED, "", {}]),
    Injection("answer-description", "the description of an error", [4, "GenericError", FORGED, {}]),
    Injection("answer-details", "the details of an error", [4, "GenericError", "", {FORGED: FORGED}]),
    Injection("answer-enum", "an answer with a value that there is not", [3, {"status": FORGED}]),
    Injection("answer-key", "an answer with a field that there is not",
              [3, {"status": "Accepted", FORGED: 1}]),
    Injection("answer-no-object", "an answer that is a text", [3, FORGED]),
]  # fmt: skip
"""What Reset is answered."""
CLOSES: Final = [
    Injection("close-normal", "the reason of a close", (1000, FORGED)),
    Injection("close-away", "likewise, going away", (1001, FORGED)),
    Injection("close-own-code", "likewise, with a code of its own", (4000, FORGED)),
]
_RAW: Final = "\x1b[1m\u2028\u202e\x85forged".encode()
_ESCAPED: Final = b"%0d%0a%1b%e2%80%a8%e2%80%ae%00forged"
HEADS: Final = [
    Injection("head-agent", "the name of the client", b"User-Agent: " + _RAW),
    Injection("head-origin", "where it comes from", b"Origin: " + _RAW),
    Injection("head-protocol", "the subprotocol", b"Sec-WebSocket-Protocol: " + _RAW),
    Injection("head-name", "the name of a header", _RAW + b": x"),
    Injection("head-basic", "the user of a password",
              b"Authorization: Basic " + b64encode(FORGED.encode() + b":x")),
    Injection("head-bearer", "a token", b"Authorization: " + _RAW),
    Injection("head-forwarded", "the address of the client", b"X-Forwarded-For: " + _RAW),
]  # fmt: skip
"""Headers of a handshake, and of a SOAP request."""
PATHS: Final = [
    Injection("path-identity", "an identity", b"/ocpp/" + _ESCAPED),
    Injection("path-identity-marks", "an identity of characters that only look strange",
              b"/ocpp/%e2%80%a8%e2%80%aeforged"),
    Injection("path-other", "another path", b"/" + _ESCAPED),
    Injection("path-query", "a query", b"/ocpp/CP1?" + _ESCAPED),
    Injection("path-raw", "bytes that no path has", b"/ocpp/\x1b\xe2\x80\xa8forged"),
    Injection("path-method", "a method", b""),
]  # fmt: skip
"""Paths of a handshake."""
SOAP: Final = [
    Injection("soap-identity", "an identity", {"identity": IN_XML}),
    Injection("soap-id", "the id of a message", {"message_id": IN_XML}),
    Injection("soap-action", "an action", {"action": IN_XML}),
    Injection("soap-from", "a callback address", {"from": f"http://{IN_XML}/"}),
    Injection("soap-text", "a text", {"tag": IN_XML}),
    Injection("soap-element", "an element that there is not",
              {"tag": "A</idTag><forged\u2028x/><idTag>"}),
    Injection("soap-attribute", "an attribute", {"attribute": f'x="{IN_XML}"'}),
]  # fmt: skip
"""Envelopes of Authorize."""
ALL: Final = [*FIELDS, *FRAMES, *ANSWERS, *CLOSES, *HEADS, *PATHS, *SOAP]
