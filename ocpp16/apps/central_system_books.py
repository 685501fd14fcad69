"""How a central system answers charge points, by what its store holds. Knows no wire, no socket.

A message is answered once what it brought about is on the disk; where the store fails the answer is
InternalError, and the charge point keeps what it has to tell. The rules are those of
`ocpp16.store.central_system`. Spec: C 4.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16 import messages
from ocpp16.apps.central_system_policy import UnknownTags
from ocpp16.apps.data_transfer import answer_data_transfer
from ocpp16.apps.exchange import Remark, Tell
from ocpp16.enums import AuthorizationStatus, GenericStatus, RegistrationStatus
from ocpp16.errors import InternalError
from ocpp16.roles import event as told
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.observers import EventStream
from ocpp16.roles.peer import Peer
from ocpp16.store.central_system import charge_point, id_tag, job, transaction
from ocpp16.store.central_system.event import FLAG, Event, Outcome, note
from ocpp16.store.central_system.job import Kind
from ocpp16.store.central_system.tables import ID_TAGS
from ocpp16.store.database import Database
from ocpp16.store.error import StoreError
from ocpp16.store.security import event as security_event
from ocpp16.structure import Request, Response

T = TypeVar("T")
ResponseT = TypeVar("ResponseT", bound=Response)
JobStatus: TypeAlias = (
    messages.DiagnosticsStatusNotificationRequest
    | messages.FirmwareStatusNotificationRequest
    | messages.LogStatusNotificationRequest
    | messages.SignedFirmwareStatusNotificationRequest
)
IDLE = "Idle"
"""Told when it is asked for while nothing is under way: of no job."""


class Books:
    """The books of a site, kept in a store, and the answers by them.

    Args:
        database: The store; this process leads it.
        now: The time.
        tell: Takes remarks on what cannot be right, and on a store that fails.
        publish: Takes each event once it is stored, in order.
        interval: Seconds between heartbeats, told to every charge point.
        unlisted: What a charge point is told at boot of which nobody has said anything.
        unknown_tags: What it is told of identifiers that are not entered.
        new_id: Source of transaction ids.
    """

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        tell: Tell,
        publish: Callable[[Event], object],
        interval: int = 300,
        unlisted: Callable[[str], RegistrationStatus],
        unknown_tags: UnknownTags = UnknownTags.REFUSE,
        new_id: Callable[[], int] = transaction.random_id,
    ) -> None:
        self.now = now
        self.interval = interval
        self._database = database
        self._tell = tell
        self._publish = publish
        self._unlisted = unlisted
        self._unknown_tags = unknown_tags
        self._new_id = new_id
        self._report: Callable[[Peer, str, int], object] = lambda peer, action, number: None

    def register(self, central: CentralSystem, *, signs: bool = False) -> None:
        """Let it answer for a role: everything that a charge point may send.

        Args:
            central: The role.
            signs: Whether somebody else answers SignCertificate.
        """
        self._report = central.report_foreign_transaction
        central.on(messages.AuthorizeRequest)(self._authorize)
        central.on(messages.BootNotificationRequest)(self._boot)
        central.on(messages.DataTransferRequest)(self._transfer_data)
        central.on(messages.DiagnosticsStatusNotificationRequest)(self._note_diagnostics)
        central.on(messages.FirmwareStatusNotificationRequest)(self._note_firmware)
        central.on(messages.HeartbeatRequest)(self._heartbeat)
        central.on(messages.LogStatusNotificationRequest)(self._note_log)
        central.on(messages.MeterValuesRequest)(self._note_meter)
        central.on(messages.SecurityEventNotificationRequest)(self._note_security_event)
        if not signs:
            central.on(messages.SignCertificateRequest)(self._refuse_to_sign)
        central.on(messages.SignedFirmwareStatusNotificationRequest)(self._note_signed_firmware)
        central.on(messages.StartTransactionRequest)(self._start)
        central.on(messages.StatusNotificationRequest)(self._note_status)
        central.on(messages.StopTransactionRequest)(self._stop)

    # For others who change the books

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Change the books, and return what the work does once that is stored.

        Raises:
            StoreError: The store failed.
        """
        return await self._database.write(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Read the books.

        Raises:
            StoreError: The store failed.
        """
        return await self._database.read(work)

    def record(self, identity: str, kind: str, text: str) -> None:
        """Have an event of our own kept, then published; if that fails, there is a remark of it.

        Nobody waits for it: the order is that of the calls.
        """
        now = self.now()

        def taken(future: asyncio.Future[Event]) -> None:
            if future.cancelled():
                return
            error = future.exception()
            if error is None:
                self._publish(future.result())
            else:
                self.remark(identity, f"{text}, which is not kept: {error}")

        def work(connection: Connection) -> Event:
            return note(connection, identity, kind, text, now=now)

        try:
            self._database.submit(work).add_done_callback(taken)
        except StoreError as error:
            self.remark(identity, f"{text}, which is not kept: {error}")

    async def watch(self, events: EventStream) -> None:
        """Keep who comes and goes, until the events end."""
        async for event in events:
            match event:
                case told.Connected(peer):
                    self.record(peer.identity, "connected", f"connected on {peer.binding}")
                case told.Disconnected(peer, reason):
                    self.record(peer.identity, "disconnected", f"disconnected: {reason}")
                case _:
                    pass

    def remark(self, identity: str, text: str) -> None:
        """Tell what needs attention."""
        self._tell(Remark(at=self.now(), text=f"{identity}: {text}", is_warning=True))

    # Transactions

    async def _authorize(
        self, peer: Peer, request: messages.AuthorizeRequest
    ) -> messages.AuthorizeResponse:
        now = self.now()

        def work(connection: Connection) -> messages.AuthorizeResponse:
            unknown = self._unknown(connection)
            info = id_tag.authorize(connection, request.id_tag, now=now, unknown=unknown)
            return messages.AuthorizeResponse(id_tag_info=info)

        try:
            response = await self.read(work)
        except StoreError as error:
            raise self._failed(peer, error) from error
        self._hear(peer, now)
        return response

    def _hear(self, peer: Peer, now: datetime) -> None:
        """Have a sign of life kept that nobody waits for: no answer hangs on it."""
        try:
            heard = self._database.submit(
                lambda connection: charge_point.hear(connection, peer.identity, now=now)
            )
        except StoreError as error:
            self.remark(peer.identity, f"a sign of life is not kept: {error}")
        else:
            heard.add_done_callback(lambda future: future.cancelled() or future.exception())

    async def _start(
        self, peer: Peer, request: messages.StartTransactionRequest
    ) -> messages.StartTransactionResponse:
        now = self.now()

        def work(connection: Connection) -> Outcome[messages.StartTransactionResponse]:
            outcome = transaction.start(
                connection,
                peer.identity,
                request,
                now=now,
                new_id=self._new_id,
                unknown=self._unknown(connection),
            )
            number = outcome.response.transaction_id
            text = f"transaction {number} began on connector {request.connector_id}"
            return self._noted(
                connection,
                peer,
                request,
                outcome,
                kind="start",
                text=text,
                transaction_id=number,
            )

        return await self._take(peer, work)

    async def _stop(
        self, peer: Peer, request: messages.StopTransactionRequest
    ) -> messages.StopTransactionResponse:
        now, number = self.now(), request.transaction_id

        def work(connection: Connection) -> tuple[bool, Outcome[messages.StopTransactionResponse]]:
            found = transaction.find(connection, number)
            outcome = transaction.stop(
                connection,
                peer.identity,
                request,
                now=now,
                unknown=self._unknown(connection),
            )
            is_foreign = found is not None and found.identity != peer.identity
            if found is not None and not is_foreign and found.stopped is None:
                text = f"transaction {number} ended"
                outcome = self._noted(
                    connection,
                    peer,
                    request,
                    outcome,
                    kind="stop",
                    text=text,
                    transaction_id=number,
                )
            return is_foreign, outcome

        return await self._take_of_transaction(peer, "StopTransaction", number, work)

    async def _note_meter(
        self, peer: Peer, request: messages.MeterValuesRequest
    ) -> messages.MeterValuesResponse:
        now, number = self.now(), request.transaction_id

        def work(connection: Connection) -> tuple[bool, Outcome[messages.MeterValuesResponse]]:
            outcome = transaction.note_meter_values(connection, peer.identity, request, now=now)
            if not outcome.events or number is None:
                return False, outcome
            found = transaction.find(connection, number)
            return found is not None and found.identity != peer.identity, outcome

        return await self._take_of_transaction(peer, "MeterValues", number or 0, work)

    # Notifications

    async def _boot(
        self, peer: Peer, request: messages.BootNotificationRequest
    ) -> messages.BootNotificationResponse:
        now = self.now()

        def work(connection: Connection) -> Outcome[messages.BootNotificationResponse]:
            status = charge_point.boot(
                connection, peer.identity, request, now=now, otherwise=self._unlisted(peer.identity)
            )
            response = messages.BootNotificationResponse(
                status=status, current_time=now.replace(microsecond=0), interval=self.interval
            )
            text = f"booted, and was told {status}"
            return self._noted(
                connection, peer, request, Outcome(response=response), kind="boot", text=text
            )

        return await self._take(peer, work)

    async def _heartbeat(
        self, peer: Peer, request: messages.HeartbeatRequest
    ) -> messages.HeartbeatResponse:
        # Not answered while the store fails: SE 3.2, who has its Heartbeat answered takes it that a
        # transaction message that was refused is at fault itself.
        response = messages.HeartbeatResponse(current_time=self.now().replace(microsecond=0))
        return await self._take(peer, lambda connection: Outcome(response=response))

    async def _note_status(
        self, peer: Peer, request: messages.StatusNotificationRequest
    ) -> messages.StatusNotificationResponse:
        now = self.now()

        def work(connection: Connection) -> Outcome[messages.StatusNotificationResponse]:
            outcome = Outcome(response=messages.StatusNotificationResponse())
            is_kept = charge_point.note_status(connection, peer.identity, request, now=now)
            text = f"connector {request.connector_id} is {request.status}"
            kind = "status" if is_kept else FLAG
            text = text if is_kept else f"{text}, one too many: it is not kept"
            return self._noted(connection, peer, request, outcome, kind=kind, text=text)

        return await self._take(peer, work)

    async def _note_firmware(
        self, peer: Peer, request: messages.FirmwareStatusNotificationRequest
    ) -> messages.FirmwareStatusNotificationResponse:
        response = messages.FirmwareStatusNotificationResponse()
        return await self._note_job(peer, Kind.FIRMWARE, request, response)

    async def _note_diagnostics(
        self, peer: Peer, request: messages.DiagnosticsStatusNotificationRequest
    ) -> messages.DiagnosticsStatusNotificationResponse:
        response = messages.DiagnosticsStatusNotificationResponse()
        return await self._note_job(peer, Kind.DIAGNOSTICS, request, response)

    async def _transfer_data(
        self, peer: Peer, request: messages.DataTransferRequest
    ) -> messages.DataTransferResponse:
        response = answer_data_transfer(request)
        text = f"data of {request.vendor_id}: {response.status}"
        return await self._note(peer, "data-transfer", text, request, response)

    # Security extension

    async def _note_log(
        self, peer: Peer, request: messages.LogStatusNotificationRequest
    ) -> messages.LogStatusNotificationResponse:
        response = messages.LogStatusNotificationResponse()
        return await self._note_job(peer, Kind.LOG, request, response, request.request_id)

    async def _note_security_event(
        self, peer: Peer, request: messages.SecurityEventNotificationRequest
    ) -> messages.SecurityEventNotificationResponse:
        now, text = self.now(), f"security event {request.type}"
        outcome = Outcome(response=messages.SecurityEventNotificationResponse())

        def work(connection: Connection) -> Outcome[messages.SecurityEventNotificationResponse]:
            if not security_event.take(connection, peer.identity, request, now=now):
                return outcome  # It got no answer, and tells the same again.
            return self._noted(connection, peer, request, outcome, kind="security", text=text)

        response = await self._take(peer, work)
        self.remark(peer.identity, text)
        return response

    async def _refuse_to_sign(
        self, peer: Peer, request: messages.SignCertificateRequest
    ) -> messages.SignCertificateResponse:
        # There is no certificate authority behind it.
        return messages.SignCertificateResponse(status=GenericStatus.REJECTED)

    async def _note_signed_firmware(
        self, peer: Peer, request: messages.SignedFirmwareStatusNotificationRequest
    ) -> messages.SignedFirmwareStatusNotificationResponse:
        response = messages.SignedFirmwareStatusNotificationResponse()
        return await self._note_job(
            peer, Kind.SIGNED_FIRMWARE, request, response, request.request_id
        )

    # Inside

    def _unknown(self, connection: Connection) -> AuthorizationStatus:
        is_accepted = self._unknown_tags is UnknownTags.ACCEPT
        if self._unknown_tags is UnknownTags.UNTIL_LISTED:
            is_accepted = connection.execute(sa.select(ID_TAGS.c.folded).limit(1)).first() is None
        return AuthorizationStatus.ACCEPTED if is_accepted else AuthorizationStatus.INVALID

    def _noted(
        self,
        connection: Connection,
        peer: Peer,
        request: Request[Any],
        outcome: Outcome[ResponseT],
        *,
        kind: str,
        text: str,
        transaction_id: int | None = None,
    ) -> Outcome[ResponseT]:
        """Return an outcome with an event more, unless nothing has changed."""
        if outcome.is_repeat:
            return outcome
        event = note(
            connection,
            peer.identity,
            kind,
            text,
            now=self.now(),
            request=request,
            transaction_id=transaction_id,
        )
        return attrs.evolve(outcome, events=(*outcome.events, event))

    async def _note(
        self, peer: Peer, kind: str, text: str, request: Request[Any], response: ResponseT
    ) -> ResponseT:
        outcome = Outcome(response=response)
        return await self._take(
            peer,
            lambda connection: self._noted(
                connection, peer, request, outcome, kind=kind, text=text
            ),
        )

    async def _note_job(
        self,
        peer: Peer,
        kind: Kind,
        request: JobStatus,
        response: ResponseT,
        request_id: int | None = None,
    ) -> ResponseT:
        """Keep how a job goes, with the job and as an event."""
        now, status = self.now(), str(request.status)
        what = "firmware" if kind is Kind.SIGNED_FIRMWARE else str(kind)
        outcome = Outcome(response=response)

        def work(connection: Connection) -> Outcome[ResponseT]:
            if status != IDLE:
                job.note_status(
                    connection, peer.identity, kind, status, now=now, request_id=request_id
                )
            return self._noted(
                connection, peer, request, outcome, kind=what, text=f"{what}: {status}"
            )

        return await self._take(peer, work)

    async def _take_of_transaction(
        self,
        peer: Peer,
        action: str,
        number: int,
        work: Callable[[Connection], tuple[bool, Outcome[ResponseT]]],
    ) -> ResponseT:
        foreign = False

        def inner(connection: Connection) -> Outcome[ResponseT]:
            nonlocal foreign
            foreign, outcome = work(connection)
            return outcome

        response = await self._take(peer, inner)
        if foreign:
            self._report(peer, action, number)
        return response

    async def _take(
        self, peer: Peer, work: Callable[[Connection], Outcome[ResponseT]]
    ) -> ResponseT:
        now = self.now()

        def whole(connection: Connection) -> Outcome[ResponseT]:
            outcome = work(connection)
            charge_point.hear(connection, peer.identity, now=now)
            return outcome

        try:
            outcome = await self.write(whole)
        except StoreError as error:
            raise self._failed(peer, error) from error
        for event in outcome.events:
            self._publish(event)
            if event.kind == FLAG:
                self.remark(peer.identity, event.text)
        return outcome.response

    def _failed(self, peer: Peer, error: StoreError) -> InternalError:
        self.remark(
            peer.identity, f"a message is not acknowledged, since the store failed: {error}"
        )
        return InternalError("the store does not work now")
