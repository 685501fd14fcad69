"""The books of a central system, on each database in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store.central_system.books import Books


@pytest.fixture
def books(url: str) -> Iterator[Books]:
    """Empty books."""
    with Books(url) as opened:
        yield opened
