"""The server under attack, what it costs, and a bystander that has to go on being answered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.security.attacks.wire import Wire, dial

ROOT: Final = Path(__file__).parents[3]
BYSTANDER_SECONDS: Final = 1.0
"""How long a charge point that does no harm may wait for an answer."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Site:
    """A central system in another process.

    Args:
        process: It.
        ports: Where it listens, by wire and security profile.
    """

    def __init__(self, process: subprocess.Popen[str], ports: dict[str, int]) -> None:
        self._process = process
        self.ports = ports
        self.bystander: Bystander | None = None

    def state(self) -> dict[str, Any]:
        """Return what it says of itself; it has worked on all that came before then."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        state: dict[str, Any] = json.loads(self._process.stdout.readline())
        return state

    @property
    def cpu_seconds(self) -> float:
        """Processor time that it has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def memory(self) -> int:
        """Bytes of memory that it holds."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    @contextmanager
    def bounded(self, *, cpu: float = 1.0, memory: int = 32 * 1024 * 1024) -> Iterator[None]:
        """Check that what happens meanwhile costs no more than this, and keeps nobody waiting."""
        spent, held = self.cpu_seconds, self.memory
        if self.bystander is not None:
            self.bystander.slowest = 0.0
        yield
        assert self.cpu_seconds - spent < cpu
        assert self.memory - held < memory
        if self.bystander is not None:
            self.bystander.check()


class Bystander(threading.Thread):
    """A charge point that sends Heartbeat after Heartbeat and measures how long answers take."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(daemon=True)
        self._wire = wire
        self._is_over = threading.Event()
        self._failure: Exception | None = None
        self.slowest = 0.0
        self.answers = 0

    def run(self) -> None:
        """Go on until told to end."""
        try:
            while not self._is_over.wait(0.05):
                began = time.monotonic()
                self._wire.say(f'[2,"{self.answers}","Heartbeat",{{}}]')
                answer = self._wire.hear_call()
                assert answer[:2] == [3, str(self.answers)], answer
                self.answers += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
        except Exception as error:  # noqa: BLE001 - told where it can fail a test
            self._failure = error

    def check(self) -> None:
        """Check that it was answered in time."""
        if self._failure is not None:
            raise AssertionError("the bystander is not served any more") from self._failure
        assert self.slowest < BYSTANDER_SECONDS

    def end(self) -> None:
        """End it."""
        self._is_over.set()
        self.join()


@contextmanager
def running(kind: str, *arguments: str | Path, seconds: float = 10) -> Iterator[Site]:
    """Run a server; `seconds` is its limit for handshakes, heads and bodies."""
    command = [sys.executable, "-W", "error", "-m", "tests.security.attacks.serve", kind]
    with subprocess.Popen(
        [*command, str(seconds), *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield Site(process, json.loads(process.stdout.readline()))
            assert process.poll() is None, "the server has ended"
        finally:
            process.stdin.close()
            process.stdout.close()
            process.kill()


@contextmanager
def watched(site: Site, wire: Wire) -> Iterator[None]:
    """Have a bystander on a connection of its own, upgraded already."""
    site.bystander = Bystander(wire)
    site.bystander.start()
    try:
        yield
    finally:
        site.bystander.end()
    site.bystander.check()


@contextmanager
def plain_site(seconds: float = 10) -> Iterator[Site]:
    """Run a server without security, and a bystander with it."""
    with running("plain", seconds=seconds) as site, dial(site.ports["json0"]) as wire:
        assert wire.upgrade("/ocpp/BYSTANDER") == 101
        with watched(site, wire):
            yield site
