"""How-to pages, followed to the letter: each in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.page import DOCS, Excerpt, File, blocks
from tests.docs.reader import Reader

HOWTO = DOCS / "howto"
PAGES = (
    "bridge",
    "central-system",
    "certificates",
    "composite-schedule",
    "data-transfer",
    "observe",
    "persist-transactions",
    "simulator",
    "station",
    "testing",
    "vendor-quirks",
)


@pytest.mark.parametrize("name", PAGES)
def test_every_block_does_what_the_page_says(name: str, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    try:
        reader.follow(HOWTO / f"{name}.md")
    finally:
        reader.close()


def test_every_example_is_on_a_page() -> None:
    shown = {
        block.source
        for name in PAGES
        for block in blocks(HOWTO / f"{name}.md")
        if isinstance(block, File | Excerpt)
    }
    assert shown >= set((DOCS / "examples" / "howto").iterdir())
