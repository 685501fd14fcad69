"""The tables of the bridge, and how they came about. Times are milliseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum, unique
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.store.schema import Schema

METADATA: Final = sa.MetaData()
IDENTITY: Final = sa.String(48)
KEY: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")


@unique
class State(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    """It waits for the backend."""
    HELD = "held"
    """Whether the backend has it is unknown; a person has to say."""
    DEAD = "dead"
    """It was given up: the backend answers it with errors, or it cannot be sent."""
    RELEASED = "released"
    """A person has put it back; the bridge has not noticed yet."""
    DROPPED = "dropped"
    """A person has done away with it; the bridge has not noticed yet."""


CHARGERS: Final = sa.Table(
    "bridge_charger",
    METADATA,
    sa.Column("identity", IDENTITY, primary_key=True),
    sa.Column("status", sa.String(16), doc="Registration, as the backend answered last."),
    sa.Column("interval", sa.BigInteger, doc="Seconds; of the last acceptance."),
    sa.Column("boot", sa.LargeBinary, doc="Payload of the BootNotification accepted last."),
    sa.Column("callback", sa.String(1024), doc="Where it was called last."),
    sa.Column("refusing", sa.String(32), nullable=False, default=""),
    sa.Column("is_online", sa.Boolean, nullable=False, default=False),
    sa.Column("upstream", sa.String(16), nullable=False, default="idle"),
    sa.Column("last_seen", sa.BigInteger),
    sa.Column("last_error", sa.String(500)),
)
MESSAGES: Final = sa.Table(
    "bridge_message",
    METADATA,
    # Never used again, so that what is read after a key came after it.
    sa.Column("key", KEY, primary_key=True, autoincrement=True),
    sa.Column("identity", IDENTITY, nullable=False),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False, doc="JSON."),
    sa.Column("call_id", sa.String(36), nullable=False, unique=True),
    sa.Column("digest", sa.LargeBinary(32), doc="What a repeat has as well."),
    sa.Column("received", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("reason", sa.String(500)),
    sa.Column("moved", sa.BigInteger, doc="When it came into its state; None since it is there."),
    sa.Column("local_id", sa.BigInteger, doc="Transaction id that a StartTransaction was given."),
    sa.Index("bridge_message_line", "identity", "state", "key"),
    sa.Index("bridge_message_content", "identity", "digest"),
    sa.Index("bridge_message_state", "state"),
    sqlite_autoincrement=True,
)
ANSWERS: Final = sa.Table(
    "bridge_answer",
    METADATA,
    sa.Column("identity", IDENTITY, primary_key=True),
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False, doc="JSON."),
    sa.Column("given", sa.BigInteger, nullable=False),
    sa.Index("bridge_answer_given", "given"),
)
TRANSACTIONS: Final = sa.Table(
    "bridge_transaction",
    METADATA,
    sa.Column("identity", IDENTITY, primary_key=True),
    sa.Column("local_id", sa.BigInteger, primary_key=True),
    sa.Column("backend_id", sa.BigInteger, doc="None: not known yet; -1: there will be none."),
    sa.Column("made", sa.BigInteger, nullable=False),
)


def _first(connection: Connection) -> None:
    METADATA.create_all(connection)


SCHEMA: Final = Schema("bridge", (_first,))
"""The bridge's part of a store; see `Database.open`."""


def milliseconds(at: datetime) -> int:
    """Return an instant as it is kept."""
    return round(at.timestamp() * 1000)


def instant(kept: int) -> datetime:
    """Return an instant that was kept."""
    return datetime.fromtimestamp(kept / 1000, UTC)
