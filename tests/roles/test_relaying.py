"""What whoever relays messages needs of the roles: no answer, and what was known before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import attrs
import pytest

from ocpp16 import CentralSystem, ChargePoint
from ocpp16.envelope import PeerInfo
from ocpp16.errors import CallFailed, CallTimeout, NoAnswer, SessionClosed, Unreachable
from ocpp16.messages import HeartbeatRequest
from ocpp16.roles.backend import Backend
from ocpp16.roles.event import Disconnected, Event
from ocpp16.roles.server import Server
from ocpp16.security.admission import Handshake
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.storage import MemoryRegistrations, Registration
from ocpp16.testing import HandClock, connected, loopback_pair
from tests.parties import (
    ACCEPTED,
    BOOT,
    HEARTBEAT,
    PULSE,
    REJECTED,
    RESET,
    RESET_DONE,
    make_central,
    make_station,
    run,
)
from tests.transports.soap_post import envelope, post

pytest.importorskip("uvicorn")
LOCAL = Settings(callback_networks=["127.0.0.0/8"])
FAR = "http://10.9.9.9:80/"


def silent_central(**options: Any) -> CentralSystem:
    """Return a central system that gives Heartbeat no answer."""
    central = CentralSystem(**options)

    @central.on(HeartbeatRequest)
    async def heartbeat(peer: object, request: HeartbeatRequest) -> Any:
        raise NoAnswer("not now")

    return central


def test_a_handler_that_gives_no_answer_ends_a_soap_exchange_with_503() -> None:
    async def main() -> None:
        async with silent_central().serve(soap="http://127.0.0.1:0/ocpp") as server:
            answer = await post(server.urls.soap, envelope())
            assert (answer.status_code, answer.content) == (503, b"Service Unavailable\n")
            # The peer is served as before.
            assert (await post(server.urls.soap, envelope(BOOT))).status_code == 500

    run(main)


def test_a_handler_that_gives_no_answer_sends_nothing_on_json() -> None:
    async def main() -> None:
        clock = HandClock()
        async with connected(silent_central(clock=clock), make_station(clock)) as (_, backend):
            call = asyncio.create_task(backend.call(HEARTBEAT))
            await clock.advance(31)
            with pytest.raises(CallTimeout):
                await call

    run(main)


@pytest.mark.parametrize("strict", [True, False, None])
def test_whether_the_gate_is_strict_can_be_said(strict: bool | None) -> None:
    async def main() -> None:
        central = make_central(registrations=MemoryRegistrations(), strict=strict)
        async with connected(central, make_station()) as (_, backend):
            if strict is False:
                assert await backend.call(HEARTBEAT) == PULSE
            else:
                with pytest.raises(CallFailed):
                    await backend.call(HEARTBEAT)

    run(main)


def test_a_registration_that_was_decided_elsewhere_counts_at_once() -> None:
    async def main() -> None:
        central = make_central()
        async with connected(central, make_station(), boot=BOOT) as (peer, backend):
            assert peer.registration is ACCEPTED
            central.register("CP1", Registration(status="Rejected", interval=60))
            assert peer.registration is REJECTED
            with pytest.raises(CallFailed):
                await backend.call(HEARTBEAT)
            central.register("CP1", Registration(status="Accepted", interval=60))
            assert await backend.call(HEARTBEAT) == PULSE
        # Also for one that is not connected.
        central.register("CP2", Registration(status="Rejected", interval=60))
        async with connected(central, make_station(identity="CP2")) as (_, backend):
            with pytest.raises(CallFailed):
                await backend.call(HEARTBEAT)

    run(main)


@asynccontextmanager
async def serving(central: CentralSystem) -> AsyncIterator[Server]:
    async with central.serve(soap="http://127.0.0.1:0/ocpp") as server:
        yield server


@asynccontextmanager
async def listening() -> AsyncIterator[str]:
    """Let a charge point listen and say nothing; give its address."""
    async with make_station().connect("http://127.0.0.1:9/", listen="http://127.0.0.1:0/") as end:
        assert end.info.callback is not None
        yield end.info.callback


def known(callback: str | None) -> PeerInfo:
    return PeerInfo(identity="CP1", side=Side.CHARGE_POINT, binding="ocpps", callback=callback)


def test_a_charge_point_from_before_can_be_called_where_it_listened() -> None:
    async def main() -> None:
        central = make_central(settings=LOCAL)
        async with serving(central) as server, listening() as callback:
            server.restore(known(callback))
            peer = await central.wait_for("CP1", timeout=5)
            assert peer.info.callback == callback
            assert await peer.call(RESET) == RESET_DONE
            # It comes by itself: the same peer, and the address that it names now.
            answer = await post(server.urls.soap, envelope(from_address="http://127.0.0.1:9/x"))
            assert answer.status_code == 200
            assert central.peers["CP1"] is peer
            assert peer.info.callback == "http://127.0.0.1:9/x"
            server.restore(known(callback))
            assert peer.info.callback == "http://127.0.0.1:9/x"

    run(main)


@pytest.mark.parametrize("callback", [None, "http://127.0.0.1:9/", "http://169.254.169.254/"])
def test_an_address_from_before_is_judged_again(callback: str | None) -> None:
    async def main() -> None:
        central = make_central()
        async with serving(central) as server:
            server.restore(known(callback))
            peer = await central.wait_for("CP1", timeout=5)
            assert peer.info.callback is None
            with pytest.raises(Unreachable, match="not known"):
                await peer.call(RESET)

    run(main)


def test_an_admission_can_say_where_a_charge_point_is_called() -> None:
    async def main() -> None:
        async with listening() as callback:

            async def admit(handshake: Handshake) -> PeerInfo:
                return attrs.evolve(handshake.admit(), callback=callback)

            central = make_central(admission=admit)
            async with serving(central) as server:
                await post(server.urls.soap, envelope(from_address=FAR))
                peer = await central.wait_for("CP1", timeout=5)
                assert peer.info.callback == callback
                assert await peer.call(RESET) == RESET_DONE
            central = make_central()
            async with serving(central) as server:
                server.restore(known(callback), is_fixed=True)
                await post(server.urls.soap, envelope(from_address=FAR))
                peer = await central.wait_for("CP1", timeout=5)
                assert await peer.call(RESET) == RESET_DONE

    run(main)


def test_a_wait_before_the_next_attempt_can_be_cut_short() -> None:
    async def main() -> None:
        clock = HandClock()
        settings = Settings(reconnect_wait=timedelta(seconds=100))
        station = make_station(clock, settings=settings)
        pair = loopback_pair(make_central(clock=clock), station)
        async with station.connect_by(pair.dial) as backend:
            pair.cut()
            await clock.advance(50)
            assert not backend.is_connected
            backend.hurry()
            await clock.settle()
            assert backend.is_connected
            # Without effect while it is connected, and on the next wait.
            backend.hurry()
            pair.cut()
            await clock.advance(50)
            assert not backend.is_connected
            await clock.advance(200)
            assert backend.is_connected

    run(main)


def test_a_wait_that_has_not_begun_can_be_cut_short() -> None:
    class Eager(ChargePoint):
        def tell(self, event: Event) -> None:
            if isinstance(event, Disconnected):
                assert isinstance(event.peer, Backend)
                event.peer.hurry()

    async def main() -> None:
        clock = HandClock()
        station = Eager("CP1", clock=clock)
        pair = loopback_pair(make_central(clock=clock), station)
        async with station.connect_by(pair.dial) as backend:
            pair.cut()
            await clock.settle()
            assert backend.is_connected
            assert len(pair.connections) == 2

    run(main)


def test_one_that_was_stopped_is_not_hurried() -> None:
    async def main() -> None:
        clock = HandClock()
        station = make_station(clock)
        pair = loopback_pair(make_central(clock=clock), station)
        async with station.connect_by(pair.dial) as backend:
            backend.close()
        backend.hurry()
        with pytest.raises(SessionClosed):
            await backend.call(HEARTBEAT)

    run(main)
