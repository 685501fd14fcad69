"""Transactions in a database of one's own: here SQLite, with what Python brings."""

import asyncio
import secrets
import sqlite3
from datetime import UTC, datetime

from ocpp16 import CentralSystem, ChargePoint, Peer, datatypes, enums, messages
from ocpp16.testing import connected

ACCEPTED = datatypes.IdTagInfo(status=enums.AuthorizationStatus.ACCEPTED)
TABLE = """
CREATE TABLE IF NOT EXISTS charge (
    id INTEGER PRIMARY KEY, charge_point TEXT NOT NULL, connector INTEGER NOT NULL,
    id_tag TEXT NOT NULL COLLATE NOCASE, meter_start INTEGER NOT NULL, started TEXT NOT NULL,
    meter_stop INTEGER,
    UNIQUE (charge_point, connector, id_tag, meter_start, started)
)
"""


class Books:
    """What was charged."""

    def __init__(self, path: str) -> None:
        self.path = path
        with self.connection() as connection:
            connection.execute(TABLE)

    def connection(self) -> sqlite3.Connection:
        # One for each call: handlers that are plain functions run in threads.
        return sqlite3.connect(self.path)

    def start(self, identity: str, request: messages.StartTransactionRequest) -> int:
        """Keep a transaction, once, and return its id."""
        key = (
            identity,
            request.connector_id,
            request.id_tag,
            request.meter_start,
            request.timestamp.astimezone(UTC).isoformat(),
        )
        with self.connection() as connection:
            # The same start once more, since its answer was lost, is no new transaction.
            connection.execute(
                "INSERT OR IGNORE INTO charge VALUES (?, ?, ?, ?, ?, ?, NULL)",
                (1 + secrets.randbelow(2**31 - 1), *key),
            )
            (found,) = connection.execute(
                "SELECT id FROM charge WHERE charge_point = ? AND connector = ? AND id_tag = ?"
                " AND meter_start = ? AND started = ?",
                key,
            ).fetchone()
        return int(found)

    def stop(self, identity: str, request: messages.StopTransactionRequest) -> bool:
        """End a transaction, once, if it is this charge point's; tell whether that was new."""
        with self.connection() as connection:
            changed = connection.execute(
                "UPDATE charge SET meter_stop = ?"
                " WHERE id = ? AND charge_point = ? AND meter_stop IS NULL",
                (request.meter_stop, request.transaction_id, identity),
            )
        return changed.rowcount == 1


def central_system(books: Books) -> CentralSystem:
    """Return a central system that keeps these books."""
    central = CentralSystem()

    # No `async`: the library runs them in threads, so that the disk keeps nobody waiting.
    @central.on(messages.StartTransactionRequest)
    def start(
        peer: Peer, request: messages.StartTransactionRequest
    ) -> messages.StartTransactionResponse:
        transaction_id = books.start(peer.identity, request)
        return messages.StartTransactionResponse(
            transaction_id=transaction_id, id_tag_info=ACCEPTED
        )

    @central.on(messages.StopTransactionRequest)
    def stop(
        peer: Peer, request: messages.StopTransactionRequest
    ) -> messages.StopTransactionResponse:
        if not books.stop(peer.identity, request):
            print(f"{peer.identity}: {request.transaction_id} is not its own, unknown, or over")
        return messages.StopTransactionResponse()

    return central


async def main() -> None:
    books = Books("charges.db")
    request = messages.StartTransactionRequest(
        connector_id=1,
        id_tag="CARD-1",
        meter_start=1000,
        timestamp=datetime(2026, 1, 1, 8, 0, tzinfo=UTC),
    )
    async with connected(central_system(books), ChargePoint("CP1")) as (_, backend):
        first = await backend.call(request)

    # The central system was restarted; the charge point never got its answer and asks again.
    async with connected(central_system(books), ChargePoint("CP1")) as (_, backend):
        second = await backend.call(request)
        print("the same transaction:", first.transaction_id == second.transaction_id)
        stop = messages.StopTransactionRequest(
            transaction_id=second.transaction_id,
            meter_stop=4000,
            timestamp=datetime(2026, 1, 1, 9, 0, tzinfo=UTC),
        )
        await backend.call(stop)

    # Somebody else tries to end it once more, for less.
    async with connected(central_system(books), ChargePoint("CP2")) as (_, backend):
        await backend.call(stop)

    with books.connection() as connection:
        for row in connection.execute("SELECT charge_point, meter_stop - meter_start FROM charge"):
            print("charged:", row)


asyncio.run(main())
