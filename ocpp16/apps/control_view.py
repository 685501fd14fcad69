"""What the control API shows of the books, as JSON. Reads; no secret is in any of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ocpp16.apps.summary import payload_of
from ocpp16.primitives import format_timestamp
from ocpp16.roles.peer import Peer
from ocpp16.storage import Registration
from ocpp16.store.central_system import (
    charge_point,
    configuration,
    profile,
    reservation,
    transaction,
)
from ocpp16.store.central_system.charge_point import ChargePoint
from ocpp16.store.central_system.event import Event
from ocpp16.store.central_system.id_tag import IdTag
from ocpp16.store.central_system.reservation import Reservation, State
from ocpp16.store.central_system.transaction import Transaction

RUNNING_LIMIT = 100
"""Transactions that run which are shown with a charge point."""

Json = dict[str, Any]


def charge_point_object(
    identity: str, known: ChargePoint | None, peer: Peer | None, told: Registration | None
) -> Json:
    """Return a charge point, as the list has it."""
    return {
        "identity": identity,
        "connected": peer is not None and peer.is_connected,
        "wire": None if peer is None else peer.binding,
        "registration": None if told is None else told.status,
        "approval": None if known is None or known.approval is None else str(known.approval),
        "vendor": None if known is None else known.vendor,
        "model": None if known is None else known.model,
        "serialNumber": None if known is None else known.serial_number,
        "firmwareVersion": None if known is None else known.firmware_version,
        "boots": 0 if known is None else known.boots,
        "lastBoot": None if known is None else instant(known.last_boot),
        "lastSeen": None if known is None else instant(known.last_seen),
        "localListVersion": None if known is None else known.list_version,
    }


def details(connection: Connection, identity: str, now: datetime) -> Json:
    """Return what else is known of a charge point."""
    running = transaction.transactions(
        connection, identity=identity, is_running=True, limit=RUNNING_LIMIT
    )
    return {
        "connectors": [
            {
                "connectorId": each.connector_id,
                "status": each.status,
                "errorCode": each.error_code,
                "info": each.info,
                "vendorId": each.vendor_id,
                "vendorErrorCode": each.vendor_error_code,
                "since": instant(each.since),
            }
            for each in charge_point.connectors(connection, identity)
        ],
        "transactions": [transaction_object(each) for each in running],
        "reservations": [
            _reservation_object(each, now)
            for each in reservation.reservations(connection, identity=identity)
            if _state(each, now) in {State.ASKED, State.HELD}
        ],
        "chargingProfiles": [
            {
                "connectorId": each.connector_id,
                "since": instant(each.since),
                "chargingProfile": payload_of(each.profile),
            }
            for each in profile.profiles(connection, identity)
        ],
        "configuration": [
            {
                "key": each.key,
                "value": each.value,
                "readonly": each.is_readonly,
                "since": instant(each.since),
            }
            for each in configuration.settings(connection, identity)
        ],
    }


def transaction_object(found: Transaction) -> Json:
    """Return a transaction."""
    return {
        "transactionId": found.id,
        "chargePoint": found.identity,
        "connectorId": found.connector_id,
        "idTag": found.id_tag,
        "idTagInfo": payload_of(found.start_info),
        "start": instant(found.started),
        "meterStart": found.meter_start,
        "lastReading": found.reading,
        "stop": instant(found.stopped),
        "meterStop": found.meter_stop,
        "energy": found.energy,
        "reason": found.stop_reason,
        "stopIdTag": found.stop_tag,
        "reservationId": found.reservation_id,
    }


def id_tag_object(tag: IdTag) -> Json:
    """Return an identifier."""
    return {
        "idTag": tag.id_tag,
        "status": str(tag.info.status),
        "expiryDate": instant(tag.info.expiry_date),
        "parentIdTag": tag.info.parent_id_tag,
        "single": tag.is_single,
        "note": tag.note,
    }


def event_object(event: Event) -> Json:
    """Return an event; what a charge point sent is not in it."""
    return {
        "number": event.number,
        "time": instant(event.at),
        "chargePoint": event.identity or None,
        "kind": event.kind,
        "text": event.text,
        "transactionId": event.transaction_id,
    }


def _reservation_object(found: Reservation, now: datetime) -> Json:
    return {
        "reservationId": found.id,
        "connectorId": found.connector_id,
        "idTag": found.id_tag,
        "parentIdTag": found.parent,
        "expiryDate": instant(found.expiry),
        "state": str(_state(found, now)),
    }


def _state(found: Reservation, now: datetime) -> State:
    # The store learns it late: when the next one is asked for.
    if found.state in {State.ASKED, State.HELD} and found.expiry <= now:
        return State.EXPIRED
    return found.state


def instant(time: datetime | None) -> str | None:
    """Return an instant, null where there is none."""
    return None if time is None else format_timestamp(time)
