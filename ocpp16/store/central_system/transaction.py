"""Transactions, as their charge points reported them. Spec: C 3.7, 4.7, 4.8, 4.10.

What a charge point reports is answered and kept as it is; what cannot be right is flagged (C 3.7).
A message about a transaction that is another charge point's, or none, or over, changes nothing. Ids
are random and never used again, since rows are never removed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus, Reason
from ocpp16.messages import (
    MeterValuesRequest,
    MeterValuesResponse,
    StartTransactionRequest,
    StartTransactionResponse,
    StopTransactionRequest,
    StopTransactionResponse,
)
from ocpp16.store.central_system import meter_value, profile, reservation
from ocpp16.store.central_system.event import FLAG, Event, Outcome, note
from ocpp16.store.central_system.id_tag import authorize, authorize_start, folded
from ocpp16.store.central_system.payload import as_text, digest, info_from_text
from ocpp16.store.central_system.reading import last_reading
from ocpp16.store.central_system.tables import TRANSACTIONS, change, columns_of
from ocpp16.structure import Structure

ID_LIMIT = 2**31
"""Ids are below this, so that every wire and every peer can carry them."""
FUTURE = timedelta(days=1)
"""A timestamp that far ahead is flagged."""
_ONE = sa.select(TRANSACTIONS).where(TRANSACTIONS.c.id == sa.bindparam("number"))


@attrs.frozen(kw_only=True)
class Transaction:
    """One transaction."""

    id: int
    identity: str
    connector_id: int
    id_tag: str
    meter_start: int
    started: datetime
    reservation_id: int | None
    start_info: IdTagInfo
    """What the charge point was told of the identifier."""
    reading: int | None
    """The last reading of the meter while it ran, in Wh."""
    meter_stop: int | None
    stopped: datetime | None
    """None while it runs."""
    stop_reason: str | None
    """None while it runs; `Local` where the charge point gave none."""
    stop_tag: str | None

    @property
    def energy(self) -> int | None:
        """What was charged, in Wh; None while it runs."""
        return None if self.meter_stop is None else self.meter_stop - self.meter_start


def random_id() -> int:
    """Return a positive number that nobody can guess."""
    return 1 + secrets.randbelow(ID_LIMIT - 1)


def start(
    connection: Connection,
    identity: str,
    request: StartTransactionRequest,
    *,
    now: datetime,
    new_id: Callable[[], int] = random_id,
    unknown: AuthorizationStatus = AuthorizationStatus.INVALID,
) -> Outcome[StartTransactionResponse]:
    """Take a StartTransaction.

    The same connector, identifier, meter reading and time are the same transaction, however much
    later, and get the same answer.

    Args:
        connection: Of a write.
        identity: Of the charge point.
        request: What it sent.
        now: The time.
        new_id: Source of transaction ids.
        unknown: The status of identifiers that are not known.
    """
    same = sa.select(TRANSACTIONS.c.id, TRANSACTIONS.c.start_info).where(
        TRANSACTIONS.c.identity == identity,
        TRANSACTIONS.c.connector_id == request.connector_id,
        TRANSACTIONS.c.folded_tag == folded(request.id_tag),
        TRANSACTIONS.c.meter_start == request.meter_start,
        TRANSACTIONS.c.started == request.timestamp,
    )
    row = connection.execute(same).one_or_none()
    if row is not None:
        response = StartTransactionResponse(
            transaction_id=row.id, id_tag_info=info_from_text(row.start_info)
        )
        return Outcome(response=response, is_repeat=True)
    info = authorize_start(connection, request.id_tag, now=now, unknown=unknown)
    flags = _Flags(connection, identity, request, now)
    running = _running_on(connection, identity, request.connector_id)
    transaction_id = new_id()
    while _row(connection, transaction_id) is not None:
        transaction_id = new_id()
    flags.about = transaction_id
    connection.execute(
        sa.insert(TRANSACTIONS).values(
            id=transaction_id,
            identity=identity,
            connector_id=request.connector_id,
            id_tag=request.id_tag,
            folded_tag=folded(request.id_tag),
            meter_start=request.meter_start,
            started=request.timestamp,
            reservation_id=request.reservation_id,
            start_received=now,
            start_info=as_text(info),
        )
    )
    if request.connector_id <= 0:
        flags.add(f"transaction {transaction_id} is on connector {request.connector_id}")
    if running is not None:
        flags.add(f"transaction {transaction_id} began while {running} runs on its connector")
    if request.timestamp > now + FUTURE:
        flags.add(f"transaction {transaction_id} began in the future")
    if request.reservation_id is not None and not reservation.use(
        connection, identity, request.reservation_id
    ):
        flags.add(f"transaction {transaction_id} names reservation {request.reservation_id}, "
                  "which is none of this charge point's")  # fmt: skip
    response = StartTransactionResponse(transaction_id=transaction_id, id_tag_info=info)
    return Outcome(response=response, events=flags.events)


def stop(
    connection: Connection,
    identity: str,
    request: StopTransactionRequest,
    *,
    now: datetime,
    unknown: AuthorizationStatus = AuthorizationStatus.INVALID,
) -> Outcome[StopTransactionResponse]:
    """Take a StopTransaction.

    The first one ends the transaction; the same once more gets the same answer.

    Args:
        connection: Of a write.
        identity: Of the charge point.
        request: What it sent.
        now: The time.
        unknown: The status of identifiers that are not known.
    """
    row = _row(connection, request.transaction_id)
    content = digest(request)
    if row is not None and row.identity == identity and row.stop_digest == content:
        info = None if row.stop_info is None else info_from_text(row.stop_info)
        return Outcome(response=StopTransactionResponse(id_tag_info=info), is_repeat=True)
    info = None
    if request.id_tag is not None:
        info = authorize(connection, request.id_tag, now=now, unknown=unknown)
    response = StopTransactionResponse(id_tag_info=info)
    flags = _Flags(connection, identity, request, now, request.transaction_id)
    reason = _why_not(row, identity)
    if row is None or reason is not None:
        flags.add(f"StopTransaction for {request.transaction_id}, {reason}")
        return Outcome(response=response, events=flags.events)
    end = {
        "meter_stop": request.meter_stop,
        "stopped": request.timestamp,
        "stop_received": now,
        "stop_reason": request.reason or Reason.LOCAL,
        "stop_tag": request.id_tag,
        "stop_info": None if info is None else as_text(info),
        "stop_digest": content,
    }
    change(connection, TRANSACTIONS, {"id": row.id}, end)
    profile.note_transaction_over(connection, identity, row.id)
    if request.transaction_data:
        meter_value.keep(connection, identity, row.connector_id, row.id, request.transaction_data)
    if request.meter_stop < max(row.meter_start, row.reading or row.meter_start):
        flags.add(f"transaction {row.id} ended below an earlier reading of its meter")
    if request.timestamp < row.started:
        flags.add(f"transaction {row.id} ended before it began")
    if request.timestamp > now + FUTURE:
        flags.add(f"transaction {row.id} ended in the future")
    return Outcome(response=response, events=flags.events)


def note_meter_values(
    connection: Connection, identity: str, request: MeterValuesRequest, *, now: datetime
) -> Outcome[MeterValuesResponse]:
    """Take MeterValues, of a transaction or of none."""
    values = request.meter_value or ()
    transaction_id = request.transaction_id
    if meter_value.are_kept(connection, identity, request.connector_id, transaction_id, values):
        return Outcome(response=MeterValuesResponse(), is_repeat=True)
    flags = _Flags(connection, identity, request, now, transaction_id)
    if transaction_id is not None:
        row = _row(connection, transaction_id)
        reason = _why_not(row, identity)
        if row is None or reason is not None:
            flags.add(f"MeterValues for {transaction_id}, {reason}")
            return Outcome(response=MeterValuesResponse(), events=flags.events)
        if request.connector_id != row.connector_id:
            flags.add(f"MeterValues for {row.id} name connector {request.connector_id}")
        reading = last_reading(values)
        if reading is not None:
            if reading < max(row.meter_start, row.reading or row.meter_start):
                flags.add(f"the meter of transaction {row.id} ran backwards")
            change(connection, TRANSACTIONS, {"id": row.id}, {"reading": reading})
    meter_value.keep(connection, identity, request.connector_id, transaction_id, values)
    return Outcome(response=MeterValuesResponse(), events=flags.events)


def find(connection: Connection, transaction_id: int) -> Transaction | None:
    """Return a transaction."""
    row = _row(connection, transaction_id)
    return None if row is None else _transaction(row)


def transactions(
    connection: Connection,
    *,
    identity: str | None = None,
    is_running: bool | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 100,
    before: int | None = None,
) -> list[Transaction]:
    """Return transactions, the latest first.

    Args:
        connection: Of a read.
        identity: Only those of this charge point.
        is_running: Only those that run, or only those that do not.
        since: Only those that began then or later.
        until: Only those that began earlier.
        limit: How many at most.
        before: Only those that follow this one in the order: the last of the page before.
    """
    table = TRANSACTIONS.c
    query = select_transactions(identity, since, until)
    query = query.order_by(None).order_by(table.started.desc(), table.id.desc()).limit(limit)
    if is_running is not None:
        query = query.where(table.stopped.is_(None) if is_running else table.stopped.is_not(None))
    if before is not None:
        last = sa.select(table.started).where(table.id == before).scalar_subquery()
        earlier = (table.started < last) | ((table.started == last) & (table.id < before))
        query = query.where(earlier)
    return [_transaction(row) for row in connection.execute(query)]


def select_transactions(
    identity: str | None, since: datetime | None, until: datetime | None
) -> sa.Select[Any]:
    """Return the query for transactions that began in a time, in the order in which they did."""
    query = sa.select(TRANSACTIONS).order_by(TRANSACTIONS.c.started, TRANSACTIONS.c.id)
    if identity is not None:
        query = query.where(TRANSACTIONS.c.identity == identity)
    if since is not None:
        query = query.where(TRANSACTIONS.c.started >= since)
    if until is not None:
        query = query.where(TRANSACTIONS.c.started < until)
    return query


class _Flags:
    """Notes what cannot be right in a message."""

    def __init__(
        self,
        connection: Connection,
        identity: str,
        request: Structure,
        now: datetime,
        about: int | None = None,
    ) -> None:
        self._connection = connection
        self._identity = identity
        self._request = request
        self._now = now
        self.about = about
        self.events: tuple[Event, ...] = ()

    def add(self, text: str) -> None:
        event = note(
            self._connection,
            self._identity,
            FLAG,
            text,
            now=self._now,
            transaction_id=self.about,
            request=self._request,
        )
        self.events += (event,)


def _row(connection: Connection, transaction_id: int) -> sa.Row[Any] | None:
    return connection.execute(_ONE, {"number": transaction_id}).one_or_none()


def _why_not(row: sa.Row[Any] | None, identity: str) -> str | None:
    """Return why a message about a transaction changes nothing, None if it may."""
    if row is None:
        return "which is unknown"
    if row.identity != identity:
        return "which is another charge point's"
    if row.stopped is not None:
        return "which has ended"
    return None


def _running_on(connection: Connection, identity: str, connector_id: int) -> int | None:
    query = sa.select(TRANSACTIONS.c.id).where(
        TRANSACTIONS.c.identity == identity,
        TRANSACTIONS.c.connector_id == connector_id,
        TRANSACTIONS.c.stopped.is_(None),
    )
    return connection.scalar(query.limit(1))


def _transaction(row: sa.Row[Any]) -> Transaction:
    values = columns_of(row, Transaction)
    values["start_info"] = info_from_text(row.start_info)
    return Transaction(**values)
