"""A charge point on `ocpp` (mobilityhouse)."""

import asyncio
import sys
from datetime import UTC, datetime

from ocpp.routing import on
from ocpp.v16 import ChargePoint as Base
from ocpp.v16 import call, call_result
from ocpp.v16.enums import Action, ConfigurationStatus
from websockets.asyncio.client import connect


class ChargePoint(Base):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.is_configured = asyncio.Event()

    @on(Action.change_configuration)
    async def on_change(self, key, value):
        print(f"asked to set {key} to {value}")
        self.is_configured.set()
        return call_result.ChangeConfiguration(status=ConfigurationStatus.accepted)

    async def charge(self):
        booted = await self.call(
            call.BootNotification(charge_point_vendor="Example", charge_point_model="One")
        )
        print(f"boot: {booted.status}, heartbeat every {booted.interval} s")
        await self.is_configured.wait()
        begun = await self.call(
            call.StartTransaction(
                connector_id=1,
                id_tag="CARD-1",
                meter_start=1000,
                timestamp=datetime.now(UTC).isoformat(),
            )
        )
        print(f"CARD-1 is {begun.id_tag_info['status']}")
        await self.call(
            call.MeterValues(
                connector_id=1,
                transaction_id=begun.transaction_id,
                meter_value=[
                    {
                        "timestamp": datetime.now(UTC).isoformat(),
                        "sampled_value": [{"value": "2000"}],
                    }
                ],
            )
        )
        await self.call(
            call.StopTransaction(
                transaction_id=begun.transaction_id,
                meter_stop=2500,
                timestamp=datetime.now(UTC).isoformat(),
            )
        )
        print("done")


async def main(url: str) -> None:
    async with connect(f"{url}/CP1", subprotocols=["ocpp1.6"]) as connection:
        station = ChargePoint("CP1", connection)
        running = asyncio.create_task(station.start())
        await station.charge()
        running.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
