"""The page of rules names tests that exist, and a reference for each rule."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs/reference/smart-charging-rules.md"


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in found if row[0] != "rule"]


def test_every_rule_has_a_reference_and_a_test_that_exists() -> None:
    tests = set(
        re.findall(r"def (test_\w+)", "".join(path.read_text() for path in HERE.glob("test_*.py")))
    )
    assert len(rows()) > 40
    for rule, reference, shown in rows():
        assert re.match(r"(C|CE) \d|our reading", reference), rule
        names = re.findall(r"`(test_\w+)`", shown)
        assert names or "not used" in shown, rule
        assert set(names) <= tests, rule


def test_every_rule_test_is_on_the_page() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    tests = set(re.findall(r"def (test_\w+)", (HERE / "test_text.py").read_text()))
    extra = {
        # Our readings where the standard is silent, told in the explanation.
        "test_a_relative_maximum_counts_from_its_receipt",
        "test_the_unit_of_an_answer_without_one_is_that_which_is_taken",
    }
    assert tests - named == extra
