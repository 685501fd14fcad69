"""Goals 7 to 9 and 11: what a JSON exchange, an idle connection and an accept cost a server."""

from __future__ import annotations

import asyncio
import gc
import math
import time
from collections.abc import Callable
from contextlib import ExitStack

from bench.load import Fleet, call
from bench.measure import Row, absolute, row
from bench.process import KINDS, ServerProcess
from bench.sample import HEARTBEAT, Sample, meter_values

CONNECTIONS = 100
EXCHANGES = 20
"""Of each connection in a round."""
FLEET = 10_000
PERIOD = 60.0
"""Seconds between the messages of one charge point of the fleet."""
GROWTH = (1, 10, 100, 1_000, 10_000)


def call_of(sample: Sample) -> Callable[[], bytes]:
    """Return a maker of calls with a sample."""
    action = sample.cls.SPEC.name.removesuffix("Request")
    return call(action.encode(), sample.text)


def exchange(rounds: int) -> list[Row]:
    """Goal 7: processor time of the server for each exchange."""
    limits = {
        ("Heartbeat", "raw"): "<= 0.9",
        ("Heartbeat", "mobilityhouse"): ">= 4",
        ("MeterValues 10", "raw"): "<= 1.0",
        ("MeterValues 10", "mobilityhouse"): ">= 18",
    }
    figures = asyncio.run(_exchange((HEARTBEAT, meter_values(10)), rounds))
    return [
        row(
            7,
            f"server CPU, {sample}",
            "websockets" if kind == "raw" else kind,
            figures[sample, "ours"],
            figures[sample, kind],
            limit=limit,
            inverse=kind != "raw",
        )
        for (sample, kind), limit in limits.items()
    ]


async def _exchange(samples: tuple[Sample, ...], rounds: int) -> dict[tuple[str, str], list[float]]:
    figures: dict[tuple[str, str], list[float]] = {
        (sample.name, kind): [] for sample in samples for kind in KINDS
    }
    with ExitStack() as stack:
        servers = {kind: stack.enter_context(ServerProcess(kind)) for kind in KINDS}
        fleets = {kind: Fleet(server.port) for kind, server in servers.items()}
        for fleet in fleets.values():
            await fleet.grow(CONNECTIONS)
            await fleet.exchange(call_of(HEARTBEAT), 3)
        for _ in range(rounds):
            for sample in samples:
                for kind, server in servers.items():
                    before = server.cpu()
                    await fleets[kind].exchange(call_of(sample), EXCHANGES)
                    spent = server.cpu() - before
                    figures[sample.name, kind].append(spent / (CONNECTIONS * EXCHANGES) * 1e6)
        for fleet in fleets.values():
            await fleet.close()
    return figures


def connection(rounds: int) -> list[Row]:
    """Goals 8 and 9: memory of an idle connection, and processor time to let one in."""
    cpu: dict[str, list[float]] = {kind: [] for kind in KINDS}
    memory: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(max(2, rounds // 3)):
        for kind in KINDS:
            spent, held = asyncio.run(_connect(kind, 1_000))
            cpu[kind].append(spent * 1e6)
            memory[kind].append(held / 1024)
    return [
        row(8, "memory, idle connection", "websockets", memory["ours"], memory["raw"],
            limit="<= 0.55", unit="KiB"),
        row(8, "memory, idle connection", "mobilityhouse", memory["ours"], memory["mobilityhouse"],
            limit="<= 0.35", unit="KiB"),
        row(9, "accept CPU", "websockets", cpu["ours"], cpu["raw"], limit="<= 0.65"),
    ]  # fmt: skip


async def _connect(kind: str, size: int) -> tuple[float, float]:
    """Return processor seconds and bytes of one connection."""
    with ServerProcess(kind) as server:
        fleet = Fleet(server.port)
        await fleet.grow(50)  # what is made once, and lasts
        cpu, memory = server.cpu(), server.memory()
        await fleet.grow(50 + size)
        spent = server.cpu() - cpu
        held = server.memory() - memory
        await fleet.close()
    return spent / size, held / size


def fleet(rounds: int) -> list[Row]:
    """Goal 11: 10,000 charge points in one process, each with MeterValues every 60 s."""
    busy, late = asyncio.run(_fleet(seconds=4.0 * min(rounds, 15)))
    return [
        absolute(11, f"{FLEET} chargers: share of a core", [busy], limit="<= 5", unit="%"),
        absolute(11, f"{FLEET} chargers: p99 of an exchange", [late], limit="<= 50", unit="ms"),
    ]


async def _fleet(seconds: float) -> tuple[float, float]:
    with ServerProcess("ours") as server:
        stations = Fleet(server.port)
        await stations.grow(FLEET)
        make = call_of(meter_values(10))
        step = PERIOD / FLEET
        gc.collect()
        gc.freeze()  # Pauses of the one that measures are no exchanges of the one measured.
        started, before = time.perf_counter(), server.cpu()
        due: list[asyncio.Future[None]] = []
        for number in range(min(FLEET, math.ceil(seconds / step))):
            wait = started + number * step - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            due.append(stations.stations[number].start(make, 1))
        await asyncio.gather(*due)
        busy = (server.cpu() - before) / (time.perf_counter() - started) * 100
        latencies = sorted(each for one in stations.stations for each in one.latencies)
        gc.unfreeze()
        await stations.close()
    return busy, latencies[int(len(latencies) * 0.99)] * 1000


def growth() -> dict[str, list[tuple[int, float, float]]]:
    """Return, by server and number of connections: exchanges a second, and MiB held."""
    return {kind: asyncio.run(_growth(kind)) for kind in KINDS}


async def _growth(kind: str) -> list[tuple[int, float, float]]:
    found: list[tuple[int, float, float]] = []
    with ServerProcess(kind) as server:
        fleet = Fleet(server.port)
        for size in GROWTH:
            await fleet.grow(size)
            times = max(1, (1_000 if kind == "mobilityhouse" else 4_000) // size)
            before = server.cpu()
            await fleet.exchange(call_of(HEARTBEAT), times)
            spent = server.cpu() - before
            # By its processor time: on two cores, the one that asks is the slower half.
            found.append((size, size * times / spent, server.memory() / 2**20))
        await fleet.close()
    return found
