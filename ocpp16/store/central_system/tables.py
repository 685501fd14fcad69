"""The tables of a central system, each with its prefix: others may be in the same database.

Texts that compare without case (IdToken, configuration keys) have a folded twin, which is the key.
Statements of every message are made once, with parameters: making one costs more than running it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy import Connection, Table

from ocpp16.store.column import Instant, Number, PeerText
from ocpp16.store.schema import Schema, new_tables

METADATA = sa.MetaData()

CHARGE_POINTS = Table(
    "central_charge_point",
    METADATA,
    sa.Column("identity", PeerText, primary_key=True),
    sa.Column("approval", sa.Text, doc="What it is told at boot; null leaves that to the policy."),
    sa.Column("first_seen", Instant),
    sa.Column("last_seen", Instant),
    sa.Column("boots", Number, nullable=False, default=0),
    sa.Column("last_boot", Instant),
    sa.Column("vendor", PeerText),
    sa.Column("model", PeerText),
    sa.Column("serial_number", PeerText),
    sa.Column("box_serial_number", PeerText),
    sa.Column("firmware_version", PeerText),
    sa.Column("iccid", PeerText),
    sa.Column("imsi", PeerText),
    sa.Column("meter_type", PeerText),
    sa.Column("meter_serial_number", PeerText),
    sa.Column("list_version", Number, doc="Of the local list that it accepted last."),
)
CONNECTORS = Table(
    "central_connector",
    METADATA,
    sa.Column("identity", PeerText, primary_key=True),
    sa.Column("connector_id", Number, primary_key=True),
    sa.Column("status", PeerText, nullable=False),
    sa.Column("error_code", PeerText, nullable=False),
    sa.Column("info", PeerText),
    sa.Column("vendor_id", PeerText),
    sa.Column("vendor_error_code", PeerText),
    sa.Column("since", Instant, nullable=False),
)
ID_TAGS = Table(
    "central_id_tag",
    METADATA,
    sa.Column("folded", PeerText, primary_key=True),
    sa.Column("id_tag", PeerText, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("expiry", Instant),
    sa.Column("parent", PeerText),
    sa.Column("is_single", sa.Boolean, nullable=False, doc="One transaction at a time."),
    sa.Column("note", sa.Text, nullable=False),
)
TRANSACTIONS = Table(
    "central_transaction",
    METADATA,
    # Chosen at random, never counted up: nobody can guess another one's.
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("identity", PeerText, nullable=False),
    sa.Column("connector_id", Number, nullable=False),
    sa.Column("id_tag", PeerText, nullable=False),
    sa.Column("folded_tag", PeerText, nullable=False),
    sa.Column("meter_start", Number, nullable=False),
    sa.Column("started", Instant, nullable=False),
    sa.Column("reservation_id", Number),
    sa.Column("start_received", Instant, nullable=False),
    sa.Column("start_info", sa.Text, nullable=False, doc="The idTagInfo it was answered, as JSON."),
    sa.Column("reading", Number, doc="Last reading of the meter while it ran, in Wh."),
    sa.Column("meter_stop", Number),
    sa.Column("stopped", Instant),
    sa.Column("stop_received", Instant),
    sa.Column("stop_reason", PeerText),
    sa.Column("stop_tag", PeerText),
    sa.Column("stop_info", sa.Text),
    sa.Column("stop_digest", sa.LargeBinary, doc="What a repeat of its StopTransaction has, too."),
    # A charge point that got no answer sends the same start again, however much later.
    sa.UniqueConstraint(
        "identity",
        "connector_id",
        "folded_tag",
        "meter_start",
        "started",
        name="central_same_start",
    ),
    sa.Index("central_transaction_started", "started", "id"),
    sa.Index("central_transaction_running", "identity", "stopped"),
    sa.Index("central_transaction_tag", "folded_tag", "stopped"),
)
METER_VALUES = Table(
    "central_meter_value",
    METADATA,
    sa.Column("number", Number, primary_key=True, autoincrement=True),
    sa.Column("identity", PeerText, nullable=False),
    sa.Column("connector_id", Number),
    sa.Column("transaction_id", sa.BigInteger),
    sa.Column("at", Instant, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False, doc="What a repeat has, too."),
    sa.UniqueConstraint("identity", "digest", name="central_same_value"),
    sa.Index("central_meter_value_transaction", "transaction_id", "at"),
    sa.Index("central_meter_value_at", "at", "number"),
)
SAMPLED_VALUES = Table(
    "central_sampled_value",
    METADATA,
    sa.Column("meter_value", Number, primary_key=True, autoincrement=False),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("value", PeerText, nullable=False),
    sa.Column("context", PeerText),
    sa.Column("format", PeerText),
    sa.Column("measurand", PeerText),
    sa.Column("phase", PeerText),
    sa.Column("location", PeerText),
    sa.Column("unit", PeerText),
    sa.ForeignKeyConstraint(["meter_value"], ["central_meter_value.number"], ondelete="CASCADE"),
)
RESERVATIONS = Table(
    "central_reservation",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("identity", PeerText, nullable=False),
    sa.Column("connector_id", Number, nullable=False),
    sa.Column("id_tag", PeerText, nullable=False),
    sa.Column("parent", PeerText),
    sa.Column("expiry", Instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("made", Instant, nullable=False),
    sa.Index("central_reservation_state", "identity", "state"),
)
PROFILES = Table(
    "central_charging_profile",
    METADATA,
    sa.Column("identity", PeerText, primary_key=True),
    sa.Column("profile_id", Number, primary_key=True),
    sa.Column("connector_id", Number, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("stack_level", Number, nullable=False),
    sa.Column("transaction_id", sa.BigInteger),
    sa.Column("request", sa.LargeBinary, nullable=False, doc="SetChargingProfile.req, as JSON."),
    sa.Column("since", Instant, nullable=False),
)
CONFIGURATION = Table(
    "central_configuration",
    METADATA,
    sa.Column("identity", PeerText, primary_key=True),
    sa.Column("folded", PeerText, primary_key=True),
    sa.Column("key", PeerText, nullable=False),
    sa.Column("value", PeerText),
    sa.Column("is_readonly", sa.Boolean),
    sa.Column("since", Instant, nullable=False),
)
EVENTS = Table(
    "central_event",
    METADATA,
    sa.Column("number", Number, primary_key=True, autoincrement=True),
    sa.Column("identity", PeerText, nullable=False),
    sa.Column("ordinal", sa.BigInteger, nullable=False, doc="Counts the events of the identity."),
    sa.Column("at", Instant, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("text", PeerText, nullable=False),
    sa.Column("transaction_id", Number),
    sa.Column("payload", PeerText, doc="The request that it is about, as JSON."),
    sa.UniqueConstraint("identity", "ordinal", name="central_event_ordinal"),
    # Numbers are never used again, so who asks for what came later misses nothing.
    sqlite_autoincrement=True,
)

JOBS = Table(
    "central_job",
    METADATA,
    sa.Column("number", Number, primary_key=True, autoincrement=True),
    sa.Column("identity", PeerText, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("request_id", Number),
    sa.Column("asked", Instant, nullable=False),
    sa.Column("answer", PeerText, doc="What the charge point answered, or why it did not."),
    sa.Column("status", PeerText, doc="The last that it has told."),
    sa.Column("status_at", Instant),
    sa.Column("file", PeerText, doc="The image to fetch, or the name of what it has sent."),
    sa.Column("announced", PeerText, doc="The name of the file that it said it would send."),
    sa.Column("log_type", sa.Text),
    sa.Column("digest", sa.LargeBinary, doc="Of the secret part of the location."),
    sa.Column("until", Instant, doc="When the location ends."),
    sa.Column("received", Instant),
    sa.Column("size", Number),
    sa.Column("sha256", sa.Text),
    sa.UniqueConstraint("digest", name="central_job_digest"),
    sa.Index("central_job_request", "identity", "kind", "request_id"),
    # A number is the requestId of what is asked for, and is never used again.
    sqlite_autoincrement=True,
)
JOB_STATUSES = Table(
    "central_job_status",
    METADATA,
    sa.Column("number", Number, primary_key=True, autoincrement=True),
    sa.Column("job", Number, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("status", PeerText, nullable=False),
    sa.ForeignKeyConstraint(["job"], ["central_job.number"], ondelete="CASCADE"),
    sa.Index("central_job_status_job", "job", "number"),
)

SCHEMA = Schema(
    "central_system",
    (
        new_tables(
            METADATA,
            CHARGE_POINTS,
            CONNECTORS,
            ID_TAGS,
            TRANSACTIONS,
            METER_VALUES,
            SAMPLED_VALUES,
            RESERVATIONS,
            PROFILES,
            CONFIGURATION,
            EVENTS,
        ),
        new_tables(METADATA, JOBS, JOB_STATUSES),
    ),
)
"""To be opened with the database."""


def put(connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any]) -> None:
    """Write a row, in place of the one with the same key if there is one."""
    if not change(connection, table, key, values):
        connection.execute(_insert_into(table), {**key, **values})


def change(
    connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any]
) -> bool:
    """Change a row, and tell whether there is one with this key."""
    parameters = {f"key_{name}": each for name, each in key.items()}
    result = connection.execute(_update_of(table, tuple(key)), {**parameters, **values})
    return result.rowcount > 0


@cache
def _update_of(table: Table, key: tuple[str, ...]) -> sa.Update:
    return sa.update(table).where(*(table.c[name] == sa.bindparam(f"key_{name}") for name in key))


@cache
def _insert_into(table: Table) -> sa.Insert:
    return sa.insert(table)


def columns_of(row: sa.Row[Any], cls: type[attrs.AttrsInstance]) -> dict[str, Any]:
    """Return the columns of a row that a class has fields for."""
    return {field.name: getattr(row, field.name) for field in attrs.fields(cls)}
