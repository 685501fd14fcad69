"""Show what a Heartbeat looks like on either wire."""

import asyncio
from datetime import UTC, datetime

from ocpp16 import CentralSystem, ChargePoint, Peer, events, messages

central = CentralSystem()
station = ChargePoint("CP1")


@central.on(messages.HeartbeatRequest)
async def heartbeat(peer: Peer, request: messages.HeartbeatRequest) -> messages.HeartbeatResponse:
    return messages.HeartbeatResponse(current_time=datetime.now(UTC))


@station.on_frame
def show(event: events.FrameIn | events.FrameOut) -> None:
    direction = "in: " if isinstance(event, events.FrameIn) else "out:"
    print(direction, event.frame.decode())


async def main() -> None:
    async with central.serve(
        json="ws://127.0.0.1:0/ocpp", soap="http://127.0.0.1:0/ocpp"
    ) as server:
        print("over JSON")
        async with station.connect(server.urls.json) as backend:
            await backend.call(messages.HeartbeatRequest())
        print("over SOAP")
        async with station.connect(server.urls.soap, listen="http://127.0.0.1:0/") as backend:
            await backend.call(messages.HeartbeatRequest())


asyncio.run(main())
