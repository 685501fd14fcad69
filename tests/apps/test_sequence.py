"""A log of frames as a sequence diagram, in characters and as a picture."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

from ocpp16.apps.inspection import Inspector
from ocpp16.apps.sequence import STEP_LIMIT, Sequence, Step, draw
from ocpp16.apps.sequence_picture import picture
from ocpp16.spec import Side

UP, DOWN = Side.CHARGE_POINT, Side.CENTRAL_SYSTEM
BOOT = '[2,"1","BootNotification",{"chargePointVendor":"Example","chargePointModel":"One"}]'
BOOTED = '[3,"1",{"status":"Accepted","currentTime":"2026-01-01T00:00:00Z","interval":300}]'
RESET = '[2,"r","Reset",{"type":"Soft"}]'


def steps_of(*frames: str) -> list[Step]:
    inspector, sequence = Inspector(), Sequence()
    for frame in frames:
        sequence.add(frame.encode(), inspector.inspect(frame))
    return sequence.steps


def test_who_says_what() -> None:
    assert steps_of(BOOT, BOOTED, RESET, '[4,"r","NotSupported","no",{}]') == [
        Step(UP, "BootNotification chargePointVendor=Example chargePointMod..."),
        Step(DOWN, "Accepted interval=300", is_answer=True),
        Step(DOWN, "Reset type=Soft"),
        Step(UP, "NotSupported no", is_answer=True, is_good=False),
    ]


def test_an_empty_answer_is_shown_as_such() -> None:
    frames = (
        '[2,"s","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}]'
    )
    assert steps_of(frames, '[3,"s",{}]')[1] == Step(DOWN, "{}", is_answer=True)


def test_what_either_may_send_is_from_whoever_was_heard_last() -> None:
    data = '[2,"d","DataTransfer",{"vendorId":"Example"}]'
    assert [step.sender for step in steps_of(BOOT, data)] == [UP, UP]
    assert [step.sender for step in steps_of(RESET, data)] == [DOWN, DOWN]
    # An answer is heard from the side that was called.
    assert [step.sender for step in steps_of(BOOT, BOOTED, data)] == [UP, DOWN, DOWN]


def test_what_is_wrong_is_shown_and_marked() -> None:
    steps = steps_of('[2,"1","Reset",{"type":"Gentle"}]', '[3,"zz",{}]', "hello", "[7]")
    assert not any(step.is_good for step in steps)
    assert steps[0].text.startswith("Reset (not valid at /type: ")
    assert steps[1] == Step(None, "an answer to zz, which nobody asked", is_good=False)
    assert [step.sender for step in steps[2:]] == [None, None]


def test_an_id_that_is_used_again_is_of_the_latest_call() -> None:
    steps = steps_of(
        BOOT, BOOTED, '[2,"1","Reset",{"type":"Soft"}]', '[3,"1",{"status":"Accepted"}]'
    )
    assert [step.sender for step in steps] == [UP, DOWN, DOWN, UP]


def test_characters() -> None:
    lines = [line for line, _ in draw(steps_of(BOOT, BOOTED), 60)]
    assert lines == [
        "charge point                                 central system",
        "      │ BootNotification chargePointVendor=Examp... │",
        "      │ ──────────────────────────────────────────▶ │",
        "      │ Accepted interval=300                       │",
        "      │ ◀┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ │",
    ]
    plain = "\n".join(line for line, _ in draw(steps_of(BOOT, "hello"), 60, plain=True))
    assert plain.isascii()
    assert "(is not JSON" in plain


def test_a_picture_is_svg_with_every_arrow() -> None:
    evil = json.dumps([2, "<&>", "DataTransfer", {"vendorId": "</text><script>", "data": "\x1b"}])
    root = ET.fromstring(picture(steps_of(BOOT, BOOTED, evil, "hello")))
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg"
    arrows = [line for line in root.iter(f"{space}line") if line.get("marker-end")]
    assert [line.get("class") for line in arrows] == ["call", "answer", "call"]
    texts = [text.text or "" for text in root.iter(f"{space}text")]
    assert texts[:2] == ["charge point", "central system"]
    assert any("</text><script>" in text for text in texts)
    assert not list(root.iter(f"{space}script"))
    assert "\x1b" not in "".join(texts)


def test_a_diagram_has_an_end() -> None:
    inspector, sequence = Inspector(), Sequence()
    verdict = inspector.inspect(RESET)
    for _ in range(STEP_LIMIT + 5):
        sequence.add(RESET, verdict)
    assert len(sequence.steps) == STEP_LIMIT + 1
    assert sequence.steps[-1] == Step(None, "more than 10,000 frames", is_good=False)


def test_envelopes_have_arrows_too(vectors: Path) -> None:
    text = (vectors / "soap" / "bootnotification_req.xml").read_text()
    assert steps_of(text) == [Step(UP, "BootNotification")]
