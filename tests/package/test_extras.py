"""Each extra stands in the README's table with what it brings, and says why in setup.cfg."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SETUP = (ROOT / "setup.cfg").read_text()
WORKING_ON_IT = {"docs", "test", "bench"}
"""Extras of those who work on the library; the README need not list what is in them."""


def extras() -> dict[str, list[str]]:
    parser = ConfigParser(comment_prefixes=("#",))
    parser.read_string(SETUP)
    return {
        name: [
            re.split(r"[\[><=~]", line)[0].lower() if not line.startswith("ocpp16[") else line
            for line in value.split("\n")
            if line
        ]
        for name, value in parser["options.extras_require"].items()
    }


def rows() -> dict[str, str]:
    """Return the README's table: extra, and what it brings."""
    table = README.partition("## Extras\n")[2].partition("\n## ")[0]
    cells = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    return {name: brings for names, brings, _ in cells for name in re.findall(r"`(\w+)`", names)}


def test_every_extra_has_a_row() -> None:
    assert set(rows()) == set(extras())


def test_a_row_names_what_the_extra_brings() -> None:
    shown = rows()
    for name in set(extras()) - WORKING_ON_IT:
        brought = re.findall(r"[\w-]+", shown[name].lower())
        for each in extras()[name]:
            for part in re.findall(r"[\w-]+", each.removeprefix("ocpp16").lower()):
                assert part in brought, f"{name}: {part} is not in the README's row"


def test_every_extra_says_in_setup_cfg_why_it_is_there() -> None:
    section = SETUP.partition("[options.extras_require]")[2].partition("\n[")[0]
    lines = section.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"\w+ =$", line) and line.removesuffix(" =") not in {"docs", "test"}:
            assert lines[number - 1].startswith("#"), f"{line} has no reason"
