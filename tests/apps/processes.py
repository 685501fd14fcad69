"""The command line as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-m", "ocpp16"]
PATIENCE = 20


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=60,
        **options,
    )


@contextmanager
def started(
    *command: str, out: Any = subprocess.PIPE, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """Run a program, and see to it that it ends."""
    process: subprocess.Popen[str] = subprocess.Popen(
        command, stdout=out, stderr=subprocess.PIPE, text=True, cwd=ROOT, **options
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """Return what a program writes up to a line with a text."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError(f"no {text!r} in {''.join(lines)}")


def end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, str]:
    process.send_signal(number)
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output, errors
