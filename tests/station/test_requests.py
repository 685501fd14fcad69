"""What a central system asks for, and what comes of it. SPEC 8, 9, 10, 13."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import messages
from ocpp16.catalog import ACTIONS
from ocpp16.datatypes import (
    AuthorizationData,
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
)
from ocpp16.enums import (
    AvailabilityType,
    ChargePointErrorCode,
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    ConfigurationStatus,
    DataTransferStatus,
    RegistrationStatus,
    UpdateType,
)
from ocpp16.messages import DataTransferResponse
from ocpp16.spec import Side
from ocpp16.station.ability import Ability
from ocpp16.station.action import PingEvery, Reconnect
from ocpp16.station.connector import Fault
from ocpp16.station.model import Model
from tests.station.bench import Bench
from tests.station.parts import ACCEPTED, BLOCKED

GROUND = Fault(code=ChargePointErrorCode.GROUND_FAILURE)
OPERATIVE, INOPERATIVE = AvailabilityType.OPERATIVE, AvailabilityType.INOPERATIVE


# What is offered


def test_every_action_of_the_supported_profiles_is_answered() -> None:
    wanted = {
        action.request
        for action in ACTIONS.values()
        if Side.CENTRAL_SYSTEM in action.senders and action.profile != "security"
    }
    assert set(Bench().core.requests.answers) == wanted


@pytest.mark.parametrize(
    ("profile", "request_class"),
    [
        ("FirmwareManagement", messages.GetDiagnosticsRequest),
        ("LocalAuthListManagement", messages.SendLocalListRequest),
        ("Reservation", messages.ReserveNowRequest),
        ("SmartCharging", messages.SetChargingProfileRequest),
        ("RemoteTrigger", messages.TriggerMessageRequest),
    ],
)
def test_a_profile_that_is_not_supported_has_no_answers(profile: str, request_class: Any) -> None:
    assert request_class in Bench().core.requests.answers
    without = Model(profiles=tuple(each for each in Model().profiles if each != profile))
    assert request_class not in Bench(model=without).core.requests.answers


def test_with_signed_updates_a_plain_one_is_not_supported() -> None:
    answers = Bench(model=Model(has_security_extension=True)).core.requests.answers
    assert messages.UpdateFirmwareRequest not in answers
    assert messages.SignedUpdateFirmwareRequest in answers


# ChangeAvailability


def change(bench: Bench, number: int, type: AvailabilityType) -> str:
    request = messages.ChangeAvailabilityRequest(connector_id=number, type=type)
    return str(bench.ask(request).status)


def test_a_connector_out_of_service_and_back() -> None:
    bench = Bench()
    assert change(bench, 1, INOPERATIVE) == "Accepted"
    assert bench.told == ["1 Unavailable"]
    assert change(bench, 1, INOPERATIVE) == "Accepted"
    assert bench.told == []
    bench.plug_in()
    assert bench.show("A") is False
    assert change(bench, 1, OPERATIVE) == "Accepted"
    assert bench.told == ["1 Preparing"]


def test_the_whole_charge_point_out_of_service() -> None:
    bench = Bench()
    assert change(bench, 0, INOPERATIVE) == "Accepted"
    assert bench.told == ["0 Unavailable", "1 Unavailable", "2 Unavailable"]
    assert change(bench, 0, OPERATIVE) == "Accepted"
    assert bench.told == ["0 Available", "1 Available", "2 Available"]


def test_a_transaction_delays_it() -> None:
    bench = Bench()
    bench.charge()
    assert change(bench, 0, INOPERATIVE) == "Scheduled"
    assert bench.told == ["0 Unavailable", "2 Unavailable"]
    bench.show("A")
    bench.unplug()
    assert bench.told == ["Stop 101 Local", "1 Finishing", "1 Unavailable"]


def test_nothing_is_left_to_be_done_when_the_transaction_ends() -> None:
    bench = Bench(model=Model(connectors=1, has_fixed_cable=True))
    bench.charge()
    assert change(bench, 1, INOPERATIVE) == "Scheduled"
    bench.unplug()
    assert bench.told == ["Stop 101 EVDisconnected", "1 Unavailable (EV side disconnected)"]


def test_a_plan_can_be_given_up() -> None:
    bench = Bench()
    bench.charge()
    assert change(bench, 1, INOPERATIVE) == "Scheduled"
    assert change(bench, 1, OPERATIVE) == "Accepted"
    bench.show("A")
    bench.unplug()
    assert bench.told == ["Stop 101 Local", "1 Finishing", "1 Available"]


def test_whoever_prepares_makes_room() -> None:
    bench = Bench()
    bench.plug_in()
    assert change(bench, 1, INOPERATIVE) == "Accepted"
    assert bench.told == ["1 Preparing", "1 Available", "1 Unavailable"]


def test_an_unknown_connector_is_rejected() -> None:
    bench = Bench()
    assert change(bench, 3, INOPERATIVE) == "Rejected"
    assert bench.told == []


def test_unavailable_survives_a_power_cut_and_a_reset() -> None:
    bench = Bench()
    change(bench, 2, INOPERATIVE)
    bench.told.clear()
    bench.power_cut()
    assert bench.told[-3:] == ["0 Available", "1 Available", "2 Unavailable"]


# Configuration


def set_key(bench: Bench, key: str, value: str) -> ConfigurationStatus:
    status: ConfigurationStatus = bench.ask(
        messages.ChangeConfigurationRequest(key=key, value=value)
    ).status
    return status


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("HeartbeatInterval", "60", "Accepted"),
        ("NumberOfConnectors", "9", "Rejected"),
        ("NoSuchKey", "1", "NotSupported"),
        ("MeterValuesSampledData", "Voltage.L1,Power.Active.Import", "Accepted"),
        ("MeterValuesSampledData", "SoC", "Rejected"),
        ("StopTxnAlignedData", "Energy.Active.Import.Interval", "Accepted"),
        ("MeterValuesAlignedData", "Current.Export", "Rejected"),
        ("WebSocketPingInterval", "-1", "Rejected"),
        ("ConnectorPhaseRotation", "0.RST,1.RST,2.RTS", "Accepted"),
        ("ConnectorPhaseRotation", "0.RST,1.RST,2.RTS,3.RST", "Rejected"),
        ("ConnectorPhaseRotation", "3.RST", "Rejected"),
        ("ConnectorPhaseRotation", "1.RST,1.RTS", "Rejected"),
    ],
)
def test_changing_keys(key: str, value: str, status: str) -> None:
    bench = Bench()
    before = bench.core.configuration.text(key)
    assert set_key(bench, key, value) == status
    assert bench.core.configuration.text(key) == (value if status == "Accepted" else before)


def test_getting_keys() -> None:
    bench = Bench()
    some = bench.ask(messages.GetConfigurationRequest(key=("numberofconnectors", "Nothing")))
    assert [(each.key, each.value) for each in some.configuration_key] == [
        ("NumberOfConnectors", "2")
    ]
    assert some.unknown_key == ("Nothing",)
    every = bench.ask(messages.GetConfigurationRequest())
    assert len(every.configuration_key) == 40 and every.unknown_key is None
    assert bench.ask(messages.GetConfigurationRequest(key=())) == every
    profiles = bench.core.configuration.text("SupportedFeatureProfiles")
    assert profiles == (
        "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
    )


def test_a_new_heartbeat_interval_holds_at_once() -> None:
    bench = Bench()
    set_key(bench, "HeartbeatInterval", "60")
    bench.wait(60)
    assert bench.told == ["Heartbeat"]


def test_the_interval_of_the_registration_is_kept_in_the_key() -> None:
    assert Bench(interval=77).core.configuration.text("HeartbeatInterval") == "77"
    assert Bench(interval=0).core.configuration.text("HeartbeatInterval") == "300"


def test_a_new_ping_interval_is_passed_on() -> None:
    bench = Bench()
    assert bench.actions == [PingEvery(60)]
    set_key(bench, "WebSocketPingInterval", "0")
    assert bench.actions == [PingEvery(60), PingEvery(0)]


def test_a_new_key_makes_a_new_connection_and_is_not_logged() -> None:
    bench = Bench(model=Model(has_security_extension=True))
    bench.actions.clear()
    key = "0123456789abcdef" * 2
    assert set_key(bench, "AuthorizationKey", key) == "Accepted"
    assert bench.actions == [Reconnect("authorizationkey")]
    lines = list(bench.core.parts.security.log)
    assert lines[-1].type == "ReconfigurationOfSecurityParameters"
    assert key not in str(lines)


@pytest.mark.parametrize(
    ("present", "wanted", "key", "root", "certificate", "status"),
    [
        (0, 1, True, False, False, "Accepted"),
        (0, 1, False, True, True, "Rejected"),
        (0, 2, True, True, False, "Accepted"),
        (0, 2, True, False, True, "Rejected"),
        (0, 2, False, True, True, "Rejected"),
        (0, 3, False, True, True, "Accepted"),
        (0, 3, True, True, False, "Rejected"),
        (0, 3, True, False, True, "Rejected"),
        (2, 2, True, True, True, "Rejected"),
        (2, 1, True, True, True, "Rejected"),
        (1, 0, True, True, True, "Rejected"),
        (0, 4, True, True, True, "Rejected"),
    ],
)
def test_the_security_profile_only_goes_up_and_needs_its_means(
    present: int, wanted: int, *, key: bool, root: bool, certificate: bool, status: str
) -> None:
    keys: dict[str, Any] = {"SecurityProfile": present}
    if key:
        keys["AuthorizationKey"] = "0123456789abcdef" * 2
    ability = Ability(has_system_root=lambda: root, has_certificate=lambda: certificate)
    bench = Bench(model=Model(has_security_extension=True), ability=ability, **keys)
    assert set_key(bench, "SecurityProfile", str(wanted)) == status
    assert (Reconnect("securityprofile") in bench.actions) is (status == "Accepted")


# Tags


def test_clearing_the_cache() -> None:
    bench = Bench(LocalAuthorizeOffline=True)
    bench.show("A")
    bench.show("A")
    assert bench.ask(messages.ClearCacheRequest()).status == "Accepted"
    bench.offline()
    assert bench.show("A") is False


def test_there_is_no_cache_to_clear() -> None:
    bench = Bench(model=Model(absent_keys=("AuthorizationCacheEnabled",)))
    assert bench.ask(messages.ClearCacheRequest()).status == "Rejected"


def test_the_version_of_the_list() -> None:
    bench = Bench()
    version = messages.GetLocalListVersionRequest()
    assert bench.ask(version).list_version == 0
    entries = (AuthorizationData(id_tag="A", id_tag_info=ACCEPTED),)
    bench.ask(
        messages.SendLocalListRequest(
            list_version=5, update_type=UpdateType.FULL, local_authorization_list=entries
        )
    )
    assert bench.ask(version).list_version == 5
    set_key(bench, "LocalAuthListEnabled", "false")
    assert bench.ask(version).list_version == -1


def test_data_transfer() -> None:
    bench = Bench()
    bench.core.parts.transfers.agree(
        "com.example",
        "m",
        lambda request: DataTransferResponse(status=DataTransferStatus.ACCEPTED, data="y"),
    )
    known = messages.DataTransferRequest(vendor_id="com.example", message_id="m", data="x")
    assert bench.ask(known).data == "y"
    unknown = messages.DataTransferRequest(vendor_id="com.other", data="x")
    assert bench.ask(unknown) == DataTransferResponse(status=DataTransferStatus.UNKNOWN_VENDOR_ID)


# Remote start and stop


def start(bench: Bench, tag: str = "A", connector: int | None = 1, **more: Any) -> str:
    request = messages.RemoteStartTransactionRequest(id_tag=tag, connector_id=connector, **more)
    return str(bench.ask(request).status)


def stop(bench: Bench, transaction_id: int = 101) -> str:
    request = messages.RemoteStopTransactionRequest(transaction_id=transaction_id)
    return str(bench.ask(request).status)


def test_a_remote_start_waits_for_the_plug() -> None:
    bench = Bench()
    assert start(bench) == "Accepted"
    assert bench.told == ["1 Preparing"]
    bench.plug_in()
    assert bench.told == ["Start 1 A", "1 Charging"]


def test_a_remote_start_with_a_car_that_waits() -> None:
    bench = Bench()
    bench.plug_in(2)
    assert start(bench, connector=None) == "Accepted"
    assert bench.told == ["2 Preparing", "Start 2 A", "2 Charging"]


def test_a_remote_start_without_a_plug_ends() -> None:
    bench = Bench(ConnectionTimeOut=30)
    start(bench)
    bench.wait(30)
    assert bench.told == ["1 Preparing", "1 Available"]


def test_a_remote_start_may_have_to_be_authorized() -> None:
    bench = Bench(AuthorizeRemoteTxRequests=True)
    bench.plug_in()
    bench.central.tags["A"] = BLOCKED
    assert start(bench) == "Accepted"
    assert bench.told == ["1 Preparing", "Authorize A"]
    bench.central.tags["A"] = ACCEPTED
    assert start(bench) == "Accepted"
    assert bench.told == ["Authorize A", "Start 1 A", "1 Charging"]


@pytest.mark.parametrize("connector", [3, 0])
def test_a_remote_start_at_an_unknown_connector(connector: int) -> None:
    assert start(Bench(), connector=connector) == "Rejected"


def test_a_remote_start_where_somebody_charges() -> None:
    bench = Bench()
    bench.charge()
    assert start(bench, "B", 1) == "Rejected"
    assert start(bench, "B", None) == "Accepted"


def test_a_remote_start_out_of_service() -> None:
    bench = Bench()
    change(bench, 1, INOPERATIVE)
    assert start(bench, connector=1) == "Rejected"
    bench.core.fail(2, GROUND)
    assert start(bench, connector=2) == "Rejected"
    assert start(bench, connector=None) == "Rejected"


@pytest.mark.parametrize("status", [RegistrationStatus.PENDING])
def test_remote_control_needs_a_registration(status: RegistrationStatus) -> None:
    bench = Bench()
    bench.charge()
    bench.core.registered(status, 60, None)
    assert start(bench, "B", 2) == "Rejected"
    assert stop(bench) == "Rejected"


def test_a_remote_stop() -> None:
    bench = Bench()
    bench.charge()
    assert stop(bench) == "Accepted"
    assert bench.told == ["Stop 101 Remote", "1 Finishing"]
    assert bench.machinery.unlocked == [1]


@pytest.mark.parametrize("transaction_id", [7, -1, 0])
def test_a_remote_stop_of_nothing(transaction_id: int) -> None:
    bench = Bench()
    bench.charge()
    assert stop(bench, transaction_id) == "Rejected"


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


def test_a_remote_start_with_a_profile() -> None:
    bench = Bench()
    bench.plug_in()
    assert start(bench, charging_profile=profile()) == "Accepted"
    assert bench.machinery.offers[1] == 10_000


def test_a_remote_start_with_the_wrong_profile() -> None:
    bench = Bench()
    purpose = ChargingProfilePurposeType.TX_DEFAULT_PROFILE
    assert start(bench, charging_profile=profile(purpose)) == "Rejected"
    assert start(bench, charging_profile=profile(transaction_id=5)) == "Rejected"


def test_without_smart_charging_its_profile_is_ignored() -> None:
    bench = Bench(model=Model(profiles=("Core",)))
    bench.plug_in()
    assert start(bench, charging_profile=profile()) == "Accepted"
    assert bench.machinery.offers[1] is None
