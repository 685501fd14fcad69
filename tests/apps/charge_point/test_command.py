"""`ocpp16 charge-point` as a process: steering, scripts, fleets, and what outlives it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.apps.processes import COMMAND, end, read_until, run, started

SCRIPT = """
[[steps]]
do = "plug"
[[steps]]
do = "tag"
tag = "A"
accepted = true
[[steps]]
do = "wait"
minutes = 6
[[steps]]
do = "unplug"
[[steps]]
do = "expect"
sent = "StopTransaction"
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with started(*COMMAND, "central-system", "--json", "127.0.0.1:0", "--open") as central:
        assert central.stdout is not None
        yield central.stdout.readline().strip()
        end(central, signal.SIGTERM)


def test_a_script_that_holds(url: str, tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(SCRIPT)
    done = run("charge-point", "S1", "--url", url, "--scenario", str(file), "--output", "json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    actions = [line["action"] for line in lines if line["type"] == "exchange"]
    assert actions[-3:] == ["StopTransaction", "StatusNotification", "StatusNotification"]
    texts = [line["text"] for line in lines if line["type"] == "log"]
    assert "S1: ok  steps[4]: StopTransaction is sent" in texts


def test_a_script_that_does_not_hold(url: str, tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('[[steps]]\ndo = "expect"\nstatus = "Charging"\nwithin = 0.1\n')
    done = run("charge-point", "S2", "--url", url, "--scenario", str(file))
    assert done.returncode == 1
    assert "NOT OK  steps[0]: connector 1 is Charging" in done.stdout


def test_a_person_types(url: str) -> None:
    done = run(
        "charge-point", "S3", "--url", url, "--prompt", input="plug\ntag A\nstatus\nfly\nquit\n"
    )
    assert done.returncode == 0
    assert "status Charging" in done.stdout
    assert "there is no 'fly'" in done.stdout


def test_a_fleet(url: str) -> None:
    done = run(
        "charge-point", "F{n}", "--url", url, "--count", "12", "--spread", "0.2",
        "--speed", "100000",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sum(" Wh in " in line for line in done.stdout.splitlines()) == 12
    assert "Heartbeat" not in done.stdout


def test_state_survives_a_kill(url: str, tmp_path: Path) -> None:
    arguments = ("charge-point", "S4", "--url", url, "--state", str(tmp_path))
    with started(*COMMAND, *arguments, "--speed", "1") as process:
        read_until(process, "Charging")
        process.kill()
        process.communicate()
    done = run(*arguments, "--prompt", input="status\n")
    assert "reason=PowerLoss" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--scenario", "nowhere.toml"), "cannot read nowhere.toml"),
        (("--count", "2", "--prompt"), "--prompt steers one charge point"),
        (("--control", "nonsense"), "is not HOST:PORT"),
        (("--control", "0.0.0.0:0"), "anyone could steer"),
        (("--connector", "3"), "there is no connector 3 of 2"),
        (("--security-profile", "1"), "--authorization-key"),
    ],
)
def test_called_wrongly(arguments: tuple[str, ...], why: str) -> None:
    done = run("charge-point", "CP1", "--url", "ws://127.0.0.1:1/ocpp", *arguments)
    assert done.returncode == 2, done.stdout
    assert why in " ".join(done.stderr.replace("│", " ").split())


def test_a_script_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('[[steps]]\ndo = "dance"\n')
    done: Any = run("charge-point", "CP1", "--url", "ws://127.0.0.1:1/", "--scenario", str(file))
    assert done.returncode == 2
    assert "steps[0]: there is no 'dance'" in " ".join(done.stderr.split())
