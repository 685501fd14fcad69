"""Remembered answers that outlive the process: `ocpp16.storage.AnswerMemory` in a store.

A charge point that got no answer sends its transaction message again, maybe after a restart of the
central system. Answers are written after they have left, so the last ones may be missing after a
crash: handlers of transaction messages still have to know a repeat by its content.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16 import log
from ocpp16.settings import Settings
from ocpp16.storage import AnswerMemory, MemoryAnswers, answer_key
from ocpp16.store.column import Number, PeerText
from ocpp16.store.database import Database
from ocpp16.store.error import StoreError
from ocpp16.store.schema import Schema, new_tables

LOGGER = logging.getLogger("ocpp16.store")
METADATA = sa.MetaData()
TABLE = sa.Table(
    "ocpp16_answer",
    METADATA,
    sa.Column("number", Number, primary_key=True),
    sa.Column("identity", PeerText, nullable=False),
    sa.Column("call_id", PeerText, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
)
_ADD = sa.insert(TABLE)
_DROP = sa.delete(TABLE).where(TABLE.c.number <= sa.bindparam("least"))
SCHEMA = Schema("answer", (new_tables(METADATA),))
"""To be opened with the database."""


class StoredAnswers:
    """The answers that all charge points were given; made by `load`.

    The database must have been opened with `SCHEMA`. Use:
    `CentralSystem(answers=(await StoredAnswers.load(database)).of)`.
    """

    def __init__(self, database: Database, settings: Settings, limit: int) -> None:
        self._database = database
        self._settings = settings
        self._limit = limit
        self._number = 0
        self._memories: OrderedDict[str, MemoryAnswers] = OrderedDict()

    @classmethod
    async def load(
        cls,
        database: Database,
        settings: Settings = Settings(),  # noqa: B008 - frozen
        *,
        limit: int = 100_000,
    ) -> Self:
        """Read what was kept.

        Args:
            database: The store.
            settings: How much is remembered of each charge point, and of how many.
            limit: How many answers are kept in all; the oldest go first.

        Raises:
            StoreError: The database failed.
        """
        self = cls(database, settings, limit)
        for row in await database.read(_all):
            self._memory(row.identity).restore((row.call_id, row.digest), row.answer)
            self._number = row.number
        return self

    def of(self, identity: str) -> AnswerMemory:
        """Return the memory of a charge point."""
        return _Answers(self, identity, self._memory(identity))

    def _memory(self, identity: str) -> MemoryAnswers:
        memory = self._memories.pop(identity, None)
        if memory is None:
            memory = MemoryAnswers(self._settings.answers, self._settings.answer_bytes)
        self._memories[identity] = memory
        if len(self._memories) > self._settings.connections:
            self._memories.popitem(last=False)
        return memory

    def put(self, identity: str, key: tuple[str, bytes], answer: bytes) -> None:
        """Have an answer written."""
        self._number += 1
        row = {
            "number": self._number,
            "identity": identity,
            "call_id": key[0],
            "digest": key[1],
            "answer": answer,
        }
        too_old = self._number - self._limit

        def write(connection: Connection) -> None:
            connection.execute(_ADD, row)
            connection.execute(_DROP, {"least": too_old})

        try:
            self._database.submit(write).add_done_callback(_report)
        except StoreError as error:
            LOGGER.warning("an answer is not kept: %s", error)


class _Answers:
    """An `AnswerMemory`: answers from memory, and writes to the store."""

    __slots__ = ("_book", "_identity", "_memory")

    def __init__(self, book: StoredAnswers, identity: str, memory: MemoryAnswers) -> None:
        self._book = book
        self._identity = identity
        self._memory = memory

    def find(self, call_id: str, action: str, fingerprint: bytes) -> bytes | None:
        return self._memory.find(call_id, action, fingerprint)

    def knows(self, call_id: str) -> bool:
        return self._memory.knows(call_id)

    def keep(self, call_id: str, action: str, fingerprint: bytes, answer: bytes) -> None:
        self._memory.keep(call_id, action, fingerprint, answer)
        if len(answer) <= self._memory.byte_limit:
            self._book.put(self._identity, answer_key(call_id, action, fingerprint), answer)


def _all(connection: Connection) -> list[sa.Row[Any]]:
    return list(connection.execute(sa.select(TABLE).order_by(TABLE.c.number)))


def _report(future: asyncio.Future[None]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        log.failure(LOGGER, "an answer is not kept", error)
