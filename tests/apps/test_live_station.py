"""A simulated charge point stays connected, booted and beating; time is turned by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime

from ocpp16 import ChargePoint, messages
from ocpp16.apps.charge_point.simulator import Hardware, Simulator
from ocpp16.apps.live_station import LiveStation
from ocpp16.apps.tracer import Tracer
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.peer import Peer
from ocpp16.testing import HandClock, LoopbackPair, loopback_pair
from tests.apps.doubles import Ears
from tests.parties import ACCEPTED, PENDING, REJECTED, RESET, booted, make_central, run

START = datetime(2026, 1, 1, tzinfo=UTC)


class Scene:
    """A live station, its central system, and the network between them."""

    def __init__(self, central: CentralSystem, clock: HandClock) -> None:
        self.central = central
        self.clock = clock
        self.ears = Ears()
        self.station = ChargePoint("CP1", clock=clock, random=lambda: 0.0)
        Tracer(self.station, self.ears)
        self.simulator = Simulator(
            Hardware(identity="CP1", connectors=1), now=START, sleep=clock.sleep
        )
        self.network: LoopbackPair = loopback_pair(central, self.station)
        self.live = LiveStation(
            self.simulator,
            self.station,
            lambda boot: self.station.connect_by(self.network.dial, boot=boot),
            tell=self.ears,
            random=lambda: 0.0,
        )

    @property
    def actions(self) -> list[str]:
        """The calls so far, and forget them."""
        found = [exchange.action for exchange in self.ears.exchanges]
        self.ears.exchanges.clear()
        return found


def play(
    body: Callable[[Scene], Awaitable[None]],
    boots: Iterable[messages.BootNotificationResponse] = (),
    known: tuple[str, ...] | None = None,
) -> None:
    async def main() -> None:
        clock = HandClock(START)
        central = make_central(boots, clock, known=known)

        @central.on(messages.StatusNotificationRequest)
        async def status(
            peer: Peer, request: messages.StatusNotificationRequest
        ) -> messages.StatusNotificationResponse:
            return messages.StatusNotificationResponse()

        scene = Scene(central, clock)
        running = asyncio.create_task(scene.live.run())
        await clock.settle()
        try:
            await body(scene)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await central.disconnect()

    run(main)


ALL_STATUSES = 2 * ["StatusNotification"]


def test_it_boots_reports_and_beats_as_it_is_told() -> None:
    async def body(scene: Scene) -> None:
        assert scene.actions == ["BootNotification", *ALL_STATUSES]
        assert scene.live.ready.is_set()
        assert scene.simulator.configuration.amount("HeartbeatInterval") == 50
        await scene.clock.advance(49)
        assert scene.actions == []
        await scene.clock.advance(101)
        assert scene.actions == 3 * ["Heartbeat"]
        scene.simulator.configuration.set("HeartbeatInterval", "10")
        await scene.clock.advance(70)
        assert scene.actions == 3 * ["Heartbeat"]

    play(body, [booted(ACCEPTED, 50)])


def test_no_heartbeats_with_the_interval_0() -> None:
    async def body(scene: Scene) -> None:
        scene.simulator.configuration.set("HeartbeatInterval", "0")
        await scene.clock.advance(50)
        assert scene.actions == ["BootNotification", *ALL_STATUSES, "Heartbeat"]
        await scene.clock.advance(1000)
        assert scene.actions == []

    play(body, [booted(ACCEPTED, 50)])


def test_pending_and_rejected_are_waited_out() -> None:
    async def body(scene: Scene) -> None:
        assert scene.actions == ["BootNotification"]
        await scene.clock.advance(9)
        assert (scene.actions, scene.live.ready.is_set()) == ([], False)
        await scene.clock.advance(1)
        assert scene.actions == ["BootNotification"]
        await scene.clock.advance(20)
        assert scene.actions == ["BootNotification", *ALL_STATUSES]
        assert scene.live.ready.is_set()

    play(body, [booted(PENDING, 10), booted(REJECTED, 20)])


def test_it_waits_for_its_central_system_and_says_so() -> None:
    async def body(scene: Scene) -> None:
        (warning,) = scene.ears.warnings
        told, _, hint = warning.partition(" (")
        assert told == "cannot boot: unknown charge point; next attempt in 1 s"
        assert hint == "it may not know CP1, or the path is another one)"
        await scene.clock.advance(1)
        assert len(scene.ears.warnings) == 2

    play(body, known=())


def test_a_network_that_is_down_is_waited_out() -> None:
    async def body(scene: Scene) -> None:
        scene.network.is_down = True
        scene.simulator.reboot_wanted.set()
        await scene.clock.settle()
        assert scene.ears.warnings == ["cannot boot: the network is down; next attempt in 1 s"]
        assert not scene.live.ready.is_set()
        scene.ears.exchanges.clear()
        scene.network.is_down = False
        await scene.clock.advance(1)
        assert scene.actions == ["BootNotification", *ALL_STATUSES]

    play(body)


def test_a_reset_boots_it_again() -> None:
    async def body(scene: Scene) -> None:
        peer = await scene.central.wait_for("CP1", registered=True)
        assert (await peer.call(RESET)).status == "Accepted"
        await scene.clock.settle()
        assert scene.actions == [
            "BootNotification",
            *ALL_STATUSES,
            "Reset",
            "BootNotification",
            *ALL_STATUSES,
        ]
        assert len(scene.network.connections) == 2

    play(body)


def test_a_lost_connection_is_no_reason_to_boot() -> None:
    async def body(scene: Scene) -> None:
        scene.ears.exchanges.clear()
        scene.network.cut()
        await scene.clock.advance(1)
        assert len(scene.network.connections) == 2
        await scene.clock.advance(299)
        assert scene.actions == ["Heartbeat"]

    play(body)
