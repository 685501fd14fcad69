"""A central system with a security profile on a real socket, and raw clients for it."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from ocpp16 import CentralSystem, MemoryCredentials, Settings
from ocpp16.security.configuration import KeyPair, ServerSecurity
from ocpp16.testing import HandClock
from tests.parties import make_central
from tests.security.authority import KEY, Authority
from tests.security.link import raw_client
from tests.transports.raw_socket import Answer, RawSocket

SOAP = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:o="urn://Ocpp/Cs/2015/10/"><s:Header>
<o:chargeBoxIdentity>{identity}</o:chargeBoxIdentity><a:Action>/Heartbeat</a:Action>
<a:MessageID>urn:uuid:1</a:MessageID><a:From><a:Address>{origin}</a:Address></a:From>
</s:Header><s:Body><o:heartbeatRequest/></s:Body></s:Envelope>"""


def keys(**more: bytes) -> MemoryCredentials:
    return MemoryCredentials({"CP1": KEY, "CP2": bytes(range(100, 120)), **more})


def login(identity: str = "CP1", key: bytes = KEY) -> dict[str, str]:
    """Return the header of a charge point, right or wrong."""
    return {"Authorization": f"Basic {b64encode(identity.encode() + b':' + key).decode()}"}


@asynccontextmanager
async def guarded(
    security: ServerSecurity, clock: HandClock | None = None, wire: str = "json", **options: Any
) -> AsyncIterator[tuple[CentralSystem, str]]:
    """Serve; give the central system and the endpoint."""
    limits = {key: options.pop(key) for key in tuple(options) if hasattr(Settings(), key)}
    limits.setdefault("callback_networks", ["127.0.0.0/8"])
    central = make_central(settings=Settings(**limits), clock=clock, security=security, **options)
    tls = "s" if security.is_tls else ""
    url = {"json": f"ws{tls}", "soap": f"http{tls}"}[wire] + "://127.0.0.1:0/ocpp"
    places: dict[str, Any] = {wire: url}
    async with central.serve(**places) as server:
        yield central, server.urls[wire]


async def ask(
    endpoint: str,
    identity: str = "CP1",
    headers: dict[str, str] | None = None,
    *,
    context: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    wire: str = "json",
    origin: str = "http://127.0.0.1:1/",
) -> Answer:
    """Ask to be let in, and return what was answered.

    Args:
        endpoint: Where.
        identity: As whom.
        headers: Further header fields.
        context: For TLS.
        host: Our own address.
        wire: By which wire.
        origin: Where it says that it listens, on SOAP.
    """
    async with await open_socket(endpoint, context, host) as socket:
        path = urlsplit(endpoint).path or "/"
        if wire == "json":
            return await socket.ask(f"{path}/{identity}", headers)
        body = SOAP.format(identity=identity, origin=origin).encode()
        lines = {
            "Host": "localhost",
            "Content-Type": "application/soap+xml",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        socket.writer.write(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        return await socket.answer()


async def open_socket(
    endpoint: str, context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> RawSocket:
    parts = urlsplit(endpoint)
    more: dict[str, Any] = {"ssl": context, "server_hostname": "localhost"} if context else {}
    streams = await asyncio.open_connection(
        parts.hostname, parts.port, local_addr=(host, 0), **more
    )
    return RawSocket(*streams)


def client_of(authority: Authority, pair: KeyPair | None = None, **options: Any) -> ssl.SSLContext:
    return raw_client(authority.root, pair, **options)
