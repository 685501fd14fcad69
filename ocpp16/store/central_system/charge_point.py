"""Charge points: who is known, what each reported of itself, how its connectors are.

Spec: C 4.2, 4.9.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.enums import RegistrationStatus
from ocpp16.messages import BootNotificationRequest, StatusNotificationRequest
from ocpp16.store.central_system.tables import (
    CHARGE_POINTS,
    CONFIGURATION,
    CONNECTORS,
    PROFILES,
    change,
    columns_of,
    put,
)

_HOW_MANY = (
    sa.select(sa.func.count())
    .select_from(CONNECTORS)
    .where(CONNECTORS.c.identity == sa.bindparam("whose"))
)

CONNECTOR_LIMIT = 1000
"""Connectors kept of a charge point; it can name as many as it likes."""


@attrs.frozen(kw_only=True)
class Connector:
    """The last report on a connector; 0 is the charge point itself."""

    connector_id: int
    status: str
    error_code: str
    info: str | None
    vendor_id: str | None
    vendor_error_code: str | None
    since: datetime


@attrs.frozen(kw_only=True)
class ChargePoint:
    """What is known of a charge point."""

    identity: str
    approval: RegistrationStatus | None
    """What it is to be told when it boots; None leaves that to the policy."""
    first_seen: datetime | None
    last_seen: datetime | None
    boots: int
    last_boot: datetime | None
    vendor: str | None
    model: str | None
    serial_number: str | None
    box_serial_number: str | None
    firmware_version: str | None
    iccid: str | None
    imsi: str | None
    meter_type: str | None
    meter_serial_number: str | None
    list_version: int | None
    """Of the local list that it accepted last."""


def approve(connection: Connection, identity: str, approval: RegistrationStatus | None) -> None:
    """Enter a charge point, and say what it is to be told when it boots."""
    values = {"approval": None if approval is None else str(approval)}
    put(connection, CHARGE_POINTS, {"identity": identity}, values)


def is_known(connection: Connection, identity: str) -> bool:
    """Tell whether a charge point was entered, or has booted before."""
    query = sa.select(CHARGE_POINTS.c.identity).where(CHARGE_POINTS.c.identity == identity)
    return connection.execute(query).first() is not None


def boot(
    connection: Connection,
    identity: str,
    request: BootNotificationRequest,
    *,
    now: datetime,
    otherwise: RegistrationStatus,
) -> RegistrationStatus:
    """Take what a charge point reports of itself, and return what it is to be told.

    Args:
        connection: Of a write.
        identity: Of the charge point.
        request: What it sent.
        now: The time.
        otherwise: What the policy says where nobody has said anything about it.
    """
    mine = CHARGE_POINTS.c.identity == identity
    row = connection.execute(sa.select(CHARGE_POINTS).where(mine)).one_or_none()
    values = {
        "first_seen": now if row is None or row.first_seen is None else row.first_seen,
        "last_seen": now,
        "boots": 1 if row is None else row.boots + 1,
        "last_boot": now,
        "vendor": request.charge_point_vendor,
        "model": request.charge_point_model,
        "serial_number": request.charge_point_serial_number,
        "box_serial_number": request.charge_box_serial_number,
        "firmware_version": request.firmware_version,
        "iccid": request.iccid,
        "imsi": request.imsi,
        "meter_type": request.meter_type,
        "meter_serial_number": request.meter_serial_number,
    }
    put(connection, CHARGE_POINTS, {"identity": identity}, values)
    if row is None or row.approval is None:
        return otherwise
    return RegistrationStatus(row.approval)


def hear(connection: Connection, identity: str, *, now: datetime) -> None:
    """Take it that a charge point gave a sign of life."""
    change(connection, CHARGE_POINTS, {"identity": identity}, {"last_seen": now})


def set_list_version(connection: Connection, identity: str, version: int) -> None:
    """Take it that a charge point accepted a local list."""
    put(connection, CHARGE_POINTS, {"identity": identity}, {"list_version": version})


def note_status(
    connection: Connection, identity: str, request: StatusNotificationRequest, *, now: datetime
) -> bool:
    """Take how a connector is; False if the charge point has named too many of them."""
    key = {"identity": identity, "connector_id": request.connector_id}
    values = {
        "status": request.status,
        "error_code": request.error_code,
        "info": request.info,
        "vendor_id": request.vendor_id,
        "vendor_error_code": request.vendor_error_code,
        # C 4.9: without a timestamp, the time of receipt counts.
        "since": request.timestamp or now,
    }
    if change(connection, CONNECTORS, key, values):
        return True
    if (connection.scalar(_HOW_MANY, {"whose": identity}) or 0) >= CONNECTOR_LIMIT:
        return False
    put(connection, CONNECTORS, key, values)
    return True


def connectors(connection: Connection, identity: str) -> list[Connector]:
    """Return the last report on each connector, by its number."""
    query = sa.select(CONNECTORS).where(CONNECTORS.c.identity == identity)
    return [
        Connector(**columns_of(row, Connector))
        for row in connection.execute(query.order_by(CONNECTORS.c.connector_id))
    ]


def find_charge_point(connection: Connection, identity: str) -> ChargePoint | None:
    """Return what is known of a charge point."""
    query = sa.select(CHARGE_POINTS).where(CHARGE_POINTS.c.identity == identity)
    row = connection.execute(query).one_or_none()
    return None if row is None else _charge_point(row)


def charge_points(
    connection: Connection, *, after: str = "", limit: int = 1000
) -> list[ChargePoint]:
    """Return charge points by identity.

    Args:
        connection: Of a read.
        after: Only those that follow this one.
        limit: How many at most.
    """
    query = sa.select(CHARGE_POINTS).where(CHARGE_POINTS.c.identity > after)
    rows = connection.execute(query.order_by(CHARGE_POINTS.c.identity).limit(limit))
    return [_charge_point(row) for row in rows]


def remove_charge_point(connection: Connection, identity: str) -> bool:
    """Forget a charge point, and tell whether it was known; what was charged stays in the books."""
    for table in (CONNECTORS, CONFIGURATION, PROFILES):
        connection.execute(sa.delete(table).where(table.c.identity == identity))
    gone = sa.delete(CHARGE_POINTS).where(CHARGE_POINTS.c.identity == identity)
    return connection.execute(gone).rowcount > 0


def _charge_point(row: sa.Row[Any]) -> ChargePoint:
    values = columns_of(row, ChargePoint)
    if row.approval is not None:
        values["approval"] = RegistrationStatus(row.approval)
    return ChargePoint(**values)
