"""Whole roles behind spyne: both directions, gate, list of the known, repeats."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from ocpp16 import CentralSystem, ChargePoint, enums, messages
from ocpp16.errors import CallFailed, ErrorCode
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.transports.system_clock import SystemClock
from tests.transports.full import all_requests, answer_everything, full, received_by
from tests.transports.wsgi import BACKEND, call, post, serving

spyne = pytest.importorskip("ocpp16.transports.spyne")
spyne_role = pytest.importorskip("ocpp16.transports.spyne_role")
zeep = pytest.importorskip("ocpp16.transports.zeep")

CENTRAL, STATION = Side.CENTRAL_SYSTEM, Side.CHARGE_POINT
HEARTBEAT = messages.HeartbeatResponse(current_time=datetime(2024, 1, 1, tzinfo=UTC))


@contextmanager
def running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def run(loop: asyncio.AbstractEventLoop, coroutine: Any) -> Any:
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result(20)


async def leave(central: CentralSystem, service: Any) -> None:
    async with central:
        pass
    await service.wait_closed()


def test_both_roles_call_each_other_through_spyne() -> None:
    settings = Settings(callback_networks=["127.0.0.0/8"])
    central, station = CentralSystem(settings=settings), ChargePoint("CP1")
    central_saw = answer_everything(central.on, CENTRAL)
    station_saw = answer_everything(station.on, STATION)
    order: list[str] = []

    @central.after(messages.HeartbeatRequest)
    def follow(peer: Any, request: Any) -> None:
        order.append("after")

    async def main(endpoint: str, callback: Any) -> None:
        async with station.connect_by(callback.dial) as backend:
            for action in received_by(CENTRAL):
                answer = await backend.call(full(action.request, CENTRAL))
                assert answer == full(action.response, CENTRAL)
            peer = await central.wait_for("CP1", timeout=5)
            for action in received_by(STATION):
                answer = await peer.call(full(action.request, STATION))
                assert answer == full(action.response, STATION)

    with running_loop() as loop:
        service = spyne_role.CentralService(central, loop=loop)
        callbacks: list[Any] = []

        def listen(environment: Any, start_response: Any) -> Any:
            return callbacks[0](environment, start_response)

        with (
            serving(spyne.WsgiServer(service.application)) as endpoint,
            serving(listen) as here,
        ):

            async def make() -> Any:
                return spyne_role.Callback(
                    endpoint, "CP1", listens_at=here, settings=settings, clock=SystemClock()
                )

            callback = run(loop, make())
            callbacks.append(spyne.WsgiServer(callback.application))
            run(loop, main(endpoint, callback))
            run(loop, leave(central, service))
    assert central_saw == all_requests(CENTRAL)
    assert station_saw == all_requests(STATION)
    assert order == ["after"]


def test_roles_keep_their_gate_and_their_list() -> None:
    central = CentralSystem(known=["CP1"])

    @central.on(messages.BootNotificationRequest)
    async def boot(peer: Any, request: Any) -> messages.BootNotificationResponse:
        return messages.BootNotificationResponse(
            current_time=datetime.now(UTC),
            interval=300,
            status=enums.RegistrationStatus.REJECTED,
        )

    answer_heartbeats(central)
    request = messages.BootNotificationRequest(charge_point_model="M", charge_point_vendor="V")
    here = "http://127.0.0.1:1/"
    with running_loop() as loop:
        service = spyne_role.CentralService(central, loop=loop)
        with (
            serving(spyne.WsgiServer(service.application)) as url,
            zeep.ZeepCaller(url, "CP2", side=STATION, from_address=here) as stranger,
            zeep.ZeepCaller(url, "CP1", side=STATION, from_address=here) as caller,
        ):
            with pytest.raises(CallFailed) as unknown:
                stranger.call(messages.HeartbeatRequest())
            assert caller.call(request).status is enums.RegistrationStatus.REJECTED
            with pytest.raises(CallFailed) as gated:
                caller.call(messages.HeartbeatRequest())
            with pytest.raises(CallFailed) as missing:
                caller.call(messages.AuthorizeRequest(id_tag="x"))
        run(loop, leave(central, service))
    assert unknown.value.code is ErrorCode.SECURITY_ERROR
    assert gated.value.code is ErrorCode.SECURITY_ERROR
    assert missing.value.code is ErrorCode.SECURITY_ERROR  # before NotSupported: the gate is first


def answer_heartbeats(central: CentralSystem) -> None:
    @central.on(messages.HeartbeatRequest)
    def heartbeat(peer: Any, request: Any) -> messages.HeartbeatResponse:
        return HEARTBEAT


def test_repeat_of_a_transaction_message_gets_the_first_answer() -> None:
    central = CentralSystem()
    seen: list[Any] = []

    @central.on(messages.StartTransactionRequest)
    def start(peer: Any, request: Any) -> Any:
        seen.append(request)
        return full(messages.StartTransactionResponse, CENTRAL)

    frame = call(full(messages.StartTransactionRequest, CENTRAL))
    with running_loop() as loop:
        service = spyne_role.CentralService(central, loop=loop)
        replies = [post(spyne.WsgiServer(service.application), frame) for _ in range(2)]
        for reply in replies:
            reply.chunks.close()
        run(loop, leave(central, service))
    assert [reply.status for reply in replies] == [200, 200]
    assert len(seen) == 1
    assert replies[0].body == replies[1].body


def test_charge_point_that_is_not_connected_answers_503() -> None:
    async def main() -> int:
        callback = spyne_role.Callback(
            "http://127.0.0.1:1/", "CP1", listens_at="http://127.0.0.1:2/", settings=Settings(),
            clock=SystemClock(),
        )  # fmt: skip
        frame = call(messages.ClearCacheRequest(), binding=BACKEND)
        reply = await asyncio.to_thread(post, spyne.WsgiServer(callback.application), frame)
        return reply.status

    assert asyncio.run(main()) == 503
