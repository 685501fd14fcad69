"""Jobs that charge points were given, and how each went. Spec: C 5.9, 5.19; W L01, N01.

A job is an update of firmware, or an upload of diagnostics or of a log. Signed updates and logs
tell with each status which request it is of; with the others it is the latest of its kind.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.store.central_system.tables import JOB_STATUSES, JOBS, columns_of

STATUS_LIMIT = 100
"""Statuses kept of a job; the oldest go first, since a peer can tell as many as it likes."""


class Kind(StrEnum):
    """What is to be done."""

    FIRMWARE = "firmware"
    SIGNED_FIRMWARE = "signed-firmware"
    DIAGNOSTICS = "diagnostics"
    LOG = "log"


NUMBERED = frozenset({Kind.SIGNED_FIRMWARE, Kind.LOG})
"""Their statuses say which request they are of."""
UPLOADS = frozenset({Kind.DIAGNOSTICS, Kind.LOG})


@attrs.frozen(kw_only=True)
class Job:
    """Something that a charge point was asked to do."""

    number: int
    """Grows with each job of the store."""
    identity: str
    kind: str
    request_id: int | None
    asked: datetime
    answer: str | None
    """What the charge point answered, or why there is no answer; None as long as it is due."""
    status: str | None
    """The last that it has told."""
    status_at: datetime | None
    file: str | None
    """The image that it is to fetch, or the name that the file it has sent has at its end."""
    announced: str | None
    """The name of the file that it said it would send."""
    log_type: str | None
    until: datetime | None
    """When the location ends that it was given; None where it was not given one of ours."""
    received: datetime | None
    """When the file that it was asked for was there, whole."""
    size: int | None
    sha256: str | None


@attrs.frozen
class Step:
    """A status, and when it was told."""

    at: datetime
    status: str


def ask(
    connection: Connection,
    identity: str,
    kind: Kind,
    *,
    now: datetime,
    request_id: int | None = None,
    file: str | None = None,
    log_type: str | None = None,
    digest: bytes | None = None,
    until: datetime | None = None,
) -> int:
    """Keep a job that is about to be given, and return its number.

    Args:
        connection: Of a write.
        identity: The charge point.
        kind: What is to be done.
        now: The time.
        request_id: The number that its statuses will have; None is its own, for kinds that have it.
        file: The image that is to be fetched.
        log_type: Which log is wanted.
        digest: What `find_granted` knows its location by; None where it is not one of ours.
        until: When that location ends.
    """
    values = {
        "identity": identity,
        "kind": str(kind),
        "request_id": request_id,
        "asked": now,
        "file": file,
        "log_type": None if log_type is None else str(log_type),
        "digest": digest,
        "until": until,
    }
    key = connection.execute(sa.insert(JOBS).values(values)).inserted_primary_key
    number = 0 if key is None else int(key[0])
    if kind in NUMBERED and request_id is None:
        _change(connection, number, request_id=number)
    return number


def note_answer(
    connection: Connection, number: int, answer: str, *, announced: str | None = None
) -> None:
    """Keep what a charge point answered when it was given a job."""
    _change(connection, number, answer=answer, announced=announced)


def end_grant(connection: Connection, number: int, *, now: datetime) -> None:
    """Let the location of a job end."""
    given = JOBS.c.until.is_not(None)
    connection.execute(sa.update(JOBS).where(JOBS.c.number == number, given).values(until=now))


def note_status(
    connection: Connection,
    identity: str,
    kind: Kind,
    status: str,
    *,
    now: datetime,
    request_id: int | None = None,
) -> int | None:
    """Keep how a job goes, and return its number; None if it is of no job that is known.

    A status that is told again, since it was asked for, is kept once.
    """
    if kind in NUMBERED and request_id is None:
        return None
    query = sa.select(JOBS.c.number, JOBS.c.status).where(
        JOBS.c.identity == identity, JOBS.c.kind == str(kind)
    )
    if kind in NUMBERED:
        query = query.where(JOBS.c.request_id == request_id)
    found = connection.execute(query.order_by(JOBS.c.number.desc()).limit(1)).first()
    if found is None:
        return None
    number = int(found.number)
    if found.status == str(status):
        return number
    _change(connection, number, status=str(status), status_at=now)
    row = {"job": number, "at": now, "status": str(status)}
    connection.execute(sa.insert(JOB_STATUSES).values(row))
    table = JOB_STATUSES.c
    kept = (
        sa.select(table.number)
        .where(table.job == number)
        .order_by(table.number.desc())
        .limit(STATUS_LIMIT)
    )
    oldest = min(connection.scalars(kept))
    gone = sa.delete(JOB_STATUSES).where(table.job == number, table.number < oldest)
    connection.execute(gone)
    return number


def note_received(
    connection: Connection, number: int, *, name: str | None, size: int, sha256: str, now: datetime
) -> bool:
    """Take it that a file is there, and its location used up; False if it was there before."""
    change = sa.update(JOBS).where(JOBS.c.number == number, JOBS.c.received.is_(None))
    values = {"file": name, "size": size, "sha256": sha256, "received": now}
    return connection.execute(change.values(values)).rowcount == 1


def find_job(connection: Connection, number: int) -> Job | None:
    """Return a job; None if there is none of the number."""
    return _first(connection, JOBS.c.number == number)


def find_granted(connection: Connection, digest: bytes) -> Job | None:
    """Return the job whose location has a digest."""
    return _first(connection, JOBS.c.digest == digest)


def jobs(
    connection: Connection,
    *,
    identity: str | None = None,
    kind: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Job]:
    """Return jobs, the latest first.

    Args:
        connection: Of a read.
        identity: Only those of this charge point.
        kind: Only those of this kind.
        before: Only those with a lower number.
        limit: How many at most.
    """
    query = sa.select(JOBS).order_by(JOBS.c.number.desc()).limit(limit)
    if identity is not None:
        query = query.where(JOBS.c.identity == identity)
    if kind is not None:
        query = query.where(JOBS.c.kind == kind)
    if before is not None:
        query = query.where(JOBS.c.number < before)
    return [Job(**columns_of(row, Job)) for row in connection.execute(query)]


def history(connection: Connection, number: int) -> list[Step]:
    """Return what was told of a job, in order."""
    table = JOB_STATUSES.c
    query = sa.select(table.at, table.status).where(table.job == number).order_by(table.number)
    return [Step(row.at, row.status) for row in connection.execute(query)]


def remove(connection: Connection, number: int) -> bool:
    """Forget a job and its history; tell whether there was one."""
    connection.execute(sa.delete(JOB_STATUSES).where(JOB_STATUSES.c.job == number))
    return connection.execute(sa.delete(JOBS).where(JOBS.c.number == number)).rowcount == 1


def _first(connection: Connection, where: sa.ColumnElement[bool]) -> Job | None:
    row = connection.execute(sa.select(JOBS).where(where)).first()
    return None if row is None else Job(**columns_of(row, Job))


def _change(connection: Connection, number: int, **values: object) -> None:
    connection.execute(sa.update(JOBS).where(JOBS.c.number == number).values(**values))
