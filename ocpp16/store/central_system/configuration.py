"""Configuration keys, as charge points reported them or accepted them. Spec: C 5.3, 5.8."""

from __future__ import annotations

from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.datatypes import KeyValue
from ocpp16.store.central_system.id_tag import folded
from ocpp16.store.central_system.tables import CONFIGURATION, columns_of, put

LIMIT = 1000
"""Keys kept of a charge point; it can report as many as it likes."""
SECRET = frozenset({"authorizationkey"})
"""Keys whose values are never kept, even if a charge point gives them away (J 6.2.2)."""


@attrs.frozen(kw_only=True)
class Setting:
    """One key of a charge point."""

    key: str
    value: str | None
    """None where it is not set, or is a secret."""
    is_readonly: bool | None
    """None where only a change was accepted."""
    since: datetime


def note_reported(
    connection: Connection, identity: str, found: tuple[KeyValue, ...], *, now: datetime
) -> None:
    """Keep what a charge point answered to GetConfiguration."""
    known = _keys(connection, identity)
    for each in found:
        key = folded(each.key)
        if key not in known and len(known) >= LIMIT:
            continue
        known.add(key)
        values = {
            "key": each.key,
            "value": None if key in SECRET else each.value,
            "is_readonly": each.readonly,
            "since": now,
        }
        put(connection, CONFIGURATION, {"identity": identity, "folded": key}, values)


def note_changed(
    connection: Connection, identity: str, key: str, value: str, *, now: datetime
) -> None:
    """Keep what a charge point accepted by ChangeConfiguration."""
    values = {
        "key": key,
        "value": None if folded(key) in SECRET else value,
        "since": now,
    }
    put(connection, CONFIGURATION, {"identity": identity, "folded": folded(key)}, values)


def settings(connection: Connection, identity: str) -> list[Setting]:
    """Return what is known of a charge point's configuration, by key."""
    query = sa.select(CONFIGURATION).where(CONFIGURATION.c.identity == identity)
    return [
        Setting(**columns_of(row, Setting))
        for row in connection.execute(query.order_by(CONFIGURATION.c.folded))
    ]


def _keys(connection: Connection, identity: str) -> set[str]:
    query = sa.select(CONFIGURATION.c.folded).where(CONFIGURATION.c.identity == identity)
    return set(connection.scalars(query))
