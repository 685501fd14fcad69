"""Stores that earlier versions have written: each opens, is migrated, and keeps its rows.

`versions/NAME-N.sql` is a store with version N of a component, a row in each table. It is written
once, when the version is released (`sqlite3 FILE .dump`), and never changed: whoever changes a
table adds a step, and a file.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, MetaData

from ocpp16.store import answers, registrations
from ocpp16.store.central_system import tables
from ocpp16.store.database import Database
from ocpp16.store.schema import Schema
from ocpp16.store.security import tables as security_tables

COMPONENTS: dict[str, tuple[Schema, MetaData]] = {
    "answer": (answers.SCHEMA, answers.METADATA),
    "central_system": (tables.SCHEMA, tables.METADATA),
    "registration": (registrations.SCHEMA, registrations.METADATA),
    "security": (security_tables.SCHEMA, security_tables.METADATA),
}
VERSIONS = Path(__file__).with_name("versions")
WRITTEN = [
    (name, version)
    for name, (schema, _) in COMPONENTS.items()
    for version in range(1, schema.version + 1)
]


def shape(connection: Connection, metadata: MetaData) -> dict[str, Any]:
    """Return what the tables of a component look like, in the order of their names."""
    inspector = sa.inspect(connection)
    return {
        name: {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"])
                for column in inspector.get_columns(name)
            ],
            "key": inspector.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted(
                tuple(each["column_names"]) for each in inspector.get_unique_constraints(name)
            ),
            "indexes": sorted(
                (str(each["name"]), tuple(each["column_names"]))
                for each in inspector.get_indexes(name)
                if not each.get("duplicates_constraint")
            ),
            "foreign": sorted(
                (tuple(each["constrained_columns"]), each["referred_table"])
                for each in inspector.get_foreign_keys(name)
            ),
        }
        for name in sorted(metadata.tables)
    }


def rows(connection: Connection, metadata: MetaData) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: [tuple(row) for row in connection.execute(sa.select(sa.text("*")).select_from(table))]
        for name, table in metadata.tables.items()
    }


def load(name: str, version: int, place: Path) -> None:
    connection = sqlite3.connect(place)
    connection.executescript((VERSIONS / f"{name}-{version}.sql").read_text())
    connection.close()


async def opened(url: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    schema, metadata = COMPONENTS[name]
    async with await Database.open(url, schemas=[schema]) as database:
        return (
            await database.read(lambda each: shape(each, metadata)),
            await database.read(lambda each: rows(each, metadata)),
        )


@pytest.mark.parametrize(("name", "version"), WRITTEN)
def test_a_store_of_an_earlier_version_is_as_good_as_new(
    tmp_path: Path, name: str, version: int
) -> None:
    load(name, version, tmp_path / "old.db")
    upgraded, kept = asyncio.run(opened(f"sqlite:///{tmp_path}/old.db", name))
    fresh, empty = asyncio.run(opened(f"sqlite:///{tmp_path}/new.db", name))
    assert upgraded == fresh
    written = (VERSIONS / f"{name}-{version}.sql").read_text()
    for table, found in kept.items():
        assert len(found) == int(f'INSERT INTO "{table}" ' in written), table
    assert not any(empty.values())


@pytest.mark.parametrize("name", sorted(COMPONENTS))
def test_the_present_version_is_what_was_written_down(tmp_path: Path, name: str) -> None:
    schema, metadata = COMPONENTS[name]
    load(name, schema.version, tmp_path / "old.db")
    engine = sa.create_engine(f"sqlite:///{tmp_path}/old.db", poolclass=sa.NullPool)
    with engine.connect() as connection:
        written = shape(connection, metadata)
    fresh, _ = asyncio.run(opened(f"sqlite:///{tmp_path}/new.db", name))
    assert fresh == written, "the tables have changed: add a step and a file, or change them back"


@pytest.mark.parametrize("name", sorted(COMPONENTS))
def test_the_tables_are_what_the_queries_take_them_for(url: str, name: str) -> None:
    _, metadata = COMPONENTS[name]
    found, _ = asyncio.run(opened(url, name))
    assert {table: [column[0] for column in each["columns"]] for table, each in found.items()} == {
        name: list(table.columns.keys()) for name, table in metadata.tables.items()
    }
