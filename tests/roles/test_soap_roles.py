"""Both roles over both wires, on real sockets: the handlers do not know which one it is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest

from ocpp16 import CentralSystem, ChargePoint, catalog, messages
from ocpp16.bindings.ocppj import codec
from ocpp16.enums import DataTransferStatus, RegistrationStatus
from ocpp16.errors import (
    CallFailed,
    CallNotAllowed,
    CallTimeout,
    ErrorCode,
    InvalidMessage,
    SecurityError,
    SessionClosed,
)
from ocpp16.messages import (
    GetLogRequest,
    HeartbeatRequest,
    HeartbeatResponse,
    ResetRequest,
    ResetResponse,
)
from ocpp16.roles.backend import Backend
from ocpp16.roles.peer import Peer
from ocpp16.roles.server import Server
from ocpp16.settings import Settings
from ocpp16.spec import ActionSpec, Side
from ocpp16.structure import Structure
from ocpp16.testing import record
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
    until,
)
from tests.strategies import full_payload

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

WIRES = ["json", "soap"]
LOCAL = Settings(callback_networks=["127.0.0.0/8"])
ANYWHERE = {"json": "ws://127.0.0.1:0/ocpp", "soap": "http://127.0.0.1:0/ocpp"}
LISTEN = "http://127.0.0.1:0/callback"
SHARED = [action for action in catalog.ACTIONS.values() if action.soap_services]
TO_CENTRAL = [action for action in SHARED if Side.CHARGE_POINT in action.senders]
TO_STATION = [action for action in SHARED if Side.CENTRAL_SYSTEM in action.senders]

wires = pytest.mark.parametrize("wire", WIRES)


def serve(central: CentralSystem, wire: str, url: str | None = None) -> Server:
    return central.serve(**{wire: url or ANYWHERE[wire]})


@asynccontextmanager
async def connect(station: ChargePoint, server: Server, **options: Any) -> AsyncIterator[Backend]:
    (wire,) = server.urls
    listen = LISTEN if wire == "soap" else None
    async with station.connect(server.urls[wire], listen=listen, **options) as backend:
        yield backend


@asynccontextmanager
async def both(
    wire: str, central: CentralSystem, station: ChargePoint, **options: Any
) -> AsyncIterator[tuple[Peer, Backend]]:
    async with serve(central, wire) as server, connect(station, server, **options) as backend:
        if not options:
            await backend.call(HEARTBEAT)
        yield await central.wait_for(station.identity, timeout=5), backend


def full(cls: type[Structure]) -> Any:
    payload = full_payload(cls.SPEC)
    if cls is messages.BootNotificationResponse:
        payload["status"] = "Accepted"
    return codec.decode(cls, json.dumps(payload).encode())


def answer_everything(role: Any, received: list[ActionSpec], seen: list[Structure]) -> None:
    for action in received:

        async def handle(peer: Any, request: Any, action: ActionSpec = action) -> Any:
            seen.append(request)
            return full(action.response)

        role.on(action.request)(handle)


@wires
def test_every_action_crosses_both_ways_as_the_same_objects(wire: str) -> None:
    async def main() -> None:
        central, station = CentralSystem(settings=LOCAL), ChargePoint("CP1")
        seen: list[Structure] = []
        answer_everything(central, TO_CENTRAL, seen)
        answer_everything(station, TO_STATION, seen)
        async with both(wire, central, station) as (peer, backend):
            seen.clear()
            callers: list[tuple[Any, list[ActionSpec]]] = [
                (backend, TO_CENTRAL),
                (peer, TO_STATION),
            ]
            for caller, actions in callers:
                for action in actions:
                    request = full(action.request)
                    assert await caller.call(request) == full(action.response), action.name
                    assert seen.pop() == request, action.name
            assert (peer.binding, peer.info.side) == (f"ocpp{wire[0]}", Side.CHARGE_POINT)
            assert (backend.binding, backend.info.side) == (peer.binding, Side.CENTRAL_SYSTEM)

    assert (len(TO_CENTRAL), len(TO_STATION)) == (10, 19)
    run(main)


@wires
def test_handlers_call_back_while_they_work(wire: str) -> None:
    async def main() -> None:
        central, station = CentralSystem(settings=LOCAL), make_station()

        @central.on(HeartbeatRequest)
        async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
            if peer.is_connected and pulses:
                assert await peer.call(RESET) == RESET_DONE
            return PULSE

        pulses: list[int] = []
        async with both(wire, central, station) as (_, backend):
            pulses.append(1)
            assert await backend.call(HEARTBEAT) == PULSE

    run(main)


@wires
def test_faults_keep_their_code(wire: str) -> None:
    async def main() -> None:
        central, station = make_central(settings=LOCAL), ChargePoint("CP1")
        faults: list[Exception] = [SecurityError("not you"), RuntimeError("secret")]

        @station.on(ResetRequest)
        async def reset(peer: Peer, request: ResetRequest) -> ResetResponse:
            raise faults.pop(0)

        async with both(wire, central, station) as (peer, backend):
            with pytest.raises(CallFailed) as caught:
                await peer.call(RESET)
            assert (caught.value.code, caught.value.description) == (
                ErrorCode.SECURITY_ERROR,
                "not you",
            )
            with pytest.raises(CallFailed) as caught:
                await peer.call(RESET)
            assert caught.value.code is ErrorCode.INTERNAL_ERROR
            assert "secret" not in str(caught.value)
            with pytest.raises(CallFailed) as caught:
                await backend.call(full(messages.MeterValuesRequest))
            assert caught.value.code is ErrorCode.NOT_SUPPORTED
            assert await backend.call(HEARTBEAT) == PULSE

    run(main)


@wires
def test_booting_gates_both_sides(wire: str) -> None:
    async def main() -> None:
        central = make_central([booted(PENDING, 1), booted(ACCEPTED)], settings=LOCAL)
        station = make_station()
        async with both(wire, central, station, boot=BOOT) as (peer, backend):
            assert backend.registration is PENDING
            with pytest.raises(CallNotAllowed):
                await backend.call(HEARTBEAT)
            async with asyncio.timeout(5):
                await backend.accepted()
            assert await backend.call(HEARTBEAT) == PULSE
            assert peer.registration is ACCEPTED

    run(main)


@wires
def test_a_strict_gate_answers_who_never_booted(wire: str) -> None:
    async def main() -> None:
        from ocpp16.storage import MemoryRegistrations

        central = make_central(registrations=MemoryRegistrations(), settings=LOCAL)
        async with (
            serve(central, wire) as server,
            connect(make_station(), server) as backend,
        ):
            with pytest.raises(CallFailed) as caught:
                await backend.call(HEARTBEAT)
            assert caught.value.code is ErrorCode.SECURITY_ERROR
            assert (await backend.call(BOOT)).status is RegistrationStatus.ACCEPTED
            assert await backend.call(HEARTBEAT) == PULSE

    run(main)


@wires
def test_hooks_run_after_the_answer_and_frames_are_seen(wire: str) -> None:
    async def main() -> None:
        central, station = make_central(settings=LOCAL), make_station()
        after: list[str] = []

        @central.after(HeartbeatRequest)
        async def hook(peer: Peer, request: HeartbeatRequest) -> None:
            after.append(peer.identity)
            await peer.call(RESET)

        recording, events = record(central), central.events()
        async with both(wire, central, station) as (_, backend):
            await until(lambda: len(recording.frames) == 4)
            assert after == ["CP1"]
            assert [direction for direction, _ in recording.frames] == ["in", "out", "out", "in"]
            backend.close()
            if wire == "soap":
                # Nothing tells a central system that a charge point is gone.
                assert kinds(await drained(events)) == ["Connected"]

    run(main)


@wires
def test_many_calls_at_once_keep_apart(wire: str) -> None:
    async def main() -> None:
        central = make_central(settings=LOCAL)

        @central.on(messages.DataTransferRequest)
        async def echo(peer: Peer, request: Any) -> messages.DataTransferResponse:
            await asyncio.sleep(0.001)
            return messages.DataTransferResponse(
                status=DataTransferStatus.ACCEPTED, data=request.data
            )

        async def talk(number: int) -> None:
            station = make_station(identity=f"CP{number}")
            async with both_in(station) as backend:
                for turn in range(5):
                    data = f"{number}/{turn}"
                    request = messages.DataTransferRequest(vendor_id="v", data=data)
                    answers = await asyncio.gather(*(backend.call(request) for _ in range(4)))
                    assert {answer.data for answer in answers} == {data}

        async with serve(central, wire) as server:

            def both_in(station: ChargePoint) -> Any:
                return connect(station, server)

            await asyncio.gather(*(talk(number) for number in range(10)))

    run(main)


@wires
def test_the_central_system_restarts_and_serves_again(wire: str) -> None:
    async def main() -> None:
        station = make_station(settings=Settings(reconnect_wait=0.01 * Settings().reconnect_wait))
        async with serve(make_central(settings=LOCAL), wire) as server:
            url = server.urls[wire]
            async with connect(station, server) as backend:
                assert await backend.call(HEARTBEAT) == PULSE
                await server.stop()
                if wire == "soap":
                    with pytest.raises(SessionClosed, match="cannot be reached"):
                        await backend.call(HEARTBEAT)
                central = make_central(settings=LOCAL)
                async with serve(central, wire, url):
                    assert await backend.call(HEARTBEAT) == PULSE
                    peer = await central.wait_for("CP1")
                    assert await peer.call(RESET) == RESET_DONE

    run(main)


def test_both_wires_at_once_and_each_is_a_peer_like_the_other() -> None:
    async def main() -> None:
        central = make_central(settings=LOCAL)
        one, two = make_station(identity="ONE"), make_station(identity="TWO")
        async with (
            central.serve(json=ANYWHERE["json"], soap=ANYWHERE["soap"]) as server,
            one.connect(server.urls.json) as backend_one,
            two.connect(server.urls.soap, listen=LISTEN, boot=BOOT) as backend_two,
        ):
            assert server.urls.soap.startswith("http://127.0.0.1:")
            assert ":0/" not in server.urls.soap
            assert await backend_one.call(HEARTBEAT) == await backend_two.call(HEARTBEAT)
            for name in ("ONE", "TWO"):
                peer = await central.wait_for(name, timeout=5)
                assert await peer.call(RESET) == RESET_DONE
            assert {peer.binding for peer in central.peers.values()} == {"ocppj", "ocpps"}

    run(main)


def test_what_soap_has_no_contract_for_is_refused_before_it_is_sent() -> None:
    async def main() -> None:
        central, station = make_central(settings=LOCAL), make_station()
        async with both("soap", central, station) as (peer, _):
            with pytest.raises(InvalidMessage, match="ocpps has no such message"):
                await peer.call(full(GetLogRequest))

    run(main)


def test_a_charge_point_without_a_usable_address_is_served_and_cannot_be_called() -> None:
    async def main() -> None:
        central, station = make_central(), make_station()
        async with both("soap", central, station) as (peer, backend):
            with pytest.raises(SessionClosed, match="where 'CP1' listens is not known"):
                await peer.call(RESET)
            assert peer.info.callback is None
            assert await backend.call(HEARTBEAT) == PULSE

    run(main)


def test_a_charge_point_that_is_gone_fails_the_call_and_comes_back() -> None:
    async def main() -> None:
        central, station = make_central(settings=LOCAL), make_station()
        async with serve(central, "soap") as server:
            async with connect(station, server) as backend:
                await backend.call(HEARTBEAT)
                peer = await central.wait_for("CP1")
            with pytest.raises(SessionClosed, match="cannot be reached"):
                await peer.call(RESET)
            async with connect(station, server) as backend:
                # S 7.1: its port is another one now, so it boots.
                await backend.call(BOOT)
                assert await peer.call(RESET) == RESET_DONE

    run(main)


def test_a_central_system_that_is_not_there_fails_each_call_and_boots_are_repeated() -> None:
    async def main() -> None:
        settings = Settings(boot_retry=Settings().boot_retry * 0.001)
        station = make_station(settings=settings)
        async with serve(make_central(), "soap") as server:
            url = server.urls.soap
        async with station.connect(url, listen=LISTEN) as backend:
            assert backend.is_connected
            with pytest.raises(SessionClosed, match="cannot be reached"):
                await backend.call(HEARTBEAT)
        with pytest.raises(SessionClosed):
            async with station.connect(url, listen=LISTEN, boot=BOOT):
                pass
        central = make_central([booted(REJECTED, 1)], settings=LOCAL)
        async with serve(central, "soap", url) as server:
            connection = station.connect(url, listen=LISTEN, boot=BOOT)
            async with connection as backend:
                assert backend.registration is REJECTED
                await server.stop()
                await asyncio.sleep(1.2)
                async with serve(central, "soap", url):
                    async with asyncio.timeout(5):
                        await backend.accepted()

    run(main)


def test_another_identity_is_not_let_in_and_gets_a_fault() -> None:
    async def main() -> None:
        central = make_central(known={"CP1"}, settings=LOCAL)
        events = central.events()
        async with serve(central, "soap") as server:
            async with connect(make_station(identity="CP2"), server) as backend:
                with pytest.raises(CallFailed) as caught:
                    await backend.call(HEARTBEAT)
                assert caught.value.code is ErrorCode.SECURITY_ERROR
                assert "unknown charge point" in caught.value.description
            async with connect(make_station(), server) as backend:
                assert await backend.call(HEARTBEAT) == PULSE
        assert kinds(await drained(events)) == ["Refused", "Connected", "Disconnected"]

    run(main)


def test_stopping_lets_handlers_end_and_answers_them() -> None:
    async def main() -> None:
        central = CentralSystem(settings=LOCAL)
        begun = asyncio.Event()

        @central.on(HeartbeatRequest)
        async def heartbeat(peer: Peer, request: HeartbeatRequest) -> HeartbeatResponse:
            begun.set()
            await asyncio.sleep(0.2)
            return PULSE

        async with serve(central, "soap") as server, connect(make_station(), server) as backend:
            call = asyncio.ensure_future(backend.call(HEARTBEAT))
            await begun.wait()
            await server.stop()
            assert await call == PULSE

    run(main)


def test_soap_needs_a_place_to_listen() -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="`listen` is needed for SOAP"):
            async with make_station().connect("http://127.0.0.1:9/ocpp"):
                pass
        with pytest.raises(ValueError, match="without TLS listens at http://"):
            async with make_station().connect("http://127.0.0.1:9/", listen="https://x/"):
                pass
        with pytest.raises(ValueError, match="without TLS listens at http://"):
            async with CentralSystem().serve(soap="https://127.0.0.1:0/ocpp"):
                pass
        with pytest.raises(ValueError, match="character"):
            async with make_station().connect("http://user:pw@127.0.0.1/", listen=LISTEN):
                pass
        async with serve(make_central(), "soap") as server:
            with pytest.raises(OSError, match="address already in use"):
                async with serve(make_central(), "soap", server.urls.soap):
                    pass
            with pytest.raises(OSError, match="address already in use"):
                async with make_station().connect(server.urls.soap, listen=server.urls.soap):
                    pass

    run(main)


def test_a_charge_point_that_listens_everywhere_names_the_address_that_is_reached() -> None:
    async def main() -> None:
        central, station = make_central(settings=LOCAL), make_station()
        async with (
            serve(central, "soap") as server,
            station.connect(server.urls.soap, listen="http://0.0.0.0:0/") as backend,
        ):
            await backend.call(HEARTBEAT)
            peer = await central.wait_for("CP1")
            assert backend.info.callback is not None
            assert backend.info.callback.startswith("http://127.0.0.1:")
            assert await peer.call(RESET) == RESET_DONE

    run(main)


def test_a_silent_charge_point_times_the_call_out() -> None:
    async def main() -> None:
        settings = attrs.evolve(LOCAL, soap_call_timeout=Settings().soap_call_timeout * 0.01)
        central, station = make_central(settings=settings), ChargePoint("CP1")

        @station.on(ResetRequest)
        async def reset(peer: Peer, request: ResetRequest) -> ResetResponse:
            await asyncio.sleep(0.6)
            return RESET_DONE

        async with both("soap", central, station) as (peer, _):
            with pytest.raises(CallTimeout, match="no answer came from http://127"):
                await peer.call(RESET)

    run(main)
