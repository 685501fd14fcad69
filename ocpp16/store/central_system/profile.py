"""Charging profiles that charge points have accepted. Spec: C 3.13, 5.5, 5.16."""

from __future__ import annotations

from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.bindings.ocppj import codec
from ocpp16.datatypes import ChargingProfile
from ocpp16.messages import ClearChargingProfileRequest, SetChargingProfileRequest
from ocpp16.store.central_system.tables import PROFILES


@attrs.frozen(kw_only=True)
class InstalledProfile:
    """A profile that a charge point has."""

    connector_id: int
    profile: ChargingProfile
    since: datetime


def note_set(
    connection: Connection, identity: str, request: SetChargingProfileRequest, *, now: datetime
) -> None:
    """Keep a profile that a charge point accepted.

    It replaces the one with its id, and the one with its purpose and stack level on the same
    connector and for the same transaction (C 3.13.2).
    """
    profile = request.cs_charging_profiles
    table = PROFILES.c
    same_place = sa.and_(
        table.connector_id == request.connector_id,
        table.purpose == str(profile.charging_profile_purpose),
        table.stack_level == profile.stack_level,
        table.transaction_id.is_(None)
        if profile.transaction_id is None
        else table.transaction_id == profile.transaction_id,
    )
    replaced = sa.or_(table.profile_id == profile.charging_profile_id, same_place)
    connection.execute(sa.delete(PROFILES).where(table.identity == identity, replaced))
    row = {
        "identity": identity,
        "profile_id": profile.charging_profile_id,
        "connector_id": request.connector_id,
        "purpose": str(profile.charging_profile_purpose),
        "stack_level": profile.stack_level,
        "transaction_id": profile.transaction_id,
        "request": codec.encode(request),
        "since": now,
    }
    connection.execute(sa.insert(PROFILES).values(row))


def note_cleared(
    connection: Connection, identity: str, request: ClearChargingProfileRequest
) -> int:
    """Take it that a charge point has cleared profiles, and return how many of those known.

    With an id only that one; else all fields have to fit, and none at all is every one (CE 3.26).
    """
    table = PROFILES.c
    gone = sa.delete(PROFILES).where(table.identity == identity)
    if request.id is not None:
        gone = gone.where(table.profile_id == request.id)
    else:
        if request.connector_id is not None:
            gone = gone.where(table.connector_id == request.connector_id)
        if request.charging_profile_purpose is not None:
            gone = gone.where(table.purpose == str(request.charging_profile_purpose))
        if request.stack_level is not None:
            gone = gone.where(table.stack_level == request.stack_level)
    return connection.execute(gone).rowcount


def note_transaction_over(connection: Connection, identity: str, transaction_id: int) -> None:
    """Take it that a transaction is over, and its profiles with it (C 3.13.1)."""
    mine = PROFILES.c.identity == identity
    of_it = PROFILES.c.transaction_id == transaction_id
    connection.execute(sa.delete(PROFILES).where(mine, of_it))


def profiles(connection: Connection, identity: str) -> list[InstalledProfile]:
    """Return the profiles of a charge point, by connector and stack level."""
    table = PROFILES.c
    query = sa.select(table.connector_id, table.request, table.since).where(
        table.identity == identity
    )
    rows = connection.execute(
        query.order_by(table.connector_id, table.stack_level, table.profile_id)
    )
    return [
        InstalledProfile(
            connector_id=row.connector_id,
            profile=codec.decode(
                SetChargingProfileRequest, bytes(row.request)
            ).cs_charging_profiles,
            since=row.since,
        )
        for row in rows
    ]
