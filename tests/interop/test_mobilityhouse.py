"""The `ocpp` library of The Mobility House on either side: every action, both ways, real sockets.

Our objects are made from one full payload of each message; theirs from the same payload by their
own rules. Each side must see every field of what the other sent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from ocpp import routing, v16
from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from ocpp16 import CentralSystem, ChargePoint, catalog, messages
from ocpp16.bindings.ocppj import codec
from ocpp16.spec import ActionSpec, Side
from ocpp16.structure import Structure
from tests.strategies import full_payload

pytestmark = pytest.mark.interop

ACTIONS = [action for action in catalog.ACTIONS.values() if action.soap_services]
FROM_CHARGE_POINT = [action for action in ACTIONS if Side.CHARGE_POINT in action.senders]
FROM_CENTRAL_SYSTEM = [action for action in ACTIONS if Side.CENTRAL_SYSTEM in action.senders]


def ours(cls: type) -> Any:
    assert issubclass(cls, Structure)
    payload = full_payload(cls.SPEC)
    if cls is messages.BootNotificationResponse:
        # One that is not accepted may not be called.
        payload["status"] = "Accepted"
    return codec.decode(cls, json.dumps(payload).encode())


def wire(message: Structure) -> Any:
    return json.loads(codec.encode(message))


def theirs(module: Any, action: ActionSpec, cls: type[Structure]) -> Any:
    return getattr(module, action.name)(**camel_to_snake_case(wire(ours(cls))))


def their_side(received: list[ActionSpec], seen: dict[str, Any]) -> type[Any]:
    """Return a class of theirs that answers every one of these actions."""

    def handler(action: ActionSpec) -> Callable[..., Any]:
        async def handle(self: Any, **payload: Any) -> Any:
            seen[action.name] = snake_to_camel_case(payload)
            return theirs(v16.call_result, action, action.response)

        # Their router finds handlers by the name of the function.
        handle.__name__ = f"on_{action.name}"
        decorate: Callable[..., Callable[..., Any]] = routing.on(action.name)
        return decorate(handle)

    handlers = {f"on_{action.name}": handler(action) for action in received}
    return type("TheirSide", (v16.ChargePoint,), handlers)


def serve_everything(
    role: CentralSystem | ChargePoint, received: list[ActionSpec]
) -> dict[str, Any]:
    """Give a role of ours a handler for each of these actions; return what they will see."""
    seen: dict[str, Any] = {}
    for action in received:

        async def handle(peer: Any, request: Any, action: ActionSpec = action) -> Any:
            seen[action.name] = request
            return ours(action.response)

        role.on(action.request)(handle)  # type: ignore[arg-type]
    return seen


def check_calls(seen: dict[str, Any], actions: list[ActionSpec]) -> None:
    assert seen == {action.name: ours(action.request) for action in actions}


def check_wire(seen: dict[str, Any], actions: list[ActionSpec]) -> None:
    assert seen == {action.name: wire(ours(action.request)) for action in actions}


async def call_them(peer: Any, actions: list[ActionSpec]) -> None:
    for action in actions:
        assert await peer.call(ours(action.request)) == ours(action.response), action.name


async def they_call(side: Any, actions: list[ActionSpec]) -> None:
    for action in actions:
        answer = await side.call(theirs(v16.call, action, action.request))
        assert answer == theirs(v16.call_result, action, action.response), action.name


def test_their_charge_point_and_our_central_system() -> None:
    async def main() -> None:
        central = CentralSystem()
        we_saw = serve_everything(central, FROM_CHARGE_POINT)
        they_saw: dict[str, Any] = {}
        side = their_side(FROM_CENTRAL_SYSTEM, they_saw)
        async with central.serve(json="ws://127.0.0.1:0/ocpp") as server:
            url = f"{server.urls['json']}/CP1"
            async with connect(url, subprotocols=["ocpp1.6"]) as socket:  # type: ignore[list-item]
                point = side("CP1", socket)
                running = asyncio.create_task(point.start())
                peer = await central.wait_for("CP1", timeout=5)
                # Both at once: crossing calls are legal.
                await asyncio.gather(
                    they_call(point, FROM_CHARGE_POINT[1:]),
                    call_them(peer, FROM_CENTRAL_SYSTEM),
                )
                await they_call(point, FROM_CHARGE_POINT[:1])
                running.cancel()
        check_calls(we_saw, FROM_CHARGE_POINT)
        check_wire(they_saw, FROM_CENTRAL_SYSTEM)

    asyncio.run(main())


def test_their_central_system_and_our_charge_point() -> None:
    async def main() -> None:
        station = ChargePoint("CP1")
        we_saw = serve_everything(station, FROM_CENTRAL_SYSTEM)
        they_saw: dict[str, Any] = {}
        side = their_side(FROM_CHARGE_POINT, they_saw)
        done = asyncio.Event()

        async def on_connect(socket: Any) -> None:
            assert socket.request.path == "/CP1"
            point = side("CP1", socket)
            running = asyncio.create_task(point.start())
            await they_call(point, FROM_CENTRAL_SYSTEM)
            done.set()
            await socket.wait_closed()
            running.cancel()

        async with serve(
            on_connect,
            "127.0.0.1",
            0,
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]
        ) as server:
            port = server.sockets[0].getsockname()[1]
            async with station.connect(f"ws://127.0.0.1:{port}") as backend:
                await call_them(backend, FROM_CHARGE_POINT)
                await asyncio.wait_for(done.wait(), 10)
        check_calls(we_saw, FROM_CENTRAL_SYSTEM)
        check_wire(they_saw, FROM_CHARGE_POINT)

    asyncio.run(main())
