"""Tests of a charge point, against a central system that follows a script."""

import asyncio

from ocpp16 import Backend, CentralSystem, ChargePoint, Peer, datatypes, enums, messages
from ocpp16.testing import connected


async def greet(backend: Backend, id_tag: str) -> str:
    """Ask for a card, and say what to show; this is the code under test."""
    answer = await backend.call(messages.AuthorizeRequest(id_tag=id_tag))
    match answer.id_tag_info.status:
        case enums.AuthorizationStatus.ACCEPTED:
            return "please plug in"
        case enums.AuthorizationStatus.CONCURRENT_TX:
            return "your car is charging elsewhere"
    return "sorry"


def scripted(*statuses: enums.AuthorizationStatus) -> CentralSystem:
    """Return a central system that answers Authorize with one status after the other."""
    central = CentralSystem()
    script = iter(statuses)

    @central.on(messages.AuthorizeRequest)
    async def authorize(
        peer: Peer, request: messages.AuthorizeRequest
    ) -> messages.AuthorizeResponse:
        return messages.AuthorizeResponse(id_tag_info=datatypes.IdTagInfo(status=next(script)))

    return central


def test_what_the_display_says() -> None:
    async def main() -> None:
        central = scripted(
            enums.AuthorizationStatus.ACCEPTED,
            enums.AuthorizationStatus.CONCURRENT_TX,
            enums.AuthorizationStatus.BLOCKED,
        )
        async with connected(central, ChargePoint("CP1")) as (_, backend):
            assert await greet(backend, "CARD-1") == "please plug in"
            assert await greet(backend, "CARD-1") == "your car is charging elsewhere"
            assert await greet(backend, "CARD-1") == "sorry"

    asyncio.run(main())
