"""A backend on the plain `websockets` library: writes down what it gets, misbehaves on order.

It knows a message by its id and answers a repeat as before, so no transaction is doubled by a
resend. Has no line of ocpp16 in it. Spec: J 4.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random as random_source
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.bridge.proof.ledger import (
    Answered,
    Asked,
    Ledger,
    Received,
    Replied,
    marker_of,
)
from tests.ports import free_ports

OVERSIZE = 300_000
"""Characters."""
Misdeed = str
"""What is done to a message instead of answering it: `silence` (no answer), `cut` (the connection
breaks before the answer leaves), `error` (CALLERROR), `slow` (the answer takes a while), `twice`
(it comes two times), `oversize` (a call larger than anybody takes comes before it)."""
Mood = Callable[[str, int | None], Misdeed | None]
"""Decides, by action and marker; None answers as is due."""


def well(_action: str, _marker: int | None) -> Misdeed | None:
    """Answer everything."""
    return None


class Backend:
    """A central system.

    Args:
        ledger: Where it writes.
        random: Where chance comes from.
        mood: How it treats messages.
        wide_ids: Give transactions ids that 32 bits do not hold.
        calls: How likely a message makes it call the charge point.
        slow: Seconds that a slow answer takes.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        random: random_source.Random,
        mood: Mood = well,
        wide_ids: bool = False,
        calls: float = 0.0,
        slow: float = 0.2,
    ) -> None:
        self.mood = mood
        (self.port,) = free_ports(1)
        self.connections: dict[str, ServerConnection] = {}
        self._ledger = ledger
        self._random = random
        self._wide_ids = wide_ids
        self._calls = calls
        self._slow = slow
        self._server: Server | None = None
        self._answers: dict[tuple[str, str], dict[str, Any]] = {}
        self._starts: dict[str, list[tuple[int, int]]] = {}
        self._asked = 0
        self._asked_for: dict[str, tuple[int, str]] = {}
        self._replied: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"ws://127.0.0.1:{self.port}/ocpp"

    @property
    def is_up(self) -> bool:
        """Tell whether it takes connections."""
        return self._server is not None

    async def start(self) -> None:
        """Take connections, at the same port each time."""
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            self.port,
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]
            compression=None,
            close_timeout=0.5,
            ping_interval=None,
        )

    async def stop(self) -> None:
        """Break all connections and take no more."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close(close_connections=False)
        for connection in tuple(self.connections.values()):
            connection.transport.abort()
        await server.wait_closed()

    def resume(self, other: Backend) -> None:
        """Go on with what another backend has answered."""
        self._answers.update(other._answers)
        self._asked = other._asked

    # Messages of charge points

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        identity = unquote(connection.request.path.rpartition("/")[2])
        self.connections[identity] = connection
        try:
            async for text in connection:
                frame = json.loads(text)
                if frame[0] == 2:
                    await self._handle(connection, identity, frame)
                else:
                    self._take_reply(identity, frame)
        except ConnectionClosed:
            pass
        finally:
            if self.connections.get(identity) is connection:
                del self.connections[identity]

    async def _handle(self, connection: ServerConnection, identity: str, frame: list[Any]) -> None:
        _, message_id, action, payload = frame
        marker = marker_of(action, payload)
        self._ledger.add(
            Received(
                charger=identity,
                marker=marker,
                action=action,
                payload=payload,
                message_id=message_id,
            )
        )
        misdeed = self.mood(action, marker)
        if misdeed == "silence":
            return
        if misdeed == "error":
            self._ledger.add(Answered(charger=identity, message_id=message_id, answer=None))
            await connection.send(json.dumps([4, message_id, "InternalError", "", {}]))
            return
        answer = self._answers.get((identity, message_id))
        if answer is None:
            answer = self._answer(identity, action, payload, marker)
            self._answers[identity, message_id] = answer
        self._ledger.add(Answered(charger=identity, message_id=message_id, answer=answer))
        if misdeed == "cut":
            connection.transport.abort()
            return
        if misdeed == "oversize":
            huge = {"vendorId": "Example", "data": "x" * OVERSIZE}
            await connection.send(json.dumps([2, "huge", "DataTransfer", huge]))
        if misdeed == "slow":
            await asyncio.sleep(self._slow)
        for _ in range(2 if misdeed == "twice" else 1):
            await connection.send(json.dumps([3, message_id, answer]))
        if self._random.random() < self._calls:
            self._spawn(self._call(connection, identity))

    def _answer(
        self, identity: str, action: str, payload: Mapping[str, Any], marker: int | None
    ) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat()
        match action:
            case "BootNotification":
                return {"status": "Accepted", "currentTime": now, "interval": 300}
            case "Heartbeat":
                return {"currentTime": now}
            case "Authorize":
                return {"idTagInfo": {"status": "Accepted", "parentIdTag": payload["idTag"]}}
            case "StartTransaction":
                bits = 52 if self._wide_ids else 31
                identifier = self._random.getrandbits(bits) | 1
                assert marker is not None
                self._starts.setdefault(identity, []).append((identifier, marker))
                return {"transactionId": identifier, "idTagInfo": {"status": "Accepted"}}
            case "DataTransfer":
                return {"status": "Accepted", "data": payload["data"]}
            case _:
                return {}

    # Calls to charge points

    async def _call(self, connection: ServerConnection, identity: str) -> None:
        self._asked += 1
        marker = -self._asked
        action = self._random.choice(
            ["DataTransfer", "GetConfiguration", "RemoteStartTransaction", "RemoteStopTransaction"]
        )
        starts = self._starts.get(identity, [])
        if action == "RemoteStopTransaction":
            if not starts:
                return
            # Each transaction is stopped once, so that its id tells which call it was.
            identifier, marker = starts.pop()
            payload: dict[str, Any] = {"transactionId": identifier}
        elif action == "DataTransfer":
            payload = {"vendorId": "Example", "data": str(marker)}
        elif action == "GetConfiguration":
            payload = {"key": [str(marker)]}
        else:
            payload = {"idTag": f"R{marker}"}
        message_id = str(UUID(int=self._random.getrandbits(128)))
        self._asked_for[message_id] = (marker, identity)
        self._ledger.add(Asked(charger=identity, marker=marker, action=action))
        with contextlib.suppress(ConnectionClosed):
            await connection.send(json.dumps([2, message_id, action, payload]))

    def _take_reply(self, identity: str, frame: list[Any]) -> None:
        marker, asked = self._asked_for.get(frame[1], (0, ""))
        assert asked == identity, f"{identity} answered {frame}, which it was not asked"
        if frame[1] not in self._replied:
            # A network that repeats what a connection carried repeats answers, too.
            self._replied.add(frame[1])
            answer = frame[2] if frame[0] == 3 else None
            self._ledger.add(Replied(charger=identity, marker=marker, answer=answer))

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
