"""POLICY "Connections" and the registration gate, as the central system keeps them, in memory."""

from __future__ import annotations

import asyncio
import logging

import pytest

from ocpp16 import CentralSystem
from ocpp16.enums import MessageTrigger, TriggerMessageStatus
from ocpp16.envelope import Call, PeerInfo
from ocpp16.errors import CallFailed, CallNotAllowed, ConnectionRefused, ErrorCode, SessionClosed
from ocpp16.messages import (
    ChangeConfigurationRequest,
    HeartbeatRequest,
    RemoteStartTransactionRequest,
    TriggerMessageRequest,
    TriggerMessageResponse,
)
from ocpp16.roles import event as told
from ocpp16.roles.backend import Backend
from ocpp16.roles.peer import Peer
from ocpp16.roles.registry import LocalRegistry
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.settings import Settings
from ocpp16.storage import MemoryRegistrations, Registration
from ocpp16.testing import HandClock, connected, loopback_pair, record
from tests.parties import (
    ACCEPTED,
    BOOT,
    HEARTBEAT,
    PENDING,
    PULSE,
    REJECTED,
    RESET,
    RESET_DONE,
    booted,
    drained,
    kinds,
    make_central,
    make_station,
    run,
)
from tests.roles.speech import CENTRAL, heard, raw_call

TRIGGER_HEARTBEAT = TriggerMessageRequest(requested_message=MessageTrigger.HEARTBEAT)
TRIGGER_BOOT = TriggerMessageRequest(requested_message=MessageTrigger.BOOT_NOTIFICATION)


async def code_of(backend: Backend) -> ErrorCode | str | None:
    """Send a Heartbeat; return the code of the error it was answered, None if it was not."""
    try:
        await backend.call(HEARTBEAT)
    except CallFailed as failed:
        return failed.code
    return None


def test_without_a_store_the_gate_is_open_until_pending_or_rejected_was_answered() -> None:
    async def main() -> None:
        central = make_central([booted(PENDING), booted(REJECTED), booted(ACCEPTED)])
        async with connected(central, make_station()) as (peer, backend):
            codes = [await code_of(backend)]
            for _ in range(3):
                await backend.call(BOOT)
                codes.append(await code_of(backend))
        refused = ErrorCode.SECURITY_ERROR
        assert codes == [None, refused, refused, None]
        assert peer.registration is ACCEPTED

    run(main)


def test_with_a_store_a_charger_never_accepted_is_refused() -> None:
    async def main() -> None:
        registrations = MemoryRegistrations()
        central = make_central(registrations=registrations)
        async with connected(central, make_station()) as (_, backend):
            assert await code_of(backend) is ErrorCode.SECURITY_ERROR
            await backend.call(BOOT)
            assert await code_of(backend) is None
        assert registrations.find("CP1") == Registration(status="Accepted", interval=300)

    run(main)


def test_a_registration_survives_connections_and_with_a_store_the_process() -> None:
    async def main() -> None:
        registrations = MemoryRegistrations()
        station = make_station()
        central = make_central(registrations=registrations)
        async with connected(central, station) as (_, backend):
            await backend.call(BOOT)
        async with connected(central, station) as (_, backend):
            assert await code_of(backend) is None
        another = make_central(registrations=registrations)
        async with connected(another, station) as (peer, backend):
            assert peer.registration is ACCEPTED
            assert await code_of(backend) is None
            assert await another.wait_for("CP1", registered=True, timeout=1) is peer

    run(main)


def test_what_we_triggered_passes_while_pending() -> None:
    async def main() -> None:
        central, station = make_central([booted(PENDING)]), make_station()

        @station.on(TriggerMessageRequest)
        async def trigger(peer: Backend, request: TriggerMessageRequest) -> TriggerMessageResponse:
            return TriggerMessageResponse(status=TriggerMessageStatus.ACCEPTED)

        sent: list[object] = []

        @station.after(TriggerMessageRequest)
        async def send(peer: Backend, request: TriggerMessageRequest) -> None:
            sent.append(await peer.call(HEARTBEAT))

        async with connected(central, station) as (peer, backend):
            await backend.call(BOOT)
            assert await code_of(backend) is ErrorCode.SECURITY_ERROR
            await peer.call(TRIGGER_HEARTBEAT)
            async with asyncio.timeout(5):
                while not sent:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
        assert sent == [PULSE]

    run(main)


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (PENDING, RemoteStartTransactionRequest(id_tag="TAG")),
        (REJECTED, RESET),
        (ACCEPTED, TRIGGER_BOOT),
    ],
)
def test_calls_that_the_registration_forbids_are_not_sent(status: object, request_: object) -> None:
    async def main() -> None:
        central = make_central([booted(status)])  # type: ignore[arg-type]
        recording = record(central)
        async with connected(central, make_station()) as (peer, backend):
            await backend.call(BOOT)
            recording.clear()
            with pytest.raises(CallNotAllowed):
                await peer.call(request_)  # type: ignore[arg-type]
        assert recording.frames == []

    run(main)


def test_wait_for_gives_the_peer_at_first_contact_and_when_accepted() -> None:
    async def main() -> None:
        clock = HandClock()
        central, station = make_central([booted(PENDING)], clock=clock), make_station(clock)
        contact = asyncio.create_task(central.wait_for("CP1"))
        accepted = asyncio.create_task(central.wait_for("CP1", registered=True))
        async with connected(central, station) as (peer, backend):
            assert await contact is peer
            await backend.call(BOOT)
            await clock.settle()
            assert not accepted.done()
            await backend.call(BOOT)
            await clock.settle()
            assert await accepted is peer

    run(main)


def test_wait_for_says_why_it_gave_up() -> None:
    async def main() -> None:
        clock = HandClock()
        central, station = make_central([booted(PENDING)], clock=clock), make_station(clock)
        absent = asyncio.create_task(central.wait_for("CP9", timeout=5))
        await clock.advance(6)
        with pytest.raises(TimeoutError, match="'CP9' did not connect after 5 s"):
            await absent
        async with connected(central, station) as (_, backend):
            await backend.call(BOOT)
            pending = asyncio.create_task(central.wait_for("CP1", registered=True, timeout=5))
            await clock.advance(6)
            with pytest.raises(TimeoutError, match=r"'CP1' is connected, but .* Pending"):
                await pending
        assert not central._arrivals

    run(main)


def test_many_can_wait_for_one() -> None:
    async def main() -> None:
        clock = HandClock()
        central, station = make_central(clock=clock), make_station(clock)
        contacts = [asyncio.create_task(central.wait_for("CP1")) for _ in range(3)]
        accepted = [asyncio.create_task(central.wait_for("CP1", registered=True)) for _ in range(3)]
        await clock.settle()
        async with connected(central, station) as (peer, backend):
            assert await asyncio.gather(*contacts) == [peer] * 3
            await backend.call(BOOT)
            assert await asyncio.gather(*accepted) == [peer] * 3

    run(main)


def test_peers_are_the_connected_ones() -> None:
    async def main() -> None:
        central = make_central()
        assert dict(central.peers) == {}
        async with (
            connected(central, make_station(identity="A")) as (a, _),
            connected(central, make_station(identity="B")) as (b, _),
        ):
            assert dict(central.peers) == {"A": a, "B": b}
            assert (a.is_connected, repr(a)) == (True, "<StationPeer 'A' connected>")
        for _ in range(5):
            await asyncio.sleep(0)
        assert dict(central.peers) == {}
        assert not a.is_connected

    run(main)


def test_a_second_connection_with_the_same_identity_wins() -> None:
    async def main() -> None:
        central = make_central()
        stream = central.events()
        first_pair, second_pair = (loopback_pair(central, make_station()) for _ in range(2))
        async with first_pair.connected(reconnect=False) as (first, _):
            unanswered = asyncio.create_task(first.call(TRIGGER_HEARTBEAT))
            await asyncio.sleep(0)
            async with second_pair.connected() as (_, second_backend):
                await settle()
                second = central.peers["CP1"]
                assert second is not first
                assert first_pair.connections[0][0].close_code == 1008
                with pytest.raises((SessionClosed, CallFailed)):
                    await unanswered
                with pytest.raises(SessionClosed):
                    await first.call(RESET)
                assert await second.call(RESET) == RESET_DONE
                assert await second_backend.call(HEARTBEAT) == PULSE
            # The late end of the first connection came and went within: the second was left alone.
        events = await drained(stream)
        assert kinds(events)[:4] == ["Connected", "Replaced", "Disconnected", "Connected"]
        (replaced,) = [event for event in events if isinstance(event, told.Replaced)]
        assert (replaced.peer, replaced.by) == (first, second)

    run(main)


def test_a_late_clean_up_of_the_old_connection_never_touches_the_new_one() -> None:
    async def main() -> None:
        central = make_central()
        pairs = [loopback_pair(central, make_station()) for _ in range(2)]
        async with (
            pairs[0].connected(reconnect=False) as (first, _),
            pairs[1].connected() as (_, backend),
        ):
            await settle()
            first.close()
            pairs[0].connections[0][0].lose("once more")
            await settle()
            second = central.peers["CP1"]
            assert second.is_connected
            assert await backend.call(HEARTBEAT) == PULSE

    run(main)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_known_may_be_a_function(asynchronous: bool) -> None:
    def known(identity: str) -> bool:
        return identity == "CP1"

    async def known_later(identity: str) -> bool:
        return known(identity)

    async def main() -> None:
        central = make_central(known=known_later if asynchronous else known)
        async with connected(central, make_station()) as (_, backend):
            assert await backend.call(HEARTBEAT) == PULSE
        with pytest.raises(ConnectionRefused) as caught:
            async with connected(central, make_station(identity="CP2")):
                pass
        assert caught.value.status == 404

    run(main)


def test_admission_decides_who_a_peer_is() -> None:
    async def main() -> None:
        seen: list[Handshake] = []

        async def admission(handshake: Handshake) -> PeerInfo | Refusal:
            seen.append(handshake)
            if handshake.identity == "CP2":
                return Refusal(401, "who are you?")
            return handshake.admit(security_profile=1)

        central = make_central(admission=admission)
        stream = central.events()
        async with connected(central, make_station()) as (peer, _):
            assert peer.info.security_profile == 1
        with pytest.raises(ConnectionRefused) as caught:
            async with connected(central, make_station(identity="CP2")):
                pass
        assert caught.value.status == 401
        assert [handshake.identity for handshake in seen] == ["CP1", "CP2"]
        assert told.Refused(
            "CP2", 401, "who are you?", "loopback", "loopback://central/ocpp/CP2"
        ) in await drained(stream)

    run(main)


def test_one_that_is_refused_disturbs_nobody() -> None:
    async def main() -> None:
        async def admission(handshake: Handshake) -> PeerInfo | Refusal:
            return handshake.admit() if not seen else Refusal(401)

        seen: list[Peer] = []
        central = make_central(admission=admission)
        async with connected(central, make_station()) as (peer, backend):
            seen.append(peer)
            with pytest.raises(ConnectionRefused):
                async with connected(central, make_station()):
                    pass
            assert central.peers["CP1"] is peer
            assert await backend.call(HEARTBEAT) == PULSE

    run(main)


def test_events_tell_the_story() -> None:
    async def main() -> None:
        central = make_central([booted(PENDING, 17)])
        stream = central.events()
        async with connected(central, make_station()) as (peer, backend):
            await backend.call(BOOT)
            await code_of(backend)
        events = await drained(stream)
        assert kinds(events) == ["Connected", "Registered", "FaultAnswered", "Disconnected"]
        assert told.Registered(peer, PENDING, 17) in events
        fault = next(event for event in events if isinstance(event, told.FaultAnswered))
        assert (fault.action, fault.fault.code) == ("Heartbeat", ErrorCode.SECURITY_ERROR)
        frames = [event for event in events if isinstance(event, told.FrameIn)]
        calls = [heard(event.frame, by=CENTRAL) for event in frames]
        assert [isinstance(each, Call) and each.action for each in calls] == [
            "BootNotification",
            "Heartbeat",
        ]

    run(main)


def test_unanswerable_frames_are_events_and_the_connection_goes_on() -> None:
    async def main() -> None:
        central = make_central()
        stream = central.events()
        pair = loopback_pair(central, make_station())
        async with pair.connected() as (_, backend):
            for frame in (b"{}", b"[9]", b"", b"\x00", b'[3,"unknown",{}]', b"[2," * 5000):
                pair.connections[0][1].send(frame)
            assert await backend.call(HEARTBEAT) == PULSE
        assert kinds(await drained(stream)).count("Unanswerable") == 6

    run(main)


def test_no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        caplog.set_level(logging.DEBUG)
        central, station = make_central(), make_station()
        key = "0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF"
        async with connected(central, station) as (peer, _):
            with pytest.raises(CallFailed):
                await peer.call(ChangeConfigurationRequest(key="AuthorizationKey", value=key))
        assert "connected" in caplog.text
        assert key not in caplog.text

    run(main)


def test_leniency_is_told() -> None:
    async def main() -> None:
        central = make_central(settings=Settings(leniency=frozenset({"unknown-fields"})))
        stream = central.events()
        pair = loopback_pair(central, make_station())
        async with pair.connected():
            frame = raw_call("Heartbeat", "1", '{"more":1}', "<more>1</more>")
            pair.connections[0][1].send(frame.encode())
            await settle()
        assert "Deviated" in kinds(await drained(stream))

    run(main)


def test_a_peer_can_be_sent_away() -> None:
    async def main() -> None:
        central = make_central()
        pair = loopback_pair(central, make_station())
        async with pair.connected(reconnect=False) as (peer, backend):
            peer.close(1008, "go")
            await settle()
            assert not backend.is_connected
            with pytest.raises(SessionClosed):
                await backend.call(HEARTBEAT)
            assert pair.connections[0][0].close_reason == "go"

    run(main)


def test_async_with_central_closes_what_is_left() -> None:
    async def main() -> None:
        pair_station = make_station()
        async with make_central() as central:
            pair = loopback_pair(central, pair_station)
            connection = await pair.dial()
            await central.wait_for("CP1")
        assert pair.connections[0][0].close_code == 1001
        await connection.wait_closed()

    run(main)


def test_a_registry_that_fails_closes_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        peers: dict[str, Peer] = {}  # noqa: RUF012

        async def claim(self, peer: Peer) -> Peer | None:
            raise RuntimeError("no registry")

        async def release(self, peer: Peer) -> None: ...

    async def main() -> None:
        central = make_central(registry=Broken())
        pair = loopback_pair(central, make_station())
        connection = await pair.dial()
        await connection.wait_closed()
        assert pair.connections[0][0].close_code == 1011
        assert "no registry" in caplog.text

    run(main)


def test_a_connection_that_is_being_let_in_is_closed_by_a_stop() -> None:
    class Slow(LocalRegistry):
        async def claim(self, peer: Peer) -> Peer | None:
            await go.wait()
            return await super().claim(peer)

    go = asyncio.Event()

    async def main() -> None:
        central = make_central(registry=Slow())
        pair = loopback_pair(central, make_station())
        connection = await pair.dial()
        await settle()
        await central.disconnect()
        assert pair.connections[0][0].close_code == 1001
        go.set()
        await settle()
        assert not central.peers
        await connection.wait_closed()

    run(main)


def test_a_connection_closed_before_it_is_let_in_replaces_nobody() -> None:
    async def main() -> None:
        central = make_central()
        pairs = [loopback_pair(central, make_station()) for _ in range(2)]
        async with pairs[0].connected() as (peer, _):
            await pairs[1].dial()
            await central.disconnect({each for each in central._drivers if each.peer is not peer})
            await settle()
            assert central.peers["CP1"] is peer
            assert peer.is_connected

    run(main)


def test_a_handler_is_registered_once_and_for_what_is_received() -> None:
    central = CentralSystem()
    central.on(HeartbeatRequest)(lambda peer, request: PULSE)
    with pytest.raises(ValueError, match="has a handler already"):
        central.on(HeartbeatRequest)(lambda peer, request: PULSE)
    with pytest.raises(ValueError, match="central system"):
        central.on(ChangeConfigurationRequest)


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)
