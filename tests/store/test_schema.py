"""Versions: every earlier one becomes the present one with its data, or nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.store.database import Database
from ocpp16.store.error import StoreMigrationFailed, StoreVersionTooNew, StoreVersionTooOld
from ocpp16.store.schema import VERSIONS, Schema, new_tables
from tests.parties import run


def statement(*texts: str) -> Callable[[Connection], None]:
    def step(connection: Connection) -> None:
        for text in texts:
            connection.execute(sa.text(text))

    return step


STEPS = (
    statement("CREATE TABLE thing (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL)"),
    statement("ALTER TABLE thing ADD COLUMN size INTEGER NOT NULL DEFAULT 7"),
    statement(
        "CREATE TABLE other (id INTEGER PRIMARY KEY, thing INTEGER NOT NULL REFERENCES thing)",
        "INSERT INTO other (id, thing) SELECT id + 100, id FROM thing",
    ),
)


def version(number: int, name: str = "things") -> Schema:
    return Schema(name, STEPS[:number])


def add(connection: Connection) -> None:
    connection.execute(sa.text("INSERT INTO thing (id, name) VALUES (1, 'one')"))


def tables(connection: Connection) -> set[str]:
    return set(sa.inspect(connection).get_table_names())


def versions(connection: Connection) -> dict[str, int]:
    return {row.name: row.version for row in connection.execute(sa.select(VERSIONS))}


@pytest.mark.parametrize("before", [1, 2])
def test_every_earlier_version_becomes_the_present_one_with_its_data(url: str, before: int) -> None:
    query = sa.text("SELECT name, size, other.id FROM thing JOIN other ON thing = 1")

    async def main() -> None:
        async with await Database.open(url, schemas=[version(before)]) as database:
            await database.write(add)
        for _ in range(2):
            async with await Database.open(url, schemas=[version(3)]) as database:
                rows = await database.read(lambda each: each.execute(query).all())
                assert [tuple(row) for row in rows] == [("one", 7, 101)]
                assert await database.read(versions) == {"things": 3}

    run(main)


def test_a_newer_version_is_refused_and_left_alone(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[version(3)]) as database:
            await database.write(add)
        with pytest.raises(
            StoreVersionTooNew,
            match=r"has version 3 of things, and this software knows versions up to 2: install",
        ):
            await Database.open(url, schemas=[version(2)])
        async with await Database.open(url, schemas=[version(3)]) as database:
            assert await database.read(versions) == {"things": 3}

    run(main)


def test_a_migration_that_breaks_off_leaves_everything_as_it_was(url: str) -> None:
    def breaks(connection: Connection) -> None:
        STEPS[2](connection)
        raise ValueError("no more")

    broken = Schema("things", (*STEPS[:2], breaks))

    async def main() -> None:
        async with await Database.open(url, schemas=[version(1)]) as database:
            await database.write(add)
            before = await database.read(tables)
        with pytest.raises(
            StoreMigrationFailed,
            match=r"tables of things could not be .* and are what they were \(no more\)",
        ):
            await Database.open(url, schemas=[broken])
        async with await Database.open(url, schemas=[version(1)]) as database:
            assert await database.read(tables) == before
            assert await database.read(versions) == {"things": 1}
        async with await Database.open(url, schemas=[version(3)]) as database:
            assert await database.read(versions) == {"things": 3}

    run(main)


def test_tables_of_somebody_else_are_left_alone(url: str) -> None:
    metadata = sa.MetaData()
    sa.Table("thing", metadata, sa.Column("key", sa.Text))

    async def main() -> None:
        async with await Database.open(url, schemas=[version(1)]) as database:
            await database.write(add)
        with pytest.raises(StoreMigrationFailed, match=r"thing.* already exists"):
            await Database.open(url, schemas=[Schema("other", (new_tables(metadata),))])
        async with await Database.open(url, schemas=[version(1)]) as database:
            assert await database.read(versions) == {"things": 1}

    run(main)


def test_components_have_versions_of_their_own(url: str) -> None:
    other = Schema("more", (statement("CREATE TABLE more (id INTEGER PRIMARY KEY)"),))

    async def main() -> None:
        async with await Database.open(url, schemas=[version(2)]) as database:
            await database.write(add)
        async with await Database.open(url, schemas=[other]) as database:
            assert await database.read(versions) == {"things": 2, "more": 1}
        async with await Database.open(url, schemas=[other, version(3)]) as database:
            assert await database.read(versions) == {"things": 3, "more": 1}

    run(main)


def test_a_store_is_not_migrated_under_the_process_that_leads_it(url: str) -> None:
    async def main() -> None:
        soon = timedelta(seconds=0.02)
        old = await Database.open(url, schemas=[version(1)])
        await old.lead()
        new = await Database.open(url, schemas=[version(2)])
        with pytest.raises(StoreVersionTooOld, match="end that process first"):
            await new.write(add)
        with pytest.raises(StoreVersionTooOld, match="end that process first"):
            await new.read(versions)
        await old.write(add)
        assert await old.read(versions) == {"things": 1}
        await old.close()
        await new.lead(wait=True, poll=soon)
        assert await new.read(versions) == {"things": 2}
        await new.close()

    run(main)
