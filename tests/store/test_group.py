"""Group commit, by any sequence of works: each outcome is its caller's, and what holds is told."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from ocpp16.store.database import Database
from ocpp16.store.error import StoreError
from tests.store.postgres import PostgresServer
from tests.store.tables import NOTES, SCHEMA, texts

KINDS = ("keep", "keep", "keep", "raise", "repeat", "drop", "nested", "break")


@attrs.frozen
class Step:
    """What a work does: `keep` a text, keep it and `raise`, `repeat` one that may be there, `drop`
    the latest, keep with a savepoint of its own, or `break` the store's transaction."""

    kind: str
    number: int

    def __call__(self, connection: Connection) -> str:
        text = str(self.number)
        match self.kind:
            case "raise":
                connection.execute(sa.insert(NOTES).values(text=text))
                raise ValueError(text)
            case "drop":
                last = sa.select(sa.func.max(NOTES.c.id)).scalar_subquery()
                connection.execute(sa.delete(NOTES).where(NOTES.c.id == last))
            case "nested":
                with connection.begin_nested():
                    connection.execute(sa.insert(NOTES).values(text=text))
            case "break":
                connection.exec_driver_sql("ROLLBACK")
            case _:
                connection.execute(sa.insert(NOTES).values(text=text))
        return text


def steps() -> st.SearchStrategy[list[list[Step]]]:
    """Return bursts of works; those of a burst are handed in at once."""
    step = st.builds(Step, st.sampled_from(KINDS), st.integers(0, 15))
    return st.lists(st.lists(step, min_size=1, max_size=12), min_size=1, max_size=5)


def expect(kept: list[str], step: Step) -> str | type[BaseException]:
    """Do to a list what a step does to the table, and return the outcome."""
    text = str(step.number)
    if step.kind == "drop":
        del kept[-1:]
        return text
    if text in kept:
        return sa.exc.IntegrityError
    if step.kind == "raise":
        return ValueError
    kept.append(text)
    return text


async def outcome(database: Database, work: Callable[[Connection], Any]) -> Any:
    try:
        return await database.write(work)
    except StoreError as error:
        return error
    except (ValueError, sa.exc.IntegrityError) as error:
        return type(error)


async def check(url: str, bursts: list[list[Step]], limit: int) -> None:
    async with await Database.open(url, schemas=[SCHEMA], group_limit=limit) as database:
        kept: list[str] = []
        for burst in bursts:
            ends = await asyncio.gather(*(outcome(database, step) for step in burst))
            for step, end in zip(burst, ends, strict=True):
                # Works whose group broke are told so, and have left nothing.
                if isinstance(end, StoreError):
                    continue
                assert step.kind != "break"
                assert end == expect(kept, step)
        assert await database.read(texts) == kept


@given(bursts=steps(), limit=st.integers(1, 6))
def test_every_outcome_is_what_holds_on_sqlite(bursts: list[list[Step]], limit: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check(f"sqlite:///{Path(folder) / 'store.db'}", bursts, limit))


@pytest.fixture(scope="module")
def server_url(postgres: PostgresServer) -> str:
    return postgres.url()


@settings(max_examples=30)
@given(bursts=steps(), limit=st.integers(1, 6))
def test_every_outcome_is_what_holds_on_postgresql(
    server_url: str, bursts: list[list[Step]], limit: int
) -> None:
    async def main() -> None:
        async with await Database.open(server_url, schemas=[SCHEMA]) as database:
            await database.write(lambda connection: connection.execute(sa.delete(NOTES)))
        await check(server_url, bursts, limit)

    asyncio.run(main())
