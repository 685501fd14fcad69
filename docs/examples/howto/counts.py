"""Count the events of a central system, as Prometheus reads it."""

import asyncio
import contextlib

from prometheus_client import CollectorRegistry, Counter, generate_latest

from ocpp16 import CallFailed, CentralSystem, ChargePoint, events, messages
from ocpp16.testing import connected

registry = CollectorRegistry()
counter = Counter("ocpp_events", "Events by kind.", ["event"], registry=registry)
central = CentralSystem()


@central.on_event
def count(event: events.Event) -> None:
    counter.labels(event=type(event).__name__).inc()


async def main() -> None:
    async with connected(central, ChargePoint("CP1")) as (_, backend):
        with contextlib.suppress(CallFailed):
            await backend.call(messages.HeartbeatRequest())
    for line in generate_latest(registry).decode().splitlines():
        if line.startswith("ocpp_events_total"):
            print(line)


asyncio.run(main())
