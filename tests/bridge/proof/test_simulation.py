"""The simulated ends work by themselves, and a relay that errs between them is caught.

The relays here are a few lines each, and right or wrong on purpose: what is tested is the proof.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.bridge.proof import http_text, soap_text
from tests.bridge.proof.backend import Backend
from tests.bridge.proof.charger import Callbacks, Charger, Pace
from tests.bridge.proof.checker import Rules, violations
from tests.bridge.proof.ledger import Asked, Discarded, Ledger, Received, Replied, Sent, Told
from tests.bridge.proof.loop import in_a_loop

WHOLE = {"connectorId", "transactionId", "meterStart", "meterStop"}
LISTS = {"meterValue", "sampledValue"}


def as_json(value: Any, key: str = "") -> Any:
    """Return a payload that was read from XML as JSON has it."""
    if isinstance(value, dict):
        return {
            name: [as_json(item)] if name in LISTS else as_json(item, name)
            for name, item in value.items()
        }
    return int(value) if key in WHOLE else value


class Relay:
    """What a bridge is at least, without anything that outlasts a fault."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._links: dict[str, ClientConnection] = {}
        self._line = asyncio.Lock()
        self._count = 0

    async def answer(self, _path: str, content: bytes) -> tuple[int, bytes]:
        envelope = soap_text.read(content)
        action = f"{envelope.name[0].upper()}{envelope.name.removesuffix('Request')[1:]}"
        payload = as_json(envelope.payload)
        try:
            answer = await self.relay(envelope.identity or "", action, payload)
        except (ConnectionClosed, OSError):
            return 503, b""
        return 200, soap_text.response(action, answer, relates_to=envelope.message_id or "")

    async def relay(self, identity: str, action: str, payload: dict[str, Any]) -> Any:
        async with self._line:
            return await self._exchange(identity, action, payload)

    async def _exchange(self, identity: str, action: str, payload: dict[str, Any]) -> Any:
        link = self._links.get(identity)
        if link is None or link.close_code is not None:
            link = self._links[identity] = await connect(
                f"{self._backend.url}/{identity}",
                subprotocols=["ocpp1.6"],  # type: ignore[list-item]
            )
        self._count += 1
        message_id = f"{identity}-{self._count}"
        await link.send(json.dumps([2, message_id, action, payload]))
        while True:
            kind, found, answer, *_ = json.loads(await link.recv())
            if kind == 3 and found == message_id:
                return answer

    async def close(self) -> None:
        for link in self._links.values():
            await link.close()


class Forgetful(Relay):
    async def relay(self, identity: str, action: str, payload: dict[str, Any]) -> Any:
        return {} if action == "MeterValues" else await super().relay(identity, action, payload)


class Confusing(Relay):
    async def relay(self, identity: str, action: str, payload: dict[str, Any]) -> Any:
        return await super().relay("CP0000", action, payload)


class Stammering(Relay):
    async def relay(self, identity: str, action: str, payload: dict[str, Any]) -> Any:
        if action == "StopTransaction":
            await super().relay(identity, action, payload)
        return await super().relay(identity, action, payload)


class Renumbering(Relay):
    async def relay(self, identity: str, action: str, payload: dict[str, Any]) -> Any:
        answer = await super().relay(identity, action, payload)
        return {**answer, "transactionId": 7} if action == "StartTransaction" else answer


class Holding(Relay):
    """Acknowledges a StatusNotification, and sends it after what came next."""

    held: dict[str, Any] | None = None

    async def relay(self, identity: str, action: str, payload: dict[str, Any]) -> Any:
        if action == "StatusNotification" and self.held is None:
            self.held = payload
            return {}
        answer = await super().relay(identity, action, payload)
        if action == "StopTransaction" and self.held:
            await super().relay(identity, "StatusNotification", self.held)
            self.held = {}
        return answer


class Promising(Relay):
    """Refuses StartTransaction, and answers Heartbeat all the same."""

    async def relay(self, identity: str, action: str, payload: dict[str, Any]) -> Any:
        if action == "StartTransaction":
            raise OSError
        return await super().relay(identity, action, payload)


@contextlib.asynccontextmanager
async def played(relay: type[Relay], chargers: int = 2) -> AsyncIterator[Ledger]:
    ledger = Ledger()
    backend = Backend(ledger, random=random.Random(1))
    await backend.start()
    between = relay(backend)
    try:
        async with http_text.served(between.answer) as port:
            url = f"http://127.0.0.1:{port}/ocpp"
            await asyncio.gather(
                *(
                    Charger(number, url, ledger, random=random.Random(number)).run(range(2))
                    for number in range(chargers)
                )
            )
        yield ledger
    finally:
        await between.close()
        await backend.stop()


@in_a_loop
async def test_sessions_go_through_a_relay_that_is_right() -> None:
    async with played(Relay) as ledger:
        assert violations(ledger) == []
        sent = list(ledger.of(Sent))
        assert {each.action for each in sent} >= {
            "StatusNotification", "Authorize", "StartTransaction", "MeterValues", "StopTransaction",
        }  # fmt: skip
        assert len(list(ledger.of(Told))) == len(sent) >= 2 * 2 * 7
        assert len([each for each in ledger.of(Received) if each.marker]) == len(sent)


@pytest.mark.parametrize(
    ("relay", "rule"),
    [
        (Forgetful, "lost"),
        (Confusing, "mixed up"),
        (Stammering, "doubled"),
        (Renumbering, "wrong answer"),
        (Holding, "reordered"),
        (Promising, "made to discard"),
    ],
)
@in_a_loop
async def test_a_relay_that_errs_is_caught(relay: type[Relay], rule: str) -> None:
    async with played(relay) as ledger:
        assert rule in {violation.rule for violation in violations(ledger)}


@in_a_loop
async def test_a_charge_point_keeps_what_is_refused_while_the_link_is_broken() -> None:
    ledger = Ledger()
    backend = Backend(ledger, random=random.Random(1))
    await backend.start()
    relay = Relay(backend)
    async with http_text.served(relay.answer) as port:
        url = f"http://127.0.0.1:{port}/ocpp"
        charger = Charger(0, url, ledger, random=random.Random(0), pace=Pace(retry=0.001))
        await charger.boot()
        await backend.stop()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(charger.run(range(2)))
            while charger.retries < 20:  # noqa: ASYNC110 - it goes on by itself
                await asyncio.sleep(0.001)
            assert not running.done()
            await backend.start()
        assert violations(ledger, Rules()) == []
        assert not list(ledger.of(Discarded))
    await relay.close()
    await backend.stop()


@pytest.mark.parametrize("misdeed", ["silence", "cut", "error", "slow", "twice"])
@in_a_loop
async def test_a_backend_misbehaves_on_order(misdeed: str) -> None:
    ledger = Ledger()
    done: list[str] = []

    def mood(action: str, _marker: int | None) -> str | None:
        if action == "MeterValues" and not done:
            done.append(misdeed)
            return misdeed
        return None

    backend = Backend(ledger, random=random.Random(1), mood=mood, slow=0.01)
    await backend.start()
    async with connect(
        f"{backend.url}/CP1",
        subprotocols=["ocpp1.6"],  # type: ignore[list-item]
    ) as link:
        await link.send(json.dumps([2, "1", "MeterValues", {}]))
        if misdeed == "cut":
            with pytest.raises(ConnectionClosed):
                await link.recv()
        else:
            await link.send(json.dumps([2, "2", "Heartbeat", {}]))
            kinds = {
                "silence": [(3, "2")],
                "error": [(4, "1"), (3, "2")],
                "slow": [(3, "1"), (3, "2")],
                "twice": [(3, "1"), (3, "1"), (3, "2")],
            }[misdeed]
            found = [tuple(json.loads(await link.recv())[:2]) for _ in kinds]
            assert found == kinds
    await backend.stop()


@in_a_loop
async def test_a_backend_knows_a_repeat_by_its_id() -> None:
    ledger = Ledger()
    backend = Backend(ledger, random=random.Random(1), wide_ids=True)
    await backend.start()
    start = {"connectorId": 1, "idTag": "T1", "meterStart": 1, "timestamp": "2026-01-01T00:00:00Z"}
    answers = []
    for _ in range(2):
        async with connect(
            f"{backend.url}/CP1",
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]
        ) as link:
            await link.send(json.dumps([2, "same", "StartTransaction", start]))
            answers.append(json.loads(await link.recv()))
        await backend.stop()
        await backend.start()
    await backend.stop()
    assert answers[0] == answers[1]
    assert answers[0][2]["transactionId"] > 2**31


@in_a_loop
async def test_calls_of_the_backend_reach_a_charge_point() -> None:
    ledger = Ledger()
    backend = Backend(ledger, random=random.Random(1), calls=1.0)
    callbacks = Callbacks()
    await backend.start()
    async with http_text.served(callbacks.answer) as port:
        charger = Charger(0, "http://127.0.0.1:1/", ledger, random=random.Random(3))
        callbacks.chargers[charger.identity] = charger
        async with connect(
            f"{backend.url}/{charger.identity}",
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]
        ) as link:
            for number in range(30):
                await link.send(json.dumps([2, str(number), "Heartbeat", {}]))
            with contextlib.suppress(TimeoutError):
                while True:
                    frame = json.loads(await asyncio.wait_for(link.recv(), 1))
                    if frame[0] == 2:
                        reply = await call(port, charger.identity, *frame[1:])
                        await link.send(json.dumps(reply))
        assert len(list(ledger.of(Asked))) == len(list(ledger.of(Replied))) > 15
    await backend.stop()
    assert violations(ledger) == []
    assert {replied.answer is None for replied in ledger.of(Replied)} == {True, False}


async def call(port: int, identity: str, message_id: str, action: str, payload: Any) -> list[Any]:
    """Call a charge point, and return the answer as a frame."""
    body = soap_text.request(identity, action, payload, message_id=message_id, to="", sender=None)
    try:
        path = f"/{identity}"
        status, content = await http_text.post("127.0.0.1", port, path, body, seconds=5)
    except http_text.LinkLost:
        return [4, message_id, "GenericError", "", {}]
    if status != 200:
        return [4, message_id, "InternalError", "", {}]
    answer = soap_text.read(content).payload
    if "unknownKey" in answer:
        answer = {"unknownKey": [answer["unknownKey"]]}
    return [3, message_id, answer]
