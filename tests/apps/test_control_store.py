"""The control API while its store is not what it should be."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

from ocpp16.errors import CallFailed
from tests.apps.central_app import central_app, problem, site
from tests.parties import BOOT, HEARTBEAT, make_station, run


def drop(folder: Path, table: str) -> None:
    with closing(sqlite3.connect(folder / "site.db")) as database:
        database.execute(f"ALTER TABLE {table} RENAME TO gone")
        database.commit()


def restore(folder: Path, table: str) -> None:
    with closing(sqlite3.connect(folder / "site.db")) as database:
        database.execute(f"ALTER TABLE gone RENAME TO {table}")
        database.commit()


def test_a_table_that_is_gone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with site(tmp_path) as app:
            drop(tmp_path, "central_id_tag")
            with caplog.at_level(logging.ERROR, "ocpp16.control"):
                for method, path, body in (
                    ("GET", "/id-tags", None),
                    ("GET", "/id-tags/A", None),
                    ("PUT", "/id-tags/A", {}),
                    ("DELETE", "/id-tags/A", None),
                ):
                    answer = await app.ask(method, path, body)
                    assert problem(answer) == (503, "store")
                    assert answer.headers["retry-after"] == "10"
                    assert "central_id_tag" not in answer.text
            assert caplog.text.count("the store failed") == 4
            assert "no such table: central_id_tag" in caplog.text
            # The rest of it works, and so does all of it once the table is back.
            assert (await app.get("/charge-points"))["chargePoints"][0]["identity"] == "CP1"
            restore(tmp_path, "central_id_tag")
            assert (await app.get("/id-tags"))["idTags"] == []

    run(main)


def test_events_whose_table_is_gone_end_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with site(tmp_path) as app:
            drop(tmp_path, "central_event")
            answer = await app.ask("GET", "/events?after=0")
            assert (answer.status_code, answer.text) == (200, ": events follow\n\n")

    run(main)


def test_charge_points_keep_what_cannot_be_stored(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(make_station()) as backend:
            await backend.call(BOOT)
            drop(tmp_path, "central_charge_point")
            for request in (HEARTBEAT, BOOT):
                with pytest.raises(CallFailed) as caught:
                    await backend.call(request)
                assert caught.value.code == "InternalError"
            restore(tmp_path, "central_charge_point")
            await backend.call(HEARTBEAT)

    run(main)
