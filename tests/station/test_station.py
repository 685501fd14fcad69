"""A station behind a role, in memory, on both wires. SPEC 2 to 8."""

from __future__ import annotations

import asyncio

import pytest

from ocpp16 import messages
from ocpp16.enums import (
    MessageTrigger,
    RegistrationStatus,
    ResetType,
)
from tests.station.yard import Yard, run

STATUSES = ["0 Available", "1 Available", "2 Available"]


def test_a_session_from_boot_to_end(wire: str) -> None:
    async def main() -> None:
        yard = Yard(wire)
        async with yard.working():
            assert yard.told == ["BootNotification", *STATUSES]
            assert yard.station.is_accepted
            yard.station.plug_in(1)
            assert await yard.station.present_tag(1, "A")
            await yard.clock.settle()
            assert yard.told == ["1 Preparing", "Authorize A", "Start 1 A", "1 Charging"]
            assert yard.station.is_charging(1)
            yard.machinery.registers[1] = 800
            await yard.clock.advance(300)
            assert "Meter 1 101 12:05:00 800" in yard.told
            assert await yard.station.present_tag(1, "A")
            yard.station.unplug(1)
            await yard.clock.settle()
            assert yard.told == ["Stop 101 Local", "1 Finishing", "1 Available"]

    run(main())


def test_remote_control(wire: str) -> None:
    async def main() -> None:
        yard = Yard(wire)
        async with yard.working():
            yard.station.plug_in(2)
            await yard.clock.settle()
            yard.told.clear()
            start = messages.RemoteStartTransactionRequest(id_tag="A", connector_id=2)
            assert (await yard.ask(start)).status == "Accepted"
            assert yard.told == ["Start 2 A", "2 Charging"]
            stop = messages.RemoteStopTransactionRequest(transaction_id=101)
            assert (await yard.ask(stop)).status == "Accepted"
            assert yard.told == ["Stop 101 Remote", "2 Finishing"]
            trigger = messages.TriggerMessageRequest(requested_message=MessageTrigger.HEARTBEAT)
            assert (await yard.ask(trigger)).status == "Accepted"
            assert yard.told == ["Heartbeat"]

    run(main())


def test_heartbeats_keep_the_interval(wire: str) -> None:
    async def main() -> None:
        yard = Yard(wire)
        async with yard.working():
            yard.told.clear()
            await yard.clock.advance(185)
            assert yard.told == ["Heartbeat"] * 3

    run(main())


def test_messages_of_an_outage_arrive_in_order_afterwards() -> None:
    async def main() -> None:
        yard = Yard("json")
        async with yard.working():
            yard.station.plug_in(1)
            await yard.station.present_tag(1, "A")
            await yard.clock.settle()
            yard.told.clear()
            yard.pair.is_down = True
            yard.pair.cut()
            await yard.clock.advance(700)
            assert await yard.station.present_tag(1, "A")
            assert len(yard.station.core.waiting()) == 3
            yard.pair.is_down = False
            await yard.clock.advance(400)
            told = [line for line in yard.told if line != "Heartbeat"]
            assert told == [
                "1 Finishing", "Meter 1 101 12:05:00 0", "Meter 1 101 12:10:00 0",
                "Stop 101 Local",
            ]  # fmt: skip
            assert yard.station.core.waiting() == []

    run(main())


def test_no_boot_on_a_mere_reconnect() -> None:
    async def main() -> None:
        yard = Yard("json")
        async with yard.working():
            yard.told.clear()
            yard.pair.cut()
            await yard.clock.advance(30)
            assert len(yard.pair.connections) == 2
            assert yard.told == []

    run(main())


@pytest.mark.parametrize("status", [RegistrationStatus.PENDING, RegistrationStatus.REJECTED])
def test_it_waits_for_its_registration(wire: str, status: RegistrationStatus) -> None:
    async def main() -> None:
        yard = Yard(wire)
        yard.registration = status
        async with yard.working():
            yard.station.plug_in(1)
            await yard.clock.advance(59)
            assert yard.told == ["BootNotification"]
            yard.registration = RegistrationStatus.ACCEPTED
            await yard.clock.advance(1)
            assert yard.told == ["BootNotification", "0 Available", "1 Preparing", "2 Available"]

    run(main())


def test_a_rejected_station_does_not_answer() -> None:
    async def main() -> None:
        yard = Yard("json")
        yard.registration = RegistrationStatus.REJECTED
        async with yard.working():
            frames: list[bytes] = []
            yard.role.on_frame(lambda event: frames.append(event.frame))
            yard.pair.connections[-1][0].send(b'[2,"x","ClearCache",{}]')
            await yard.clock.advance(10)
            assert [frame for frame in frames if frame.startswith(b"[3")] == []

    run(main())


@pytest.mark.parametrize("type", list(ResetType))
def test_a_reset_restarts_it(wire: str, type: ResetType) -> None:
    async def main() -> None:
        yard = Yard(wire)
        async with yard.working():
            yard.station.plug_in(1)
            await yard.station.present_tag(1, "A")
            await yard.clock.settle()
            yard.told.clear()
            assert (await yard.ask(messages.ResetRequest(type=type))).status == "Accepted"
            await yard.clock.advance(1)
            told = yard.told
            # What a hard reset leaves behind follows after the boot.
            stop, boot = f"Stop 101 {type}Reset", "BootNotification"
            assert stop in told and boot in told
            if type is ResetType.SOFT:
                assert told.index(stop) < told.index(boot)
            assert told[-3:] == ["0 Available", "1 Preparing", "2 Available"]
            assert len(yard.pair.connections) == 2

    run(main())


def test_who_waits_for_an_answer_is_told_of_a_restart() -> None:
    async def main() -> None:
        yard = Yard("json")
        async with yard.working():
            yard.told.clear()
            yard.station.plug_in(1)
            waiting = [asyncio.create_task(yard.station.present_tag(1, tag)) for tag in ("A", "B")]
            await asyncio.sleep(0)
            yard.station._switch_on_again()
            assert await asyncio.gather(*waiting) == [False, False]

    run(main())


def test_a_boot_that_is_triggered_while_pending_leaves_at_once(wire: str) -> None:
    async def main() -> None:
        yard = Yard(wire)
        yard.registration = RegistrationStatus.PENDING
        async with yard.working():
            assert yard.told == ["BootNotification"]
            yard.registration = RegistrationStatus.ACCEPTED
            trigger = messages.TriggerMessageRequest(
                requested_message=MessageTrigger.BOOT_NOTIFICATION
            )
            assert (await yard.ask(trigger)).status == "Accepted"
            assert yard.station.is_accepted
            assert yard.told == ["BootNotification", *STATUSES]

    run(main())
