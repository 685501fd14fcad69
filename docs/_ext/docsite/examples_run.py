"""Programs of the pages, and what they print: they are run when the pages are built."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from docsite import markdown

EXAMPLES = Path(__file__).parents[2] / "examples"
ROOT = EXAMPLES.parents[1]


def output_of(name: str) -> str:
    """Return what a program of the examples prints, as a block.

    Raises:
        CalledProcessError: It failed.
    """
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)],
        capture_output=True, text=True, check=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return markdown.code("text", done.stdout)


def sans_io() -> str:
    """Return what the two sessions without a socket print."""
    return output_of("sans_io/exchange.py")
