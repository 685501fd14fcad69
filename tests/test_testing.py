from __future__ import annotations

import asyncio

import pytest

from ocpp16 import CentralSystem
from ocpp16.errors import CallTimeout, ConnectionRefused, SessionClosed
from ocpp16.messages import HeartbeatRequest, HeartbeatResponse
from ocpp16.roles.peer import Peer
from ocpp16.testing import (
    HandClock,
    connected,
    delaying,
    duplicating,
    loopback_pair,
    losing,
    record,
)
from tests.parties import (
    HEARTBEAT,
    NOON,
    PULSE,
    RESET,
    RESET_DONE,
    drained,
    kinds,
    make_central,
    make_station,
    run,
)


def test_a_hand_clock_stands_still_until_it_is_turned() -> None:
    async def main() -> None:
        clock = HandClock(NOON)
        told: list[float] = []
        clock.call_at(5, lambda: told.append(clock.time()))
        cancelled = clock.call_at(6, lambda: told.append(-1))
        cancelled.cancel()
        await clock.advance(4.5)
        assert (clock.time(), clock.now(), told) == (
            4.5,
            NOON.replace(second=4, microsecond=500_000),
            [],
        )
        assert clock.next_due == 0.5
        await clock.advance(10)
        assert (clock.time(), told) == (14.5, [5.0])
        assert clock.next_due is None

    run(main)


def test_a_hand_clock_stops_at_every_timer_on_its_way() -> None:
    async def main() -> None:
        clock = HandClock()
        woken: list[float] = []

        async def tick() -> None:
            for _ in range(3):
                await clock.sleep(10)
                woken.append(clock.time())

        task = asyncio.create_task(tick())
        await clock.advance(35)
        assert woken == [10.0, 20.0, 30.0]
        await task

    run(main)


def test_a_sleep_on_a_hand_clock_can_be_cancelled() -> None:
    async def main() -> None:
        clock = HandClock()
        task = asyncio.create_task(clock.sleep(10))
        await clock.settle()
        task.cancel()
        await clock.advance(20)
        assert task.cancelled()

    run(main)


def test_connected_gives_both_ends() -> None:
    async def main() -> None:
        central, station = make_central(), make_station()
        recording = record(station)
        async with connected(central, station) as (peer, backend):
            assert await peer.call(RESET) == RESET_DONE
            assert await backend.call(HEARTBEAT) == PULSE
            assert (peer.identity, peer.binding) == ("CP1", "ocppj")
            assert (backend.identity, backend.binding) == ("CP1", "ocppj")
        assert [text.split(",")[0] for _, text in recording.frames] == ["[2", "[3", "[2", "[3"]
        assert '"Reset"' in recording.received[0]
        assert '"Heartbeat"' in recording.sent[1]
        recording.clear()
        assert recording.frames == []

    run(main)


def test_a_losing_network_costs_calls_their_answer() -> None:
    async def main() -> None:
        clock = HandClock()
        central, station = make_central(clock=clock), make_station(clock)
        async with connected(central, station, to_central=losing(2)) as (_, backend):
            assert await backend.call(HEARTBEAT) == PULSE
            lost = asyncio.create_task(backend.call(HEARTBEAT, timeout=7))
            await clock.advance(6.9)
            assert not lost.done()
            await clock.advance(0.2)
            with pytest.raises(CallTimeout):
                await lost

    run(main)


def test_a_duplicating_network_repeats_calls_and_answers() -> None:
    async def main() -> None:
        central, station = CentralSystem(), make_station()
        stream = central.events()

        @central.on(HeartbeatRequest)
        async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
            for _ in range(3):
                await asyncio.sleep(0)  # at work while the second one comes
            return PULSE

        async with connected(central, station, to_central=duplicating) as (peer, backend):
            assert await backend.call(HEARTBEAT) == PULSE
            assert await peer.call(RESET) == RESET_DONE
            await asyncio.sleep(0)
        assert {"Repeated", "Unanswerable"} <= set(kinds(await drained(stream)))

    run(main)


def test_a_slow_network_takes_its_time() -> None:
    async def main() -> None:
        clock = HandClock()
        central, station = make_central(clock=clock), make_station(clock)
        async with connected(central, station, to_central=delaying(3), to_station=delaying(4)) as (
            _,
            backend,
        ):
            call = asyncio.create_task(backend.call(HEARTBEAT))
            await clock.advance(6.9)
            assert not call.done()
            await clock.advance(0.2)
            assert await call == PULSE

    run(main)


def test_a_network_can_change_and_break() -> None:
    async def main() -> None:
        clock = HandClock()
        central, station = make_central(clock=clock), make_station(clock)
        pair = loopback_pair(central, station)
        async with pair.connected() as (peer, backend):
            pair.is_down = True
            pair.cut()
            await clock.settle()
            assert not peer.is_connected
            assert not backend.is_connected
            with pytest.raises(SessionClosed):
                await peer.call(RESET)
            pair.is_down = False
            await clock.advance(10)
            assert backend.is_connected
            assert await central.peers["CP1"].call(RESET) == RESET_DONE
            assert len(pair.connections) == 2

    run(main)


def test_a_central_system_refuses_over_a_loopback_too() -> None:
    async def main() -> None:
        with pytest.raises(ConnectionRefused) as caught:
            async with connected(make_central(known={"CP2"}), make_station()):
                pass
        assert caught.value.status == 404

    run(main)
