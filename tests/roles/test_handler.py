"""POLICY "Exchange": how handlers run, whichever role, over a loopback."""

from __future__ import annotations

import asyncio
import threading

import pytest

from ocpp16 import CentralSystem, ChargePoint
from ocpp16.errors import (
    CallFailed,
    CallTimeout,
    ErrorCode,
    SecurityError,
    SessionClosed,
)
from ocpp16.messages import (
    AuthorizeRequest,
    ClearCacheResponse,
    HeartbeatRequest,
    HeartbeatResponse,
    ResetRequest,
    ResetResponse,
)
from ocpp16.roles.backend import Backend
from ocpp16.roles.event import FrameIn, FrameOut
from ocpp16.roles.peer import Peer
from ocpp16.testing import HandClock, connected, loopback_pair, record
from tests.parties import (
    CLEAR_CACHE,
    HEARTBEAT,
    PULSE,
    RESET,
    RESET_DONE,
    make_central,
    make_station,
    run,
)
from tests.roles.door import Door, central_with, open_end, settle
from tests.roles.speech import CENTRAL, STATION, call, id_of, kind_of, refused, speaks_json


def test_a_handler_may_call_its_peer() -> None:
    async def main() -> None:
        central, station = CentralSystem(), make_station()

        @central.on(HeartbeatRequest)
        async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
            assert await peer.call(RESET) == RESET_DONE
            return PULSE

        async with connected(central, station) as (_, backend):
            assert await backend.call(HEARTBEAT) == PULSE

    run(main)


def test_calls_within_calls_within_calls_do_not_deadlock() -> None:
    async def main() -> None:
        central, station = CentralSystem(), ChargePoint("CP1")
        depth = 0

        @central.on(HeartbeatRequest)
        async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
            nonlocal depth
            depth += 1
            if depth < 6:
                await peer.call(RESET)
            return PULSE

        @station.on(ResetRequest)
        async def reset(peer: Backend, request: ResetRequest) -> ResetResponse:
            # Only one call of ours is in flight: this one waits in line behind the first, whose
            # answer waits for this one's. Both end when the inner one's time is over.
            with pytest.raises(CallTimeout):
                await peer.call(HEARTBEAT, timeout=0.01)
            return RESET_DONE

        async with connected(central, station) as (_, backend):
            assert await backend.call(HEARTBEAT) == PULSE
        assert depth == 1

    run(main)


def test_a_sync_handler_runs_in_a_thread() -> None:
    async def main() -> None:
        central, station = CentralSystem(), make_station()
        threads: list[int] = []

        @central.on(HeartbeatRequest)
        def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
            threads.append(threading.get_ident())
            return PULSE

        async with connected(central, station) as (_, backend):
            assert await backend.call(HEARTBEAT) == PULSE
        assert threads
        assert threading.get_ident() not in threads

    run(main)


def test_results_are_read_while_handlers_run() -> None:
    async def main() -> None:
        door = Door()
        central, station = central_with(door), make_station()
        async with connected(central, station) as (peer, backend):
            waiting = asyncio.create_task(backend.call(HEARTBEAT))
            assert await peer.call(RESET) == RESET_DONE
            assert not waiting.done()
            door.is_open.set()
            assert await waiting == PULSE

    run(main)


def test_at_most_so_many_handlers_run_at_once_for_a_peer() -> None:
    async def main() -> None:
        door = Door()
        central = central_with(door, handlers=3)
        pair = loopback_pair(central, make_station())
        central_end = await open_end(pair)
        for number in range(5):
            central_end(call(HEARTBEAT, str(number)))
        await settle()
        assert door.entered == 3
        door.is_open.set()
        await settle()
        assert (door.entered, door.left) == (5, 5)
        await central.disconnect()

    run(main)


def test_the_limit_holds_over_a_new_connection() -> None:
    async def main() -> None:
        door = Door()
        central = central_with(door, handlers=2)
        pair = loopback_pair(central, make_station())
        for connection in range(3):
            send = await open_end(pair)
            send(call(HEARTBEAT, f"a{connection}"))
            send(call(HEARTBEAT, f"b{connection}"))
            await settle()
        assert door.entered == 2
        door.is_open.set()
        await settle()
        assert door.entered == 6
        await central.disconnect()

    run(main)


def test_a_repeat_on_a_new_connection_shares_the_handler_that_runs() -> None:
    async def main() -> None:
        door = Door()
        central = central_with(door)
        received = record(central)
        pair = loopback_pair(central, make_station())
        send = await open_end(pair)
        send(call(HEARTBEAT, "same"))
        await settle()
        send = await open_end(pair)
        send(call(HEARTBEAT, "same"))
        send(call(HEARTBEAT, "other"))
        await settle()
        assert door.entered == 2
        door.is_open.set()
        await settle()
        assert door.entered == 2
        assert sorted(map(id_of, received.sent)) == ["other", "same"]
        await central.disconnect()

    run(main)


def test_handlers_go_on_when_their_connection_is_lost() -> None:
    async def main() -> None:
        door = Door()
        central, station = central_with(door), make_station()
        pair = loopback_pair(central, station)
        async with pair.connected(reconnect=False) as (_, backend):
            call = asyncio.create_task(backend.call(HEARTBEAT))
            await settle()
            pair.cut()
            with pytest.raises(SessionClosed):
                await call
            door.is_open.set()
            await settle()
            assert (door.entered, door.left) == (1, 1)

    run(main)


def test_a_handler_over_its_time_is_cancelled_and_answered_internal_error() -> None:
    async def main() -> None:
        clock, door = HandClock(), Door()
        central, station = central_with(door, clock), make_station(clock)
        async with connected(central, station) as (_, backend):
            call = asyncio.create_task(backend.call(HEARTBEAT))
            await clock.advance(24.9)
            assert not call.done()
            await clock.advance(0.2)
            with pytest.raises(CallFailed) as caught:
                await call
            assert caught.value.code is ErrorCode.INTERNAL_ERROR
            assert caught.value.description == ""
            assert door.cancelled == 1

    run(main)


def test_a_handler_over_its_time_is_cancelled_on_a_lost_connection_too() -> None:
    async def main() -> None:
        clock, door = HandClock(), Door()
        central = central_with(door, clock)
        pair = loopback_pair(central, make_station(clock))
        (await open_end(pair))(call(HEARTBEAT, "1"))
        await clock.settle()
        pair.cut()
        await clock.advance(24)
        assert (door.entered, door.cancelled) == (1, 0)
        await clock.advance(2)
        assert door.cancelled == 1

    run(main)


def test_a_repeat_on_a_new_connection_is_answered_when_the_handler_expires() -> None:
    async def main() -> None:
        clock, door = HandClock(), Door()
        central = central_with(door, clock)
        sent = record(central)
        pair = loopback_pair(central, make_station(clock))
        (await open_end(pair))(call(HEARTBEAT, "1"))
        await clock.advance(20)
        (await open_end(pair))(call(HEARTBEAT, "1"))
        await clock.advance(6)
        assert (door.entered, door.cancelled) == (1, 1)
        assert [refused(text) for text in sent.sent] == [("1", "InternalError")]
        await central.disconnect()

    run(main)


def test_a_handler_that_cancels_itself_is_answered_internal_error() -> None:
    async def main() -> None:
        central = CentralSystem()

        @central.on(HeartbeatRequest)
        async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
            raise asyncio.CancelledError

        async with connected(central, make_station()) as (_, backend):
            with pytest.raises(CallFailed) as caught:
                await backend.call(HEARTBEAT)
            assert caught.value.code is ErrorCode.INTERNAL_ERROR

    run(main)


def test_a_handler_answers_an_error_by_raising_a_fault() -> None:
    async def main() -> None:
        central = CentralSystem()

        @central.on(HeartbeatRequest)
        async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
            raise SecurityError("go away", {"why": "so"})

        async with connected(central, make_station()) as (_, backend):
            with pytest.raises(CallFailed) as caught:
                await backend.call(HEARTBEAT)
            assert caught.value.code is ErrorCode.SECURITY_ERROR
            assert caught.value.description == "go away"
            # SOAP has no place for details.
            assert caught.value.details == ({"why": "so"} if speaks_json() else {})

    run(main)


def test_any_other_exception_is_internal_error_and_goes_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        central = CentralSystem()

        @central.on(HeartbeatRequest)
        async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
            raise ZeroDivisionError("private")

        async with connected(central, make_station()) as (_, backend):
            with pytest.raises(CallFailed) as caught:
                await backend.call(HEARTBEAT)
        assert (caught.value.code, caught.value.description, dict(caught.value.details)) == (
            ErrorCode.INTERNAL_ERROR,
            "",
            {},
        )
        assert "ZeroDivisionError" in caplog.text

    run(main)


def test_an_action_without_handler_is_not_supported() -> None:
    async def main() -> None:
        async with connected(make_central(), make_station()) as (_, backend):
            with pytest.raises(CallFailed) as caught:
                await backend.call(AuthorizeRequest(id_tag="TAG"))
            assert caught.value.code is ErrorCode.NOT_SUPPORTED

    run(main)


def test_after_hooks_run_once_the_response_has_left() -> None:
    async def main() -> None:
        central, station = make_central(), make_station()
        order: list[str] = []

        @station.on_frame
        def note(event: FrameIn | FrameOut) -> None:
            came = isinstance(event, FrameIn)
            kind = kind_of(event.frame, by=STATION if came else CENTRAL)
            order.append(f"{kind} {'in' if came else 'out'}")

        @station.after(ResetRequest)
        async def after(peer: Backend, request: ResetRequest, response: ResetResponse) -> None:
            assert response == RESET_DONE
            order.append("after")
            assert await peer.call(HEARTBEAT) == PULSE

        @station.after(ResetRequest)
        def after_that(peer: Backend, request: ResetRequest) -> None:
            order.append("after that")

        async with connected(central, station) as (peer, _):
            await peer.call(RESET)
            async with asyncio.timeout(5):
                while order[-1] != "after that":  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
        assert order == [
            "call in",
            "result out",
            "after",
            "call out",
            "result in",
            "after that",
        ]

    run(main)


def test_no_hook_runs_for_a_response_that_did_not_leave() -> None:
    async def main() -> None:
        door = Door()
        central = central_with(door)
        hooked: list[Peer] = []

        @central.after(HeartbeatRequest)
        async def after(peer: Peer, request: HeartbeatRequest) -> None:
            hooked.append(peer)

        pair = loopback_pair(central, make_station())
        (await open_end(pair))(call(HEARTBEAT, "1"))
        await settle()
        pair.cut()
        await settle()
        door.is_open.set()
        await settle()
        assert (door.left, hooked) == (1, [])

    run(main)


def test_a_frame_hook_is_no_coroutine_function() -> None:
    async def hook(event: FrameIn | FrameOut) -> None: ...

    with pytest.raises(TypeError, match="coroutine"):
        make_central().on_frame(hook)


def test_a_handler_may_return_a_response_of_its_own_class_only() -> None:
    async def main() -> None:
        central, station = make_central(), ChargePoint("CP1")

        @station.on(ResetRequest)  # type: ignore[arg-type]
        async def reset(peer: Backend, request: ResetRequest) -> ClearCacheResponse:
            return None  # type: ignore[return-value]

        async with connected(central, station) as (peer, _):
            with pytest.raises(CallFailed) as caught:
                await peer.call(RESET)
            assert caught.value.code is ErrorCode.INTERNAL_ERROR
            with pytest.raises(CallFailed):
                await peer.call(CLEAR_CACHE)

    run(main)
