"""The bridge of the demo: a charge point on SOAP, whose central system speaks JSON.

Its store is in a folder that is gone with the demo. Needs the extras `soap` and `store`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory
from typing import Final

from ocpp16.apps.demo_stage import GLANCE, Settle
from ocpp16.bridge.bridge import SCHEMA, Bridge
from ocpp16.bridge.settings import BridgeSettings
from ocpp16.clock import Clock
from ocpp16.store.database import Database

SOAP: Final = "127.0.0.1:0/ocpp"


@asynccontextmanager
async def bridged(upstream: str, clock: Clock) -> AsyncIterator[tuple[str, Settle]]:
    """Run a bridge; give its URL for charge points.

    Args:
        upstream: The endpoint of the central system, `ws://...`.
        clock: Where time comes from.
    """
    with TemporaryDirectory(prefix="ocpp16-demo-") as folder:
        settings = BridgeSettings(
            soap=SOAP,
            upstream=upstream,
            store=f"sqlite:///{folder}/bridge.db",
            open=True,
            callback_networks=("127.0.0.0/8",),
        )
        async with (
            await Database.open(settings.store, schemas=[SCHEMA]) as database,
            Bridge(settings, database, clock=clock) as bridge,
        ):

            async def settle() -> None:
                while any(charger.queued for charger in bridge.chargers()):
                    await clock.sleep(GLANCE)

            yield bridge.url, settle
