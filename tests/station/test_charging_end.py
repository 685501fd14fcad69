"""How charging is interrupted, refused, and told of. SPEC 4, 5, 6."""

from __future__ import annotations

import pytest

from ocpp16 import messages
from ocpp16.datatypes import AuthorizationData, IdTagInfo
from ocpp16.enums import (
    AuthorizationStatus,
    ChargePointErrorCode,
    ChargePointStatus,
    UpdateType,
)
from ocpp16.station.connector import Fault
from ocpp16.station.model import Model
from ocpp16.station.status_board import Caution
from ocpp16.storage import StorageFailed
from tests.station.bench import CLOSED, Bench
from tests.station.parts import BLOCKED, FAMILY, Disk, info

FIXED = Model(connectors=1, has_fixed_cable=True)
UNPLUGGED = "EV side disconnected"


def listed(bench: Bench, **tags: IdTagInfo) -> None:
    """Fill the local list."""
    entries = tuple(
        AuthorizationData(id_tag=tag, id_tag_info=of_tag) for tag, of_tag in tags.items()
    )
    bench.ask(
        messages.SendLocalListRequest(
            list_version=1, update_type=UpdateType.FULL, local_authorization_list=entries
        )
    )


# The EV's side


def test_the_ev_side_is_unplugged_and_that_stops() -> None:
    bench = Bench()
    bench.charge("A")
    bench.unplug(ev_side_only=True)
    assert bench.told == ["Stop 101 EVDisconnected", f"1 Finishing ({UNPLUGGED})"]
    assert bench.machinery.unlocked == [1]
    bench.unplug()
    assert bench.told == ["1 Available"]


def test_that_the_ev_side_is_unplugged_is_told_though_the_ev_drew_nothing() -> None:
    bench = Bench(StopTransactionOnEVSideDisconnect=False)
    bench.charge("A")
    bench.core.charging.draw(1, wants=False)
    bench.pump()
    bench.unplug()
    assert bench.told == ["1 SuspendedEV", f"1 SuspendedEV ({UNPLUGGED})"]


def test_energy_flows_again_only_after_a_new_transaction() -> None:
    bench = Bench()
    bench.charge("A")
    bench.unplug(ev_side_only=True)
    bench.plug_in()
    assert bench.machinery.offers[1] == 0
    assert bench.told == ["Stop 101 EVDisconnected", f"1 Finishing ({UNPLUGGED})"]


def test_it_stops_but_stays_locked() -> None:
    bench = Bench(UnlockConnectorOnEVSideDisconnect=False)
    bench.charge("A")
    bench.unplug(ev_side_only=True)
    assert bench.machinery.unlocked == []


def test_a_fixed_cable_is_pulled_at_the_ev() -> None:
    bench = Bench(model=FIXED)
    bench.charge("A")
    bench.unplug()
    assert bench.told == ["Stop 101 EVDisconnected", f"1 Available ({UNPLUGGED})"]


def test_the_transaction_outlives_the_ev_side() -> None:
    bench = Bench(StopTransactionOnEVSideDisconnect=False, UnlockConnectorOnEVSideDisconnect=True)
    bench.charge("A")
    bench.unplug()
    assert bench.told == [f"1 SuspendedEV ({UNPLUGGED})"]
    assert bench.machinery.offers[1] == 0
    assert bench.machinery.unlocked == []
    bench.plug_in()
    assert bench.told == ["1 Charging"]
    assert bench.machinery.offers[1] != 0
    bench.unplug()
    assert bench.show("A")
    assert bench.told == [f"1 SuspendedEV ({UNPLUGGED})", "Stop 101 Local", "1 Finishing"]
    assert bench.machinery.unlocked == [1]
    bench.unplug()
    assert bench.told == ["1 Available"]


# Suspending


def test_the_ev_suspends_and_resumes() -> None:
    bench = Bench()
    bench.charge("A")
    bench.core.charging.draw(1, wants=False)
    bench.core.charging.draw(1, wants=True)
    bench.pump()
    assert bench.told == ["1 SuspendedEV", "1 Charging"]


def test_if_both_suspend_the_evse_wins() -> None:
    bench = Bench(StopTransactionOnInvalidId=False)
    bench.central.start_info = BLOCKED
    bench.plug_in()
    bench.show("A")
    bench.core.charging.draw(1, wants=False)
    bench.pump()
    assert bench.core.status(1) is ChargePointStatus.SUSPENDED_EVSE


# A start that is answered otherwise


@pytest.mark.parametrize("status", [s for s in AuthorizationStatus if s != "Accepted"])
def test_a_start_not_accepted_stops(status: AuthorizationStatus) -> None:
    bench = Bench(StopTransactionOnInvalidId=True)
    bench.central.start_info = info(status)
    bench.plug_in()
    bench.show("A")
    assert bench.told == [
        "1 Preparing", "Authorize A", "Start 1 A", "1 Charging", "Stop 101 DeAuthorized",
        "1 Finishing",
    ]  # fmt: skip
    assert bench.machinery.offers[1] == 0


def test_then_the_cable_stays_locked_until_its_owner_comes() -> None:
    bench = Bench()
    bench.central.start_info = info(AuthorizationStatus.INVALID, parent="FAMILY")
    bench.plug_in()
    bench.show("A")
    assert bench.machinery.unlocked == []
    assert bench.show("B") is False
    assert bench.machinery.unlocked == []
    assert bench.show("A") is True
    assert bench.machinery.unlocked == [1]
    bench.unplug()
    assert bench.core.status(1) is ChargePointStatus.AVAILABLE


def test_or_somebody_of_its_group() -> None:
    bench = Bench()
    bench.central.start_info = info(AuthorizationStatus.INVALID, parent="FAMILY")
    bench.plug_in()
    bench.show("A")
    bench.central.tags["B"] = FAMILY
    assert bench.show("B") is True
    assert bench.machinery.unlocked == [1]


def test_a_start_not_accepted_may_go_on_without_energy() -> None:
    bench = Bench(StopTransactionOnInvalidId=False)
    bench.central.start_info = BLOCKED
    bench.plug_in()
    bench.show("A")
    assert bench.told == [
        "1 Preparing", "Authorize A", "Start 1 A", "1 Charging", "1 SuspendedEVSE",
    ]  # fmt: skip
    assert bench.machinery.offers[1] == 0
    bench.show("A")
    assert bench.told == ["Stop 101 Local", "1 Finishing"]


@pytest.mark.parametrize(
    ("stops", "end"),
    [(True, ["Stop 101 DeAuthorized", "1 Finishing"]), (False, ["1 SuspendedEVSE"])],
)
def test_some_energy_may_flow_first(stops: bool, end: list[str]) -> None:
    bench = Bench(
        StopTransactionOnInvalidId=stops, MaxEnergyOnInvalidId=500, MeterValueSampleInterval=0
    )
    bench.central.start_info = BLOCKED
    bench.machinery.registers[1] = 1000
    bench.plug_in()
    bench.show("A")
    bench.wait(10)
    bench.central.received.clear()
    bench.machinery.registers[1] = 1499
    bench.wait(10)
    assert bench.told == []
    assert bench.machinery.offers[1] != 0
    bench.machinery.registers[1] = 1500
    bench.wait(1)
    assert bench.told == end
    assert bench.machinery.offers[1] == 0


def test_a_start_offline_is_judged_later_too() -> None:
    bench = Bench(AllowOfflineTxForUnknownId=True)
    bench.central.start_info = BLOCKED
    bench.offline()
    bench.plug_in()
    bench.show("A")
    bench.online()
    assert bench.told == ["Start 1 A", "1 Charging", "Stop 101 DeAuthorized", "1 Finishing"]


def test_a_start_judged_after_its_end_changes_nothing() -> None:
    bench = Bench(AllowOfflineTxForUnknownId=True)
    bench.central.start_info = BLOCKED
    bench.offline()
    bench.plug_in()
    bench.show("A")
    bench.show("A")
    bench.online()
    assert bench.told == ["Start 1 A", "Stop 101 Local", "1 Finishing"]


# Faults and warnings


def fault(code: ChargePointErrorCode = ChargePointErrorCode.GROUND_FAILURE) -> Fault:
    return Fault(code=code, info="x", vendor_id="com.example", vendor_error_code="7")


def test_a_fault_while_charging_and_its_end() -> None:
    bench = Bench()
    bench.charge("A")
    bench.core.fail(1, fault())
    bench.pump()
    (status,) = bench.of(messages.StatusNotificationRequest)
    assert (status.error_code, status.vendor_id, status.vendor_error_code, status.info) == (
        "GroundFailure", "com.example", "7", "x",
    )  # fmt: skip
    assert bench.told == ["1 Faulted GroundFailure (x)"]
    assert bench.machinery.offers[1] == 0
    bench.core.clear(1)
    bench.pump()
    assert bench.told == ["1 Charging"]
    assert bench.machinery.offers[1] != 0


def test_nobody_starts_at_a_faulted_connector() -> None:
    bench = Bench()
    bench.core.fail(1, fault())
    bench.plug_in()
    assert bench.show("A") is False
    bench.core.clear(1)
    bench.pump()
    assert bench.told == ["1 Faulted GroundFailure (x)", "1 Preparing"]


def test_nobody_starts_at_a_faulted_charge_point() -> None:
    bench = Bench()
    bench.core.fail(0, fault())
    bench.plug_in()
    assert bench.show("A") is False


def test_a_warning_keeps_the_status() -> None:
    bench = Bench()
    bench.plug_in()
    bench.core.parts.board.warn(1, Caution(code=ChargePointErrorCode.WEAK_SIGNAL))
    bench.core.parts.board.warn(1, None)
    bench.pump()
    assert bench.told == ["1 Preparing", "1 Preparing WeakSignal", "1 Preparing"]


def test_ev_communication_errors_go_with_some_statuses_only() -> None:
    bench = Bench()
    caution = Caution(code=ChargePointErrorCode.EV_COMMUNICATION_ERROR)
    with pytest.raises(ValueError, match="does not go with Available"):
        bench.core.parts.board.warn(1, caution)
    bench.plug_in()
    bench.core.parts.board.warn(1, caution)
    bench.pump()
    assert bench.told == ["1 Preparing", "1 Preparing EVCommunicationError"]


# Telling of statuses


def test_after_acceptance_every_status_is_told() -> None:
    bench = Bench(accepted=False)
    bench.boot()
    assert bench.told == ["0 Available", "1 Available", "2 Available"]


def test_statuses_wait_for_their_least_duration() -> None:
    bench = Bench(MinimumStatusDuration=10)
    bench.plug_in()
    bench.wait(5)
    bench.show("A")
    bench.wait(5)
    assert bench.told == ["Authorize A", "Start 1 A"]
    bench.wait(5)
    assert bench.told == ["1 Charging"]


def test_a_status_that_waits_is_told_once_there_is_no_least_duration_any_more() -> None:
    bench = Bench(MinimumStatusDuration=600)
    bench.plug_in()
    change = messages.ChangeConfigurationRequest(key="MinimumStatusDuration", value="0")
    bench.ask(change)
    assert bench.core.next_due() == bench.time
    bench.wait(0)
    assert bench.told == ["1 Preparing"]


def test_after_offline_time_only_the_present_status_is_told() -> None:
    bench = Bench()
    bench.offline()
    bench.plug_in()
    bench.unplug()
    bench.plug_in()
    bench.plug_in(2)
    bench.unplug(2)
    bench.online()
    assert bench.told == ["1 Preparing"]


def test_a_status_that_got_lost_is_told_again() -> None:
    bench = Bench()
    bench.central.fails = lambda request: CLOSED
    bench.plug_in()
    bench.offline()
    bench.central.fails = lambda request: None
    bench.online()
    assert bench.told == ["1 Preparing"]


def test_on_soap_a_lost_status_is_told_once_something_gets_through() -> None:
    bench = Bench(soap=True, HeartbeatInterval=60, ConnectionTimeOut=600)
    bench.central.fails = lambda request: CLOSED
    bench.plug_in()
    bench.wait(30)
    bench.central.fails = lambda request: None
    bench.wait(60)
    assert bench.told == ["Heartbeat", "1 Preparing"]


# Storage


def test_a_start_that_cannot_be_stored_does_not_happen() -> None:
    disk = Disk()
    bench = Bench(storage=disk, LocalPreAuthorize=True)
    bench.show("A")
    bench.show("A")
    bench.central.received.clear()
    bench.plug_in()
    disk.is_full = True
    with pytest.raises(StorageFailed):
        bench.show("A")
    bench.pump()
    assert bench.machinery.offers.get(1, 0) == 0
    assert "Start 1 A" not in bench.told
    disk.is_full = False
    bench.wait(100)
    assert bench.core.waiting() == []


def test_a_stop_that_cannot_be_stored_does_not_happen() -> None:
    disk = Disk()
    bench = Bench(storage=disk)
    bench.charge("A")
    disk.is_full = True
    with pytest.raises(StorageFailed):
        bench.show("A")
    bench.pump()
    assert bench.told == []
    assert bench.core.status(1) is ChargePointStatus.CHARGING
    disk.is_full = False
    assert bench.show("A")
    assert bench.told == ["Stop 101 Local", "1 Finishing"]


def test_a_car_that_does_not_draw_from_the_start() -> None:
    bench = Bench()
    bench.plug_in()
    bench.core.charging.draw(1, wants=False)
    bench.show("A")
    assert bench.told == ["1 Preparing", "Authorize A", "Start 1 A", "1 SuspendedEV"]
