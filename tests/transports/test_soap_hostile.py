"""A central system on SOAP and clients that mean harm."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta

import pytest

from ocpp16 import CentralSystem, Settings
from ocpp16.enums import DataTransferStatus
from ocpp16.messages import DataTransferRequest, DataTransferResponse
from tests.parties import run
from tests.transports.soap_post import envelope, fault, post, serving, told

LINK_LOCAL = "http://169.254.169.254/latest"


def test_a_refused_request_does_not_change_where_a_charge_point_is_called() -> None:
    async def main() -> None:
        async with serving() as (central, url):
            assert told(await post(url, envelope(from_address="http://127.0.0.1:7/"))).body_name
            spoofed = envelope(from_address="http://127.0.0.1:8/")
            refused = await post(url, spoofed.replace(b">/Heartbeat<", b">/Authorize<"))
            assert fault(refused)[:2] == (400, "ProtocolError")
            for peer in central.peers.values():
                assert peer.info.callback == "http://127.0.0.1:7/"
            assert told(await post(url, envelope(from_address="http://127.0.0.1:7/"))).body_name

    run(main)


@pytest.mark.parametrize("url", [LINK_LOCAL, "ftp://10.0.0.1/", "http://u:p@10.0.0.1/"])
def test_no_setting_makes_us_call_what_is_never_called(url: str) -> None:
    async def main() -> None:
        central = CentralSystem(settings=Settings(callback_addresses={"CP1": url}))
        with pytest.raises(ValueError, match=r"callback_addresses\['CP1'\]"):
            async with central.serve(soap="http://127.0.0.1:0/ocpp"):
                pass

    run(main)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"CP1</ocpp:chargeBoxIdentity>", b"CP1<x/>2</ocpp:chargeBoxIdentity>"),
        (b"<soap:Body>", b"<soap:Body>text"),
        (b"</soap:Body>", b"text</soap:Body>"),
    ],
)
def test_what_one_reader_sees_and_another_does_not_is_refused(old: bytes, new: bytes) -> None:
    async def main() -> None:
        async with serving() as (central, url):
            body = envelope()
            assert old in body
            refused = await post(url, body.replace(old, new))
            assert fault(refused)[:2] == (400, "ProtocolError")
            assert not central.peers

    run(main)


def test_a_client_that_does_not_read_cannot_keep_the_server_from_stopping() -> None:
    large = DataTransferResponse(status=DataTransferStatus.ACCEPTED, data="x" * 100_000)
    request = DataTransferRequest(vendor_id="v")

    async def main() -> None:
        # The limits of real time are short here, so that nobody waits for them.
        second = timedelta(seconds=0.5)
        async with serving(soap_body_timeout=second, drain_timeout=second) as (central, url):
            central.on(DataTransferRequest)(lambda peer, request: large)
            host, port = url.split("/")[2].split(":")
            stuck = socket.socket()
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            stuck.connect((host, int(port)))
            stuck.setblocking(False)
            for _ in range(60):
                body = envelope(request, identity="STUCK")
                head = (
                    f"POST /ocpp HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
                    "Content-Type: application/soap+xml\r\n\r\n"
                )
                try:
                    stuck.send(head.encode() + body)
                except BlockingIOError:
                    break
                await asyncio.sleep(0.01)
            assert told(await post(url, envelope())).body_name == "heartbeatResponse"
        stuck.close()

    async def limited() -> None:
        async with asyncio.timeout(20):
            await main()

    run(limited)
