"""Who calls, and by which id, in every log line that is written meanwhile."""

import asyncio
import sys
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog

from ocpp16 import CentralSystem, ChargePoint, messages
from ocpp16.testing import connected

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.JSONRenderer(sort_keys=True),
    ],
    logger_factory=structlog.PrintLoggerFactory(sys.stdout),
)
log = structlog.get_logger()
central = CentralSystem()


@central.around
@contextmanager
def log_context(context):
    with structlog.contextvars.bound_contextvars(charge_point=context.peer.identity, id=context.id):
        yield


@central.on(messages.HeartbeatRequest)
async def heartbeat(peer, request):
    log.info("looking at the clock")
    return messages.HeartbeatResponse(current_time=datetime.now(UTC))


async def main():
    async with connected(central, ChargePoint("CP1", new_id=lambda: "call-1")) as (_, backend):
        await backend.call(messages.HeartbeatRequest())


asyncio.run(main())
