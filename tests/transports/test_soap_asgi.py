"""`central.asgi()`: both stacks in somebody else's server, and called directly."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

import httpx
import uvicorn

from ocpp16 import CentralSystem
from ocpp16.errors import ConnectionRefused
from ocpp16.roles.asgi import AsgiApp
from ocpp16.settings import Settings
from ocpp16.testing import HandClock
from tests.parties import (
    BOOT,
    HEARTBEAT,
    PULSE,
    RESET,
    RESET_DONE,
    make_central,
    make_station,
    run,
    until,
)
from tests.transports.raw_socket import BINARY, CLOSE, TEXT, RawSocket
from tests.transports.soap_post import LOCAL, envelope, fault, post

BEAT = '[2,"1","Heartbeat",{}]'
PULSED = '[3,"1",{"currentTime":"2026-01-01T12:00:00Z"}]'


@asynccontextmanager
async def running(app: Any, **options: Any) -> AsyncIterator[str]:
    """Run an application under a plain uvicorn; give `host:port`."""
    options.setdefault("lifespan", "off")
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=3, **options)
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    # As `serve` does, without taking over the signals of the test run.
    task = asyncio.ensure_future(server._serve([listening]))
    await until(lambda: server.started or task.done())
    if task.done():
        task.result()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def speaks_both(place: str, central: CentralSystem) -> None:
    one, two = make_station(identity="ONE"), make_station(identity="TWO/ü")
    async with (
        one.connect(f"http://{place}/ocpp", listen="http://127.0.0.1:0/") as backend_one,
        two.connect(f"ws://{place}/ocpp", boot=BOOT) as backend_two,
    ):
        for backend in (backend_one, backend_two):
            assert await backend.call(HEARTBEAT) == PULSE
        for name in ("ONE", "TWO/ü"):
            peer = await central.wait_for(name, timeout=5)
            assert await peer.call(RESET) == RESET_DONE
        assert {each.binding for each in central.peers.values()} == {"ocpps", "ocppj"}


def test_both_stacks_under_uvicorn() -> None:
    async def main() -> None:
        central = make_central(settings=LOCAL)
        async with central, running(central.asgi()) as place:
            await speaks_both(place, central)
            async with httpx.AsyncClient(trust_env=False) as client:
                answer = await client.get(f"http://{place}/ocpp?wsdl")
                assert f'location="http://{place}/ocpp"' in answer.text
                assert (await client.get(f"http://{place}/")).status_code == 404

    run(main)


def test_mounted_in_starlette_below_a_prefix() -> None:
    pytest.importorskip("starlette")
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route

    async def main() -> None:
        central = make_central(settings=LOCAL)

        async def page(request: Any) -> PlainTextResponse:
            return PlainTextResponse("theirs")

        app = Starlette(routes=[Route("/", page), Mount("/api/v1", app=central.asgi())])
        async with central, running(app) as place:
            await speaks_both(f"{place}/api/v1", central)
            async with httpx.AsyncClient(trust_env=False) as client:
                assert (await client.get(f"http://{place}/")).text == "theirs"
                answer = await client.get(f"http://{place}/api/v1/ocpp?wsdl")
                assert f'location="http://{place}/api/v1/ocpp"' in answer.text

    run(main)


def test_a_root_path_of_the_server() -> None:
    async def main() -> None:
        central = make_central(settings=LOCAL)
        async with central, running(central.asgi(), root_path="/behind") as place:
            await speaks_both(place, central)

    run(main)


def test_refusals_come_before_the_upgrade() -> None:
    async def main() -> None:
        central = make_central(known={"CP1"}, settings=LOCAL)
        async with central, running(central.asgi()) as place:
            with pytest.raises(ConnectionRefused) as caught:
                async with make_station(identity="CP2").connect(f"ws://{place}/ocpp"):
                    pass
            assert caught.value.status == 404
            with pytest.raises(ConnectionRefused) as caught:
                async with make_station().connect(f"ws://{place}/elsewhere"):
                    pass
            assert caught.value.status == 404
            answer = await post(f"http://{place}/ocpp", envelope(identity="CP2"))
            assert fault(answer)[:2] == (400, "SecurityError")
            async with await RawSocket.open(f"http://{place}") as socket:
                answered = await socket.ask("/ocpp/CP1", subprotocol="ocpp2.0.1")
                assert answered.status == 101
                assert "sec-websocket-protocol" not in answered.headers
                assert await socket.close_code() == 1002

    run(main)


def test_text_only_and_the_size_once_more() -> None:
    async def main() -> None:
        central = make_central(settings=LOCAL)
        async with central, running(central.asgi()) as place:
            url = f"http://{place}/ocpp/CP1"
            for opcode, payload, code in (
                (BINARY, BEAT.encode(), 1003),
                (TEXT, b'[2,"1","Heartbeat",{}' + b" " * 140_000 + b"]", 1009),
            ):
                async with await RawSocket.upgraded(url) as socket:
                    socket.send(opcode, payload)
                    assert await socket.close_code() == code
            async with await RawSocket.upgraded(url) as socket:
                socket.send(TEXT, BEAT.encode())
                assert await socket.text() == PULSED
                async with await RawSocket.upgraded(url) as newer:
                    assert await socket.close_code() == 1008
                    newer.send(TEXT, BEAT.encode())
                    assert await newer.text() == PULSED

    run(main)


def test_it_stops_with_the_central_system_and_starts_again() -> None:
    async def main() -> None:
        central = make_central(settings=LOCAL)
        app = central.asgi()
        async with running(app) as place:
            soap = f"http://{place}/ocpp"
            assert (await post(soap, envelope())).status_code == 503
            for _ in range(2):
                async with central:
                    assert (await post(soap, envelope())).status_code == 200
                    socket = await RawSocket.upgraded(f"{soap}/CP2")
                async with socket:
                    opcode, payload = await socket.receive()
                    assert (opcode, payload[:2]) == (CLOSE, b"\x03\xe9")
                assert not central.peers
            assert (await post(soap, envelope())).status_code == 503

    run(main)


def test_the_lifespan_of_a_server_starts_and_stops_it() -> None:
    async def main() -> None:
        central = make_central(settings=LOCAL)
        async with running(central.asgi(), lifespan="on") as place:
            await speaks_both(place, central)
        assert not central.peers

    run(main)


class Client:
    """An ASGI server's side of one WebSocket."""

    def __init__(self, app: AsgiApp, **scope: Any) -> None:
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.stuck = False
        self.scope = {
            "type": "websocket",
            "path": "/ocpp/CP1",
            "headers": [(b"host", b"x")],
            "subprotocols": ["ocpp1.6"],
            **scope,
        }
        self.task = asyncio.ensure_future(app(self.scope, self.received.get, self.send))
        self.received.put_nowait({"type": "websocket.connect"})

    async def send(self, message: Any) -> None:
        if self.stuck:
            await asyncio.Event().wait()
        self.sent.put_nowait(message)

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            return await self.sent.get()


def test_direct_calls() -> None:
    async def main() -> None:
        central = make_central(settings=LOCAL)
        async with central:
            app = central.asgi("/ocpp", None)
            client = Client(app)
            assert await client.next() == {"type": "websocket.accept", "subprotocol": "ocpp1.6"}
            client.received.put_nowait({"type": "websocket.receive", "text": BEAT})
            assert await client.next() == {"type": "websocket.send", "text": PULSED}
            assert central.peers["CP1"].info.address is None
            client.received.put_nowait({"type": "websocket.disconnect", "code": 1006})
            async with asyncio.timeout(5):
                await client.task
            assert not central.peers

            # Without the extension for a response there is only the server's own refusal.
            refused = Client(app, path="/ocpp/")
            assert await refused.next() == {"type": "websocket.close", "code": 1008}
            refused = Client(app, path="/", extensions={"websocket.http.response": {}})
            assert (await refused.next())["status"] == 404
            assert (await refused.next())["type"] == "websocket.http.response.body"

            other = Client(app, subprotocols=[])
            assert await other.next() == {"type": "websocket.accept"}
            assert (await other.next())["code"] == 1002
            with pytest.raises(ValueError, match="type 'ftp'"):
                await app({"type": "ftp"}, client.received.get, client.send)
            left = Client(app)
            left.received = asyncio.Queue()
            left.task.cancel()

            sent: list[Any] = []

            async def keep(message: Any) -> None:
                sent.append(message)

            http = {"type": "http", "method": "POST", "path": "/ocpp", "headers": []}
            await app(http, client.received.get, keep)
            assert sent[0]["status"] == 404
        with pytest.raises(ValueError, match="at least one path"):
            central.asgi(None, None)

    run(main)


@pytest.mark.parametrize(
    ("close", "told"),
    [
        (lambda peer: peer.close(1001, "bye"), "closed by us"),
        (lambda peer: None, "does not read"),
    ],
)
def test_a_peer_that_does_not_read_is_cut(close: Callable[[Any], object], told: str) -> None:
    async def main() -> None:
        clock = HandClock()
        central = make_central(settings=Settings(unsent_limit=200), clock=clock)
        async with central:
            client = Client(central.asgi("/ocpp", None))
            await client.next()
            peer = await central.wait_for("CP1")
            client.stuck = True
            for _ in range(6):
                client.received.put_nowait({"type": "websocket.receive", "text": BEAT})
                if told == "closed by us":
                    break
            await clock.settle()
            close(peer)
            await clock.advance(3)
            assert client.task.done()
            assert not peer.is_connected

    run(main)
