"""Reservations, by the ids that the central system gives them. Spec: C 5.1, 5.13."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum, unique
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.messages import ReserveNowRequest
from ocpp16.store.central_system.tables import RESERVATIONS, columns_of, put


@unique
class State(StrEnum):
    """What became of a reservation."""

    ASKED = "asked"
    """The charge point has not answered yet."""
    HELD = "held"
    """The charge point keeps a connector free."""
    REFUSED = "refused"
    USED = "used"
    """A transaction began that names it."""
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@attrs.frozen(kw_only=True)
class Reservation:
    """One reservation."""

    id: int
    identity: str
    connector_id: int
    id_tag: str
    parent: str | None
    expiry: datetime
    state: State


def next_id(connection: Connection) -> int:
    """Return an id that no reservation has had."""
    return (connection.scalar(sa.select(sa.func.max(RESERVATIONS.c.id))) or 0) + 1


def find_reservation(connection: Connection, reservation_id: int) -> Reservation | None:
    """Return a reservation."""
    query = sa.select(RESERVATIONS).where(RESERVATIONS.c.id == reservation_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _reservation(row)


def put_back(connection: Connection, earlier: Reservation) -> None:
    """Take it that what came in place of a reservation was not: it stands as before."""
    values = attrs.asdict(earlier) | {"state": str(earlier.state)}
    change = sa.update(RESERVATIONS).where(RESERVATIONS.c.id == values.pop("id"))
    connection.execute(change.values(values))


def put_reservation(
    connection: Connection,
    identity: str,
    request: ReserveNowRequest,
    *,
    now: datetime,
    state: State = State.ASKED,
) -> None:
    """Keep a reservation, in place of the one with its id (C 5.13: the charge point does, too)."""
    values = {
        "identity": identity,
        "connector_id": request.connector_id,
        "id_tag": request.id_tag,
        "parent": request.parent_id_tag,
        "expiry": request.expiry_date,
        "state": str(state),
        "made": now,
    }
    put(connection, RESERVATIONS, {"id": request.reservation_id}, values)


def set_state(connection: Connection, reservation_id: int, state: State) -> bool:
    """Say what became of a reservation, and tell whether there is one."""
    change = sa.update(RESERVATIONS).where(RESERVATIONS.c.id == reservation_id)
    return connection.execute(change.values(state=str(state))).rowcount > 0


def use(connection: Connection, identity: str, reservation_id: int) -> bool:
    """Take it that a transaction began that names a reservation; False if it is not known here.

    A charge point may report so late: after the reservation has expired for us.
    """
    change = sa.update(RESERVATIONS).where(
        RESERVATIONS.c.id == reservation_id, RESERVATIONS.c.identity == identity
    )
    return connection.execute(change.values(state=str(State.USED))).rowcount > 0


def expire(connection: Connection, *, now: datetime) -> int:
    """Take it that the time of reservations is over, and return of how many."""
    change = sa.update(RESERVATIONS).where(
        RESERVATIONS.c.expiry <= now, RESERVATIONS.c.state.in_([State.ASKED, State.HELD])
    )
    return connection.execute(change.values(state=str(State.EXPIRED))).rowcount


def reservations(
    connection: Connection, *, identity: str | None = None, state: State | None = None
) -> list[Reservation]:
    """Return reservations by id: all, or those of a charge point, or in a state."""
    query = sa.select(RESERVATIONS).order_by(RESERVATIONS.c.id)
    if identity is not None:
        query = query.where(RESERVATIONS.c.identity == identity)
    if state is not None:
        query = query.where(RESERVATIONS.c.state == str(state))
    return [_reservation(row) for row in connection.execute(query)]


def _reservation(row: sa.Row[Any]) -> Reservation:
    return Reservation(**{**columns_of(row, Reservation), "state": State(row.state)})
