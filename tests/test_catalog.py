"""The catalog: all actions of the standard, who sends them, where they belong."""

from __future__ import annotations

import pytest

from ocpp16 import catalog, messages
from ocpp16.spec import Side
from ocpp16.structure import Structure

PROFILES = {
    "core": {
        "Authorize", "BootNotification", "ChangeAvailability", "ChangeConfiguration", "ClearCache",
        "DataTransfer", "GetConfiguration", "Heartbeat", "MeterValues", "RemoteStartTransaction",
        "RemoteStopTransaction", "Reset", "StartTransaction", "StatusNotification",
        "StopTransaction", "UnlockConnector",
    },
    "firmware": {
        "GetDiagnostics", "DiagnosticsStatusNotification", "FirmwareStatusNotification",
        "UpdateFirmware",
    },
    "local_auth_list": {"GetLocalListVersion", "SendLocalList"},
    "reservation": {"ReserveNow", "CancelReservation"},
    "smart_charging": {"SetChargingProfile", "ClearChargingProfile", "GetCompositeSchedule"},
    "remote_trigger": {"TriggerMessage"},
    "security": {
        "CertificateSigned", "DeleteCertificate", "ExtendedTriggerMessage",
        "GetInstalledCertificateIds", "GetLog", "InstallCertificate", "LogStatusNotification",
        "SecurityEventNotification", "SignCertificate", "SignedFirmwareStatusNotification",
        "SignedUpdateFirmware",
    },
}  # fmt: skip
FROM_CHARGE_POINTS = {
    "Authorize", "BootNotification", "DataTransfer", "DiagnosticsStatusNotification",
    "FirmwareStatusNotification", "Heartbeat", "MeterValues", "StartTransaction",
    "StatusNotification", "StopTransaction", "LogStatusNotification", "SecurityEventNotification",
    "SignCertificate", "SignedFirmwareStatusNotification",
}  # fmt: skip


def test_every_action_is_in_its_feature_profile() -> None:
    found: dict[str, set[str]] = {}
    for action in catalog.ACTIONS.values():
        found.setdefault(action.profile, set()).add(action.name)
    assert found == PROFILES


def test_every_action_is_sent_by_the_right_side() -> None:
    assert {action.name for action in catalog.sent_by(Side.CHARGE_POINT)} == FROM_CHARGE_POINTS
    others = set(catalog.ACTIONS) - FROM_CHARGE_POINTS | {"DataTransfer"}
    assert {action.name for action in catalog.sent_by(Side.CENTRAL_SYSTEM)} == others


def test_soap_has_28_actions_29_operations_and_not_the_security_extension() -> None:
    services = [name for action in catalog.ACTIONS.values() for name in action.soap_services]
    assert len([a for a in catalog.ACTIONS.values() if a.soap_services]) == 28
    assert services.count("CentralSystemService") == 10
    assert services.count("ChargePointService") == 19
    assert not [
        action for action in catalog.ACTIONS.values()
        if action.profile == "security" and action.soap_services
    ]  # fmt: skip


def test_a_class_leads_to_its_action() -> None:
    assert catalog.action_of(messages.ResetRequest).name == "Reset"
    assert catalog.action_of(messages.ResetResponse).name == "Reset"
    with pytest.raises(TypeError, match=r"Structure is no message of OCPP 1\.6"):
        catalog.action_of(Structure)


def test_xsd_order_where_it_differs_from_the_schemas() -> None:
    def order(cls: type[Structure]) -> tuple[str, ...] | None:
        return cls.SPEC.soap_order

    assert order(messages.StartTransactionRequest) == (
        "connectorId", "idTag", "timestamp", "meterStart", "reservationId",
    )  # fmt: skip
    assert order(messages.StopTransactionRequest) == (
        "transactionId", "idTag", "timestamp", "meterStop", "reason", "transactionData",
    )  # fmt: skip
    assert order(messages.GetDiagnosticsRequest) == (
        "location", "startTime", "stopTime", "retries", "retryInterval",
    )  # fmt: skip
