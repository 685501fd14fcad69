"""POLICY "Connections": a charge point whose connection is lost, or does not come to be."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from itertools import pairwise

import pytest

from ocpp16.envelope import PeerInfo
from ocpp16.errors import CallTimeout, ConnectionRefused, QueueFull, SessionClosed
from ocpp16.messages import HeartbeatResponse
from ocpp16.roles.backend import Backend
from ocpp16.roles.event import Connected, Disconnected
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.settings import Settings
from ocpp16.testing import HandClock, loopback_pair, record
from ocpp16.transports.loopback import LoopbackConnection
from tests.parties import (
    HEARTBEAT,
    PULSE,
    RESET,
    RESET_DONE,
    call_in,
    drained,
    kinds,
    make_central,
    make_station,
    run,
)


def test_a_lost_connection_is_opened_again_after_growing_random_waits() -> None:
    async def main() -> None:
        clock = HandClock()
        station = make_station(clock, random=lambda: 0.5)
        pair = loopback_pair(make_central(clock=clock), station)
        tries: list[float] = []

        async def dial() -> LoopbackConnection:
            tries.append(clock.time())
            return await pair.dial()

        async with station.connect_by(dial) as backend:
            pair.is_down = True
            pair.cut()
            await clock.advance(1000)
            waits = [later - earlier for earlier, later in pairwise(tries)]
            assert waits == [
                1.5,
                2.0,
                3.0,
                5.0,
                9.0,
                17.0,
                33.0,
                65.0,
                129.0,
                151.0,
                151.0,
                151.0,
                151.0,
            ]
            pair.is_down = False
            await clock.advance(151)
            assert backend.is_connected
            assert await backend.call(HEARTBEAT) == PULSE

    run(main)


def test_calls_wait_for_the_next_connection_in_order() -> None:
    async def main() -> None:
        clock = HandClock()
        central, station = make_central(clock=clock), make_station(clock)
        pair = loopback_pair(central, station)
        async with pair.connected() as (_, backend):
            pair.cut()
            await clock.settle()
            seen = record(central)
            calls = [
                asyncio.create_task(backend.call(HEARTBEAT, call_id=f"id-{n}")) for n in range(3)
            ]
            await clock.settle()
            assert not any(call.done() for call in calls)
            await clock.advance(5)
            assert await asyncio.gather(*calls) == [PULSE] * 3
            assert [call_in(text) for text in seen.received] == [
                (f"id-{n}", "Heartbeat") for n in range(3)
            ]

    run(main)


def test_calls_in_line_when_the_connection_is_lost_stay_in_line() -> None:
    async def main() -> None:
        clock = HandClock()
        station = make_station(clock)
        pair = loopback_pair(make_central(clock=clock), station)
        async with pair.connected() as (_, backend):
            pair.to_central = lambda frame: ()
            first, second = (asyncio.create_task(backend.call(HEARTBEAT)) for _ in range(2))
            await clock.settle()
            pair.cut()
            await clock.settle()
            with pytest.raises(SessionClosed):
                await first
            assert not second.done()
            pair.to_central = lambda frame: (0.0,)
            await clock.advance(5)
            assert await second == PULSE

    run(main)


def test_the_timeout_of_a_call_includes_its_wait_for_a_connection() -> None:
    async def main() -> None:
        clock = HandClock()
        pair = loopback_pair(make_central(clock=clock), make_station(clock))
        async with pair.connected() as (_, backend):
            pair.is_down = True
            pair.cut()
            await clock.settle()
            call = asyncio.create_task(backend.call(HEARTBEAT, timeout=timedelta(seconds=20)))
            await clock.advance(19)
            assert not call.done()
            await clock.advance(2)
            with pytest.raises(CallTimeout, match="Heartbeat was not sent"):
                await call

    run(main)


def test_only_so_many_calls_wait_for_a_connection() -> None:
    async def main() -> None:
        clock = HandClock()
        station = make_station(clock, settings=Settings(call_queue=2))
        pair = loopback_pair(make_central(clock=clock), station)
        async with pair.connected() as (_, backend):
            pair.cut()
            await clock.settle()
            calls = [asyncio.create_task(backend.call(HEARTBEAT)) for _ in range(2)]
            await clock.settle()
            with pytest.raises(QueueFull):
                await backend.call(HEARTBEAT)
            calls.pop().cancel()
            await clock.settle()
            calls.append(asyncio.create_task(backend.call(HEARTBEAT)))
            await clock.advance(5)
            assert await asyncio.gather(*calls) == [PULSE] * 2

    run(main)


def test_calls_that_wait_end_when_the_charge_point_is_stopped() -> None:
    async def main() -> None:
        clock = HandClock()
        pair = loopback_pair(make_central(clock=clock), make_station(clock))
        async with pair.connected() as (_, backend):
            pair.cut()
            await clock.settle()
            call = asyncio.create_task(backend.call(HEARTBEAT))
            await clock.settle()
        with pytest.raises(SessionClosed):
            await call
        with pytest.raises(SessionClosed):
            await backend.call(HEARTBEAT)

    run(main)


def test_without_reconnect_a_lost_connection_is_the_end() -> None:
    async def main() -> None:
        clock = HandClock()
        pair = loopback_pair(make_central(clock=clock), make_station(clock))
        async with pair.connected(reconnect=False) as (_, backend):
            pair.cut()
            await clock.advance(3600)
            assert len(pair.connections) == 1
            with pytest.raises(SessionClosed, match="cut"):
                await backend.call(HEARTBEAT)

    run(main)


def test_closing_the_backend_is_the_end() -> None:
    async def main() -> None:
        clock = HandClock()
        pair = loopback_pair(make_central(clock=clock), make_station(clock))
        async with pair.connected() as (_, backend):
            backend.close(1000, "enough")
            await clock.advance(3600)
            assert len(pair.connections) == 1
            assert not backend.is_connected

    run(main)


def test_the_first_connection_is_tried_so_often_then_raises() -> None:
    async def main() -> None:
        clock = HandClock()
        station = make_station(clock, random=lambda: 0.9)
        pair = loopback_pair(make_central(clock=clock), station)
        pair.is_down = True
        tries: list[float] = []

        async def dial() -> LoopbackConnection:
            tries.append(clock.time())
            return await pair.dial()

        async def enter(attempts: int | None) -> None:
            async with station.connect_by(dial, attempts=attempts):
                pass

        with pytest.raises(SessionClosed, match="down"):
            await enter(1)
        assert len(tries) == 1
        three = asyncio.create_task(enter(3))
        await clock.advance(100)
        with pytest.raises(SessionClosed):
            await three
        assert len(tries) == 4
        for_ever = asyncio.create_task(enter(None))
        await clock.advance(3600)
        assert not for_ever.done()
        pair.is_down = False
        await clock.advance(301)
        await for_ever

    run(main)


def test_an_unknown_charge_point_is_told_and_goes_on_with_back_off_once_it_was_in() -> None:
    async def main() -> None:
        clock = HandClock()
        known: set[str] = set()
        central = make_central(known=lambda identity: identity in known, clock=clock)
        pair = loopback_pair(central, make_station(clock, random=lambda: 0.9))
        with pytest.raises(ConnectionRefused) as caught:
            async with pair.connected():
                pass
        assert caught.value.status == 404
        known.add("CP1")
        async with pair.connected() as (peer, backend):
            known.clear()
            peer.close()
            await clock.advance(1000)
            assert not backend.is_connected
            known.add("CP1")
            await clock.advance(301)
            assert await backend.call(HEARTBEAT) == PULSE

    run(main)


def test_entering_can_be_cancelled() -> None:
    async def main() -> None:
        clock = HandClock()
        pair = loopback_pair(make_central(clock=clock), make_station(clock))
        pair.is_down = True

        async def enter() -> None:
            async with pair.connected(attempts=None):
                pass

        entering = asyncio.create_task(enter())
        await clock.advance(60)
        entering.cancel()
        await clock.settle()
        assert entering.cancelled()

    run(main)


def test_a_server_that_lets_in_and_closes_at_once_is_not_flooded() -> None:
    async def main() -> None:
        clock = HandClock()
        tries: list[float] = []

        async def admission(handshake: Handshake) -> PeerInfo | Refusal:
            tries.append(clock.time())
            return handshake.admit()

        central = make_central(admission=admission, clock=clock)
        pair = loopback_pair(central, make_station(clock, random=lambda: 0.999))
        async with pair.connected():
            for _ in range(200):
                if pair.connections[-1][0].close_code is None:
                    pair.connections[-1][0].close()
                await clock.advance(1)
        assert len(tries) < 10

    run(main)


def test_both_ends_tell_of_the_loss_and_the_new_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        caplog.set_level(logging.INFO, "ocpp16")
        clock = HandClock()
        central, station = make_central(clock=clock), make_station(clock)
        at_central, at_station = central.events(), station.events()
        pair = loopback_pair(central, station)
        async with pair.connected() as (peer, backend):
            assert isinstance(backend, Backend)
            pair.cut()
            await clock.advance(5)
            again = central.peers["CP1"]
            assert again is not peer
            assert await again.call(RESET) == RESET_DONE
        story = ["Connected", "Disconnected", "Connected", "Disconnected"]
        seen = await drained(at_central)
        assert kinds(seen) == story
        assert kinds(await drained(at_station)) == story
        assert [event.peer for event in seen if isinstance(event, Connected | Disconnected)] == [
            peer,
            peer,
            again,
            again,
        ]
        assert "CP1: disconnected: the connection was cut" in caplog.text

    run(main)


def test_a_call_in_a_handler_uses_the_connection_of_the_day() -> None:
    async def main() -> None:
        clock = HandClock()
        central, station = make_central(clock=clock), make_station(clock)
        pair = loopback_pair(central, station)
        answers: list[HeartbeatResponse] = []

        async with pair.connected() as (_, backend):

            async def later() -> None:
                await clock.sleep(30)
                answers.append(await backend.call(HEARTBEAT))

            task = asyncio.create_task(later())
            pair.cut()
            await clock.advance(31)
            await task
        assert answers == [PULSE]

    run(main)
