"""Types of columns that keep what peers send, alike on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import Dialect
from sqlalchemy.types import TypeDecorator

Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A whole number of 64 bits, as the core has them; SQLite counts keys up only in its own type."""


class PeerText(TypeDecorator[str]):
    """A text of any length, of whatever characters a peer chose.

    PostgreSQL has no text with NUL in it, so NUL is kept as the symbol that stands for it: a charge
    point must not be able to make its own messages fail.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return what the database is given."""
        return None if value is None else kept_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Return what the database gave."""
        return value


def kept_text(text: str) -> str:
    """Return a text as `PeerText` keeps it."""
    # An enumeration would be written by its driver's own rules.
    text = str.__str__(text).replace("\0", "\u2400")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


class Instant(TypeDecorator[datetime]):
    """An instant, in UTC with tzinfo on the way in and out."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what the database is given."""
        if value is None:
            return None
        value = value.astimezone(UTC)
        # SQLite keeps the text without an offset.
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what the database gave."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
