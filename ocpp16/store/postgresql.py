"""PostgreSQL: a server, by which a second process can stand by and take over.

A leader holds advisory locks on the very session that it writes by: when the session ends, lock and
right to write end together. A reconnecting leader takes the locks again and compares the number of
its reign, so that it goes on only if nobody has led in between.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, event, exc

from ocpp16.log import one_line
from ocpp16.store.error import (
    LeadershipLost,
    StoreBusy,
    StoreCorrupted,
    StoreError,
    StoreFull,
    StoreNotSupported,
    StoreReadOnly,
    StoreUnavailable,
)
from ocpp16.store.schema import REIGNS

LOGGER = logging.getLogger("ocpp16.store")
READERS = 4
MIGRATION_LOCK = "migration"
# A half-open connection is noticed within seconds, not minutes; libpq's words.
_DEFAULTS = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
    "application_name": "ocpp16",
}
# What an SQLSTATE means to a store, the longest prefix first; other states are faults of the
# statement. https://www.postgresql.org/docs/current/errcodes-appendix.html
_STATES: tuple[tuple[str, type[StoreError], str], ...] = (
    ("53100", StoreFull, "the server's disk is full: make room"),
    ("25006", StoreReadOnly, "the server is read-only: use the primary one"),
    ("42501", StoreUnavailable, "the user may not do this: grant it the database or a schema"),
    ("55P03", StoreBusy, "another process holds it: try again"),
    ("57014", StoreBusy, "the server's time limit is over: try again"),
    ("40", StoreBusy, "another process was in the way: try again"),
    ("53", StoreUnavailable, "the server has nothing left: check its limits"),
    ("57P", StoreUnavailable, "the server stops or starts: try again"),
    ("58", StoreUnavailable, "the server's disk or system failed: look into its log"),
    ("08", StoreUnavailable, "the connection broke: check the server"),
    ("28", StoreUnavailable, "the server lets the user not in: check user and password"),
    ("3D000", StoreUnavailable, "there is no such database: create it"),
    ("XX", StoreCorrupted, "the database is damaged: look into the server's log"),
)


class PostgresqlServer:
    """A `Medium` that is a server.

    Args:
        url: `postgresql+psycopg://user:password@host/database`, with libpq's parameters.
        busy_timeout: How long to wait for a lock that another process holds.
    """

    def __init__(self, url: sa.URL, busy_timeout: timedelta) -> None:
        url = url.set(drivername="postgresql+psycopg")
        self.name = url.set(query={}).render_as_string(hide_password=True)
        self.is_remote = True
        self._busy_timeout = busy_timeout
        self._keys: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._session: tuple[int, object] | None = None
        url = url.update_query_dict({k: v for k, v in _DEFAULTS.items() if k not in url.query})
        try:
            self._writer = sa.create_engine(url, poolclass=sa.NullPool)
            self._readers = sa.create_engine(
                url,
                pool_size=READERS,
                max_overflow=0,
                pool_pre_ping=True,
                isolation_level="REPEATABLE READ",
                execution_options={"postgresql_readonly": True},
            )
        except ModuleNotFoundError as error:
            raise StoreNotSupported(
                f"{self.name}: PostgreSQL needs psycopg: pip install 'ocpp16[postgresql]'"
            ) from error

        for engine in (self._writer, self._readers):
            event.listen(engine, "connect", _speak_utc)

    def connect(self) -> Connection:
        """Return a new connection to write by, no transaction begun."""
        connection = self._writer.connect()
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: Connection) -> None:
        # Off means that what was committed can be lost; stricter values than "on" stay.
        if connection.scalar(sa.text("SHOW synchronous_commit")) == "off":
            connection.execute(sa.text("SET synchronous_commit = on"))
        if connection.scalar(sa.text("SHOW fsync")) == "off":
            LOGGER.warning("%s: the server runs with fsync=off: a power cut loses data", self.name)
        milliseconds = int(self._busy_timeout.total_seconds() * 1000)
        connection.execute(sa.text(f"SET lock_timeout = {milliseconds}"))
        connection.commit()

    def reader(self) -> Connection:
        """Return a connection to read by: each transaction sees one state, and changes nothing."""
        return self._readers.connect()

    def explain(self, error: BaseException) -> StoreError | None:
        """Return what failed of the store; None where it did its work and the statement is bad."""
        if isinstance(error, exc.TimeoutError):
            return StoreBusy(f"{self.name}: too many read it at once: try again")
        if not isinstance(error, exc.DBAPIError):
            return None
        state = getattr(error.orig, "sqlstate", None)
        said = one_line(" ".join(str(error.orig).split()), 300)
        if state is None:
            # The driver's own word: only what has to do with the connection is the store's fault.
            if error.connection_invalidated or isinstance(error, exc.OperationalError):
                return StoreUnavailable(f"{self.name}: no connection to the server: {said}")
            return None
        for prefix, kind, text in _STATES:
            if state.startswith(prefix):
                return kind(f"{self.name}: {text} ({said})")
        return None

    def is_undecided(self, error: BaseException) -> bool:
        """Tell whether a commit that failed so may have taken place: the server did not say."""
        state = getattr(getattr(error, "orig", None), "sqlstate", None)
        return state is None or state.startswith(("08", "57P", "XX", "58"))

    def renew_savepoint(self, connection: Connection) -> None:
        """Release the savepoint `work`, and set it again: one way to the server and back."""
        connection.exec_driver_sql("RELEASE SAVEPOINT work; SAVEPOINT work")

    def guard_migration(self, connection: Connection) -> None:
        """Keep others from migrating until the transaction ends."""
        key = _key(connection, MIGRATION_LOCK)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))

    def lock(self, connection: Connection, names: tuple[str, ...]) -> bool:
        """Take the locks of a leader, all or none; none is waited for."""
        for name in names:
            key = self._keys[name] = _key(connection, name)
            if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))):
                del self._keys[name]
                self.unlock(connection)
                return False
        connection.commit()
        return True

    def unlock(self, connection: Connection) -> None:
        """Give up the locks of a leader."""
        for key in self._keys.values():
            connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))
        connection.commit()
        self._keys.clear()

    def reign(self, connection: Connection) -> None:
        """Begin to lead, the locks being held, within the transaction that is open."""
        for name in self._keys:
            number = (
                connection.scalar(sa.select(REIGNS.c.number).where(REIGNS.c.name == name)) or 0
            ) + 1
            if number == 1:
                connection.execute(sa.insert(REIGNS).values(name=name, number=number))
            else:
                change = sa.update(REIGNS).where(REIGNS.c.name == name)
                connection.execute(change.values(number=number))
            self._numbers[name] = number
        self._session = _session(connection)

    def resume(self, connection: Connection) -> None:
        """Go on leading by a new connection.

        Raises:
            LeadershipLost: Another process has led since.
            StoreUnavailable: It cannot be told now.
        """
        if self._session is not None:
            # The server may not have noticed yet that our last session is gone.
            old, started = self._session
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid = :pid AND backend_start = :started"
                ),
                {"pid": old, "started": started},
            )
            connection.commit()
        for name, key in self._keys.items():
            self._take_again(connection, name, key)
        self._session = _session(connection)
        connection.commit()

    def _take_again(self, connection: Connection, name: str, key: int) -> None:
        held = False
        try:
            # Waits as long as `lock_timeout` says: the last session needs its time to end.
            connection.execute(sa.select(sa.func.pg_advisory_lock(key)))
            held = True
        except exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != "55P03":
                raise
            connection.rollback()
        number = connection.scalar(sa.select(REIGNS.c.number).where(REIGNS.c.name == name))
        if number != self._numbers[name]:
            raise LeadershipLost(
                f"{self.name}: another process has led {name} since: this one writes no more"
            )
        if not held:
            raise StoreUnavailable(f"{self.name}: another process may lead {name} now")

    def dispose(self) -> None:
        """Close what is open."""
        self._readers.dispose()
        self._writer.dispose()


def _speak_utc(connection: Any, _: object) -> None:
    # In another zone, the last hours that a timestamp can tell are in a year that Python has not.
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _session(connection: Connection) -> tuple[int, object]:
    row = connection.execute(
        sa.text("SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
    ).one()
    return row[0], row[1]


def _key(connection: Connection, name: str) -> int:
    schema = connection.scalar(sa.select(sa.func.current_schema()))
    digest = hashlib.sha256(f"ocpp16/{schema}/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
