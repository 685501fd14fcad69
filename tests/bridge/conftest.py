"""Databases in memory are closed when the test that made them ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bridge import relay_bench


@pytest.fixture(autouse=True)
def databases() -> Iterator[None]:
    """Close them."""
    yield
    while relay_bench.OPEN:
        relay_bench.OPEN.pop().dispose()
