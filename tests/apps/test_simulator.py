"""What drivers and time do to a simulated charge point, and what it then sends."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import attrs
import pytest

from ocpp16 import messages
from ocpp16.apps.charge_point.charging_profile import Installed
from ocpp16.apps.charge_point.reservation import Reservation
from ocpp16.apps.charge_point.simulator import Simulator
from ocpp16.datatypes import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from ocpp16.enums import (
    ChargePointStatus,
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    Reason,
)
from ocpp16.errors import CallFailed, CallTimeout, ErrorCode, SessionClosed
from tests.apps.doubles import BLOCKED, FAMILY, NOON, Central, make_simulator
from tests.parties import run

MINUTE = timedelta(minutes=1)


async def charging(simulator: Simulator, central: Central, tag: str = "A") -> None:
    await simulator.plug(1)
    assert await simulator.present(1, tag)
    central.requests.clear()


def test_it_begins_with_every_status() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        await simulator.begin()
        assert central.story == ["0 Available", "1 Available", "2 Available"]

    run(main)


def test_plug_then_tag() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        await simulator.plug(1)
        assert await simulator.present(1, "A")
        start = central.of(messages.StartTransactionRequest)[0]
        assert (start.meter_start, start.timestamp, start.reservation_id) == (0, NOON, None)
        assert central.story == [
            "1 Preparing",
            "Authorize A",
            "StartTransaction A",
            "1 Charging",
        ]

    run(main)


def test_tag_then_plug() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        assert await simulator.present(1, "A")
        assert central.story == ["Authorize A", "1 Preparing"]
        await simulator.plug(1)
        assert central.story == ["StartTransaction A", "1 Charging"]

    run(main)


def test_a_tag_without_a_plug_is_given_up() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        await simulator.present(1, "A")
        await simulator.pass_time(timedelta(seconds=59))
        assert central.story == ["Authorize A", "1 Preparing"]
        await simulator.pass_time(timedelta(seconds=1))
        assert central.story == ["1 Available"]
        await simulator.plug(1)
        assert central.story == ["1 Preparing"]

    run(main)


def test_the_same_tag_stops_and_is_not_asked_for() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        await charging(simulator, central, "A")
        await simulator.pass_time(3 * MINUTE)
        assert await simulator.present(1, "a")
        stop = central.of(messages.StopTransactionRequest)[0]
        assert (stop.meter_stop, stop.transaction_id, stop.id_tag) == (550, 7, "a")
        values = [one.sampled_value[0].value for one in stop.transaction_data]
        assert values == ["0", "550"]
        assert central.story == ["StopTransaction Local", "1 Finishing"]
        await simulator.unplug(1)
        assert central.story == ["1 Available"]

    run(main)


@pytest.mark.parametrize(("other", "stops"), [("B", True), ("C", False), ("BAD", False)])
def test_another_tag_stops_if_it_is_of_the_group(other: str, stops: bool) -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        central.tags = {"A": FAMILY, "B": FAMILY, "BAD": BLOCKED}
        await charging(simulator, central, "A")
        assert await simulator.present(1, other) is stops
        expected = ["StopTransaction Local", "1 Finishing"] if stops else []
        assert central.story == [f"Authorize {other}", *expected]

    run(main)


def test_a_tag_that_is_not_accepted_starts_nothing() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        central.tags = {"BAD": BLOCKED}
        await simulator.plug(1)
        assert not await simulator.present(1, "BAD")
        assert central.story == ["1 Preparing", "Authorize BAD"]

    run(main)


def test_a_start_that_is_not_accepted_is_stopped() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        central.start_info = BLOCKED
        await simulator.plug(1)
        await simulator.present(1, "A")
        assert central.story[-3:] == [
            "StartTransaction A",
            "StopTransaction DeAuthorized",
            "1 Finishing",
        ]
        await simulator.pass_time(60 * MINUTE)
        assert simulator.connectors[1].meter == 0

    run(main)


def test_unplugging_ends_a_transaction() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        await charging(simulator, central)
        await simulator.unplug(1)
        assert central.story == ["StopTransaction EVDisconnected", "1 Available"]

    run(main)


def test_samples_come_at_their_times_however_time_is_cut() -> None:
    async def main() -> None:
        told = []
        for step in (timedelta(minutes=17), timedelta(seconds=7)):
            simulator, central = make_simulator()
            await charging(simulator, central)
            while simulator.now < NOON + timedelta(minutes=17):
                left = NOON + timedelta(minutes=17) - simulator.now
                await simulator.pass_time(min(step, left))
            values = central.of(messages.MeterValuesRequest)
            told.append(
                [
                    (value.meter_value[0].timestamp - NOON, value.meter_value[0].sampled_value)
                    for value in values
                ]
            )
        assert told[0] == told[1]
        assert [at for at, _ in told[0]] == [5 * MINUTE, 10 * MINUTE, 15 * MINUTE]
        assert [[one.value for one in sample] for _, sample in told[0]] == [
            ["916", "11000"],
            ["1833", "11000"],
            ["2750", "11000"],
        ]

    run(main)


def test_no_samples_with_the_interval_0() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        simulator.configuration.set("MeterValueSampleInterval", "0")
        await charging(simulator, central)
        await simulator.pass_time(60 * MINUTE)
        assert central.story == []
        assert simulator.connectors[1].meter == 11_000

    run(main)


def limit(watts: float) -> ChargingProfile:
    return ChargingProfile(
        charging_profile_id=1,
        stack_level=0,
        charging_profile_purpose=ChargingProfilePurposeType.TX_PROFILE,
        charging_profile_kind=ChargingProfileKindType.RELATIVE,
        charging_schedule=ChargingSchedule(
            charging_rate_unit=ChargingRateUnitType.W,
            charging_schedule_period=(
                ChargingSchedulePeriod(start_period=0, limit=watts),
                ChargingSchedulePeriod(start_period=3600, limit=6000.0),
            ),
        ),
    )


def test_a_limit_of_nothing_suspends_until_it_rises() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        simulator.configuration.set("MeterValueSampleInterval", "0")
        await charging(simulator, central)
        simulator.profiles.install(Installed(1, limit(0.0), NOON))
        await simulator.apply_limits()
        assert central.story == ["1 SuspendedEVSE"]
        await simulator.pass_time(60 * MINUTE)
        assert (central.story, simulator.connectors[1].meter) == (["1 Charging"], 0)
        await simulator.pass_time(60 * MINUTE)
        assert simulator.connectors[1].meter == 6000
        await simulator.stop(1, Reason.LOCAL)
        assert len(simulator.profiles) == 0

    run(main)


def test_a_reserved_connector_is_for_its_tag_until_it_expires() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        connector = simulator.connectors[1]
        reservation = Reservation(
            id=9, connector=1, id_tag="A", parent_id_tag="FAMILY", expires=NOON + 10 * MINUTE
        )
        simulator.reservations.keep(reservation)
        await simulator.set_status(connector, ChargePointStatus.RESERVED)
        central.tags = {"B": FAMILY}
        assert not await simulator.present(1, "C")
        assert await simulator.present(1, "B")
        await simulator.plug(1)
        start = central.of(messages.StartTransactionRequest)[0]
        assert start.reservation_id == 9
        assert simulator.reservations.find(9) is None

        simulator.reservations.keep(attrs.evolve(reservation, connector=2))
        await simulator.set_status(simulator.connectors[2], ChargePointStatus.RESERVED)
        central.requests.clear()
        simulator.configuration.set("MeterValueSampleInterval", "0")
        await simulator.pass_time(10 * MINUTE)
        assert central.story == ["2 Available"]

    run(main)


def test_transaction_messages_outlast_a_lost_link_in_order() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        await charging(simulator, central)
        central.errors = [SessionClosed("cut"), CallTimeout("late"), SessionClosed("cut")]
        await asyncio.gather(simulator.pass_time(5 * MINUTE), simulator.stop(1, Reason.REMOTE))
        expected = [*4 * ["MeterValues"], "StopTransaction Remote", "1 Finishing"]
        assert central.story == expected

    run(main)


def test_a_tag_that_nobody_knows_cannot_start_while_the_link_is_lost() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        for tag, is_known in (("A", True), ("B", False)):
            central.errors = []
            if is_known:
                assert (await simulator.tags.authorize(tag, NOON)).status == "Accepted"
            central.errors = [SessionClosed("cut")]
            assert await simulator.present(1, tag) is is_known
            await simulator.pass_time(MINUTE)

    run(main)


def test_a_start_is_given_up_after_so_many_errors_and_the_rest_says_so() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        await simulator.plug(1)
        failures = 3

        def fail_starts() -> None:
            nonlocal failures
            if failures and isinstance(central.requests[-1], messages.StartTransactionRequest):
                failures -= 1
                central.errors = [CallFailed(ErrorCode.INTERNAL_ERROR)]

        central.before = fail_starts
        await simulator.present(1, "A")
        assert len(central.of(messages.StartTransactionRequest)) == 3
        await simulator.pass_time(5 * MINUTE)
        await simulator.stop(1, Reason.LOCAL)
        assert central.of(messages.MeterValuesRequest)[0].transaction_id == -1
        assert central.of(messages.StopTransactionRequest)[0].transaction_id == -1

    run(main)


def test_a_message_takes_the_transaction_id_that_an_answer_before_it_brings() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        simulator.configuration.set("MeterValueSampleInterval", "60")
        answered = asyncio.Event()
        plain_call = central.call

        async def slow_start(request: object, **options: object) -> object:
            if isinstance(request, messages.StartTransactionRequest):
                await answered.wait()
            return await plain_call(request, **options)

        central.call = slow_start  # type: ignore[method-assign]
        await simulator.plug(1)
        starting = asyncio.create_task(simulator.present(1, "A"))
        passing = asyncio.create_task(simulator.pass_time(MINUTE))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert simulator.connectors[1].draw == 0
        answered.set()
        await asyncio.gather(starting, passing)
        await simulator.pass_time(MINUTE)
        ids = {value.transaction_id for value in central.of(messages.MeterValuesRequest)}
        assert ids == {7}

    run(main)


def test_firmware_waits_for_transactions_and_asks_for_a_reboot() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        simulator.configuration.set("MeterValueSampleInterval", "0")
        await charging(simulator, central)
        simulator.maintenance.order("ftp://example.com/a/2.1.bin", NOON + MINUTE)
        await simulator.work_on_firmware()
        assert central.requests == []
        await simulator.pass_time(MINUTE)
        assert central.story == 2 * ["FirmwareStatusNotification"]
        assert not simulator.reboot_wanted.is_set()
        await simulator.stop(1, Reason.LOCAL)
        assert central.story == [
            "StopTransaction Local",
            "1 Finishing",
            *2 * ["FirmwareStatusNotification"],
        ]
        assert simulator.reboot_wanted.is_set()
        assert simulator.boot_request().firmware_version == "2.1"

    run(main)


def test_nothing_is_sent_without_a_connection_and_nothing_breaks() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        simulator.outbox.caller = None
        await simulator.begin()
        await simulator.heartbeat()
        await simulator.plug(1)
        assert not await simulator.present(1, "A")
        assert central.requests == []

    run(main)
