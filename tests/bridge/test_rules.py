"""Every rule of the page is quoted by a test."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.bridge.rule import rules


def quoted() -> set[str]:
    """Return what the tests of this folder quote."""
    found = set()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"rule", "holds_to"}
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                found.add(node.args[0].value)
    return found


def test_each_rule_has_a_test() -> None:
    assert len(rules()) == 28
    assert sorted(set(rules()) - quoted()) == []
