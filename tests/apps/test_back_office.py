"""The books of a central system: what it answers, keeps and flags."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from ocpp16 import CentralSystem, ChargePoint, messages
from ocpp16.apps import back_office
from ocpp16.apps.back_office import BackOffice, random_transaction_id
from ocpp16.catalog import sent_by
from ocpp16.datatypes import MeterValue, SampledValue
from ocpp16.enums import (
    ChargePointErrorCode,
    ChargePointStatus,
    FirmwareStatus,
    Measurand,
    Phase,
    Reason,
    SignedFirmwareStatus,
    UnitOfMeasure,
    UploadLogStatus,
)
from ocpp16.roles.backend import Backend
from ocpp16.spec import Side
from ocpp16.store.central_system.reading import last_reading
from ocpp16.testing import HandClock, connected
from tests.apps.doubles import BLOCKED, FAMILY, NOON, Ears
from tests.parties import BOOT, run

Scene = Callable[["Desk"], Awaitable[None]]


class Desk:
    """A back office, and two charge points that write to it."""

    def __init__(self, office: BackOffice, ears: Ears, one: Backend, other: Backend) -> None:
        self.office = office
        self.ears = ears
        self.one = one
        self.other = other

    async def start(self, meter: int = 100, *, by: Backend | None = None, tag: str = "A") -> int:
        request = messages.StartTransactionRequest(
            connector_id=1, id_tag=tag, meter_start=meter, timestamp=NOON
        )
        return (await (by or self.one).call(request)).transaction_id

    async def stop(self, number: int, meter: int = 500, *, by: Backend | None = None) -> Any:
        request = messages.StopTransactionRequest(
            transaction_id=number, meter_stop=meter, timestamp=NOON, id_tag="A"
        )
        return await (by or self.one).call(request)

    async def meter(self, number: int, value: int, *, by: Backend | None = None) -> None:
        request = messages.MeterValuesRequest(
            connector_id=1, transaction_id=number, meter_value=(reading(str(value)),)
        )
        await (by or self.one).call(request)


def reading(*values: str, **fields: Any) -> MeterValue:
    samples = tuple(SampledValue(value=value, **fields) for value in values)
    return MeterValue(timestamp=NOON, sampled_value=samples)


def play(scene: Scene, **options: Any) -> None:
    async def main() -> None:
        clock, ears = HandClock(NOON + timedelta(microseconds=5)), Ears()
        central = CentralSystem(clock=clock)
        office = BackOffice(now=clock.now, tell=ears, **options)
        office.register(central)
        stations = ChargePoint("CP1", clock=clock), ChargePoint("CP2", clock=clock)
        async with (
            connected(central, stations[0]) as (_, one),
            connected(central, stations[1]) as (_, other),
        ):
            await scene(Desk(office, ears, one, other))

    run(main)


def test_it_answers_everything_that_a_charge_point_may_send() -> None:
    central = CentralSystem()
    BackOffice(now=lambda: NOON, tell=Ears()).register(central)
    names = {action.name for action in sent_by(Side.CHARGE_POINT)}
    assert set(central._dispatcher.handlers) == names
    assert len(names) == 14


def test_boot_heartbeat_and_status() -> None:
    async def scene(desk: Desk) -> None:
        answer = await desk.one.call(BOOT)
        assert (answer.status, answer.interval, answer.current_time) == ("Accepted", 60, NOON)
        pulse = await desk.one.call(messages.HeartbeatRequest())
        assert pulse.current_time == NOON
        await desk.one.call(
            messages.StatusNotificationRequest(
                connector_id=1,
                error_code=ChargePointErrorCode.NO_ERROR,
                status=ChargePointStatus.CHARGING,
            )
        )
        record = desk.office.charge_points["CP1"]
        assert (record.boot, record.boots) == (BOOT, 1)
        assert record.statuses == {1: ChargePointStatus.CHARGING}
        assert "CP2" not in desk.office.charge_points

    play(scene, interval=60)


def test_a_transaction() -> None:
    async def scene(desk: Desk) -> None:
        number = await desk.start()
        transaction = desk.office.transactions[number]
        assert (transaction.identity, transaction.connector, transaction.id_tag) == ("CP1", 1, "A")
        assert (transaction.energy, transaction.reason) == (None, None)
        await desk.meter(number, 300)
        assert transaction.reading == 300
        answer = await desk.stop(number)
        assert answer.id_tag_info.status == "Accepted"
        assert (transaction.energy, transaction.reason) == (400, Reason.LOCAL)
        assert desk.ears.warnings == []

    play(scene)


def test_tags() -> None:
    async def scene(desk: Desk) -> None:
        for tag, status in (("a", "Accepted"), ("LOST", "Blocked"), ("X", "Invalid")):
            answer = await desk.one.call(messages.AuthorizeRequest(id_tag=tag))
            assert answer.id_tag_info.status == status
        number = await desk.start(tag="LOST")
        assert desk.office.transactions[number].id_tag == "LOST"

    play(scene, tags={"a": FAMILY, "lost": BLOCKED})


def test_a_start_that_is_sent_again_is_one_transaction() -> None:
    async def scene(desk: Desk) -> None:
        first = await desk.start()
        assert await desk.start() == first
        assert await desk.start(tag="a") == first
        others = {
            await desk.start(101),
            await desk.start(tag="B"),
            await desk.start(by=desk.other),
        }
        assert len(others | {first}) == 4
        await desk.stop(first)
        assert await desk.start() == first
        assert len(desk.office.transactions) == 4

    play(scene)


def test_ids_are_positive_random_and_never_used_again() -> None:
    async def scene(desk: Desk) -> None:
        numbers = [await desk.start(meter) for meter in range(4)]
        assert numbers == [5, 6, 7, 8]
        assert all(0 < random_transaction_id() < 2**31 for _ in range(1000))

    source = itertools.chain([5, 5, 6, 5, 6, 7, 8])
    play(scene, new_id=lambda: next(source))


def test_a_repeated_stop_is_one_stop() -> None:
    async def scene(desk: Desk) -> None:
        number = await desk.start()
        assert await desk.stop(number) == await desk.stop(number)
        assert desk.ears.warnings == []
        await desk.stop(number, 999)
        transaction = desk.office.transactions[number]
        assert transaction.stop is not None
        assert transaction.stop.meter_stop == 500
        assert desk.ears.warnings == [f"CP1: StopTransaction for {number}, which has ended"]

    play(scene)


def test_what_cannot_be_right_is_answered_flagged_and_kept_out() -> None:
    async def scene(desk: Desk) -> None:
        number = await desk.start()
        await desk.meter(number, 200, by=desk.other)
        await desk.stop(number, by=desk.other)
        await desk.meter(77, 1)
        await desk.stop(77)
        transaction = desk.office.transactions[number]
        assert (transaction.reading, transaction.stop) == (None, None)
        await desk.meter(number, 300)
        await desk.meter(number, 299)
        await desk.stop(number, 50)
        await desk.meter(number, 400)
        assert (transaction.reading, transaction.energy) == (299, -50)
        assert desk.ears.warnings == [
            f"CP2: MeterValues for another one's transaction, {number}",
            f"CP2: StopTransaction for another one's transaction, {number}",
            "CP1: MeterValues for an unknown transaction, 77",
            "CP1: StopTransaction for an unknown transaction, 77",
            f"CP1: the meter of transaction {number} ran backwards",
            f"CP1: transaction {number} ended below its start",
            f"CP1: MeterValues for {number}, which has ended",
        ]

    play(scene)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(back_office, "REMEMBERED", 2)
    monkeypatch.setattr(back_office, "CONNECTORS", 3)

    async def scene(desk: Desk) -> None:
        numbers = [await desk.start(meter) for meter in range(4)]
        assert list(desk.office.transactions) == numbers[2:]
        for connector in range(5):
            await desk.one.call(
                messages.StatusNotificationRequest(
                    connector_id=connector,
                    error_code=ChargePointErrorCode.NO_ERROR,
                    status=ChargePointStatus.AVAILABLE,
                )
            )
        for _ in range(50):
            await desk.one.call(
                messages.FirmwareStatusNotificationRequest(status=FirmwareStatus.IDLE)
            )
        record = desk.office.charge_points["CP1"]
        assert list(record.statuses) == [2, 3, 4]
        assert len(record.firmware) == 20

    play(scene)


def test_the_security_extension() -> None:
    async def scene(desk: Desk) -> None:
        signed = await desk.one.call(messages.SignCertificateRequest(csr="x"))
        assert signed.status == "Rejected"
        await desk.one.call(messages.LogStatusNotificationRequest(status=UploadLogStatus.IDLE))
        await desk.one.call(
            messages.SignedFirmwareStatusNotificationRequest(status=SignedFirmwareStatus.IDLE)
        )
        await desk.one.call(
            messages.SecurityEventNotificationRequest(type="TamperDetection", timestamp=NOON)
        )
        assert desk.ears.warnings == ["CP1: security event TamperDetection"]

    play(scene)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), None),
        ((reading("1"), reading("2")), 2),
        ((reading("1.5", unit=UnitOfMeasure.KWH),), 1500),
        ((reading("1", measurand=Measurand.VOLTAGE),), None),
        ((reading("1", phase=Phase.L1),), None),
        ((reading("5"), reading("x", "nan", "inf", "-inf", "", "1e300")), 5),
    ],
)
def test_the_last_reading(values: tuple[MeterValue, ...], expected: int | None) -> None:
    assert last_reading(values) == expected
