"""POLICY "Connections", graceful stop: no new connections, handlers get 10 s, close 1001."""

from __future__ import annotations

import asyncio

import pytest

from ocpp16 import CentralSystem, ChargePoint
from ocpp16.errors import CallFailed, ConnectionRefused, OcppError, SessionClosed
from ocpp16.messages import HeartbeatRequest, HeartbeatResponse, ResetRequest, ResetResponse
from ocpp16.roles.backend import Backend
from ocpp16.roles.peer import Peer
from ocpp16.testing import HandClock, loopback_pair, record
from tests.parties import (
    ENDPOINT,
    HEARTBEAT,
    PULSE,
    RESET,
    RESET_DONE,
    make_central,
    make_station,
    run,
    until,
)


def slow_central(clock: HandClock, seconds: float) -> tuple[CentralSystem, list[str]]:
    central = CentralSystem(clock=clock)
    story: list[str] = []

    @central.on(HeartbeatRequest)
    async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
        story.append("begun")
        try:
            await clock.sleep(seconds)
        except asyncio.CancelledError:
            story.append("cancelled")
            raise
        story.append("done")
        return PULSE

    return central, story


async def outcome(call: asyncio.Task[HeartbeatResponse]) -> object:
    try:
        return await call
    except OcppError as error:
        return type(error)


@pytest.mark.parametrize(
    ("seconds", "story", "answer"),
    [(9.0, ["begun", "done"], PULSE), (11.0, ["begun", "cancelled"], SessionClosed)],
)
def test_running_handlers_get_ten_seconds(seconds: float, story: list[str], answer: object) -> None:
    async def main() -> None:
        clock = HandClock()
        central, seen = slow_central(clock, seconds)
        pair = loopback_pair(central, make_station(clock))
        async with pair.connected(reconnect=False) as (_, backend):
            call = asyncio.create_task(backend.call(HEARTBEAT))
            await clock.settle()
            stop = asyncio.create_task(central.disconnect())
            await clock.advance(8.9)
            assert not stop.done()
            await clock.advance(1.2)
            await stop
            assert seen == story
            assert await outcome(call) == answer
            assert pair.connections[0][0].close_code == 1001

    run(main)


def test_while_it_stops_no_new_handler_begins_but_handlers_can_call() -> None:
    async def main() -> None:
        clock = HandClock()
        central = CentralSystem(clock=clock)
        begun: list[str] = []
        go = asyncio.Event()

        @central.on(HeartbeatRequest)
        async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
            begun.append("begun")
            await go.wait()
            assert await peer.call(RESET) == RESET_DONE
            return PULSE

        pair = loopback_pair(central, make_station(clock))
        async with pair.connected(reconnect=False) as (_, backend):
            call = asyncio.create_task(backend.call(HEARTBEAT))
            await clock.settle()
            stop = asyncio.create_task(central.disconnect())
            await clock.settle()
            pair.connections[0][1].send(b'[2,"more","Heartbeat",{}]')
            await clock.settle()
            assert begun == ["begun"]
            go.set()
            assert await call == PULSE
            await stop

    run(main)


def test_handlers_of_lost_connections_are_waited_for_too() -> None:
    async def main() -> None:
        clock = HandClock()
        central, seen = slow_central(clock, 5)
        pair = loopback_pair(central, make_station(clock))
        async with pair.connected(reconnect=False) as (_, backend):
            call = asyncio.create_task(backend.call(HEARTBEAT))
            await clock.settle()
            pair.cut()
            assert await outcome(call) is SessionClosed
            stop = asyncio.create_task(central.disconnect())
            await clock.advance(4)
            assert not stop.done()
            await clock.advance(2)
            await stop
            assert seen == ["begun", "done"]

    run(main)


def test_a_charge_point_stops_gracefully_too() -> None:
    async def main() -> None:
        clock = HandClock()
        central, station = make_central(clock=clock), ChargePoint("CP1", clock=clock)

        @station.on(ResetRequest)
        async def reset(peer: Backend, request: ResetRequest) -> ResetResponse:
            await clock.sleep(5)
            return RESET_DONE

        pair = loopback_pair(central, station)

        async def visit() -> asyncio.Task[ResetResponse]:
            async with pair.connected() as (peer, _):
                call = asyncio.create_task(peer.call(RESET))
                await clock.settle()
                return call

        visiting = asyncio.create_task(visit())
        await clock.advance(6)
        assert await (await visiting) == RESET_DONE
        assert pair.connections[0][1].close_code == 1000

    run(main)


def test_a_server_can_be_started_again_and_others_are_left_alone() -> None:
    async def main() -> None:
        central = make_central()
        first, second = central.serve(json=ENDPOINT), central.serve(json=ENDPOINT)
        await first.start()
        async with (
            second,
            make_station(identity="A").connect(first.urls.json, reconnect=False) as a,
            make_station(identity="B").connect(second.urls.json) as b,
        ):
            assert await a.call(HEARTBEAT) == PULSE
            await first.stop()
            await until(lambda: not a.is_connected)
            assert dict(first.urls) == {}
            assert await b.call(HEARTBEAT) == PULSE
            await first.start()
            async with make_station(identity="A").connect(first.urls.json) as again:
                assert await again.call(HEARTBEAT) == PULSE
            await first.stop()

    run(main)


def test_a_server_that_stops_lets_nobody_in() -> None:
    async def main() -> None:
        clock = HandClock()
        central, _ = slow_central(clock, 5)
        server = central.serve(json=ENDPOINT)
        await server.start()
        url = server.urls.json
        async with make_station(clock).connect(url, reconnect=False) as backend:
            call = asyncio.create_task(backend.call(HEARTBEAT))
            await until(lambda: not central._accounts.of(["CP1"])[0].workload.is_idle)
            stop = asyncio.create_task(server.stop())
            await clock.settle()
            with pytest.raises((SessionClosed, ConnectionRefused)):
                async with make_station(identity="B").connect(url):
                    pass
            await clock.advance(5)
            assert await call == PULSE
            await until(stop.done)
            await stop

    run(main)


def test_nothing_is_sent_after_the_stop() -> None:
    async def main() -> None:
        clock = HandClock()
        central, _ = slow_central(clock, 100)
        sent = record(central)
        pair = loopback_pair(central, make_station(clock))
        async with pair.connected(reconnect=False) as (_, backend):
            call = asyncio.create_task(backend.call(HEARTBEAT))
            await clock.settle()
            stop = asyncio.create_task(central.disconnect())
            await clock.advance(11)
            await stop
            assert await outcome(call) is SessionClosed
        assert sent.sent == []
        with pytest.raises((SessionClosed, CallFailed)):
            await backend.call(HEARTBEAT)

    run(main)
