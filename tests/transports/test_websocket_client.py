"""What our charge point does with central systems of all sorts, over real sockets."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from hashlib import sha1

import pytest

from ocpp16.errors import ConnectionRefused, SessionClosed
from ocpp16.roles.event import Disconnected
from ocpp16.settings import Settings
from ocpp16.testing import HandClock
from ocpp16.transports.system_clock import SystemClock
from ocpp16.transports.websocket_client import dial
from tests.parties import HEARTBEAT, drained, make_station, run, until
from tests.transports.raw_socket import BINARY, CLOSE, PING, TEXT, frame

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter, str], Awaitable[None]]


@asynccontextmanager
async def central(talk: Talk) -> AsyncIterator[str]:
    """A server that reads the request and then does as it likes; gives its URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            await talk(reader, writer, request)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp"


def accept(request: str, subprotocol: str | None = "ocpp1.6", more: str = "") -> bytes:
    """Return the response that lets a client in."""
    key = request.split("Sec-WebSocket-Key: ")[1].split("\r\n", maxsplit=1)[0]
    digest = sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}",
    ]
    if subprotocol is not None:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    return ("\r\n".join(lines) + f"\r\n{more}\r\n").encode()


async def until_close(reader: asyncio.StreamReader) -> None:
    """Read until the client's close frame."""
    while (await reader.read(65536))[:1] not in {b"", bytes([0x80 | CLOSE])}:
        pass


async def refusal(talk: Talk) -> ConnectionRefused:
    async with central(talk) as url:
        with pytest.raises(ConnectionRefused) as caught:
            async with make_station().connect(url):
                pass
    return caught.value


def answering(response: str) -> Talk:
    async def talk(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str
    ) -> None:
        writer.write(response.encode())
        await writer.drain()

    return talk


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("404 Not Found", 404),
        ("401 Unauthorized", 401),
        ("503 Busy", 503),
        ("302 Found\r\nLocation: ws://127.0.0.1:1/", 302),
        ("200 OK", 200),
        ("599 ?", 599),
    ],
)
def test_a_central_system_that_refuses_is_told_with_its_status(line: str, status: int) -> None:
    async def main() -> None:
        error = await refusal(answering(f"HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n"))
        assert error.status == status
        assert f"HTTP {status}" in str(error)

    run(main)


def test_a_refusal_that_ends_with_the_connection_is_told_too() -> None:
    async def main() -> None:
        error = await refusal(answering("HTTP/1.1 404 Not Found\r\n\r\nno such charger"))
        assert error.status == 404

    run(main)


@pytest.mark.parametrize(
    "response",
    [
        "hello\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 99999999\r\n\r\n",
    ],
)
def test_a_handshake_that_is_none_is_refused(response: str) -> None:
    async def main() -> None:
        assert (await refusal(answering(response))).status is None

    run(main)


@pytest.mark.parametrize("offered", [None, "ocpp2.0.1", "OCPP1.6"])
def test_a_server_without_ocpp16_is_left(offered: str | None) -> None:
    async def main() -> None:
        seen: list[bytes] = []

        async def talk(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str
        ) -> None:
            writer.write(accept(request, offered))
            seen.append(await reader.read(100))

        error = await refusal(talk)
        if offered is None:
            assert "does not speak ocpp1.6" in str(error)
            await until(lambda: seen)
            assert seen[0][0] == 0x80 | CLOSE

    run(main)


def closing(code: int, reason: str) -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big") + reason.encode(), masked=False)


def test_a_server_without_ocpp16_that_closes_at_once_is_told_from_others() -> None:
    async def main() -> None:
        async def talk(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str
        ) -> None:
            writer.write(accept(request, None) + closing(1002, "subprotocol"))

        error = await refusal(talk)
        assert "does not speak ocpp1.6" in str(error)

    run(main)


def test_a_server_that_lets_in_and_closes_at_once_is_heard() -> None:
    async def main() -> None:
        async def talk(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str
        ) -> None:
            writer.write(accept(request) + closing(1008, "not you"))

        async with central(talk) as url:
            station = make_station()
            stream = station.events()
            async with station.connect(url, reconnect=False) as backend:
                await until(lambda: not backend.is_connected)
                with pytest.raises(SessionClosed, match=r"closed by the peer: 1008 .* not you"):
                    await backend.call(HEARTBEAT)
            (lost,) = [each for each in await drained(stream) if isinstance(each, Disconnected)]
            assert "1008" in lost.reason

    run(main)


def test_a_server_that_answers_no_pings_is_left() -> None:
    async def main() -> None:
        pings: list[int] = []

        async def talk(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str
        ) -> None:
            writer.write(accept(request))
            while data := await reader.read(1000):
                pings.append(data[0] & 0x0F)

        async with central(talk) as url:
            settings = Settings(client_ping_interval=timedelta(seconds=0.05))
            station = make_station(settings=settings)
            async with station.connect(url, reconnect=False) as backend:
                await until(lambda: not backend.is_connected)
                with pytest.raises(SessionClosed, match="pings stay unanswered"):
                    await backend.call(HEARTBEAT)
            assert pings[:2] == [PING, PING]

    run(main)


def test_the_request_names_identity_subprotocol_user_and_software() -> None:
    async def main() -> None:
        requests: list[str] = []

        async def talk(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str
        ) -> None:
            requests.append(request)
            writer.write(accept(request))
            await until_close(reader)

        async with central(talk) as url:
            station = make_station(identity="a/b 車")
            with_user = url.replace("ws://", "ws://AL%201000:p%40ss@")
            async with station.connect(with_user + "?x=1") as backend:
                assert backend.info.url == f"{url}/a%2Fb%20%E8%BB%8A"
                assert "p%40ss" not in repr(backend.info)
        (request,) = requests
        lines = request.split("\r\n")
        assert lines[0] == "GET /ocpp/a%2Fb%20%E8%BB%8A?x=1 HTTP/1.1"
        assert "Sec-WebSocket-Protocol: ocpp1.6" in lines
        credentials = base64.b64encode(b"AL 1000:p@ss").decode()
        assert f"Authorization: Basic {credentials}" in lines
        assert any(line.startswith("User-Agent: ocpp16/") for line in lines)
        assert "Sec-WebSocket-Extensions" not in request

    run(main)


def test_a_server_that_cannot_be_reached_is_told() -> None:
    async def main() -> None:
        async with central(answering("")) as url:
            pass
        with pytest.raises(SessionClosed, match="cannot be reached"):
            async with make_station().connect(url):
                pass

    run(main)


def test_a_server_that_cuts_the_handshake_is_told() -> None:
    async def main() -> None:
        async with central(answering("HTTP/1.1 101 Switch")) as url:
            with pytest.raises((SessionClosed, ConnectionRefused)):
                async with make_station().connect(url):
                    pass

    run(main)


def test_a_server_that_does_not_answer_costs_ten_seconds() -> None:
    async def main() -> None:
        clock = HandClock()
        asked = asyncio.Event()

        async def talk(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str
        ) -> None:
            asked.set()
            await reader.read()

        async with central(talk) as url:

            async def enter() -> None:
                async with make_station(clock).connect(url):
                    pass

            entering = asyncio.create_task(enter())
            await asked.wait()
            await clock.advance(9.9)
            assert not entering.done()
            await clock.advance(0.2)
            with pytest.raises(SessionClosed, match="did not answer in time"):
                await entering

    run(main)


def test_a_frame_that_comes_with_the_handshake_is_not_lost() -> None:
    async def main() -> None:
        answers: list[bytes] = []

        async def talk(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str
        ) -> None:
            call = frame(TEXT, b'[2,"1","Reset",{"type":"Soft"}]', masked=False)
            writer.write(accept(request) + call)
            answers.append(await reader.read(1000))
            await until_close(reader)

        async with central(talk) as url, make_station().connect(url):
            await until(lambda: answers)
        assert answers[0][0] == 0x80 | TEXT
        assert answers[0][1] & 0x80

    run(main)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (frame(BINARY, b"[]", masked=False), "OCPP-J messages are text"),
        (frame(TEXT, b"\xff", masked=False), "not UTF-8"),
        (frame(TEXT, b"x" * 200_000, masked=False), "1009"),
        (frame(TEXT, b"[]", masked=True), "1002"),
        (frame(CLOSE, b"\x03\xe9soon", masked=False), "1001 .* soon"),
        (b"", "the connection was cut"),
    ],
)
def test_a_server_that_breaks_rules_or_leaves_fails_calls_at_once(sent: bytes, reason: str) -> None:
    async def main() -> None:
        async def talk(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str
        ) -> None:
            writer.write(accept(request))
            await reader.read(1)
            if sent:
                # It says no more, and does not close the TCP connection.
                writer.write(sent)
                await failed.wait()

        failed = asyncio.Event()
        async with central(talk) as url:
            station = make_station()
            async with station.connect(url, reconnect=False) as backend, asyncio.timeout(1):
                with pytest.raises(SessionClosed, match=reason):
                    await backend.call(HEARTBEAT)
                failed.set()

    run(main)


def test_a_dial_can_be_cancelled() -> None:
    async def main() -> None:
        asked, gone = asyncio.Event(), asyncio.Event()

        async def talk(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str
        ) -> None:
            asked.set()
            await reader.read()
            gone.set()

        async with central(talk) as url:
            dialling = asyncio.create_task(
                dial(url, "CP1", settings=Settings(), clock=SystemClock())
            )
            await asked.wait()
            dialling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await dialling
            await asyncio.wait_for(gone.wait(), 5)

    run(main)


def test_a_server_that_does_not_read_is_left_at_the_limit() -> None:
    async def main() -> None:
        async def talk(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str
        ) -> None:
            writer.write(accept(request))
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            # Each is answered, and the answer repeats the long id.
            call = frame(TEXT, b'[2,"' + b"x" * 250 + b'","Reset",{}]', masked=False)
            while not writer.is_closing():
                writer.write(call * 100)
                await writer.drain()

        async with central(talk) as url:
            station = make_station(settings=Settings(unsent_limit=50_000))
            async with station.connect(url, reconnect=False) as backend:
                await until(lambda: not backend.is_connected)
                with pytest.raises(SessionClosed, match="does not read"):
                    await backend.call(HEARTBEAT)

    run(main)


def test_websockets_own_log_stays_silent(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        caplog.set_level(logging.DEBUG)
        logging.getLogger("websockets.client").setLevel(logging.DEBUG)
        url = "ws://CP1:secret-key@127.0.0.1:1/ocpp"
        with pytest.raises(SessionClosed):
            async with make_station().connect(url):
                pass

        async def talk(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str
        ) -> None:
            writer.write(accept(request))
            await until_close(reader)

        async with (
            central(talk) as plain,
            make_station().connect(plain.replace("ws://", "ws://CP1:secret-key@")),
        ):
            pass
        assert "secret-key" not in caplog.text

    run(main)


@pytest.mark.parametrize("url", ["ws://", "ws://host:x/", "ws://user@host/"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match=r"."):
            async with make_station().connect(url):
                pass

    run(main)
