"""A central system with a store, as a charge point meets it before and after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from ocpp16 import CentralSystem
from ocpp16.messages import (
    StartTransactionRequest,
    StartTransactionResponse,
    StopTransactionRequest,
    StopTransactionResponse,
)
from ocpp16.roles.backend import Backend
from ocpp16.roles.peer import Peer
from ocpp16.store import answers, registrations
from ocpp16.store.answers import StoredAnswers
from ocpp16.store.central_system import id_tag, tables, transaction
from ocpp16.store.database import Database
from ocpp16.store.registrations import StoredRegistrations
from tests.parties import BOOT, ENDPOINT, make_central, make_station, run
from tests.store.central_system.books import NOON, start, stop, tag

SCHEMAS = (registrations.SCHEMA, answers.SCHEMA, tables.SCHEMA)


def answer_from(central: CentralSystem, database: Database) -> None:
    @central.on(StartTransactionRequest)
    async def _(peer: Peer, request: StartTransactionRequest) -> StartTransactionResponse:
        work = partial(transaction.start, identity=peer.identity, request=request, now=NOON)
        return (await database.write(work)).response

    @central.on(StopTransactionRequest)
    async def _(peer: Peer, request: StopTransactionRequest) -> StopTransactionResponse:
        work = partial(transaction.stop, identity=peer.identity, request=request, now=NOON)
        return (await database.write(work)).response


@asynccontextmanager
async def charge_point(url: str) -> AsyncIterator[tuple[Backend, Database]]:
    """A central system that has just started, and a charge point that connects to it."""
    async with await Database.open(url, schemas=SCHEMAS) as database:
        await database.lead()
        central = make_central(
            registrations=await StoredRegistrations.load(database),
            answers=(await StoredAnswers.load(database)).of,
        )
        answer_from(central, database)
        async with (
            central.serve(json=ENDPOINT) as server,
            make_station().connect(server.urls["json"]) as backend,
        ):
            yield backend, database


def test_a_charge_point_notices_nothing_of_a_restart(url: str) -> None:
    async def main() -> None:
        async with charge_point(url) as (backend, database):
            await database.write(lambda each: id_tag.put_id_tag(each, tag("A")))
            await backend.call(BOOT)
            began = await backend.call(start("A"))
        async with charge_point(url) as (backend, _):
            # It lost the answer, and sends the message anew, without booting.
            assert await backend.call(start("A")) == began
            ended = await backend.call(stop(began.transaction_id, id_tag="a"))
        async with charge_point(url) as (backend, database):
            assert await backend.call(stop(began.transaction_id, id_tag="a")) == ended
            (kept,) = await database.read(transaction.transactions)
        assert (kept.id, kept.identity, kept.energy) == (began.transaction_id, "CP1", 400)

    run(main)
