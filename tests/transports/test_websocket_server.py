"""POLICY "Connections" and "Frames" over real sockets, once a charge point is let in."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import pytest

from ocpp16.enums import DataTransferStatus
from ocpp16.envelope import PeerInfo
from ocpp16.errors import SessionClosed
from ocpp16.messages import DataTransferRequest, DataTransferResponse
from ocpp16.roles import event as told
from ocpp16.roles.peer import Peer
from ocpp16.roles.registry import LocalRegistry
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.settings import Settings
from ocpp16.testing import HandClock
from ocpp16.transports.websocket import WebSocketConnection
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
    RawSocket,
    frame,
)
from tests.transports.serving import BEAT, ask, serves, serving


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


def test_a_close_between_fragments_is_a_close_like_any_other() -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.upgraded(url) as socket:
            stream = central.events()
            socket.send(TEXT, BEAT[:5], fin=False)
            socket.send(CLOSE, b"\x03\xe8bye")
            socket.send(CONT, BEAT[5:])
            assert await socket.receive() == (CLOSE, b"\x03\xe8bye")
            assert await socket.is_at_end()
            assert "FrameIn" not in [type(event).__name__ for event in await drained(stream)]

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


def test_a_flood_of_tiny_frames_takes_its_turn_with_others() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        turns: list[int] = []
        frames = 0
        over = False

        async with serving() as (central, url), await RawSocket.upgraded(url) as socket:
            await central.wait_for("CP1", timeout=5)

            @central.on_frame
            def count(event: told.FrameIn | told.FrameOut) -> None:
                nonlocal frames, over
                frames += 1
                over = over or b"Heartbeat" in event.frame

            def turn() -> None:
                turns.append(frames)
                if not over:
                    loop.call_soon(turn)

            turn()
            # In one go, and in order: the heartbeat comes last.
            socket.writer.write(frame(TEXT, b"1") * 5000 + frame(TEXT, BEAT))
            assert "currentTime" in await socket.text()
            await until(lambda: over)
        steps = [later - earlier for earlier, later in pairwise(turns)]
        assert frames == 5002
        assert max(steps) < 400

    run(main)


def test_what_came_before_the_end_is_worked_on_before_it() -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.upgraded(url) as socket:
            await central.wait_for("CP1", timeout=5)
            stream = central.events()
            socket.writer.write(frame(TEXT, b"1") * 900 + frame(TEXT, BEAT))
            socket.writer.write_eof()
            assert await socket.is_at_end()
            await until(lambda: not central.peers)
            events = await drained(stream)
            heard = [each.frame for each in events if isinstance(each, told.FrameIn)]
            assert heard == [b"1"] * 900 + [BEAT] or (len(heard) > 400 and heard[-1] == BEAT)

    run(main)


def test_compression_is_off() -> None:
    async def main() -> None:
        async with serving() as (_, url):
            answer = await ask(url, headers={"Sec-WebSocket-Extensions": "permessage-deflate"})
            assert answer.status == 101
            assert "sec-websocket-extensions" not in answer.headers

    run(main)


def test_a_peer_that_does_not_read_is_closed_at_one_mebibyte() -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.upgraded(url) as socket:
            stream = central.events()
            peer = await central.wait_for("CP1", timeout=5)
            socket.writer.transport.pause_reading()  # type: ignore[attr-defined]
            # Each is answered, and the answer repeats the long id.
            call = frame(TEXT, b'[2,"' + b"x" * 250 + b'","Heartbeat",{}]')
            while peer.is_connected:
                socket.writer.write(call * 100)
                await asyncio.sleep(0)
            events = await drained(stream)
            (lost,) = [event for event in events if isinstance(event, told.Disconnected)]
            assert lost.reason == "the peer does not read"
            assert await serves(url)

    run(main)


def test_after_hooks_wait_until_the_response_has_left() -> None:
    async def main() -> None:
        data = "x" * 30_000_000
        hooked: list[bool] = []
        settings = Settings(message_limit=2 * len(data))
        central = make_central(settings=settings)

        @central.on(DataTransferRequest)
        async def transfer(peer: Peer, request: DataTransferRequest) -> DataTransferResponse:
            return DataTransferResponse(status=DataTransferStatus.ACCEPTED, data=data)

        @central.after(DataTransferRequest)
        async def after(peer: Peer, request: DataTransferRequest) -> None:
            hooked.append(True)

        async with (
            central.serve(json=ENDPOINT) as server,
            await RawSocket.upgraded(f"{server.urls.json}/CP1") as socket,
        ):
            socket.send(TEXT, b'[2,"1","DataTransfer",{"vendorId":"V"}]')
            opcode, _ = await socket.head()
            assert opcode == TEXT
            await asyncio.sleep(0.05)
            assert not hooked
            reading = asyncio.create_task(socket.is_at_end())
            await until(lambda: hooked)
            reading.cancel()

    run(main)


def test_a_connection_that_is_lost_before_it_is_started_is_told() -> None:
    async def main() -> None:
        class Slow(LocalRegistry):
            async def claim(self, peer: Peer) -> Peer | None:
                claimed.set()
                await go.wait()
                return await super().claim(peer)

        claimed, go = asyncio.Event(), asyncio.Event()
        central = make_central(registry=Slow())
        async with central.serve(json=ENDPOINT) as server:
            async with await RawSocket.upgraded(f"{server.urls.json}/CP1") as socket:
                socket.send(TEXT, BEAT)
                await claimed.wait()
                socket.writer.transport.abort()
            await asyncio.sleep(0.02)
            go.set()
            await until(lambda: not central._drivers)
            assert not central.peers

    run(main)


def test_pings_go_out_and_two_missed_pongs_close() -> None:
    async def main() -> None:
        clock = HandClock()
        async with serving(clock) as (central, url), await RawSocket.upgraded(url) as socket:
            peer = await central.wait_for("CP1", timeout=5)
            (driver,) = central._drivers
            connection = driver.connection
            assert isinstance(connection, WebSocketConnection)
            for _ in range(5):
                await clock.advance(20)
                opcode, payload = await socket.receive()
                assert opcode == PING
                socket.send(PONG, payload)
                await until(lambda: not connection._unanswered_pings)
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
        central = make_central(clock=clock)
        server = central.serve(json=ENDPOINT)
        await server.start()
        async with await RawSocket.upgraded(f"{server.urls.json}/CP1"):
            await central.wait_for("CP1")
            stop = asyncio.create_task(server.stop())
            await until(lambda: clock.next_due == 2.0)
            await clock.advance(1.9)
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
