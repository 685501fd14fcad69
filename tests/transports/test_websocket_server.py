"""POLICY "Connections" and "Frames" over real sockets: what the central system does to clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from ocpp16 import CentralSystem
from ocpp16.envelope import PeerInfo
from ocpp16.errors import SessionClosed
from ocpp16.roles import event as told
from ocpp16.roles.server import Server
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.settings import Settings
from ocpp16.testing import HandClock
from tests.parties import (
    CLEAR_CACHE,
    ENDPOINT,
    HEARTBEAT,
    PULSE,
    RESET,
    RESET_DONE,
    drained,
    make_central,
    make_station,
    run,
    until,
)
from tests.transports.raw_socket import (
    BINARY,
    CLOSE,
    CONT,
    PING,
    PONG,
    TEXT,
    Answer,
    RawSocket,
    frame,
)

BEAT = b'[2,"1","Heartbeat",{}]'


@asynccontextmanager
async def serving(
    clock: HandClock | None = None, **options: Any
) -> AsyncIterator[tuple[CentralSystem, str]]:
    """Serve; give the central system and the URL of the charge point CP1."""
    settings = Settings(
        **{key: options.pop(key) for key in tuple(options) if hasattr(Settings(), key)}
    )
    central = make_central(settings=settings, clock=clock, **options)
    async with central.serve(json=ENDPOINT) as server:
        yield central, f"{server.urls.json}/CP1"


async def ask(url: str, target: str | None = None, **options: Any) -> Answer:
    async with await RawSocket.open(url) as socket:
        return await socket.ask(urlsplit(url).path if target is None else target, **options)


async def serves(url: str) -> bool:
    """Tell whether another charge point is served."""
    station = make_station(identity="CP2")
    async with station.connect(url.removesuffix("/CP1"), reconnect=False) as backend:
        return await backend.call(HEARTBEAT) == PULSE


# The handshake


def test_the_subprotocol_is_agreed() -> None:
    async def main() -> None:
        async with serving() as (_, url):
            for offered in ("ocpp1.6", "ocpp1.5, ocpp1.6", "ocpp1.6,ocpp2.0.1"):
                answer = await ask(url, subprotocol=offered)
                assert answer.status == 101
                assert answer.headers["sec-websocket-protocol"] == "ocpp1.6"

    run(main)


@pytest.mark.parametrize("offered", [None, "ocpp2.0.1", "OCPP1.6", "ocpp1.6x"])
def test_without_a_common_subprotocol_the_handshake_completes_and_the_server_closes(
    offered: str | None,
) -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.open(url) as socket:
            answer = await socket.ask(urlsplit(url).path, subprotocol=offered)
            assert answer.status == 101
            assert "sec-websocket-protocol" not in answer.headers
            assert await socket.close_code() == 1002
            assert not central.peers

    run(main)


@pytest.mark.parametrize("offered", [None, "ocpp2.0.1", "OCPP1.6"])
def test_the_setting_refuse_answers_400_without_a_common_subprotocol(offered: str | None) -> None:
    async def main() -> None:
        async with serving(subprotocol_mismatch="refuse") as (_, url):
            assert (await ask(url, subprotocol=offered)).status == 400
            assert (await ask(url)).status == 101

    run(main)


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/ocpp",
        "/ocpp/",
        "/other/CP1",
        "/ocpp/a/CP1",
        "/ocpp/%ff",
        "/ocpp/%2e%2e",
        "/ocpp/%4",
        "/ocpp/a%0Ab",
        "/ocpp/" + "x" * 49,
    ],
)
def test_what_is_no_identity_is_not_found(target: str) -> None:
    async def main() -> None:
        async with serving() as (_, url):
            assert (await ask(url, target)).status == 404

    run(main)


def test_spaces_slashes_and_other_scripts_are_data() -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.open(url) as socket:
            answer = await socket.ask("/ocpp/%E8%BB%8A%20a%2Fb?query=ignored")
            assert answer.status == 101
            peer = await central.wait_for("車 a/b", timeout=5)
            assert peer.info.url == f"{url.removesuffix('/CP1')}/%E8%BB%8A%20a%2Fb"

    run(main)


def test_an_encoded_slash_can_be_refused() -> None:
    async def main() -> None:
        async with serving(slash_in_identity="refuse") as (_, url):
            assert (await ask(url, "/ocpp/a%2Fb")).status == 404

    run(main)


def test_an_unknown_identity_is_not_found_before_the_upgrade() -> None:
    async def main() -> None:
        async with serving(known={"CP2"}) as (_, url):
            answer = await ask(url)
            assert (answer.status, answer.body) == (404, "unknown charge point\n")
            assert "upgrade" not in answer.headers
            assert await serves(url)

    run(main)


def test_admission_sees_the_request_and_its_refusal_is_answered() -> None:
    async def main() -> None:
        seen: list[Handshake] = []

        async def admission(handshake: Handshake) -> PeerInfo | Refusal:
            seen.append(handshake)
            return Refusal(401, "who?", (("WWW-Authenticate", 'Basic realm="OCPP"'),))

        async with serving(admission=admission) as (_, url):
            answer = await ask(url, headers={"Authorization": "Basic QTpi", "User-Agent": "Box/1"})
        assert (answer.status, answer.body) == (401, "who?\n")
        assert answer.headers["www-authenticate"] == 'Basic realm="OCPP"'
        (handshake,) = seen
        assert handshake.identity == "CP1"
        assert handshake.url == url
        assert handshake.header("authorization") == "Basic QTpi"
        assert handshake.header("X-Other") is None
        assert handshake.address is not None
        assert handshake.address.startswith("127.0.0.1:")
        assert "QTpi" not in repr(handshake)
        assert handshake.admit().user_agent == "Box/1"

    run(main)


def test_an_admission_that_fails_answers_500_and_says_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        async def admission(handshake: Handshake) -> PeerInfo | Refusal:
            raise RuntimeError("private")

        async with serving(admission=admission) as (_, url):
            answer = await ask(url)
        assert answer.status == 500
        assert "private" not in answer.body
        assert "private" in caplog.text

    run(main)


@pytest.mark.parametrize(
    ("headers", "method", "status"),
    [
        ({"Upgrade": ""}, "GET", 426),
        ({"Sec-WebSocket-Key": ""}, "GET", 400),
        ({"Sec-WebSocket-Version": "8"}, "GET", 400),
        ({}, "POST", 405),
    ],
)
def test_what_is_no_websocket_handshake_is_refused(
    headers: dict[str, str], method: str, status: int
) -> None:
    async def main() -> None:
        async with serving() as (_, url):
            assert (await ask(url, headers=headers, method=method)).status == status

    run(main)


@pytest.mark.parametrize(
    "head",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET /ocpp/\xff HTTP/1.1\r\n\r\n",
        b"GET /ocpp/CP1 HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
        b"GET /ocpp/" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /ocpp/CP1 HTTP/1.1\r\nbad header\r\n\r\n",
        b"",
    ],
)
def test_a_request_that_is_none_is_closed_and_others_are_served(head: bytes) -> None:
    async def main() -> None:
        async with serving() as (_, url), await RawSocket.open(url) as socket:
            socket.writer.write(head)
            socket.writer.write_eof()
            assert await socket.is_at_end()
            assert await serves(url)

    run(main)


def test_frames_before_the_upgrade_end_the_connection() -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.open(url) as socket:
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await socket.ask("/ocpp/CP1", more=frame(TEXT, BEAT))
            assert not central.peers

    run(main)


def test_a_half_open_connection_is_cut_after_ten_seconds() -> None:
    async def main() -> None:
        clock = HandClock()
        async with serving(clock) as (_, url), await RawSocket.open(url) as socket:
            socket.writer.write(b"GET /ocpp/CP1 HTTP/1.1\r\nHost: ")
            ended = asyncio.create_task(socket.is_at_end())
            await asyncio.sleep(0.05)
            await clock.advance(9.9)
            await asyncio.sleep(0.02)
            assert not ended.done()
            await clock.advance(0.2)
            assert await ended

    run(main)


def test_a_slow_admission_is_cut_after_ten_seconds_too() -> None:
    async def main() -> None:
        clock = HandClock()
        asked = asyncio.Event()

        async def admission(handshake: Handshake) -> PeerInfo | Refusal:
            asked.set()
            await asyncio.Event().wait()
            return handshake.admit()

        async with (
            serving(clock, admission=admission) as (_, url),
            await RawSocket.open(url) as socket,
        ):
            asking = asyncio.create_task(socket.ask("/ocpp/CP1"))
            await asked.wait()
            await clock.advance(10.1)
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await asking

    run(main)


def test_one_connection_too_many_is_answered_503() -> None:
    async def main() -> None:
        async with serving(connections=2) as (central, url):
            async with await RawSocket.upgraded(url), await RawSocket.open(url):
                assert (await ask(url, "/ocpp/CP3")).status == 503
            await until(lambda: not central.peers)
            assert (await ask(url, "/ocpp/CP3")).status == 101

    run(main)


def test_during_a_stop_nobody_is_let_in() -> None:
    async def main() -> None:
        asked, go = asyncio.Event(), asyncio.Event()

        async def admission(handshake: Handshake) -> PeerInfo | Refusal:
            asked.set()
            await go.wait()
            return handshake.admit()

        central = make_central(admission=admission)
        server: Server = central.serve(json=ENDPOINT)
        await server.start()
        async with await RawSocket.open(server.urls.json) as socket:
            asking = asyncio.create_task(socket.ask("/ocpp/CP1"))
            await asked.wait()
            stop = asyncio.create_task(server.stop())
            go.set()
            assert (await asking).status == 503
            await stop

    run(main)


# Messages


def test_frames_are_text_both_ways() -> None:
    async def main() -> None:
        async with serving() as (_, url), await RawSocket.upgraded(url) as socket:
            socket.send(TEXT, BEAT)
            assert json.loads(await socket.text()) == [
                3,
                "1",
                {"currentTime": "2026-01-01T12:00:00Z"},
            ]

    run(main)


def test_a_fragmented_message_is_put_together_around_control_frames() -> None:
    async def main() -> None:
        async with serving() as (_, url), await RawSocket.upgraded(url) as socket:
            socket.send(TEXT, b"", fin=False)
            for position in range(len(BEAT)):
                socket.send(CONT, BEAT[position : position + 1], fin=False)
                socket.send(PING, b"hello")
            socket.send(CONT)
            answers = [await socket.receive() for _ in range(len(BEAT) + 1)]
            assert answers.count((PONG, b"hello")) == len(BEAT)
            assert [opcode for opcode, _ in answers].count(TEXT) == 1

    run(main)


def test_a_character_split_between_fragments_is_whole() -> None:
    async def main() -> None:
        async with serving() as (_, url), await RawSocket.upgraded(url) as socket:
            text = '[2,"車","Heartbeat",{}]'.encode()
            socket.send(TEXT, text[:5], fin=False)
            socket.send(CONT, text[5:])
            assert json.loads(await socket.text())[1] == "車"

    run(main)


def test_a_binary_message_closes_with_1003() -> None:
    async def main() -> None:
        async with serving() as (_, url), await RawSocket.upgraded(url) as socket:
            socket.send(BINARY, BEAT)
            assert await socket.close_code() == 1003
            assert await socket.is_at_end()
            assert await serves(url)

    run(main)


@pytest.mark.parametrize("split", [False, True])
def test_invalid_utf8_closes_with_1007(split: bool) -> None:
    async def main() -> None:
        async with serving() as (_, url), await RawSocket.upgraded(url) as socket:
            if split:
                socket.send(TEXT, b'["\xc3', fin=False)
                socket.send(CONT, b'"]')
            else:
                socket.send(TEXT, b'[2,"\xff","Heartbeat",{}]')
            assert await socket.close_code() == 1007
            assert await serves(url)

    run(main)


@pytest.mark.parametrize("fragments", [1, 200])
def test_a_message_over_the_limit_closes_with_1009(fragments: int) -> None:
    async def main() -> None:
        async with serving() as (_, url), await RawSocket.upgraded(url) as socket:
            size = 128 * 1024 + fragments
            for number in range(fragments):
                socket.send(
                    CONT if number else TEXT,
                    b"x" * (size // fragments),
                    fin=number == fragments - 1,
                )
            assert await socket.close_code() == 1009
            assert await serves(url)

    run(main)


def test_a_message_of_the_limit_is_read() -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.upgraded(url) as socket:
            stream = central.events()
            socket.send(TEXT, BEAT.ljust(128 * 1024))
            assert "currentTime" in await socket.text()
            assert "FrameIn" in [type(event).__name__ for event in await drained(stream)]

    run(main)


@pytest.mark.parametrize(
    "wrong",
    [
        frame(TEXT, BEAT, masked=False),
        frame(CONT, b"x"),
        frame(0x3, b"x"),
        frame(PING, b"x" * 126),
        bytes([0xC1, 0x80, 0, 0, 0, 0]),
        frame(CLOSE, b"\x00"),
        frame(CLOSE, b"\x03\xe8\xff"),
        frame(TEXT, b"[", fin=False) + frame(TEXT, b"]"),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_broken_websocket_frames_close_the_connection(wrong: bytes) -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.upgraded(url) as socket:
            peer = await central.wait_for("CP1", timeout=5)
            socket.writer.write(wrong)
            assert await socket.close_code() in {1002, 1007}
            assert await socket.is_at_end()
            await until(lambda: not peer.is_connected)
            assert await serves(url)

    run(main)


def test_compression_is_off() -> None:
    async def main() -> None:
        async with serving() as (_, url):
            answer = await ask(url, headers={"Sec-WebSocket-Extensions": "permessage-deflate"})
            assert answer.status == 101
            assert "sec-websocket-extensions" not in answer.headers

    run(main)


# The connection


def test_a_peer_that_does_not_read_is_closed_at_one_mebibyte() -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.upgraded(url) as socket:
            stream = central.events()
            peer = await central.wait_for("CP1", timeout=5)
            socket.writer.transport.pause_reading()  # type: ignore[attr-defined]
            for number in range(400_000):
                if not peer.is_connected:
                    break
                socket.writer.write(frame(TEXT, b'[2,"%d","Nonsense",{}]' % number))
                if number % 100 == 0:
                    await asyncio.sleep(0)
            assert not peer.is_connected
            events = await drained(stream)
            (lost,) = [event for event in events if isinstance(event, told.Disconnected)]
            assert lost.reason == "the peer does not read"
            assert await serves(url)

    run(main)


def test_pings_go_out_and_two_missed_pongs_close() -> None:
    async def main() -> None:
        clock = HandClock()
        async with serving(clock) as (central, url), await RawSocket.upgraded(url) as socket:
            peer = await central.wait_for("CP1", timeout=5)
            for _ in range(5):
                await clock.advance(20)
                opcode, payload = await socket.receive()
                assert opcode == PING
                socket.send(PONG, payload)
                await asyncio.sleep(0.01)
            await clock.advance(59.9)
            assert peer.is_connected
            await clock.advance(0.2)
            assert not peer.is_connected
            assert await socket.close_code() == 1011

    run(main)


def test_pings_can_be_off() -> None:
    async def main() -> None:
        clock = HandClock()
        async with (
            serving(clock, ping_interval=None) as (central, url),
            await RawSocket.upgraded(url),
        ):
            peer = await central.wait_for("CP1", timeout=5)
            await clock.advance(3600)
            assert peer.is_connected

    run(main)


def test_a_lost_connection_fails_an_outstanding_call_at_once() -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.upgraded(url) as socket:
            peer = await central.wait_for("CP1", timeout=5)
            call = asyncio.create_task(peer.call(RESET))
            assert '"Reset"' in await socket.text()
            socket.writer.transport.abort()
            async with asyncio.timeout(1):
                with pytest.raises(SessionClosed):
                    await call
            await until(lambda: not central.peers)

    run(main)


def test_a_close_frame_alone_ends_the_connection_for_calls() -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.upgraded(url) as socket:
            peer = await central.wait_for("CP1", timeout=5)
            call = asyncio.create_task(peer.call(RESET))
            assert '"Reset"' in await socket.text()
            socket.send(CLOSE, b"\x03\xe8bye")
            async with asyncio.timeout(1):
                with pytest.raises(SessionClosed, match=r"1000 .* bye"):
                    await call
            assert await socket.close_code() == 1000

    run(main)


def test_a_second_connection_with_the_same_identity_wins() -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.upgraded(url) as first:
            peer = await central.wait_for("CP1", timeout=5)
            call = asyncio.create_task(peer.call(RESET))
            assert '"Reset"' in await first.text()
            async with await RawSocket.upgraded(url) as second:
                assert await first.close_code() == 1008
                with pytest.raises(SessionClosed):
                    await call
                again = central.peers["CP1"]
                assert again is not peer
                second.send(TEXT, BEAT)
                assert "currentTime" in await second.text()
                calling = asyncio.create_task(again.call(CLEAR_CACHE))
                request = json.loads(await second.text())
                second.send(TEXT, json.dumps([3, request[1], {"status": "Accepted"}]).encode())
                assert (await calling).status == "Accepted"

    run(main)


def test_one_that_is_not_let_in_does_not_replace() -> None:
    async def main() -> None:
        allowed = [True]

        async def admission(handshake: Handshake) -> PeerInfo | Refusal:
            return handshake.admit() if allowed.pop() else Refusal(401)

        async with (
            serving(admission=admission) as (central, url),
            await RawSocket.upgraded(url) as first,
        ):
            peer = await central.wait_for("CP1", timeout=5)
            allowed.append(False)
            assert (await ask(url)).status == 401
            assert central.peers["CP1"] is peer
            first.send(TEXT, BEAT)
            assert "currentTime" in await first.text()

    run(main)


def test_a_stop_closes_with_1001() -> None:
    async def main() -> None:
        async with serving() as (_, url):
            socket = await RawSocket.upgraded(url)

            async def leave() -> int:
                async with socket:
                    return await socket.close_code()

            leaving = asyncio.create_task(leave())
            await asyncio.sleep(0.01)
        assert await leaving == 1001

    run(main)


def test_a_peer_that_does_not_agree_to_the_close_is_cut() -> None:
    async def main() -> None:
        clock = HandClock()
        central = make_central(
            clock=clock, settings=Settings(handshake_timeout=timedelta(seconds=3))
        )
        server = central.serve(json=ENDPOINT)
        await server.start()
        async with await RawSocket.upgraded(f"{server.urls.json}/CP1"):
            await central.wait_for("CP1")
            stop = asyncio.create_task(server.stop())
            await asyncio.sleep(0.02)
            await clock.advance(2.9)
            assert not stop.done()
            await clock.advance(0.2)
            await until(stop.done)
            await stop

    run(main)


def test_messages_after_our_close_are_dropped() -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.upgraded(url) as socket:
            peer = await central.wait_for("CP1", timeout=5)
            stream = central.events()
            peer.close(1000, "x" * 500)
            socket.send(TEXT, BEAT)
            socket.send(CLOSE, b"\x03\xe8")
            assert await socket.close_code() == 1000
            assert await socket.is_at_end()
            assert "FrameIn" not in [type(event).__name__ for event in await drained(stream)]

    run(main)


def test_many_frames_in_one_go_are_answered_in_order() -> None:
    async def main() -> None:
        async with serving() as (_, url), await RawSocket.upgraded(url) as socket:
            socket.writer.write(
                b"".join(frame(TEXT, b'[2,"%d","Heartbeat",{}]' % number) for number in range(500))
            )
            ids = [json.loads(await socket.text())[1] for _ in range(500)]
            assert ids == [str(number) for number in range(500)]

    run(main)


def test_calls_both_ways_over_real_sockets() -> None:
    async def main() -> None:
        async with serving() as (central, url):
            station = make_station()
            async with station.connect(url.removesuffix("/CP1")) as backend:
                peer = await central.wait_for("CP1", timeout=5)
                results = await asyncio.gather(
                    *(peer.call(RESET) for _ in range(20)),
                    *(backend.call(HEARTBEAT) for _ in range(20)),
                )
                assert results == [RESET_DONE] * 20 + [PULSE] * 20
                assert peer.info.user_agent is not None
                assert peer.info.user_agent.startswith("ocpp16/")

    run(main)
