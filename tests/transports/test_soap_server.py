"""The receiving end of SOAP on real sockets: exchanges, faults, refusals, who is let in."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

import httpx
from lxml import etree

from ocpp16 import CentralSystem, messages
from ocpp16.bindings.ocpps import wsdl
from ocpp16.envelope import PeerInfo
from ocpp16.messages import AuthorizeRequest, ClearCacheRequest, HeartbeatRequest, HeartbeatResponse
from ocpp16.roles.peer import Peer
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.spec import Side
from ocpp16.testing import HandClock
from tests.parties import BOOT, HEARTBEAT, PULSE, make_station, run, until
from tests.transports.raw_socket import RawSocket
from tests.transports.soap_post import (
    LOCAL,
    call_to_station,
    envelope,
    fault,
    post,
    serves,
    serving,
    told,
)


def test_an_exchange() -> None:
    async def main() -> None:
        async with serving() as (central, url):
            answer = await post(url, envelope(id="urn:uuid:1"))
            assert answer.status_code == 200
            assert "date" in answer.headers
            read = told(answer)
            assert (read.action, read.relates_to, read.body_name) == (
                "HeartbeatResponse",
                "urn:uuid:1",
                "heartbeatResponse",
            )
            assert central.peers["CP1"].info.callback == "http://127.0.0.1:9/"

    run(main)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "ProtocolError")),
        (b"<x/>", (400, "ProtocolError")),
        (b"{}", (400, "ProtocolError")),
        (envelope().decode().encode("utf-16"), (400, "ProtocolError")),
        (b"<a>" * 20_000, (400, "ProtocolError")),
        (
            envelope().replace(
                b"http://www.w3.org/2003/05/soap-envelope",
                b"http://schemas.xmlsoap.org/soap/envelope/",
            ),
            (500, None),
        ),
        (
            envelope().replace(
                b"<soap:Header>",
                b'<soap:Header><x:y xmlns:x="urn:x" soap:mustUnderstand="true"/>',
            ),
            (500, None),
        ),
        (envelope().replace(b"chargeBoxIdentity", b"chargeBox"), (500, None)),
        (envelope(from_address=None), (400, "ProtocolError")),
        (envelope().replace(b">/Heartbeat<", b">/Authorize<"), (400, "ProtocolError")),
        (envelope().replace(b"urn://Ocpp/Cs/2015", b"urn://Ocpp/Cs/2012"), (400, "ProtocolError")),
        (envelope(identity="x" * 49), (400, "ProtocolError")),
        (call_to_station(ClearCacheRequest()), (400, "ProtocolError")),
        (
            envelope().replace(b"heartbeatRequest", b"fooRequest").replace(b"/Heartbeat", b"/Foo"),
            (500, "NotSupported"),
        ),
        (envelope(messages.AuthorizeRequest(id_tag="x")), (500, "NotSupported")),
    ],
)
def test_what_cannot_be_taken_is_answered_with_a_fault(
    body: bytes, expected: tuple[int, str | None]
) -> None:
    async def main() -> None:
        async with serving() as (_, url):
            assert fault(await post(url, body))[:2] == expected
            assert (await post(url, envelope())).status_code == 200
            # The same from who is known already: then it is the session's to answer.
            assert fault(await post(url, body))[:2] == expected
            assert await serves(url)

    run(main)


def test_an_answer_that_is_posted_is_refused() -> None:
    async def main() -> None:
        async with serving() as (_, url):
            answer = await post(url, envelope())
            assert fault(await post(url, answer.content))[:2] == (400, "ProtocolError")
            refused = await post(url, b"<x/>")
            assert fault(await post(url, refused.content))[:2] == (400, "ProtocolError")

    run(main)


def test_an_answer_that_is_posted_to_a_charge_point_is_refused() -> None:
    async def main() -> None:
        async with (
            serving() as (_, url),
            make_station().connect(url, listen="http://127.0.0.1:0/cp") as backend,
        ):
            place = backend.info.callback
            assert place is not None
            answers = [await post(url, envelope()), await post(url, b"<x/>")]
            for answer in answers:
                assert fault(await post(place, answer.content)) == (
                    400,
                    "ProtocolError",
                    "the body is no request",
                )

    run(main)


def test_other_paths_and_methods() -> None:
    async def main() -> None:
        async with serving() as (_, url), httpx.AsyncClient(trust_env=False) as client:
            assert (await client.post(f"{url}/CP1", content=envelope())).status_code == 404
            assert (await client.get(url.removesuffix("/ocpp"))).status_code == 404
            assert (await client.post(f"{url}/", content=envelope())).status_code == 200
            for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH"):
                answer = await client.request(method, url)
                assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, GET, HEAD")

    run(main)


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "wsdl=1"])
def test_the_wsdl_is_served_with_the_address(query: str) -> None:
    async def main() -> None:
        station = make_station()
        async with (
            serving() as (_, url),
            httpx.AsyncClient(trust_env=False) as client,
            station.connect(url, listen="http://127.0.0.1:0/cp&b") as backend,
        ):
            assert backend.info.callback is not None
            for side, place in (
                (Side.CENTRAL_SYSTEM, url),
                (Side.CHARGE_POINT, backend.info.callback),
            ):
                answer = await client.get(f"{place}?{query}")
                assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
                assert f'location="{place.replace("&", "&amp;")}"' in answer.text
                etree.fromstring(answer.content)
                official = wsdl(side)
                assert len(answer.content.splitlines()) == len(official.splitlines())
                assert (await client.head(f"{place}?{query}")).content == b""

    run(main)


def test_exchanges_of_one_charge_point_do_not_wait_for_each_other() -> None:
    async def main() -> None:
        async with serving() as (central, url):
            gate = asyncio.Event()

            @central.on(messages.StatusNotificationRequest)
            async def slow(peer: Peer, request: Any) -> messages.StatusNotificationResponse:
                await gate.wait()
                return messages.StatusNotificationResponse()

            status = messages.StatusNotificationRequest.SPEC
            assert status.name
            request = messages.StatusNotificationRequest(
                connector_id=1,
                error_code=status.field("errorCode").cls("NoError"),  # type: ignore[union-attr,misc]
                status=status.field("status").cls("Available"),  # type: ignore[union-attr,misc]
            )
            waiting = asyncio.ensure_future(post(url, envelope(request)))
            assert (await post(url, envelope())).status_code == 200
            gate.set()
            assert (await waiting).status_code == 200

    run(main)


def test_a_client_that_leaves_disturbs_nothing() -> None:
    async def main() -> None:
        async with serving() as (_, url):
            for part in (b"", b"<soap", envelope()):
                async with await RawSocket.open(url) as socket:
                    size = len(envelope())
                    head = f"POST /ocpp HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n"
                    socket.writer.write(head.encode() + part)
                    await socket.writer.drain()
            assert await serves(url)

    run(main)


@pytest.mark.parametrize(
    ("refusal", "status", "subcode"),
    [
        (Refusal(404, "unknown"), 400, "SecurityError"),
        (Refusal(403, "no"), 400, "SecurityError"),
        (Refusal(401, "who", (("WWW-Authenticate", "Basic"),)), 401, "SecurityError"),
        (Refusal(429, "slow down"), 429, "SecurityError"),
        (Refusal(503, "full"), 503, "InternalError"),
    ],
)
def test_refusals(refusal: Refusal, status: int, subcode: str) -> None:
    async def admission(handshake: Handshake) -> PeerInfo | Refusal:
        assert (handshake.identity, handshake.binding) == ("CP1", "ocpps")
        return refusal

    async def main() -> None:
        async with serving(admission=admission) as (central, url):
            answer = await post(url, envelope())
            assert fault(answer)[:2] == (status, subcode)
            assert answer.headers.get("WWW-Authenticate") == dict(refusal.headers).get(
                "WWW-Authenticate"
            )
            assert not central.peers

    run(main)


def test_admission_is_asked_again_for_other_credentials() -> None:
    asked: list[str | None] = []

    async def admission(handshake: Handshake) -> PeerInfo | Refusal:
        asked.append(handshake.header("Authorization"))
        return handshake.admit() if asked[-1] == "right" else Refusal(401)

    async def main() -> None:
        async with serving(admission=admission) as (central, url):
            statuses = [
                (await post(url, envelope(), Authorization=key)).status_code
                for key in ("wrong", "right", "right", "wrong", "right")
            ]
            statuses.append((await post(url, envelope())).status_code)
            assert statuses == [401, 200, 200, 401, 200, 401]
            assert asked == ["wrong", "right", "wrong", None]
            assert list(central.peers) == ["CP1"]

    run(main)


def test_an_admission_that_fails_tells_nothing() -> None:
    async def admission(handshake: Handshake) -> PeerInfo | Refusal:
        raise RuntimeError("secret")

    async def main() -> None:
        async with serving(admission=admission) as (_, url):
            answer = await post(url, envelope())
            assert fault(answer)[:2] == (500, "InternalError")
            assert "secret" not in answer.text

    run(main)


def test_a_silent_charge_point_counts_as_offline_until_its_next_request() -> None:
    async def main() -> None:
        clock = HandClock()
        async with serving(clock) as (central, url):
            assert (await post(url, envelope())).status_code == 200
            await clock.advance(24 * 3600)
            assert (await post(url, envelope())).status_code == 200
            await clock.advance(24 * 3600)
            assert list(central.peers) == ["CP1"]
            await clock.advance(2 * 3600)
            assert not central.peers
            assert (await post(url, envelope())).status_code == 200
            assert list(central.peers) == ["CP1"]

    run(main)


def test_when_the_house_is_full_the_longest_silent_leaves() -> None:
    async def main() -> None:
        async with serving(connections=3) as (central, url):
            for name in ("A", "B", "C", "A", "D"):
                assert (await post(url, envelope(identity=name))).status_code == 200
            await until(lambda: sorted(central.peers) == ["A", "C", "D"])

    run(main)


def test_closed_by_the_application_and_back() -> None:
    async def main() -> None:
        async with serving() as (central, url):
            await post(url, envelope())
            first = central.peers["CP1"]
            first.close()
            assert not first.is_connected
            assert (await post(url, envelope())).status_code == 200
            assert central.peers["CP1"] is not first

    run(main)


def test_a_callback_that_is_not_accepted_leaves_the_stored_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        async with serving() as (central, url):
            for claim in (
                "http://127.0.0.1:7/",
                "http://169.254.169.254/latest",
                "http://127.0.0.2:7/",
                "http://127.0.0.2:7/",
                "ftp://127.0.0.1/",
            ):
                assert (await post(url, envelope(from_address=claim))).status_code == 200
            peer = central.peers["CP1"]
            assert peer.info.callback == "http://127.0.0.1:7/"
            # It is not offered here, and its answer does not matter.
            other = envelope(AuthorizeRequest(id_tag="A"), from_address="http://127.0.0.1:8/")
            assert (await post(url, other)).status_code == 500
            assert peer.info.callback == "http://127.0.0.1:7/"
            for port, request in ((8, BOOT), (9, HEARTBEAT)):
                told = envelope(request, from_address=f"http://127.0.0.1:{port}/")
                assert (await post(url, told)).is_success
                # The peer that was fetched before tells of it, too.
                assert peer.info.callback == f"http://127.0.0.1:{port}/"
        lines = [each.message for each in caplog.records if "callback" in each.message]
        assert len(lines) == 4

    run(main)


def test_the_answer_to_an_exchange_that_is_given_none() -> None:
    async def main() -> None:
        central = CentralSystem(settings=LOCAL)

        @central.on(HeartbeatRequest)
        async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
            peer.close()
            return PULSE

        async with central.serve(soap="http://127.0.0.1:0/ocpp") as server:
            answer = await post(server.urls.soap, envelope(HEARTBEAT))
            assert answer.status_code == 503

    run(main)


def test_the_central_system_may_not_name_another_charge_point() -> None:
    async def main() -> None:
        async with (
            serving() as (_, url),
            make_station().connect(url, listen="http://127.0.0.1:0/cp") as backend,
        ):
            place = backend.info.callback
            assert place is not None
            assert urlsplit(place).path == "/cp"
            other = call_to_station(ClearCacheRequest(), identity="CP2")
            assert fault(await post(place, other))[:2] == (400, "IdentityMismatch")
            assert fault(await post(place, envelope()))[:2] == (400, "ProtocolError")
            assert fault(await post(place, call_to_station(ClearCacheRequest())))[:2] == (
                500,
                "NotSupported",
            )

    run(main)
