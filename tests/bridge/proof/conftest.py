"""Fixtures that the store's tests have: PostgreSQL, and the recorder of what goes to a disk."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator

import pytest

from tests.store.postgres import postgres
from tests.store.power_cut import recorder

__all__ = ["postgres", "recorder"]


@pytest.fixture(autouse=True)
def left_sockets() -> Iterator[None]:
    """Collect the sockets that a backend leaves which is ended in the midst of accepting.

    asyncio closes them only when they are collected (Python 3.11); they are the backend's of the
    proof, not the bridge's.
    """
    yield
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "unclosed (transport )?<", ResourceWarning)
        gc.collect()
