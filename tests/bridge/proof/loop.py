"""Tests that are coroutines, each in an event loop of its own."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Callable, Coroutine
from typing import ParamSpec

P = ParamSpec("P")
PATIENCE = float(os.environ.get("OCPP16_PROOF_PATIENCE", "300"))
"""Seconds."""


def in_a_loop(test: Callable[P, Coroutine[object, object, None]]) -> Callable[P, None]:
    """Return a test that runs a coroutine function, and fails if that takes too long."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def main() -> None:
            async with asyncio.timeout(PATIENCE):
                await test(*args, **kwargs)

        asyncio.run(main())

    return run
