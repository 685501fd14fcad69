"""The README's Python blocks run: its central system and its charge point meet."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.ports import free_ports

README = Path(__file__).parent.parent / "README.md"
# The debug mode of asyncio tells of whatever takes 0.1 s. On a busy machine anything may; what
# takes many times as long is still an error.
SLOW = re.compile(r"^Executing <.*> took [0-4]\.\d{3} seconds\n", re.MULTILINE)


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


def test_the_examples_of_both_roles_meet() -> None:
    port = str(free_ports(1)[0])
    central, station = (block.replace("9000", port) for block in blocks()[:2])
    programs = [
        subprocess.Popen(
            [sys.executable, "-X", "dev", "-W", "error", "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for code in (central, station)
    ]
    (central_out, central_err), (station_out, station_err) = (
        program.communicate(timeout=60) for program in programs
    )
    assert [SLOW.sub("", told) for told in (central_err, station_err)] == ["", ""]
    assert central_out == "CP1 is here: Example One\nCP1 answers the reset with Accepted\n"
    assert re.fullmatch(r"the central system says it is \d\d:\d\d UTC\n", station_out)
    assert [program.returncode for program in programs] == [0, 0]


def test_the_example_of_soap() -> None:
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", blocks()[2]],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stderr == ""
    assert re.fullmatch(r"by SOAP it is \d\d:\d\d UTC\n", told.stdout)


def test_there_are_three_examples() -> None:
    assert len(blocks()) == 3


def test_there_are_exactly_two_set_up_commands() -> None:
    commands = re.findall(r"```sh\n(.*?)\n```", README.read_text(), re.DOTALL)
    assert commands == [
        "python3 -m venv .venv && .venv/bin/pip install '.[all]' && .venv/bin/ocpp16 demo",
        "python3 -m venv .venv && .venv/bin/pip install tox && .venv/bin/tox",
    ]
