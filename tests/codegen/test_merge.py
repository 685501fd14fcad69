"""The joined contract: its facts, and what happens when two documents contradict each other."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from codegen.merge import merge
from codegen.model import (
    Alias,
    Cardinality,
    Contract,
    EnumRef,
    JsonDocument,
    ObjectRef,
    Profile,
    Scalar,
    Sender,
    Structure,
)
from codegen.overlay import load_overlay
from codegen.readers import read_documents

CS = "OCPP_CentralSystemService_1.6.wsdl"
CP = "OCPP_ChargePointService_1.6.wsdl"


@pytest.fixture(scope="module")
def contract(own: Path) -> Contract:
    return merge(read_documents(own), load_overlay())


@pytest.fixture(scope="module")
def structures(contract: Contract) -> dict[str, Structure]:
    messages = [m for action in contract.actions for m in (action.request, action.response)]
    found = [*contract.data_types, *(message.structure for message in messages)]
    return {item.name: item for item in found}


def test_actions_by_profile(contract: Contract) -> None:
    assert Counter(action.profile for action in contract.actions) == {
        Profile.CORE: 16,
        Profile.FIRMWARE: 4,
        Profile.LOCAL_AUTH_LIST: 2,
        Profile.REMOTE_TRIGGER: 1,
        Profile.RESERVATION: 2,
        Profile.SMART_CHARGING: 3,
        Profile.SECURITY: 11,
    }


def test_senders(contract: Contract) -> None:
    both = (Sender.CHARGE_POINT, Sender.CENTRAL_SYSTEM)
    assert Counter(action.senders for action in contract.actions) == {
        (Sender.CHARGE_POINT,): 9 + 4,
        (Sender.CENTRAL_SYSTEM,): 18 + 7,
        both: 1,
    }
    assert [action.name for action in contract.actions if action.senders == both] == [
        "DataTransfer"
    ]


def test_both_wires_of_one_action(contract: Contract) -> None:
    (action,) = (item for item in contract.actions if item.name == "DataTransfer")
    assert action.services == ("CentralSystemService", "ChargePointService")
    assert action.response.soap_element == "dataTransferResponse"
    assert action.response.soap_action == "/DataTransferResponse"
    assert action.response.structure.services == ("CentralSystemService", "ChargePointService")
    assert action.request.json == JsonDocument(
        "json",
        "DataTransfer.json",
        "draft-04",
        "urn:OCPP:1.6:2019:12:DataTransferRequest",
        "DataTransferRequest",
    )


def test_an_action_without_soap(contract: Contract) -> None:
    (action,) = (item for item in contract.actions if item.name == "GetLog")
    assert action.services == ()
    assert action.request.soap_element is None
    assert action.request.soap_action is None
    assert action.request.structure.soap_order is None
    assert action.request.json == JsonDocument(
        "json-security", "GetLog.json", "draft-06", "urn:OCPP:Cp:1.6:2020:3:GetLog.req", None
    )


def test_services(contract: Contract) -> None:
    central, point = contract.services
    assert (central.namespace, point.namespace) == (
        "urn://Ocpp/Cs/2015/10/",
        "urn://Ocpp/Cp/2015/10/",
    )
    assert (central.file, point.file) == (CS, CP)
    assert (len(central.operations), len(point.operations)) == (10, 19)
    assert central.binding == "CentralSystemServiceSoap"
    assert central.port == "CentralSystemServiceSoap12"
    assert point.address == "http://localhost/Ocpp/ChargePointService/"
    assert [item.soap_name for item in point.simple_types] == [
        "CiString20Type",
        "CiString255Type",
        "CiString25Type",
        "CiString500Type",
        "CiString50Type",
        "DecimalOne",
        "IdToken",
    ]


@pytest.mark.parametrize(
    ("name", "json_order", "soap_order"),
    [
        ("IdTagInfo", "expiryDate parentIdTag status", "status expiryDate parentIdTag"),
        (
            "StartTransactionRequest",
            "connectorId idTag meterStart reservationId timestamp",
            "connectorId idTag timestamp meterStart reservationId",
        ),
        ("StartTransactionResponse", "idTagInfo transactionId", "transactionId idTagInfo"),
        (
            "StatusNotificationRequest",
            "connectorId errorCode info status timestamp vendorId vendorErrorCode",
            "connectorId status errorCode info timestamp vendorId vendorErrorCode",
        ),
        (
            "StopTransactionRequest",
            "idTag meterStop timestamp transactionId reason transactionData",
            "transactionId idTag timestamp meterStop reason transactionData",
        ),
        (
            "GetDiagnosticsRequest",
            "location retries retryInterval startTime stopTime",
            "location startTime stopTime retries retryInterval",
        ),
        (
            "UpdateFirmwareRequest",
            "location retries retrieveDate retryInterval",
            "retrieveDate location retries retryInterval",
        ),
    ],
)
def test_both_orders_are_kept(
    structures: dict[str, Structure], name: str, json_order: str, soap_order: str
) -> None:
    structure = structures[name]
    assert [field.name for field in structure.fields] == json_order.split()
    assert structure.soap_order == tuple(soap_order.split())


def test_no_other_message_has_two_orders(structures: dict[str, Structure]) -> None:
    differing = [
        name
        for name, item in structures.items()
        if item.soap_order not in {None, tuple(field.name for field in item.fields)}
    ]
    assert sorted(differing) == [
        "GetDiagnosticsRequest",
        "IdTagInfo",
        "StartTransactionRequest",
        "StartTransactionResponse",
        "StatusNotificationRequest",
        "StopTransactionRequest",
        "UpdateFirmwareRequest",
    ]


def test_cardinalities_differ_in_three_places_only(structures: dict[str, Structure]) -> None:
    assert {
        f"{name}.{field.name}": (field.json, field.soap)
        for name, item in structures.items()
        for field in item.fields
        if field.soap is not None and field.soap != field.json
    } == {
        "MeterValuesRequest.meterValue": (Cardinality(True, 0), Cardinality(False, 0)),
        "MeterValue.sampledValue": (Cardinality(True, 0), Cardinality(True, 1)),
        "ChargingSchedule.chargingSchedulePeriod": (Cardinality(True, 0), Cardinality(True, 1)),
    }
    (hashes,) = (
        field
        for field in structures["GetInstalledCertificateIdsResponse"].fields
        if field.name == "certificateHashData"
    )
    assert (hashes.many, hashes.json, hashes.soap) == (True, Cardinality(False, 1), None)


def test_the_misspelt_unit_is_an_alias(contract: Contract) -> None:
    (unit,) = (item for item in contract.enumerations if item.name == "UnitOfMeasure")
    assert unit.aliases == (Alias("json", "Celcius", "Celsius", True),)
    assert unit.values[:3] == ("Celsius", "Fahrenheit", "Wh")
    assert len(unit.values) == 16
    assert "Celcius" not in unit.values
    assert unit.soap_values == unit.values
    assert set(unit.json_values) == {"Celcius", *unit.values}
    assert [item.name for item in contract.enumerations if item.aliases] == ["UnitOfMeasure"]


def test_scalar_types(structures: dict[str, Structure]) -> None:
    def scalar(structure: str, name: str) -> object:
        return next(field.type for field in structures[structure].fields if field.name == name)

    assert scalar("AuthorizeRequest", "idTag") == Scalar("string", 20, True, "IdToken")
    assert scalar("SampledValue", "value") == Scalar("string")
    assert scalar("ChargingSchedulePeriod", "limit") == Scalar("tenths", soap_name="DecimalOne")
    assert scalar("GetDiagnosticsRequest", "location") == Scalar("uri")
    assert scalar("KeyValue", "readonly") == Scalar("boolean")
    assert scalar("CertificateHashData", "serialNumber") == Scalar("string", 40, True)
    assert scalar("Firmware", "location") == Scalar("string", 512)
    assert scalar("Firmware", "retrieveDateTime") == Scalar("timestamp")
    assert scalar("StopTransactionRequest", "reason") == EnumRef("Reason")
    assert scalar("StopTransactionRequest", "transactionData") == ObjectRef("MeterValue")


def test_data_types_follow_the_ones_they_refer_to(contract: Contract) -> None:
    assert [item.name for item in contract.data_types] == [
        "IdTagInfo",
        "SampledValue",
        "MeterValue",
        "KeyValue",
        "ChargingSchedulePeriod",
        "ChargingSchedule",
        "ChargingProfile",
        "AuthorizationData",
        "CertificateHashData",
        "LogParameters",
        "Firmware",
    ]
