"""Logs as structlog renders them: one line of JSON an event, with the fields as fields."""

import asyncio
import logging
import sys

import structlog

from ocpp16 import CentralSystem, ChargePoint
from ocpp16.testing import connected

handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(
    structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), structlog.stdlib.add_log_level],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
    )
)
logging.getLogger("ocpp16").addHandler(handler)
logging.getLogger("ocpp16").setLevel(logging.INFO)


async def main():
    async with connected(CentralSystem(), ChargePoint("CP1")):
        pass


asyncio.run(main())
