"""A small schema for tests of what does not care about the tables."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.store.schema import Schema

METADATA = sa.MetaData()
NOTES = sa.Table(
    "note",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("text", sa.String(100), nullable=False, unique=True),
)
SCHEMA = Schema("test", (METADATA.create_all,))


def insert(text: str) -> Callable[[Connection], str]:
    """Return a work that keeps a text, and returns it."""

    def work(connection: Connection) -> str:
        connection.execute(sa.insert(NOTES).values(text=text))
        return text

    return work


def texts(connection: Connection) -> list[str]:
    """Return what was kept, in order."""
    return list(connection.scalars(sa.select(NOTES.c.text).order_by(NOTES.c.id)))
