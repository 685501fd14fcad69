"""Configuration keys. SPEC 1, 8, 10."""

from __future__ import annotations

import re

import pytest

from ocpp16.datatypes import KeyValue
from ocpp16.enums import ConfigurationStatus, Measurand
from ocpp16.station.configuration import Configuration
from ocpp16.station.configuration_key import (
    BY_NAME,
    KEYS,
    Access,
    KeySpec,
    KeyType,
    split_measurand,
)
from ocpp16.storage import MemoryStationStorage, StorageFailed
from tests.station.parts import Disk, configured

ACCEPTED, REJECTED = ConfigurationStatus.ACCEPTED, ConfigurationStatus.REJECTED
NOT_SUPPORTED = ConfigurationStatus.NOT_SUPPORTED
BOOLEAN, INTEGER, LIST, TEXT = KeyType.BOOLEAN, KeyType.INTEGER, KeyType.LIST, KeyType.TEXT

STANDARD = """
AllowOfflineTxForUnknownId b RW no; AuthorizationCacheEnabled b RW no
AuthorizeRemoteTxRequests b RW yes; BlinkRepeat i RW no; ClockAlignedDataInterval i RW yes
ConnectionTimeOut i RW yes; ConnectorPhaseRotation c RW yes; ConnectorPhaseRotationMaxLength i R no
GetConfigurationMaxKeys i R yes; HeartbeatInterval i RW yes; LightIntensity i RW no
LocalAuthorizeOffline b RW yes; LocalPreAuthorize b RW yes; MaxEnergyOnInvalidId i RW no
MessageTimeout i RW no; MeterValuesAlignedData c RW yes; MeterValuesAlignedDataMaxLength i R no
MeterValuesSampledData c RW yes; MeterValuesSampledDataMaxLength i R no
MeterValueSampleInterval i RW yes; MinimumStatusDuration i RW no; NumberOfConnectors i R yes
ResetRetries i RW yes; StopTransactionMaxMeterValues i R no
StopTransactionOnEVSideDisconnect b RW no; StopTransactionOnInvalidId b RW yes
StopTxnAlignedData c RW yes; StopTxnAlignedDataMaxLength i R no; StopTxnSampledData c RW yes
StopTxnSampledDataMaxLength i R no; SupportedFeatureProfiles c R yes
SupportedFeatureProfilesMaxLength i R no; TransactionMessageAttempts i RW yes
TransactionMessageRetryInterval i RW yes; UnlockConnectorOnEVSideDisconnect b RW yes
WebSocketPingInterval i RW no; LocalAuthListEnabled b RW yes; LocalAuthListMaxLength i R yes
SendLocalListMaxLength i R yes; ReserveConnectorZeroSupported b R no
ChargeProfileMaxStackLevel i R yes; ChargingScheduleAllowedChargingRateUnit c R yes
ChargingScheduleMaxPeriods i R yes; ConnectorSwitch3to1PhaseSupported b R no
MaxChargingProfilesInstalled i R yes; SupportedFileTransferProtocols c R no
AdditionalRootCertificateCheck b R no; AuthorizationKey s W no; CertificateSignedMaxChainSize i R no
CertificateStoreMaxLength i R no; CpoName s RW no; SecurityProfile i RW no
"""
"""SPEC 10, written out."""
LETTERS = {"b": BOOLEAN, "i": INTEGER, "c": LIST, "s": TEXT}


@pytest.mark.parametrize("row", re.split(r"[;\n]\s*", STANDARD.strip()))
def test_every_key_of_the_standard_is_there_as_it_says(row: str) -> None:
    name, letter, access, required = row.split()
    spec = BY_NAME[name.casefold()]
    assert (spec.name, spec.type, spec.access.value, spec.required) == (
        name,
        LETTERS[letter],
        access,
        required == "yes",
    )


def test_there_is_no_other_key() -> None:
    assert len(KEYS) == len(re.split(r"[;\n]\s*", STANDARD.strip()))


def test_required_keys_have_a_value_as_delivered() -> None:
    # How many connectors it has, and what it supports, only the charge point knows.
    unset = {key.name for key in KEYS if key.required and key.default is None}
    assert unset == {"NumberOfConnectors", "SupportedFeatureProfiles"}


@pytest.mark.parametrize("default", [key for key in KEYS if key.default is not None])
def test_a_default_is_a_value_of_its_key(default: KeySpec) -> None:
    assert default.takes(default.default or "", most_items=22)


HEX = "0123456789abcdefABCDEF0123456789"


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("HeartbeatInterval", "60", ACCEPTED),
        ("heartbeatINTERVAL", "60", ACCEPTED),
        ("HeartbeatInterval", "0", ACCEPTED),
        ("HeartbeatInterval", "-1", REJECTED),
        ("HeartbeatInterval", "1.5", REJECTED),
        ("HeartbeatInterval", "", REJECTED),
        ("HeartbeatInterval", "\u0661", REJECTED),
        ("HeartbeatInterval", "99999999999", REJECTED),
        ("HeartbeatInterval", "9" * 5000, REJECTED),
        ("LightIntensity", "50", NOT_SUPPORTED),
        ("WebSocketPingInterval", "0", ACCEPTED),
        ("WebSocketPingInterval", "-1", REJECTED),
        ("LocalPreAuthorize", "true", ACCEPTED),
        ("LocalPreAuthorize", "FALSE", ACCEPTED),
        ("LocalPreAuthorize", "1", REJECTED),
        ("NumberOfConnectors", "9", NOT_SUPPORTED),
        ("GetConfigurationMaxKeys", "9", REJECTED),
        ("NoSuchKey", "9", NOT_SUPPORTED),
        ("MeterValuesSampledData", "Voltage,SoC", ACCEPTED),
        ("MeterValuesSampledData", "Voltage.L1, Voltage.L2-N", ACCEPTED),
        ("MeterValuesSampledData", "", ACCEPTED),
        ("MeterValuesSampledData", "Voltage,Nothing", REJECTED),
        ("MeterValuesSampledData", "Voltage.L9", REJECTED),
        ("MeterValuesSampledData", ",".join(["Voltage"] * 22), ACCEPTED),
        ("MeterValuesSampledData", ",".join(["Voltage"] * 23), REJECTED),
        ("ConnectorPhaseRotation", "1.RST", ACCEPTED),
        ("ConnectorPhaseRotation", "0.Unknown", ACCEPTED),
        ("ConnectorPhaseRotation", "1.XYZ", REJECTED),
        ("ConnectorPhaseRotation", "RST", REJECTED),
        # Without ConnectorPhaseRotationMaxLength, one item.
        ("ConnectorPhaseRotation", "1.RST,2.RST", REJECTED),
        ("AuthorizationKey", HEX, ACCEPTED),
        ("AuthorizationKey", HEX + "01234567", ACCEPTED),
        ("AuthorizationKey", HEX[:30], REJECTED),
        ("AuthorizationKey", HEX[:31], REJECTED),
        ("AuthorizationKey", HEX + "0", REJECTED),
        ("AuthorizationKey", HEX + "0123456789", REJECTED),
        ("AuthorizationKey", HEX[:31] + "g", REJECTED),
        ("CpoName", "Example", ACCEPTED),
    ],
)
def test_changes(name: str, value: str, status: ConfigurationStatus) -> None:
    assert Configuration(MemoryStationStorage()).change(name, value) is status


def test_a_rejected_change_changes_nothing() -> None:
    configuration = configured(HeartbeatInterval=60)
    configuration.change("HeartbeatInterval", "-1")
    assert configuration.integer("HeartbeatInterval") == 60


def test_a_key_that_is_switched_on_can_be_changed() -> None:
    configuration = configured(LightIntensity=50)
    assert configuration.change("LightIntensity", "100") is ACCEPTED
    assert configuration.change("LightIntensity", "101") is REJECTED


def test_an_optional_key_that_is_absent_means_no_such_function() -> None:
    configuration = Configuration(MemoryStationStorage(), absent=["AuthorizationCacheEnabled"])
    assert not configuration.has("AuthorizationCacheEnabled")
    assert not configuration.is_on("AuthorizationCacheEnabled")
    assert configuration.change("AuthorizationCacheEnabled", "true") is NOT_SUPPORTED
    assert configuration.read(["AuthorizationCacheEnabled"]) == ([], ["AuthorizationCacheEnabled"])


def test_keys_of_a_profile_that_is_not_supported_are_absent() -> None:
    configuration = Configuration(MemoryStationStorage(), profiles=["Reservation"])
    assert configuration.has("ReserveConnectorZeroSupported")
    assert configuration.has("HeartbeatInterval")
    assert not configuration.has("LocalAuthListEnabled")


def test_reading_all() -> None:
    configuration = Configuration(MemoryStationStorage(), values={"NumberOfConnectors": "2"})
    known, unknown = configuration.read([])
    shown = {each.key: each for each in known}
    assert unknown == []
    assert shown["NumberOfConnectors"] == KeyValue(
        key="NumberOfConnectors", readonly=True, value="2"
    )
    assert shown["HeartbeatInterval"] == KeyValue(
        key="HeartbeatInterval", readonly=False, value="300"
    )
    assert {key.name for key in KEYS if key.required} - {"SupportedFeatureProfiles"} <= set(shown)


def test_reading_some() -> None:
    known, unknown = configured().read(["heartbeatinterval", "Nothing"])
    assert [each.key for each in known] == ["HeartbeatInterval"]
    assert unknown == ["Nothing"]


def test_only_so_many_keys_are_read_at_once() -> None:
    configuration = configured(GetConfigurationMaxKeys=2)
    known, unknown = configuration.read(["HeartbeatInterval", "Nothing", "ResetRetries"])
    assert ([each.key for each in known], unknown) == (["HeartbeatInterval"], ["Nothing"])


def test_the_authorization_key_is_never_shown() -> None:
    configuration = configured()
    configuration.change("AuthorizationKey", HEX)
    known, _ = configuration.read(["AuthorizationKey"])
    assert known == [KeyValue(key="AuthorizationKey", readonly=False)]
    assert configuration.text("AuthorizationKey") == HEX


def test_changes_outlive_a_restart() -> None:
    disk = Disk()
    Configuration(disk).change("heartbeatinterval", "60")
    Configuration(disk).set("ResetRetries", "7")
    configuration = Configuration(disk, values={"HeartbeatInterval": "10"})
    assert configuration.integer("HeartbeatInterval") == 60
    assert configuration.integer("ResetRetries") == 7


def test_what_cannot_be_stored_is_not_changed() -> None:
    disk = Disk()
    configuration = Configuration(disk)
    disk.is_full = True
    with pytest.raises(StorageFailed):
        configuration.change("HeartbeatInterval", "60")
    with pytest.raises(StorageFailed):
        configuration.set("HeartbeatInterval", "60")
    assert configuration.integer("HeartbeatInterval") == 300


COLOUR = KeySpec(name="ExampleColour", type=TEXT, profile="Vendor", default="red",
                 check=lambda text: text in {"red", "blue"}, needs_reboot=True)  # fmt: skip


def test_a_vendor_key() -> None:
    configuration = Configuration(MemoryStationStorage(), vendor_keys=[COLOUR])
    assert configuration.change("examplecolour", "green") is REJECTED
    assert configuration.read(["ExampleColour"]) == (
        [KeyValue(key="ExampleColour", readonly=False, value="red")],
        [],
    )


def test_a_change_that_needs_a_reboot_waits_for_it() -> None:
    disk = Disk()
    configuration = Configuration(disk, vendor_keys=[COLOUR])
    status = configuration.change("ExampleColour", "blue")
    assert status is ConfigurationStatus.REBOOT_REQUIRED
    assert configuration.text("ExampleColour") == "red"
    configuration.reboot()
    assert configuration.text("ExampleColour") == "blue"
    assert Configuration(disk, vendor_keys=[COLOUR]).text("ExampleColour") == "blue"


def test_no_key_of_the_standard_needs_a_reboot() -> None:
    assert not [key.name for key in KEYS if key.needs_reboot]


def test_a_rule_of_the_charge_point_can_refuse_a_value() -> None:
    configuration = configured()
    configuration.forbid("HeartbeatInterval", lambda value: int(value) < 10)
    assert configuration.change("HeartbeatInterval", "9") is REJECTED
    assert configuration.change("HeartbeatInterval", "10") is ACCEPTED


@pytest.mark.parametrize(
    "values", [{"HeartbeatInterval": "x"}, {"NoSuchKey": "1"}, {"LocalPreAuthorize": "yes"}]
)
def test_values_that_keys_do_not_take_are_refused_from_inside(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"does not take|there is no key"):
        Configuration(MemoryStationStorage(), values=values)


def test_setting_from_inside_ignores_access() -> None:
    configuration = configured(GetConfigurationMaxKeys=5)
    configuration.set("GetConfigurationMaxKeys", "7")
    assert configuration.integer("GetConfigurationMaxKeys") == 7
    with pytest.raises(ValueError, match="does not take"):
        configuration.set("GetConfigurationMaxKeys", "x")


def test_items() -> None:
    configuration = configured(MeterValuesSampledData="Voltage, SoC")
    assert configuration.items("MeterValuesSampledData") == ("Voltage", "SoC")
    assert configured().items("StopTxnSampledData") == ()


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("Voltage", (Measurand.VOLTAGE, None)),
        ("Voltage.L1", (Measurand.VOLTAGE, "L1")),
        ("Energy.Active.Import.Register", (Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, None)),
        ("Energy.Active.Import.Register.L3-N", (Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, "L3-N")),
        ("voltage", (None, None)),
        ("L1", (None, None)),
    ],
)
def test_a_measurand_may_have_a_phase(
    item: str, expected: tuple[Measurand | None, str | None]
) -> None:
    assert split_measurand(item) == expected


def test_a_secret_cannot_be_read() -> None:
    assert [key.name for key in KEYS if key.access is Access.WRITE] == ["AuthorizationKey"]
