"""Scenarios: read as a whole, played step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ocpp16.apps.charge_point.scenario import (
    Player,
    Scenario,
    ScenarioError,
    load,
    read,
)
from tests.apps.charge_point.stand import Stand, play

SESSION: list[dict[str, Any]] = [
    {"do": "plug"},
    {"do": "expect", "status": "Preparing"},
    {"do": "tag", "tag": "LOST", "accepted": False},
    {"do": "tag", "tag": "A", "accepted": True},
    {"do": "expect", "sent": "StartTransaction", "where": {"connectorId": 1, "idTag": "A"}},
    {"do": "expect", "charging": True, "status": "Charging"},
    {"do": "wait", "minutes": 10},
    {"do": "expect", "sent": "MeterValues", "within": 1},
    {"do": "unplug"},
    {"do": "expect", "sent": "StopTransaction", "where": {"reason": "EVDisconnected"}},
    {"do": "expect", "status": "Available", "charging": False, "waiting": 0},
]


async def played(stand: Stand, steps: list[dict[str, Any]]) -> tuple[bool, list[str]]:
    said: list[str] = []
    player = Player(
        stand.simulator,
        stand.exchanges,
        clock=stand.clock,
        remark=lambda text, ok: said.append(text),
    )
    is_good = await stand.doing(player.play(read({"steps": steps})))
    assert isinstance(is_good, bool)
    return is_good, said


def test_a_session_that_holds() -> None:
    async def body(stand: Stand) -> None:
        is_good, said = await played(stand, SESSION)
        assert is_good, said
        assert said[0] == "ok  steps[1]: connector 1 is Preparing"
        assert "ok  steps[9]: StopTransaction is sent reason='EVDisconnected'" in said
        assert len(said) == 8
        assert len(stand.office.transactions) == 1

    play(body)


def test_repetitions() -> None:
    async def body(stand: Stand) -> None:
        steps = [{"do": "repeat", "times": 3, "steps": SESSION}]
        is_good, said = await played(stand, steps)
        assert is_good, said
        assert len(stand.office.transactions) == 3
        assert said[-1].startswith("ok  steps[0]#3[10]: ")

    play(body)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ({"do": "expect", "status": "Charging", "within": 0.1}, "connector 1 is Charging"),
        ({"do": "expect", "charging": True, "within": 0.1}, "connector 1 charges"),
        ({"do": "expect", "sent": "Authorize", "within": 0.1}, "Authorize is sent"),
        ({"do": "expect", "asked": "Reset", "within": 0.1}, "Reset is asked"),
        ({"do": "expect", "waiting": 5, "within": 0.1}, "5 messages wait"),
        (
            {"do": "expect", "sent": "BootNotification", "where": {"iccid": "9"}, "within": 0.1},
            "BootNotification is sent iccid='9'",
        ),
        ({"do": "expect", "connector": 7, "status": "Available", "within": 0.1}, "connector 7"),
        ({"do": "tag", "tag": "LOST", "accepted": True}, "LOST is refused"),
        ({"do": "plug", "connector": 9}, "plug: there is no connector 9"),
    ],
)
def test_what_does_not_hold_is_told(step: dict[str, Any], says: str) -> None:
    async def body(stand: Stand) -> None:
        is_good, said = await played(stand, [step, {"do": "pause", "seconds": 0.1}])
        assert not is_good
        assert said[0].startswith(f"NOT OK  steps[0]: {says}")

    play(body)


def test_what_was_expected_once_is_not_found_again() -> None:
    async def body(stand: Stand) -> None:
        boot = {"do": "expect", "sent": "BootNotification", "within": 0.1}
        is_good, _ = await played(stand, [boot])
        assert is_good
        is_good, _ = await played(stand, [boot, boot])
        assert not is_good

    play(body)


def test_what_the_central_system_asks_can_be_expected() -> None:
    async def body(stand: Stand) -> None:
        from ocpp16.messages import ClearCacheRequest

        await stand.central.peers["CP1"].call(ClearCacheRequest())
        is_good, _ = await played(stand, [{"do": "expect", "asked": "ClearCache"}])
        assert is_good

    play(body)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({}, "steps: a list of steps is due"),
        ({"steps": []}, "steps: a list of steps is due"),
        ({"steps": "x"}, "steps: a list of steps is due"),
        ({"steps": [5]}, "steps[0]: a table with a do"),
        ({"steps": [{"connector": 1}]}, "steps[0]: a table with a do"),
        ({"steps": [{"do": "dance"}]}, "steps[0]: there is no 'dance'; there is plug"),
        ({"steps": [{"do": "plug", "socket": 1}]}, "steps[0]: plug has no 'socket'"),
        ({"steps": [{"do": "wait", "days": 1}]}, "steps[0]: wait has no days"),
        ({"steps": [{"do": "wait", "seconds": -1}]}, "steps[0]: -1 is no amount of time"),
        ({"steps": [{"do": "wait", "seconds": "x"}]}, "steps[0]: 'x' is no amount of time"),
        ({"steps": [{"do": "pause", "seconds": True}]}, "steps[0]: True is no amount of time"),
        ({"steps": [{"do": "expect"}]}, "steps[0]: expect needs status"),
        ({"steps": [{"do": "expect", "status": "Fine"}]}, "steps[0]: 'Fine' is no status"),
        ({"steps": [{"do": "expect", "status": 5}]}, "steps[0]: status is 5"),
        ({"steps": [{"do": "expect", "sent": "Dance"}]}, "steps[0]: 'Dance' is no action"),
        ({"steps": [{"do": "repeat", "times": -1, "steps": SESSION}]}, "steps[0]: times is -1"),
        ({"steps": [{"do": "repeat", "times": 2}]}, "steps[0].steps: a list of steps is due"),
        (
            {"steps": [{"do": "repeat", "steps": [{"do": "plug"}, {"do": "x"}]}]},
            "steps[0].steps[1]: there is no 'x'",
        ),
        (
            {"steps": [{"do": "repeat", "times": 10**6, "steps": SESSION}]},
            "steps: more than 1000000",
        ),
        ({"steps": [{"do": "tag", "tag": "A", "accepted": 1}]}, "steps[0]: accepted is 1"),
        (
            {"steps": [{"do": "tag", "tag": "A" * 21}]},
            "steps[0]: tag has 21 characters, at most 20",
        ),
        ({"steps": [{"do": "fault", "code": "Rust"}]}, "steps[0]: code is 'Rust', not Connector"),
        ({"steps": [{"do": "fault", "code": "NoError"}]}, "steps[0]: code is 'NoError', not"),
        ({"steps": [{"do": "fault", "info": "A" * 51}]}, "steps[0]: info has 51 characters"),
        ({"stages": []}, "stages: a scenario has a name and steps"),
    ],
)
def test_what_is_no_scenario(document: dict[str, Any], why: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(document)
    assert str(caught.value).startswith(why)


def test_repetitions_are_not_nested_without_end() -> None:
    step: dict[str, Any] = {"do": "plug"}
    for _ in range(20):
        step = {"do": "repeat", "times": 2, "steps": [step]}
    with pytest.raises(ScenarioError, match="nested too deep"):
        read({"steps": [step]})


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "session.toml"
    path.write_text('name = "One"\n[[steps]]\ndo = "plug"\n')
    assert isinstance(load(path), Scenario)
    assert load(path).name == "One"


@pytest.mark.parametrize(
    "content", [b"steps = [", b"\xff\xfe", b"a=" + b"[" * 5000, b"a=" + b"9" * 5000]
)
def test_a_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=r"bad\.toml"):
        load(path)
