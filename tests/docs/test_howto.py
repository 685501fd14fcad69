"""Pages with programs, followed to the letter: each in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.page import DOCS, Excerpt, File, blocks
from tests.docs.reader import Reader

PAGES = (
    "explanation/store",
    "howto/bridge",
    "howto/central-system",
    "howto/certificates",
    "howto/composite-schedule",
    "howto/data-transfer",
    "howto/observe",
    "howto/persist-transactions",
    "howto/simulator",
    "howto/station",
    "howto/testing",
    "howto/vendor-quirks",
)
OTHERS = {
    "frameworks": "tests/interop/test_frameworks.py",
    "migrate-from-ocpp": "tests/docs/test_migration.py",
    "pytest": "tests/test_pytest_plugin.py",
    "tracing": "tests/test_telemetry.py",
}
"""How-to pages whose examples another test runs; what they show are files, and no commands."""


@pytest.mark.parametrize("name", PAGES)
def test_every_block_does_what_the_page_says(name: str, tmp_path: Path) -> None:
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
    assert shown >= set((DOCS / "examples" / "howto").iterdir())
