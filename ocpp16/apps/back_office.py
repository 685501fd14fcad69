"""What the demo's central system remembers of a site, and how it answers charge points.

In memory, so that the demo needs no store; that of a site is `central_system_books`. Knows no wire
and no socket. Takes what charge points report as it is: what cannot be right is kept out of the
books and flagged, but answered (C 3.7). Ids of transactions are random, so that nobody can guess
those of others, and are never used again. Spec: C 4.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs

from ocpp16 import messages
from ocpp16.apps.data_transfer import answer_data_transfer
from ocpp16.apps.exchange import Remark, Tell
from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import (
    AuthorizationStatus,
    ChargePointStatus,
    DiagnosticsStatus,
    FirmwareStatus,
    GenericStatus,
    Reason,
    RegistrationStatus,
)
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.peer import Peer
from ocpp16.store.central_system.reading import last_reading

TRANSACTION_ID_LIMIT = 2**31
"""Ids are below this, so that every wire and every peer can carry them."""
REMEMBERED = 100_000
"""Transactions, and charge points, that are kept; the oldest are forgotten first."""
REMEMBERED_STATUSES = 20
"""Reports on an update or an upload that are kept of a charge point."""
CONNECTORS = 1000
"""Connectors whose status is kept of a charge point."""


@attrs.define(kw_only=True)
class Transaction:
    """One transaction, as its charge point reported it."""

    id: int
    identity: str
    connector: int
    id_tag: str
    meter_start: int
    started: datetime
    reservation_id: int | None
    reading: int | None = None
    """The last reading of the meter while it ran, in Wh."""
    stop: messages.StopTransactionRequest | None = None
    """How it ended; None while it runs."""

    @property
    def energy(self) -> int | None:
        """What was charged, in Wh; None while it runs."""
        return None if self.stop is None else self.stop.meter_stop - self.meter_start

    @property
    def reason(self) -> Reason | None:
        """Why it ended; None while it runs."""
        return None if self.stop is None else self.stop.reason or Reason.LOCAL


@attrs.define
class ChargePointRecord:
    """What is known of one charge point."""

    identity: str
    boot: messages.BootNotificationRequest | None = None
    boots: int = 0
    statuses: dict[int, ChargePointStatus] = attrs.Factory(dict)
    firmware: deque[FirmwareStatus] = attrs.Factory(lambda: deque(maxlen=REMEMBERED_STATUSES))
    """The last reports on updates."""
    diagnostics: deque[DiagnosticsStatus] = attrs.Factory(lambda: deque(maxlen=REMEMBERED_STATUSES))
    """The last reports on uploads."""


def random_transaction_id() -> int:
    """Return a positive number that nobody can guess."""
    return 1 + secrets.randbelow(TRANSACTION_ID_LIMIT - 1)


class BackOffice:
    """The books of a central system.

    Args:
        now: The time.
        tell: Takes remarks on what cannot be right.
        interval: Seconds between heartbeats, told to every charge point.
        tags: What is known of tags, by their text in small letters; None accepts every tag.
        new_id: Source of transaction ids.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        tell: Tell,
        interval: int = 300,
        tags: Mapping[str, IdTagInfo] | None = None,
        new_id: Callable[[], int] = random_transaction_id,
    ) -> None:
        self.charge_points: dict[str, ChargePointRecord] = {}
        self.transactions: dict[int, Transaction] = {}
        self._now = now
        self._tell = tell
        self._interval = interval
        self._tags = tags
        self._new_id = new_id
        self._report: Callable[[Peer, str, int], object] = lambda peer, action, number: None
        self._starts: dict[tuple[str, int, str, int, datetime], Transaction] = {}

    def register(self, central: CentralSystem) -> None:
        """Let it answer for a role: everything that a charge point may send."""
        self._report = central.report_foreign_transaction
        central.on(messages.AuthorizeRequest)(self._authorize)
        central.on(messages.BootNotificationRequest)(self._boot)
        central.on(messages.DataTransferRequest)(self._transfer_data)
        central.on(messages.DiagnosticsStatusNotificationRequest)(self._note_diagnostics)
        central.on(messages.FirmwareStatusNotificationRequest)(self._note_firmware)
        central.on(messages.HeartbeatRequest)(self._heartbeat)
        central.on(messages.MeterValuesRequest)(self._note_meter)
        central.on(messages.StartTransactionRequest)(self._start)
        central.on(messages.StatusNotificationRequest)(self._note_status)
        central.on(messages.StopTransactionRequest)(self._stop)
        central.on(messages.LogStatusNotificationRequest)(self._note_log)
        central.on(messages.SecurityEventNotificationRequest)(self._note_security_event)
        central.on(messages.SignCertificateRequest)(self._refuse_to_sign)
        central.on(messages.SignedFirmwareStatusNotificationRequest)(self._note_signed_firmware)

    def tag(self, id_tag: str) -> IdTagInfo:
        """Return what is known of a tag."""
        if self._tags is None:
            return IdTagInfo(status=AuthorizationStatus.ACCEPTED)
        unknown = IdTagInfo(status=AuthorizationStatus.INVALID)
        return self._tags.get(id_tag.casefold(), unknown)

    # Transactions

    async def _authorize(
        self, peer: Peer, request: messages.AuthorizeRequest
    ) -> messages.AuthorizeResponse:
        return messages.AuthorizeResponse(id_tag_info=self.tag(request.id_tag))

    async def _start(
        self, peer: Peer, request: messages.StartTransactionRequest
    ) -> messages.StartTransactionResponse:
        # A charge point that got no answer sends the same start again: still one transaction.
        key = (
            peer.identity,
            request.connector_id,
            request.id_tag.casefold(),
            request.meter_start,
            request.timestamp,
        )
        transaction = self._starts.get(key)
        if transaction is None:
            transaction = self._starts[key] = self._open(peer, request)
            _forget_oldest(self._starts, REMEMBERED)
            _forget_oldest(self.transactions, REMEMBERED)
        return messages.StartTransactionResponse(
            id_tag_info=self.tag(request.id_tag), transaction_id=transaction.id
        )

    def _open(self, peer: Peer, request: messages.StartTransactionRequest) -> Transaction:
        transaction_id = self._new_id()
        while transaction_id in self.transactions:
            transaction_id = self._new_id()
        transaction = self.transactions[transaction_id] = Transaction(
            id=transaction_id,
            identity=peer.identity,
            connector=request.connector_id,
            id_tag=request.id_tag,
            meter_start=request.meter_start,
            started=request.timestamp,
            reservation_id=request.reservation_id,
        )
        return transaction

    async def _stop(
        self, peer: Peer, request: messages.StopTransactionRequest
    ) -> messages.StopTransactionResponse:
        transaction = self._transaction_of(peer, request.transaction_id, "StopTransaction")
        if transaction is not None and transaction.stop is None:
            transaction.stop = request
            if request.meter_stop < transaction.meter_start:
                self._flag(peer, f"transaction {transaction.id} ended below its start")
        elif transaction is not None and transaction.stop != request:
            self._flag(peer, f"StopTransaction for {transaction.id}, which has ended")
        info = None if request.id_tag is None else self.tag(request.id_tag)
        return messages.StopTransactionResponse(id_tag_info=info)

    async def _note_meter(
        self, peer: Peer, request: messages.MeterValuesRequest
    ) -> messages.MeterValuesResponse:
        if request.transaction_id is not None:
            transaction = self._transaction_of(peer, request.transaction_id, "MeterValues")
            reading = last_reading(request.meter_value)
            if transaction is not None and transaction.stop is not None:
                self._flag(peer, f"MeterValues for {transaction.id}, which has ended")
            elif transaction is not None and reading is not None:
                if reading < (transaction.reading or transaction.meter_start):
                    self._flag(peer, f"the meter of transaction {transaction.id} ran backwards")
                transaction.reading = reading
        return messages.MeterValuesResponse()

    def _transaction_of(self, peer: Peer, transaction_id: int, action: str) -> Transaction | None:
        transaction = self.transactions.get(transaction_id)
        if transaction is not None and transaction.identity == peer.identity:
            return transaction
        whose = "an unknown transaction"
        if transaction is not None:
            whose = "another one's transaction"
            self._report(peer, action, transaction_id)
        self._flag(peer, f"{action} for {whose}, {transaction_id}")
        return None

    # Notifications

    async def _boot(
        self, peer: Peer, request: messages.BootNotificationRequest
    ) -> messages.BootNotificationResponse:
        record = self._record(peer)
        record.boot = request
        record.boots += 1
        return messages.BootNotificationResponse(
            status=RegistrationStatus.ACCEPTED, current_time=self._time(), interval=self._interval
        )

    async def _heartbeat(
        self, peer: Peer, request: messages.HeartbeatRequest
    ) -> messages.HeartbeatResponse:
        return messages.HeartbeatResponse(current_time=self._time())

    async def _note_status(
        self, peer: Peer, request: messages.StatusNotificationRequest
    ) -> messages.StatusNotificationResponse:
        statuses = self._record(peer).statuses
        statuses[request.connector_id] = request.status
        _forget_oldest(statuses, CONNECTORS)
        return messages.StatusNotificationResponse()

    async def _note_firmware(
        self, peer: Peer, request: messages.FirmwareStatusNotificationRequest
    ) -> messages.FirmwareStatusNotificationResponse:
        self._record(peer).firmware.append(request.status)
        return messages.FirmwareStatusNotificationResponse()

    async def _note_diagnostics(
        self, peer: Peer, request: messages.DiagnosticsStatusNotificationRequest
    ) -> messages.DiagnosticsStatusNotificationResponse:
        self._record(peer).diagnostics.append(request.status)
        return messages.DiagnosticsStatusNotificationResponse()

    async def _transfer_data(
        self, peer: Peer, request: messages.DataTransferRequest
    ) -> messages.DataTransferResponse:
        return answer_data_transfer(request)

    # Security extension

    async def _note_log(
        self, peer: Peer, request: messages.LogStatusNotificationRequest
    ) -> messages.LogStatusNotificationResponse:
        return messages.LogStatusNotificationResponse()

    async def _note_security_event(
        self, peer: Peer, request: messages.SecurityEventNotificationRequest
    ) -> messages.SecurityEventNotificationResponse:
        self._flag(peer, f"security event {request.type}")
        return messages.SecurityEventNotificationResponse()

    async def _refuse_to_sign(
        self, peer: Peer, request: messages.SignCertificateRequest
    ) -> messages.SignCertificateResponse:
        # There is no certificate authority behind it.
        return messages.SignCertificateResponse(status=GenericStatus.REJECTED)

    async def _note_signed_firmware(
        self, peer: Peer, request: messages.SignedFirmwareStatusNotificationRequest
    ) -> messages.SignedFirmwareStatusNotificationResponse:
        return messages.SignedFirmwareStatusNotificationResponse()

    # Inside

    def _record(self, peer: Peer) -> ChargePointRecord:
        record = self.charge_points.get(peer.identity)
        if record is None:
            record = self.charge_points[peer.identity] = ChargePointRecord(peer.identity)
            _forget_oldest(self.charge_points, REMEMBERED)
        return record

    def _time(self) -> datetime:
        return self._now().replace(microsecond=0)

    def _flag(self, peer: Peer, text: str) -> None:
        self._tell(Remark(at=self._now(), text=f"{peer.identity}: {text}", is_warning=True))


def _forget_oldest(kept: dict[Any, Any], limit: int) -> None:
    if len(kept) > limit:
        del kept[next(iter(kept))]
