"""`ocpp16 central-system` on PostgreSQL: the same books, and an end when another one leads."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")
pytest.importorskip("psycopg")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

from ocpp16.messages import StartTransactionRequest, StopTransactionRequest
from ocpp16.store.error import StoreInUse
from tests.apps.central_app import central_app
from tests.parties import BOOT, HEARTBEAT, NOON, make_station, run
from tests.store.postgres import PostgresServer, postgres

__all__ = ["postgres"]
START = StartTransactionRequest(connector_id=1, id_tag="CARD", meter_start=0, timestamp=NOON)


def test_a_transaction_over_a_restart(
    postgres: PostgresServer,
    tmp_path: Path,
) -> None:
    store = postgres.url()

    async def main() -> None:
        async with central_app(tmp_path, store) as app, app.connected(make_station()) as backend:
            await backend.call(BOOT)
            started = await backend.call(START)
            with pytest.raises(StoreInUse):
                async with central_app(tmp_path, store):
                    pass
        stop = StopTransactionRequest(
            transaction_id=started.transaction_id, meter_stop=700, timestamp=NOON
        )
        async with central_app(tmp_path, store) as app, app.connected(make_station()) as backend:
            await backend.call(HEARTBEAT)
            assert await backend.call(START) == started
            await backend.call(stop)
            # PostgreSQL has no NUL in texts.
            put = await app.ask("PUT", "/id-tags/A%00B", {})
            assert put.status_code == 200
            (found,) = (await app.get("/transactions"))["transactions"]
            assert (found["transactionId"], found["energy"]) == (started.transaction_id, 700)

    run(main)
