"""The tables of security; `SCHEMA` is to be opened with the database."""

from __future__ import annotations

import sqlalchemy as sa

from ocpp16.store.column import Instant, Number, PeerText
from ocpp16.store.schema import Schema, new_tables

METADATA = sa.MetaData()
KEYS = sa.Table(
    "security_key",
    METADATA,
    sa.Column("identity", PeerText, primary_key=True),
    # There are two while nobody knows whether a charge point took its new key; the oldest is 0.
    sa.Column("position", Number, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.Text, nullable=False, doc="Salted, as `security.auth` has it."),
    sa.Column("since", Instant, nullable=False),
)
REACHED = sa.Table(
    "security_profile",
    METADATA,
    sa.Column("identity", PeerText, primary_key=True),
    sa.Column("profile", Number, nullable=False, doc="The highest that it has connected on."),
    sa.Column("since", Instant, nullable=False),
)
EVENTS = sa.Table(
    "security_event",
    METADATA,
    sa.Column("number", Number, primary_key=True, autoincrement=True),
    sa.Column("identity", PeerText, nullable=False),
    sa.Column("ordinal", sa.BigInteger, nullable=False, doc="Counts the events of the identity."),
    sa.Column("type", PeerText, nullable=False),
    sa.Column("at", Instant, nullable=False, doc="As the charge point has it."),
    sa.Column("tech_info", PeerText),
    sa.Column("received", Instant, nullable=False),
    sa.UniqueConstraint("identity", "ordinal", name="security_event_ordinal"),
    sa.Index("security_event_type", "type", "number"),
    sqlite_autoincrement=True,
)
SCHEMA = Schema("security", (new_tables(METADATA),))
