"""A month of a site with 50 charge points: 15-minute values, hourly heartbeats; the same each time.

No event loop, no waiting and no clock of the machine; what happens comes from a seed.
"""

from __future__ import annotations

import hashlib
import heapq
import random
import sys
import time
from typing import Any

from ocpp16 import messages
from ocpp16.station.model import Model
from ocpp16.storage import MemoryStationStorage
from tests.station.bench import Bench, short

STATIONS = 50
HOUR, DAY = 3600, 86400


class Site:
    """Charge points, and the people who come to them.

    Args:
        seed: Where all chance comes from.
        stations: How many charge points.
        days: How long.
    """

    def __init__(self, seed: int, stations: int, days: int) -> None:
        self.chance = random.Random(seed)
        self.end = days * DAY
        self.digest = hashlib.sha256()
        self.counts: dict[str, int] = {}
        self.open: dict[tuple[int, int], int] = {}
        self.benches = [self._station(number) for number in range(stations)]
        self.plans: list[tuple[float, int, int, str]] = []
        for number in range(stations):
            self._plan_visit(number, self.chance.uniform(0, 12) * HOUR)

    def _station(self, number: int) -> Bench:
        bench = Bench(
            model=Model(connectors=1),
            storage=MemoryStationStorage(),
            interval=HOUR,
            ClockAlignedDataInterval=900,
            MeterValuesAlignedData="Energy.Active.Import.Register,Power.Active.Import",
            MeterValueSampleInterval=900,
            StopTxnSampledData="Energy.Active.Import.Register",
        )
        answer = bench.central.answer

        def watched(request: Any) -> Any:
            self._note(number, request)
            outcome = answer(request)
            bench.central.received.clear()
            return outcome

        bench.central.answer = watched  # type: ignore[method-assign]
        return bench

    def _note(self, number: int, request: Any) -> None:
        name = type(request).__name__.removesuffix("Request")
        self.counts[name] = self.counts.get(name, 0) + 1
        self.digest.update(f"{number} {short(request)}".encode())

    def _plan_visit(self, number: int, at: float) -> None:
        heapq.heappush(self.plans, (at, number, 0, "come"))

    def run(self) -> None:
        """Live through it all, each station up to the next visit anywhere on its own."""
        while self.plans and self.plans[0][0] < self.end:
            at, number, _, what = heapq.heappop(self.plans)
            bench = self.benches[number]
            bench.wait(at - bench.time)
            if what == "come":
                self._come(number, bench)
            else:
                self._go(number, bench)
        for bench in self.benches:
            bench.wait(self.end - bench.time)

    def _come(self, number: int, bench: Bench) -> None:
        bench.plug_in()
        assert bench.show(f"TAG{self.chance.randrange(200)}") is True
        stay = self.chance.uniform(0.5, 9) * HOUR
        bench.machinery.power[1] = 11_000
        heapq.heappush(self.plans, (bench.time + stay, number, 1, "go"))
        self.open[number, 1] = int(stay * 11_000 / HOUR)

    def _go(self, number: int, bench: Bench) -> None:
        energy = self.open.pop((number, 1))
        bench.machinery.registers[1] = bench.machinery.register(1) + energy
        bench.machinery.power[1] = 0
        bench.unplug()
        self._plan_visit(number, bench.time + self.chance.uniform(1, 14) * HOUR)


def lived(seed: int, stations: int, days: int) -> Site:
    site = Site(seed, stations, days)
    site.run()
    return site


def test_a_month_of_a_site() -> None:
    began = time.process_time()
    site = lived(1, STATIONS, 30)
    # A tracer, as coverage has it, multiplies the cost of every line.
    assert time.process_time() - began < 60 or sys.gettrace() is not None
    counts = site.counts
    # One aligned value each quarter of an hour, and one for each part of one at start and end.
    assert counts["MeterValues"] > STATIONS * 30 * 96
    assert counts["StartTransaction"] > STATIONS * 30
    running = counts["StartTransaction"] - counts["StopTransaction"]
    assert 0 <= running <= STATIONS
    assert counts["Authorize"] == counts["StartTransaction"]
    for bench in site.benches:
        assert bench.core.waiting() == []
        assert bench.refused == []


def test_the_same_seed_lives_the_same() -> None:
    one, other = lived(7, 3, 5), lived(7, 3, 5)
    assert one.digest.hexdigest() == other.digest.hexdigest()
    assert lived(8, 3, 5).digest.hexdigest() != one.digest.hexdigest()


def test_hourly_heartbeats_where_nothing_else_is_said() -> None:
    bench = Bench(model=Model(connectors=1), interval=HOUR)
    bench.wait(30 * DAY)
    assert len(bench.of(messages.HeartbeatRequest)) == 30 * 24
