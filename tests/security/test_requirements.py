"""The table of requirements is whole, and what it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ocpp16.security_event import SecurityEvent
from ocpp16.station.security_event import SENT

ROOT = Path(__file__).parent.parent.parent
EVENTS = ROOT / "docs" / "reference" / "security-events.md"
TABLE = ROOT / "docs" / "reference" / "security-requirements.md"
ELSEWHERE = {"the operator's", "the maker's"}

NUMBERS: dict[str, list[range | int]] = {
    "A00": [
        range(1, 7), range(201, 207), range(301, 325), range(401, 430), range(501, 513),
        range(601, 604), range(701, 705), 706, range(801, 807),
    ],
    "A01": [range(1, 13)],
    "A02": [range(1, 14)],
    "A03": [range(1, 14)],
    "A04": [range(1, 5)],
    "A05": [range(1, 10)],
    "L01": [range(1, 30)],
    "M03": [range(1, 5)],
    "M04": [range(1, 8)],
    "M05": [range(1, 5), 6, range(8, 14)],
    "N01": [range(1, 6), range(7, 13)],
}  # fmt: skip
"""The requirements of the whitepaper, by chapter; numbers that are missing are missing there."""


def due() -> list[str]:
    found = []
    for chapter, parts in NUMBERS.items():
        width = 3 if chapter == "A00" else 2
        for part in parts:
            numbers = [part] if isinstance(part, int) else part
            found += [f"{chapter}.{number:0{width}}" for number in numbers]
    return found


def rows() -> list[tuple[str, str, str]]:
    row = re.compile(r"^\| ([A-Z]\d\d\.\d+) \| (.+?) \| (.+?) \|$", re.MULTILINE)
    return [(number, what, how) for number, what, how in row.findall(TABLE.read_text())]


def named_in(how: str) -> list[str]:
    return re.findall(r"`([^`]+)`", how)


def test_every_requirement_has_one_row_in_order() -> None:
    assert [number for number, _, _ in rows()] == due()
    assert TABLE.read_text().count("\n| ") == len(due()) + 1


def events() -> list[list[str]]:
    lines = EVENTS.read_text().splitlines()
    return [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")][1:]


def test_every_security_event_has_one_row() -> None:
    assert sorted(row[0] for row in events()) == sorted(SecurityEvent)


@pytest.mark.parametrize("row", events(), ids=lambda row: row[0])
def test_what_shows_an_event_exists(row: list[str]) -> None:
    name, critical, sent, _, test = row
    assert critical == ("yes" if SecurityEvent(name).is_critical else "no")
    assert sent == ("yes" if name in SENT else "no")
    check(test.strip("`"))


@pytest.mark.parametrize(("number", "what", "how"), rows(), ids=[row[0] for row in rows()])
def test_what_shows_it_exists(number: str, what: str, how: str) -> None:
    assert what
    named = named_in(how)
    if not named:
        assert how in ELSEWHERE
    for name in named:
        check(name)


def check(name: str) -> None:
    file, _, function = name.partition("::")
    path = ROOT / file
    assert path.is_file(), name
    functions = {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    assert function in functions, name
    assert function.startswith("test_")
