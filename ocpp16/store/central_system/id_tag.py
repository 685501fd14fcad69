"""Identifiers, and what a charge point is told of them. Spec: C 3.5, 3.10, 4.1."""

from __future__ import annotations

from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.datatypes import IdTagInfo
from ocpp16.enums import AuthorizationStatus
from ocpp16.messages import AuthorizeRequest
from ocpp16.store.central_system.tables import ID_TAGS, TRANSACTIONS, put
from ocpp16.store.column import kept_text


@attrs.frozen(kw_only=True)
class IdTag:
    """An identifier that is known."""

    id_tag: str
    """As it was entered; compared without case."""
    info: IdTagInfo
    """Its status as it was entered, the date it expires, and its group."""
    is_single: bool = False
    """Whether it may have one transaction at a time only (ConcurrentTx otherwise)."""
    note: str = ""
    """For people."""


def folded(text: str) -> str:
    """Return what two texts have in common that compare without case."""
    return kept_text(text).casefold()


def put_id_tag(connection: Connection, tag: IdTag) -> None:
    """Enter an identifier, in place of what was known of it.

    Raises:
        InvalidMessage: It is too long to ever be presented.
    """
    AuthorizeRequest(id_tag=tag.id_tag)
    values = {
        "id_tag": tag.id_tag,
        "status": str(tag.info.status),
        "expiry": tag.info.expiry_date,
        "parent": tag.info.parent_id_tag,
        "is_single": tag.is_single,
        "note": tag.note,
    }
    put(connection, ID_TAGS, {"folded": folded(tag.id_tag)}, values)


def remove_id_tag(connection: Connection, id_tag: str) -> bool:
    """Forget an identifier, and tell whether it was known."""
    gone = sa.delete(ID_TAGS).where(ID_TAGS.c.folded == folded(id_tag))
    return connection.execute(gone).rowcount > 0


def find_id_tag(connection: Connection, id_tag: str) -> IdTag | None:
    """Return what is known of an identifier."""
    query = sa.select(ID_TAGS).where(ID_TAGS.c.folded == folded(id_tag))
    row = connection.execute(query).one_or_none()
    return None if row is None else _tag(row)


def id_tags(connection: Connection, *, after: str = "", limit: int = 1000) -> list[IdTag]:
    """Return identifiers, by their folded texts.

    Args:
        connection: Of a read.
        after: Only those that follow this one.
        limit: How many at most.
    """
    later = ID_TAGS.c.folded > folded(after)
    query = sa.select(ID_TAGS).where(later).order_by(ID_TAGS.c.folded).limit(limit)
    return [_tag(row) for row in connection.execute(query)]


def authorize(
    connection: Connection,
    id_tag: str,
    *,
    now: datetime,
    unknown: AuthorizationStatus = AuthorizationStatus.INVALID,
) -> IdTagInfo:
    """Return what a charge point is told of an identifier.

    Args:
        connection: Of a read or a write.
        id_tag: What was presented.
        now: The time.
        unknown: The status of identifiers that are not known.
    """
    tag = find_id_tag(connection, id_tag)
    if tag is None:
        return IdTagInfo(status=unknown)
    return _as_of(tag.info, now)


def authorize_start(
    connection: Connection,
    id_tag: str,
    *,
    now: datetime,
    unknown: AuthorizationStatus = AuthorizationStatus.INVALID,
) -> IdTagInfo:
    """Return what a charge point is told that has started a transaction: `authorize`, and more.

    Another transaction that runs makes it ConcurrentTx where one at a time is allowed; that status
    has a meaning here only (C 3.5.2).
    """
    tag = find_id_tag(connection, id_tag)
    if tag is None:
        return IdTagInfo(status=unknown)
    info = _as_of(tag.info, now)
    if (
        tag.is_single
        and info.status is AuthorizationStatus.ACCEPTED
        and _is_in_use(connection, tag)
    ):
        return attrs.evolve(info, status=AuthorizationStatus.CONCURRENT_TX)
    return info


def _is_in_use(connection: Connection, tag: IdTag) -> bool:
    query = sa.select(TRANSACTIONS.c.id).where(
        TRANSACTIONS.c.folded_tag == folded(tag.id_tag), TRANSACTIONS.c.stopped.is_(None)
    )
    return connection.execute(query.limit(1)).first() is not None


def _as_of(info: IdTagInfo, now: datetime) -> IdTagInfo:
    if info.status is AuthorizationStatus.ACCEPTED and (
        info.expiry_date is not None and info.expiry_date <= now
    ):
        return attrs.evolve(info, status=AuthorizationStatus.EXPIRED)
    return info


def _tag(row: sa.Row[tuple[object, ...]]) -> IdTag:
    return IdTag(
        id_tag=row.id_tag,
        info=IdTagInfo(
            status=AuthorizationStatus(row.status),
            expiry_date=row.expiry,
            parent_id_tag=row.parent,
        ),
        is_single=row.is_single,
        note=row.note,
    )
