"""Versions of what is in a store, and how one becomes the next.

A schema belongs to a component (the bridge, the central system) and is a list of steps; its version
is how many were taken. Components may share a database. Knows no table but its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.store.error import StoreVersionTooNew

Step = Callable[[Connection], None]
"""Takes a schema from one version to the next, data included; neither commits nor rolls back.

A step that has been released never changes: it describes the tables as they were then.
"""

METADATA = sa.MetaData()
VERSIONS = sa.Table(
    "ocpp16_schema",
    METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
)
REIGNS = sa.Table(
    "ocpp16_reign",
    METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
)
"""How often each schema got a new leader: whoever led before knows by it that it was replaced."""


@attrs.frozen
class Schema:
    """The tables of one component.

    Args:
        name: Of the component; never changes.
        steps: From nothing to the present version, in order.
    """

    name: str
    steps: tuple[Step, ...]

    @property
    def version(self) -> int:
        """The version that this software works with."""
        return len(self.steps)


def new_tables(metadata: sa.MetaData, *tables: sa.Table) -> Step:
    """Return the step that makes tables; it fails if one of somebody else's has such a name.

    Args:
        metadata: Where they are described.
        tables: Those that came with this step; none is all of them.
    """

    def step(connection: Connection) -> None:
        metadata.create_all(connection, tables=tables or None, checkfirst=False)

    return step


def is_current(connection: Connection, schemas: Sequence[Schema]) -> bool:
    """Tell whether every schema has its present version.

    Raises:
        StoreVersionTooNew: One has a later version.
    """
    found = _versions(connection)
    for schema in schemas:
        if found.get(schema.name, 0) > schema.version:
            raise StoreVersionTooNew(
                f"the store has version {found[schema.name]} of {schema.name}, and this software "
                f"knows versions up to {schema.version}: install the version of ocpp16 that wrote "
                "it, or a later one, or go back to a copy of the store from before"
            )
    return all(found.get(schema.name) == schema.version for schema in schemas)


def migrate(connection: Connection, schemas: Sequence[Schema]) -> None:
    """Take every step that is missing, within the transaction that is open.

    Raises:
        StoreVersionTooNew: A schema has a later version; nothing was changed.
    """
    METADATA.create_all(connection)
    if is_current(connection, schemas):
        return
    found = _versions(connection)
    for schema in schemas:
        before = found.get(schema.name, 0)
        for step in schema.steps[before:]:
            step(connection)
        if schema.name in found:
            change = sa.update(VERSIONS).where(VERSIONS.c.name == schema.name)
            connection.execute(change.values(version=schema.version))
        else:
            row = {"name": schema.name, "version": schema.version}
            connection.execute(sa.insert(VERSIONS).values(row))


def _versions(connection: Connection) -> dict[str, int]:
    if not sa.inspect(connection).has_table(VERSIONS.name):
        return {}
    rows = connection.execute(sa.select(VERSIONS.c.name, VERSIONS.c.version))
    return {row.name: row.version for row in rows}
