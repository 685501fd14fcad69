"""The database of a process: what it writes is on the disk before it is told so.

    database = await Database.open("sqlite:///site.db", schemas=[SCHEMA])
    await database.lead()
    await database.write(lambda connection: connection.execute(insert(TABLE).values(...)))

Knows SQLite and PostgreSQL by URL and no table of its users.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import TracebackType
from typing import Self, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, exc

from ocpp16.store.error import StoreClosed, StoreInUse, StoreNotSupported, StoreUnavailable
from ocpp16.store.medium import Medium
from ocpp16.store.postgresql import PostgresqlServer
from ocpp16.store.schema import Schema
from ocpp16.store.sqlite import READERS, SqliteFile
from ocpp16.store.writer import Writer

T = TypeVar("T")


class Database:
    """One store, opened by one process; made by `open`. Its methods belong to one event loop."""

    def __init__(self, medium: Medium, writer: Writer, lost: asyncio.Event) -> None:
        self._medium = medium
        self._writer = writer
        self._lost = lost
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="ocpp16-store-reader")
        self._is_closed = False

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        schemas: Sequence[Schema] = (),
        group_limit: int = 200,
        queue_limit: int = 10_000,
        busy_timeout: timedelta = timedelta(seconds=5),
        beat: timedelta = timedelta(seconds=2),
    ) -> Self:
        """Open a store: it is made where there is none, and migrated to this version's tables.

        While another process leads a store that awaits its migration, nothing is read or written
        (`StoreVersionTooOld`) until `lead` has succeeded.

        Args:
            url: `sqlite:///FILE`, or `postgresql+psycopg://USER:PASSWORD@HOST/DATABASE`.
            schemas: The tables that are needed.
            group_limit: How many works share a commit at most.
            queue_limit: How many works may wait to be written.
            busy_timeout: How long to wait for another process that holds the database.
            beat: How often an idle leader makes sure that it still leads.

        Raises:
            StoreNotSupported: The URL names nothing that a store can be kept on.
            StoreVersionTooNew: A newer version of this software wrote it.
            StoreMigrationFailed: Its tables could not be brought to this version.
            StoreCorrupted: It is damaged, or no database.
            StoreUnavailable: It cannot be opened now; the text says what to do.
        """
        medium = _medium(url, busy_timeout)
        loop = asyncio.get_running_loop()
        lost = asyncio.Event()

        def tell_lost() -> None:
            # The loop may be gone before the thread is.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(lost.set)

        writer = Writer(
            medium,
            tuple(schemas),
            group_limit=group_limit,
            queue_limit=queue_limit,
            beat=beat,
            tell_lost=tell_lost,
        )
        try:
            await writer.prepare()
        except BaseException:
            await writer.close()
            raise
        return cls(medium, writer, lost)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run a work in the thread that writes, and return what it returns once that is durable.

        Works run in the order of submission. Those that come in at about the same time share one
        transaction, each in a savepoint of its own: what one raises its caller alone gets, and only
        what that one did is undone. A work neither commits nor rolls back, and waits for nothing.
        Cancelling takes back nothing: a work handed in is done, and only its result is dropped.

        Raises:
            StoreBusy: Too many works wait, or another process holds the database.
            StoreOutcomeUnknown: Whether the commit took place is unknown.
            StoreUnavailable: The database failed; nothing of it is stored.
            LeadershipLost: Another process has led the store since this one began to.
            StoreClosed: The store was closed before.
        """
        return await self.submit(work)

    def submit(self, work: Callable[[Connection], T]) -> asyncio.Future[T]:
        """Hand in a work without waiting for it; see `write`.

        Raises:
            StoreBusy: Too many works wait.
            StoreClosed: The store was closed before.
        """
        return self._writer.submit(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a work that only reads, in a thread, and return what it returns.

        It sees one committed state from its first statement to its last, this process's writes that
        have returned included. What it returns must not hang on the connection: rows are fetched.

        Raises:
            StoreUnavailable: The database failed, or is read by too many.
            StoreClosed: The store was closed before.
        """
        if self._is_closed:
            raise StoreClosed(f"{self._medium.name}: the store is closed")
        self._writer.check_current()
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._medium.reader() as connection:
                return work(connection)
        except StopIteration as error:
            # A future cannot hold it, and whoever waits would wait for ever.
            raise RuntimeError("a work raised StopIteration") from error
        except Exception as error:
            known = self._medium.explain(error)
            if known is None:
                raise
            raise known from error

    async def lead(
        self, *, wait: bool | None = None, poll: timedelta = timedelta(seconds=0.5)
    ) -> None:
        """Become the one process that writes to this store, and migrate it if that is due.

        Args:
            wait: Stand by until the present leader ends; None: on PostgreSQL, and not on SQLite.
            poll: How often to try while standing by.

        Raises:
            StoreInUse: Another process leads it (never raised when waiting).
            StoreVersionTooNew: A newer version of this software has written it.
            StoreUnavailable: The database failed (never raised when waiting).
        """
        wait = self._medium.is_remote if wait is None else wait
        while True:
            try:
                if await self._writer.lead():
                    self._lost.clear()
                    return
            except StoreUnavailable:
                # Who stands by does so while the server restarts, too.
                if not wait:
                    raise
            if not wait:
                raise StoreInUse(
                    f"{self._medium.name}: another process leads this store: end that one first"
                )
            await asyncio.sleep(poll.total_seconds())

    @property
    def is_leader(self) -> bool:
        """Whether this process leads the store, as far as it knows."""
        return self._writer.leads

    async def lost(self) -> None:
        """Return when leadership is lost: another process leads, and this one writes no more."""
        await self._lost.wait()

    @property
    def failures(self) -> int:
        """How many commits have failed so far, with all the works in them."""
        return self._writer.failures

    @property
    def waiting(self) -> int:
        """How many works wait to be written."""
        return self._writer.waiting

    async def close(self) -> None:
        """Wait for what was handed in, and close; no effect once closed."""
        self._is_closed = True
        await asyncio.to_thread(self._readers.shutdown)
        await self._writer.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def _medium(url: str, busy_timeout: timedelta) -> Medium:
    try:
        parsed = sa.make_url(url)
    except exc.ArgumentError as error:
        # The text itself may hold a password.
        raise StoreNotSupported(
            "not the URL of a store: sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE"
        ) from error
    match parsed.drivername:
        case "sqlite" | "sqlite+pysqlite":
            return SqliteFile(parsed, busy_timeout)
        case "postgresql" | "postgresql+psycopg":
            return PostgresqlServer(parsed, busy_timeout)
        case other:
            raise StoreNotSupported(
                f"{other}: a store is kept on sqlite:///FILE "
                "or postgresql+psycopg://USER@HOST/DATABASE"
            )
