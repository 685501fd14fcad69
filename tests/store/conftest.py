"""Every test of the store runs on both databases, unless it is about one."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.store.postgres import PostgresServer, postgres
from tests.store.power_cut import recorder

__all__ = ["postgres", "recorder"]
collect_ignore_glob = [] if find_spec("sqlalchemy") else ["*"]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store, on each database in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url()
