"""The bridge as users run it: `python -m ocpp16 bridge` in a process of its own, killed at will."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy

from tests.ports import free_ports

ROOT = Path(__file__).parents[3]
ZYGOTE = ("-m", "tests.bridge.proof.zygote")
PATIENCE = 60
QUICK = {
    "OCPP16_BRIDGE_RETRY_INTERVAL": "0.1",
    "OCPP16_BRIDGE_UPSTREAM_TIMEOUT": "1",
    "OCPP16_BRIDGE_CALL_TIMEOUT": "1",
    "OCPP16_BRIDGE_RECONNECTS_PER_SECOND": "1000",
    "OCPP16_BRIDGE_DRAIN_TIMEOUT": "5",
    "OCPP16_BRIDGE_PROTOCOL_RECONNECT_WAIT": "0.05",
    "OCPP16_BRIDGE_PROTOCOL_RECONNECT_BOUND": "0.2",
    "OCPP16_BRIDGE_PROTOCOL_HANDSHAKE_TIMEOUT": "2",
    "OCPP16_BRIDGE_PROTOCOL_SOAP_BODY_TIMEOUT": "2",
    "OCPP16_BRIDGE_PROTOCOL_HANDLER_TIMEOUT": "3",
}
"""Waits that suit a test; what they are in the field changes how long things take, not what."""


class BridgeProcess:
    """A bridge at one port with one store, started as often as one likes.

    Args:
        store: URL of its store.
        upstream: URL of the backend.
        folder: Where its log goes.
        options: Further flags.
        program: What starts it.
        environment: Further environment variables.
    """

    def __init__(
        self,
        store: str,
        upstream: str,
        folder: Path,
        *,
        options: Sequence[str] = (),
        program: Sequence[str] = ZYGOTE,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        (self.port,) = free_ports(1)
        self.log = folder / "bridge.log"
        self.starts = 0
        self._arguments = [
            "bridge", "--open",
            "--soap", f"127.0.0.1:{self.port}/ocpp", "--upstream", upstream, "--store", store,
            "--callback-allow", "127.0.0.0/8", *options,
        ]  # fmt: skip
        self._program = program
        self._environment = {**QUICK, **(environment or {})}
        self._store = store
        self._zygote: asyncio.subprocess.Process | None = None
        self._pid: int | None = None

    @property
    def url(self) -> str:
        """Where charge points send to."""
        return f"http://127.0.0.1:{self.port}/ocpp"

    async def start(self) -> None:
        """Start it, and return once it takes requests."""
        self.starts += 1
        zygote = self._zygote
        if zygote is None:
            zygote = self._zygote = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._program,
                cwd=ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        order = {
            "arguments": self._arguments,
            "environment": self._environment,
            "log": str(self.log),
        }
        assert zygote.stdin is not None
        zygote.stdin.write(f"{json.dumps(order)}\n".encode())
        self._pid = int(await self._line("pid "))
        await self._line("http://")

    async def kill(self) -> None:
        """Kill it, as nothing else ends a process."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Stop it gracefully, and return its exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        pid, self._pid = self._pid, None
        assert pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        return int(await self._line("exit "))

    async def _line(self, beginning: str) -> str:
        """Return what follows in the next line, that has to begin like this."""
        assert self._zygote is not None and self._zygote.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE):
                line = (await self._zygote.stdout.readline()).decode()
                # The URL of the metrics is of no interest here.
                while line.endswith("/metrics\n"):
                    line = (await self._zygote.stdout.readline()).decode()
        except TimeoutError:
            raise AssertionError(f"nothing instead of {beginning!r}:\n{self.tail()}") from None
        if not line.startswith(beginning):
            raise AssertionError(f"{line!r} instead of {beginning!r}:\n{self.tail()}")
        return line.removeprefix(beginning)

    async def close(self) -> None:
        """End whatever runs."""
        if self._pid is not None:
            await self.kill()
        zygote, self._zygote = self._zygote, None
        if zygote is not None:
            assert zygote.stdin is not None
            zygote.stdin.close()
            await zygote.wait()

    def given_up(self) -> list[tuple[str, Any]]:
        """Return action and payload of the dead letters and held messages, as the store has them.

        Read beside all our own code, so that it cannot hide a loss.
        """
        engine = sqlalchemy.create_engine(self._store)
        with engine.connect() as connection:
            rows = connection.execute(
                sqlalchemy.text(
                    "SELECT action, payload FROM bridge_message WHERE state IN ('dead', 'held')"
                )
            ).all()
        engine.dispose()
        return [(action, json.loads(bytes(payload))) for action, payload in rows]

    def tail(self, lines: int = 40) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text().splitlines()[-lines:])
