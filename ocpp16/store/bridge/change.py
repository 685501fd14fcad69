"""Everything that the bridge writes of one charge point: each change is one work, all or nothing.

A change says what, and writes it with `apply`, whose result tells what came of it. Knows nothing of
why (see `ocpp16.bridge.relay`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol, TypeAlias

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.store.bridge.tables import (
    ANSWERS,
    CHARGERS,
    MESSAGES,
    TRANSACTIONS,
    State,
    milliseconds,
)

REASON_LIMIT = 500

# Made once: to put an expression together costs more than to run it, and each message has several.
_KEY: sa.BindParameter[int] = sa.bindparam("of_key")
_IDENTITY: sa.BindParameter[str] = sa.bindparam("of")
_DIGEST: sa.BindParameter[bytes] = sa.bindparam("content")
_ADD_MESSAGE = sa.insert(MESSAGES)
_SET_MESSAGE = sa.update(MESSAGES).where(MESSAGES.c.key == _KEY)
_DELETE_MESSAGE = sa.delete(MESSAGES).where(MESSAGES.c.key == _KEY)
_MESSAGE_WITH = (
    sa.select(MESSAGES.c.key, MESSAGES.c.state)
    .where(MESSAGES.c.identity == _IDENTITY, MESSAGES.c.digest == _DIGEST)
    .limit(1)
)
_ANSWER_TO = sa.select(ANSWERS.c.answer).where(
    ANSWERS.c.identity == _IDENTITY, ANSWERS.c.digest == _DIGEST
)
_ADD_ANSWER = sa.insert(ANSWERS)
_SET_ANSWER = sa.update(ANSWERS).where(ANSWERS.c.identity == _IDENTITY, ANSWERS.c.digest == _DIGEST)


@attrs.frozen
class Added:
    """The message is stored."""

    key: int


@attrs.frozen
class Known:
    """The same content was answered before."""

    answer: bytes


@attrs.frozen
class Pending:
    """The same content is stored, and has no answer yet."""

    key: int
    state: State


@attrs.frozen
class Absent:
    """The content is new, and was not to be stored."""


Addition: TypeAlias = Added | Known | Pending | Absent


class Change(Protocol):
    """Something to be written of one charge point."""

    def apply(self, connection: Connection) -> Any:
        """Write it, within the transaction that is open."""
        ...


@attrs.frozen(kw_only=True)
class AddMessage:
    """Store a message, unless its content is known already."""

    identity: str
    action: str
    payload: bytes
    call_id: str
    received: datetime
    digest: bytes | None = None
    answer: bytes | None = None
    """What the charge point is told; None where the backend has to say."""
    local_id: int | None = None
    state: State = State.QUEUED
    reason: str | None = None
    may_add: bool = True
    """False only looks whether the content is known."""

    def apply(self, connection: Connection) -> Addition:
        """Write it."""
        if self.digest is not None:
            known = _find(connection, self.identity, self.digest)
            if known is not None:
                return known
        if not self.may_add:
            return Absent()
        at = milliseconds(self.received)
        row = {
            "identity": self.identity,
            "action": self.action,
            "payload": self.payload,
            "call_id": self.call_id,
            "digest": self.digest,
            "received": at,
            "state": self.state.value,
            "reason": _cut(self.reason),
            "local_id": self.local_id,
        }
        result = connection.execute(_ADD_MESSAGE, row)
        if self.digest is not None and self.answer is not None:
            # There is none yet: that was looked for just now.
            _add_answer(
                connection, self.identity, self.digest, self.action, answer=self.answer, at=at
            )
        if self.local_id is not None:
            _map(connection, self.identity, self.local_id, None, at)
        return Added(_key_of(result))


@attrs.frozen(kw_only=True)
class GiveLocalId:
    """Answer a stored StartTransaction with an id of ours, though the backend has not answered."""

    identity: str
    key: int
    digest: bytes
    local_id: int
    answer: bytes
    at: datetime

    def apply(self, connection: Connection) -> None:
        """Write it."""
        at = milliseconds(self.at)
        _set(connection, self.key, local_id=self.local_id)
        _keep_answer(
            connection, self.identity, self.digest, "StartTransaction", answer=self.answer, at=at
        )
        known = sa.select(TRANSACTIONS.c.local_id).where(
            TRANSACTIONS.c.identity == self.identity, TRANSACTIONS.c.local_id == self.local_id
        )
        # If this is written late, the backend's id may be there already.
        if connection.execute(known).first() is None:
            _map(connection, self.identity, self.local_id, None, at)


@attrs.frozen(kw_only=True)
class Registration:
    """What a BootNotification was answered."""

    status: str
    interval: int
    boot: bytes

    def apply_to(self, connection: Connection, identity: str) -> None:
        """Write it."""
        values: dict[str, object] = {"status": self.status}
        if self.status == "Accepted":
            values |= {"interval": self.interval, "boot": self.boot}
        put_charger(connection, identity, **values)


@attrs.frozen(kw_only=True)
class Register:
    """Keep a registration that no stored message brought about."""

    identity: str
    registration: Registration

    def apply(self, connection: Connection) -> None:
        """Write it."""
        self.registration.apply_to(connection, self.identity)


@attrs.frozen(kw_only=True)
class Settle:
    """The backend has a message: it leaves the queue, and what it brought about is kept."""

    identity: str
    key: int
    action: str
    at: datetime
    digest: bytes | None = None
    answer: bytes | None = None
    """In place of the answer that is kept, if any; None leaves that as it is."""
    mapping: tuple[int, int] | None = None
    """Local id and backend's id of the transaction."""
    registration: Registration | None = None

    def apply(self, connection: Connection) -> None:
        """Write it."""
        at = milliseconds(self.at)
        connection.execute(_DELETE_MESSAGE, {"of_key": self.key})
        if self.digest is not None and self.answer is not None:
            _keep_answer(
                connection, self.identity, self.digest, self.action, answer=self.answer, at=at
            )
        if self.mapping is not None:
            _map(connection, self.identity, *self.mapping, at)
        if self.registration is not None:
            self.registration.apply_to(connection, self.identity)


@attrs.frozen(kw_only=True)
class Withdraw:
    """Take back a message that was never acknowledged."""

    key: int

    def apply(self, connection: Connection) -> None:
        """Write it."""
        connection.execute(_DELETE_MESSAGE, {"of_key": self.key})


@attrs.frozen(kw_only=True)
class Move:
    """Take a message out of the queue, to be held or dead."""

    identity: str
    key: int
    state: State
    reason: str
    at: datetime
    attempts: int
    given_up: int | None = None
    """Local id of the transaction that the backend will never know by this message."""

    def apply(self, connection: Connection) -> None:
        """Write it."""
        at = milliseconds(self.at)
        _set(
            connection,
            self.key,
            state=self.state.value,
            reason=_cut(self.reason),
            moved=at,
            attempts=self.attempts,
        )
        if self.given_up is not None:
            _map(connection, self.identity, self.given_up, -1, at)


@attrs.frozen(kw_only=True)
class Attempted:
    """The backend answered a message with an error; it stays."""

    key: int
    attempts: int
    reason: str

    def apply(self, connection: Connection) -> None:
        """Write it."""
        _set(connection, self.key, attempts=self.attempts, reason=_cut(self.reason))


@attrs.frozen(kw_only=True)
class Leave:
    """A message is about to leave: if the process ends now, its outcome is unknown."""

    key: int
    REASON = "sent"

    def apply(self, connection: Connection) -> None:
        """Write it."""
        _set(connection, self.key, reason=self.REASON)


@attrs.frozen(kw_only=True)
class Requeue:
    """Take a message that a person has released into the queue."""

    identity: str
    key: int

    def apply(self, connection: Connection) -> tuple[int, int] | None:
        """Write it.

        Returns:
            How many messages of the charge point are held and dead now; None if the message has
            been taken already.
        """
        change = sa.update(MESSAGES).where(
            MESSAGES.c.key == self.key, MESSAGES.c.state == State.RELEASED.value
        )
        values = {"state": State.QUEUED.value, "attempts": 0, "reason": None, "moved": None}
        if connection.execute(change.values(values)).rowcount == 0:
            return None
        return _for_a_person(connection, self.identity)


@attrs.frozen(kw_only=True)
class Drop:
    """Delete a message that a person has done away with."""

    identity: str
    key: int
    local_id: int | None
    at: datetime

    def apply(self, connection: Connection) -> tuple[int, int] | None:
        """Write it; returns what `Requeue` does."""
        change = sa.delete(MESSAGES).where(
            MESSAGES.c.key == self.key, MESSAGES.c.state == State.DROPPED.value
        )
        if connection.execute(change).rowcount == 0:
            return None
        if self.local_id is not None:
            _map(connection, self.identity, self.local_id, -1, milliseconds(self.at))
        return _for_a_person(connection, self.identity)


@attrs.frozen(kw_only=True)
class SetRefusing:
    """Whether the charge point has something that it was refused."""

    identity: str
    refusing: str

    def apply(self, connection: Connection) -> None:
        """Write it."""
        put_charger(connection, self.identity, refusing=self.refusing)


@attrs.frozen(kw_only=True)
class Learn:
    """Where a charge point is called."""

    identity: str
    callback: str | None

    def apply(self, connection: Connection) -> None:
        """Write it."""
        put_charger(connection, self.identity, callback=self.callback)


@attrs.frozen(kw_only=True)
class Note:
    """How a charge point is, for other processes to see."""

    identity: str
    is_online: bool
    upstream: str
    last_seen: datetime | None
    last_error: str | None

    def apply(self, connection: Connection) -> None:
        """Write it."""
        put_charger(
            connection,
            self.identity,
            is_online=self.is_online,
            upstream=self.upstream,
            last_seen=None if self.last_seen is None else milliseconds(self.last_seen),
            last_error=_cut(self.last_error),
        )


def put_charger(connection: Connection, identity: str, **values: object) -> None:
    """Set columns of a charge point, which is new or not."""
    change = sa.update(CHARGERS).where(CHARGERS.c.identity == identity).values(values)
    if connection.execute(change).rowcount == 0:
        connection.execute(sa.insert(CHARGERS).values(identity=identity, **values))


def _find(connection: Connection, identity: str, digest: bytes) -> Known | Pending | None:
    content = {"of": identity, "content": digest}
    answer = connection.scalar(_ANSWER_TO, content)
    if answer is not None:
        return Known(bytes(answer))
    row = connection.execute(_MESSAGE_WITH, content).one_or_none()
    return None if row is None else Pending(row.key, State(row.state))


def _for_a_person(connection: Connection, identity: str) -> tuple[int, int]:
    """Return how many messages of a charge point are held and dead."""
    rows = connection.execute(
        sa.select(MESSAGES.c.state, sa.func.count())
        .where(MESSAGES.c.identity == identity)
        .group_by(MESSAGES.c.state)
    )
    counts = {state: count for state, count in rows}  # noqa: C416 - rows are no pairs to mypy
    return counts.get(State.HELD, 0), counts.get(State.DEAD, 0)


def _keep_answer(
    connection: Connection, identity: str, digest: bytes, action: str, *, answer: bytes, at: int
) -> None:
    change = {"of": identity, "content": digest, "answer": answer}
    if connection.execute(_SET_ANSWER, change).rowcount == 0:
        _add_answer(connection, identity, digest, action, answer=answer, at=at)


def _add_answer(
    connection: Connection, identity: str, digest: bytes, action: str, *, answer: bytes, at: int
) -> None:
    row = {
        "identity": identity,
        "digest": digest,
        "action": action,
        "answer": answer,
        "given": at,
    }
    connection.execute(_ADD_ANSWER, row)


def _map(
    connection: Connection, identity: str, local_id: int, backend_id: int | None, at: int
) -> None:
    change = (
        sa.update(TRANSACTIONS)
        .where(TRANSACTIONS.c.identity == identity, TRANSACTIONS.c.local_id == local_id)
        .values(backend_id=backend_id)
    )
    if connection.execute(change).rowcount == 0:
        connection.execute(
            sa.insert(TRANSACTIONS).values(
                identity=identity, local_id=local_id, backend_id=backend_id, made=at
            )
        )


def _set(connection: Connection, key: int, **values: object) -> None:
    connection.execute(_SET_MESSAGE, {"of_key": key, **values})


def _key_of(result: sa.CursorResult[Any]) -> int:
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - one row was inserted
    return int(key[0])


def _cut(reason: str | None) -> str | None:
    # A peer may have written it, and PostgreSQL takes no NUL.
    return None if reason is None else reason.replace("\0", "\\x00")[:REASON_LIMIT]
