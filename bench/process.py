"""Servers in processes of their own, so that their processor time and memory are theirs alone."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType
from typing import Self

KINDS = ("ours", "raw", "mobilityhouse")
OPTIONS: list[str] = []
"""Arguments of every server: `--uvloop`."""


class ServerProcess:
    """One of `bench.servers` at work.

    Args:
        kind: Which one.
        options: Arguments of the program.
    """

    def __init__(self, kind: str, *options: str) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-m", f"bench.servers.{kind}", *OPTIONS, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._answer())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._program.stdin and self._program.stdin.close()
        try:
            self._program.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait()

    def cpu(self) -> float:
        """Return its seconds of processor time so far."""
        return float(self._ask("cpu"))

    def memory(self) -> int:
        """Return the bytes that it holds."""
        return int(self._ask("memory"))

    def _ask(self, question: str) -> str:
        assert self._program.stdin is not None
        self._program.stdin.write(f"{question}\n")
        self._program.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._program.stdout is not None
        line = self._program.stdout.readline()
        if not line:
            raise RuntimeError("the server to be measured has ended")
        return line.strip()
