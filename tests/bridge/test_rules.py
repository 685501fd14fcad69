"""Every rule of the page is quoted by a test."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.bridge.rule import rules


def quoted() -> set[str]:
    """Return what the tests of this folder quote, as it stands or by the name of a constant."""
    found = set()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        tree = ast.parse(path.read_text())
        texts = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in {"rule", "holds_to"} and node.args:
                text: ast.expr | None = node.args[0]
                if isinstance(text, ast.Name):
                    text = texts.get(text.id)
                if isinstance(text, ast.Constant):
                    found.add(str(text.value))
    return found


def test_each_rule_has_a_test() -> None:
    assert len(rules()) == 28
    assert sorted(set(rules()) - quoted()) == []
