"""C 4.2: a charge point that boots, before it is accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ocpp16 import CentralSystem, ChargePoint
from ocpp16.enums import MessageTrigger, RemoteStartStopStatus, TriggerMessageStatus
from ocpp16.errors import CallFailed, CallNotAllowed, CallTimeout, SecurityError, SessionClosed
from ocpp16.messages import (
    BootNotificationRequest,
    BootNotificationResponse,
    RemoteStartTransactionRequest,
    RemoteStartTransactionResponse,
    TriggerMessageRequest,
    TriggerMessageResponse,
)
from ocpp16.roles import event as told
from ocpp16.roles.backend import Backend
from ocpp16.roles.peer import Peer
from ocpp16.testing import HandClock, LoopbackPair, Recording, loopback_pair, record
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
    call_in,
    drained,
    make_central,
    make_station,
    run,
)
from tests.roles.speech import CENTRAL, call, response_in


class Scene:
    """A charge point that boots, and what became of it."""

    def __init__(self, *answers: BootNotificationResponse) -> None:
        self.clock = HandClock()
        self.central = make_central(answers, clock=self.clock)
        self.station = make_station(self.clock)
        self.sent: Recording = record(self.station)
        self.pair: LoopbackPair = loopback_pair(self.central, self.station)

    @asynccontextmanager
    async def booted(self) -> AsyncIterator[tuple[Peer, Backend]]:
        async with self.pair.connected(boot=BOOT) as both:
            yield both

    def actions(self) -> list[str]:
        """Return the calls that the charge point has sent."""
        calls = [call_in(text) for text in self.sent.sent]
        return [call[1] for call in calls if call is not None]

    def call_raw(self, text: str) -> None:
        """Send the charge point a frame that our central system would not send."""
        self.pair.connections[-1][0].send(text.encode())


def test_entering_boots_and_returns_after_the_first_answer() -> None:
    async def main() -> None:
        scene = Scene()
        async with scene.booted() as (peer, backend):
            assert backend.registration is ACCEPTED
            await backend.accepted()
            assert await backend.call(HEARTBEAT) == PULSE
            assert await peer.call(RESET) == RESET_DONE
        assert scene.actions() == ["BootNotification", "Heartbeat"]

    run(main)


def test_a_bare_charge_point_does_not_boot_and_does_not_gate() -> None:
    async def main() -> None:
        scene = Scene()
        async with scene.pair.connected() as (_, backend):
            assert backend.registration is None
            assert await backend.call(HEARTBEAT) == PULSE
        assert scene.actions() == ["Heartbeat"]

    run(main)


def test_nothing_leaves_before_the_first_answer() -> None:
    async def main() -> None:
        scene = Scene()
        answer = asyncio.Event()
        central = CentralSystem(clock=scene.clock)

        @central.on(BootNotificationRequest)
        async def boot(peer: Peer, request: BootNotificationRequest) -> BootNotificationResponse:
            await answer.wait()
            return booted(ACCEPTED)

        backends: list[Backend] = []

        @scene.station.on_frame
        def note(event: told.FrameIn | told.FrameOut) -> None:
            assert isinstance(event.peer, Backend)
            backends.append(event.peer)

        async def enter() -> None:
            async with loopback_pair(central, scene.station).connected(boot=BOOT):
                pass

        entering = asyncio.create_task(enter())
        await scene.clock.settle()
        with pytest.raises(CallNotAllowed, match="has not accepted"):
            await backends[0].call(HEARTBEAT)
        assert scene.actions() == ["BootNotification"]
        assert not entering.done()
        answer.set()
        await entering

    run(main)


def test_rejected_is_silent_and_deaf_until_the_interval_is_over_then_boots_again() -> None:
    async def main() -> None:
        scene = Scene(booted(REJECTED, 60))
        async with scene.booted() as (peer, backend):
            assert backend.registration is REJECTED
            with pytest.raises(CallNotAllowed, match="silent"):
                await backend.call(HEARTBEAT)
            scene.call_raw('[2,"1","Reset",{"type":"Soft"}]')
            scene.call_raw('[2,"2","Nonsense",{}]')
            scene.call_raw('[2,"3"]')
            await scene.clock.advance(59)
            assert len(scene.sent.sent) == 1
            await scene.clock.advance(2)
            assert backend.registration is ACCEPTED
            assert scene.actions() == ["BootNotification", "BootNotification"]
            assert await peer.call(RESET) == RESET_DONE

    run(main)


def test_a_call_that_comes_in_one_go_with_the_rejection_is_not_handled() -> None:
    async def main() -> None:
        scene = Scene(booted(REJECTED, 60))
        handled: list[object] = []

        @scene.station.on(TriggerMessageRequest)
        async def trigger(peer: Backend, request: TriggerMessageRequest) -> TriggerMessageResponse:
            handled.append(request)
            return TriggerMessageResponse(status=TriggerMessageStatus.ACCEPTED)

        @scene.central.on_frame
        def follow(event: told.FrameIn | told.FrameOut) -> None:
            if isinstance(event, told.FrameOut) and b"Rejected" in event.frame:
                connection = scene.pair.connections[-1][0]
                asyncio.get_running_loop().call_soon(
                    connection.send, b'[2,"1","TriggerMessage",{"requestedMessage":"Heartbeat"}]'
                )

        async with scene.booted():
            await scene.clock.settle()
            assert handled == []
            assert len(scene.sent.sent) == 1

    run(main)


def test_pending_answers_and_boots_again_after_the_interval() -> None:
    async def main() -> None:
        scene = Scene(booted(PENDING, 60), booted(PENDING, 10))
        async with scene.booted() as (peer, backend):
            assert backend.registration is PENDING
            assert await peer.call(RESET) == RESET_DONE
            with pytest.raises(CallNotAllowed):
                await backend.call(HEARTBEAT)
            await scene.clock.advance(59)
            assert scene.actions() == ["BootNotification"]
            await scene.clock.advance(2)
            assert scene.actions() == ["BootNotification"] * 2
            waiting = asyncio.create_task(backend.accepted())
            await scene.clock.advance(8)
            assert not waiting.done()
            await scene.clock.advance(3)
            await waiting
            assert await backend.call(HEARTBEAT) == PULSE
            await scene.clock.advance(10_000)
            assert scene.actions() == ["BootNotification"] * 3 + ["Heartbeat"]

    run(main)


def test_pending_answers_remote_start_with_rejected_and_asks_no_handler() -> None:
    async def main() -> None:
        scene = Scene(booted(PENDING))
        asked: list[object] = []

        @scene.station.on(RemoteStartTransactionRequest)
        async def remote_start(
            peer: Backend, request: RemoteStartTransactionRequest
        ) -> RemoteStartTransactionResponse:
            asked.append(request)
            return RemoteStartTransactionResponse(status=RemoteStartStopStatus.ACCEPTED)

        async with scene.booted():
            scene.call_raw(call(RemoteStartTransactionRequest(id_tag="TAG"), "1", by=CENTRAL))
            await scene.clock.settle()
            told_id, answer = response_in(
                scene.sent.sent[-1], RemoteStartTransactionResponse, by=CENTRAL
            )
            assert (told_id, answer.status) == ("1", RemoteStartStopStatus.REJECTED)
        assert asked == []

    run(main)


def test_pending_sends_what_an_accepted_trigger_asked_for_once() -> None:
    async def main() -> None:
        scene = Scene(booted(PENDING))
        answers = [TriggerMessageStatus.REJECTED, TriggerMessageStatus.ACCEPTED]

        @scene.station.on(TriggerMessageRequest)
        async def trigger(peer: Backend, request: TriggerMessageRequest) -> TriggerMessageResponse:
            return TriggerMessageResponse(status=answers.pop(0))

        async with scene.booted() as (peer, backend):
            request = TriggerMessageRequest(requested_message=MessageTrigger.HEARTBEAT)
            await peer.call(request)
            with pytest.raises(CallNotAllowed):
                await backend.call(HEARTBEAT)
            await peer.call(request)
            assert await backend.call(HEARTBEAT) == PULSE
            with pytest.raises(CallNotAllowed):
                await backend.call(HEARTBEAT)

    run(main)


def test_a_boot_that_was_triggered_while_pending_counts() -> None:
    async def main() -> None:
        scene = Scene(booted(PENDING, 3600))

        @scene.station.on(TriggerMessageRequest)
        async def trigger(peer: Backend, request: TriggerMessageRequest) -> TriggerMessageResponse:
            return TriggerMessageResponse(status=TriggerMessageStatus.ACCEPTED)

        @scene.station.after(TriggerMessageRequest)
        async def send(peer: Backend, request: TriggerMessageRequest) -> None:
            await peer.call(BOOT)

        async with scene.booted() as (peer, backend):
            await peer.call(
                TriggerMessageRequest(requested_message=MessageTrigger.BOOT_NOTIFICATION)
            )
            await backend.accepted()
            await scene.clock.advance(10_000)
            assert scene.actions() == ["BootNotification"] * 2

    run(main)


@pytest.mark.parametrize("status", [PENDING, REJECTED])
def test_interval_0_leaves_the_wait_to_us(status: object) -> None:
    async def main() -> None:
        scene = Scene(booted(status, 0))  # type: ignore[arg-type]
        async with scene.booted() as (_, backend):
            await scene.clock.advance(29)
            assert scene.actions() == ["BootNotification"]
            await scene.clock.advance(2)
            assert backend.registration is ACCEPTED

    run(main)


def test_no_boot_on_a_mere_reconnect() -> None:
    async def main() -> None:
        scene = Scene()
        async with scene.booted() as (_, backend):
            scene.pair.cut()
            await scene.clock.advance(10)
            assert backend.is_connected
            assert backend.registration is ACCEPTED
            assert await backend.call(HEARTBEAT) == PULSE
        assert scene.actions() == ["BootNotification", "Heartbeat"]

    run(main)


def test_booting_goes_on_over_a_lost_connection() -> None:
    async def main() -> None:
        scene = Scene(booted(PENDING, 60))
        async with scene.booted() as (_, backend):
            scene.pair.is_down = True
            scene.pair.cut()
            await scene.clock.advance(300)
            assert backend.registration is PENDING
            scene.pair.is_down = False
            await scene.clock.advance(600)
            assert backend.registration is ACCEPTED

    run(main)


def test_a_boot_answered_after_acceptance_closes_the_gate_again() -> None:
    async def main() -> None:
        scene = Scene(booted(ACCEPTED), booted(PENDING, 40))
        async with scene.booted() as (_, backend):
            await backend.call(BOOT)
            with pytest.raises(CallNotAllowed):
                await backend.call(HEARTBEAT)
            await scene.clock.advance(39)
            assert scene.actions() == ["BootNotification"] * 2
            await scene.clock.advance(2)
            assert backend.registration is ACCEPTED

    run(main)


def test_the_interval_counts_from_the_latest_answer() -> None:
    async def main() -> None:
        scene = Scene(booted(PENDING, 60), booted(PENDING, 100))

        @scene.station.on(TriggerMessageRequest)
        async def trigger(peer: Backend, request: TriggerMessageRequest) -> TriggerMessageResponse:
            return TriggerMessageResponse(status=TriggerMessageStatus.ACCEPTED)

        @scene.station.after(TriggerMessageRequest)
        async def send(peer: Backend, request: TriggerMessageRequest) -> None:
            await peer.call(BOOT)

        async with scene.booted() as (peer, backend):
            await scene.clock.advance(30)
            await peer.call(
                TriggerMessageRequest(requested_message=MessageTrigger.BOOT_NOTIFICATION)
            )
            await scene.clock.advance(99)
            assert scene.actions() == ["BootNotification"] * 2
            await scene.clock.advance(2)
            assert scene.actions() == ["BootNotification"] * 3
            assert backend.registration is ACCEPTED

    run(main)


def failing_central(clock: HandClock, errors: int) -> CentralSystem:
    central = CentralSystem(clock=clock)
    left = [errors]

    @central.on(BootNotificationRequest)
    async def boot(peer: Peer, request: BootNotificationRequest) -> BootNotificationResponse:
        if left[0]:
            left[0] -= 1
            raise SecurityError
        return booted(ACCEPTED)

    return central


def test_a_boot_answered_with_an_error_fails_the_start() -> None:
    async def main() -> None:
        clock = HandClock()
        pair = loopback_pair(failing_central(clock, 1), make_station(clock))
        with pytest.raises(CallFailed):
            async with pair.connected(boot=BOOT):
                pass
        await pair.connections[0][0].wait_closed()

    run(main)


def test_a_start_can_be_tried_more_often() -> None:
    async def main() -> None:
        clock = HandClock()
        station = make_station(clock)
        pair = loopback_pair(failing_central(clock, 2), station)
        done: list[object] = []

        async def enter() -> None:
            async with pair.connected(boot=BOOT, attempts=None) as (_, backend):
                done.append(backend.registration)

        entering = asyncio.create_task(enter())
        await clock.advance(59)
        assert done == []
        await clock.advance(2)
        await entering
        assert done == [ACCEPTED]

    run(main)


def test_a_boot_without_answer_fails_the_start_after_its_time() -> None:
    async def main() -> None:
        clock = HandClock()
        central, station = make_central(clock=clock), make_station(clock)
        pair = loopback_pair(central, station, to_central=lambda frame: ())

        async def enter() -> None:
            async with pair.connected(boot=BOOT):
                pass

        entering = asyncio.create_task(enter())
        await clock.advance(31)
        with pytest.raises(CallTimeout):
            await entering

    run(main)


def test_a_boot_that_fails_while_pending_is_tried_again_after_our_own_wait() -> None:
    async def main() -> None:
        clock = HandClock()
        central = CentralSystem(clock=clock)
        answers: list[BootNotificationResponse | None] = [booted(PENDING, 5), None, None]

        @central.on(BootNotificationRequest)
        async def boot(peer: Peer, request: BootNotificationRequest) -> BootNotificationResponse:
            answer = answers.pop(0) if answers else booted(ACCEPTED)
            if answer is None:
                raise SecurityError
            return answer

        pair = loopback_pair(central, make_station(clock))
        async with pair.connected(boot=BOOT) as (_, backend):
            await clock.advance(6)
            assert len(answers) == 1
            await clock.advance(28)
            assert len(answers) == 1
            await clock.advance(2)
            assert (len(answers), backend.registration) == (0, PENDING)
            await clock.advance(31)
            assert backend.registration is ACCEPTED

    run(main)


def test_a_boot_that_is_cut_off_is_sent_again_at_once_when_connected() -> None:
    async def main() -> None:
        scene = Scene(booted(PENDING, 60))
        async with scene.booted() as (_, backend):
            scene.pair.to_central = lambda frame: ()
            await scene.clock.advance(61)
            assert scene.actions() == ["BootNotification"] * 2
            scene.pair.to_central = lambda frame: (0.0,)
            scene.pair.cut()
            await scene.clock.advance(2)
            assert backend.registration is ACCEPTED
            assert scene.actions() == ["BootNotification"] * 3

    run(main)


def test_accepted_ends_when_the_charge_point_is_stopped() -> None:
    async def main() -> None:
        scene = Scene(booted(PENDING))
        async with scene.booted() as (_, backend):
            waiting = asyncio.create_task(backend.accepted())
            await scene.clock.settle()
        with pytest.raises(SessionClosed):
            await waiting

    run(main)


def test_the_charge_point_tells_its_registration() -> None:
    async def main() -> None:
        scene = Scene(booted(PENDING, 5))
        stream = scene.station.events()
        async with scene.booted() as (_, backend):
            await scene.clock.advance(6)
        assert [event for event in await drained(stream) if isinstance(event, told.Registered)] == [
            told.Registered(backend, PENDING, 5),
            told.Registered(backend, ACCEPTED, 300),
        ]

    run(main)


@pytest.mark.parametrize("identity", ["", ".", "..", "x" * 49, "a\nb", "a\x7fb"])
def test_an_identity_is_checked(identity: str) -> None:
    with pytest.raises(ValueError, match="identity"):
        ChargePoint(identity)
