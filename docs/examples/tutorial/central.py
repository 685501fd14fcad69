"""A central system: knows its cards, keeps its books, and has a limit."""

import asyncio
import contextlib
import secrets
from datetime import UTC, datetime

from ocpp16 import CentralSystem, Peer, datatypes, enums, messages

URL = "ws://127.0.0.1:9000/ocpp"
CARDS = {"CARD-1", "CARD-2"}
LIMIT = 2000  # watt-hours for one visit

central = CentralSystem()
running: dict[int, messages.StartTransactionRequest] = {}


def judge(id_tag: str) -> datatypes.IdTagInfo:
    """Say whether a card may charge."""
    is_known = id_tag.upper() in CARDS  # OCPP compares cards without regard to case
    status = enums.AuthorizationStatus.ACCEPTED if is_known else enums.AuthorizationStatus.INVALID
    return datatypes.IdTagInfo(status=status)


def energy_of(value: datatypes.MeterValue) -> int:
    """Return what the energy meter shows, which may be one of several measured values."""
    for sampled in value.sampled_value:
        # A value that does not say what it measures is the energy.
        if sampled.measurand in {None, enums.Measurand.ENERGY_ACTIVE_IMPORT_REGISTER}:
            return int(float(sampled.value))
    return 0


@central.on(messages.BootNotificationRequest)
async def boot(
    peer: Peer, request: messages.BootNotificationRequest
) -> messages.BootNotificationResponse:
    print(f"{peer.identity} is here: {request.charge_point_vendor} {request.charge_point_model}")
    return messages.BootNotificationResponse(
        status=enums.RegistrationStatus.ACCEPTED, current_time=datetime.now(UTC), interval=300
    )


@central.on(messages.HeartbeatRequest)
async def heartbeat(peer: Peer, request: messages.HeartbeatRequest) -> messages.HeartbeatResponse:
    return messages.HeartbeatResponse(current_time=datetime.now(UTC))


@central.on(messages.StatusNotificationRequest)
async def status(
    peer: Peer, request: messages.StatusNotificationRequest
) -> messages.StatusNotificationResponse:
    print(f"{peer.identity}: connector {request.connector_id} is {request.status}")
    return messages.StatusNotificationResponse()


@central.on(messages.AuthorizeRequest)
async def authorize(peer: Peer, request: messages.AuthorizeRequest) -> messages.AuthorizeResponse:
    return messages.AuthorizeResponse(id_tag_info=judge(request.id_tag))


@central.on(messages.StartTransactionRequest)
async def start(
    peer: Peer, request: messages.StartTransactionRequest
) -> messages.StartTransactionResponse:
    transaction_id = 1 + secrets.randbelow(2**31 - 1)
    running[transaction_id] = request
    print(f"{peer.identity}: {request.id_tag} begins transaction {transaction_id}")
    return messages.StartTransactionResponse(
        transaction_id=transaction_id, id_tag_info=judge(request.id_tag)
    )


@central.on(messages.MeterValuesRequest)
async def meter_values(
    peer: Peer, request: messages.MeterValuesRequest
) -> messages.MeterValuesResponse:
    return messages.MeterValuesResponse()


@central.after(messages.MeterValuesRequest)
async def look_at_the_limit(peer: Peer, request: messages.MeterValuesRequest) -> None:
    begun = running.get(request.transaction_id or 0)
    if begun is None or request.transaction_id is None:
        return
    if energy_of(request.meter_value[-1]) - begun.meter_start >= LIMIT:
        print(f"{peer.identity}: that is enough, so we ask it to stop")
        await peer.call(
            messages.RemoteStopTransactionRequest(transaction_id=request.transaction_id)
        )


@central.on(messages.StopTransactionRequest)
async def stop(
    peer: Peer, request: messages.StopTransactionRequest
) -> messages.StopTransactionResponse:
    print(f"{peer.identity}: transaction {request.transaction_id} ends at {request.meter_stop} Wh")
    begun = running.pop(request.transaction_id, None)
    if begun is not None:
        print(f"{begun.id_tag} has charged {request.meter_stop - begun.meter_start} Wh")
    return messages.StopTransactionResponse()


async def main() -> None:
    async with central.serve(json=URL) as server:
        print(f"listening at {server.urls.json}")
        await asyncio.Event().wait()  # until Ctrl-C


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
