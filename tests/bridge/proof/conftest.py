"""The fixture of PostgreSQL, which the store's tests have."""

from __future__ import annotations

from tests.store.postgres import postgres

__all__ = ["postgres"]
