"""Goal 12, the bridge under load: `python -m bench.bridge [--chargers 500] [--store URL] ...`.

So many charge points at once send MeterValues over SOAP, each its next one when the last is
acknowledged. Measured are requests a second and how long one takes, at a bridge (acknowledged means
committed with fsync) and, as the floor, at a central system of ours that takes the same requests
and stores nothing; both stand, and are loaded in turns. Then, as a command of its own, the backend
goes away for ten simulated minutes, a message a minute of each charge point; measured is how long
they take to arrive once it is back, and checked that they do in order. Backend, load and what is
measured are processes of their own; on few cores they share them, so ratios say more than numbers.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs

import ocpp16
from bench.measure import Row, row
from ocpp16 import messages
from tests.bridge.proof import soap_text
from tests.bridge.proof.backend import Backend
from tests.bridge.proof.bridge_process import ZYGOTE, BridgeProcess
from tests.bridge.proof.checker import violations
from tests.bridge.proof.ledger import MARKERS, Ledger, Received, Sent, Told

OUTAGE_MINUTES = 10
CHARGERS = 500


@attrs.frozen
class Measured:
    """What came of a load."""

    rate: float
    """Acknowledged requests a second."""
    median: float
    """Seconds."""
    p99: float
    failed: int


class Client:
    """A charge point that keeps its connection."""

    def __init__(self, number: int, url: str) -> None:
        self.identity = f"CP{number:04}"
        self.markers = iter(range(number * MARKERS + 1, (number + 1) * MARKERS))
        self._parts = urlsplit(url)
        self._url = url
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, action: str, payload: dict[str, Any]) -> bool:
        """Send a request, and tell whether it was acknowledged."""
        body = soap_text.request(
            self.identity,
            action,
            payload,
            message_id=f"urn:uuid:{random.getrandbits(128):032x}",
            to=self._url,
            sender=f"http://127.0.0.1:9/{self.identity}",
        )
        host, port = str(self._parts.hostname), self._parts.port or 80
        if self._streams is None:
            self._streams = await asyncio.open_connection(host, port)
        reader, writer = self._streams
        head = (
            f"POST {self._parts.path} HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Content-Type: {soap_text.CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        return answer.startswith(b"HTTP/1.1 200")

    async def meter(self, minute: int = 0) -> tuple[int, dict[str, Any], bool]:
        """Send MeterValues; return its marker, its payload, and whether it was acknowledged."""
        marker = next(self.markers)
        value = {"value": str(marker)}
        at = f"2026-01-01T00:{minute:02}:00Z"
        payload = {
            "connectorId": 1,
            "meterValue": [{"timestamp": at, "sampledValue": [value]}],
        }
        return marker, payload, await self.post("MeterValues", payload)

    def close(self) -> None:
        """Drop the connection."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


async def boot(clients: list[Client]) -> None:
    """Let charge points boot, a few at a time."""
    payload = {"chargePointVendor": "Example", "chargePointModel": "M"}
    for start in range(0, len(clients), 20):
        await asyncio.gather(
            *(client.post("BootNotification", payload) for client in clients[start : start + 20])
        )


async def loaded(clients: list[Client], seconds: float) -> Measured:
    """Let charge points send as fast as they are answered."""
    times: list[float] = []
    failed = 0
    begin = time.perf_counter()

    async def send(client: Client) -> None:
        nonlocal failed
        while (before := time.perf_counter()) < begin + seconds:
            _, _, is_acknowledged = await client.meter()
            failed += not is_acknowledged
            times.append(time.perf_counter() - before)

    await asyncio.gather(*map(send, clients))
    took = time.perf_counter() - begin
    times.sort()
    done = len(times) - failed
    return Measured(done / took, times[len(times) // 2], times[int(len(times) * 0.99)], failed)


# The floor


def serve_floor(ready: Connection) -> None:
    """Run a central system that stores nothing."""
    central = ocpp16.CentralSystem(settings=ocpp16.Settings(callback_networks=("127.0.0.0/8",)))

    @central.on(messages.BootNotificationRequest)
    def booted(
        _: ocpp16.Peer, __: messages.BootNotificationRequest
    ) -> messages.BootNotificationResponse:
        return messages.BootNotificationResponse(
            status=ocpp16.enums.RegistrationStatus.ACCEPTED,
            current_time=central.clock.now(),
            interval=300,
        )

    @central.on(messages.MeterValuesRequest)
    def metered(_: ocpp16.Peer, __: messages.MeterValuesRequest) -> messages.MeterValuesResponse:
        return messages.MeterValuesResponse()

    async def main() -> None:
        async with central.serve(soap="http://127.0.0.1:0/ocpp") as server:
            ready.send(server.urls.soap)
            await asyncio.to_thread(ready.recv)

    asyncio.run(main())


def serve_backend(ready: Connection) -> None:
    """Run a backend that only answers."""

    async def main() -> None:
        backend = Backend(Forgetful(), random=random.Random(1))  # noqa: S311
        await backend.start()
        ready.send(backend.url)
        await asyncio.to_thread(ready.recv)

    asyncio.run(main())


class Forgetful(Ledger):
    """A ledger that keeps nothing: under load only answering counts."""

    def add(self, entry: object) -> None:
        """Forget it."""


class Beside:
    """A function in a process of its own."""

    def __init__(self, serve: Callable[[Connection], None]) -> None:
        self._ours, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
        self._process.start()
        self.url: str = self._ours.recv()

    def stop(self) -> None:
        """End it."""
        self._ours.send(None)
        self._process.join()


async def measured(
    urls: list[str], chargers: int, seconds: float, rounds: int
) -> list[list[Measured]]:
    """Load several places in turns; return what came of each, round by round."""
    groups = [[Client(number, url) for number in range(chargers)] for url in urls]
    for clients in groups:
        await boot(clients)
        _close(clients)  # The server would, while others boot.
    return [[await _turn(clients, seconds) for clients in groups] for _ in range(rounds)]


async def _turn(clients: list[Client], seconds: float) -> Measured:
    await loaded(clients, min(1.0, seconds))  # Connected and warm.
    found = await loaded(clients, seconds)
    _close(clients)  # The server would, while the others have their turn.
    return found


def _close(clients: list[Client]) -> None:
    for client in clients:
        client.close()


def side_by_side(
    store: str, folder: Path, chargers: int, seconds: float, rounds: int
) -> list[list[Measured]]:
    """Return, round by round, what came of the floor and of the bridge."""
    floor, backend = Beside(serve_floor), Beside(serve_backend)
    try:
        result: list[list[Measured]] = asyncio.run(
            at_bridge(
                store,
                backend.url,
                folder,
                lambda bridge: measured([floor.url, bridge.url], chargers, seconds, rounds),
            )
        )
    finally:
        floor.stop()
        backend.stop()
    return result


def commits(folder: Path, seconds: float) -> float:
    """Return how many rows a second SQLite commits, one by one and with fsync."""
    with closing(sqlite3.connect(folder / "commits.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, payload BLOB)"
        )
        done, begin = 0, time.perf_counter()
        while time.perf_counter() < begin + seconds:
            database.execute("INSERT INTO message (payload) VALUES (?)", (bytes(300),))
            done += 1
        return done / (time.perf_counter() - begin)


def bridge(rounds: int) -> list[Row]:
    """Goal 12: durable requests a second, against no store and against commits one by one.

    Raises:
        RuntimeError: A request was refused.
    """
    rounds = min(rounds, 5)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = [commits(folder, 0.5) for _ in range(rounds)]
        found = side_by_side(f"sqlite:///{folder}/bridge.db", folder, CHARGERS, 3.0, rounds)
    if any(one.failed for pair in found for one in pair):
        raise RuntimeError("a request was refused")
    # Milliseconds for each request.
    without, durable = ([1000 / pair[place].rate for pair in found] for place in (0, 1))
    what = "bridge, durable requests a second"
    return [
        row(12, what, "no store", durable, without, limit=">= 0.5", inverse=True, unit="ms"),
        row(0, what, "SQLite commits", durable, [1000 / rate for rate in bare],
            inverse=True, unit="ms"),
    ]  # fmt: skip


async def at_bridge(
    store: str, upstream: str, folder: Path, work: Callable[[BridgeProcess], Awaitable[Any]]
) -> Any:
    """Run something against a bridge."""
    environment = {
        "OCPP16_BRIDGE_UPSTREAM_TIMEOUT": "30",
        "OCPP16_BRIDGE_PROTOCOL_HANDLER_TIMEOUT": "25",
        "OCPP16_BRIDGE_PROTOCOL_SOAP_BODY_TIMEOUT": "10",
        "OCPP16_BRIDGE_PROTOCOL_HANDSHAKE_TIMEOUT": "10",
    }
    environment["OCPP16_BRIDGE_LOG_LEVEL"] = "warning"
    bridge = BridgeProcess(store, upstream, folder, program=ZYGOTE, environment=environment)
    try:
        await bridge.start()
        return await work(bridge)
    finally:
        await bridge.close()


def arrived(ledger: Ledger) -> set[int]:
    """Return what the backend has."""
    return {each.marker for each in ledger.of(Received) if each.marker is not None}


async def outage(store: str, folder: Path, chargers: int) -> tuple[float, float, int]:
    """Return seconds to take what came while the backend was away, and to deliver it, and how much.

    Raises:
        RuntimeError: Something was lost, doubled or out of order.
    """
    ledger = Ledger()
    backend = Backend(ledger, random=random.Random(1))  # noqa: S311
    await backend.start()

    async def main(bridge: BridgeProcess) -> tuple[float, float, int]:
        clients = [Client(number, bridge.url) for number in range(chargers)]
        await boot(clients)
        await backend.stop()
        begin = time.perf_counter()

        async def send(client: Client) -> None:
            for minute in range(OUTAGE_MINUTES):
                marker, payload, is_acknowledged = await client.meter(minute)
                if not is_acknowledged:
                    raise RuntimeError(f"{client.identity}: message {marker} was refused")
                ledger.add(
                    Sent(
                        charger=client.identity,
                        marker=marker,
                        action="MeterValues",
                        payload=payload,
                    )
                )
                ledger.add(Told(charger=client.identity, marker=marker, answer={}))

        await asyncio.gather(*map(send, clients))
        took = time.perf_counter() - begin
        count = chargers * OUTAGE_MINUTES
        begin = time.perf_counter()
        await backend.start()
        while len(arrived(ledger)) < count:  # noqa: ASYNC110 - it comes from another process
            await asyncio.sleep(0.2)
        delivered = time.perf_counter() - begin
        await asyncio.sleep(0.5)
        found = violations(ledger)
        if found:
            raise RuntimeError(f"lost, doubled or out of order: {found[:5]}")
        return took, delivered, count

    try:
        result: tuple[float, float, int] = await at_bridge(store, backend.url, folder, main)
        return result
    finally:
        await backend.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="The bridge under load, beside its floor.")
    parser.add_argument("--chargers", type=int, default=CHARGERS)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--store", default="", help="URL of an empty store; SQLite unless given")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = arguments.store or f"sqlite:///{folder}/bridge.db"
        [(without, durable)] = side_by_side(store, folder, arguments.chargers, arguments.seconds, 1)
        row = "{:<28}{:>12}{:>12}{:>12}{:>8}"
        who = f"{arguments.chargers} charge points"
        lines = [row.format(who, "requests/s", "p50 ms", "p99 ms", "failed")]
        for label, found in (("central system, no store", without), ("bridge, durable", durable)):
            lines.append(
                row.format(
                    label,
                    f"{found.rate:.0f}",
                    f"{found.median * 1000:.0f}",
                    f"{found.p99 * 1000:.0f}",
                    found.failed,
                )
            )
        lines.append(
            row.format(
                "ratio", f"{durable.rate / without.rate:.2f}",
                f"{durable.median / without.median:.2f}", f"{durable.p99 / without.p99:.2f}", "",
            )
        )  # fmt: skip
        sys.stdout.write("\n".join(lines) + "\n")
        store = arguments.store or f"sqlite:///{folder}/outage.db"
        took, delivered, count = asyncio.run(outage(store, folder, arguments.chargers))
        sys.stdout.write(
            f"backend away for {OUTAGE_MINUTES} simulated minutes: {count} messages, stored at"
            f" {count / took:.0f} a second and delivered in order at {count / delivered:.0f}\n"
        )


if __name__ == "__main__":
    main()
