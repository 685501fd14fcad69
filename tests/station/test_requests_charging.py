"""Smart charging, unlocking, reservations, triggers, resets. SPEC 8, 9."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ocpp16 import messages
from ocpp16.datatypes import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
)
from ocpp16.enums import (
    AvailabilityType,
    ChargePointErrorCode,
    ChargePointStatus,
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    MessageTrigger,
    RegistrationStatus,
    ReservationStatus,
    ResetType,
    TriggerMessageStatus,
)
from ocpp16.errors import PropertyConstraintViolation
from ocpp16.station.ability import Ability
from ocpp16.station.action import Restart
from ocpp16.station.connector import Fault
from ocpp16.station.model import Model
from ocpp16.storage import StorageFailed
from tests.station.bench import CLOSED, Bench
from tests.station.parts import FAMILY, Disk, after

GROUND = Fault(code=ChargePointErrorCode.GROUND_FAILURE)
OPERATIVE, INOPERATIVE = AvailabilityType.OPERATIVE, AvailabilityType.INOPERATIVE


GROUND = Fault(code=ChargePointErrorCode.GROUND_FAILURE)
OPERATIVE, INOPERATIVE = AvailabilityType.OPERATIVE, AvailabilityType.INOPERATIVE


OPERATIVE, INOPERATIVE = AvailabilityType.OPERATIVE, AvailabilityType.INOPERATIVE


def change(bench: Bench, number: int, type: AvailabilityType) -> str:
    request = messages.ChangeAvailabilityRequest(connector_id=number, type=type)
    return str(bench.ask(request).status)


def start(bench: Bench, tag: str = "A", connector: int | None = 1, **more: Any) -> str:
    request = messages.RemoteStartTransactionRequest(id_tag=tag, connector_id=connector, **more)
    return str(bench.ask(request).status)


def stop(bench: Bench, transaction_id: int = 101) -> str:
    request = messages.RemoteStopTransactionRequest(transaction_id=transaction_id)
    return str(bench.ask(request).status)


def profile(
    purpose: ChargingProfilePurposeType = ChargingProfilePurposeType.TX_PROFILE,
    limit: float = 1000.0,
    transaction_id: int | None = None,
    periods: tuple[tuple[int, float], ...] = (),
) -> ChargingProfile:
    return ChargingProfile(
        charging_profile_id=1,
        transaction_id=transaction_id,
        stack_level=0,
        charging_profile_purpose=purpose,
        charging_profile_kind=ChargingProfileKindType.RELATIVE,
        charging_schedule=ChargingSchedule(
            charging_rate_unit=ChargingRateUnitType.W,
            charging_schedule_period=tuple(
                ChargingSchedulePeriod(start_period=since, limit=each)
                for since, each in (periods or ((0, limit),))
            ),
        ),
    )


# Smart charging


def install(bench: Bench, of_profile: ChargingProfile, connector: int = 1) -> str:
    request = messages.SetChargingProfileRequest(
        connector_id=connector, cs_charging_profiles=of_profile
    )
    return str(bench.ask(request).status)


def test_a_limit_of_zero_suspends() -> None:
    bench = Bench()
    bench.charge()
    assert install(bench, profile(limit=0.0)) == "Accepted"
    assert bench.told == ["1 SuspendedEVSE"]
    assert bench.machinery.offers[1] == 0
    assert bench.ask(messages.ClearChargingProfileRequest()).status == "Accepted"
    assert bench.told == ["1 Charging"]


def test_limits_change_by_themselves() -> None:
    bench = Bench(MeterValueSampleInterval=0)
    bench.charge()
    install(bench, profile(periods=((0, 1000.0), (60, 0.0), (120, 500.0))))
    assert bench.machinery.offers[1] == 10_000
    bench.wait(60)
    assert (bench.machinery.offers[1], bench.told) == (0, ["1 SuspendedEVSE"])
    bench.wait(60)
    assert (bench.machinery.offers[1], bench.told) == (5_000, ["1 Charging"])


def test_a_profile_ends_with_its_transaction() -> None:
    bench = Bench()
    bench.charge()
    install(bench, profile())
    bench.show("A")
    assert bench.ask(messages.ClearChargingProfileRequest()).status == "Unknown"


def test_profiles_survive_a_power_cut_but_not_those_of_transactions() -> None:
    bench = Bench()
    default = ChargingProfilePurposeType.TX_DEFAULT_PROFILE
    install(bench, profile(default), 0)
    bench.power_cut()
    bench.charge()
    assert bench.machinery.offers[1] == 10_000


def test_profiles_are_answered_with_errors_where_due() -> None:
    with pytest.raises(PropertyConstraintViolation):
        install(Bench(), profile(), 9)


def test_a_profile_that_cannot_be_stored_is_not_installed() -> None:
    disk = Disk()
    bench = Bench(storage=disk)
    bench.charge()
    disk.is_full = True
    with pytest.raises(StorageFailed):
        install(bench, profile())
    disk.is_full = False
    assert bench.ask(messages.ClearChargingProfileRequest()).status == "Unknown"


def test_the_composite_schedule() -> None:
    bench = Bench()
    request = messages.GetCompositeScheduleRequest(connector_id=1, duration=60)
    assert bench.ask(request).charging_schedule.charging_schedule_period[0].limit == 11_000


# Unlocking


def unlock(bench: Bench, connector: int = 1) -> str:
    return str(bench.ask(messages.UnlockConnectorRequest(connector_id=connector)).status)


def test_unlocking_finishes_the_transaction() -> None:
    bench = Bench()
    bench.charge()
    assert unlock(bench) == "Unlocked"
    assert bench.told == ["Stop 101 UnlockCommand", "1 Finishing"]
    assert bench.machinery.unlocked == [1]


def test_unlocking_fails() -> None:
    bench = Bench()
    bench.machinery.can_unlock = False
    assert unlock(bench) == "UnlockFailed"


def test_nothing_to_unlock() -> None:
    assert unlock(Bench(), 3) == "NotSupported"
    assert unlock(Bench(model=Model(has_fixed_cable=True))) == "NotSupported"


# Reservations


def reserve(
    bench: Bench, number: int = 1, connector: int = 1, tag: str = "A", **more: Any
) -> ReservationStatus:
    request = messages.ReserveNowRequest(
        connector_id=connector,
        expiry_date=more.pop("expiry", bench.core.now + timedelta(seconds=600)),
        id_tag=tag,
        reservation_id=number,
        **more,
    )
    status: ReservationStatus = bench.ask(request).status
    return status


def test_a_reservation_is_kept_for_its_tag_and_ends_with_its_transaction() -> None:
    bench = Bench()
    assert reserve(bench, 7) == "Accepted"
    assert bench.told == ["1 Reserved"]
    assert bench.show("B") is False
    bench.plug_in()
    assert bench.show("A") is True
    assert bench.of(messages.StartTransactionRequest)[0].reservation_id == 7
    assert bench.told == ["Authorize B", "Authorize A", "1 Preparing", "Start 1 A", "1 Charging"]
    bench.show("A")
    bench.unplug()
    assert bench.told == ["Stop 101 Local", "1 Finishing", "1 Available"]


def test_a_reservation_for_a_group_asks_for_the_parent() -> None:
    bench = Bench()
    assert reserve(bench, parent_id_tag="FAMILY") == "Accepted"
    bench.central.tags["B"] = FAMILY
    assert bench.show("C") is False
    assert bench.show("B") is True
    assert bench.told == ["1 Reserved", "Authorize C", "Authorize B", "1 Preparing"]


def test_a_reservation_expires() -> None:
    bench = Bench()
    reserve(bench, expiry=after(60))
    bench.wait(59)
    assert bench.told == ["1 Reserved"]
    bench.wait(1)
    assert bench.told == ["1 Available"]


def test_a_reservation_is_cancelled() -> None:
    bench = Bench()
    reserve(bench, 7)
    assert bench.ask(messages.CancelReservationRequest(reservation_id=8)).status == "Rejected"
    assert bench.ask(messages.CancelReservationRequest(reservation_id=7)).status == "Accepted"
    assert bench.told == ["1 Reserved", "1 Available"]


def test_a_reservation_moves_to_another_connector() -> None:
    bench = Bench()
    reserve(bench, 7, 1)
    assert reserve(bench, 7, 2) == "Accepted"
    assert bench.told == ["1 Reserved", "1 Available", "2 Reserved"]


@pytest.mark.parametrize(
    ("connector", "answer"), [(1, "Occupied"), (2, "Accepted"), (3, "Rejected"), (0, "Accepted")]
)
def test_where_can_be_reserved(connector: int, answer: str) -> None:
    bench = Bench()
    bench.charge()
    assert reserve(bench, connector=connector) == answer


def test_nothing_out_of_service_is_reserved() -> None:
    bench = Bench()
    change(bench, 1, INOPERATIVE)
    bench.core.fail(2, GROUND)
    assert reserve(bench, 1, 1) == "Unavailable"
    assert reserve(bench, 2, 2) == "Faulted"


def test_a_faulted_charge_point_reserves_nothing() -> None:
    bench = Bench()
    bench.core.fail(0, GROUND)
    assert reserve(bench) == "Faulted"


@pytest.mark.parametrize("how", ["fault", "unavailable"])
def test_a_reservation_ends_with_its_connector(how: str) -> None:
    bench = Bench()
    reserve(bench, 7)
    if how == "fault":
        bench.core.fail(1, GROUND)
        bench.core.clear(1)
    else:
        change(bench, 1, INOPERATIVE)
        change(bench, 1, OPERATIVE)
    bench.pump()
    assert bench.core.status(1) is ChargePointStatus.AVAILABLE
    assert bench.ask(messages.CancelReservationRequest(reservation_id=7)).status == "Rejected"


def test_one_connector_stays_free_for_a_reservation_of_connector_0() -> None:
    bench = Bench()
    assert reserve(bench, 7, 0) == "Accepted"
    assert bench.told == []
    assert bench.show("B", 1) is True
    assert bench.show("C", 2) is False
    bench.plug_in(2)
    assert bench.show("A", 2) is True
    assert bench.of(messages.StartTransactionRequest)[0].reservation_id == 7


def test_connector_0_may_not_be_reserved() -> None:
    assert reserve(Bench(ReserveConnectorZeroSupported=False), connector=0) == "Rejected"


def test_a_reservation_survives_a_power_cut() -> None:
    bench = Bench()
    reserve(bench)
    bench.power_cut()
    assert bench.told[-1] == "2 Available"
    assert bench.core.status(1) is ChargePointStatus.RESERVED


def test_a_remote_start_respects_reservations() -> None:
    bench = Bench()
    reserve(bench, connector=1)
    assert start(bench, "B", 1) == "Rejected"
    assert start(bench, "A", 1) == "Accepted"


# Triggers


def trigger(bench: Bench, wanted: MessageTrigger, connector: int | None = None) -> str:
    request = messages.TriggerMessageRequest(requested_message=wanted, connector_id=connector)
    return str(bench.ask(request).status)


@pytest.mark.parametrize(
    ("wanted", "connector", "told"),
    [
        (MessageTrigger.HEARTBEAT, None, ["Heartbeat"]),
        (MessageTrigger.HEARTBEAT, 9, ["Heartbeat"]),
        (
            MessageTrigger.STATUS_NOTIFICATION,
            None,
            ["0 Available", "1 Charging", "2 Available"],
        ),
        (MessageTrigger.STATUS_NOTIFICATION, 0, ["0 Available"]),
        (MessageTrigger.STATUS_NOTIFICATION, 2, ["2 Available"]),
        (MessageTrigger.METER_VALUES, None, ["Meter 1 101 12:00:00 0", "Meter 2 None 12:00:00 0"]),
        (MessageTrigger.METER_VALUES, 1, ["Meter 1 101 12:00:00 0"]),
        (MessageTrigger.FIRMWARE_STATUS_NOTIFICATION, None, ["Firmware Idle"]),
        (MessageTrigger.DIAGNOSTICS_STATUS_NOTIFICATION, None, ["Diagnostics Idle"]),
    ],
)
def test_triggers(wanted: MessageTrigger, connector: int | None, told: list[str]) -> None:
    bench = Bench()
    bench.charge()
    assert trigger(bench, wanted, connector) == "Accepted"
    assert bench.told == told


def test_where_no_measurand_is_wanted_there_are_no_values_to_trigger() -> None:
    bench = Bench(MeterValuesSampledData="")
    assert trigger(bench, MessageTrigger.METER_VALUES, 1) == "Rejected"
    assert trigger(bench, MessageTrigger.METER_VALUES, None) == "Rejected"
    assert bench.told == []


def test_triggered_values_say_so() -> None:
    bench = Bench()
    trigger(bench, MessageTrigger.METER_VALUES, 1)
    (sent,) = bench.of(messages.MeterValuesRequest)
    assert sent.meter_value[0].sampled_value[0].context == "Trigger"


@pytest.mark.parametrize(
    ("wanted", "connector"),
    [
        (MessageTrigger.BOOT_NOTIFICATION, None),
        (MessageTrigger.STATUS_NOTIFICATION, 3),
        (MessageTrigger.METER_VALUES, 3),
        # There is no main meter.
        (MessageTrigger.METER_VALUES, 0),
    ],
)
def test_triggers_that_are_rejected(wanted: MessageTrigger, connector: int | None) -> None:
    bench = Bench()
    assert trigger(bench, wanted, connector) == "Rejected"
    assert bench.told == []


def test_the_answer_comes_first_then_the_message() -> None:
    bench = Bench()
    request = messages.TriggerMessageRequest(requested_message=MessageTrigger.HEARTBEAT)
    response = bench.core.answer(request)
    assert bench.core.next_message() is None
    bench.core.follow(request, response)
    assert bench.core.next_message() is not None


def test_while_pending_only_what_was_asked_for_is_sent() -> None:
    bench = Bench(accepted=False)
    bench.boot(RegistrationStatus.PENDING, interval=60)
    bench.plug_in()
    assert bench.told == []
    assert trigger(bench, MessageTrigger.STATUS_NOTIFICATION, 1) == "Accepted"
    assert bench.told == ["1 Preparing"]
    assert trigger(bench, MessageTrigger.BOOT_NOTIFICATION) == "Accepted"
    assert bench.core.next_boot == bench.time


def test_a_trigger_for_what_is_not_there() -> None:
    bench = Bench(model=Model(profiles=("Core", "RemoteTrigger")))
    status = TriggerMessageStatus.NOT_IMPLEMENTED
    assert trigger(bench, MessageTrigger.FIRMWARE_STATUS_NOTIFICATION) == status


# Reset


def reset(bench: Bench, type: ResetType) -> str:
    return str(bench.ask(messages.ResetRequest(type=type)).status)


@pytest.mark.parametrize("type", list(ResetType))
def test_transactions_stop_before_a_reset(type: ResetType) -> None:
    bench = Bench()
    bench.charge()
    bench.actions.clear()
    assert reset(bench, type) == "Accepted"
    assert bench.told == [f"Stop 101 {type}Reset", "1 Finishing"]
    bench.wait(0)
    assert bench.actions == [Restart(type)]


def test_a_soft_reset_offline_waits_a_while_and_keeps_its_messages() -> None:
    bench = Bench()
    bench.charge()
    bench.actions.clear()
    bench.offline()
    assert reset(bench, ResetType.SOFT) == "Accepted"
    bench.wait(29)
    assert bench.actions == []
    bench.wait(1)
    assert bench.actions == [Restart(ResetType.SOFT)]
    bench.power_cut()
    assert bench.told[0] == "Stop 101 SoftReset"


def test_a_hard_reset_restarts_at_once_and_the_stop_follows() -> None:
    bench = Bench()
    bench.charge()
    bench.actions.clear()
    bench.offline()
    reset(bench, ResetType.HARD)
    bench.wait(0)
    assert bench.actions == [Restart(ResetType.HARD)]
    bench.power_cut()
    assert bench.told[0] == "Stop 101 HardReset"


def test_a_reset_that_does_not_work_is_tried_again_and_reported() -> None:
    bench = Bench(ResetRetries=2)
    bench.actions.clear()
    reset(bench, ResetType.SOFT)
    for _ in range(3):
        bench.wait(5)
        assert bench.actions == [Restart(bench.actions[0].type)]  # type: ignore[union-attr]
        bench.actions.clear()
        bench.core.maintenance.restart_failed()
    bench.wait(5)
    assert (bench.actions, bench.told) == ([], ["0 Available ResetFailure"])


def test_a_charge_point_that_cannot_restart_rejects() -> None:
    assert reset(Bench(ability=Ability(can_restart=False)), ResetType.SOFT) == "Rejected"


def test_what_was_asked_for_is_not_done_twice_after_a_lost_link() -> None:
    bench = Bench()
    bench.charge()
    bench.central.fails = lambda request: CLOSED
    assert stop(bench) == "Accepted"
    bench.central.fails = lambda request: None
    bench.online()
    assert [line for line in bench.told if line.startswith("Stop")] == ["Stop 101 Remote"]


def test_a_limit_of_zero_from_the_start() -> None:
    bench = Bench()
    default = ChargingProfilePurposeType.TX_DEFAULT_PROFILE
    install(bench, profile(default, 0.0), 0)
    bench.plug_in()
    bench.show("A")
    assert bench.told == ["1 Preparing", "Authorize A", "Start 1 A", "1 SuspendedEVSE"]
    assert bench.machinery.offers.get(1, 0) == 0
