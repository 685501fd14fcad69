"""SQLite: one file, made so that what was committed survives a power cut.

WAL with synchronous=FULL: a commit returns once the log is on the disk, and readers, of other
processes too, stand in nobody's way. https://www.sqlite.org/wal.html
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, event, exc

from ocpp16.store.error import (
    StoreBusy,
    StoreCorrupted,
    StoreError,
    StoreFull,
    StoreNotSupported,
    StoreReadOnly,
    StoreUnavailable,
)

READERS = 4
# What a primary result code means to a store; other codes are faults of the statement.
_CODES: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_BUSY: (StoreBusy, "another process holds it: end that, or try again"),
    sqlite3.SQLITE_LOCKED: (StoreBusy, "another process holds it: end that, or try again"),
    sqlite3.SQLITE_FULL: (StoreFull, "the disk is full: make room"),
    sqlite3.SQLITE_READONLY: (StoreReadOnly, "it may not be written: check owner, mode and mount"),
    sqlite3.SQLITE_CANTOPEN: (StoreUnavailable, "it cannot be opened: check owner and mode"),
    sqlite3.SQLITE_PERM: (StoreUnavailable, "it may not be opened: check owner and mode"),
    sqlite3.SQLITE_IOERR: (StoreUnavailable, "the disk failed: look into the system's log"),
    sqlite3.SQLITE_NOMEM: (StoreUnavailable, "there is no memory left"),
    sqlite3.SQLITE_PROTOCOL: (StoreBusy, "another process holds it: end that, or try again"),
    sqlite3.SQLITE_NOTADB: (StoreCorrupted, "it is not an SQLite database: check the name"),
    sqlite3.SQLITE_CORRUPT: (
        StoreCorrupted,
        "it is damaged: go back to a copy, or try `sqlite3 FILE .recover`",
    ),
}


class SqliteFile:
    """A `Medium` that is a file.

    Args:
        url: `sqlite:///relative` or `sqlite:////absolute`.
        busy_timeout: How long to wait for another process that writes.
    """

    def __init__(self, url: sa.URL, busy_timeout: timedelta) -> None:
        if not url.database or url.database == ":memory:" or url.query:
            raise StoreNotSupported(
                f"{url}: a store is a file, sqlite:///NAME, and takes no parameters"
            )
        self.name = str(url)
        self.is_remote = False
        # Whoever changes the working directory later goes on with the same file.
        self._path = Path(url.database).absolute()
        self._locks: list[int] = []
        self._busy_timeout = busy_timeout
        place = sa.URL.create("sqlite+pysqlite", database=str(self._path))
        # The driver begins no transaction by itself: what SQLAlchemy begins is one, DDL included.
        options: dict[str, Any] = {
            "isolation_level": None,
            "check_same_thread": False,
            "timeout": busy_timeout.total_seconds(),
        }
        self._writer = sa.create_engine(place, connect_args=options, poolclass=sa.NullPool)
        self._readers = sa.create_engine(
            place, connect_args=options, poolclass=sa.QueuePool, pool_size=READERS, max_overflow=0
        )
        event.listen(self._writer, "connect", _prepare_writer)
        # A transaction that began by reading cannot wait for its turn to write.
        event.listen(self._writer, "begin", lambda each: each.exec_driver_sql("BEGIN IMMEDIATE"))
        event.listen(self._readers, "connect", _prepare_reader)
        event.listen(self._readers, "begin", lambda each: each.exec_driver_sql("BEGIN"))

    def connect(self) -> Connection:
        """Return a new connection to write by, no transaction begun."""
        self._make()
        return self._writer.connect()

    def _make(self) -> None:
        # Made before SQLite makes it, so that what a store knows is its owner's alone; SQLite gives
        # the files beside it the same mode.
        try:
            with suppress(FileExistsError):
                os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except OSError as error:
            raise self._unmade(error) from error

    def _unmade(self, error: OSError) -> StoreError:
        match error.errno:
            case errno.ENOENT | errno.ENOTDIR:
                text = f"there is no directory {self._path.parent}: make it, or check the name"
                return StoreUnavailable(f"{self.name}: {text}")
            case errno.EROFS:
                return StoreReadOnly(f"{self.name}: its file system is read-only")
            case errno.ENOSPC | errno.EDQUOT:
                return StoreFull(f"{self.name}: the disk is full: make room")
            case _:
                return StoreUnavailable(f"{self.name}: it cannot be made: {error.strerror}")

    def reader(self) -> Connection:
        """Return a connection to read by: each transaction sees one state, and changes nothing."""
        return self._readers.connect()

    def explain(self, error: BaseException) -> StoreError | None:
        """Return what failed of the store; None where it did its work and the statement is bad."""
        if isinstance(error, exc.TimeoutError):
            return StoreBusy(f"{self.name}: too many read it at once: try again")
        cause = error.orig if isinstance(error, exc.DBAPIError) else error
        code = _primary_code(cause)
        if code not in _CODES:
            return None
        kind, text = _CODES[code]
        return kind(f"{self.name}: {text} ({cause})")

    def is_undecided(self, error: BaseException) -> bool:
        """Tell whether a commit that failed so may have taken place.

        Where the disk failed, what was to be written may or may not be found again.
        """
        cause = error.orig if isinstance(error, exc.DBAPIError) else error
        return _primary_code(cause) == sqlite3.SQLITE_IOERR

    def renew_savepoint(self, connection: Connection) -> None:
        """Release the savepoint `work`, and set it again."""
        connection.exec_driver_sql("RELEASE SAVEPOINT work")
        connection.exec_driver_sql("SAVEPOINT work")

    def guard_migration(self, connection: Connection) -> None:
        """Keep others from migrating until the transaction ends: whoever may write is alone."""

    def lock(self, connection: Connection, names: tuple[str, ...]) -> bool:
        """Take the locks of a leader, all or none; none is waited for.

        The system gives them back when the process ends, however it ends.
        """
        for name in names:
            try:
                handle = os.open(
                    self._path.with_name(f"{self._path.name}.{name}.lock"),
                    os.O_CREAT | os.O_RDWR,
                    0o600,
                )
            except OSError as error:
                self.unlock(connection)
                raise self._unmade(error) from error
            if not _lock(handle):
                os.close(handle)
                self.unlock(connection)
                return False
            self._locks.append(handle)
        return True

    def unlock(self, connection: Connection | None = None) -> None:
        """Give up the locks of a leader."""
        while self._locks:
            os.close(self._locks.pop())

    def reign(self, connection: Connection) -> None:
        """Begin to lead: nobody can take the lock of a file away, so there is nothing to note."""

    def resume(self, connection: Connection) -> None:
        """Go on leading: the lock does not hang on a connection."""

    def dispose(self) -> None:
        """Close what is open."""
        self.unlock()
        self._readers.dispose()
        self._writer.dispose()


def _primary_code(error: BaseException | None) -> int:
    # Bindings that find an error themselves set no code.
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _prepare_writer(connection: Any, _: object) -> None:
    run = connection.execute
    mode = run("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreUnavailable(
            f"SQLite cannot keep a write-ahead log here (it has {mode}): "
            "use a local disk, not one of the network"
        )
    run("PRAGMA synchronous = FULL")
    # macOS: a plain fsync leaves data in the drive. No effect elsewhere.
    run("PRAGMA fullfsync = ON")
    run("PRAGMA checkpoint_fullfsync = ON")
    run("PRAGMA foreign_keys = ON")


def _prepare_reader(connection: Any, _: object) -> None:
    connection.execute("PRAGMA query_only = ON")


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
