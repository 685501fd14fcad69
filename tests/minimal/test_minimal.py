"""Without any extra: the core and OCPP-J work. Run by itself, needs pytest and nothing else."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import ocpp16
from ocpp16 import CentralSystem, ChargePoint, messages

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def test_a_call_crosses_a_socket() -> None:
    central = CentralSystem()

    @central.on(messages.HeartbeatRequest)
    async def heartbeat(peer: Any, request: Any) -> messages.HeartbeatResponse:
        return messages.HeartbeatResponse(current_time=NOW)

    async def main() -> messages.HeartbeatResponse:
        async with (
            central.serve(json="ws://127.0.0.1:0/ocpp") as server,
            ChargePoint("CP1").connect(server.urls["json"]) as backend,
        ):
            return await backend.call(messages.HeartbeatRequest())

    assert asyncio.run(main()).current_time == NOW


def test_the_command_says_what_is_missing() -> None:
    if importlib.util.find_spec("typer"):
        return
    told = subprocess.run(
        [sys.executable, "-m", "ocpp16", "demo"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert "pip install 'ocpp16[cli]'" in told.stderr
    assert "Traceback" not in told.stderr


def test_the_package_says_its_version() -> None:
    assert ocpp16.__version__.count(".") == 2
