"""The examples of web frameworks: each in a process of its own, as a user starts it.

Charge points of both wires connect, and the framework's own page sees and calls them.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.parties import BOOT, HEARTBEAT, make_station, run
from tests.ports import free_ports

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "frameworks"
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "howto" / "frameworks.md"
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


def options_of_the_page(server: str, folder: Path) -> list[str]:
    """Return what the page tells one to tell a server: options, and a file of settings."""
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    column = [cell.strip() for cell in rows[0]].index(server)
    codes = [code for row in rows for code in re.findall("`([^`]+)`", row[column])]
    (folder / "settings.toml").write_text("".join(f"{code}\n" for code in codes if " = " in code))
    options = [code.replace("FILE", str(folder / "settings.toml")) for code in codes]
    return [word for each in options if each.startswith("--") for word in each.split()]


@pytest.mark.parametrize(
    ("server", "options", "settings"),
    [
        (
            "uvicorn",
            [
                *("--ws-max-size", "131072", "--ws-per-message-deflate", "false"),
                *("--ws-ping-interval", "20", "--ws-ping-timeout", "40"),
            ],
            "",
        ),
        (
            "hypercorn",
            ["--config", "settings.toml", "--websocket-ping-interval", "20"],
            "websocket_max_message_size = 131072\n",
        ),
    ],
)
def test_servers_know_the_options_of_the_page(
    server: str, options: list[str], settings: str, tmp_path: Path
) -> None:
    pytest.importorskip(server)
    told = options_of_the_page(server, tmp_path)
    assert [word.replace(f"{tmp_path}{os.sep}", "") for word in told] == options
    assert (tmp_path / "settings.toml").read_text() == settings
    known = subprocess.run(
        [sys.executable, "-m", server, "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert not [word for word in options if word.startswith("--") and word not in known]


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
@pytest.mark.parametrize("framework", ["starlette", "fastapi", "django"])
def test_mounted(framework: str, server: str, tmp_path: Path) -> None:
    pytest.importorskip(framework)
    pytest.importorskip(server)

    async def main() -> None:
        with listening() as listener:
            port, number = listener.getsockname()[1], str(listener.fileno())
            place = {"uvicorn": ["--fd", number], "hypercorn": ["--bind", f"fd://{number}"]}
            told = options_of_the_page(server, tmp_path)
            if server == "hypercorn":
                # A task of hypercorn 0.18 sleeps out the interval after its WebSocket has closed; a
                # stop meanwhile prints the trace of its cancellation, which is not ours.
                told = told[: told.index("--websocket-ping-interval")]
            options = [*place[server], *told]
            command = ["-m", server, *options, f"{framework}_app:app"]
            async with process(*command, hands_over=[listener.fileno()]):
                address = f"127.0.0.1:{port}"
                await serves_both(
                    f"http://{address}", f"ws://{address}/ocpp", f"http://{address}/ocpp"
                )

    run(main)


def test_beside_aiohttp() -> None:
    pytest.importorskip("aiohttp")

    async def main() -> None:
        page, json, soap = free_ports(3)
        urls = f"ws://127.0.0.1:{json}/ocpp", f"http://127.0.0.1:{soap}/ocpp"
        options = ["--port", str(page), "--json", urls[0], "--soap", urls[1]]
        async with process("aiohttp_app.py", *options):
            await serves_both(f"http://127.0.0.1:{page}", *urls)

    run(main)
