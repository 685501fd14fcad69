"""How a running command is stopped: SIGINT and SIGTERM ask for it, a second one ends the process.

Python's own handler is never in force: its KeyboardInterrupt may be raised in the midst of a
callback of a transport, which then never ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Iterator
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[asyncio.Event]:
    """Give an event that the first signal sets; from then on the system ends the process at once.

    Only for a coroutine of the main thread.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    asked = False

    def end(*_: object) -> None:
        # Not by way of the loop, which may be busy with what the second signal is to end.
        nonlocal asked
        asked = True
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        loop.call_soon_threadsafe(stop.set)

    before = [(each, signal.signal(each, end)) for each in SIGNALS]
    try:
        yield stop
    finally:
        if not asked:
            for each, handler in before:
                signal.signal(each, handler or signal.SIG_DFL)


async def is_first(one: Coroutine[Any, Any, Any], other: Coroutine[Any, Any, Any]) -> bool:
    """Wait until one of two ends, and tell whether that is the first; the other is cancelled.

    What the one that ended raises is raised. Both have ended when this returns.
    """
    first, second = asyncio.ensure_future(one), asyncio.ensure_future(other)
    try:
        await asyncio.wait([first, second], return_when=asyncio.FIRST_COMPLETED)
        (first if first.done() else second).result()
        return first.done()
    finally:
        for each in (first, second):
            each.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
