"""The gate is asked when something leaves and when something comes, not before and not after."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from ocpp16 import ChargePoint
from ocpp16.enums import MessageTrigger, TriggerMessageStatus
from ocpp16.envelope import CallResult
from ocpp16.errors import CallNotAllowed, CallTimeout, SessionClosed
from ocpp16.messages import (
    ClearCacheRequest,
    HeartbeatResponse,
    RemoteStartTransactionRequest,
    TriggerMessageRequest,
    TriggerMessageResponse,
)
from ocpp16.roles.driver import NotSent
from ocpp16.roles.peer import Peer
from ocpp16.settings import Settings
from ocpp16.testing import HandClock, connected, loopback_pair, record
from tests.parties import (
    ACCEPTED,
    BOOT,
    HEARTBEAT,
    PENDING,
    REJECTED,
    RESET,
    RESET_DONE,
    booted,
    make_central,
    make_station,
    run,
)
from tests.roles.door import open_end
from tests.roles.speech import call, heard, id_of, raw_call, refused, result
from tests.transports.raw_socket import TEXT, frame
from tests.transports.test_websocket_client import accept, central

TRIGGER = TriggerMessageRequest(requested_message=MessageTrigger.HEARTBEAT)
REMOTE_START = RemoteStartTransactionRequest(id_tag="TAG")


def test_nothing_is_answered_that_came_in_one_go_with_the_rejection() -> None:
    async def main() -> None:
        seen: list[bytes] = []

        async def talk(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: str
        ) -> None:
            writer.write(accept(request))
            boot = await reader.read(1000)
            # The client's mask is undone by hand.
            size, at = boot[1] & 0x7F, 2
            if size == 126:
                size, at = int.from_bytes(boot[2:4], "big"), 4
            mask, data = boot[at : at + 4], boot[at + 4 : at + 4 + size]
            call = json.loads(bytes(byte ^ mask[n % 4] for n, byte in enumerate(data)))
            told = {"status": "Rejected", "currentTime": "2026-01-01T00:00:00Z", "interval": 100}
            burst = [
                json.dumps([3, call[1], told]),
                '[2,"1","Reset",{"type":"Soft"}]',
                '[2,"2","Nonsense",{}]',
                '[2,"3","Reset",{"x":1}]',
                '[2,"4","ClearCache",{}]',
                '[2,"5"]',
            ]
            writer.write(b"".join(frame(TEXT, each.encode(), masked=False) for each in burst))
            seen.append(await reader.read(1000))

        async with central(talk) as url, make_station().connect(url, boot=BOOT, reconnect=False):
            await asyncio.sleep(0.1)
        # Only the close frame, whose first byte tells what it is.
        assert len(seen) == 1
        assert seen[0][:1] == b"\x88"

    run(main)


def test_a_handler_that_runs_out_of_time_while_silent_is_not_answered_for() -> None:
    async def main() -> None:
        clock = HandClock()
        host = make_central([booted(ACCEPTED), booted(REJECTED, 600)], clock=clock)
        station = ChargePoint("CP1", clock=clock, random=lambda: 0.0)

        @station.on(ClearCacheRequest)
        async def stuck(peer: Peer, request: ClearCacheRequest) -> Any:
            await clock.sleep(1000)

        sent = record(station)
        async with connected(host, station, boot=BOOT) as (peer, backend):
            asking = asyncio.create_task(peer.call(ClearCacheRequest(), timeout=60))
            await clock.settle()
            await backend.call(BOOT)
            before = len(sent.sent)
            await clock.advance(100)
            assert len(sent.sent) == before
            with pytest.raises(CallTimeout):
                await asking

    run(main)


def test_a_call_of_the_charge_point_in_line_is_asked_again_when_it_would_leave() -> None:
    async def main() -> None:
        clock = HandClock()
        host = make_central([booted(ACCEPTED), booted(REJECTED, 100)], clock=clock)
        station = make_station(clock)
        sent = record(station)
        async with connected(host, station, boot=BOOT) as (_, backend):
            calls = [
                asyncio.create_task(backend.call(each)) for each in (BOOT, HEARTBEAT, HEARTBEAT)
            ]
            done = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(each) for each in done[1:]] == [CallNotAllowed] * 2
            await clock.settle()
            assert sum("Heartbeat" in text for text in sent.sent) == 0
            await clock.advance(101)
            assert backend.registration is ACCEPTED

    run(main)


def test_a_permit_lets_one_of_two_calls_in_line_pass() -> None:
    async def main() -> None:
        clock = HandClock()
        host = make_central([booted(PENDING, 1000)], clock=clock)
        station = make_station(clock)

        @station.on(TriggerMessageRequest)
        async def trigger(peer: Peer, request: TriggerMessageRequest) -> TriggerMessageResponse:
            return TriggerMessageResponse(status=TriggerMessageStatus.ACCEPTED)

        async with connected(host, station, boot=BOOT) as (peer, backend):
            await peer.call(TRIGGER)
            calls = [asyncio.create_task(backend.call(HEARTBEAT)) for _ in range(2)]
            done = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(each) for each in done] == [HeartbeatResponse, CallNotAllowed]

    run(main)


def test_a_call_of_the_central_system_in_line_is_asked_again_when_it_would_leave() -> None:
    async def main() -> None:
        clock = HandClock()
        host = make_central([booted(ACCEPTED), booted(PENDING)], clock=clock)
        pair = loopback_pair(host, make_station(clock))
        sent = record(host)
        send = await open_end(pair)
        send(call(BOOT, "b1"))
        await clock.settle()
        peer = host.peers["CP1"]
        first = asyncio.create_task(peer.call(RESET))
        await clock.settle()
        second = asyncio.create_task(peer.call(REMOTE_START))
        third = asyncio.create_task(peer.call(ClearCacheRequest(), timeout=5))
        await clock.settle()
        call_id = id_of(sent.sent[-1])
        send(call(BOOT, "b2"))
        await clock.settle()
        send(result(RESET_DONE, call_id))
        await clock.settle()
        assert first.done()
        with pytest.raises(CallNotAllowed, match="pending"):
            await second
        assert not any("RemoteStart" in text for text in sent.sent)
        assert "ClearCache" in sent.sent[-1]
        await clock.advance(6)
        with pytest.raises(CallTimeout):
            await third
        await host.disconnect()

    run(main)


@pytest.mark.parametrize("status", [PENDING, REJECTED])
def test_with_a_closed_gate_it_is_all_the_central_system_says(status: Any) -> None:
    async def main() -> None:
        clock = HandClock()
        host = make_central([booted(status)], clock=clock)
        sent = record(host)
        send = await open_end(loopback_pair(host, make_station(clock)))
        send(call(BOOT, "b"))
        await clock.settle()
        for action, payload, body in (
            ("Nonsense", "{}", ""),
            ("Authorize", '{"idTag":"T"}', "<idTag>T</idTag>"),
            ("Heartbeat", '{"x":1}', "<x>1</x>"),
        ):
            send(raw_call(action, "1", payload, body))
            await clock.settle()
            assert refused(sent.sent[-1]) == ("1", "SecurityError")
        await host.disconnect()

    run(main)


def test_what_was_asked_for_may_come_in_one_go_with_the_answer_to_the_trigger() -> None:
    async def main() -> None:
        clock = HandClock()
        host = make_central([booted(PENDING)], clock=clock)
        sent = record(host)
        send = await open_end(loopback_pair(host, make_station(clock)))
        send(call(BOOT, "b"))
        await clock.settle()
        asking = asyncio.create_task(host.peers["CP1"].call(TRIGGER))
        await clock.settle()
        accepted = TriggerMessageResponse(status=TriggerMessageStatus.ACCEPTED)
        send(result(accepted, id_of(sent.sent[-1])))
        send(call(HEARTBEAT, "1"))
        await clock.settle()
        assert asking.done()
        answer = heard(sent.sent[-1])
        assert isinstance(answer, CallResult)
        assert answer.id == "1"
        await host.disconnect()

    run(main)


def test_a_call_of_the_central_system_in_line_when_all_ends_fails_with_a_public_error() -> None:
    async def main() -> None:
        clock = HandClock()
        host = make_central(clock=clock)
        await open_end(loopback_pair(host, make_station(clock)))
        peer = host.peers["CP1"]
        calls = [asyncio.create_task(peer.call(RESET)) for _ in range(2)]
        await clock.settle()
        peer.close()
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(each) for each in done] == [SessionClosed] * 2
        assert not any(isinstance(each, NotSent) for each in done)

    run(main)


@pytest.mark.parametrize("attempts", [0, -1])
def test_fewer_attempts_than_one_are_none(attempts: int) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="attempts"):
            async with make_station().connect("ws://127.0.0.1:1/", attempts=attempts):
                pass

    run(main)


def test_pings_of_the_charge_point_are_a_setting_and_can_be_changed() -> None:
    async def main() -> None:
        clock = HandClock()
        pinged: list[float | None] = []
        settings = Settings(client_ping_interval=timedelta(seconds=7))
        station = ChargePoint("CP1", clock=clock, settings=settings, random=lambda: 0.0)
        pair = loopback_pair(make_central(clock=clock), station)

        async def dial() -> Any:
            connection = await pair.dial()
            connection.ping_every = pinged.append  # type: ignore[attr-defined]
            return connection

        async with station.connect_by(dial) as backend:
            backend.ping_every(timedelta(seconds=3))
            backend.ping_every(0)
            backend.ping_every(None)
            with pytest.raises(ValueError, match="-1"):
                backend.ping_every(-1)
            backend.ping_every(9)
            pair.cut()
            await clock.advance(5)
            assert backend.is_connected
        assert pinged == [7.0, 3.0, 0.0, 0.0, 9.0, 9.0]

    run(main)


@pytest.mark.parametrize("known", ["CP1-ADMIN", b"CP1"])
def test_known_identities_are_no_text(known: Any) -> None:
    with pytest.raises(TypeError, match="known="):
        make_central(known=known)
