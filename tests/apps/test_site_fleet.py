"""A fleet of simulated charge points at the central system with its store: nothing is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

from ocpp16.apps.charge_point.fleet import Orders, run_fleet
from ocpp16.apps.charge_point.session import Plan
from ocpp16.apps.charge_point.simulator import Hardware
from ocpp16.apps.exchange import Exchange
from ocpp16.spec import Side
from tests.apps.central_app import LISTEN, App, central_app
from tests.apps.doubles import Ears
from tests.apps.site_books import differences
from tests.parties import run

PLAN = Plan(speed=1_000_000, duration=timedelta(minutes=10))


async def play(app: App, count: int, wire: str) -> list[Exchange]:
    ears = Ears()
    went_well = await run_fleet(
        Hardware(identity="CP{n}"),
        app.urls[wire],
        Orders(plan=PLAN, count=count, spread=0.5),
        tell=ears,
        stop=asyncio.Event(),
        listen=LISTEN if wire == "soap" else None,
    )
    assert went_well, ears.warnings
    return [each for each in ears.exchanges if each.sender is Side.CHARGE_POINT]


@pytest.mark.parametrize(("wire", "count"), [("json", 50), ("soap", 10)])
def test_what_a_fleet_was_answered_is_in_the_store(wire: str, count: int, tmp_path: Path) -> None:
    async def main() -> None:
        # Heartbeats come more often than the meter values of a session.
        async with central_app(tmp_path, interval=240) as app:
            exchanges = await play(app, count, wire)
            assert app.ears.warnings == []
        assert differences(exchanges, tmp_path / "site.db") == []
        sent = {each.action for each in exchanges}
        assert sent == {
            "Authorize", "BootNotification", "Heartbeat", "MeterValues", "StartTransaction",
            "StatusNotification", "StopTransaction",
        }  # fmt: skip
        assert sum(each.action == "StopTransaction" for each in exchanges) == count

    run(main)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("DELETE FROM central_transaction WHERE identity = 'CP1'", "transactions"),
        ("UPDATE central_transaction SET meter_stop = 1", "transactions"),
        ("UPDATE central_connector SET status = 'Faulted' WHERE connector_id = 1", "statuses"),
        ("DELETE FROM central_sampled_value WHERE position = 0", "meter values"),
        ("UPDATE central_charge_point SET boots = 2", "boots"),
        ("DELETE FROM central_event WHERE kind = 'stop'", "events"),
    ],
)
def test_a_difference_is_found(change: str, difference: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app:
            exchanges = await play(app, 2, "json")
        with closing(sqlite3.connect(tmp_path / "site.db")) as database:
            database.execute("PRAGMA foreign_keys = OFF")
            assert database.execute(change).rowcount
            database.commit()
        found = differences(exchanges, tmp_path / "site.db")
        assert found
        assert {each.partition(":")[0] for each in found} == {difference}

    run(main)
