"""The calling end of SOAP: whatever a charge point answers, a call ends in one of a few ways."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

from ocpp16 import CentralSystem
from ocpp16.bindings.ocpps import OcppS
from ocpp16.bindings.ocpps.envelope import SoapFrame, read
from ocpp16.envelope import CallError, CallResult
from ocpp16.errors import (
    CallFailed,
    CallTimeout,
    ErrorCode,
    InvalidResponse,
    OcppError,
    SessionClosed,
)
from ocpp16.messages import ClearCacheRequest
from ocpp16.roles.peer import Peer
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.testing import HandClock
from ocpp16.transports.soap_client import SoapClient
from ocpp16.transports.system_clock import SystemClock
from tests.parties import RESET, RESET_DONE, make_central, run, until
from tests.transports.soap_post import LOCAL, Responder, call_to_station, envelope, http, post

STATION = OcppS(side=Side.CHARGE_POINT, identity="CP1")
DONE = STATION.frame(CallResult("", STATION.encode(RESET_DONE), "Reset"))
WRONG = STATION.frame(CallResult("another", STATION.encode(RESET_DONE), "Reset"))
REFUSED = STATION.frame(CallError("", ErrorCode.SECURITY_ERROR, "no"))
BARE = re.sub(b"<soap:Header>.*</soap:Header>", b"", DONE, flags=re.DOTALL)
LARGE = DONE + b" " * 200_000


@asynccontextmanager
async def called(
    *answers: bytes, clock: HandClock | None = None, settings: Settings = LOCAL
) -> AsyncIterator[tuple[CentralSystem, Peer, Responder, str]]:
    """Give the peer of a charge point whose answers are these bytes."""
    responder = Responder(*answers)
    central = make_central(settings=settings, clock=clock)
    async with (
        responder.serve() as place,
        central.serve(soap="http://127.0.0.1:0/ocpp") as server,
    ):
        answer = await post(server.urls.soap, envelope(from_address=place))
        assert answer.status_code == 200
        yield central, central.peers["CP1"], responder, server.urls.soap


@pytest.mark.parametrize(
    "answer",
    [
        http(DONE),
        http(BARE),
        http(gzip.compress(DONE), Content_Encoding="gzip"),
        b"HTTP/1.0 200 OK\r\n\r\n" + DONE,
    ],
)
def test_answers_are_read_without_relates_to_or_any_header(answer: bytes) -> None:
    async def main() -> None:
        async with called(answer) as (_, peer, responder, url):
            assert await peer.call(RESET) == RESET_DONE
            (request,) = responder.requests
            head, _, body = request.partition(b"\r\n\r\n")
            assert b"POST /cp HTTP/1.1" in head
            assert b"application/soap+xml; charset=utf-8" in head
            assert b"gzip, deflate" in head
            sent = read(body)
            assert (sent.identity, sent.action) == ("CP1", "Reset")
            assert sent.from_address == url
            assert sent.to == peer.info.callback
            assert sent.reply_to == "http://www.w3.org/2005/08/addressing/anonymous"

    run(main)


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (http(WRONG), InvalidResponse, "it relates to 'another'"),
        (http(REFUSED, "400 Bad Request"), CallFailed, "SecurityError: no"),
        (http(REFUSED, "500 Internal Server Error"), CallFailed, "SecurityError: no"),
        (http(REFUSED), CallFailed, "SecurityError: no"),
        (http(DONE, "500 Internal Server Error"), CallFailed, "HTTP 500 Internal Server Error"),
        (http(b"", "404 Not Found"), CallFailed, "HTTP 404 Not Found"),
        (http(b"<html/>", "503 Service Unavailable"), CallFailed, "HTTP 503"),
        (http(b"", "302 Found", Location="http://169.254.169.254/"), CallFailed, "HTTP 302"),
        (http(b"", "202 Accepted"), CallFailed, "HTTP 202"),
        (http(b"", "299 Odd"), CallFailed, "HTTP 299"),
        (http(b""), InvalidResponse, "not well-formed"),
        (http(b"<html/>"), InvalidResponse, "not a SOAP envelope"),
        (http(call_to_station(ClearCacheRequest())), InvalidResponse, "other service"),
        (http(LARGE), InvalidResponse, "more than 131072 bytes"),
        (http(gzip.compress(LARGE), Content_Encoding="gzip"), InvalidResponse, "when inflated"),
        (http(DONE, Content_Encoding="br"), InvalidResponse, "neither gzip nor deflate"),
        (http(b"not gzip", Content_Encoding="gzip"), InvalidResponse, "broken"),
        (b"nonsense\r\n\r\n", SessionClosed, "broke"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n<soap", SessionClosed, "broke"),
        (http(DONE, X="x" * 200_000), SessionClosed, "broke"),
    ],
)
def test_other_answers_fail_the_call_and_nothing_else(
    answer: bytes, error: type[OcppError], text: str
) -> None:
    async def main() -> None:
        async with called(answer, http(DONE)) as (_, peer, responder, _):
            with pytest.raises(error, match=text):
                await peer.call(RESET)
            assert peer.is_connected
            assert await peer.call(RESET) == RESET_DONE
            # Nothing is sent twice, and no redirect is followed.
            assert len(responder.requests) == 2

    run(main)


def test_a_charge_point_that_does_not_answer_fails_the_call_in_time() -> None:
    async def main() -> None:
        clock = HandClock()
        async with called(b"", http(DONE), clock=clock) as (_, peer, responder, _):
            call = asyncio.ensure_future(peer.call(RESET, timeout=60))
            await until(lambda: responder.requests)
            await clock.advance(29)
            assert not call.done()
            await clock.advance(1)
            with pytest.raises(CallTimeout, match="no answer came from http://127"):
                await call
            assert await peer.call(RESET) == RESET_DONE

    run(main)


def test_closing_ends_calls_at_once() -> None:
    async def main() -> None:
        async with called(b"") as (_, peer, responder, _):
            call = asyncio.ensure_future(peer.call(RESET))
            await until(lambda: responder.requests)
            async with asyncio.timeout(5):
                peer.close()
                with pytest.raises(SessionClosed, match="closed by us"):
                    await call

    run(main)


def test_a_handler_can_be_slow_while_the_peer_is_called() -> None:
    async def main() -> None:
        async with called(http(DONE)) as (_, peer, _, url):
            body = envelope(from_address=peer.info.callback)
            answers = await asyncio.gather(
                peer.call(RESET), post(url, body), peer.call(RESET), post(url, body)
            )
            assert answers[0] == answers[2] == RESET_DONE
            assert answers[1].status_code == answers[3].status_code == 200

    run(main)


def test_connections_are_kept_and_a_closed_client_makes_none() -> None:
    async def main() -> None:
        client = SoapClient(settings=Settings(), clock=SystemClock())
        try:
            async with make_central(settings=LOCAL).serve(soap="http://127.0.0.1:0/") as server:
                for _ in range(3):
                    assert read(await client.post(server.urls.soap, envelope())).body is not None
                refused = await client.post(server.urls.soap, b"<x/>")
                assert isinstance(refused, SoapFrame)
                await client.close()
        finally:
            await client.close()
        with pytest.raises(SessionClosed, match="is closed"):
            await client.post("http://127.0.0.1:9/", b"")
        client = SoapClient(settings=Settings(), clock=SystemClock())
        for address in ("http://127.0.0.1:1/", "http://nowhere.invalid/"):
            with pytest.raises(SessionClosed, match="cannot be reached"):
                await client.post(address, b"")
        await client.close()

    run(main)
