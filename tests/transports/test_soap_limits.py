"""The limits of the receiving end of SOAP: sizes, times, encodings, document types, HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import zlib
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")


from ocpp16 import messages
from ocpp16.enums import DataTransferStatus
from ocpp16.roles.peer import Peer
from ocpp16.settings import Settings
from ocpp16.testing import HandClock
from tests.parties import run
from tests.transports.raw_socket import RawSocket
from tests.transports.soap_post import (
    envelope,
    fault,
    post,
    serves,
    serving,
)

LIMIT = Settings().message_limit


def padded(size: int) -> bytes:
    body = envelope()
    return body.replace(b"</soap:Envelope>", b" " * (size - len(body)) + b"</soap:Envelope>")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw"])
def test_compressed_requests_are_read_and_large_answers_compressed(coding: str) -> None:
    async def main() -> None:
        async with serving() as (central, url):

            @central.on(messages.DataTransferRequest)
            async def answer(peer: Peer, request: Any) -> messages.DataTransferResponse:
                return messages.DataTransferResponse(
                    status=messages.DataTransferResponse.SPEC.fields[0].cls("Accepted"),  # type: ignore[misc]
                    data=request.data * 20,
                )

            request = messages.DataTransferRequest(vendor_id="v", data="x" * 200)
            body = envelope(request)
            if coding == "gzip":
                packed = gzip.compress(body)
            elif coding == "deflate":
                packed = zlib.compress(body)
            else:
                packed = zlib.compress(body)[2:-4]
            named = "gzip" if coding == "gzip" else "deflate"
            response = await post(url, packed, Content_Encoding=named, Accept_Encoding="gzip")
            assert response.headers["Content-Encoding"] == "gzip"
            assert b"x" * 4000 in response.content
            plain = await post(url, envelope(request), Accept_Encoding="gzip;q=0")
            assert "Content-Encoding" not in plain.headers

    run(main)


@pytest.mark.parametrize(
    ("make", "headers", "status"),
    [
        (lambda: padded(LIMIT + 1), {}, 413),
        (lambda: padded(LIMIT * 8), {}, 413),
        (lambda: gzip.compress(padded(LIMIT + 1)), {"Content_Encoding": "gzip"}, 413),
        (lambda: gzip.compress(b" " * 50_000_000), {"Content_Encoding": "gzip"}, 413),
        (lambda: zlib.compress(b" " * 50_000_000), {"Content_Encoding": "deflate"}, 413),
        (lambda: b"not gzip", {"Content_Encoding": "gzip"}, 400),
        (lambda: gzip.compress(envelope())[:-9], {"Content_Encoding": "gzip"}, 400),
        (envelope, {"Content_Encoding": "br"}, 415),
        (lambda: gzip.compress(envelope()), {"Content_Encoding": "gzip, gzip"}, 415),
        (envelope, {"Content_Type": "application/json"}, 415),
        (envelope, {"Content_Type": "multipart/related; boundary=x"}, 415),
        (envelope, {"X_Big": "x" * 9000}, 431),
        (envelope, {f"X_{number}": "x" for number in range(70)}, 431),
    ],
)
def test_limits(make: Callable[[], bytes], headers: dict[str, str], status: int) -> None:
    async def main() -> None:
        async with serving() as (_, url):
            answer = await post(url, make(), **headers)
            assert answer.status_code == status
            assert "Traceback" not in answer.text
            assert len(answer.text) < 200
            assert await serves(url)

    run(main)


def test_a_body_of_exactly_the_limit_is_read() -> None:
    async def main() -> None:
        async with serving() as (_, url):
            assert (await post(url, padded(LIMIT))).status_code == 200
            packed = await post(url, gzip.compress(padded(LIMIT)), Content_Encoding="gzip")
            assert packed.status_code == 200
            for kind in ("text/xml", "application/xml", "application/soap+xml;action=x"):
                assert (await post(url, envelope(), Content_Type=kind)).status_code == 200

    run(main)


DOCTYPES = [
    b"<!DOCTYPE x>",
    b'<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    b'<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:1/">]>',
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
]


@pytest.mark.parametrize("doctype", DOCTYPES)
def test_document_types_are_refused(doctype: bytes) -> None:
    async def main() -> None:
        async with serving() as (_, url):
            body = envelope()
            answer = await post(url, body.replace(b"<soap:Envelope", doctype + b"<soap:Envelope"))
            assert fault(answer)[:2] == (400, "ProtocolError")
            assert await serves(url)

    run(main)


def test_a_slow_head_a_slow_body_and_silence_are_cut() -> None:
    async def main() -> None:
        clock = HandClock()
        async with serving(clock) as (_, url):
            head = b"POST /ocpp HTTP/1.1\r\nHost: x\r\n"
            async with (
                await RawSocket.open(url) as silent,
                await RawSocket.open(url) as slow_head,
                await RawSocket.open(url) as slow_body,
            ):
                slow_head.writer.write(head)
                slow_body.writer.write(head + b"Content-Length: 100\r\n\r\n<soap")
                await asyncio.sleep(0.05)
                await clock.advance(9)
                assert await serves(url)
                await clock.advance(2)
                assert (await slow_head.answer()).status == 408
                assert (await slow_body.answer()).status == 408
                for each in (silent, slow_head, slow_body):
                    async with asyncio.timeout(5):
                        assert await each.is_at_end()
            assert await serves(url)

    run(main)


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: x\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Bad Header: x\r\n",
    ],
)
def test_broken_heads_get_4xx_and_the_end(lines: bytes) -> None:
    async def main() -> None:
        async with serving() as (_, url), await RawSocket.open(url) as socket:
            socket.writer.write(b"POST /ocpp HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n0\r\n\r\n")
            async with asyncio.timeout(5):
                status = (await socket.answer()).status
                assert 400 <= status < 500 or status == 501
                assert await socket.is_at_end()
            assert await serves(url)

    run(main)


def test_a_head_that_never_ends_is_told_so() -> None:
    async def main() -> None:
        async with serving(header_count=10, header_size=200) as (_, url):
            async with await RawSocket.open(url) as socket:
                socket.writer.write(b"POST /ocpp HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 3000)
                async with asyncio.timeout(5):
                    assert (await socket.answer()).status == 431
                    assert await socket.is_at_end()
            assert await serves(url)

    run(main)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"http://x/ocpp", 200),
        (b"HTTP://somewhere.example:80/ocpp/", 200),
        (b"https://x/ocpp?a=b", 200),
        (b"http://x/other", 404),
        (b"http://x", 404),
        (b"http:/ocpp", 404),
        (b"ftp://x/ocpp", 404),
        (b"x://x/ocpp", 404),
    ],
)
def test_the_target_of_a_request_may_be_the_whole_url(target: bytes, status: int) -> None:
    async def main() -> None:
        async with serving() as (_, url), await RawSocket.open(url) as socket:
            body = envelope()
            socket.writer.write(
                b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                % (target, len(body), body)
            )
            async with asyncio.timeout(5):
                assert (await socket.answer()).status == status

    run(main)


def head_of(body: bytes) -> bytes:
    return b"POST /ocpp HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)


def test_connections_that_are_held_keep_nobody_out(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with serving(connections=8) as (_, url), contextlib.AsyncExitStack() as stack:
            held = [await stack.enter_async_context(await RawSocket.open(url)) for _ in range(8)]
            body = envelope()
            for number, each in enumerate(held):
                if number % 4 == 0:
                    each.writer.write(head_of(body) + body)  # Kept alive after its answer.
                    assert (await each.answer()).status == 200
                elif number % 4 == 1:
                    each.writer.write(head_of(body) + body[:99])
                elif number % 4 == 2:
                    each.writer.write(b"POST /ocpp HTTP/1.1\r\nHost")
            for number in range(20):
                assert await serves(url), number
            # Whoever waited longest has gone.
            async with asyncio.timeout(5):
                assert await held[1].is_at_end()

    run(main)
    assert [each for each in caplog.records if each.name.startswith("uvicorn")] == []


def test_who_waits_for_an_answer_makes_no_room() -> None:
    async def main() -> None:
        go_on = asyncio.Event()
        async with serving(connections=3) as (central, url), contextlib.AsyncExitStack() as stack:

            @central.on(messages.DataTransferRequest)
            async def answer(peer: Peer, request: Any) -> messages.DataTransferResponse:
                await go_on.wait()
                return messages.DataTransferResponse(status=DataTransferStatus.ACCEPTED)

            held = [await stack.enter_async_context(await RawSocket.open(url)) for _ in range(3)]
            body = envelope(messages.DataTransferRequest(vendor_id="v"), identity="CP9")
            held[0].writer.write(head_of(body) + body)
            await central.wait_for("CP9")
            for _ in range(5):
                assert await serves(url)
            assert not go_on.is_set()
            go_on.set()
            assert (await held[0].answer()).status == 200
            # Its connection is kept, and usable.
            body = envelope(identity="CP9")
            held[0].writer.write(head_of(body) + body)
            assert (await held[0].answer()).status == 200

    run(main)


def test_a_body_that_is_too_large_is_refused_before_it_is_sent() -> None:
    async def main() -> None:
        async with serving() as (_, url), await RawSocket.open(url) as socket:
            socket.writer.write(
                b"POST /ocpp HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                b"Content-Length: 1000000000\r\n\r\n"
            )
            async with asyncio.timeout(5):
                assert (await socket.answer()).status == 413
                assert await socket.is_at_end()

    run(main)


def test_chunked_bodies_and_kept_connections() -> None:
    async def main() -> None:
        async with serving() as (_, url), await RawSocket.open(url) as socket:
            for _ in range(3):
                body = envelope()
                socket.writer.write(
                    b"POST /ocpp HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
                )
                assert (await socket.answer()).status == 200

    run(main)
