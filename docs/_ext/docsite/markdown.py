"""Markdown as text: tables, blocks of code, links within the reference."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a cell may hold Markdown, and line breaks become blanks."""
    lines = [_row(head), _row(["---"] * len(head)), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def code(language: str, text: str, caption: str = "") -> str:
    """Return a block of code."""
    if not caption:
        return f"```{language}\n{text.rstrip()}\n```\n"
    return f"```{{code-block}} {language}\n:caption: {caption}\n\n{text.rstrip()}\n```\n"


def prose(docstring: str) -> str:
    """Return the text of a docstring as Markdown.

    Without what stands elsewhere on the page: sections, who sends it, limits of length.
    """
    text = re.sub(r"\n*Spec: .*\Z", "", inspect.cleandoc(docstring), flags=re.DOTALL)
    text = re.sub(r"\n+Sent by [^.]*; answered by `\w+`\.", "", text)
    text = re.sub(r"[;,] at most [\d,]+\s+characters(,\s+compared\s+without\s+case)?", "", text)
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
