"""Security events that charge points have told, so many of each (W A04.03).

They have a table of their own: what a charge point tells of its connectors shall not push them out.
"""

from __future__ import annotations

from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.messages import SecurityEventNotificationRequest
from ocpp16.security_event import SecurityEvent
from ocpp16.store.security.tables import EVENTS

LIMIT = 10_000
"""Events kept of a charge point; the oldest go first."""
_CRITICAL = frozenset(str(event) for event in SecurityEvent if event.is_critical)


@attrs.frozen(kw_only=True)
class ToldEvent:
    """What a charge point told by SecurityEventNotification."""

    number: int
    """Grows with each event of the store."""
    identity: str
    type: str
    """Free text of the charge point; a `SecurityEvent` if it keeps to the standard."""
    at: datetime
    """When it happened, by the charge point's clock."""
    tech_info: str | None
    received: datetime

    @property
    def is_critical(self) -> bool:
        """Tell whether the standard has it as critical."""
        return self.type in _CRITICAL


def take(
    connection: Connection,
    identity: str,
    request: SecurityEventNotificationRequest,
    *,
    now: datetime,
    limit: int = LIMIT,
) -> bool:
    """Keep an event, and let the oldest of the charge point go.

    Returns:
        Whether it is new: who got no answer tells the same again.
    """
    mine = EVENTS.c.identity == identity
    same = sa.select(EVENTS.c.number).where(
        mine,
        EVENTS.c.type == request.type,
        EVENTS.c.at == request.timestamp,
        EVENTS.c.tech_info.is_(None)
        if request.tech_info is None
        else EVENTS.c.tech_info == request.tech_info,
    )
    if connection.execute(same.limit(1)).first() is not None:
        return False
    last = connection.scalar(sa.select(sa.func.max(EVENTS.c.ordinal)).where(mine))
    ordinal = (last or 0) + 1
    connection.execute(
        sa.insert(EVENTS).values(
            identity=identity,
            ordinal=ordinal,
            type=request.type,
            at=request.timestamp,
            tech_info=request.tech_info,
            received=now,
        )
    )
    connection.execute(sa.delete(EVENTS).where(mine, EVENTS.c.ordinal <= ordinal - limit))
    return True


def told_events(
    connection: Connection,
    *,
    identity: str | None = None,
    type: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[ToldEvent]:
    """Return events, the latest first.

    Args:
        connection: Of a read.
        identity: Only those of this charge point.
        type: Only those of this type.
        before: Only those with a lower number.
        limit: How many at most.
    """
    query = sa.select(EVENTS).order_by(EVENTS.c.number.desc()).limit(limit)
    if identity is not None:
        query = query.where(EVENTS.c.identity == identity)
    if type is not None:
        query = query.where(EVENTS.c.type == type)
    if before is not None:
        query = query.where(EVENTS.c.number < before)
    fields = [field.name for field in attrs.fields(ToldEvent)]
    return [
        ToldEvent(**{name: getattr(row, name) for name in fields})
        for row in connection.execute(query)
    ]
