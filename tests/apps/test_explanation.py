"""`ocpp16 inspect --explain`: every part of a frame, what is wrong and missing included."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ocpp16.apps.explanation import PART_LIMIT, Part, explain
from ocpp16.apps.inspection import Inspector
from ocpp16.catalog import ACTIONS


def parts_of(*frames: str) -> list[Part]:
    """Return the parts of the last of some frames."""
    inspector = Inspector()
    verdicts = [inspector.inspect(frame) for frame in frames]
    return explain(frames[-1], verdicts[-1])


def told(*frames: str) -> list[tuple[int, str, str]]:
    return [(part.depth, part.name, part.value) for part in parts_of(*frames)]


def test_a_call_from_the_outside_to_the_inside() -> None:
    parts = parts_of('[2,"7","Authorize",{"idTag":"TAG1"}]')
    assert [(part.depth, part.name, part.value) for part in parts] == [
        (0, "[0]", "2"),
        (0, "[1]", '"7"'),
        (0, "[2]", '"Authorize"'),
        (0, "[3]", ""),
        (1, "idTag", '"TAG1"'),
    ]
    assert parts[0].meaning == "CALL: a request, which is to be answered (J 4.2.1)"
    assert parts[2].meaning.startswith("action, from the charge point to the central system: ")
    assert parts[4].meaning.endswith("(text, required)")


def test_an_answer_is_explained_by_the_call_that_it_answers() -> None:
    call = '[2,"7","Authorize",{"idTag":"TAG1"}]'
    parts = parts_of(call, '[3,"7",{"idTagInfo":{"status":"Blocked"}}]')
    assert [(part.depth, part.name, part.value) for part in parts[2:]] == [
        (0, "[2]", ""),
        (1, "idTagInfo", ""),
        (2, "status", '"Blocked"'),
        (3, "", ""),
    ]
    assert parts[-1].meaning.startswith("Blocked: ")
    assert told('[3,"7",{"idTagInfo":{}}]')[2] == (0, "[2]", '{"idTagInfo": {}}')


def test_an_error() -> None:
    parts = parts_of('[4,"7","NotSupported","no such thing",{"a":1},5]')
    assert [part.value for part in parts[2:]] == [
        '"NotSupported"',
        '"no such thing"',
        '{"a": 1}',
        "5",
    ]
    assert [part.meaning.split(":")[0] for part in parts[2:]] == [
        "errorCode",
        "errorDescription",
        "errorDetails",
        "nothing stands here in OCPP 1.6",
    ]


def test_what_is_missing_and_what_nobody_knows() -> None:
    parts = parts_of('[2,"7","StartTransaction",{"connectorId":"x","speed":9}]')
    meanings = {part.name: part.meaning for part in parts}
    assert meanings["speed"] == "no field of StartTransactionRequest"
    missing = [name for name, text in meanings.items() if text == "MISSING: it is required"]
    assert missing == ["idTag", "meterStart", "timestamp"]


def test_the_items_of_a_list_are_numbered() -> None:
    sample = {"timestamp": "2026-01-01T00:00:00Z", "sampledValue": [{"value": "1"}, {"value": "2"}]}
    payload = {"connectorId": 1, "meterValue": [sample]}
    found = told(json.dumps([2, "7", "MeterValues", payload]))
    assert [each for each in found if each[0]] == [
        (1, "connectorId", "1"),
        (1, "meterValue[0]", ""),
        (2, "timestamp", '"2026-01-01T00:00:00Z"'),
        (2, "sampledValue[0]", ""),
        (3, "value", '"1"'),
        (2, "sampledValue[1]", ""),
        (3, "value", '"2"'),
    ]


@pytest.mark.parametrize(
    ("frame", "secret"),
    [
        (
            '[2,"7","ChangeConfiguration",{"key":"authorizationKEY","value":"0a1b2c3d"}]',
            "0a1b2c3d",
        ),
        (
            '[2,"7","GetDiagnostics",{"location":"ftp://me:hush@example.com/f"}]',
            "hush",
        ),
    ],
)
def test_keys_and_passwords_are_not_shown(frame: str, secret: str) -> None:
    assert secret not in str(parts_of(frame))


def test_a_key_in_an_answer_is_not_shown() -> None:
    call = '[2,"7","GetConfiguration",{}]'
    key = {"key": "AuthorizationKey", "readonly": False, "value": "0a1b2c3d"}
    answer = json.dumps([3, "7", {"configurationKey": [key]}])
    assert "(hidden)" in str(parts_of(call, answer))
    assert "0a1b2c3d" not in str(parts_of(call, answer))


@pytest.mark.parametrize("frame", ["", "hello", "{}", "3", '["', "[" * 100, "<a/>", "<a"])
def test_what_cannot_be_read_has_no_parts(frame: str) -> None:
    assert parts_of(frame) == []


@pytest.mark.parametrize(
    "frame",
    ["[]", "[7]", "[2]", "[2,5]", '[2,"7",8,9,10]', '[3,"7"]', '[4,"7"]', '[2,"7","Reset",[1]]',
     '[2,"7","Nothing",{"a":1}]', '[3,"7",{"a":1}]', '[2,"7","Reset",{"type":{"a":1}}]',
     '[2,"7","MeterValues",{"meterValue":{"a":1},"connectorId":[1]}]',
     '[2,"7","GetConfiguration",{"key":"x"}]'],
)  # fmt: skip
def test_what_is_not_valid_is_explained_as_far_as_it_goes(frame: str) -> None:
    parts = parts_of(frame)
    assert len(parts) >= len(json.loads(frame))


def test_control_characters_and_lengths_are_bounded() -> None:
    (*_, part) = parts_of(json.dumps([2, "7", "Authorize", {"idTag": "\x1b[31m" + "x" * 1000}]))
    assert "\x1b" not in part.value
    assert len(part.value) == 60


def test_a_frame_of_very_many_parts_is_cut() -> None:
    parts = parts_of(json.dumps([2, "7", "Authorize", {f"f{n}": n for n in range(5000)}]))
    assert len(parts) == PART_LIMIT + 1
    assert parts[-1].meaning == "more than 2,000 parts"


def test_an_envelope(vectors: Path) -> None:
    pytest.importorskip("lxml")
    parts = parts_of((vectors / "soap" / "bootnotification_req.xml").read_text())
    names = [part.name for part in parts]
    assert names.index("Header") < names.index("chargeBoxIdentity") < names.index("Body")
    vendor = next(part for part in parts if part.name == "chargePointVendor")
    assert vendor.meaning.startswith("Maker of the charge point")
    assert vendor.depth == 2


def test_what_stands_in_an_element_is_explained_too() -> None:
    pytest.importorskip("lxml")
    parts = parts_of(
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>'
        '<meterValuesRequest xmlns="urn://Ocpp/Cs/2015/10/"><connectorId>1</connectorId>'
        "<meterValue><timestamp>2026-01-01T00:00:00Z</timestamp>"
        "<sampledValue><value>7</value></sampledValue><sampledValue><value>8</value></sampledValue>"
        "</meterValue></meterValuesRequest></s:Body></s:Envelope>"
    )
    assert [(part.depth, part.name, part.value) for part in parts if part.depth > 1] == [
        (2, "connectorId", '"1"'),
        (2, "meterValue[0]", ""),
        (3, "timestamp", '"2026-01-01T00:00:00Z"'),
        (3, "sampledValue[0]", ""),
        (4, "value", '"7"'),
        (3, "sampledValue[1]", ""),
        (4, "value", '"8"'),
    ]


def test_a_fault_and_a_strange_envelope() -> None:
    pytest.importorskip("lxml")
    envelope = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header><x>1</x></s:Header>'
        "<s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code></s:Fault></s:Body>"
        "</s:Envelope>"
    )
    meanings = {part.name: part.meaning for part in parts_of(envelope)}
    assert meanings["x"] == "no header that OCPP 1.6 knows"
    assert meanings["Code"].startswith("what kind of fault")
    parts = parts_of(envelope.replace("s:Fault", "nothingRequest"))
    assert parts[-1].meaning == "no message of OCPP 1.6"


def test_every_field_of_every_message_has_a_meaning() -> None:
    for action in ACTIONS.values():
        for part in parts_of(json.dumps([2, "7", action.name, {}])):
            assert part.meaning
