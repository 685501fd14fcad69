"""What waits in a store, over all charge points, in numbers."""

from __future__ import annotations

from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.store.bridge.tables import MESSAGES, State, instant


@attrs.frozen(kw_only=True)
class Totals:
    """What waits in the store, over all charge points."""

    queued: int
    deepest: int
    """The most that wait of one charge point."""
    oldest: datetime | None
    """When the oldest that waits for the backend was received."""
    held: int
    dead: int


def totals(connection: Connection) -> Totals:
    """Return what waits in the store, over all charge points."""
    states = connection.execute(
        sa.select(MESSAGES.c.state, sa.func.count(), sa.func.min(MESSAGES.c.received)).group_by(
            MESSAGES.c.state
        )
    )
    counts = {state: (count, oldest) for state, count, oldest in states}
    depths = (
        sa.select(sa.func.count().label("depth"))
        .where(MESSAGES.c.state == State.QUEUED.value)
        .group_by(MESSAGES.c.identity)
        .subquery()
    )
    deepest = connection.scalar(sa.select(sa.func.max(depths.c.depth)))
    queued, oldest = counts.get(State.QUEUED, (0, None))
    return Totals(
        queued=queued,
        deepest=deepest or 0,
        oldest=None if oldest is None else instant(oldest),
        held=counts.get(State.HELD, (0, None))[0],
        dead=counts.get(State.DEAD, (0, None))[0],
    )
