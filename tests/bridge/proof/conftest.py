"""Fixtures that the store's tests have: PostgreSQL, and the recorder of what goes to a disk."""

from __future__ import annotations

from tests.store.postgres import postgres
from tests.store.power_cut import recorder

__all__ = ["postgres", "recorder"]
