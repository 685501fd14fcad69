"""A bridge over real sockets, with charge points and a backend of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import httpx

from ocpp16 import CentralSystem, ChargePoint, messages
from ocpp16.bridge import event
from ocpp16.bridge.bridge import SCHEMA, Bridge
from ocpp16.bridge.policy import crossing
from ocpp16.bridge.settings import BridgeSettings
from ocpp16.security.admission import Handshake
from ocpp16.spec import Side
from ocpp16.store.database import Database
from ocpp16.structure import Request, Response
from tests.bridge.relay_bench import booted, usual_answer
from tests.transports.soap_post import SOAP, envelope

LISTEN = "http://127.0.0.1:0/"
PATIENCE = 20.0


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so; it must not take long."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what happens is beyond real sockets
            await asyncio.sleep(0.005)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a test."""
    asyncio.run(asyncio.wait_for(main, 60))


class JsonBackend:
    """A backend that answers everything, and remembers what it saw."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Request[Any]]] = []
        self.handshakes: list[Handshake] = []
        self.answers: dict[type[Any], Any] = {messages.BootNotificationRequest: booted()}
        """By class of request: a response, or an error to raise."""
        self.central = CentralSystem(admission=self._admit)
        for action in crossing(Side.CHARGE_POINT):
            self.central.on(action.request)(self._handle)  # type: ignore[arg-type]

    async def _admit(self, handshake: Handshake) -> Any:
        self.handshakes.append(handshake)
        return handshake.admit()

    async def _handle(self, peer: Any, request: Request[Any]) -> Response:
        self.seen.append((peer.identity, request))
        answer: Any = self.answers.get(type(request)) or usual_answer(request)
        if isinstance(answer, Exception):
            raise answer
        response: Response = answer
        return response

    def of(self, identity: str, kind: type[Any] = Request) -> list[Any]:
        return [each for who, each in self.seen if who == identity and isinstance(each, kind)]

    @asynccontextmanager
    async def serving(self, url: str = "ws://127.0.0.1:0/ocpp") -> AsyncIterator[str]:
        async with self.central.serve(json=url) as server:
            yield server.urls.json


@attrs.define
class Scene:
    """A bridge and what it told."""

    bridge: Bridge
    events: list[event.Event]

    def told(self, kind: type[Any]) -> list[Any]:
        return [each for each in self.events if isinstance(each, kind)]

    def state(self, identity: str = "CP1") -> Any:
        return next((each for each in self.bridge.chargers() if each.identity == identity), None)

    async def idle(self, identity: str = "CP1") -> None:
        """Wait until nothing waits for the backend."""
        await until(lambda: self.state(identity) is None or self.state(identity).queued == 0)


def settings_for(upstream: str, path: Path, **options: Any) -> BridgeSettings:
    given: dict[str, Any] = {
        "soap": "http://127.0.0.1:0/ocpp",
        "upstream": upstream,
        "store": f"sqlite:///{path}/bridge.db",
        "open": True,
        "callback_networks": ["127.0.0.0/8"],
    }
    return BridgeSettings(**(given | options))


@asynccontextmanager
async def bridging(upstream: str, path: Path, **options: Any) -> AsyncIterator[Scene]:
    """Run a bridge."""
    settings = settings_for(upstream, path, **options)
    events: list[event.Event] = []
    async with await Database.open(settings.store, schemas=[SCHEMA]) as database:
        bridge = Bridge(settings, database)
        bridge.observe(events.append)
        async with bridge:
            yield Scene(bridge, events)


@asynccontextmanager
async def charger(
    scene: Scene, identity: str = "CP1", listen: str = LISTEN, **answers: Any
) -> AsyncIterator[Any]:
    """Let a SOAP charge point of ours talk to the bridge; its calls are answered as usual."""
    station = ChargePoint(identity)
    station.seen = []  # type: ignore[attr-defined]

    async def handle(_: Any, request: Request[Any]) -> Response:
        station.seen.append(request)  # type: ignore[attr-defined]
        answer = answers[type(request).SPEC.name.removesuffix("Request")]
        if isinstance(answer, Exception):
            raise answer
        if asyncio.iscoroutinefunction(answer):
            answer = await answer()
        response: Response = answer
        return response

    for action in crossing(Side.CENTRAL_SYSTEM):
        if action.name in answers:
            station.on(action.request)(handle)  # type: ignore[arg-type]
    async with station.connect(scene.bridge.url, listen=listen) as backend:
        backend.seen = station.seen  # type: ignore[attr-defined]
        yield backend


async def post(url: str, request: Request[Any], identity: str = "CP1", **options: Any) -> Any:
    """Post one envelope, as a charge point without a library would."""
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        return await client.post(
            url,
            content=envelope(request, identity=identity, **options),
            headers={"Content-Type": SOAP},
        )


def now() -> datetime:
    return datetime.now(UTC)
