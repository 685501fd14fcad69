"""The tutorial, followed to the letter: its five pages, one after another, in one folder."""

from __future__ import annotations

import ast
import difflib
import os
from pathlib import Path

import pytest

from tests.docs.page import DOCS, File, blocks
from tests.docs.reader import ROOT, Reader

PAGES = sorted((DOCS / "tutorial").glob("0*.md"))
EXAMPLES = DOCS / "examples" / "tutorial"


def test_there_are_five_pages() -> None:
    assert [page.stem[:2] for page in PAGES] == ["01", "02", "03", "04", "05"]


@pytest.mark.site
def test_every_block_does_what_the_page_says(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    try:
        for page in PAGES:
            reader.follow(page)
    finally:
        reader.close()


@pytest.mark.slow
def test_a_new_user_needs_nothing_else(tmp_path: Path) -> None:
    """In a fresh environment, with what `pip install` brings."""
    if not os.environ.get("OCPP16_TUTORIAL_FRESH"):
        pytest.skip("OCPP16_TUTORIAL_FRESH is not set: it downloads what the library needs")
    reader = Reader(tmp_path, installing=str(ROOT))
    try:
        for page in PAGES:
            reader.follow(page)
    finally:
        reader.close()


def test_every_example_is_on_a_page() -> None:
    shown = {block.source for page in PAGES for block in blocks(page) if isinstance(block, File)}
    assert shown == set(EXAMPLES.glob("*.py"))


def handlers(name: str) -> dict[str, str]:
    """Return the text of each handler of an example."""
    tree = ast.parse((EXAMPLES / name).read_text())
    return {
        node.name: ast.unparse(node)
        for node in tree.body
        if isinstance(node, ast.AsyncFunctionDef) and node.decorator_list
    }


def new_lines(old: list[str], new: list[str]) -> tuple[int, ...]:
    """Return the numbers of the lines that are not in the old text, empty ones aside."""
    changes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return tuple(
        number + 1
        for kind, _, _, first, last in changes
        if kind in {"replace", "insert"}
        for number in range(first, last)
        if new[number].strip()
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("central.py", "central_both.py"),
        ("station.py", "station_both.py"),
        ("central.py", "central_secure.py"),
        ("station.py", "station_secure.py"),
    ],
)
def test_no_handler_changes(before: str, after: str) -> None:
    assert handlers(before)
    assert handlers(after) == handlers(before)


@pytest.mark.parametrize(
    ("page", "name", "before"),
    [
        ("02-central-system.md", "station.py", "first_station.py"),
        ("03-soap.md", "central_both.py", "central.py"),
        ("03-soap.md", "station_both.py", "station.py"),
        ("05-security.md", "central_secure.py", "central.py"),
        ("05-security.md", "station_secure.py", "station.py"),
    ],
)
def test_marked_lines_are_those_that_are_new(page: str, name: str, before: str) -> None:
    (file,) = (
        block
        for block in blocks(DOCS / "tutorial" / page)
        if isinstance(block, File) and block.name == name
    )
    old = (EXAMPLES / before).read_text().splitlines()
    new = (EXAMPLES / name).read_text().splitlines()
    assert file.marked == new_lines(old, new)
