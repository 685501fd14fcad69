"""Many simulated charge points in one process, over real sockets; what outlives them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from ocpp16 import CentralSystem
from ocpp16.apps.back_office import BackOffice
from ocpp16.apps.charge_point.fleet import Orders, run_fleet
from ocpp16.apps.charge_point.scenario import read
from ocpp16.apps.charge_point.session import Plan
from ocpp16.apps.charge_point.simulator import Hardware
from ocpp16.enums import Reason
from ocpp16.settings import Settings
from ocpp16.storage import StorageFailed
from ocpp16.store.station import StationFile
from tests.apps.doubles import Ears
from tests.parties import run, until

QUICK = Settings(
    reconnect_wait=timedelta(milliseconds=5),
    reconnect_bound=timedelta(milliseconds=9),
    callback_networks=(ip_network("127.0.0.0/8"),),
)
FAST = Plan(speed=1_000_000, duration=timedelta(minutes=10))


@attrs.define
class Site:
    office: BackOffice
    central: CentralSystem
    url: str
    wire: str
    ears: Ears = attrs.field(factory=Ears)
    stop: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def run(self, orders: Orders, identity: str = "CP{n}", **hardware: Any) -> bool:
        return await run_fleet(
            Hardware(identity=identity, **hardware),
            self.url,
            orders,
            tell=self.ears,
            stop=self.stop,
            listen="http://127.0.0.1:0/" if self.wire == "soap" else None,
            settings=QUICK,
        )


URLS = {"json": "ws://127.0.0.1:0/ocpp", "soap": "http://127.0.0.1:0/ocpp"}


def play(body: Callable[[Site], Awaitable[None]], wire: str = "json") -> None:
    async def main() -> None:
        central = CentralSystem(settings=QUICK)
        office = BackOffice(now=central.clock.now, tell=Ears())
        office.register(central)
        async with central.serve(
            json=URLS["json"] if wire == "json" else None,
            soap=URLS["soap"] if wire == "soap" else None,
        ) as server:
            await body(Site(office, central, server.urls[wire], wire))

    run(main)


@pytest.mark.parametrize("wire", ["json", "soap"])
def test_each_of_a_fleet_charges_one_car(wire: str) -> None:
    async def body(site: Site) -> None:
        assert await site.run(Orders(count=8, spread=0.1, plan=FAST))
        identities = {each.identity for each in site.office.transactions.values()}
        assert identities == {f"CP{number}" for number in range(1, 9)}
        assert all(each.energy == 1833 for each in site.office.transactions.values())

    play(body, wire)


@pytest.mark.parametrize(
    ("pattern", "count", "identities"),
    [("X", 1, {"X"}), ("X{n}", 1, {"X1"}), ("X", 2, {"X1", "X2"}), ("a{n}b", 2, {"a1b", "a2b"})],
)
def test_identities(pattern: str, count: int, identities: set[str]) -> None:
    async def body(site: Site) -> None:
        assert await site.run(Orders(count=count, spread=0, plan=FAST), pattern)
        assert set(site.office.charge_points) == identities

    play(body)


def test_a_fleet_without_traces_tells_remarks_only() -> None:
    async def body(site: Site) -> None:
        assert await site.run(Orders(count=2, spread=0, plan=FAST, is_traced=False))
        assert site.ears.exchanges == []
        assert sum("Wh in 10 minutes" in each.text for each in site.ears.remarks) == 2

    play(body)


def test_a_scenario_for_everybody() -> None:
    async def body(site: Site) -> None:
        scenario = read(
            {
                "steps": [
                    {"do": "plug"},
                    {"do": "tag", "tag": "A", "accepted": True},
                    {"do": "wait", "minutes": 5},
                    {"do": "unplug"},
                    {"do": "expect", "sent": "StopTransaction"},
                ]
            }
        )
        assert await site.run(Orders(count=3, spread=0, scenario=scenario))
        assert len(site.office.transactions) == 3

    play(body)


def test_one_that_fails_fails_all() -> None:
    async def body(site: Site) -> None:
        scenario = read({"steps": [{"do": "expect", "status": "Charging", "within": 0.01}]})
        assert not await site.run(Orders(count=2, spread=0, scenario=scenario))
        assert "CP1: steps[0]: connector 1 is Charging" in site.ears.warnings

    play(body)


def test_a_prompt_steers_one() -> None:
    async def body(site: Site) -> None:
        lines = io.StringIO("plug\ntag A\nunplug\n")
        assert await site.run(Orders(prompt=lines), "CP1")
        (transaction,) = site.office.transactions.values()
        assert transaction.reason is Reason.EV_DISCONNECTED

    play(body)


def test_http_steers_all() -> None:
    async def body(site: Site) -> None:
        running = asyncio.create_task(site.run(Orders(count=2, spread=0, control=("127.0.0.1", 0))))
        await until(lambda: any("steered at" in each.text for each in site.ears.remarks))
        await until(lambda: len(site.office.charge_points) == 2)
        url = next(each.text for each in site.ears.remarks if "steered at" in each.text).split()[-1]
        async with httpx.AsyncClient() as client:
            await until(lambda: site.office.charge_points["CP2"].statuses)
            assert (await client.post(f"{url}/CP2/plug", json={})).is_success
            answer = await client.post(f"{url}/CP2/tag", json={"tag": "A"})
            assert answer.json()["accepted"] is True
        site.stop.set()
        assert await running
        (transaction,) = site.office.transactions.values()
        assert transaction.identity == "CP2"

    play(body)


def test_state_outlives_a_charge_point(tmp_path: Path) -> None:
    async def body(site: Site) -> None:
        orders = Orders(state=tmp_path / "new", plan=FAST)
        assert await site.run(orders, "A/B c")
        (file,) = (tmp_path / "new").iterdir()
        assert file.name == "A%2FB%20c.sqlite"
        with closing(StationFile(file)) as storage:
            assert storage.read("registered") == {"accepted": True}

    play(body)


def test_a_charge_point_that_ends_in_a_session_reports_it_next_time(tmp_path: Path) -> None:
    async def body(site: Site) -> None:
        scenario = read({"steps": [{"do": "plug"}, {"do": "tag", "tag": "A"}]})
        assert await site.run(Orders(state=tmp_path, scenario=scenario), "CP1")
        (transaction,) = site.office.transactions.values()
        assert transaction.stop is None
        rest = read({"steps": [{"do": "expect", "sent": "StopTransaction"}]})
        assert await site.run(Orders(state=tmp_path, scenario=rest), "CP1")
        assert transaction.reason is Reason.POWER_LOSS

    play(body)


def test_a_state_that_is_in_use(tmp_path: Path) -> None:
    async def body(site: Site) -> None:
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "CP1.sqlite").write_bytes(b"nonsense" * 1000)
        with pytest.raises(StorageFailed):
            await site.run(Orders(state=tmp_path / "x"), "CP1")

    play(body)


def test_an_api_that_others_could_reach_is_refused() -> None:
    async def body(site: Site) -> None:
        with pytest.raises(ValueError, match="anyone could steer"):
            await site.run(Orders(control=("0.0.0.0", 0)), "CP1")

    play(body)
