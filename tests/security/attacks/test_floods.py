"""Connections in numbers that say nothing, never end, or never read: a real charger gets in."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

pytest.importorskip("cryptography")

from tests.parties import HEARTBEAT, make_station
from tests.security.attacks.site import Site, plain_site, running
from tests.security.attacks.wire import dial, envelope, handshake, post, soap_head
from tests.security.authority import Authority
from tests.security.link import raw_client
from tests.transports.raw_socket import TEXT, frame

MANY = 500
SECONDS_TO_CONNECT = 2.0
A_CONNECTION = 64 * 1024
"""Memory that an attacker may make the server hold for each of his connections, at most."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with plain_site() as site:
        yield site


@pytest.fixture(scope="module")
def short() -> Iterator[Site]:
    """A server whose limits for handshakes, heads and bodies are short."""
    with plain_site(seconds=2) as site:
        yield site


@contextmanager
def crowd(port: int, begin: bytes, *, buffer: int | None = None) -> Iterator[list[socket.socket]]:
    """Have many connections that have sent something."""
    with ExitStack() as stack:
        sockets = []
        for _ in range(MANY):
            each = stack.enter_context(socket.socket())
            if buffer is not None:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            each.settimeout(10)
            each.connect(("127.0.0.1", port))
            each.sendall(begin)
            sockets.append(each)
        yield sockets


def connects_in_time(site: Site) -> None:
    """Check that a real charge point is let in and answered, on both wires."""

    async def main() -> None:
        station = make_station(identity="REAL")
        began = time.monotonic()
        async with station.connect(
            f"ws://127.0.0.1:{site.ports['json0']}/ocpp", reconnect=False
        ) as backend:
            await backend.call(HEARTBEAT)
        assert time.monotonic() - began < SECONDS_TO_CONNECT

    asyncio.run(main())
    began = time.monotonic()
    with dial(site.ports["soap0"]) as wire:
        wire.send(post(envelope(head=soap_head("REAL"))))
        assert wire.response()[0] == 200
    assert time.monotonic() - began < SECONDS_TO_CONNECT


HALVES = {
    "nothing": ("json0", b""),
    "half-a-line": ("json0", b"GET /ocpp/"),
    "half-a-handshake": ("json0", handshake()[:-2]),
    "soap-nothing": ("soap0", b""),
    "soap-half-a-head": ("soap0", post(b"")[:-2]),
    "soap-half-a-body": ("soap0", post(envelope())[:-40]),
    "soap-a-chunk": (
        "soap0",
        b"POST /ocpp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n<a",
    ),
}


@pytest.mark.parametrize(("port", "begin"), HALVES.values(), ids=HALVES)
def test_500_that_are_half_open(site: Site, port: str, begin: bytes) -> None:
    with (
        site.bounded(cpu=3.0, memory=MANY * A_CONNECTION),
        crowd(site.ports[port], begin),
    ):
        connects_in_time(site)


@pytest.fixture(scope="module")
def secured(authority: Authority) -> Iterator[Site]:
    with running("tls", authority.folder) as site:
        yield site


@pytest.mark.parametrize("begin", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
@pytest.mark.parametrize("port", ["json3", "soap3"])
def test_500_handshakes_of_tls_that_are_half_open(
    secured: Site, authority: Authority, port: str, begin: bytes
) -> None:
    context = raw_client(authority.root, authority.pair("cp1"))
    with (
        secured.bounded(cpu=5.0, memory=MANY * A_CONNECTION),
        crowd(secured.ports[port], begin),
    ):
        began = time.monotonic()
        with dial(secured.ports[port], context) as wire:
            wire.send(
                handshake("/ocpp/CP1") if port == "json3" else post(envelope(head=soap_head("CP1")))
            )
            assert wire.response()[0] == (101 if port == "json3" else 200)
        assert time.monotonic() - began < SECONDS_TO_CONNECT


def trickle(sockets: list[socket.socket], drop: bytes) -> dict[bytes, int]:
    """Send a drop on each connection again and again until all were ended; count the answers."""
    answers: dict[bytes, int] = {}
    left = list(sockets)
    deadline = time.monotonic() + 15
    while left:
        assert time.monotonic() < deadline, f"{len(left)} are still open; {answers}"
        for each in tuple(left):
            each.setblocking(False)
            try:
                answer = each.recv(4096)
            except BlockingIOError:
                with suppress(ConnectionError, BlockingIOError):
                    each.send(drop)
                continue
            except ConnectionError:
                answer = b""
            answers[answer[:12]] = answers.get(answer[:12], 0) + 1
            left.remove(each)
        time.sleep(0.05)  # The attacker is in no hurry: that is the attack.
    return answers


TRICKLES: dict[str, tuple[str, bytes, bytes, set[bytes]]] = {
    "head": ("json0", b"GET /ocpp/CP1 HTTP/1.1\r\nX: ", b"y", {b""}),
    "fields": ("json0", b"GET /ocpp/CP1 HTTP/1.1\r\n", b"X: y\r\n", {b""}),
    "soap-head": ("soap0", b"POST /ocpp HTTP/1.1\r\nX: ", b"y", {b"HTTP/1.1 408", b""}),
    "soap-fields": ("soap0", b"POST /ocpp HTTP/1.1\r\n", b"X: y\r\n", {b"HTTP/1.1 408", b""}),
    "soap-body": ("soap0", post(envelope())[:-90], b" ", {b"HTTP/1.1 408", b""}),
    "soap-chunks": (
        "soap0",
        b"POST /ocpp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\n \r\n",
        {b"HTTP/1.1 408", b""},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("port", "begin", "drop", "due"), TRICKLES.values(), ids=TRICKLES)
def test_500_that_trickle_are_cut_in_time(
    short: Site, port: str, begin: bytes, drop: bytes, due: set[bytes]
) -> None:
    with (
        short.bounded(cpu=6.0, memory=MANY * A_CONNECTION),
        crowd(short.ports[port], begin) as sockets,
    ):
        connects_in_time(short)
        answers = trickle(sockets, drop)
        assert set(answers) <= due
        if port == "soap0":
            # A reset swallows what was said last to those who were just sending.
            assert answers.get(b"HTTP/1.1 408", 0) > 0
        connects_in_time(short)


def test_500_that_do_not_read(site: Site) -> None:
    calls = b"".join(
        frame(TEXT, f'[2,"{number:036}","Heartbeat",{{}}]'.encode()) for number in range(100)
    )
    with (
        site.bounded(cpu=30.0, memory=MANY * A_CONNECTION),
        ExitStack() as stack,
    ):
        for number in range(MANY):
            each = stack.enter_context(socket.socket())
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            each.settimeout(10)
            each.connect(("127.0.0.1", site.ports["json0"]))
            each.sendall(handshake(f"/ocpp/DEAF-{number}"))
            each.recv(1)
            each.sendall(calls)
        connects_in_time(site)
        state: dict[str, Any] = site.state()
        assert len([name for name in state["peers"] if name.startswith("DEAF")]) == MANY


def test_who_does_not_read_is_cut_before_it_costs_memory(site: Site) -> None:
    calls = frame(TEXT, f'[2,"{"i" * 36}","Heartbeat",{{}}]'.encode()) * 2000
    with site.bounded(cpu=30.0, memory=32 * 1024 * 1024), socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.connect(("127.0.0.1", site.ports["json0"]))
        deaf.sendall(handshake("/ocpp/DEAF"))
        deaf.recv(1)
        deaf.settimeout(10)
        with pytest.raises(ConnectionError):
            deaf.sendall(calls * 200)
        assert "DEAF" not in site.state()["peers"]
