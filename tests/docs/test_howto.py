"""Pages with programs, followed to the letter: each in a folder of its own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.docs.page import DOCS, Excerpt, File, Terminal, blocks
from tests.docs.reader import Reader

LONG = (
    "howto/bridge",
    "howto/central-system",
    "howto/certificates",
    "howto/composite-schedule",
    "howto/simulator",
)
"""Pages that take many seconds: once is enough, and not on each Python."""
SHORT = (
    "explanation/store",
    "howto/data-transfer",
    "howto/inspect",
    "howto/observe",
    "howto/persist-transactions",
    "howto/station",
    "howto/testing",
    "howto/tracing",
    "howto/vendor-quirks",
)
PAGES = LONG + SHORT
TOOLS = ("awk", "curl", "jq", "openssl", "sqlite3")
"""Programs that pages call; `.ci/run` brings them."""
OTHERS = {
    "frameworks": "tests/interop/test_frameworks.py",
    "migrate-from-ocpp": "tests/docs/test_migration.py",
    "pytest": "tests/test_pytest_plugin.py",
}
"""How-to pages whose examples another test runs; what they show are files, and no commands."""


def tools(name: str) -> set[str]:
    """Return the programs beside ours and Python that a page calls."""
    typed = [
        step.typed
        for block in blocks(DOCS / f"{name}.md")
        if isinstance(block, Terminal)
        for step in block.steps
        if step.is_command and step.typed is not None
    ]
    return {tool for tool in TOOLS for line in typed if re.search(rf"\b{tool}\b", line)}


@pytest.mark.parametrize(
    "name", [*SHORT, *(pytest.param(name, marks=pytest.mark.site) for name in LONG)]
)
def test_every_block_does_what_the_page_says(name: str, tmp_path: Path) -> None:
    if absent := {tool for tool in tools(name) if shutil.which(tool) is None}:
        pytest.skip(f"this machine has no {', '.join(sorted(absent))}")
    reader = Reader(tmp_path)
    try:
        reader.follow(DOCS / f"{name}.md")
    finally:
        reader.close()


def test_no_page_is_left_out() -> None:
    pages = {page.stem for page in (DOCS / "howto").glob("*.md")} - {"index"}
    assert pages <= {name.removeprefix("howto/") for name in PAGES} | set(OTHERS)
    assert all((DOCS.parent / test).is_file() for test in OTHERS.values())


@pytest.mark.parametrize("name", OTHERS)
def test_a_page_of_files_shows_nothing_else(name: str) -> None:
    shown = [*blocks(DOCS / "howto" / f"{name}.md")]
    assert shown
    assert all(isinstance(block, File | Excerpt) for block in shown)


def test_every_example_is_on_a_page() -> None:
    shown = {
        block.source
        for name in PAGES
        for block in blocks(DOCS / f"{name}.md")
        if isinstance(block, File | Excerpt)
    }
    files = {
        *(DOCS / "examples" / "howto").iterdir(),
        *(DOCS / "examples" / "observe").iterdir(),
    }
    assert shown >= {file for file in files if file.is_file()}


def test_ci_brings_the_programs_that_pages_call() -> None:
    used = {tool for name in PAGES for tool in tools(name)}
    assert used == set(TOOLS)
    line = next(
        line
        for line in (DOCS.parent / ".ci" / "run").read_text().splitlines()
        if line.startswith("page_programs=")
    )
    assert set(line.partition("=")[2].strip('"').split()) == set(TOOLS)
