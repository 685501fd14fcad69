"""The same charge point on `ocpp16`."""

import asyncio
import sys
from datetime import UTC, datetime

from ocpp16 import Backend, ChargePoint, datatypes, enums, messages

BOOT = messages.BootNotificationRequest(charge_point_vendor="Example", charge_point_model="One")
station = ChargePoint("CP1")
is_configured = asyncio.Event()


@station.on(messages.ChangeConfigurationRequest)
async def on_change(
    backend: Backend, request: messages.ChangeConfigurationRequest
) -> messages.ChangeConfigurationResponse:
    print(f"asked to set {request.key} to {request.value}")
    is_configured.set()
    return messages.ChangeConfigurationResponse(status=enums.ConfigurationStatus.ACCEPTED)


async def charge(backend: Backend) -> None:
    booted = await backend.call(BOOT)
    print(f"boot: {booted.status}, heartbeat every {booted.interval} s")
    await is_configured.wait()
    begun = await backend.call(
        messages.StartTransactionRequest(
            connector_id=1, id_tag="CARD-1", meter_start=1000, timestamp=datetime.now(UTC)
        )
    )
    print(f"CARD-1 is {begun.id_tag_info.status}")
    await backend.call(
        messages.MeterValuesRequest(
            connector_id=1,
            transaction_id=begun.transaction_id,
            meter_value=[
                datatypes.MeterValue(
                    timestamp=datetime.now(UTC),
                    sampled_value=[datatypes.SampledValue(value="2000")],
                )
            ],
        )
    )
    await backend.call(
        messages.StopTransactionRequest(
            transaction_id=begun.transaction_id, meter_stop=2500, timestamp=datetime.now(UTC)
        )
    )
    print("done")


async def main(url: str) -> None:
    async with station.connect(url) as backend:
        await charge(backend)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
