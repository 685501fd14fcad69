"""OCPP-J in somebody else's ASGI server, which is played here."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from ocpp16 import CentralSystem
from ocpp16.messages import HeartbeatRequest, HeartbeatResponse
from ocpp16.roles.event import Refused
from ocpp16.roles.peer import Peer
from ocpp16.settings import Settings
from ocpp16.storage import MemoryRegistrations, Registration
from tests.parties import PULSE, drained, make_central, run

BEAT = {"type": "websocket.receive", "text": '[2,"1","Heartbeat",{}]'}


class Socket:
    """One WebSocket, from the server's side."""

    def __init__(self, path: str = "/ocpp/CP1") -> None:
        self.scope: dict[str, Any] = {
            "type": "websocket",
            "path": path,
            "headers": [],
            "subprotocols": ["ocpp1.6"],
            "client": ("10.0.0.1", 5),
            "extensions": {"websocket.http.response": {}},
        }
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heard.put_nowait({"type": "websocket.connect"})
        self.said: list[Any] = []

    async def send(self, message: Any) -> None:
        self.said.append(message)
        await asyncio.sleep(0)


async def serve(central: CentralSystem, socket: Socket, *messages: dict[str, Any]) -> None:
    async with central:
        app = central.asgi(soap=None)
        serving = asyncio.create_task(app(socket.scope, socket.heard.get, socket.send))
        for message in (*messages, {"type": "websocket.disconnect", "code": 1000}):
            for _ in range(50):
                await asyncio.sleep(0)
            socket.heard.put_nowait(message)
        await serving


def test_frames_go_both_ways_once_the_upgrade_is_accepted() -> None:
    async def main() -> None:
        socket = Socket()
        await serve(make_central(settings=Settings(unsent_limit=1)), socket, BEAT, BEAT)
        assert socket.said[0] == {"type": "websocket.accept", "subprotocol": "ocpp1.6"}
        assert [json.loads(each["text"])[:2] for each in socket.said[1:]] == [[3, "1"]] * 2

    run(main)


def test_what_fails_before_the_upgrade_is_told_in_http(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(MemoryRegistrations):
        def find(self, identity: str) -> Registration | None:
            raise OSError("disk")

    async def main() -> None:
        socket = Socket()
        await serve(make_central(registrations=Broken()), socket)
        assert socket.said[0]["type"] == "websocket.http.response.start"
        assert socket.said[0]["status"] == 500

    run(main)


def test_a_wrong_path_is_told_as_such() -> None:
    async def main() -> None:
        central = make_central()
        stream = central.events()
        socket = Socket("/elsewhere/CP1")
        await serve(central, socket)
        assert socket.said[0]["status"] == 404
        (event,) = await drained(stream)
        assert isinstance(event, Refused)
        assert event.identity is None
        assert str(event.url).endswith("/elsewhere/CP1")

    run(main)


def test_a_handler_that_is_no_coroutine_function_runs_in_a_thread_of_the_role() -> None:
    async def main() -> None:
        central = CentralSystem(settings=Settings(handler_threads=1))
        names: list[str] = []

        @central.on(HeartbeatRequest)
        def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
            names.append(threading.current_thread().name)
            return PULSE

        socket = Socket()
        async with central:
            app = central.asgi(soap=None)
            serving = asyncio.create_task(app(socket.scope, socket.heard.get, socket.send))
            socket.heard.put_nowait(BEAT)
            while len(socket.said) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.002)
            socket.heard.put_nowait({"type": "websocket.disconnect", "code": 1000})
            await serving
        assert names == ["ocpp16-handler"]

    run(main)
