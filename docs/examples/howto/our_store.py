"""Transactions in the store of the library, with the rules that it has for them."""

import asyncio
from datetime import UTC, datetime
from functools import partial

from ocpp16 import CentralSystem, ChargePoint, InternalError, Peer, datatypes, enums, messages
from ocpp16.store import answers, registrations
from ocpp16.store.answers import StoredAnswers
from ocpp16.store.central_system import id_tag, tables, transaction
from ocpp16.store.central_system.id_tag import IdTag
from ocpp16.store.database import Database
from ocpp16.store.error import StoreError
from ocpp16.store.registrations import StoredRegistrations
from ocpp16.testing import connected

SCHEMAS = [registrations.SCHEMA, answers.SCHEMA, tables.SCHEMA]


async def central_system(database: Database) -> CentralSystem:
    """Return a central system on a store."""
    central = CentralSystem(
        registrations=await StoredRegistrations.load(database),
        answers=(await StoredAnswers.load(database)).of,
    )

    @central.on(messages.BootNotificationRequest)
    async def boot(
        peer: Peer, request: messages.BootNotificationRequest
    ) -> messages.BootNotificationResponse:
        return messages.BootNotificationResponse(
            status=enums.RegistrationStatus.ACCEPTED, current_time=datetime.now(UTC), interval=300
        )

    @central.on(messages.StartTransactionRequest)
    async def start(
        peer: Peer, request: messages.StartTransactionRequest
    ) -> messages.StartTransactionResponse:
        work = partial(
            transaction.start, identity=peer.identity, request=request, now=datetime.now(UTC)
        )
        try:
            outcome = await database.write(work)  # returns once it is on the disk
        except StoreError as error:
            # The charge point keeps its message, and sends it again.
            raise InternalError("the store fails") from error
        return outcome.response

    @central.on(messages.StopTransactionRequest)
    async def stop(
        peer: Peer, request: messages.StopTransactionRequest
    ) -> messages.StopTransactionResponse:
        work = partial(
            transaction.stop, identity=peer.identity, request=request, now=datetime.now(UTC)
        )
        try:
            outcome = await database.write(work)
        except StoreError as error:
            raise InternalError("the store fails") from error
        for event in outcome.events:
            print("flagged:", event.text)
        return outcome.response

    return central


BOOT = messages.BootNotificationRequest(charge_point_vendor="Example", charge_point_model="One")
CARD = IdTag(id_tag="CARD-1", info=datatypes.IdTagInfo(status=enums.AuthorizationStatus.ACCEPTED))


async def main() -> None:
    async with await Database.open("sqlite:///site.db", schemas=SCHEMAS) as database:
        await database.lead()
        await database.write(lambda connection: id_tag.put_id_tag(connection, CARD))
        central = await central_system(database)
        async with connected(central, ChargePoint("CP1"), boot=BOOT) as (_, backend):
            begun = await backend.call(
                messages.StartTransactionRequest(
                    connector_id=1,
                    id_tag="card-1",
                    meter_start=1000,
                    timestamp=datetime(2026, 1, 1, 8, 0, tzinfo=UTC),
                )
            )
            await backend.call(
                messages.StopTransactionRequest(
                    transaction_id=begun.transaction_id,
                    meter_stop=900,  # a meter that runs backwards
                    timestamp=datetime(2026, 1, 1, 9, 0, tzinfo=UTC),
                )
            )
        found = await database.read(partial(transaction.find, transaction_id=begun.transaction_id))
        assert found is not None
        print(f"kept as reported: {found.id_tag} at {found.identity}, {found.energy} Wh")


asyncio.run(main())
