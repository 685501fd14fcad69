"""Configuration, local list, reservations and tags of a simulated charge point."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ocpp16.apps.charge_point.configuration import Configuration
from ocpp16.apps.charge_point.local_list import LocalList
from ocpp16.apps.charge_point.maintenance import version_at
from ocpp16.apps.charge_point.reservation import Reservation, Reservations
from ocpp16.datatypes import AuthorizationData, IdTagInfo
from ocpp16.enums import AuthorizationStatus, ConfigurationStatus, UpdateStatus, UpdateType
from ocpp16.errors import CallFailed, CallTimeout, ErrorCode, SessionClosed
from tests.apps.doubles import ACCEPTED, BLOCKED, NOON, make_simulator
from tests.parties import run

FULL, DIFFERENTIAL = UpdateType.FULL, UpdateType.DIFFERENTIAL
REQUIRED = [
    "AuthorizeRemoteTxRequests", "ClockAlignedDataInterval", "ConnectionTimeOut",
    "ConnectorPhaseRotation", "GetConfigurationMaxKeys", "HeartbeatInterval",
    "LocalAuthorizeOffline", "LocalPreAuthorize", "MeterValuesAlignedData",
    "MeterValuesSampledData", "MeterValueSampleInterval", "NumberOfConnectors", "ResetRetries",
    "StopTransactionOnInvalidId", "StopTxnAlignedData", "StopTxnSampledData",
    "SupportedFeatureProfiles", "TransactionMessageAttempts", "TransactionMessageRetryInterval",
    "UnlockConnectorOnEVSideDisconnect", "LocalAuthListEnabled", "LocalAuthListMaxLength",
    "SendLocalListMaxLength", "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit", "ChargingScheduleMaxPeriods",
    "MaxChargingProfilesInstalled",
]  # fmt: skip


def test_every_key_that_the_standard_requires_is_there() -> None:
    known, unknown = Configuration(2).read(REQUIRED)
    assert [key.key for key in known] == REQUIRED
    assert unknown == []
    every, _ = Configuration(2).read(())
    assert len(every) <= Configuration(2).amount("GetConfigurationMaxKeys")


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("ConnectionTimeOut", "90", ConfigurationStatus.ACCEPTED),
        ("connectiontimeout", "90", ConfigurationStatus.ACCEPTED),
        ("ConnectionTimeOut", "-1", ConfigurationStatus.REJECTED),
        ("ConnectionTimeOut", "1.5", ConfigurationStatus.REJECTED),
        ("ConnectionTimeOut", "²", ConfigurationStatus.REJECTED),
        ("ConnectionTimeOut", "", ConfigurationStatus.REJECTED),
        ("LocalPreAuthorize", "true", ConfigurationStatus.ACCEPTED),
        ("LocalPreAuthorize", "True", ConfigurationStatus.REJECTED),
        ("MeterValuesSampledData", "", ConfigurationStatus.ACCEPTED),
        ("MeterValuesSampledData", "Power.Active.Import", ConfigurationStatus.ACCEPTED),
        ("MeterValuesSampledData", "Power.Active.Import,SoC", ConfigurationStatus.REJECTED),
        ("ClockAlignedDataInterval", "900", ConfigurationStatus.REJECTED),
        ("NumberOfConnectors", "3", ConfigurationStatus.REJECTED),
        ("NoSuchKey", "1", ConfigurationStatus.NOT_SUPPORTED),
        ("AuthorizationKey", "00", ConfigurationStatus.NOT_SUPPORTED),
    ],
)
def test_changing_a_key(name: str, value: str, status: ConfigurationStatus) -> None:
    configuration = Configuration(2)
    before = [(key.key, key.value) for key in configuration.read(())[0]]
    assert configuration.change(name, value) is status
    after = [(key.key, key.value) for key in configuration.read(())[0]]
    assert (after != before) is (status is ConfigurationStatus.ACCEPTED)


def entry(tag: str, info: IdTagInfo | None = ACCEPTED) -> AuthorizationData:
    return AuthorizationData(id_tag=tag, id_tag_info=info)


@pytest.mark.parametrize(
    ("kind", "version", "entries", "status", "reads", "count"),
    [
        (FULL, 6, [entry("C")], UpdateStatus.ACCEPTED, 6, 1),
        (FULL, 1, [entry("C")], UpdateStatus.ACCEPTED, 1, 1),
        (FULL, 6, [], UpdateStatus.ACCEPTED, 0, 0),
        (FULL, 0, [entry("C")], UpdateStatus.FAILED, 5, 2),
        (FULL, -1, [entry("C")], UpdateStatus.FAILED, 5, 2),
        (FULL, 6, [entry("C", None)], UpdateStatus.FAILED, 5, 2),
        (FULL, 6, [entry("C"), entry("c")], UpdateStatus.FAILED, 5, 2),
        (DIFFERENTIAL, 6, [entry("C")], UpdateStatus.ACCEPTED, 6, 3),
        (DIFFERENTIAL, 6, [entry("a", BLOCKED)], UpdateStatus.ACCEPTED, 6, 2),
        (DIFFERENTIAL, 6, [entry("a", None)], UpdateStatus.ACCEPTED, 6, 1),
        (DIFFERENTIAL, 6, [entry("X", None)], UpdateStatus.ACCEPTED, 6, 2),
        (DIFFERENTIAL, 6, [], UpdateStatus.ACCEPTED, 6, 2),
        (DIFFERENTIAL, 5, [entry("C")], UpdateStatus.VERSION_MISMATCH, 5, 2),
        (DIFFERENTIAL, 4, [], UpdateStatus.VERSION_MISMATCH, 5, 2),
        (DIFFERENTIAL, 9, [entry(f"{n}") for n in range(3)], UpdateStatus.FAILED, 5, 2),
        (FULL, 9, [entry(f"{n}") for n in range(4)], UpdateStatus.FAILED, 5, 2),
    ],
)
def test_updating_the_list(  # noqa: PLR0917 - a row of the table
    kind: UpdateType,
    version: int,
    entries: list[AuthorizationData],
    status: UpdateStatus,
    reads: int,
    count: int,
) -> None:
    local_list = LocalList(capacity=4, message_capacity=3)
    assert local_list.update(FULL, 5, [entry("A"), entry("B")]) is UpdateStatus.ACCEPTED
    assert local_list.update(kind, version, entries) is status
    assert (local_list.version, len(local_list)) == (reads, count)


def test_an_entry_expires() -> None:
    local_list = LocalList(4, 4)
    info = IdTagInfo(status=AuthorizationStatus.ACCEPTED, expiry_date=NOON)
    local_list.update(FULL, 1, [entry("A", info)])
    assert local_list.find("a", NOON - timedelta(seconds=1)) == info
    expired = local_list.find("a", NOON)
    assert expired is not None
    assert expired.status is AuthorizationStatus.EXPIRED
    assert local_list.find("B", NOON) is None


def test_reservations() -> None:
    reservations = Reservations()
    first = Reservation(id=1, connector=1, id_tag="A", expires=NOON)
    second = Reservation(
        id=2, connector=2, id_tag="B", parent_id_tag="P", expires=NOON + timedelta(seconds=1)
    )
    reservations.keep(first)
    reservations.keep(second)
    assert reservations.on(2) is second
    assert reservations.on(3) is None
    assert reservations.end_expired(NOON) == [first]
    assert reservations.end_expired(NOON) == []
    assert (first.admits("a"), first.admits("B"), first.admits("X", "P")) == (True, False, False)
    assert (second.admits("X", "p"), second.admits("X", "Q"), second.admits("X")) == (
        True,
        False,
        False,
    )
    assert reservations.end(2) is second
    assert reservations.end(2) is None


def test_what_a_charge_point_knows_itself_it_need_not_ask() -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        tags, configuration = simulator.tags, simulator.configuration

        async def asked(tag: str) -> tuple[str, int]:
            central.requests.clear()
            info = await tags.authorize(tag, NOON)
            return info.status, len(central.requests)

        tags.local_list.update(FULL, 1, [entry("LISTED"), entry("LOST", BLOCKED)])
        assert await asked("LISTED") == ("Accepted", 1)
        assert await asked("CACHED") == ("Accepted", 1)
        configuration.set("LocalPreAuthorize", "true")
        assert await asked("listed") == ("Accepted", 0)
        assert await asked("cached") == ("Accepted", 0)
        # what the list refuses is asked: the central system may know better
        assert await asked("LOST") == ("Accepted", 1)
        tags.clear_cache()
        assert await asked("CACHED") == ("Accepted", 1)
        configuration.set("AuthorizationCacheEnabled", "false")
        assert await asked("CACHED") == ("Accepted", 1)
        configuration.set("LocalAuthListEnabled", "false")
        assert await asked("LISTED") == ("Accepted", 1)

    run(main)


@pytest.mark.parametrize(
    ("error", "tag", "status"),
    [
        (SessionClosed("cut"), "LISTED", "Accepted"),
        (CallTimeout("late"), "LISTED", "Accepted"),
        (SessionClosed("cut"), "LOST", "Blocked"),
        (SessionClosed("cut"), "NEW", "Invalid"),
        (CallFailed(ErrorCode.INTERNAL_ERROR), "LISTED", "Invalid"),
    ],
)
def test_without_an_answer_the_list_decides(error: Exception, tag: str, status: str) -> None:
    async def main() -> None:
        simulator, central = make_simulator()
        simulator.tags.local_list.update(FULL, 1, [entry("LISTED"), entry("LOST", BLOCKED)])
        central.errors = [error]
        assert (await simulator.tags.authorize(tag, NOON)).status == status

    run(main)


def test_a_cached_tag_expires_and_the_oldest_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ocpp16.apps.charge_point.tags.CACHE_SIZE", 2)
    simulator, _ = make_simulator()
    info = IdTagInfo(status=AuthorizationStatus.ACCEPTED, expiry_date=NOON + timedelta(hours=1))
    for tag in "ABAC":
        simulator.tags.learn(tag, info, NOON)
    assert simulator.tags.find("B", NOON) is None
    assert simulator.tags.find("A", NOON) == info
    later = simulator.tags.find("A", NOON + timedelta(hours=1))
    assert later is not None
    assert later.status is AuthorizationStatus.EXPIRED


@pytest.mark.parametrize(
    ("location", "version"),
    [
        ("https://example.com/firmware/2.0.0.bin", "2.0.0"),
        ("ftp://u:p@example.com/a/b/fw-7.tar?x=1", "fw-7"),
        ("https://example.com/", "unnamed"),
        ("https://example.com/" + "x" * 99, "x" * 50),
    ],
)
def test_a_version_is_the_name_of_its_file(location: str, version: str) -> None:
    assert version_at(location) == version
