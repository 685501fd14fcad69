"""A fleet at the central system with its store: `python -m bench.site [--count 1000]`.

So many simulated charge points connect, boot, tell their statuses, and charge one car each, with
StartTransaction, MeterValues, Heartbeats and StopTransaction. Measured are the central system on
SQLite (what is answered is on the disk) and, as the floor, one whose books are in memory; in turns,
fleet and central system each a process. What the charge points were answered is compared with what
is in the store: a message that was refused, is missing, or is there without having been sent, ends
the benchmark.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import attrs

from bench.measure import Row, absolute, row
from bench.process import ServerProcess
from bench.report import say, table

COUNT = 1_000
SPREAD = 10.0
"""Seconds over which they start."""


@attrs.frozen
class Measured:
    """What came of one run."""

    fleet: dict[str, Any]
    cpu: float
    """Seconds of the central system."""
    memory: int
    """Bytes that it held in the end."""

    @property
    def cost(self) -> float:
        """Microseconds of the central system's processor for a message."""
        return self.cpu / int(self.fleet["calls"]) * 1e6

    @property
    def rate(self) -> float:
        """Messages a second."""
        return int(self.fleet["calls"]) / float(self.fleet["took"])


def site(rounds: int) -> list[Row]:
    """Let 1,000 charge points charge at each."""
    return rows(COUNT, SPREAD, max(1, rounds // 5))


def rows(count: int, spread: float, rounds: int) -> list[Row]:
    """Return the lines for fleets of a size."""
    ours: list[Measured] = []
    floor: list[Measured] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="ocpp16-bench-") as folder:
            ours.append(measured(count, spread, Path(folder) / "site.db"))
        floor.append(measured(count, spread, None))

    def of(name: str, scale: float = 1.0) -> list[float]:
        return [float(each.fleet[name]) * scale for each in ours]

    name = f"{count} chargers on a store"
    return [
        row(0, f"{name}: server CPU of a message", "books in memory",
            [each.cost for each in ours], [each.cost for each in floor]),
        row(0, f"{name}: server memory", "books in memory",
            [each.memory / 2**20 for each in ours], [each.memory / 2**20 for each in floor],
            unit="MiB"),
        absolute(0, f"{name}: until all are accepted", of("accepted"), limit="", unit="s"),
        absolute(0, f"{name}: messages a second", [each.rate for each in ours],
            limit="", unit="/s"),
        absolute(0, f"{name}: p99 of an exchange", of("p99", 1000), limit="", unit="ms"),
        absolute(0, f"{name}: server CPU", [each.cpu for each in ours], limit="", unit="s"),
        absolute(0, f"{name}: fleet CPU", of("cpu"), limit="", unit="s"),
        absolute(0, f"{name}: fleet memory", of("memory", 2**-20), limit="", unit="MiB"),
    ]  # fmt: skip


def measured(count: int, spread: float, file: Path | None) -> Measured:
    """Let a fleet charge at a central system of its own.

    Raises:
        RuntimeError: Something was refused or lost.
    """
    with ServerProcess("site", *([] if file is None else [f"sqlite:///{file}"])) as server:
        before = server.cpu()
        done = subprocess.run(
            [
                sys.executable, "-m", "bench.servers.fleet",
                str(server.port), str(count), str(spread),
                *([] if file is None else [str(file)]),
            ],
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout)
        result = Measured(found, server.cpu() - before, server.memory())
    wrong = found["differences"]
    if not found["went_well"] or found["accepted"] is None or found["refused"] or wrong:
        raise RuntimeError(f"refused or lost: {found['refused']}, {wrong[:10]}")
    return result


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.site", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="charge points")
    parser.add_argument("--spread", type=float, default=SPREAD, help="seconds in which they start")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    say(f"{arguments.count} charge points ...")
    found = rows(arguments.count, arguments.spread, arguments.rounds)
    sys.stdout.write(f"{table(found)}\n")


if __name__ == "__main__":
    main()
