"""A charge point that can do wrong on SOAP: it posts what it is told and returns what comes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import httpx

from ocpp16 import CentralSystem
from ocpp16.bindings.ocpps import OcppS
from ocpp16.bindings.ocpps.envelope import SoapEnvelope, read
from ocpp16.catalog import action_of
from ocpp16.envelope import Call
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.structure import Request
from ocpp16.testing import HandClock
from tests.parties import HEARTBEAT, make_central

SOAP = "application/soap+xml; charset=utf-8"
FROM = "http://127.0.0.1:9/"
LOCAL = Settings(callback_networks=["127.0.0.0/8"])
_IDS = itertools.count(1)


@asynccontextmanager
async def serving(
    clock: HandClock | None = None, **options: Any
) -> AsyncIterator[tuple[CentralSystem, str]]:
    """Serve SOAP; give the central system and its URL."""
    names = {each.name for each in attrs.fields(Settings)}
    changes = {key: options.pop(key) for key in tuple(options) if key in names}
    central = make_central(settings=attrs.evolve(LOCAL, **changes), clock=clock, **options)
    async with central.serve(soap="http://127.0.0.1:0/ocpp") as server:
        yield central, server.urls.soap


def envelope(
    request: Request[Any] = HEARTBEAT,
    *,
    identity: str = "CP1",
    from_address: str | None = FROM,
    id: str | None = None,
) -> bytes:
    """Return the envelope of a charge point's request."""
    binding = OcppS(side=Side.CHARGE_POINT, identity=identity, from_address=from_address)
    name = action_of(type(request)).name
    return binding.frame(Call(id or f"id-{next(_IDS)}", name, binding.encode(request)))


def call_to_station(request: Request[Any], identity: str = "CP1", id: str = "1") -> bytes:
    """Return the envelope of a central system's request, without From and To."""
    binding = OcppS(side=Side.CENTRAL_SYSTEM, identity=identity)
    return binding.frame(Call(id, action_of(type(request)).name, binding.encode(request)))


async def post(url: str, body: bytes, **headers: str) -> httpx.Response:
    """Post a body."""
    fields = {"Content-Type": SOAP}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(url, content=body, headers=fields)


def told(response: httpx.Response) -> SoapEnvelope:
    """Return the envelope in a response."""
    assert response.headers["Content-Type"] == SOAP
    return read(response.content)


def fault(response: httpx.Response) -> tuple[int, str | None, str]:
    """Return status, subcode and text of a response that is a fault."""
    found = told(response).fault
    assert found is not None
    return response.status_code, found.subcode, found.text


async def serves(url: str) -> bool:
    """Tell whether another charge point is served."""
    answer = await post(url, envelope(identity="OTHER"))
    return answer.status_code == 200


class Responder:
    """An HTTP server that answers each request with the same bytes, whatever they are."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            yield f"http://127.0.0.1:{port}/cp"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            self.requests.append(head + await reader.readexactly(length))
            answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
            if answer:
                writer.write(answer)
                await writer.drain()
            else:
                await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()


def http(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """Return an HTTP response."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {SOAP}\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
