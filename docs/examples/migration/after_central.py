"""The same central system on `ocpp16`."""

import asyncio
import contextlib
import itertools
import sys
from datetime import UTC, datetime

from ocpp16 import CallFailed, CentralSystem, Peer, datatypes, enums, messages

ids = itertools.count(1)
starts: dict[int, int] = {}
central = CentralSystem()


@central.on(messages.BootNotificationRequest)
async def on_boot(
    peer: Peer, request: messages.BootNotificationRequest
) -> messages.BootNotificationResponse:
    print(f"{peer.identity} is here: {request.charge_point_vendor} {request.charge_point_model}")
    return messages.BootNotificationResponse(
        current_time=datetime.now(UTC), interval=300, status=enums.RegistrationStatus.ACCEPTED
    )


@central.after(messages.BootNotificationRequest)
async def after_boot(peer: Peer, request: messages.BootNotificationRequest) -> None:
    try:
        answer = await peer.call(
            messages.ChangeConfigurationRequest(key="HeartbeatInterval", value="60")
        )
    except CallFailed:
        print(f"{peer.identity} does not know the key")
    else:
        print(f"{peer.identity} says {answer.status}")


@central.on(messages.StartTransactionRequest)
async def on_start(
    peer: Peer, request: messages.StartTransactionRequest
) -> messages.StartTransactionResponse:
    transaction_id = next(ids)
    starts[transaction_id] = request.meter_start
    return messages.StartTransactionResponse(
        transaction_id=transaction_id,
        id_tag_info=datatypes.IdTagInfo(status=enums.AuthorizationStatus.ACCEPTED),
    )


@central.on(messages.MeterValuesRequest)
async def on_meter_values(
    peer: Peer, request: messages.MeterValuesRequest
) -> messages.MeterValuesResponse:
    print(f"{peer.identity} measures {request.meter_value[0].sampled_value[0].value}")
    return messages.MeterValuesResponse()


@central.on(messages.StopTransactionRequest)
async def on_stop(
    peer: Peer, request: messages.StopTransactionRequest
) -> messages.StopTransactionResponse:
    charged = request.meter_stop - starts.pop(request.transaction_id)
    print(f"{peer.identity} has charged {charged} Wh")
    return messages.StopTransactionResponse()


async def main(port: int) -> None:
    async with central.serve(json=f"ws://127.0.0.1:{port}"):
        print("listening", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1])))
