"""Which rule of the bridge a test holds to: the rules are listed in docs/explanation/bridge.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "bridge.md"
BEGIN, END = "<!-- rules -->", "<!-- end of rules -->"


def rules() -> list[str]:
    """Return the sentences of the page, in order."""
    text = PAGE.read_text().split(BEGIN)[1].split(END)[0]
    items = text.split("\n* ")[1:]
    return [" ".join(item.split()) for item in items]


def rule(sentence: str) -> Callable[[F], F]:
    """Mark a test as one that holds to a rule, quoted as the page has it."""
    assert sentence in rules(), f"no such rule: {sentence}"
    return lambda test: test
