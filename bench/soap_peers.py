"""Goals 5, 6 and 10: SOAP codec and dispatch, outgoing calls, and requests a second over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import zeep
from lxml import etree

from bench.measure import Row, row, side_by_side
from bench.process import ServerProcess
from bench.sample import BOOT, Sample, meter_values
from bench.servers.ours import make
from bench.spyne_peer import spyne_pipeline
from ocpp16 import messages
from ocpp16.bindings import ocpps
from ocpp16.bindings.ocppj import codec
from ocpp16.bindings.ocpps import OcppS
from ocpp16.catalog import action_of
from ocpp16.enums import ResetType
from ocpp16.envelope import Call, CallResult
from ocpp16.spec import Side
from ocpp16.structure import Request

SAMPLES = (BOOT, meter_values(10))
SERVER_REQUESTS = 200
CONNECTIONS = 8
WSDL = Path(ocpps.__file__).parent / "OCPP_ChargePointService_1.6.wsdl"


def request_of(sample: Sample) -> Request[Any]:
    """Return a sample as an object."""
    request = codec.decode(sample.cls, sample.text)
    if not isinstance(request, Request):
        raise TypeError(f"{sample.name} is no request")
    return request


def envelope_of(sample: Sample, id: str = "urn:uuid:1") -> bytes:
    """Return a sample as a charge point's envelope."""
    request = request_of(sample)
    binding = OcppS(
        side=Side.CHARGE_POINT,
        identity="CP1",
        from_address="http://127.0.0.1:9/",
        to="http://127.0.0.1:9/ocpp",
    )
    return binding.frame(Call(id, action_of(type(request)).name, binding.encode(request)))


def codec_and_dispatch(rounds: int) -> list[Row]:
    """Goal 5, and spyne of goal 6: from the bytes of a request to those of its answer."""
    rows: list[Row] = []
    for sample in SAMPLES:
        body = envelope_of(sample)
        figures = side_by_side(
            {
                "ours": _pipeline(body),
                "lxml": _parse_and_write(body),
                "spyne": spyne_pipeline(body),
            },
            rounds,
        )
        what = f"SOAP decode, dispatch, encode {sample.name}"
        rows.append(row(5, what, "lxml", figures["ours"], figures["lxml"], limit="<= 1.6"))
        spyne = figures["spyne"]
        rows.append(row(6, what, "spyne", figures["ours"], spyne, limit=">= 15", inverse=True))
    return rows


def _parse_and_write(body: bytes) -> Callable[[], object]:
    return lambda: etree.tostring(etree.fromstring(body))


def _pipeline(body: bytes) -> Callable[[], object]:
    dispatcher = make()._dispatcher  # noqa: SLF001 - what a server does, without the server
    binding = OcppS(side=Side.CENTRAL_SYSTEM, identity="CP1")
    peer: Any = None

    def answer() -> bytes:
        call = binding.unframe(body)
        if not isinstance(call, Call):
            raise TypeError("it is a call")
        request = binding.decode(_request_class(call.action), call.payload)
        coroutine = dispatcher.handle(peer, request)
        try:
            coroutine.send(None)
        except StopIteration as stop:
            payload = binding.encode(stop.value)
            return binding.frame(CallResult(call.id, payload, call.action))
        raise AssertionError("the handlers here wait for nothing")

    return answer


def _request_class(action: str) -> type[Request[Any]]:
    cls: type[Request[Any]] = {
        "BootNotification": BOOT.cls,
        "MeterValues": SAMPLES[1].cls,
    }[action]  # type: ignore[assignment]
    return cls


def outgoing(rounds: int) -> list[Row]:
    """Zeep of goal 6: making the envelope of a call to a charge point."""
    request = messages.ResetRequest(type=ResetType.SOFT)
    binding = OcppS(side=Side.CENTRAL_SYSTEM, identity="CP1", to="http://127.0.0.1:9/")
    library: Any = zeep
    client = library.Client(str(WSDL))
    headers = {"ChargeBoxIdentity": "CP1"}

    def by_zeep() -> object:
        envelope = client.create_message(client.service, "Reset", "Soft", _soapheaders=headers)
        return etree.tostring(envelope)

    figures = side_by_side(
        {
            "ours": lambda: binding.frame(Call("urn:uuid:1", "Reset", binding.encode(request))),
            "zeep": by_zeep,
        },
        rounds,
    )
    theirs = figures["zeep"]
    what = "SOAP outgoing call, Reset"
    return [row(6, what, "zeep", figures["ours"], theirs, limit=">= 8", inverse=True)]


def server(rounds: int) -> list[Row]:
    """Goal 10: requests a second of processor time, against uvicorn answering a constant."""
    figures = asyncio.run(_server(rounds))
    ours, constant = figures["ours"], figures["uvicorn"]
    return [
        row(10, "SOAP server, Boot: requests per CPU second", "uvicorn", ours, constant,
            limit=">= 0.7", inverse=True)
    ]  # fmt: skip


async def _server(rounds: int) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {"ours": [], "uvicorn": []}
    with ExitStack() as stack:
        servers = {
            "ours": stack.enter_context(ServerProcess("ours_soap")),
            "uvicorn": stack.enter_context(ServerProcess("constant_http")),
        }
        for process in servers.values():
            await _post_all(process.port, 20)
        for _ in range(rounds):
            for name, process in servers.items():
                before = process.cpu()
                await _post_all(process.port, SERVER_REQUESTS)
                spent = process.cpu() - before
                figures[name].append(spent / (SERVER_REQUESTS * CONNECTIONS) * 1e6)
    return figures


async def _post_all(port: int, times: int) -> None:
    await asyncio.gather(*(_post(port, times, number) for number in range(CONNECTIONS)))


async def _post(port: int, times: int, number: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stamp = time.monotonic_ns()
    for turn in range(times):
        body = envelope_of_cached(f"urn:uuid:{stamp}-{number}-{turn}")
        writer.write(
            b"POST /ocpp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/soap+xml\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode("latin-1"))
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()


_TEMPLATE = envelope_of(BOOT, "urn:uuid:THIS-ONE")


def envelope_of_cached(id: str) -> bytes:
    """Return the envelope of a boot with an id."""
    return _TEMPLATE.replace(b"urn:uuid:THIS-ONE", id.encode())
