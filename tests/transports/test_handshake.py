"""POLICY "Connections", handshakes over real sockets: who is let in, and what others are told."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from websockets.http11 import Request

from ocpp16.envelope import PeerInfo
from ocpp16.roles.event import Refused
from ocpp16.roles.server import Server
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.storage import MemoryRegistrations, Registration
from ocpp16.testing import HandClock
from ocpp16.transports.websocket_server import ServerConnection
from tests.parties import (
    ENDPOINT,
    drained,
    make_central,
    run,
    until,
)
from tests.transports.raw_socket import (
    PING,
    TEXT,
    RawSocket,
    frame,
)
from tests.transports.serving import BEAT, ask, serves, serving


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


def test_no_password_is_kept_once_a_connection_is_open() -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.open(url) as socket:
            password = {"Authorization": "Basic Q1AxOnNlY3JldA=="}
            answer = await socket.ask("/ocpp/CP1", password)
            assert answer.status == 101
            await central.wait_for("CP1", timeout=5)
            gc.collect()
            kept = [each.headers for each in gc.get_objects() if isinstance(each, Request)]
            assert password["Authorization"] not in [each.get("Authorization") for each in kept]

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
        assert (answer.status, answer.body) == (500, "\n")
        assert "private" in caplog.text

    run(main)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upgrade": ""}, 426),
        ({"Sec-WebSocket-Key": ""}, 400),
        ({"Sec-WebSocket-Version": "8"}, 400),
    ],
)
def test_what_is_no_websocket_handshake_is_refused(headers: dict[str, str], status: int) -> None:
    async def main() -> None:
        async with serving() as (_, url):
            assert (await ask(url, headers=headers)).status == status

    run(main)


def test_another_method_than_get_is_refused_or_cut() -> None:
    async def main() -> None:
        async with serving() as (_, url):
            # websockets before 15 gives no answer.
            with suppress(asyncio.IncompleteReadError):
                assert (await ask(url, method="POST")).status == 405

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


@pytest.mark.parametrize(
    "more",
    [
        frame(TEXT, BEAT),
        frame(TEXT, BEAT[:9], fin=False),
        frame(PING, b"x"),
        frame(TEXT, masked=False),
    ],
)
def test_frames_before_the_upgrade_end_the_connection(more: bytes) -> None:
    async def main() -> None:
        async with serving() as (central, url), await RawSocket.open(url) as socket:
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)) as raised:
                await socket.ask("/ocpp/CP1", more=more)
            # Not a byte came: no pong, and nothing that could be taken for a response.
            assert getattr(raised.value, "partial", b"") == b""
            assert not central.peers

    run(main)


def test_a_half_open_connection_is_cut_after_ten_seconds() -> None:
    async def main() -> None:
        clock = HandClock()
        async with serving(clock) as (_, url), await RawSocket.open(url) as socket:
            socket.writer.write(b"GET /ocpp/CP1 HTTP/1.1\r\nHost: ")
            ended = asyncio.create_task(socket.is_at_end())
            await until(lambda: clock.next_due == 10.0)
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
        async with serving(connections=2) as (central, url), central.serve(json=ENDPOINT) as other:
            async with (
                await RawSocket.upgraded(url),
                await RawSocket.upgraded(f"{other.urls.json}/CP2"),
            ):
                await until(lambda: len(central.peers) == 2)
                for place in (url, other.urls.json):
                    assert (await ask(place, "/ocpp/CP3")).status == 503
                # One that is connected already takes no further place.
                assert (await ask(url, "/ocpp/CP2")).status == 101
            await until(lambda: not central.peers)
            assert (await ask(url, "/ocpp/CP3")).status == 101

    run(main)


def test_idle_tcp_connections_lock_nobody_out() -> None:
    async def main() -> None:
        async with serving(connections=2, handshakes=3) as (_, url):
            idle = [await RawSocket.open(url) for _ in range(6)]
            assert await serves(url)
            assert [await socket.is_at_end() for socket in idle[:3]] == [True] * 3
            for socket in idle:
                socket.writer.close()

    run(main)


def test_a_request_that_is_looked_at_is_cut_only_for_others_like_it() -> None:
    async def main() -> None:
        go = asyncio.Event()

        async def admission(handshake: Handshake) -> PeerInfo | Refusal:
            await go.wait()
            return handshake.admit()

        async with serving(handshakes=2, admission=admission) as (_, url):
            first = asyncio.create_task(ask(url, "/ocpp/CP1"))
            await asyncio.sleep(0.02)
            async with await RawSocket.open(url) as idle:
                await asyncio.sleep(0.02)
                second = asyncio.create_task(ask(url, "/ocpp/CP2"))
                assert await idle.is_at_end()
            await asyncio.sleep(0.02)
            third = asyncio.create_task(ask(url, "/ocpp/CP3"))
            assert (await first).status == 503
            go.set()
            assert [(await each).status for each in (second, third)] == [101, 101]

    run(main)


@pytest.mark.parametrize("verdict", [None, True, "CP1"])
def test_a_verdict_that_is_none_is_answered_500(
    verdict: object, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async def admission(handshake: Handshake) -> object:
            return verdict

        async with serving(admission=admission) as (_, url):
            assert (await ask(url)).status == 500
        assert "due is a PeerInfo or a Refusal" in caplog.text

    run(main)


def test_what_fails_before_the_upgrade_is_told_in_http(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(MemoryRegistrations):
        def find(self, identity: str) -> Registration | None:
            raise OSError("disk")

    async def main() -> None:
        async with serving(registrations=Broken()) as (_, url):
            answer = await ask(url)
            assert answer.status == 500
            assert "disk" not in answer.body

    run(main)


def test_what_fails_after_the_upgrade_closes_with_1011(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def ping_every(self: object, seconds: object) -> None:
        raise RuntimeError("late")

    async def main() -> None:
        async with serving() as (central, url), await RawSocket.upgraded(url) as socket:
            assert await socket.close_code() == 1011
            await until(lambda: not central.peers)

    monkeypatch.setattr(ServerConnection, "ping_every", ping_every)
    run(main)


def test_a_wrong_path_is_told_with_the_path(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with serving() as (central, url):
            stream = central.events()
            path = "/wrong/%0a" + "x" * 3000
            assert (await ask(url, path)).status == 404
            (event,) = await drained(stream)
            assert isinstance(event, Refused)
            assert (event.identity, event.status) == (None, 404)
            assert str(event.url).endswith(path)
        (line,) = [record.getMessage() for record in caplog.records if "wrong" in record.message]
        assert "a stranger: refused, HTTP 404" in line
        assert "/wrong/%0axxx" in line
        assert len(line) < 600

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
