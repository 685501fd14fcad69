"""POLICY "Exchange": our own calls, whichever role, over a loopback."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from ocpp16.errors import (
    CallNotAllowed,
    CallTimeout,
    QueueFull,
    SessionClosed,
)
from ocpp16.settings import Settings
from ocpp16.testing import HandClock, connected, loopback_pair, record
from tests.parties import (
    HEARTBEAT,
    PULSE,
    RESET,
    make_central,
    make_station,
    run,
)
from tests.roles.door import Door, central_with
from tests.roles.speech import CENTRAL, id_of


def test_an_outstanding_call_fails_at_once_when_the_connection_is_lost() -> None:
    async def main() -> None:
        clock, door = HandClock(), Door()
        central, station = central_with(door, clock), make_station(clock)
        pair = loopback_pair(central, station)
        async with pair.connected() as (_, backend):
            call = asyncio.create_task(backend.call(HEARTBEAT))
            await clock.settle()
            pair.is_down = True
            pair.cut()
            await clock.advance(0.5)
            with pytest.raises(SessionClosed):
                await call
        door.is_open.set()
        await clock.settle()

    run(main)


def test_a_cancelled_call_leaves_no_lock_and_no_trace() -> None:
    async def main() -> None:
        clock, door = HandClock(), Door()
        central, station = central_with(door, clock), make_station(clock)
        late = station.events()
        async with connected(central, station) as (_, backend):
            call = asyncio.create_task(backend.call(HEARTBEAT))
            behind = asyncio.create_task(backend.call(HEARTBEAT))
            in_line = asyncio.create_task(backend.call(HEARTBEAT))
            await clock.settle()
            in_line.cancel()
            call.cancel()
            await clock.settle()
            assert call.cancelled()
            assert in_line.cancelled()
            door.is_open.set()
            assert await behind == PULSE
            assert await backend.call(HEARTBEAT) == PULSE
            driver = backend._driver
            assert driver is not None
            assert not driver._calls
        late.close()
        assert "LateAnswer" in [type(event).__name__ async for event in late]

    run(main)


def test_a_call_that_times_out_does_not_hold_the_next_one() -> None:
    async def main() -> None:
        clock, door = HandClock(), Door()
        central, station = central_with(door, clock), make_station(clock)
        async with connected(central, station) as (_, backend):
            first = asyncio.create_task(backend.call(HEARTBEAT, timeout=timedelta(seconds=5)))
            second = asyncio.create_task(backend.call(HEARTBEAT))
            await clock.advance(5.1)
            with pytest.raises(CallTimeout):
                await first
            door.is_open.set()
            assert await second == PULSE

    run(main)


def test_further_calls_wait_in_a_queue_of_so_many() -> None:
    async def main() -> None:
        clock, door = HandClock(), Door()
        central = central_with(door, clock)
        station = make_station(clock, settings=Settings(call_queue=2))
        async with connected(central, station) as (_, backend):
            calls = [asyncio.create_task(backend.call(HEARTBEAT)) for _ in range(3)]
            await clock.settle()
            with pytest.raises(QueueFull):
                await backend.call(HEARTBEAT)
            door.is_open.set()
            assert await asyncio.gather(*calls) == [PULSE] * 3

    run(main)


def test_a_side_does_not_send_what_is_not_its_own() -> None:
    async def main() -> None:
        async with connected(make_central(), make_station()) as (peer, backend):
            with pytest.raises(CallNotAllowed):
                await backend.call(RESET)
            with pytest.raises(CallNotAllowed):
                await peer.call(HEARTBEAT)

    run(main)


def test_ids_come_from_the_source_that_was_given() -> None:
    async def main() -> None:
        numbers = iter(range(10))
        station = make_station(new_id=lambda: f"id-{next(numbers)}")
        recording = record(station)
        async with connected(make_central(), station) as (_, backend):
            await backend.call(HEARTBEAT)
            await backend.call(HEARTBEAT, call_id="id-0")
        assert [id_of(text, by=CENTRAL) for text in recording.sent] == ["id-0", "id-0"]

    run(main)
