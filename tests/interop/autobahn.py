"""Autobahn's test suite of WebSocket, and both ends of our transport as the echoes that it tests.

The suite needs Python 2.7. It sends messages back and forth and does not care what is in them, so
the ends are `WebSocketListener` and `dial` with a receiver that sends back what it got: the same
code that OCPP-J runs on, without a session on top.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import attrs

from ocpp16.envelope import PeerInfo
from ocpp16.errors import OcppError
from ocpp16.security.admission import Handshake
from ocpp16.session.event import Exchange
from ocpp16.settings import Settings
from ocpp16.transports.connection import Connection
from ocpp16.transports.system_clock import SystemClock
from ocpp16.transports.watch import unwatched
from ocpp16.transports.websocket_client import dial
from ocpp16.transports.websocket_server import WebSocketListener

SETTINGS: Final = Settings(message_limit=16 * 1024 * 1024, unsent_limit=64 * 1024 * 1024)
"""The suite has messages up to 16 MiB; the limits themselves are tested elsewhere."""

DECIDED_OTHERWISE: Final = {
    "1.2.*": "binary messages are closed with 1003: a message of OCPP-J is text",
    "9.2.*": "binary, likewise",
    "9.4.*": "binary, likewise",
    "9.6.*": "binary, likewise",
    "9.8.*": "binary, likewise",
    "12.*": "compression is not negotiated: it would cost memory on every connection",
    "13.*": "compression, likewise",
}
"""Cases that are left out because the library does on purpose what they do not expect."""
NOT_STRICT: Final = {
    "3.2": "a message that comes in one packet with a broken frame is not answered any more",
    "3.3": "likewise",
    "3.4": "likewise",
    "4.1.3": "likewise",
    "4.1.4": "likewise",
    "4.2.3": "likewise",
    "4.1.5": "likewise",
    "4.2.4": "likewise",
    "4.2.5": "likewise",
    "5.15": "likewise",
    "6.4.1": "that a text is not UTF-8 is told at the end of the message, not within",
    "6.4.2": "likewise",
    "6.4.3": "likewise",
    "6.4.4": "likewise",
}
"""Cases that the suite judges right, though not as strict as could be."""

SPEAKS_OCPP: Final = """
from autobahntestsuite import fuzzing, wstest

shake_hands = fuzzing.FuzzingServerProtocol.onConnect

def on_connect(self, request):
    shake_hands(self, request)
    return "ocpp1.6"

fuzzing.FuzzingServerProtocol.onConnect = on_connect
wstest.run()
"""
"""The suite, as a server that takes our subprotocol: of itself it takes none, and J 3.2 has our
client leave then."""


@attrs.frozen
class Suite:
    """An installed suite, and where it works."""

    python: Path
    folder: Path

    def start(self, mode: str, spec: dict[str, Any]) -> subprocess.Popen[bytes]:
        """Run it in one of its modes."""
        path = self.folder / f"{mode}.json"
        full = {
            "outdir": str(self.folder / mode),
            "cases": ["*"],
            "exclude-cases": [*DECIDED_OTHERWISE],
        }
        path.write_text(json.dumps(full | spec))
        command = [str(self.python), "-u", "-c", SPEAKS_OCPP, "-m", mode, "-s", str(path)]
        log = (self.folder / f"{mode}.log").open("wb")
        with log:
            return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder)

    def log(self, mode: str) -> str:
        """Return the end of what it said."""
        return (self.folder / f"{mode}.log").read_text(errors="replace")[-2000:]

    def verdicts(self, mode: str) -> dict[str, tuple[str, str]]:
        """Return for each case how messages, and the close, were judged."""
        (cases,) = json.loads((self.folder / mode / "index.json").read_text()).values()
        return {case: (each["behavior"], each["behaviorClose"]) for case, each in cases.items()}


class NoSuiteError(Exception):
    """It cannot be installed, and why."""


def install(folder: Path) -> Suite:
    """Install the suite into a folder.

    Raises:
        NoSuiteError: It cannot be.
    """
    given = os.environ.get("OCPP16_AUTOBAHN_PYTHON")
    if given:
        return Suite(Path(given), folder)
    old = _python27()
    if old is None:
        raise NoSuiteError("there is no Python 2.7, neither on the PATH nor of pyenv")
    python = shutil.which("python3") or "python3"
    try:
        _run(python, "-m", "venv", folder / "new")
        # The last one that can make environments of Python 2.7.
        _run(folder / "new/bin/pip", "install", "--quiet", "virtualenv<20.22")
        _run(folder / "new/bin/virtualenv", "--quiet", "-p", old, folder / "old")
        _run(folder / "old/bin/pip", "install", "--quiet", "autobahntestsuite")
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or b""
        raise NoSuiteError(f"it cannot be installed: {error} {said[-300:]!r}") from None
    return Suite(folder / "old/bin/python", folder)


def _python27() -> Path | None:
    found = shutil.which("python2.7")
    # What pyenv puts on the PATH is there whether the version is in use or not.
    if found is not None and "shims" not in found:
        return Path(found)
    if shutil.which("pyenv") is None:
        return None
    root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=True).stdout
    return next(iter(sorted(Path(root.strip()).glob("versions/2.7*/bin/python"))), None)


def _run(*command: str | Path) -> None:
    subprocess.run(command, capture_output=True, check=True, timeout=600)


class Echo:
    """Sends back every message."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.is_lost = asyncio.Event()

    def frame_received(self, frame: bytes, exchange: Exchange | None = None) -> None:
        """Send it back."""
        self._connection.send(frame)

    def exchange_failed(self, exchange: Exchange, error: OcppError) -> None:
        """Never called: a WebSocket has no exchanges."""
        raise AssertionError(error)

    def connection_lost(self, reason: str) -> None:
        """Take it that the connection has ended."""
        self.is_lost.set()


@asynccontextmanager
async def echo_server() -> AsyncIterator[str]:
    """Serve; give the URL of a charge point."""

    async def admit(handshake: Handshake) -> PeerInfo:
        return handshake.admit()

    def welcome(connection: Connection) -> None:
        connection.start(Echo(connection))

    listener = WebSocketListener(
        "ws://127.0.0.1:0/ocpp",
        admission=admit,
        welcome=welcome,
        watch=unwatched,
        settings=SETTINGS,
        clock=SystemClock(),
    )
    await listener.start()
    try:
        yield f"{listener.url}/CP1"
    finally:
        listener.stop()
        await listener.wait_closed()


async def echo_to(place: str, identity: str) -> None:
    """Connect as a client and send everything back until the server has had enough.

    Args:
        place: The endpoint, with a query where the suite needs one.
        identity: The last segment of the path: to the suite, what is to be done.
    """
    connection = await dial(place, identity, settings=SETTINGS, clock=SystemClock())
    echo = Echo(connection)
    connection.start(echo)
    await echo.is_lost.wait()
    await connection.wait_closed()


async def ask(place: str, identity: str) -> str:
    """Connect as a client and return the one message that comes."""
    connection = await dial(place, identity, settings=SETTINGS, clock=SystemClock())
    messages: list[bytes] = []

    class _Note(Echo):
        def frame_received(self, frame: bytes, exchange: Exchange | None = None) -> None:
            messages.append(frame)

    note = _Note(connection)
    connection.start(note)
    await note.is_lost.wait()
    await connection.wait_closed()
    (message,) = messages
    return message.decode()
