"""`ocpp16 bridge`: runs a bridge until it is told to stop. Does not print.

Serves `/healthz` and `/readyz` from the start, so that whoever watches sees a process that stands
by, too; takes charge points once it leads the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.apps.bridge_endpoint import Endpoint, served
from ocpp16.apps.bridge_log import log_event
from ocpp16.apps.stopping import is_first
from ocpp16.bridge.bridge import Bridge
from ocpp16.bridge.relay import Reach
from ocpp16.bridge.settings import BridgeSettings
from ocpp16.bridge.totals import Totals, totals
from ocpp16.clock import Clock
from ocpp16.store.bridge.tables import SCHEMA
from ocpp16.store.database import Database
from ocpp16.store.error import LeadershipLost, StoreError
from ocpp16.store.schema import VERSIONS
from ocpp16.transports.system_clock import SystemClock

if TYPE_CHECKING:
    from ocpp16.bridge.metric import Metrics

STANDING_BY_AFTER: Final = 0.5
"""Seconds without leadership after which that is told."""
PROBE_SECONDS: Final = 2.0
"""How long the store may take to show that it can be written to."""
FAILURE_COUNTS: Final = 10.0
"""Seconds for which a write that failed, of whatever, tells that the store is not in order."""
PROBE_KEPT: Final = 1.0
"""Seconds that the result is good for, so that nobody makes us write all the time."""


async def run_bridge(
    settings: BridgeSettings,
    *,
    listening: Callable[[str, str | None], object],
    standing_by: Callable[[], object],
    stop: asyncio.Event,
    clock: Clock | None = None,
) -> None:
    """Run a bridge until told to stop; then stop gracefully.

    Args:
        settings: Its settings.
        listening: Is told the URL for charge points, and that of the operations endpoint if there
            is one, once they can be used.
        standing_by: Is called when another process leads the store.
        stop: Ends it.
        clock: Where time comes from; None is the machine's.

    Raises:
        OSError: An address is not ours, or taken.
        StoreError: The store cannot be used, or another process has taken it over.
        ModuleNotFoundError: The metrics are wanted, and their package is missing.
    """
    clock = SystemClock() if clock is None else clock
    operation = _Operation(clock)
    async with (
        operation.serve(settings.metrics) as operations_url,
        await Database.open(settings.store, schemas=[SCHEMA]) as database,
    ):
        operation.database = database
        if not await _lead(database, standing_by, stop):
            return
        bridge = Bridge(settings, database, clock=clock)
        bridge.observe(log_event)
        if settings.metrics is not None:
            operation.count(bridge)
        async with bridge:
            operation.bridge = bridge
            listening(bridge.url, operations_url)
            try:
                if not await is_first(stop.wait(), database.lost()):
                    raise LeadershipLost("another process leads the store by now: this one ends")
            finally:
                operation.is_stopping = True


async def _lead(database: Database, standing_by: Callable[[], object], stop: asyncio.Event) -> bool:
    """Lead the store, and tell whether that came before the stop."""

    async def lead() -> None:
        leading = asyncio.ensure_future(database.lead())
        try:
            await asyncio.wait([leading], timeout=STANDING_BY_AFTER)
            if not leading.done():
                standing_by()
            await leading
        finally:
            leading.cancel()

    return await is_first(lead(), stop.wait())


class _Operation:
    """What operators can ask of a running bridge."""

    def __init__(self, clock: Clock) -> None:
        self.database: Database | None = None
        self.bridge: Bridge | None = None
        self.is_stopping = False
        self._clock = clock
        self._counts: Metrics | None = None
        self._probed: tuple[float, str | None] | None = None
        self._failures = 0
        self._failed_at = -FAILURE_COUNTS

    @asynccontextmanager
    async def serve(self, address: str | None) -> AsyncIterator[str | None]:
        """Serve the endpoint, if there is an address for it."""
        if address is None:
            yield None
            return
        endpoint = Endpoint(metrics=self._metrics, why_not_ready=self._why_not_ready)
        async with served(endpoint, address, clock=self._clock) as url:
            yield url

    def count(self, bridge: Bridge) -> None:
        """Count what a bridge tells from now on."""
        from ocpp16.bridge.metric import Metrics  # noqa: PLC0415 - an extra

        self._counts = Metrics()
        bridge.observe(self._counts.tell)

    async def _metrics(self) -> bytes:
        from ocpp16.bridge.metric import Moment  # noqa: PLC0415 - an extra

        database, counts = self.database, self._counts
        if database is None or counts is None:
            return b""
        chargers = [] if self.bridge is None else self.bridge.chargers()
        return counts.render(
            Moment(
                online=sum(charger.is_online for charger in chargers),
                upstream=sum(charger.upstream is Reach.OPEN for charger in chargers),
                writes=database.waiting,
                is_leader=database.is_leader,
                now=self._clock.now(),
                totals=await self._totals(database),
            )
        )

    async def _totals(self, database: Database) -> Totals | None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                return await database.read(totals)
        except (StoreError, TimeoutError):
            return None

    async def _why_not_ready(self) -> str | None:
        database = self.database
        if self.is_stopping:
            return "it stops"
        if database is None:
            return "the store is being opened"
        if not database.is_leader:
            return "another process leads the store"
        if self.bridge is None:
            return "it starts"
        return await self._probe(database)

    async def _probe(self, database: Database) -> str | None:
        """Write to the store, and return what is wrong with that."""
        now = self._clock.time()
        if database.failures != self._failures:
            # The probe is small: what is larger may fail on a disk that has room for it.
            self._failures = database.failures
            self._failed_at = now
        if self._probed is None or now - self._probed[0] > PROBE_KEPT:
            self._probed = now, await self._write_to(database)
        reason = self._probed[1]
        if reason is None and now - self._failed_at < FAILURE_COUNTS:
            return "the store could not be written to just now"
        return reason

    async def _write_to(self, database: Database) -> str | None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await database.write(_touch)
        except TimeoutError:
            return "the store does not answer"
        except StoreError as error:
            return f"the store cannot be written to: {type(error).__name__}"
        return None


def _touch(connection: Connection) -> None:
    """Write something that changes nothing in the end."""
    # SQLite leaves a page alone that a change leaves as it was, and writes nothing at all then.
    for step in (1, -1):
        change = sa.update(VERSIONS).where(VERSIONS.c.name == SCHEMA.name)
        connection.execute(change.values(version=VERSIONS.c.version + step))
