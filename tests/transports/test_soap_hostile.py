"""A central system on SOAP and clients that mean harm."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib
from datetime import timedelta
from pathlib import Path

import pytest

from ocpp16 import CentralSystem, Settings
from ocpp16.enums import DataTransferStatus
from ocpp16.messages import DataTransferRequest, DataTransferResponse
from tests.parties import run
from tests.transports.soap_post import envelope, fault, post, serves, serving, told

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


def _attacks(secret: str, trap: str) -> dict[str, tuple[bytes, dict[str, str]]]:
    """Return bodies with what they need in the head of the request, by what they are."""
    plain = envelope(identity="EVIL").partition(b"?>")[2]

    def inside(text: str) -> bytes:
        return plain.replace(b"</soap:Body>", f"{text}</soap:Body>".encode())

    def with_type(declared: str, text: str = "") -> bytes:
        return f"<!DOCTYPE x {declared}>".encode() + inside(text)

    lol = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    many = "".join(f" a{n}='x'" for n in range(200))
    namespaces = "".join(f" xmlns:a{n}='urn:{n}'" for n in range(200))
    attacks = {
        "doctype": (with_type(""), {}),
        "external doctype": (with_type(f"SYSTEM '{trap}'"), {}),
        "external entity": (with_type(f"[<!ENTITY e SYSTEM '{secret}'>]", "&e;"), {}),
        "network entity": (with_type(f"[<!ENTITY e SYSTEM '{trap}'>]", "&e;"), {}),
        "parameter entity": (with_type(f"[<!ENTITY % e SYSTEM '{trap}'> %e;]"), {}),
        "billion laughs": (with_type(f"[<!ENTITY l0 'lol'>{lol}]", "&l9;"), {}),
        "quadratic": (with_type(f"[<!ENTITY q '{'x' * 40_000}'>]", "&q;" * 15_000), {}),
        "undeclared entity": (inside("&e;"), {}),
        "depth": (inside("<a>" * 9_000 + "</a>" * 9_000), {}),
        "attributes": (inside(f"<a{many}/>"), {}),
        "namespaces": (inside(f"<a{namespaces}/>"), {}),
        "utf-16": (plain.decode().encode("utf-16"), {}),
        "utf-32": (plain.decode().encode("utf-32"), {}),
        "utf-7": (b"<?xml version='1.0' encoding='UTF-7'?>" + plain, {}),
        "latin-1": (b"<?xml version='1.0' encoding='ISO-8859-1'?>" + plain, {}),
        "charset": (plain, {"Content_Type": "application/soap+xml; charset=utf-16"}),
        "broken utf-8": (inside("\u00e9").replace(b"\xc3\xa9", b"\xe9"), {}),
        "overlong utf-8": (inside("").replace(b"EVIL", b"\xc0\xbcEVIL"), {}),
    }
    include = "<i:include xmlns:i='http://www.w3.org/2001/XInclude' href='{}' parse='text'/>"
    for name, place in (("a file", secret), ("a server", trap)):
        attacks[f"xinclude of {name}"] = (inside(include.format(place)), {})
        header = include.format(place).encode()
        in_header = plain.replace(b"</soap:Header>", header + b"</soap:Header>")
        attacks[f"xinclude in a header of {name}"] = (in_header, {})
    bomb = b"<a>" + b" " * 30_000_000 + b"</a>"
    attacks["gzip bomb"] = (gzip.compress(bomb), {"Content_Encoding": "gzip"})
    attacks["deflate bomb"] = (zlib.compress(bomb), {"Content_Encoding": "deflate"})
    return attacks


@pytest.mark.parametrize("name", list(_attacks("file:///x", "http://x/")))
def test_attacks_are_refused_and_another_is_answered_meanwhile(name: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret of this machine")

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as trap:
            trap.setblocking(False)
            address = f"http://127.0.0.1:{trap.getsockname()[1]}/x"
            body, headers = _attacks(secret.as_uri(), address)[name]
            async with serving() as (central, url):
                attempts = [asyncio.create_task(post(url, body, **headers)) for _ in range(3)]
                async with asyncio.timeout(5):
                    assert await serves(url)
                    for refused in await asyncio.gather(*attempts):
                        assert 400 <= refused.status_code < 500
                        assert "secret of" not in refused.text
                        assert str(tmp_path) not in refused.text
                assert "EVIL" not in central.peers
            with pytest.raises(BlockingIOError):
                trap.accept()

    run(main)
