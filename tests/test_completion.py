"""What a shell is told when it completes a command line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("ocpp16 ins", ["inspect"]),
        ("ocpp16 inspect --action Get", ["GetConfiguration", "GetLog"]),
        ("ocpp16 call CP1 Reme", []),
        ("ocpp16 call CP1 Remote", ["RemoteStartTransaction", "RemoteStopTransaction"]),
        ("ocpp16 inspect --leniency null", ["null-as-absent"]),
    ],
)
def test_a_shell_can_complete(words: str, due: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ocpp16"],
        env={
            **os.environ,
            "_OCPP16_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    offered = done.stdout.split()
    assert set(due) <= set(offered)
    assert bool(due) == bool(offered)


def test_a_shell_is_told_how_to_complete() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ocpp16"],
        env={**os.environ, "_OCPP16_COMPLETE": "source_bash"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "complete -o default -F" in done.stdout
