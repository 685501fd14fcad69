"""A charge point that charges one car, and stops when it is asked to."""

import asyncio
import sys
from datetime import UTC, datetime

from ocpp16 import Backend, ChargePoint, datatypes, enums, messages

URL = "ws://127.0.0.1:9000/ocpp"
BOOT = messages.BootNotificationRequest(charge_point_vendor="Example", charge_point_model="One")

station = ChargePoint("CP1")
stop_asked = asyncio.Event()


@station.on(messages.RemoteStopTransactionRequest)
async def stop_from_afar(
    backend: Backend, request: messages.RemoteStopTransactionRequest
) -> messages.RemoteStopTransactionResponse:
    print(f"the central system asks us to stop transaction {request.transaction_id}")
    stop_asked.set()
    return messages.RemoteStopTransactionResponse(status=enums.RemoteStartStopStatus.ACCEPTED)


def now() -> datetime:
    return datetime.now(UTC)


async def show_status(backend: Backend, status: enums.ChargePointStatus) -> None:
    """Tell the central system what connector 1 is doing."""
    await backend.call(
        messages.StatusNotificationRequest(
            connector_id=1, error_code=enums.ChargePointErrorCode.NO_ERROR, status=status
        )
    )
    print(f"connector 1 is {status}")


def meter_value(watt_hours: int) -> datatypes.MeterValue:
    """Return a reading of the meter: one moment, one measured value."""
    return datatypes.MeterValue(
        timestamp=now(),
        sampled_value=[datatypes.SampledValue(value=str(watt_hours), unit=enums.UnitOfMeasure.WH)],
    )


async def charge_a_car(backend: Backend, id_tag: str) -> None:
    """Live through one visit of a car, from the plug to the goodbye."""
    await show_status(backend, enums.ChargePointStatus.PREPARING)

    card = await backend.call(messages.AuthorizeRequest(id_tag=id_tag))
    print(f"{id_tag} is {card.id_tag_info.status}")
    if card.id_tag_info.status is not enums.AuthorizationStatus.ACCEPTED:
        await show_status(backend, enums.ChargePointStatus.AVAILABLE)
        return

    meter = 1000
    begun = await backend.call(
        messages.StartTransactionRequest(
            connector_id=1, id_tag=id_tag, meter_start=meter, timestamp=now()
        )
    )
    print(f"transaction {begun.transaction_id} begins at {meter} Wh")
    await show_status(backend, enums.ChargePointStatus.CHARGING)

    reason = enums.Reason.LOCAL
    while meter < 5000:  # then the battery is full
        try:
            await asyncio.wait_for(stop_asked.wait(), timeout=1)
        except TimeoutError:
            pass  # nobody wants us to stop
        else:
            reason = enums.Reason.REMOTE
            break
        meter += 500
        print(f"the meter shows {meter} Wh")
        await backend.call(
            messages.MeterValuesRequest(
                connector_id=1,
                transaction_id=begun.transaction_id,
                meter_value=[meter_value(meter)],
            )
        )

    await backend.call(
        messages.StopTransactionRequest(
            transaction_id=begun.transaction_id,
            id_tag=id_tag,
            meter_stop=meter,
            timestamp=now(),
            reason=reason,
        )
    )
    print(f"transaction {begun.transaction_id} ends at {meter} Wh: {reason}")
    await show_status(backend, enums.ChargePointStatus.AVAILABLE)


async def main(id_tag: str) -> None:
    async with station.connect(URL, boot=BOOT) as backend:
        await backend.accepted()
        print("the central system has accepted us")
        await show_status(backend, enums.ChargePointStatus.AVAILABLE)
        await charge_a_car(backend, id_tag)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
