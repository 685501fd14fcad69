"""What happened, and what cannot be right: kept in order, so much of each charge point."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.store.central_system.payload import as_text
from ocpp16.store.central_system.tables import EVENTS, columns_of
from ocpp16.structure import Response, Structure

ResponseT = TypeVar("ResponseT", bound=Response)
FLAG = "flag"
"""Kind of the events that tell of what cannot be right."""
_MINE = EVENTS.c.identity == sa.bindparam("whose")
_LAST = sa.select(sa.func.max(EVENTS.c.ordinal)).where(_MINE)
_ADD = sa.insert(EVENTS)
_DROP = sa.delete(EVENTS).where(_MINE, EVENTS.c.ordinal <= sa.bindparam("least"))
KINDS = (
    "connected", "disconnected", "boot", "status", "start", "stop", "firmware", "diagnostics",
    "log", "file", "security", "data-transfer", "key", "failed-authentication", "failed-tls",
    "replaced-connection", "invalid-message", "reused-id", "limit-hit", FLAG,
)  # fmt: skip
"""Those that a central system notes."""
LIMIT = 10_000
"""Events kept of a charge point; the oldest go first, since a peer can make as many as it likes."""


@attrs.frozen(kw_only=True)
class Event:
    """Something that happened."""

    number: int
    """Grows with each event of the store."""
    identity: str
    at: datetime
    kind: str
    """`flag` for what cannot be right; else a word of the application's (`boot`)."""
    text: str
    """For a person; holds what the peer sent, unescaped."""
    transaction_id: int | None
    payload: str | None
    """The request that it is about, as JSON."""


@attrs.frozen(kw_only=True)
class Outcome(Generic[ResponseT]):
    """How a message was taken."""

    response: ResponseT
    """What to answer."""
    is_repeat: bool = False
    """The same message was there before: nothing has changed."""
    events: tuple[Event, ...] = ()
    """What was noted about it."""


def note(
    connection: Connection,
    identity: str,
    kind: str,
    text: str,
    *,
    now: datetime,
    transaction_id: int | None = None,
    request: Structure | None = None,
    limit: int = LIMIT,
) -> Event:
    """Keep an event, and let the oldest of the charge point go."""
    ordinal = (connection.scalar(_LAST, {"whose": identity}) or 0) + 1
    values: dict[str, Any] = {
        "identity": identity,
        "at": now,
        "kind": kind,
        "text": text,
        "transaction_id": transaction_id,
        "payload": None if request is None else as_text(request),
    }
    added = connection.execute(_ADD, {"ordinal": ordinal, **values})
    if ordinal > limit:
        connection.execute(_DROP, {"whose": identity, "least": ordinal - limit})
    key = added.inserted_primary_key
    return Event(number=0 if key is None else key[0], **values)


def events(
    connection: Connection,
    *,
    identity: str | None = None,
    kind: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[Event]:
    """Return events in order.

    Args:
        connection: Of a read.
        identity: Only those of this charge point.
        kind: Only those of this kind.
        after: Only those with a higher number.
        limit: How many at most.
    """
    query = sa.select(EVENTS).where(EVENTS.c.number > after).order_by(EVENTS.c.number).limit(limit)
    if identity is not None:
        query = query.where(EVENTS.c.identity == identity)
    if kind is not None:
        query = query.where(EVENTS.c.kind == kind)
    return [Event(**columns_of(row, Event)) for row in connection.execute(query)]
