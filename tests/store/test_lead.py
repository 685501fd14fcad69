"""One process leads a store: another stands by or is told, and who lost the lead writes no more."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.store.database import Database
from ocpp16.store.error import LeadershipLost, StoreInUse, StoreUnavailable
from ocpp16.store.schema import REIGNS, Schema
from tests.parties import run
from tests.store.postgres import PostgresServer
from tests.store.tables import SCHEMA, insert, texts

SOON = timedelta(seconds=0.02)
ROOT = Path(__file__).parent.parent.parent


def cut(connection: Connection) -> None:
    """Cut the connection from our side."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.close()


async def opened(url: str) -> Database:
    return await Database.open(url, schemas=[SCHEMA], beat=SOON, busy_timeout=timedelta(seconds=10))


def test_one_leads_and_the_other_is_told(url: str) -> None:
    async def main() -> None:
        async with await opened(url) as first, await opened(url) as second:
            assert not first.is_leader
            await first.lead()
            await first.lead()
            assert first.is_leader
            with pytest.raises(StoreInUse, match="another process leads this store: end that one"):
                await second.lead(wait=False)
            assert not second.is_leader
            await first.write(insert("a"))
            # Who does not lead may write a little beside it: a command that retries something.
            await second.write(insert("b"))
            assert await first.read(texts) == ["a", "b"]

    run(main)


def test_who_stands_by_takes_over(url: str) -> None:
    async def main() -> None:
        first, second = await opened(url), await opened(url)
        await first.lead()
        await first.write(insert("a"))
        standby = asyncio.create_task(second.lead(wait=True, poll=SOON))
        await second.read(texts)
        assert not standby.done()
        await first.close()
        await standby
        assert second.is_leader
        await second.write(insert("b"))
        assert await second.read(texts) == ["a", "b"]
        await second.close()

    run(main)


def test_a_store_without_tables_has_one_leader_too(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url) as first, await Database.open(url) as second:
            await first.lead()
            with pytest.raises(StoreInUse):
                await second.lead(wait=False)

    run(main)


def test_components_that_share_a_database_lead_apart(url: str) -> None:
    other = Schema("other", ())

    async def main() -> None:
        async with (
            await opened(url) as first,
            await Database.open(url, schemas=[other]) as second,
            await Database.open(url, schemas=[other, SCHEMA]) as both,
        ):
            await first.lead()
            await second.lead(wait=False)
            assert first.is_leader and second.is_leader
            with pytest.raises(StoreInUse):
                await both.lead(wait=False)
            # What it got of the locks before it failed, it has given back.
            await second.close()
            async with await Database.open(url, schemas=[other]) as third:
                await third.lead(wait=False)

    run(main)


LEADER = """
import asyncio, sys
from ocpp16.store.database import Database
from tests.store.tables import SCHEMA, insert

async def main():
    database = await Database.open(sys.argv[1], schemas=[SCHEMA])
    await database.lead()
    await database.write(insert("from the first"))
    print("leads", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_a_killed_leader_leads_no_more(url: str) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", LEADER, url], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "leads\n"

        async def main() -> None:
            async with await opened(url) as second:
                with pytest.raises(StoreInUse):
                    await second.lead(wait=False)
                first.send_signal(signal.SIGKILL)
                await second.lead(wait=True, poll=SOON)
                assert await second.read(texts) == ["from the first"]

        run(main)
    finally:
        first.kill()
        first.wait()
        if first.stdout is not None:
            first.stdout.close()


def test_a_cut_connection_is_made_again_and_the_lead_kept(postgres: PostgresServer) -> None:
    url = postgres.url()

    async def main() -> None:
        async with await opened(url) as database:
            await database.lead()
            await database.write(insert("a"))
            await asyncio.to_thread(postgres.end_sessions, url)
            # The write that meets the broken connection fails, unless the beat met it before.
            with contextlib.suppress(StoreUnavailable):
                await database.write(insert("b"))
            await database.write(insert("c"))
            assert database.is_leader
            assert {"a", "c"} <= set(await database.read(texts))
            async with await opened(url) as second:
                with pytest.raises(StoreInUse):
                    await second.lead(wait=False)

    run(main)


def test_a_leader_that_was_replaced_writes_no_more(postgres: PostgresServer) -> None:
    url = postgres.url()

    async def main() -> None:
        first = await Database.open(url, schemas=[SCHEMA], beat=timedelta(hours=1))
        second = await opened(url)
        await first.lead()
        await first.write(insert("a"))
        standby = asyncio.create_task(second.lead(poll=SOON))
        await asyncio.to_thread(postgres.end_sessions, url)
        await standby
        await second.write(insert("b"))
        waiting = asyncio.create_task(first.lost())
        with pytest.raises(StoreUnavailable):
            await first.write(insert("refused"))
        # Now it connects again; the new leader ends, and it still may not go on by itself.
        await second.close()
        for _ in range(2):
            with pytest.raises(LeadershipLost, match="another process has led"):
                await first.write(insert("refused"))
        await waiting
        assert not first.is_leader
        assert await first.read(texts) == ["a", "b"]
        await first.lead(wait=False)
        assert first.is_leader
        await first.write(insert("c"))
        assert await first.read(texts) == ["a", "b", "c"]
        await first.close()

    run(main)


def test_an_idle_leader_notices_that_it_was_replaced(postgres: PostgresServer) -> None:
    url = postgres.url()

    async def main() -> None:
        first, second = await opened(url), await opened(url)
        await first.lead()
        # What a successor does: it takes the lock once the session is gone, and counts on.
        await second.write(
            lambda connection: connection.execute(sa.update(REIGNS).values(number=2))
        )
        assert first.is_leader
        await asyncio.to_thread(postgres.end_sessions, url)
        await first.lost()
        assert not first.is_leader
        await first.close()
        await second.close()

    run(main)


def test_a_session_of_ours_that_lingers_is_ended(postgres: PostgresServer) -> None:
    url = postgres.url()

    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA], beat=timedelta(hours=1)) as database:
            await database.lead()
            # The connection is gone for us; the server knows nothing of it, and holds the lock.
            lingering, database._writer._connection = database._writer._connection, None
            await database.write(insert("a"))
            assert database.is_leader
            assert lingering is not None
            with pytest.raises(sa.exc.OperationalError):
                lingering.scalar(sa.text("SELECT 1"))
            lingering.invalidate()
            lingering.close()

    run(main)


def test_while_another_holds_the_lock_nothing_is_written(postgres: PostgresServer) -> None:
    url = postgres.url()

    async def main() -> None:
        database = await Database.open(
            url, schemas=[SCHEMA], beat=timedelta(hours=1), busy_timeout=SOON
        )
        await database.lead()
        thief = sa.create_engine(url, poolclass=sa.NullPool).connect()
        keys = list(database._medium._keys.values())  # type: ignore[attr-defined]
        waits = asyncio.create_task(
            asyncio.to_thread(thief.execute, sa.select(sa.func.pg_advisory_lock(keys[0])))
        )
        with pytest.raises(StoreUnavailable, match="no connection to the server"):
            await database.write(cut)
        await waits
        with pytest.raises(StoreUnavailable, match="another process may lead test now"):
            await database.write(insert("a"))
        thief.close()
        await database.write(insert("b"))
        assert await database.read(texts) == ["b"]
        await database.close()

    run(main)
