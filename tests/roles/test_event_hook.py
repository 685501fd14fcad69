"""Functions that are called with each event, at once."""

from __future__ import annotations

import pytest

from ocpp16 import CentralSystem, ChargePoint
from ocpp16.enums import RegistrationStatus
from ocpp16.messages import BootNotificationRequest, BootNotificationResponse
from ocpp16.roles import event as told
from ocpp16.roles.peer import Peer
from ocpp16.testing import HandClock, connected
from tests.parties import BOOT, NOON, booted, run


def test_a_hook_is_called_with_each_event_but_frames() -> None:
    async def main() -> None:
        clock = HandClock()
        central, station = CentralSystem(clock=clock), ChargePoint("CP1", clock=clock)
        seen: list[told.Event] = []
        station.on_event(seen.append)

        @station.on_event
        def fail(event: told.Event) -> None:
            raise RuntimeError("a bug")

        @central.on(BootNotificationRequest)
        async def boot(peer: Peer, request: BootNotificationRequest) -> BootNotificationResponse:
            return booted(RegistrationStatus.ACCEPTED, 300)

        async with connected(central, station, boot=BOOT):
            await clock.settle()
        assert [type(event) for event in seen] == [
            told.Connected, told.Registered, told.Disconnected,
        ]  # fmt: skip
        registered = seen[1]
        assert isinstance(registered, told.Registered)
        assert registered.current_time == NOON

    run(main)


def test_a_hook_cannot_be_a_coroutine_function() -> None:
    async def hook(event: told.Event) -> None:
        pass

    with pytest.raises(TypeError, match="cannot be a coroutine function"):
        ChargePoint("CP1").on_event(hook)
