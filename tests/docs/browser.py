"""A headless Chromium, steered by its DevTools protocol over one WebSocket.

Opens pages and tells what they did: errors on the console, requests, how wide they are. It can
reach this machine only: whatever a page wants from elsewhere fails.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PATIENCE = 60.0
"""Seconds; a busy machine is slow to start a browser."""
NAMES = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    """Return where a Chromium is, None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class BrowserFailed(Exception):
    """The browser did not do what it was told."""


class Page:
    """One tab."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self._loaded = False
        self.errors: list[str] = []
        """What was told as an error since the last `open`."""
        self.requests: list[str] = []
        """URLs that were asked for since the last `open`."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Go to a page, and wait until all of it is there."""
        self._loaded = False
        self.errors.clear()
        self.requests.clear()
        self._call("Page.navigate", url=url)
        while not self._loaded:
            self._take(self._receive())

    def resize(self, width: int, height: int = 900) -> None:
        """Give the page another size."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression of JavaScript; a promise is waited for."""
        result = self._call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in result:
            raise BrowserFailed(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def _call(self, method: str, **parameters: object) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = self._receive()
            if message.get("id") == self._number:
                if "error" in message:
                    raise BrowserFailed(f"{method}: {message['error']}")
                return message["result"]
            self._take(message)

    def _receive(self) -> Any:
        return json.loads(self._socket.recv(timeout=PATIENCE))

    def _take(self, message: Any) -> None:
        told = message.get("params", {})
        match message.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Runtime.exceptionThrown":
                self.errors.append(str(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if told["type"] in {"error", "assert"}:
                self.errors.append(str(told["args"]))
            case "Log.entryAdded" if told["entry"]["level"] == "error":
                self.errors.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])


@contextmanager
def running(path: str, folder: Path) -> Iterator[Page]:
    """Start a browser; its only tab is the page."""
    process = subprocess.Popen(
        [
            path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-extensions", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "--remote-debugging-port=0", "--remote-allow-origins=*",
            f"--user-data-dir={folder}", "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        address = _address(process, folder / "DevToolsActivePort")
        # A ping takes its number from `random`, in a thread: other tests watch what they draw.
        with connect(address, max_size=None, open_timeout=PATIENCE, ping_interval=None) as socket:
            yield Page(socket)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _address(process: subprocess.Popen[bytes], told: Path) -> str:
    """Return the URL of the first tab, once the browser has told where it listens."""
    ends = time.monotonic() + PATIENCE
    while True:
        lines = told.read_text().splitlines() if told.exists() else []
        if len(lines) == 2:
            break
        if process.poll() is not None or time.monotonic() > ends:
            raise BrowserFailed("the browser did not start")
        # It tells by writing a file: there is nothing to wait for but the file.
        time.sleep(0.05)
    with connect(f"ws://127.0.0.1:{lines[0]}{lines[1]}", open_timeout=PATIENCE) as socket:
        while True:
            socket.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
            answer = json.loads(socket.recv(timeout=PATIENCE))
            for target in answer["result"]["targetInfos"]:
                if target["type"] == "page":
                    return f"ws://127.0.0.1:{lines[0]}/devtools/page/{target['targetId']}"
            if time.monotonic() > ends:
                raise BrowserFailed("the browser opened no tab")
            time.sleep(0.05)
