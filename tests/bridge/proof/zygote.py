"""Starts `ocpp16` in processes that have imported everything already, one at a time.

A process that is killed a thousand times would spend its life importing. What is forked here runs
the command as `python -m ocpp16` does, and is killed like it; with `--spawn` that itself is run.
Reads a line of JSON for each start
(arguments, environment, log file); writes `pid N`, then what the command writes, then `exit N`.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import httpx  # noqa: F401 - imported for the processes to come
import lxml.etree  # noqa: F401
import psycopg  # noqa: F401
import uvicorn  # noqa: F401

import ocpp16.apps.bridge
import ocpp16.apps.commands
import ocpp16.bridge.metric
import ocpp16.store.sqlite  # noqa: F401
from ocpp16 import cli
from ocpp16.transports.system_clock import SystemClock

CLOCK = "PROOF_CLOCK"
"""Environment variable: a file with the seconds that the time of day is off."""


def main() -> None:
    """Serve until standard input ends."""
    for line in sys.stdin:
        order = json.loads(line)
        pid = _spawn(order) if "--spawn" in sys.argv else os.fork()
        if pid == 0:
            _become(order)
        _say(f"pid {pid}")
        _, status = os.waitpid(pid, 0)
        _say(f"exit {os.waitstatus_to_exitcode(status)}")


def _spawn(order: dict[str, Any]) -> int:
    command = [sys.executable, "-m", "ocpp16", *order["arguments"]]
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    environment = {**os.environ, **order["environment"]}
    pid = os.posix_spawn(
        sys.executable, command, environment, file_actions=[(os.POSIX_SPAWN_DUP2, log, 2)]
    )
    os.close(log)
    return pid


def _become(order: dict[str, Any]) -> NoReturn:
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(order["environment"])
    if CLOCK in os.environ:
        _step_clock(Path(os.environ[CLOCK]))
    try:
        cli.main(order["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
        sys.stdout.flush()
        os._exit(code)
    os._exit(0)


def _step_clock(file: Path) -> None:
    """Let the time of day be off by what a file says, as if the machine's clock had been set."""
    real = SystemClock.now

    def now(self: SystemClock) -> datetime:
        return real(self) + timedelta(seconds=float(file.read_text()))

    SystemClock.now = now  # type: ignore[method-assign]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
