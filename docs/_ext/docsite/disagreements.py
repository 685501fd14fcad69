"""Where the WSDLs and the JSON schemas disagree: the table of `codegen/overlay.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path

from docsite import markdown

OVERLAY = Path(__file__).parents[3] / "codegen/overlay.toml"


def disagreements() -> str:
    """Return the table of every decision."""
    entries = tomllib.loads(OVERLAY.read_text(encoding="utf-8"))["disagreement"]
    return markdown.table(
        ["Where", "What", "WSDL", "JSON schema", "Decision", "Why", "Reference"],
        (
            (
                f"`{entry['subject']}`",
                entry["fact"],
                entry["wsdl"],
                entry["json"],
                entry["decision"],
                entry["reason"],
                entry["reference"],
            )
            for entry in entries
        ),
    )
