"""The documentation keeps its word: named tests exist, no row is empty, diagrams are the tables."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ocpp16.station.diagram import connector_diagram, firmware_diagram

ROOT = Path(__file__).parent.parent.parent
TABLE = ROOT / "docs" / "reference" / "behaviour.md"
ROW = re.compile(r"\| (\d+\.\d+) \| (.*) \| (.*) \|")
NAMED = re.compile(r"`([\w/]+): (\w+)`")


def rows() -> list[tuple[str, str, str]]:
    return [match.groups() for line in TABLE.read_text().splitlines() if (match := ROW.match(line))]  # type: ignore[misc]


def names(path: Path) -> set[str]:
    """Return the tests and the invariants of a file."""
    return {
        node.name.removeprefix("test_")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_section_has_rows() -> None:
    sections = {number.split(".")[0] for number, _, _ in rows()}
    assert sections == {str(number) for number in range(1, 11)}
    assert len(rows()) > 150


def test_every_line_of_the_tables_is_read() -> None:
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("|")]
    heads = [line for line in lines if line.startswith(("| | ", "|---"))]
    assert len(lines) - len(heads) == len(rows())


@pytest.mark.parametrize(("number", "statement", "shown"), rows())
def test_no_row_is_empty_and_its_tests_exist(number: str, statement: str, shown: str) -> None:
    assert statement.strip()
    if shown.startswith("out of scope: "):
        assert len(shown) > len("out of scope: ") + 10
        return
    found = NAMED.findall(shown)
    assert found, number
    assert "<br>".join(f"`{file}: {name}`" for file, name in found) == shown
    for file, name in found:
        path = ROOT / "tests" / f"{file}.py"
        assert path.is_file(), f"{number}: there is no {path}"
        assert name in names(path), f"{number}: there is no {name} in {file}"


@pytest.mark.parametrize("diagram", [connector_diagram(), firmware_diagram()])
def test_the_diagrams_are_drawn_from_the_tables(diagram: str) -> None:
    text = (ROOT / "docs" / "explanation" / "station.md").read_text()
    assert f"```mermaid\n{diagram}```" in text
