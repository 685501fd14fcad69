"""Tests that are coroutines, each in an event loop of its own."""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import warnings
from collections.abc import Callable, Coroutine
from typing import ParamSpec

P = ParamSpec("P")
PATIENCE = float(os.environ.get("OCPP16_PROOF_PATIENCE", "300"))
"""Seconds."""


def in_a_loop(test: Callable[P, Coroutine[object, object, None]]) -> Callable[P, None]:
    """Return a test that runs a coroutine function, and fails if that takes too long.

    A backend that is ended in the midst of accepting leaves sockets, which asyncio closes only when
    they are collected (Python 3.11): in the course of a long test, or at its end. They are the
    backend's of the proof, not the bridge's.
    """

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def main() -> None:
            async with asyncio.timeout(PATIENCE):
                await test(*args, **kwargs)

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "unclosed (transport )?<", ResourceWarning)
            asyncio.run(main())
            gc.collect()

    return run
