"""The examples of web frameworks: each in a process of its own, as a user starts it.

Charge points of both wires connect, and the framework's own page sees and calls them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.parties import BOOT, HEARTBEAT, make_station, run

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "frameworks"
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.interop
SECONDS = 60.0


@asynccontextmanager
async def process(*command: str, hands_over: Sequence[int] = ()) -> AsyncIterator[None]:
    """Run a command of the examples' folder; at the end it has to stop by itself on Ctrl-C."""
    path = os.pathsep.join([str(EXAMPLES), str(ROOT)])
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        cwd=EXAMPLES,
        env={**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "default"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        pass_fds=hands_over,
    )
    said = b""
    try:
        yield
        assert running.returncode is None, "it has ended by itself"
        running.send_signal(signal.SIGINT)
        async with asyncio.timeout(SECONDS):
            said, _ = await running.communicate()
    finally:
        if running.returncode is None:
            running.kill()
            said, _ = await running.communicate()
            print(said.decode())
    assert b"Traceback" not in said, said.decode()


def listening() -> socket.socket:
    """Return a socket that takes connections already, so that nobody has to wait for a server."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    listener.set_inheritable(True)
    return listener


async def serves_both(page: str, json: str, soap: str) -> None:
    """Play a charge point on each wire, and reset both by the framework's page."""
    one, two = make_station(identity="ONE"), make_station(identity="TWO")
    async with (
        one.connect(json, boot=BOOT, attempts=None) as by_json,
        two.connect(soap, listen="http://127.0.0.1:0/", boot=BOOT, attempts=None) as by_soap,
        httpx.AsyncClient(
            base_url=page, timeout=SECONDS, transport=httpx.AsyncHTTPTransport(retries=6)
        ) as client,
    ):
        await by_json.accepted()
        await by_soap.accepted()
        for backend in (by_json, by_soap):
            assert (await backend.call(HEARTBEAT)).current_time.year >= 2026
        seen = (await client.get("/charge-points")).json()
        assert seen == {"ONE": "ocppj", "TWO": "ocpps"}
        for identity in seen:
            answer = await client.post(f"/charge-points/{identity}/reset")
            assert (answer.status_code, answer.json()) == (200, {"status": "Accepted"})
        absent = await client.post("/charge-points/THREE/reset")
        assert absent.status_code == 404
        assert "THREE is not connected" in absent.text


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
@pytest.mark.parametrize("framework", ["starlette", "fastapi", "django"])
def test_mounted(framework: str, server: str) -> None:
    pytest.importorskip(framework)
    pytest.importorskip(server)

    async def main() -> None:
        with listening() as listener:
            port, number = listener.getsockname()[1], str(listener.fileno())
            options = {
                "uvicorn": ["--fd", number, "--ws-per-message-deflate", "false"],
                "hypercorn": ["--bind", f"fd://{number}"],
            }[server]
            command = ["-m", server, *options, f"{framework}_app:app"]
            async with process(*command, hands_over=[listener.fileno()]):
                place = f"127.0.0.1:{port}"
                await serves_both(f"http://{place}", f"ws://{place}/ocpp", f"http://{place}/ocpp")

    run(main)


def test_beside_aiohttp() -> None:
    pytest.importorskip("aiohttp")

    async def main() -> None:
        listeners = [listening() for _ in range(3)]
        page, json, soap = (each.getsockname()[1] for each in listeners)
        for each in listeners:
            each.close()
        urls = f"ws://127.0.0.1:{json}/ocpp", f"http://127.0.0.1:{soap}/ocpp"
        options = ["--port", str(page), "--json", urls[0], "--soap", urls[1]]
        async with process("aiohttp_app.py", *options):
            await serves_both(f"http://127.0.0.1:{page}", *urls)

    run(main)
