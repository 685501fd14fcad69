"""Both services behind spyne: every action, the fault table, the limits, hooks, whole roles."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocpp16 import enums, messages
from ocpp16.bindings.ocpps import wsdl
from ocpp16.bindings.ocpps.envelope import SOAP, WSA
from ocpp16.dispatch import Dispatcher
from ocpp16.envelope import PeerInfo
from ocpp16.errors import SecurityError, SessionClosed
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.structure import Request, Response
from ocpp16.transports.task import run_in_thread
from tests.transports.full import all_requests, answer_everything, full, received_by
from tests.transports.wsgi import BACKEND, Reply, beat, call, serving
from tests.transports.wsgi import post as post_to

spyne = pytest.importorskip("ocpp16.transports.spyne")
spyne_role = pytest.importorskip("ocpp16.transports.spyne_role")
zeep = pytest.importorskip("ocpp16.transports.zeep")

CENTRAL, STATION = Side.CENTRAL_SYSTEM, Side.CHARGE_POINT
HEARTBEAT = messages.HeartbeatResponse(current_time=datetime(2024, 1, 1, tzinfo=UTC))
SHORT = Settings(handler_timeout=timedelta(seconds=0.05))


def post(application: Any, body: bytes, *, server: Any = None, **environment: Any) -> Reply:
    return post_to((server or spyne.WsgiServer)(application), body, **environment)


def dispatcher(side: Side = CENTRAL) -> Dispatcher[Any]:
    return Dispatcher(side, run_sync=run_in_thread)


def heartbeats() -> Dispatcher[Any]:
    handlers = dispatcher()

    @handlers.on(messages.HeartbeatRequest)
    async def heartbeat(peer: Any, request: Any) -> messages.HeartbeatResponse:
        return HEARTBEAT

    return handlers


# Every action


@pytest.mark.parametrize("side", list(Side))
def test_every_action(side: Side) -> None:
    handlers = dispatcher(side)
    seen = answer_everything(handlers.on, side)
    identity = "CP1" if side is STATION else None
    application = spyne.application(handlers, side, identity=identity)
    here = "http://127.0.0.1:1/"
    with (
        serving(spyne.WsgiServer(application)) as url,
        zeep.ZeepCaller(url, "CP1", side=side.other, from_address=here) as caller,
    ):
        for action in received_by(side):
            assert caller.call(full(action.request, side)) == full(action.response, side)
    assert seen == all_requests(side)


def test_plain_wsgi_application_of_spyne_serves_it() -> None:
    from spyne.server.wsgi import WsgiApplication

    reply = post(spyne.application(heartbeats(), CENTRAL), beat(), server=WsgiApplication)
    assert reply.status == 200
    assert reply.envelope.action == "HeartbeatResponse"


def test_headers_of_an_answer() -> None:
    reply = post(spyne.application(heartbeats(), CENTRAL, new_message_id=lambda: "ours"), beat())
    assert reply.headers["Content-Type"] == "application/soap+xml; charset=utf-8"
    assert reply.headers["Content-Length"] == str(len(reply.body))
    envelope = reply.envelope
    assert (envelope.message_id, envelope.relates_to) == ("ours", "m1")
    assert envelope.to == f"{WSA}/anonymous"


@pytest.mark.parametrize("side", list(Side))
def test_wsdl_is_the_contract(side: Side) -> None:
    application = spyne.application(dispatcher(side), side, identity="CP1")
    reply = post(application, b"", REQUEST_METHOD="GET", QUERY_STRING="wsdl")
    assert (reply.status, reply.body) == (200, wsdl(side))


def test_listeners_of_spyne_see_typed_objects() -> None:
    application = spyne.application(heartbeats(), CENTRAL)
    seen: list[Any] = []
    application.event_manager.add_listener(
        "method_return_object",
        lambda ctx: seen.extend([ctx.in_object[0], ctx.out_object[0], ctx.in_header.identity]),
    )
    post(application, beat())
    assert seen == [messages.HeartbeatRequest(), HEARTBEAT, "CP1"]


# The peer


def test_what_a_handler_knows_of_its_peer() -> None:
    handlers = dispatcher()
    peers: list[Any] = []

    @handlers.on(messages.HeartbeatRequest)
    def heartbeat(peer: Any, request: Any) -> messages.HeartbeatResponse:
        peers.append(peer)
        return HEARTBEAT

    post(
        spyne.application(handlers, CENTRAL), beat(), REMOTE_PORT="5000", HTTP_USER_AGENT="x",
        HTTP_X_FORWARDED_FOR="10.0.0.1",
    )  # fmt: skip
    (peer,) = peers
    assert (peer.identity, peer.binding, peer.is_connected) == ("CP1", "ocpps", False)
    assert peer.info == PeerInfo(
        identity="CP1", side=STATION, binding="ocpps", address="192.0.2.7:5000",
        url="http://central/ocpp", callback="http://127.0.0.1:1/", user_agent="x",
    )  # fmt: skip
    with pytest.raises(SessionClosed, match="no way to call"):
        asyncio.run(peer.call(messages.ClearCacheRequest()))


def test_handler_calls_its_peer() -> None:
    handlers = dispatcher()
    asked: list[Any] = []

    async def call_peer(info: PeerInfo, request: Request[Any]) -> Response:
        asked.append((info.callback, request))
        return messages.ClearCacheResponse(status=enums.ClearCacheStatus.ACCEPTED)

    @handlers.on(messages.HeartbeatRequest)
    async def heartbeat(peer: Any, request: Any) -> messages.HeartbeatResponse:
        answer = await peer.call(messages.ClearCacheRequest())
        assert answer.status == "Accepted"
        return HEARTBEAT

    application = spyne.application(handlers, CENTRAL, call_peer=call_peer)
    assert post(application, beat()).status == 200
    assert asked == [("http://127.0.0.1:1/", messages.ClearCacheRequest())]


def test_handlers_share_one_loop() -> None:
    handlers = dispatcher()
    loops: list[Any] = []

    @handlers.on(messages.HeartbeatRequest)
    async def heartbeat(peer: Any, request: Any) -> messages.HeartbeatResponse:
        loops.append(asyncio.get_running_loop())
        return HEARTBEAT

    application = spyne.application(handlers, CENTRAL)
    post(application, beat())
    post(application, beat())
    assert len(loops) == 2 and loops[0] is loops[1]


# Hooks


@pytest.mark.parametrize("is_ours", [True, False])
def test_after_hook(*, is_ours: bool) -> None:
    from spyne.server.wsgi import WsgiApplication

    handlers = heartbeats()
    done = threading.Event()

    @handlers.after(messages.HeartbeatRequest)
    def follow(peer: Any, request: Any, response: Any) -> None:
        assert response == HEARTBEAT
        done.set()

    application = spyne.application(handlers, CENTRAL)
    reply = post(application, beat(), server=None if is_ours else WsgiApplication)
    if is_ours:
        assert not done.wait(0.1)
        reply.chunks.close()
    assert done.wait(5)


# Faults


def broken(frame: bytes, old: bytes, new: bytes) -> bytes:
    assert old in frame
    return frame.replace(old, new)


def test_payload_that_breaks_a_rule() -> None:
    handlers = dispatcher()
    answer_everything(handlers.on, CENTRAL)
    frame = broken(call(messages.AuthorizeRequest(id_tag="TAG")), b">TAG<", b">" + b"T" * 21 + b"<")
    reply = post(spyne.application(handlers, CENTRAL), frame)
    status, code, subcode, text = reply.fault
    assert (status, code, subcode) == (400, "Sender", "ProtocolError")
    assert text.startswith("PropertyConstraintViolation: /idTag: ")
    assert reply.envelope.relates_to == "m1"


def test_leniency() -> None:
    handlers = dispatcher()
    seen = answer_everything(handlers.on, CENTRAL)
    frame = broken(call(messages.AuthorizeRequest(id_tag="TAG")), b">TAG<", b">" + b"T" * 21 + b"<")
    settings = Settings(leniency={"over-length"})
    assert post(spyne.application(handlers, CENTRAL, settings=settings), frame).status == 200
    assert seen["Authorize"].id_tag == "T" * 21


@pytest.mark.parametrize(
    ("frame", "due"),
    [
        (
            call(messages.AuthorizeRequest(id_tag="x")),
            (500, "Receiver", "NotSupported", "Authorize is not offered here"),
        ),
        (
            beat().replace(b"heartbeatRequest", b"bogusRequest").replace(b"/Heartbeat", b"/Bogus"),
            (500, "Receiver", "NotSupported", "NotImplemented: action 'Bogus' is not one of"),
        ),
        (
            beat().replace(b"chargeBoxIdentity", b"somethingElse"),
            (500, "MustUnderstand", None, "the header"),
        ),
        (
            broken(beat(), b"<wsa:MessageID>m1</wsa:MessageID>", b""),
            (400, "Sender", "ProtocolError", "the header MessageID is missing"),
        ),
        (
            broken(beat(), b"/Heartbeat<", b"/Authorize<"),
            (400, "Sender", "ProtocolError", "the Action is 'Authorize'"),
        ),
        (
            broken(beat(), b">CP1<", b">..<"),
            (400, "Sender", "ProtocolError", "no charge point: "),
        ),
        (
            broken(beat(), SOAP.encode(), b"http://schemas.xmlsoap.org/soap/envelope/"),
            (500, "VersionMismatch", None, "SOAP 1.2 is due"),
        ),
        (
            broken(beat(), b"<soap:Envelope", b"<!DOCTYPE x [<!ENTITY a 'b'>]><soap:Envelope"),
            (400, "Sender", "ProtocolError", ""),
        ),
        (b"", (400, "Sender", "ProtocolError", "")),
        (b"<soap", (400, "Sender", "ProtocolError", "")),
        (beat().decode().encode("utf-16"), (400, "Sender", "ProtocolError", "is not UTF-8")),
    ],
)
def test_fault_table(frame: bytes, due: tuple[int, str, str | None, str]) -> None:
    reply = post(spyne.application(heartbeats(), CENTRAL), frame)
    assert reply.fault[:3] == due[:3]
    assert reply.fault[3].startswith(due[3])
    assert reply.headers["Content-Type"].startswith("application/soap+xml")


def test_an_answer_is_no_call() -> None:
    application = spyne.application(heartbeats(), CENTRAL)
    answer = post(application, beat()).body
    assert post(application, answer).fault[:3] == (400, "Sender", "ProtocolError")


def test_another_charge_point() -> None:
    handlers = dispatcher(STATION)
    answer_everything(handlers.on, STATION)
    application = spyne.application(handlers, STATION, identity="CP2")
    reply = post(application, call(messages.ClearCacheRequest(), binding=BACKEND))
    assert reply.fault[:3] == (400, "Sender", "IdentityMismatch")
    assert reply.envelope.relates_to == "m1"


def test_charge_point_needs_its_identity() -> None:
    with pytest.raises(ValueError, match="needs its identity"):
        spyne.application(dispatcher(STATION), STATION)
    with pytest.raises(ValueError, match="never"):
        spyne.application(dispatcher(STATION), STATION, identity="..")


def failing(action: Any) -> Dispatcher[Any]:
    handlers = dispatcher()

    @handlers.on(messages.HeartbeatRequest)
    async def heartbeat(peer: Any, request: Any) -> Any:
        return await action()

    return handlers


async def raise_fault() -> None:
    raise SecurityError("not you")


async def raise_secret() -> None:
    raise KeyError("secret")


async def take_long() -> None:
    await asyncio.sleep(5)


async def return_rubbish() -> Any:
    return messages.ClearCacheRequest()


async def return_invalid() -> Any:
    # A time that was never checked.
    return messages.HeartbeatResponse.unchecked({"current_time": "soon"}, [])


@pytest.mark.parametrize(
    ("action", "due"),
    [
        (raise_fault, (400, "Sender", "SecurityError", "not you")),
        (raise_secret, (500, "Receiver", "InternalError", "InternalError")),
        (take_long, (500, "Receiver", "InternalError", "InternalError")),
        (return_rubbish, (500, "Receiver", "InternalError", "InternalError")),
        (return_invalid, (500, "Receiver", "InternalError", "InternalError")),
    ],
)
def test_handler_that_fails(action: Any, due: Any) -> None:
    reply = post(spyne.application(failing(action), CENTRAL, settings=SHORT), beat())
    assert reply.fault == due
    assert reply.envelope.relates_to == "m1"


def test_fault_of_a_listener_of_spyne() -> None:
    from spyne.error import InvalidCredentialsError

    def refuse(ctx: Any) -> None:
        raise InvalidCredentialsError("no entry")

    application = spyne.application(heartbeats(), CENTRAL)
    application.event_manager.add_listener("method_call", refuse)
    assert post(application, beat()).fault == (400, "Sender", "SecurityError", "no entry")


# Limits


def test_compressed_request() -> None:
    application = spyne.application(heartbeats(), CENTRAL)
    reply = post(application, gzip.compress(beat()), HTTP_CONTENT_ENCODING="gzip")
    assert reply.status == 200


@pytest.mark.parametrize(
    ("body", "environment", "status"),
    [
        (b"x" * 200_000, {}, 413),
        (b"x", {"CONTENT_LENGTH": "99999999"}, 413),
        (gzip.compress(b" " * 50_000_000), {"HTTP_CONTENT_ENCODING": "gzip"}, 413),
        (b"x", {"HTTP_CONTENT_ENCODING": "br"}, 415),
        (b"x", {"HTTP_CONTENT_ENCODING": "gzip"}, 400),
        (beat(), {"CONTENT_TYPE": "application/json"}, 415),
        (beat(), {"CONTENT_TYPE": ""}, 415),
        (beat(), {"CONTENT_LENGTH": "many"}, 400),
        (beat(), {"CONTENT_LENGTH": "-1"}, 400),
        (b"", {"REQUEST_METHOD": "GET"}, 405),
    ],
)
def test_http_limits(body: bytes, environment: dict[str, str], status: int) -> None:
    reply = post(spyne.application(heartbeats(), CENTRAL), body, **environment)
    assert reply.fault[:3] == (status, "Sender", "ProtocolError")


def test_slow_handlers_do_not_wait_for_each_other() -> None:
    handlers = dispatcher()

    @handlers.on(messages.HeartbeatRequest)
    async def heartbeat(peer: Any, request: Any) -> messages.HeartbeatResponse:
        await asyncio.sleep(0.3)
        return HEARTBEAT

    application = spyne.application(handlers, CENTRAL)
    begun = time.monotonic()
    threads = [threading.Thread(target=post, args=(application, beat())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert time.monotonic() - begun < 1.5


# The library


CHECK_IMPORT = """
import sys
import ocpp16.transports.spyne
assert sys.version_info < (3, 13) or "cgi" not in sys.modules
import colorsys, this_module_does_not_exist
"""


def test_import_warns_of_nothing_and_leaves_no_stand_in() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CHECK_IMPORT],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "No module named 'this_module_does_not_exist'" in done.stderr


def test_parse_header_as_cgi_has_it() -> None:
    from ocpp16.transports import spyne_library

    parse = spyne_library._without_cgi().parse_header
    assert parse('text/xml; charset="utf-8"; x=1') == ("text/xml", {"charset": "utf-8", "x": "1"})
    assert parse("text/xml") == ("text/xml", {})
