"""Everything that is read of the bridge's tables, and the few changes that another process makes.

Each function is one work, to be handed to `Database.read` or `Database.write`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.store.bridge.tables import (
    ANSWERS,
    CHARGERS,
    MESSAGES,
    TRANSACTIONS,
    State,
    instant,
    milliseconds,
)


@attrs.frozen(kw_only=True)
class MessageRow:
    """A message that is kept."""

    key: int
    identity: str
    action: str
    payload: bytes
    call_id: str
    digest: bytes | None
    received: datetime
    state: State
    attempts: int
    reason: str | None
    moved: datetime | None
    local_id: int | None


@attrs.frozen(kw_only=True)
class ChargerRow:
    """A charge point, as the running bridge noted it last."""

    identity: str
    status: str | None
    interval: int | None
    boot: bytes | None
    callback: str | None
    refusing: str
    is_online: bool
    upstream: str
    last_seen: datetime | None
    last_error: str | None
    queued: int
    held: int
    dead: int
    oldest: datetime | None
    """When the oldest message that waits was received."""


def chargers(connection: Connection, identity: str | None = None) -> list[ChargerRow]:
    """Return every charge point that is known, or one, ordered by identity."""
    counts: dict[str, dict[str, tuple[int, int]]] = {}
    states = sa.select(
        MESSAGES.c.identity,
        MESSAGES.c.state,
        sa.func.count(),
        sa.func.min(MESSAGES.c.received),
    ).group_by(MESSAGES.c.identity, MESSAGES.c.state)
    rows = sa.select(CHARGERS).order_by(CHARGERS.c.identity)
    if identity is not None:
        states = states.where(MESSAGES.c.identity == identity)
        rows = rows.where(CHARGERS.c.identity == identity)
    for name, state, count, oldest in connection.execute(states):
        counts.setdefault(name, {})[state] = (count, oldest)
    found = [
        _charger(dict(row), counts.pop(row["identity"], {}))
        for row in connection.execute(rows).mappings()
    ]
    # Messages are written before anything else is noted of a charge point.
    found += [_charger({"identity": name}, states) for name, states in counts.items()]
    return sorted(found, key=lambda row: row.identity)


def _charger(row: dict[str, Any], counts: dict[str, tuple[int, int]]) -> ChargerRow:
    queued, oldest = counts.get(State.QUEUED, (0, None))
    released, _ = counts.get(State.RELEASED, (0, None))
    seen = row.pop("last_seen", None)
    defaults: dict[str, Any] = {
        "status": None,
        "interval": None,
        "boot": None,
        "callback": None,
        "refusing": "",
        "is_online": False,
        "upstream": "idle",
        "last_error": None,
    }
    return ChargerRow(
        **(defaults | row),
        last_seen=instant(seen) if isinstance(seen, int) else None,
        queued=queued + released,
        held=counts.get(State.HELD, (0, 0))[0],
        dead=counts.get(State.DEAD, (0, 0))[0],
        oldest=None if oldest is None else instant(oldest),
    )


def line(
    connection: Connection, identity: str, after: int, limit: int
) -> tuple[list[MessageRow], int]:
    """Return the next messages that wait behind one, in order, and how many wait in all."""
    waits = sa.and_(MESSAGES.c.identity == identity, MESSAGES.c.state == State.QUEUED.value)
    rows = connection.execute(
        sa.select(MESSAGES)
        .where(waits, MESSAGES.c.key > after)
        .order_by(MESSAGES.c.key)
        .limit(limit)
    ).mappings()
    found = [_message(row) for row in rows]
    total = connection.scalar(sa.select(sa.func.count()).select_from(MESSAGES).where(waits))
    return found, int(total or 0)


def messages(
    connection: Connection, identity: str, states: Sequence[State], limit: int = 1000
) -> list[MessageRow]:
    """Return messages of a charge point in these states, the oldest first."""
    rows = connection.execute(
        sa.select(MESSAGES)
        .where(
            MESSAGES.c.identity == identity,
            MESSAGES.c.state.in_([state.value for state in states]),
        )
        .order_by(MESSAGES.c.key)
        .limit(limit)
    ).mappings()
    return [_message(row) for row in rows]


def decided(connection: Connection, limit: int = 100) -> list[MessageRow]:
    """Return messages that a person has put back or done away with, the oldest first."""
    rows = connection.execute(
        sa.select(MESSAGES)
        .where(MESSAGES.c.state.in_([State.RELEASED.value, State.DROPPED.value]))
        .order_by(MESSAGES.c.key)
        .limit(limit)
    ).mappings()
    return [_message(row) for row in rows]


def transactions(connection: Connection, identity: str) -> list[tuple[int, int | None]]:
    """Return local id and backend's id of each transaction where they differ."""
    rows = connection.execute(
        sa.select(TRANSACTIONS.c.local_id, TRANSACTIONS.c.backend_id)
        .where(TRANSACTIONS.c.identity == identity)
        .order_by(TRANSACTIONS.c.made)
    )
    return [(row.local_id, row.backend_id) for row in rows]


def release(connection: Connection, key: int, identity: str | None = None) -> MessageRow | None:
    """Put a held or dead message back, for the running bridge to take; None if there is none.

    Args:
        connection: Where.
        key: Which message.
        identity: Whose it has to be, if that is to be checked.
    """
    return _decide(connection, key, identity, State.RELEASED)


def drop(connection: Connection, key: int, identity: str | None = None) -> MessageRow | None:
    """Do away with a held or dead message; likewise."""
    return _decide(connection, key, identity, State.DROPPED)


def _decide(
    connection: Connection, key: int, identity: str | None, state: State
) -> MessageRow | None:
    found = connection.execute(sa.select(MESSAGES).where(MESSAGES.c.key == key)).mappings()
    row = found.one_or_none()
    if row is None or row["state"] not in {State.HELD, State.DEAD, state}:
        return None
    if identity is not None and row["identity"] != identity:
        return None
    change = sa.update(MESSAGES).where(MESSAGES.c.key == key)
    connection.execute(change.values(state=state.value))
    return _message(row)


def prune(connection: Connection, before: datetime, limit: int = 1000) -> int:
    """Forget answers given before an instant, so many at a time; return how many."""
    old = (
        sa.select(ANSWERS.c.identity, ANSWERS.c.digest)
        .where(ANSWERS.c.given < milliseconds(before))
        .limit(limit)
    )
    rows = connection.execute(old).all()
    for identity, digest in rows:
        connection.execute(
            sa.delete(ANSWERS).where(ANSWERS.c.identity == identity, ANSWERS.c.digest == digest)
        )
    return len(rows)


def _message(row: sa.RowMapping) -> MessageRow:
    values = dict(row)
    moved = values["moved"]
    digest = values["digest"]
    return MessageRow(
        **(
            values
            | {
                "payload": bytes(values["payload"]),
                "digest": None if digest is None else bytes(digest),
                "received": instant(values["received"]),
                "moved": None if moved is None else instant(moved),
                "state": State(values["state"]),
            }
        )
    )
