"""The one thread that writes: what is handed in at about the same time shares one commit.

A commit costs a wait for the disk, however much it holds. So the thread takes all that has come in
while the last commit was on its way, runs each in a savepoint of its own, and commits once. Knows
no database by name (see `medium`) and no table.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16 import log
from ocpp16.store.error import (
    LeadershipLost,
    StoreBusy,
    StoreClosed,
    StoreError,
    StoreMigrationFailed,
    StoreOutcomeUnknown,
    StoreUnavailable,
    StoreVersionTooOld,
)
from ocpp16.store.medium import Medium
from ocpp16.store.schema import Schema, is_current, migrate

LOGGER = logging.getLogger("ocpp16.store")
T = TypeVar("T")


@attrs.define(eq=False)
class _Job:
    """Something to be done by the thread, and who waits for it."""

    run: Callable[..., Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    is_work: bool
    """Work runs within a transaction that it may share; anything else runs alone."""
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        # Whoever waited may have been cancelled.
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Writer:
    """Writes in order of submission, as many works to a commit as have come in.

    Args:
        medium: What is written to.
        schemas: The tables that must be there, in their present version.
        group_limit: How many works share a commit at most.
        queue_limit: How many works may wait; more are refused with `StoreBusy`.
        beat: How often an idle leader makes sure that it still leads.
        tell_lost: Called in the thread once leadership is lost.
    """

    def __init__(
        self,
        medium: Medium,
        schemas: Sequence[Schema],
        *,
        group_limit: int,
        queue_limit: int,
        beat: timedelta,
        tell_lost: Callable[[], object],
    ) -> None:
        self._medium = medium
        self._schemas = schemas
        self._names = tuple(sorted(schema.name for schema in schemas)) or ("store",)
        self._group_limit = group_limit
        self._queue_limit = queue_limit
        self._beat_seconds = beat.total_seconds()
        self._tell_lost = tell_lost
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._is_closed = False
        self._connection: Connection | None = None
        self._leads = False
        self._has_lost = False
        self._is_current = False
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name="ocpp16-store", daemon=True)
        self._thread.start()

    @property
    def leads(self) -> bool:
        """Whether this process leads the store, as far as it knows."""
        return self._leads

    @property
    def failures(self) -> int:
        """How many commits have failed, with all the works in them."""
        return self._failures

    @property
    def waiting(self) -> int:
        """How many works wait for their commit to begin."""
        return self._jobs.qsize()

    def check_current(self) -> None:
        """Raise `StoreVersionTooOld` as long as the tables are not those of this version."""
        if not self._is_current:
            raise StoreVersionTooOld(
                f"{self._medium.name}: written by an earlier version of ocpp16, and another "
                "process that leads it keeps it from being migrated: end that process first"
            )

    def submit(self, work: Callable[[Connection], T]) -> asyncio.Future[T]:
        """Hand in a work; the future is done once it is committed, or failed."""
        if self._jobs.qsize() >= self._queue_limit:
            raise StoreBusy(
                f"{self._medium.name}: {self._queue_limit} works wait to be written: try again"
            )
        return self._put(work, is_work=True)

    def prepare(self) -> asyncio.Future[None]:
        """Open the store and migrate it, unless another process leads it."""
        return self._put(self._prepare, is_work=False)

    def lead(self) -> asyncio.Future[bool]:
        """Begin to lead if nobody else does, and tell whether that is so."""
        return self._put(self._lead, is_work=False)

    async def close(self) -> None:
        """Wait for what was handed in, then end the thread and all connections."""
        with self._gate:
            if not self._is_closed:
                self._is_closed = True
                self._jobs.put(None)
        # The thread is as good as done when the queue is; a join in the loop would stop it.
        await asyncio.to_thread(self._thread.join)

    def _put(self, run: Callable[..., T], *, is_work: bool) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with self._gate:
            # Nothing may stand in the queue behind its end.
            if self._is_closed:
                raise StoreClosed(f"{self._medium.name}: the store is closed")
            self._jobs.put(_Job(run, loop, future, is_work))
        return future

    # What follows runs in the thread.

    def _run(self) -> None:
        try:
            last: _Job | None = None
            while True:
                jobs, last, is_over = self._take(last)
                if jobs and jobs[0].is_work:
                    self._store(jobs)
                elif jobs:
                    self._do_alone(jobs[0])
                elif not is_over:
                    self._assure()
                _deliver(jobs)
                if is_over and last is None:
                    return
        finally:
            self._disconnect()
            self._medium.dispose()

    def _take(self, first: _Job | None) -> tuple[list[_Job], _Job | None, bool]:
        """Return what goes together, the job after it if it was taken too, and if that is all."""
        if first is None:
            try:
                watches = self._leads and self._medium.is_remote
                first = self._jobs.get(timeout=self._beat_seconds if watches else None)
            except queue.Empty:
                return [], None, False
            if first is None:
                return [], None, True
        jobs = [first]
        while first.is_work and len(jobs) < self._group_limit:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return jobs, None, True
            if not job.is_work:
                return jobs, job, False
            jobs.append(job)
        return jobs, None, False

    def _do_alone(self, job: _Job) -> None:
        try:
            job.result = job.run()
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            job.error = self._explain(error)

    def _assure(self) -> None:
        """Find out whether the connection is there, and the lead with it."""
        try:
            connection = self._ready()
            connection.execute(sa.select(1))
            connection.rollback()
        except BaseException as error:  # noqa: BLE001 - the next write tells it to somebody
            LOGGER.warning("%s", self._explain(error))
            self._disconnect()

    def _store(self, jobs: list[_Job]) -> None:
        try:
            self.check_current()
            connection = self._ready()
            transaction = connection.begin()
            # Plain statements: what fails in them must fail the group, never be taken for undone.
            connection.exec_driver_sql("SAVEPOINT work")
            for job in jobs:
                if job is not jobs[0]:
                    self._medium.renew_savepoint(connection)
                self._work(connection, job)
            connection.exec_driver_sql("RELEASE SAVEPOINT work")
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            self._fail(jobs, self._explain_group(error))
            return
        try:
            transaction.commit()
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            known = self._explain_group(error)
            if self._medium.is_undecided(error):
                known = StoreOutcomeUnknown(
                    f"{self._medium.name}: the commit was cut off, and whether it took place is "
                    f"unknown ({known})"
                )
                known.__cause__ = error
            self._fail(jobs, known)

    def _work(self, connection: Connection, job: _Job) -> None:
        """Run a work; what it raises is its own affair unless the store failed."""
        try:
            job.result = job.run(connection)
        except BaseException as error:
            # A failed store may have ended the transaction, and the works before with it.
            if self._medium.explain(error) is not None:
                raise
            job.error = _portable(error)
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT work")

    def _explain_group(self, error: BaseException) -> StoreError:
        known = self._explain(error)
        if isinstance(known, StoreError):
            return known
        unknown = StoreUnavailable(f"{self._medium.name}: the transaction broke ({known})")
        unknown.__cause__ = error
        return unknown

    def _fail(self, jobs: list[_Job], error: StoreError) -> None:
        self._failures += 1
        # A leader whose session is sound keeps it: its lock hangs on it, and another stands by.
        # Elsewhere nobody knows the state of things, and the next group gets a new connection.
        if not (self._medium.is_remote and self._is_sound()):
            self._disconnect()
        for job in jobs:
            # Each waits in a task of its own, and would write its trace into a shared one.
            each = error if job is jobs[0] else copy.copy(error)
            each.__cause__ = error.__cause__
            job.error = each

    def _explain(self, error: BaseException) -> BaseException:
        known = self._medium.explain(error)
        if known is None:
            return _portable(error)
        known.__cause__ = error
        return known

    def _is_sound(self) -> bool:
        # One that was cut would connect by itself, and be another session, without the lock.
        if self._connection is None or self._connection.invalidated:
            return False
        try:
            self._connection.rollback()
            self._connection.execute(sa.select(1))
            self._connection.rollback()
        except Exception:  # noqa: BLE001 - that is the answer
            return False
        return True

    def _ready(self) -> Connection:
        """Return the connection, if this process may still write."""
        if self._has_lost:
            raise LeadershipLost(f"{self._medium.name}: another process has led the store since")
        return self._connected()

    def _connected(self) -> Connection:
        """Return the connection, made anew where it was lost."""
        if self._connection is None:
            connection = self._medium.connect()
            try:
                if self._leads:
                    self._medium.resume(connection)
            except LeadershipLost:
                _close(connection)
                self._leads = False
                self._has_lost = True
                self._tell_lost()
                raise
            except BaseException:
                _close(connection)
                raise
            self._connection = connection
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            _close(self._connection)
            self._connection = None

    def _prepare(self) -> None:
        self._alone(self._prepare_by)

    def _prepare_by(self, connection: Connection) -> None:
        with connection.begin():
            self._is_current = is_current(connection, self._schemas)
        if not self._is_current and self._medium.lock(connection, self._names):
            try:
                self._migrate(connection)
            finally:
                self._medium.unlock(connection)

    def _migrate(self, connection: Connection) -> None:
        try:
            with connection.begin():
                self._medium.guard_migration(connection)
                migrate(connection, self._schemas)
        except Exception as error:
            if isinstance(error, StoreError) or self._medium.explain(error) is not None:
                raise
            names = ", ".join(self._names)
            raise StoreMigrationFailed(
                f"{self._medium.name}: the tables of {names} could not be brought to this version, "
                f"and are what they were ({error})"
            ) from error
        self._is_current = True

    def _lead(self) -> bool:
        if self._leads:
            return True
        return self._alone(self._lead_by)

    def _lead_by(self, connection: Connection) -> bool:
        if not self._medium.lock(connection, self._names):
            return False
        try:
            self._migrate(connection)
            with connection.begin():
                self._medium.reign(connection)
        except BaseException:
            self._medium.unlock(connection)
            raise
        self._leads = True
        self._has_lost = False
        return True

    def _alone(self, run: Callable[[Connection], T]) -> T:
        try:
            return run(self._connected())
        except BaseException:
            self._disconnect()
            raise


def _deliver(jobs: list[_Job]) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        loops.setdefault(job.loop, []).append(job)
    for loop, settled in loops.items():
        try:
            loop.call_soon_threadsafe(_settle, settled)
        except RuntimeError:
            # The loop was closed: nobody waits any more.
            continue


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        job.settle()


def _portable(error: BaseException) -> BaseException:
    """Return an error that a future can hold."""
    if isinstance(error, StopIteration):
        wrapped = RuntimeError("a work raised StopIteration")
        wrapped.__cause__ = error
        return wrapped
    return error


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except Exception as error:  # noqa: BLE001 - it is of no use any more, and nothing hangs on it
        log.failure(LOGGER, "a connection did not close", error)
