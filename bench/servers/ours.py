"""A central system of this library."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bench.servers.control import answer_questions, run
from ocpp16 import CentralSystem, Peer, Settings, messages
from ocpp16.enums import RegistrationStatus


def make(**settings: Any) -> CentralSystem:
    """Return a central system with handlers as short as they can be."""
    central = CentralSystem(settings=Settings(connections=20_000, **settings))

    @central.on(messages.BootNotificationRequest)
    async def boot(
        peer: Peer, request: messages.BootNotificationRequest
    ) -> messages.BootNotificationResponse:
        return messages.BootNotificationResponse(
            status=RegistrationStatus.ACCEPTED, current_time=datetime.now(UTC), interval=300
        )

    @central.on(messages.HeartbeatRequest)
    async def heartbeat(
        peer: Peer, request: messages.HeartbeatRequest
    ) -> messages.HeartbeatResponse:
        return messages.HeartbeatResponse(current_time=datetime.now(UTC))

    @central.on(messages.MeterValuesRequest)
    async def meter_values(
        peer: Peer, request: messages.MeterValuesRequest
    ) -> messages.MeterValuesResponse:
        return messages.MeterValuesResponse()

    return central


async def main() -> None:
    """Serve."""
    central = make()
    async with central.serve(json="ws://127.0.0.1:0/ocpp") as server:
        port = urlsplit(server.urls.json).port
        assert port is not None
        await answer_questions(port)


if __name__ == "__main__":
    run(main())
