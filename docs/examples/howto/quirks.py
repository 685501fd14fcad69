"""One charge point that breaks rules is tolerated; the others are not."""

import asyncio

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from ocpp16 import CentralSystem, Leniency, Peer, Settings, deviations, events, messages

OLD = {Leniency.UNKNOWN_ENUM, Leniency.UNKNOWN_FIELDS, Leniency.NAIVE_TIMESTAMPS}
central = CentralSystem(settings=Settings(peer_leniency={"OLD-1": OLD}))


@central.on(messages.StatusNotificationRequest)
async def status(
    peer: Peer, request: messages.StatusNotificationRequest
) -> messages.StatusNotificationResponse:
    if not request.error_code.is_recognised:
        print(f"{peer.identity} has an error that OCPP does not have: {request.error_code}")
    for each in deviations(request):
        print(f"  {each.kind} at {each.path}: {each.reason}")
    return messages.StatusNotificationResponse()


@central.on_event
def note(event: events.Event) -> None:
    if isinstance(event, events.FaultAnswered):
        print(f"{event.peer.identity} is refused: {event.fault.code} at {event.fault.path}")


FRAME = """[2, "1", "StatusNotification", {
    "connectorId": 1, "status": "Available", "errorCode": "Overheated",
    "timestamp": "2026-01-01 08:00", "colour": "red"
}]"""


async def main() -> None:
    async with central.serve(json="ws://127.0.0.1:0/ocpp") as server:
        for identity in ("OLD-1", "NEW-1"):
            url = f"{server.urls.json}/{identity}"
            async with connect(url, subprotocols=[Subprotocol("ocpp1.6")]) as socket:
                await socket.send(FRAME)
                print(f"{identity} is answered", str(await socket.recv())[:30])


asyncio.run(main())
