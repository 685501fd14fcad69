"""Security in somebody else's ASGI server: profiles by the scope, certificates by its extension."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ocpp16 import CentralSystem, ServerSecurity
from ocpp16.roles.event import Admitted
from ocpp16.security.pem import read_client_certificate
from ocpp16.security.tls import ServerTls
from tests.parties import drained, make_central, run
from tests.security.authority import Authority, dns, ip
from tests.security.link import RawEnd, raw_client, shake
from tests.security.serving import SOAP, keys, login


def scope_of(scheme: str, headers: dict[str, str], *chain: str, error: str | None = None) -> Any:
    """Return a scope of either wire, as a server with the TLS extension makes it."""
    kind = "websocket" if scheme.startswith("ws") else "http"
    told = {"client_cert_chain": list(chain), "client_cert_error": error, "tls_version": 0x0304}
    return {
        "type": kind,
        "scheme": scheme,
        "method": "POST",
        "path": "/ocpp/CP1" if kind == "websocket" else "/ocpp",
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        "subprotocols": ["ocpp1.6"],
        "client": ("192.0.2.1", 5),
        "extensions": {"websocket.http.response": {}, "tls": told},
    }


async def answer(central: CentralSystem, scope: Any) -> Any:
    """Return what the application says first."""
    said: list[Any] = []
    heard: asyncio.Queue[Any] = asyncio.Queue()
    if scope["type"] == "websocket":
        heard.put_nowait({"type": "websocket.connect"})
        heard.put_nowait({"type": "websocket.disconnect", "code": 1000})
    else:
        heard.put_nowait(
            {
                "type": "http.request",
                "body": SOAP.format(identity="CP1", origin="http://192.0.2.1/").encode(),
            }
        )

    async def send(message: Any) -> None:
        said.append(message)

    async with central:
        await central.asgi()(scope, heard.get, send)
    first = said[0]
    return 101 if first["type"] == "websocket.accept" else first["status"]


def pem(pair: Any) -> str:
    return str(pair.certificate.read_text())


SCHEMES = pytest.mark.parametrize("scheme", ["ws", "http"])
GOOD = {"ws": 101, "http": 200}
BAD = {"ws": 403, "http": 400}


@SCHEMES
def test_a_password_is_asked_for(authority: Authority, scheme: str) -> None:
    async def main() -> None:
        for profile, tls in ((1, ""), (2, "s")):
            security = authority.server(profile, credentials=keys())
            for headers, due in ((login(), GOOD[scheme]), ({}, 401)):
                central = make_central(security=security)
                assert await answer(central, scope_of(scheme + tls, headers)) == due

    run(main)


@SCHEMES
def test_a_link_of_another_kind_is_refused(authority: Authority, scheme: str) -> None:
    async def main() -> None:
        for profile, tls in ((1, "s"), (2, ""), (3, "")):
            security = authority.server(profile, credentials=keys())
            chain = pem(authority.pair("cp1"))
            scope = scope_of(scheme + tls, login(), chain)
            assert await answer(make_central(security=security), scope) == BAD[scheme]

    run(main)


@SCHEMES
def test_a_certificate_comes_by_the_extension(authority: Authority, scheme: str) -> None:
    async def main() -> None:
        security: ServerSecurity = authority.server(3)
        for pair, error, due in (
            ("cp1", None, GOOD[scheme]),
            ("cp2", None, BAD[scheme]),
            ("cp1", "expired", BAD[scheme]),
        ):
            central = make_central(security=security)
            events = central.events()
            scope = scope_of(f"{scheme}s", {}, pem(authority.pair(pair)), error=error)
            assert await answer(central, scope) == due
            told = [each for each in await drained(events) if isinstance(each, Admitted)]
            assert [each.info.serial_number for each in told] == (
                ["SN-1"] if due == GOOD[scheme] else []
            )
        assert (
            await answer(make_central(security=security), scope_of(f"{scheme}s", {}))
            == (BAD[scheme])
        )

    run(main)


def test_both_readers_of_certificates_see_the_same(authority: Authority) -> None:
    pair = authority.issue(
        "seen", "SN-\u8eca", names=[dns("a.example.com"), ip("127.0.0.1"), ip("::1")]
    )
    server = ServerTls(authority.server(3)).engine()
    client = RawEnd(raw_client(authority.root, pair), is_server=False, host="localhost")
    assert shake(server, client) is None
    one, other = server.client_certificate, read_client_certificate(pem(pair))
    assert one is not None
    assert (one.common_names, one.organizations) == (other.common_names, other.organizations)
    assert one.common_names == ("SN-\u8eca",)
    assert one.fingerprint == other.fingerprint
    assert one.serial_number.lstrip("0") == other.serial_number
    assert one.not_after == other.not_after
    for found in (one, other):
        assert found.is_of_host("a.example.com")
        assert found.is_of_host("::1")
        assert found.is_of_host("127.0.0.1")
        assert not found.is_of_host("127.0.0.2")
        assert not found.is_of_host("SN-\u8eca")


def test_what_is_no_certificate_is_an_error_and_lets_nobody_in(authority: Authority) -> None:
    async def main() -> None:
        scope = scope_of("wss", {}, "nonsense")
        assert await answer(make_central(security=authority.server(3)), scope) == 500

    run(main)
