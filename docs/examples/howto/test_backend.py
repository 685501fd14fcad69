"""Tests of a central system, against a charge point in memory: no sockets, no waiting."""

import asyncio
from datetime import UTC, datetime

import pytest

from ocpp16 import CallFailed, CallTimeout, CentralSystem, ChargePoint, Peer, enums, messages
from ocpp16.testing import HandClock, Wire, connected, losing, record

RESET = messages.ResetRequest(type=enums.ResetType.SOFT)


def central_system(clock: HandClock) -> CentralSystem:
    """Return the central system under test; yours is imported from somewhere."""
    central = CentralSystem(clock=clock)

    @central.on(messages.BootNotificationRequest)
    async def boot(
        peer: Peer, request: messages.BootNotificationRequest
    ) -> messages.BootNotificationResponse:
        return messages.BootNotificationResponse(
            status=enums.RegistrationStatus.ACCEPTED, current_time=clock.now(), interval=300
        )

    return central


@pytest.mark.parametrize("wire", ["json", "soap"])
def test_it_tells_its_time_when_a_charge_point_boots(wire: Wire) -> None:
    async def main() -> None:
        clock = HandClock(datetime(2026, 1, 1, 12, 0, tzinfo=UTC))
        async with connected(central_system(clock), ChargePoint("CP1"), wire=wire) as (_, backend):
            answer = await backend.call(
                messages.BootNotificationRequest(
                    charge_point_vendor="Example", charge_point_model="One"
                )
            )
        assert answer.current_time == datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

    asyncio.run(main())


def test_what_has_no_handler_is_refused() -> None:
    async def main() -> None:
        async with connected(central_system(HandClock()), ChargePoint("CP1")) as (_, backend):
            with pytest.raises(CallFailed, match="NotSupported"):
                await backend.call(messages.AuthorizeRequest(id_tag="CARD-1"))

    asyncio.run(main())


def test_a_charge_point_that_does_not_answer_costs_half_a_minute() -> None:
    async def main() -> None:
        clock = HandClock()
        station = ChargePoint("CP1", clock=clock)
        frames = record(station)
        # The network loses every frame to the charge point.
        async with connected(central_system(clock), station, to_station=losing(1)) as (peer, _):
            asking = asyncio.create_task(peer.call(RESET))
            await clock.advance(29)
            assert not asking.done()
            await clock.advance(1)
            with pytest.raises(CallTimeout):
                await asking
        assert frames.received == []

    asyncio.run(main())
