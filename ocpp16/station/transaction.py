"""One transaction: who, since when, and what ends it. Spec: C 3.6, 4.8, 4.10; SPEC 4, 5.

Decides; storing and sending is for whoever runs it.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum, unique
from typing import Any

import attrs

from ocpp16.datatypes import IdTagInfo, MeterValue
from ocpp16.enums import AuthorizationStatus, Reason
from ocpp16.primitives import format_timestamp, parse_timestamp
from ocpp16.station.authorization import Starter
from ocpp16.station.configuration import Configuration
from ocpp16.station.storage import fields_of

KIND = "transaction"
DATA_KIND = "transaction-data"
EV_SIDE_DISCONNECTED = "EV side disconnected"
"""Info of the StatusNotification after the EV's end was unplugged (SPEC 5)."""


@attrs.define(kw_only=True)
class Transaction:
    """A transaction that runs."""

    number: int
    """Our own number of it, for as long as its transactionId is not known."""
    connector: int
    starter: Starter
    meter_start: int
    started: datetime
    reservation_id: int | None = None
    is_undated: bool = False
    """Started before the clock was set in this run."""
    is_deauthorized: bool = False
    """StartTransaction was answered not Accepted, and it goes on without energy."""
    energy_until: int | None = None
    """Register reading up to which energy may flow after that (MaxEnergyOnInvalidId)."""
    ev_is_gone: bool = False
    """The EV's end was unplugged, and the transaction goes on."""
    end_reason: Reason | None = None
    """Why it is to be stopped after the next boot, where that could not be told before."""
    data: list[MeterValue] = attrs.field(factory=list)
    """What StopTransaction will tell of its course."""
    data_keys: list[int] = attrs.field(factory=list)
    """Where each of these is kept."""

    @property
    def may_draw(self) -> bool:
        """Tell whether energy may flow, as far as the transaction goes."""
        if self.ev_is_gone:
            return False
        return not self.is_deauthorized or self.energy_until is not None


@unique
class AfterStart(Enum):
    """What follows from the answer to StartTransaction."""

    GO_ON = "goes on"
    STOP = "is stopped, reason DeAuthorized"
    NO_ENERGY = "goes on without energy"
    LAST_ENERGY = "goes on until it has had so much energy"


def after_start(info: IdTagInfo, configuration: Configuration) -> AfterStart:
    """Decide by the answer to StartTransaction (SPEC 4, CE 3.17)."""
    if info.status is AuthorizationStatus.ACCEPTED:
        return AfterStart.GO_ON
    if configuration.integer("MaxEnergyOnInvalidId") > 0:
        return AfterStart.LAST_ENERGY
    return after_last_energy(configuration)


def after_last_energy(configuration: Configuration) -> AfterStart:
    """Decide when a deauthorized transaction has had all the energy that it may have."""
    is_stopped = configuration.is_on("StopTransactionOnInvalidId")
    return AfterStart.STOP if is_stopped else AfterStart.NO_ENERGY


@attrs.frozen
class EvDisconnect:
    """What follows from the EV's end being unplugged."""

    stops: bool
    """The transaction stops, reason EVDisconnected; else it goes on, SuspendedEV."""
    unlocks: bool
    """The connector is unlocked at the charge point's end."""


def after_ev_disconnect(configuration: Configuration) -> EvDisconnect:
    """Decide what follows from the EV's end being unplugged (SPEC 5)."""
    # CE 3.80: without the key there is no choice, and a disconnect ends the transaction.
    stops = not configuration.has("StopTransactionOnEVSideDisconnect") or configuration.is_on(
        "StopTransactionOnEVSideDisconnect"
    )
    # While the transaction goes on the cable stays locked in any case.
    unlocks = stops and configuration.is_on("UnlockConnectorOnEVSideDisconnect")
    return EvDisconnect(stops, unlocks)


def record_of(transaction: Transaction) -> dict[str, Any]:
    """Return what has to be kept of a transaction; its data are kept one by one."""
    return {
        "connector": transaction.connector,
        "tag": transaction.starter.id_tag,
        "parent": transaction.starter.parent_id_tag,
        "meter": transaction.meter_start,
        "started": format_timestamp(transaction.started),
        "reservation": transaction.reservation_id,
        "undated": transaction.is_undated,
        "deauthorized": transaction.is_deauthorized,
        "energy_until": transaction.energy_until,
        "end": None if transaction.end_reason is None else str(transaction.end_reason),
    }


def from_record(key: str, record: Any) -> Transaction:
    """Return the transaction that was kept.

    Raises:
        RecordDamaged: It is none.
    """
    record = fields_of(record, "transaction")
    end = record["end"]
    return Transaction(
        number=int(key),
        connector=record["connector"],
        starter=Starter(record["tag"], record["parent"]),
        meter_start=record["meter"],
        started=parse_timestamp(record["started"]),
        reservation_id=record["reservation"],
        is_undated=record["undated"],
        is_deauthorized=record["deauthorized"],
        energy_until=record["energy_until"],
        end_reason=None if end is None else Reason(end),
    )
