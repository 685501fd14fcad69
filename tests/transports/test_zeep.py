"""Calls through zeep: every action, the headers, every way a call can fail."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from ocpp16 import CentralSystem, ChargePoint, datatypes, enums, messages
from ocpp16.bindings.ocpps import OcppS
from ocpp16.bindings.ocpps.envelope import SOAP, WSA, SoapEnvelope, read
from ocpp16.envelope import Call, CallError, CallResult
from ocpp16.errors import (
    CallFailed,
    CallNotAllowed,
    CallTimeout,
    ErrorCode,
    InvalidMessage,
    InvalidResponse,
    OcppError,
    SessionClosed,
)
from ocpp16.settings import Settings
from ocpp16.spec import Side
from tests.transports.full import all_requests, answer_everything, full, received_by
from tests.transports.wsgi import serving

zeep = pytest.importorskip("ocpp16.transports.zeep")

CENTRAL, STATION = Side.CENTRAL_SYSTEM, Side.CHARGE_POINT
HERE = "http://127.0.0.1:1/"
SERVICE = OcppS(side=CENTRAL, identity="CP1")
SHORT = timedelta(seconds=0.3)

Answering = Callable[[bytes], tuple[int, dict[str, str], Any]]


@contextmanager
def answering(answer: Answering, **options: Any) -> Iterator[Any]:
    """Return a caller whose calls one function answers: status, headers, body."""

    def application(environ: Any, start_response: Any) -> Any:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        status, headers, data = answer(body)
        if isinstance(data, bytes):
            headers = {"Content-Length": str(len(data))} | headers
            data = [bytes(data)]
        start_response(f"{status} x", list(headers.items()))
        return data

    with (
        serving(application) as url,
        zeep.ZeepCaller(url, "CP1", side=STATION, from_address=HERE, **options) as caller,
    ):
        yield caller


def call_both_ways(caller: Any, request: Any, **options: Any) -> list[Any]:
    """Return the outcomes of a call from a thread and on an event loop."""

    async def on_loop() -> Any:
        try:
            return await caller.async_call(request, **options)
        finally:
            await caller.aclose()

    def from_thread() -> Any:
        return caller.call(request, **options)

    def from_loop() -> Any:
        return asyncio.run(on_loop())

    outcomes: list[Any] = []
    for attempt in (from_thread, from_loop):
        try:
            outcomes.append(attempt())
        except OcppError as error:
            outcomes.append(error)
    return outcomes


def result(asked: SoapEnvelope, response: Any, relates_to: str | None = None) -> bytes:
    name = type(response).__name__.removesuffix("Response")
    message_id = asked.message_id or ""
    return SERVICE.frame(
        CallResult(message_id if relates_to is None else relates_to, SERVICE.encode(response), name)
    )


HEARTBEAT = full(messages.HeartbeatResponse, CENTRAL)


# Every action


def test_every_action_of_the_central_system() -> None:
    central = CentralSystem()
    seen = answer_everything(central.on, CENTRAL)

    def from_thread(url: str) -> None:
        with zeep.ZeepCaller(url, "CP1", side=STATION, from_address=HERE) as caller:
            for action in received_by(CENTRAL):
                answer = caller.call(full(action.request, CENTRAL))
                assert answer == full(action.response, CENTRAL)

    async def main() -> None:
        async with central.serve(soap="http://127.0.0.1:0/ocpp") as server:
            url = server.urls.soap
            await asyncio.to_thread(from_thread, url)
            assert seen == all_requests(CENTRAL)
            seen.clear()
            async with zeep.ZeepCaller(url, "CP1", side=STATION, from_address=HERE) as caller:
                for action in received_by(CENTRAL):
                    answer = await caller.async_call(full(action.request, CENTRAL))
                    assert answer == full(action.response, CENTRAL)
            assert seen == all_requests(CENTRAL)

    asyncio.run(main())


def test_every_action_of_a_charge_point() -> None:
    station = ChargePoint("CP1")
    seen = answer_everything(station.on, STATION)

    def from_thread(url: str) -> None:
        with zeep.ZeepCaller(url, "CP1", side=CENTRAL) as caller:
            for action in received_by(STATION):
                answer = caller.call(full(action.request, STATION))
                assert answer == full(action.response, STATION)

    async def main() -> None:
        async with station.connect(HERE, listen="http://127.0.0.1:0/") as backend:
            url = backend.info.callback or ""
            await asyncio.to_thread(from_thread, url)
            assert seen == all_requests(STATION)
            seen.clear()
            async with zeep.ZeepCaller(url, "CP1", side=CENTRAL) as caller:
                for action in received_by(STATION):
                    answer = await caller.async_call(full(action.request, STATION))
                    assert answer == full(action.response, STATION)
            assert seen == all_requests(STATION)

    asyncio.run(main())


# What leaves


def test_headers() -> None:
    sent: list[bytes] = []

    def answer(body: bytes) -> Any:
        sent.append(body)
        return 200, {}, result(read(body), HEARTBEAT)

    ids = iter(["first", "second"])
    with answering(answer, new_id=lambda: next(ids)) as caller:
        assert call_both_ways(caller, messages.HeartbeatRequest()) == [HEARTBEAT, HEARTBEAT]
    assert len(sent) == 2
    for body, message_id in zip(sent, ("first", "second"), strict=True):
        envelope = read(body)
        assert envelope.identity == "CP1"
        assert envelope.action == "Heartbeat"
        assert envelope.message_id == message_id
        assert envelope.from_address == HERE
        assert envelope.reply_to == f"{WSA}/anonymous"
        assert envelope.to == caller.url
        root = etree.fromstring(body)
        marked: Any = root.xpath("//*[@*[local-name() = 'mustUnderstand']='true']")
        names = sorted(etree.QName(element).localname for element in marked)
        assert names == ["Action", "chargeBoxIdentity"]


def test_a_central_system_may_leave_from_out() -> None:
    caller = zeep.ZeepCaller(HERE, "CP1", side=CENTRAL)
    assert caller.side is CENTRAL
    with pytest.raises(ValueError, match="from_address"):
        zeep.ZeepCaller(HERE, "CP1", side=STATION)
    with pytest.raises(ValueError, match="control"):
        zeep.ZeepCaller(HERE, "CP\n1", side=CENTRAL)


def test_content_type_is_that_of_soap_12() -> None:
    kinds: list[str] = []

    def application(environ: Any, start_response: Any) -> Any:
        kinds.append(environ["CONTENT_TYPE"])
        start_response("500 x", [("Content-Length", "0")])
        return [b""]

    with (
        serving(application) as url,
        zeep.ZeepCaller(url, "CP1", side=STATION, from_address=HERE) as caller,
    ):
        call_both_ways(caller, messages.HeartbeatRequest())
    assert kinds == ["application/soap+xml; charset=utf-8"] * 2


def test_plugins_of_the_application_see_the_whole_envelope() -> None:
    seen: list[Any] = []

    class Plugin:
        def egress(self, envelope: Any, http_headers: Any, operation: Any, options: Any) -> Any:
            seen.append(envelope.findtext(f"{{{SOAP}}}Header/{{{WSA}}}From/{{{WSA}}}Address"))

    with answering(
        lambda body: (200, {}, result(read(body), HEARTBEAT)), plugins=[Plugin()]
    ) as caller:
        caller.call(messages.HeartbeatRequest())
    assert seen == [HERE]


def test_plain_values() -> None:
    limit = datatypes.ChargingSchedulePeriod(start_period=0, limit=1e14)
    assert zeep.plain(limit) == {"startPeriod": 0, "limit": Decimal("1e+14")}
    assert type(zeep.plain(full(messages.AuthorizeResponse, CENTRAL))["idTagInfo"]["status"]) is str


def test_what_must_not_leave() -> None:
    def answer(body: bytes) -> Any:
        raise AssertionError("nothing is sent")

    with answering(answer) as caller:
        with pytest.raises(CallNotAllowed):
            caller.call(messages.ClearCacheRequest())
        with pytest.raises(InvalidMessage, match="no such message"):
            caller.call(
                messages.SignedFirmwareStatusNotificationRequest(
                    status=enums.SignedFirmwareStatus.IDLE
                )
            )
        with pytest.raises(InvalidMessage) as invalid:
            caller.call(messages.MeterValuesRequest(connector_id=2**40, meter_value=()))
    assert invalid.value.path == "/connectorId"


def test_wsdl_is_loaded_once_and_without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    zeep.contract.cache_clear()
    for _ in range(2):
        zeep.ZeepCaller(HERE, "CP1", side=STATION, from_address=HERE).close()
        zeep.ZeepCaller(HERE, "CP1", side=CENTRAL).close()
    assert zeep.contract.cache_info().misses == 2
    with pytest.raises(ValueError, match="not loaded"):
        zeep.NoNetwork().load("http://127.0.0.1:1/x.xsd")


# What comes back


def test_fault() -> None:
    def answer(body: bytes) -> Any:
        error = CallError(read(body).message_id or "", ErrorCode.TYPE_CONSTRAINT_VIOLATION, "why")
        return 400, {}, SERVICE.frame(error)

    with answering(answer) as caller:
        for outcome in call_both_ways(caller, messages.HeartbeatRequest()):
            assert isinstance(outcome, CallFailed)
            assert outcome.code is ErrorCode.TYPE_CONSTRAINT_VIOLATION
            assert outcome.description == "why"


def test_compressed_answer() -> None:
    def answer(body: bytes) -> Any:
        data = gzip.compress(result(read(body), HEARTBEAT))
        return 200, {"Content-Encoding": "gzip"}, data

    with answering(answer) as caller:
        assert call_both_ways(caller, messages.HeartbeatRequest()) == [HEARTBEAT, HEARTBEAT]


def test_answer_without_headers() -> None:
    def answer(body: bytes) -> Any:
        root = etree.fromstring(result(read(body), HEARTBEAT))
        root.remove(root[0])
        return 200, {}, etree.tostring(root)

    with answering(answer) as caller:
        assert call_both_ways(caller, messages.HeartbeatRequest()) == [HEARTBEAT, HEARTBEAT]


def bad_time(body: bytes) -> bytes:
    return result(read(body), HEARTBEAT).replace(b"2024-02-29T", b"2024-02-30T")


def a_call(body: bytes) -> bytes:
    backend = OcppS(side=CENTRAL, identity="CP1", from_address=HERE)
    frame = backend.frame(Call("x", "ClearCache", backend.encode(messages.ClearCacheRequest())))
    asked = read(body).message_id or ""
    return frame.replace(
        b"<wsa:ReplyTo>", f"<wsa:RelatesTo>{asked}</wsa:RelatesTo><wsa:ReplyTo>".encode()
    )


@pytest.mark.parametrize(
    ("answer", "code", "path"),
    [
        (bad_time, ErrorCode.TYPE_CONSTRAINT_VIOLATION, "/currentTime"),
        (lambda body: result(read(body), HEARTBEAT, "other"), ErrorCode.PROTOCOL_ERROR, ""),
        (
            lambda body: result(read(body), messages.MeterValuesResponse()),
            ErrorCode.PROTOCOL_ERROR,
            "",
        ),
        (a_call, ErrorCode.PROTOCOL_ERROR, ""),
        (lambda body: b"", ErrorCode.PROTOCOL_ERROR, ""),
        (lambda body: b"<html/>", ErrorCode.PROTOCOL_ERROR, ""),
        (lambda body: b"<!DOCTYPE x><x/>", ErrorCode.PROTOCOL_ERROR, ""),
        (lambda body: b" " * 200_000, ErrorCode.FORMATION_VIOLATION, ""),
    ],
)
def test_invalid_answer(answer: Any, code: ErrorCode, path: str) -> None:
    with answering(lambda body: (200, {}, answer(body))) as caller:
        for outcome in call_both_ways(caller, messages.HeartbeatRequest()):
            assert isinstance(outcome, InvalidResponse), outcome
            assert (outcome.code, outcome.path) == (code, path)


def test_leniency() -> None:
    settings = Settings(leniency=frozenset({"unknown-fields"}))

    def answer(body: bytes) -> Any:
        data = result(read(body), HEARTBEAT)
        odd = b'<x xmlns="urn://Ocpp/Cs/2015/10/"/>'
        return 200, {}, data.replace(b"</ocpp:heartbeatR", odd + b"</ocpp:heartbeatR")

    with answering(answer, settings=settings) as caller:
        for outcome in call_both_ways(caller, messages.HeartbeatRequest()):
            assert outcome.current_time == HEARTBEAT.current_time


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_answer_that_cannot_be_inflated(coding: str) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    with answering(lambda _: (200, {"Content-Encoding": coding}, bomb)) as caller:
        for outcome in call_both_ways(caller, messages.HeartbeatRequest()):
            assert isinstance(outcome, InvalidResponse)


@pytest.mark.parametrize("status", [404, 500, 503])
def test_http_error(status: int) -> None:
    with answering(lambda _: (status, {}, b"gone")) as caller:
        for outcome in call_both_ways(caller, messages.HeartbeatRequest()):
            assert isinstance(outcome, CallFailed)
            assert outcome.code is ErrorCode.GENERIC_ERROR
            assert outcome.description == f"HTTP {status}, without a fault"


def test_redirect_is_not_followed() -> None:
    asked: list[bytes] = []

    def answer(body: bytes) -> Any:
        asked.append(body)
        return 307, {"Location": "/elsewhere"}, b""

    with answering(answer) as caller:
        for outcome in call_both_ways(caller, messages.HeartbeatRequest()):
            assert isinstance(outcome, InvalidResponse)
    assert len(asked) == 2


def drip(seconds: float) -> Iterator[bytes]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.02)
        yield b" "


def stall(is_over: threading.Event) -> Iterator[bytes]:
    yield b" "
    is_over.wait(2)


@pytest.mark.parametrize("kind", ["silent", "dripping", "stalled"])
def test_late_answer(kind: str) -> None:
    is_over = threading.Event()

    def answer(_: bytes) -> Any:
        if kind == "silent":
            is_over.wait(2)
            return 200, {}, b""
        body = drip(2) if kind == "dripping" else stall(is_over)
        return 200, {"Content-Length": "100000"}, body

    with answering(answer) as caller:
        begun = time.monotonic()
        for outcome in call_both_ways(caller, messages.HeartbeatRequest(), timeout=SHORT):
            assert isinstance(outcome, CallTimeout)
        assert time.monotonic() - begun < 2
        is_over.set()


def test_answer_that_is_cut_off() -> None:
    with answering(lambda _: (200, {"Content-Length": "100"}, iter([b"<x"]))) as caller:
        for outcome in call_both_ways(caller, messages.HeartbeatRequest()):
            assert isinstance(outcome, SessionClosed)


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        caller = zeep.ZeepCaller(url, "CP1", side=CENTRAL)
        for outcome in call_both_ways(caller, messages.ClearCacheRequest()):
            assert isinstance(outcome, SessionClosed)
        caller.close()


def test_calls_of_several_threads_keep_their_ids_apart() -> None:
    with answering(lambda body: (200, {}, result(read(body), HEARTBEAT))) as caller:
        outcomes: list[Any] = []

        def work() -> None:
            outcomes.extend(caller.call(messages.HeartbeatRequest()) for _ in range(10))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert outcomes == [HEARTBEAT] * 80


def test_calls_of_several_tasks_keep_their_ids_apart() -> None:
    async def main(caller: Any) -> list[Any]:
        async with caller:
            calls = [caller.async_call(messages.HeartbeatRequest()) for _ in range(20)]
            return await asyncio.gather(*calls)

    with answering(lambda body: (200, {}, result(read(body), HEARTBEAT))) as caller:
        assert asyncio.run(main(caller)) == [HEARTBEAT] * 20
