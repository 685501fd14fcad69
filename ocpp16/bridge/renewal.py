"""A charge point whose relay has failed by our own fault goes on with what is in the store.

What such a relay had in memory is not to be trusted; what is stored is true. So it is dropped as if
the process had ended there, and another one starts, as after a restart. It waits first, longer each
time, lest what made it fail, and may come again at once, keeps all the others from their work.
Meanwhile the charge point gets no answer (HTTP 503), and keeps what it has.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import Connection

from ocpp16 import log
from ocpp16.bridge.charger import Charger, Host

logger = logging.getLogger(__name__)
LONGEST_WAIT: Final = 300.0


def wait_before(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row."""
    return min(LONGEST_WAIT, 2.0 ** min(failures - 1, 16))


async def renew(
    failed: Charger,
    host: Host,
    load: Callable[[str], Awaitable[Charger]],
    is_over: Callable[[], bool],
) -> None:
    """Put another relay in the place of one that has failed.

    Args:
        failed: The charge point as it was.
        host: The bridge.
        load: Makes a charge point of what is stored, and puts it in place.
        is_over: Tells whether this process relays nothing any more.
    """
    failures = failed.failures
    await failed.stop()
    while not is_over():
        await host.clock.sleep(wait_before(failures))
        try:
            # Writes take place in the order in which they were handed in: all its own are over now.
            await host.database.write(_nothing)
            charger = await load(failed.identity)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            log.failure(logger, f"{failed.identity}: the relay did not start anew", error)
            failures += 1
            continue
        charger.failures = failed.failures
        charger.last_seen = failed.last_seen
        charger.relay.last_error = failed.relay.last_error
        charger.start(is_online=failed.relay.is_online)
        return


def _nothing(_: Connection) -> None:
    """Be the last in the line of writes."""
