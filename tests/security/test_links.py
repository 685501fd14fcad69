"""TLS links that never come to be: they are limited, told, and cost others nothing (POLICY)."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from socket import SO_RCVBUF, SOL_SOCKET

import pytest

from ocpp16.roles.event import LimitHit, TlsFailed
from ocpp16.security.activity import UnusualActivity
from ocpp16.testing import HandClock
from tests.parties import HEARTBEAT, PULSE, drained, make_station, run, until
from tests.security.authority import Authority
from tests.security.serving import ask, client_of, guarded, keys, login, open_socket
from tests.transports.raw_socket import TEXT
from tests.transports.serving import BEAT


@pytest.fixture(params=["json", "soap"])
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def listening(wire: str) -> str | None:
    return None if wire == "json" else "https://127.0.0.1:0/"


async def serves(authority: Authority, url: str, wire: str) -> bool:
    """Tell whether a charge point is let in and answered."""
    async with make_station().connect(
        url.replace("127.0.0.1", "localhost"),
        security=authority.station(3),
        listen=listening(wire),
        reconnect=False,
    ) as backend:
        return await backend.call(HEARTBEAT) == PULSE


GARBAGE: dict[str, bytes] = {
    "plain HTTP": b"GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "plain SOAP": b"POST /ocpp HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    "zeroes": bytes(200),
    "ones": b"\xff" * 200,
    "a record of a wrong length": b"\x16\x03\x01\xff\xff" + bytes(100),
    "an alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "data before the handshake": b"\x17\x03\x03\x00\x10" + bytes(16),
    "empty handshakes": b"\x16\x03\x01\x00\x00" * 50,
    "SSL 2": b"\x80\x2e\x01\x00\x02" + bytes(43),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_is_no_tls_is_cut_and_told(authority: Authority, wire: str, data: bytes) -> None:
    async def main() -> None:
        async with guarded(authority.server(3), wire=wire) as (central, url):
            events = central.events()
            async with await open_socket(url) as socket:
                socket.writer.write(data)
                async with asyncio.timeout(5):
                    assert await socket.is_at_end()
            (event,) = [each for each in await drained(events) if isinstance(each, TlsFailed)]
            assert event.reason.startswith("TLS failed: ")
            assert central.activity.totals[UnusualActivity.FAILED_TLS] == 1
            assert central.activity.at("127.0.0.1") == {UnusualActivity.FAILED_TLS: 1}
            assert await serves(authority, url, wire)

    run(main)


def test_a_handshake_that_takes_too_long_is_cut(authority: Authority, wire: str) -> None:
    async def main() -> None:
        clock = HandClock()
        async with guarded(authority.server(3), clock, wire=wire) as (central, url):
            events = central.events()
            async with await open_socket(url) as silent, await open_socket(url) as slow:
                slow.writer.write(b"\x16\x03\x01\x02\x00\x01")
                await _settle()
                await clock.advance(9.9)
                assert not silent._reader.at_eof()
                await clock.advance(0.2)
                assert await silent.is_at_end()
                assert await slow.is_at_end()
            told = [each for each in await drained(events) if isinstance(each, TlsFailed)]
            assert [each.reason for each in told] == ["the TLS handshake took too long"] * 2

    run(main)


def test_both_handshakes_have_one_limit(authority: Authority) -> None:
    async def main() -> None:
        clock = HandClock()
        security = authority.server(2, credentials=keys())
        async with guarded(security, clock) as (_, url):
            opening = await open_socket(url)
            await _settle()
            await clock.advance(7)
            transport = await asyncio.get_running_loop().start_tls(
                opening.writer.transport,
                opening.writer.transport.get_protocol(),
                client_of(authority),
                server_hostname="localhost",
            )
            assert transport is not None
            await _settle()
            await clock.advance(2.9)
            assert not opening._reader.at_eof()
            await clock.advance(0.2)
            async with asyncio.timeout(5):
                assert await opening.is_at_end()
            transport.close()

    run(main)


def test_too_many_handshakes_cut_the_oldest_and_let_a_charge_point_in(
    authority: Authority, wire: str
) -> None:
    async def main() -> None:
        security = authority.server(3)
        async with guarded(security, wire=wire, handshakes=50) as (central, url):
            events = central.events()
            async with AsyncExitStack() as stack:
                speaking = await stack.enter_async_context(await open_socket(url))
                speaking.writer.write(b"\x16\x03\x01\x02\x00\x01")
                await _settle()
                sockets = [
                    await stack.enter_async_context(await open_socket(url)) for _ in range(120)
                ]
                await until(lambda: central.activity.totals[UnusualActivity.LIMIT_HIT] >= 70)
                began = time.perf_counter()
                assert await serves(authority, url, wire)
                assert time.perf_counter() - began < 2
                assert await sockets[0].is_at_end()
                assert not sockets[-1]._reader.at_eof()
                # Whoever has begun to speak goes after those who have not.
                assert not speaking._reader.at_eof()
            told = [each for each in await drained(events) if isinstance(each, LimitHit)]
            assert {each.reason for each in told} == {"too many are connecting"}

    run(main)


def test_a_stop_does_not_wait_for_handshakes(authority: Authority, wire: str) -> None:
    async def main() -> None:
        async with guarded(authority.server(3), wire=wire) as (_, url):
            socket = await open_socket(url)
            await _settle()
        async with asyncio.timeout(5):
            assert await socket.is_at_end()
        socket.writer.close()

    run(main)


def test_a_link_that_breaks_off_in_its_midst_ends_the_connection(authority: Authority) -> None:
    async def main() -> None:
        security = authority.server(2, credentials=keys())
        async with guarded(security) as (central, url):
            socket = await open_socket(url, client_of(authority))
            assert (await socket.ask("/ocpp/CP1", login())).status == 101
            peer = await central.wait_for("CP1", timeout=5)
            raw = socket.writer.transport.get_extra_info("socket")
            assert raw is not None
            socket.writer.transport.abort()
            await until(lambda: not peer.is_connected)

    run(main)


def test_large_frames_and_a_fast_sender_cross_a_link_whole(authority: Authority) -> None:
    async def main() -> None:
        security = authority.server(2, credentials=keys())
        async with (
            guarded(security) as (_, url),
            await open_socket(url, client_of(authority)) as socket,
        ):
            assert (await socket.ask("/ocpp/CP1", login())).status == 101
            count = 3000
            for _ in range(count):
                socket.send(TEXT, BEAT)
            await socket.writer.drain()
            for _ in range(count):
                assert (await socket.text()).startswith('[3,"1",')
            # A value that is too long comes back as a fault, and so has been read whole.
            socket.send(TEXT, b'[2,"2","Heartbeat",{"idTag":"' + b"x" * 120_000 + b'"}]')
            assert '"FormationViolation"' in await socket.text()

    run(main)


def test_a_peer_that_does_not_read_is_closed_and_told(authority: Authority) -> None:
    async def main() -> None:
        security = authority.server(2, credentials=keys())
        async with guarded(security, unsent_limit=50_000) as (central, url):
            events = central.events()
            socket = await open_socket(url, client_of(authority))
            assert (await socket.ask("/ocpp/CP1", login())).status == 101
            raw = socket.writer.transport.get_extra_info("socket")
            raw.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
            reading = socket.writer.transport
            assert isinstance(reading, asyncio.ReadTransport)
            reading.pause_reading()
            peer = await central.wait_for("CP1", timeout=5)
            async with asyncio.timeout(15):
                while peer.is_connected:
                    for _ in range(60):
                        socket.send(TEXT, b'[2,"' + b"x" * 255 + b'","Heartbeat",{}]')
                    await asyncio.sleep(0)
            socket.writer.transport.abort()
            (event,) = [each for each in await drained(events) if isinstance(each, LimitHit)]
            assert (event.reason, event.identity) == ("the peer does not read", "CP1")

    run(main)


def test_a_message_that_is_too_large_is_told(authority: Authority) -> None:
    async def main() -> None:
        security = authority.server(2, credentials=keys())
        async with guarded(security, message_limit=1000) as (central, url):
            events = central.events()
            async with await open_socket(url, client_of(authority)) as socket:
                assert (await socket.ask("/ocpp/CP1", login())).status == 101
                socket.send(TEXT, b"x" * 1001)
                assert await socket.close_code() == 1009
            (event,) = [each for each in await drained(events) if isinstance(each, LimitHit)]
            assert event.identity == "CP1"
            assert central.activity.of("CP1") == {UnusualActivity.LIMIT_HIT: 1}

    run(main)


def test_a_client_that_closes_with_a_word_is_taken_at_it(authority: Authority) -> None:
    async def main() -> None:
        security = authority.server(2, credentials=keys())
        async with guarded(security) as (central, url):
            async with await open_socket(url, client_of(authority)) as socket:
                assert (await socket.ask("/ocpp/CP1", login())).status == 101
                peer = await central.wait_for("CP1", timeout=5)
            await until(lambda: not peer.is_connected)

    run(main)


def test_plain_http_is_not_served_on_a_tls_port_nor_tls_on_a_plain_one(
    authority: Authority, wire: str
) -> None:
    async def main() -> None:
        async with guarded(authority.server(1, credentials=keys()), wire=wire) as (_, url):
            with pytest.raises((OSError, EOFError)):
                await ask(url, headers=login(), context=client_of(authority), wire=wire)
        async with guarded(authority.server(2, credentials=keys()), wire=wire) as (_, url):
            with pytest.raises((OSError, EOFError)):
                await ask(url, headers=login(), wire=wire)

    run(main)


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0.001)
