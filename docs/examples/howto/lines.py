"""Log lines of the library as JSON, each with its fields, by structlog."""

import asyncio
import logging
import sys

import structlog

from ocpp16 import CallFailed, CentralSystem, ChargePoint, events, messages
from ocpp16.testing import connected

logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.WARNING)
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.EventRenamer("msg"),
        structlog.processors.JSONRenderer(sort_keys=True),
    ],
    logger_factory=structlog.PrintLoggerFactory(),
)
log = structlog.get_logger()
central = CentralSystem()


@central.on_event
def tell(event: events.Event) -> None:
    """Write an event with its own fields; it must be quick, and never waits."""
    match event:
        case events.Connected(peer) | events.Disconnected(peer, _):
            log.info(type(event).__name__, charge_point=peer.identity, wire=peer.binding)
        case events.FaultAnswered(peer, call_id, action, fault):
            log.warning(
                "FaultAnswered",
                charge_point=peer.identity,
                call=call_id,
                action=action,
                code=fault.code.value,
                path=fault.path,
            )


async def main() -> None:
    async with connected(central, ChargePoint("CP1", new_id=lambda: "call-1")) as (_, backend):
        try:
            await backend.call(messages.HeartbeatRequest())
        except CallFailed as error:
            print("the charge point sees:", error)


asyncio.run(main())
