"""What can be made to happen to a simulated charge point."""

from __future__ import annotations

import io
from typing import Any

import pytest

from ocpp16.apps.charge_point.prompt import Prompt, shown
from ocpp16.apps.charge_point.steering import (
    MOVES,
    SteeringError,
    help_lines,
    parse,
    perform,
    status,
)
from tests.apps.charge_point.stand import Stand, play


def test_a_session_step_by_step() -> None:
    async def body(stand: Stand) -> None:
        simulator = stand.simulator
        result = await perform(simulator, "plug", {"connector": 2})
        assert (result["status"], result["plugged"]) == ("Preparing", True)
        assert (await perform(simulator, "tag", {"tag": "LOST", "connector": 2}))[
            "accepted"
        ] is False
        result = await perform(simulator, "tag", {"tag": "A", "connector": 2})
        assert (result["accepted"], result["status"]) == (True, "Charging")
        assert result["transaction"] in stand.office.transactions
        await perform(simulator, "pass", {"minutes": 30})
        assert status(simulator)["connectors"][1]["wh"] == 5500
        assert (await perform(simulator, "suspend", {"connector": 2}))["status"] == "SuspendedEV"
        assert (await perform(simulator, "resume", {"connector": 2}))["status"] == "Charging"
        result = await perform(simulator, "unplug", {"connector": 2})
        assert (result["status"], result["charging"]) == ("Available", False)

    play(body)


def test_faults() -> None:
    async def body(stand: Stand) -> None:
        result = await perform(stand.simulator, "fault", {"code": "GroundFailure"})
        assert result["status"] == "Faulted"
        assert (await perform(stand.simulator, "clear", {}))["status"] == "Available"
        result = await perform(stand.simulator, "fault", {"connector": 0})
        assert result == {"connector": 0, "status": "Faulted"}

    play(body)


def test_a_car_that_has_enough_suspends() -> None:
    async def body(stand: Stand) -> None:
        await perform(stand.simulator, "plug", {"energy": 1000, "power": 2000})
        await perform(stand.simulator, "tag", {"tag": "A"})
        await perform(stand.simulator, "pass", {"minutes": 31})
        found = status(stand.simulator)["connectors"][0]
        assert (found["status"], found["wh"]) == ("SuspendedEV", 1000)

    play(body)


def test_a_car_with_a_battery() -> None:
    async def body(stand: Stand) -> None:
        await perform(stand.simulator, "plug", {"battery": 10_000, "charge": 50.0})
        await perform(stand.simulator, "tag", {"tag": "A"})
        await perform(stand.simulator, "pass", {"minutes": 240})
        found = status(stand.simulator)["connectors"][0]
        assert found["status"] == "SuspendedEV"
        assert found["wh"] == pytest.approx(5000, abs=60)

    play(body)


def test_energy_and_power_by_hand() -> None:
    async def body(stand: Stand) -> None:
        await perform(stand.simulator, "plug", {})
        await perform(stand.simulator, "tag", {"tag": "A"})
        assert (await perform(stand.simulator, "energy", {"wh": 700}))["wh"] == 700
        assert (await perform(stand.simulator, "power", {"w": 3000}))["w"] == 3000
        assert (await perform(stand.simulator, "power", {}))["w"] == 11_000

    play(body)


def test_a_jammed_lock_is_told_to_the_central_system() -> None:
    async def body(stand: Stand) -> None:
        from ocpp16.messages import UnlockConnectorRequest

        peer = stand.central.peers["CP1"]
        await perform(stand.simulator, "jam", {})
        assert (await peer.call(UnlockConnectorRequest(connector_id=1))).status == "UnlockFailed"
        await perform(stand.simulator, "jam", {"jammed": False})
        assert (await peer.call(UnlockConnectorRequest(connector_id=1))).status == "Unlocked"

    play(body)


@pytest.mark.parametrize(
    ("move", "given", "why"),
    [
        ("dance", {}, "there is no 'dance'; there is plug"),
        ("plug", {"connector": 3}, "there is no connector 3"),
        ("plug", {"connector": 0}, "connector is 0, not 1 to"),
        ("plug", {"connector": "x"}, "connector is 'x', not a whole number"),
        ("plug", {"connector": 1.5}, "connector is 1.5, not a whole number"),
        ("plug", {"connector": True}, "connector is True, not a whole number"),
        ("plug", {"socket": 1}, "plug has no 'socket'"),
        ("tag", {}, "tag needs tag"),
        ("tag", {"tag": 5}, "tag is 5, not text"),
        ("energy", {"wh": -1}, "wh is -1, not 0 to"),
        ("energy", {"wh": 10**12}, "wh is 1000000000000, not 0 to"),
        ("tag", {"tag": "x" * 21}, "tag has 21 characters, at most 20 are allowed"),
        ("fault", {"code": "Broken"}, "code is 'Broken', not ConnectorLockFailure, "),
        ("fault", {"code": "NoError"}, "code is 'NoError', not ConnectorLockFailure, "),
    ],
)
def test_what_makes_no_sense(move: str, given: dict[str, Any], why: str) -> None:
    async def body(stand: Stand) -> None:
        with pytest.raises(SteeringError) as caught:
            await perform(stand.simulator, move, given)
        assert str(caught.value).startswith(why)

    play(body)


@pytest.mark.parametrize(
    ("line", "move", "given"),
    [
        ("tag CARD-1 2", "tag", {"tag": "CARD-1", "connector": "2"}),
        ("tag 'A B' connector=2", "tag", {"tag": "A B", "connector": "2"}),
        ("tag a=b", "tag", {"tag": "a=b"}),
        ("plug", "plug", {}),
        ("plug 2 power=3000", "plug", {"connector": "2", "power": "3000"}),
    ],
)
def test_lines_of_the_prompt(line: str, move: str, given: dict[str, object]) -> None:
    assert parse(line) == (move, given)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("dance", "there is no 'dance'; try help"),
        ("tag 'A", "No closing quotation"),
        ("status now", "'now' is too much: status"),
    ],
)
def test_lines_that_make_no_sense(line: str, why: str) -> None:
    with pytest.raises(SteeringError, match=why):
        parse(line)


def test_help_names_everything() -> None:
    lines = list(help_lines())
    assert len(lines) == len(MOVES)
    assert any(line.startswith("  tag TAG [CONNECTOR]") for line in lines)


def test_a_person_at_the_prompt() -> None:
    async def body(stand: Stand) -> None:
        said: list[tuple[str, bool]] = []
        lines = "help\nplug\ntag A\n\nfly\nstatus\nquit\nunplug\n"
        prompt = Prompt(stand.simulator, io.StringIO(lines), lambda *each: said.append(each))
        await prompt.run()
        texts = [text for text, _ in said]
        assert any("status Charging" in text and "accepted yes" in text for text in texts)
        assert ("there is no 'fly'; try help", True) in said
        assert any("identity CP1" in text for text in texts)
        # What comes after quit is not done.
        assert stand.simulator.station.is_charging(1)

    play(body)


def test_a_prompt_ends_with_its_lines() -> None:
    async def body(stand: Stand) -> None:
        await Prompt(stand.simulator, io.StringIO("plug"), lambda *_: None).run()
        assert stand.simulator.status(1) == "Preparing"

    play(body)


def test_results_for_people() -> None:
    result: dict[str, object] = {
        "identity": "CP1",
        "accepted": True,
        "connectors": [{"connector": 1, "transaction": None}],
    }
    assert shown(result) == ["identity CP1, accepted yes", "  connector 1, transaction -"]


def test_a_housing_is_opened_and_the_log_cleared() -> None:
    async def body(stand: Stand) -> None:
        found = await perform(stand.simulator, "tamper", {"info": "door"})
        assert (found["event"], found["info"]) == ("TamperDetectionActivated", "door")
        found = await perform(stand.simulator, "clear-log", {})
        assert (found["event"], found["log_lines"]) == ("SecurityLogWasCleared", 1)

    play(body)
