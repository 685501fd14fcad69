"""`valid` and `accepted` of single frames, rule by rule, and of the vectors."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from ocpp16.apps import inspection
from ocpp16.apps.inspection import Inspector, inspect_frame, inspect_stream
from ocpp16.apps.verdict import ACTION_UNKNOWN, Verdict
from ocpp16.settings import Leniency

BOOT = '{"chargePointVendor":"v","chargePointModel":"m"}'
METER = '[2,"1","MeterValues",{"connectorId":1,"meterValue":%s}]'
SAMPLES = '[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":%s}]'
SCHEDULE = '[2,"1","GetCompositeSchedule",{"connectorId":1,"duration":60,"chargingRateUnit":"A"}]'
PROFILE = (
    '[2,"1","SetChargingProfile",{"connectorId":0,"csChargingProfiles":{"chargingProfileId":1,'
    '"stackLevel":0,"chargingProfilePurpose":"ChargePointMaxProfile",'
    '"chargingProfileKind":"Absolute","chargingSchedule":{"chargingRateUnit":"W",'
    '"chargingSchedulePeriod":[{"startPeriod":0,"limit":%s}]}}}]'
)

# frame, kind, valid, accepted, code, path
CASES: list[tuple[str, str, bool, bool, str | None, str | None]] = [
    # frames that are fine
    ('[2,"1","Heartbeat",{}]', "CALL", True, True, None, None),
    ('[2,"1","Heartbeat",null]', "CALL", True, True, None, None),
    (' [ 2 , "1" , "Heartbeat" , { } ] ', "CALL", True, True, None, None),
    ('[3,"1",{}]', "CALLRESULT", True, True, None, None),
    ('[4,"1","GenericError","",{}]', "CALLERROR", True, True, None, None),
    ('[4,"1","OccurenceConstraintViolation","",{"a":1}]', "CALLERROR", True, True, None, None),
    (SCHEDULE, "CALL", True, True, None, None),
    # no JSON
    ("", "unparsable", False, False, None, None),
    ("hello", "unparsable", False, False, None, None),
    ('[2,"1","Heartbeat",{}', "unparsable", False, False, None, None),
    ('[2,"1","Heartbeat",{}]x', "unparsable", False, False, None, None),
    ('[2,"1","Heartbeat",{"a":NaN}]', "unparsable", False, False, None, None),
    ('[2,"1","Heartbeat",{"a":-Infinity}]', "unparsable", False, False, None, None),
    ('[2,"1","Heartbeat",{"a":"\\ud800"}]', "unparsable", False, False, None, None),
    ('[2,"1","Heartbeat",{"\\ud800":"a"}]', "unparsable", False, False, None, None),
    ('[2,"1","Heart\tbeat",{}]', "unparsable", False, False, None, None),
    ('{"a":1}', "unparsable", False, False, None, None),
    ('"[2]"', "unparsable", False, False, None, None),
    ('\ufeff[2,"1","Heartbeat",{}]', "CALL", False, False, None, None),
    # message types
    ("[]", "undefined", False, False, None, None),
    ('[5,"1","Heartbeat",{}]', "undefined", False, False, None, None),
    ('["2","1","Heartbeat",{}]', "undefined", False, False, None, None),
    ('[true,"1","Heartbeat",{}]', "undefined", False, False, None, None),
    ('[[],"1","Heartbeat",{}]', "undefined", False, False, None, None),
    # ids
    ('[2,"","Heartbeat",{}]', "CALL", True, False, None, None),
    (f'[2,"{"x" * 36}","Heartbeat",{{}}]', "CALL", True, True, None, None),
    (f'[2,"{"x" * 37}","Heartbeat",{{}}]', "CALL", False, False, "FormationViolation", None),
    (f'[2,"{"x" * 256}","Heartbeat",{{}}]', "CALL", False, False, None, None),
    ('[2,1,"Heartbeat",{}]', "CALL", False, False, None, None),
    ('[2,null,"Heartbeat",{}]', "CALL", False, False, None, None),
    ("[2]", "CALL", False, False, None, None),
    (f'[3,"{"x" * 37}",{{}}]', "CALLRESULT", False, True, None, None),
    # elements
    ('[2,"1","Heartbeat"]', "CALL", False, False, "FormationViolation", None),
    ('[2,"1","Heartbeat",{},{}]', "CALL", False, False, "FormationViolation", None),
    ('[3,"1"]', "CALLRESULT", False, False, None, None),
    ('[3,"1","Heartbeat",{}]', "CALLRESULT", False, False, None, None),
    ('[4,"1","GenericError",""]', "CALLERROR", False, True, None, None),
    ('[4,"1","GenericError"]', "CALLERROR", False, True, None, None),
    ('[4,"1"]', "CALLERROR", False, False, None, None),
    ('[4,"1","GenericError","",{},{}]', "CALLERROR", False, False, None, None),
    # error codes, descriptions, details
    ('[4,"1","OccurrenceConstraintViolation","",{}]', "CALLERROR", False, True, None, None),
    ('[4,"1","FormatViolation","",{}]', "CALLERROR", False, True, None, None),
    ('[4,"1","NoSuchCode","",{}]', "CALLERROR", False, True, None, None),
    ('[4,"1",7,"",{}]', "CALLERROR", False, False, None, None),
    ('[4,"1","GenericError",null,{}]', "CALLERROR", False, True, None, None),
    ('[4,"1","GenericError","",null]', "CALLERROR", False, True, None, None),
    ('[4,"1","GenericError","",[]]', "CALLERROR", False, True, None, None),
    # actions
    ('[2,"1","heartbeat",{}]', "CALL", False, False, "NotImplemented", None),
    ('[2,"1","GetVariables",{}]', "CALL", False, False, "NotImplemented", None),
    ('[2,"1",7,{}]', "CALL", False, False, "FormationViolation", None),
    ('[2,"1",{"a":1},{}]', "CALL", False, False, "FormationViolation", None),
    # payloads
    (f'[2,"1","BootNotification",{BOOT}]', "CALL", True, True, None, None),
    ('[2,"1","Heartbeat",[]]', "CALL", False, False, "FormationViolation", ""),
    ('[2,"1","Heartbeat","{}"]', "CALL", False, False, "FormationViolation", ""),
    ('[2,"1","Authorize",null]', "CALL", False, False, "FormationViolation", ""),
    ('[2,"1","Heartbeat",{"x":1}]', "CALL", False, False, "FormationViolation", "/x"),
    ('[2,"1","Heartbeat",{"a/b~":1}]', "CALL", False, False, "FormationViolation", "/a~1b~0"),
    ('[2,"1","Authorize",{}]', "CALL", False, False, "OccurenceConstraintViolation", "/idTag"),
    ('[2,"1","Authorize",{"idTag":1}]', "CALL", False, False, "TypeConstraintViolation", "/idTag"),
    (
        '[2,"1","Authorize",{"idTag":null}]',
        "CALL",
        False,
        False,
        "TypeConstraintViolation",
        "/idTag",
    ),
    (
        '[2,"1","Authorize",{"idTag":"123456789012345678901"}]',
        "CALL",
        False,
        False,
        "PropertyConstraintViolation",
        "/idTag",
    ),
    (
        '[2,"1","Reset",{"type":"hard"}]',
        "CALL",
        False,
        False,
        "PropertyConstraintViolation",
        "/type",
    ),
    (
        '[2,"1","UnlockConnector",{"connectorId":1.0}]',
        "CALL",
        False,
        False,
        "TypeConstraintViolation",
        "/connectorId",
    ),
    (
        '[2,"1","UnlockConnector",{"connectorId":"1"}]',
        "CALL",
        False,
        False,
        "TypeConstraintViolation",
        "/connectorId",
    ),
    (METER % "[]", "CALL", True, True, None, None),
    (METER % (SAMPLES % "[]"), "CALL", True, True, None, None),
    (
        METER % (SAMPLES % '[{"value":"1"},{"value":1}]'),
        "CALL",
        False,
        False,
        "TypeConstraintViolation",
        "/meterValue/0/sampledValue/1/value",
    ),
    (
        METER % '[{"timestamp":"2026-01-01","sampledValue":[]}]',
        "CALL",
        False,
        False,
        "TypeConstraintViolation",
        "/meterValue/0/timestamp",
    ),
    (METER % (SAMPLES % '[{"value":"1","unit":"Celcius"}]'), "CALL", True, True, None, None),
    (PROFILE % "16.5", "CALL", True, True, None, None),
    (PROFILE % "16.50", "CALL", True, True, None, None),
    (PROFILE % "1e2", "CALL", True, True, None, None),
    (
        PROFILE % "16.55",
        "CALL",
        False,
        False,
        "PropertyConstraintViolation",
        "/csChargingProfiles/chargingSchedule/chargingSchedulePeriod/0/limit",
    ),
    # the contract allows it, our receiver does not
    (
        '[2,"1","Authorize",{"idTag":"a","idTag":"b"}]',
        "CALL",
        True,
        False,
        "FormationViolation",
        "/idTag",
    ),
    (
        f'[2,"1","UnlockConnector",{{"connectorId":{"9" * 30}}}]',
        "CALL",
        True,
        False,
        "PropertyConstraintViolation",
        "/connectorId",
    ),
    (
        PROFILE % ("1" + "0" * 30),
        "CALL",
        True,
        False,
        "PropertyConstraintViolation",
        "/csChargingProfiles/chargingSchedule/chargingSchedulePeriod/0/limit",
    ),
    # the security extension is draft-06, where 1.0 is an integer
    (
        '[2,"1","LogStatusNotification",{"status":"Idle","requestId":1.0}]',
        "CALL",
        True,
        False,
        "TypeConstraintViolation",
        "/requestId",
    ),
    # names of what was found instead
    ('[2,true,"Heartbeat",{}]', "CALL", False, False, None, None),
    ('[2,1.5,"Heartbeat",{}]', "CALL", False, False, None, None),
    ('[2,{},"Heartbeat",{}]', "CALL", False, False, None, None),
    # depth
    (
        f'[2,"1","Heartbeat",{"[" * 70}{"]" * 70}]',
        "CALL",
        False,
        False,
        "FormationViolation",
        "",
    ),
    (f"{'[' * 100_000}", "unparsable", False, False, None, None),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0][:60])
def test_each_rule(case: tuple[str, str, bool, bool, str | None, str | None]) -> None:
    frame, kind, valid, accepted, code, path = case
    for form in (frame, frame.encode()):
        verdict = inspect_frame(form)
        found = (verdict.kind, verdict.valid, verdict.accepted, verdict.code, verdict.path)
        assert found == (kind, valid, accepted, code, path), verdict.reason
        if valid and accepted:
            assert verdict.reason == (ACTION_UNKNOWN if kind == "CALLRESULT" else None)
        else:
            assert verdict.reason not in {None, ACTION_UNKNOWN}


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("hello", "is not JSON (Expecting value: line 1 column 1 (char 0))"),
        ('[2,"1","Heartbeat",{"a":NaN}]', "is not JSON (NaN is no number of JSON)"),
        ('\ufeff[2,"1","Heartbeat",{}]', "begins with a byte order mark, which JSON does not have"),
        ('[2,"","Heartbeat",{}]', "'' is no message id"),
        ('[4,"1","FormatViolation","",{}]', "'FormatViolation' is no error code of OCPP-J 1.6"),
        ('[4,"1","GenericError","",null]', "the error details are null, not an object"),
        ('[2,"1","Authorize",{"idTag":null}]', "is null"),
        ("[5]", "message type 5 is not defined"),
    ],
)
def test_reasons_say_what_was_found(frame: str, reason: str) -> None:
    assert inspect_frame(frame).reason == reason


def test_bytes_that_are_no_utf_8() -> None:
    verdict = inspect_frame(b'[2,"1","Heartbeat\xff",{}]')
    assert (verdict.kind, verdict.valid, verdict.accepted) == ("unparsable", False, False)
    assert verdict.reason == "is not UTF-8"


def test_a_text_that_no_utf_8_can_carry() -> None:
    assert inspect_frame('[2,"1","Heartbeat\ud800",{}]').valid is False


def test_a_frame_over_the_receivers_limit_is_valid_all_the_same() -> None:
    data = "x" * (128 * 1024)
    verdict = inspect_frame(f'[2,"1","DataTransfer",{{"vendorId":"v","data":"{data}"}}]')
    assert (verdict.valid, verdict.accepted, verdict.code) == (True, False, None)
    assert verdict.reason is not None
    assert "at most 131072 are allowed" in verdict.reason


@pytest.mark.parametrize(
    ("action", "valid", "accepted", "path"),
    [
        (None, True, True, None),
        ("BootNotification", False, False, "/currentTime"),
        ("Heartbeat", False, False, "/status"),
        ("NoSuchAction", True, True, None),
    ],
)
def test_an_answer_is_judged_by_the_action_it_belongs_to(
    action: str | None, valid: bool, accepted: bool, path: str | None
) -> None:
    frame = '[3,"1",{"status":"Accepted","currentTime":"yesterday","interval":1}]'
    verdict = inspect_frame(frame, action)
    assert (verdict.action, verdict.valid, verdict.accepted) == (action, valid, accepted)
    assert (verdict.path, verdict.code) == (path, None)


def test_leniency_changes_what_is_accepted_and_not_what_is_valid() -> None:
    frame = '[2,"1","Authorize",{"idTag":"123456789012345678901","x":1}]'
    leniency = frozenset({Leniency.UNKNOWN_FIELDS, Leniency.OVER_LENGTH})
    verdict = inspect_frame(frame, leniency=leniency)
    assert (verdict.valid, verdict.accepted, verdict.code) == (False, True, None)
    assert [(one.kind, one.path) for one in verdict.deviations] == [
        ("unknown-fields", "/x"),
        ("over-length", "/idTag"),
    ]
    assert verdict.path == "/x"
    less = inspect_frame(frame, leniency=frozenset({Leniency.UNKNOWN_FIELDS}))
    assert (less.accepted, less.code, less.path) == (
        False,
        "PropertyConstraintViolation",
        "/idTag",
    )
    assert less.deviations == ()


def judge_all(lines: list[str], action: str | None = None) -> list[Verdict]:
    stream = io.BytesIO("\n".join(lines).encode())
    return [each.verdict for each in inspect_stream(stream, Inspector(action))]


def test_an_answer_belongs_to_the_earlier_call_with_its_id() -> None:
    bad = '[3,"1",{"status":"Nonsense"}]'
    call = '[2,"1","Reset",{"type":"Soft"}]'
    before, _, after, error, other = judge_all(
        [bad, call, bad, '[4,"1","NotSupported","",{}]', '[3,"2",{"status":"Nonsense"}]']
    )
    assert (before.action, before.valid) == (None, True)
    assert (after.action, after.valid, after.path) == ("Reset", False, "/status")
    assert (error.action, error.valid) == ("Reset", True)
    assert (other.action, other.valid) == (None, True)


def test_an_action_that_is_given_goes_before_the_id() -> None:
    _, answer = judge_all(['[2,"1","Reset",{"type":"Soft"}]', '[3,"1",{}]'], "MeterValues")
    assert (answer.action, answer.valid) == ("MeterValues", True)


def test_only_so_many_calls_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "REMEMBERED_CALLS", 2)
    calls = [f'[2,"{number}","Heartbeat",{{}}]' for number in (1, 2, 1, 3)]
    answers = [f'[3,"{number}",{{}}]' for number in (1, 2, 3)]
    verdicts = judge_all(calls + answers)[4:]
    assert [verdict.action for verdict in verdicts] == ["Heartbeat", None, "Heartbeat"]


def test_a_line_that_is_too_long_is_told_without_being_read() -> None:
    lines = io.BytesIO(b'[2,"1","Heartbeat",{}]\n' + b"x" * 100 + b'\n[2,"","Heartbeat",{}]\n')
    told = [(each.number, each.verdict) for each in inspect_stream(lines, Inspector(), limit=50)]
    assert [(number, one.valid, one.accepted) for number, one in told] == [
        (1, True, True),
        (2, False, False),
        (3, True, False),
    ]
    assert told[1][1].reason == "has more than 50 bytes and was not read"


@pytest.mark.parametrize("action", ["NoSuchAction", "x" * 300])
def test_calls_that_cannot_be_known_are_not_remembered(action: str) -> None:
    calls = [f'[2,"1","{action}",{{}}]', f'[2,"{"x" * 256}","Heartbeat",{{}}]']
    answers = ['[3,"1",{}]', f'[3,"{"x" * 256}",{{}}]']
    assert [verdict.action for verdict in judge_all(calls + answers)[2:]] == [None, None]


def vector_lines(vectors: Path) -> list[dict[str, Any]]:
    text = (vectors / "json_frames.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_valid_agrees_with_every_vector(vectors: Path) -> None:
    lines = vector_lines(vectors)
    assert len(lines) > 50
    for line in lines:
        for raw in (line["raw"], line["raw"].encode()):
            verdict = inspect_frame(raw, line["action"])
            found = (verdict.kind, verdict.action, verdict.valid)
            assert found == (line["kind"], line["action"], line["spec_valid"]), line["id"]
            places = [text.partition(" at ")[2] for text in line["violations"]]
            expected = places[0] if places and places[0] else None
            assert verdict.path == expected, line["id"]


def test_the_vectors_as_one_file(vectors: Path) -> None:
    """Frames that were printed over several lines included."""
    lines = vector_lines(vectors)
    stream = io.BytesIO("\n".join(line["raw"] for line in lines).encode())
    kinds = [each.verdict.kind for each in inspect_stream(stream, Inspector())]
    assert kinds == [line["kind"] for line in lines]
