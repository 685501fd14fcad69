"""A charge point of the field, simulated: sessions over SOAP, retries as the standard wants them.

Writes down what it sends and what it is told. Has no line of ocpp16 in it. Spec: C 3.7, S 3 (and
SE 3.2): a transaction message that is refused is sent again, and given up only after so many
refusals while a Heartbeat was answered; a lost link is no refusal.
"""

from __future__ import annotations

import asyncio
import random as random_source
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import attrs

from tests.bridge.proof import http_text, soap_text
from tests.bridge.proof.ledger import (
    MARKERS,
    Discarded,
    Executed,
    Ledger,
    Refused,
    Sent,
    Told,
)

GIVEN_UP = -1
TOLD = "told"
LINK_LOST = "link"


@attrs.frozen(kw_only=True)
class Pace:
    """How fast a charge point lives, in seconds."""

    step: float = 0.01
    """Between two things that happen at a charge point, at most."""
    retry: float = 0.05
    """Before a message is sent again, at most."""
    patience: float = 3.0
    """For an answer."""
    attempts: int = 3
    """Refusals after which a transaction message is given up."""
    backlog: int = 15
    """Transaction messages that wait before no car comes any more."""
    values: int = 2
    """MeterValues in a session."""


@attrs.define(eq=False)
class Message:
    """A message with its marker."""

    marker: int
    action: str
    payload: dict[str, Any]
    start: Message | None = None
    transaction: int | None = None
    """Of a StartTransaction: the id that it was answered, or -1 once it was given up."""


class Charger:
    """One charge point.

    Args:
        number: Its place among all, from 0.
        url: Of the bridge.
        ledger: Where it writes.
        random: Where chance comes from.
        pace: How fast it is.
        listen: Where it takes calls; unless given it names a port that nobody listens at.
    """

    def __init__(
        self,
        number: int,
        url: str,
        ledger: Ledger,
        *,
        random: random_source.Random,
        pace: Pace = Pace(),
        listen: str = "http://127.0.0.1:9",
    ) -> None:
        self.identity = f"CP{number:04}"
        self.url = url
        self.retries = 0
        self._number = number
        self._ledger = ledger
        self._random = random
        self._pace = pace
        self._listen = f"{listen}/{self.identity}"
        self._markers = iter(range(number * MARKERS + 1, (number + 1) * MARKERS))
        self._line = asyncio.Lock()  # One request at a time, as HTTP clients of those days do.
        self._queue: deque[Message] = deque()
        self._filled = asyncio.Event()
        self._is_booted = self._is_done = False
        self._clock = datetime(2026, 1, 1, tzinfo=UTC)
        self._transactions: set[int] = set()

    # What it does

    async def run(self, sessions: Iterable[object]) -> None:
        """Boot if it has not, play sessions, return once every transaction message is through.

        Args:
            sessions: One item for each; it may end whenever it likes.
        """
        if not self._is_booted:
            await self.boot()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._empty_queue())
            for _ in sessions:
                await self.play()
                while len(self._queue) > self._pace.backlog:
                    await self._wait(self._pace.retry)
            self._is_done = True
            self._filled.set()

    async def boot(self) -> None:
        """Send BootNotification until it is accepted."""
        payload = {"chargePointVendor": "Example", "chargePointModel": f"M{self._number}"}
        while True:
            outcome = await self._exchange("BootNotification", payload)
            if isinstance(outcome, dict) and outcome.get("status") == "Accepted":
                self._is_booted = True
                return
            await self._wait(self._pace.retry)

    async def play(self) -> None:
        """Play one session; its transaction messages wait in the queue if they must."""
        await self.report("Preparing")
        marker = next(self._markers)
        tag = f"T{marker}"
        await self._send_once(Message(marker, "Authorize", {"idTag": tag}))
        start = self.enqueue(
            "StartTransaction",
            lambda number: {
                "connectorId": 1, "idTag": tag, "timestamp": self._now(), "meterStart": number,
            },
        )  # fmt: skip
        await self.report("Charging")
        for _ in range(self._pace.values):
            await self._wait(self._pace.step)
            self.enqueue("MeterValues", self._values, start)
        if self._random.random() < 0.3:
            marker = next(self._markers)
            payload = {"vendorId": "Example", "messageId": "Proof", "data": str(marker)}
            await self._send_once(Message(marker, "DataTransfer", payload))
        await self.heartbeat()
        self.enqueue(
            "StopTransaction",
            lambda number: {"timestamp": self._now(), "meterStop": number, "reason": "Local"},
            start,
        )
        await self.report("Available")

    async def report(self, status: str) -> None:
        """Send a StatusNotification, once."""
        marker = next(self._markers)
        payload = {
            "connectorId": 1, "status": status, "errorCode": "NoError", "info": str(marker),
            "timestamp": self._now(),
        }  # fmt: skip
        await self._send_once(Message(marker, "StatusNotification", payload))

    async def chatter(self) -> str:
        """Send what is larger than anybody takes, and return how it was refused."""
        marker = next(self._markers)
        payload = {"vendorId": "Example", "data": "x" * 300_000}
        return await self._send_once(Message(marker, "DataTransfer", payload))

    async def heartbeat(self) -> bool:
        """Send a Heartbeat, and tell whether it was answered."""
        return isinstance(await self._exchange("Heartbeat", {}), dict)

    def enqueue(self, action: str, payload: Any, start: Message | None = None) -> Message:
        """Put a transaction message into the queue, and return it."""
        marker = next(self._markers)
        message = Message(marker, action, payload(marker), start)
        self._queue.append(message)
        self._filled.set()
        return message

    # How it sends

    async def _empty_queue(self) -> None:
        while True:
            while self._queue:
                await self._deliver(self._queue[0])
                self._queue.popleft()
            if self._is_done:
                return
            self._filled.clear()
            await self._filled.wait()

    async def _deliver(self, message: Message) -> None:
        refusals = 0
        while (outcome := await self._send_once(message)) != TOLD:
            self.retries += 1
            if outcome != LINK_LOST and await self.heartbeat():
                refusals += 1
                if refusals >= self._pace.attempts:
                    self._ledger.add(Discarded(charger=self.identity, marker=message.marker))
                    message.transaction = GIVEN_UP
                    return
            await self._wait(self._pace.retry)

    async def _send_once(self, message: Message) -> str:
        """Send a message, and tell whether it was acknowledged or how it was refused."""
        payload = dict(message.payload)
        start = message.start
        if start is not None:
            payload["transactionId"] = start.transaction
            payload = _ordered(message.action, payload)
        sent = Sent(
            charger=self.identity,
            marker=message.marker,
            action=message.action,
            payload=payload,
            start=None if start is None else start.marker,
        )
        outcome = await self._exchange(message.action, payload, sent)
        if isinstance(outcome, str):
            self._ledger.add(Refused(charger=self.identity, marker=message.marker, how=outcome))
            return outcome
        if message.action == "StartTransaction":
            message.transaction = outcome["transactionId"]
            self._transactions.add(outcome["transactionId"])
        self._ledger.add(Told(charger=self.identity, marker=message.marker, answer=outcome))
        return TOLD

    async def _exchange(
        self, action: str, payload: Mapping[str, Any], sent: Sent | None = None
    ) -> dict[str, Any] | str:
        """Return what a request was answered, or `fault`, `http` or `LINK_LOST`."""
        parts = urlsplit(self.url)
        body = soap_text.request(
            self.identity,
            action,
            payload,
            # A retry has an id of its own: it is not what tells repeats.
            message_id=f"urn:uuid:{UUID(int=self._random.getrandbits(128))}",
            to=self.url,
            sender=self._listen,
        )
        async with self._line:
            if sent is not None:
                self._ledger.add(sent)
            try:
                status, content = await http_text.post(
                    str(parts.hostname),
                    parts.port or 80,
                    parts.path,
                    body,
                    seconds=self._pace.patience,
                )
                envelope = soap_text.read(content) if content else None
            except (http_text.LinkLost, ValueError):
                return LINK_LOST
        if envelope is not None and envelope.is_fault:
            return "fault"
        if status != 200 or envelope is None:
            return "http"
        if envelope.name != soap_text.body_name(action, "Response"):
            raise AssertionError(f"{action} was answered {envelope}")
        return envelope.payload

    def _values(self, marker: int) -> dict[str, Any]:
        value = {"value": str(marker), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
        values = {"timestamp": self._now(), "sampledValue": [value]}
        return {"connectorId": 1, "meterValue": [values]}

    def _now(self) -> str:
        self._clock += timedelta(seconds=1)
        return self._clock.isoformat().replace("+00:00", "Z")

    async def _wait(self, most: float) -> None:
        await asyncio.sleep(most * self._random.random())

    # What it is asked

    async def answer(self, content: bytes) -> tuple[int, bytes]:
        """Answer a call of the backend; status 0 is none."""
        call = soap_text.read(content)
        action = f"{call.name[0].upper()}{call.name.removesuffix('Request')[1:]}"
        marker, answer = self._execute(action, call.payload)
        chance = self._random.random()
        refuses = chance < 0.05
        self._ledger.add(
            Executed(
                charger=self.identity,
                marker=marker,
                answer=None if refuses else answer,
                transaction=call.payload.get("transactionId"),
            )
        )
        if refuses:
            return 500, b""
        if chance < 0.1:
            return 0, b""  # It was done, and nobody learns of it.
        return 200, soap_text.response(action, answer, relates_to=call.message_id or "")

    def _execute(
        self, action: str, payload: Mapping[str, Any]
    ) -> tuple[int | None, dict[str, Any]]:
        match action:
            case "DataTransfer":
                data = payload["data"]
                return int(data), {"status": "Accepted", "data": data}
            case "GetConfiguration":
                return int(payload["key"]), {"unknownKey": [payload["key"]]}
            case "RemoteStartTransaction":
                return int(payload["idTag"][1:]), {"status": "Accepted"}
            case "RemoteStopTransaction":
                is_known = payload["transactionId"] in self._transactions
                return None, {"status": "Accepted" if is_known else "Rejected"}
            case _:
                raise AssertionError(f"{action} is not called here")


def _ordered(action: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Return a payload in the order of the XSD."""
    order = {
        "MeterValues": ("connectorId", "transactionId", "meterValue"),
        "StopTransaction": ("transactionId", "timestamp", "meterStop", "reason"),
    }[action]
    return {name: payload[name] for name in order}


class Callbacks:
    """Where all charge points of a run are called: one server, a path for each."""

    def __init__(self) -> None:
        self.chargers: dict[str, Charger] = {}

    async def answer(self, path: str, content: bytes) -> tuple[int, bytes]:
        """Answer a call, or break the connection."""
        charger = self.chargers[path.rpartition("/")[2]]
        status, answer = await charger.answer(content)
        if status == 0:
            raise EOFError
        return status, answer
