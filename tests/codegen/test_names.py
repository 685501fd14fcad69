"""Wire names and the Python names they become."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from codegen import names
from codegen.merge import merge
from codegen.model import Contract, Profile
from codegen.overlay import load_overlay
from codegen.readers import ContractError, read_documents


@pytest.fixture(scope="module")
def contract(own: Path) -> Contract:
    return merge(read_documents(own), load_overlay())


@pytest.mark.parametrize(
    ("wire", "python"),
    [
        ("idTag", "id_tag"),
        ("id", "id"),
        ("type", "type"),
        ("readonly", "readonly"),
        ("iccid", "iccid"),
        ("imsi", "imsi"),
        ("csr", "csr"),
        ("filename", "filename"),
        ("fileName", "file_name"),
        ("techInfo", "tech_info"),
        ("parentIdTag", "parent_id_tag"),
        ("csChargingProfiles", "cs_charging_profiles"),
        ("chargePointSerialNumber", "charge_point_serial_number"),
        ("chargeBoxSerialNumber", "charge_box_serial_number"),
        ("retrieveDateTime", "retrieve_date_time"),
    ],
)
def test_field_name(wire: str, python: str) -> None:
    assert names.field_name(wire) == python


@pytest.mark.parametrize(
    ("wire", "python"),
    [
        ("Accepted", "ACCEPTED"),
        ("Energy.Active.Import.Register", "ENERGY_ACTIVE_IMPORT_REGISTER"),
        ("Interruption.Begin", "INTERRUPTION_BEGIN"),
        ("SoC", "SOC"),
        ("RPM", "RPM"),
        ("kWh", "KWH"),
        ("kW", "KW"),
        ("kVA", "KVA"),
        ("kvarh", "KVARH"),
        ("Wh", "WH"),
        ("VA", "VA"),
        ("W", "W"),
        ("Percent", "PERCENT"),
        ("L1", "L1"),
        ("L1-N", "L1_N"),
        ("L3-L1", "L3_L1"),
        ("EV", "EV"),
        ("SuspendedEV", "SUSPENDED_EV"),
        ("SuspendedEVSE", "SUSPENDED_EVSE"),
        ("EVDisconnected", "EV_DISCONNECTED"),
        ("EVCommunicationError", "EV_COMMUNICATION_ERROR"),
        ("ConcurrentTx", "CONCURRENT_TX"),
        ("TxProfile", "TX_PROFILE"),
        ("TxDefaultProfile", "TX_DEFAULT_PROFILE"),
        ("DeAuthorized", "DE_AUTHORIZED"),
        ("InternalError", "INTERNAL_ERROR"),
        ("PowerMeterFailure", "POWER_METER_FAILURE"),
        ("UnknownVendorId", "UNKNOWN_VENDOR_ID"),
        ("SHA256", "SHA256"),
        ("SignChargePointCertificate", "SIGN_CHARGE_POINT_CERTIFICATE"),
    ],
)
def test_enum_member(wire: str, python: str) -> None:
    assert names.enum_member(wire) == python


@pytest.mark.parametrize(
    ("class_name", "module"),
    [("IdTagInfo", "id_tag_info"), ("CertificateHashData", "certificate_hash_data")],
)
def test_snake_of_a_class_name(class_name: str, module: str) -> None:
    assert names.snake(class_name) == module


def test_module_names() -> None:
    assert [names.module_name(profile) for profile in Profile] == [
        "core",
        "firmware",
        "local_auth_list",
        "remote_trigger",
        "reservation",
        "smart_charging",
        "security",
    ]


def test_the_irregular_words_are_needed_and_used(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {value for item in contract.enumerations for value in item.values}
    irregular = dict(names.IRREGULAR)
    assert irregular.keys() <= values
    monkeypatch.setattr(names, "IRREGULAR", {})
    assert {word: names.enum_member(word) for word in irregular} == {
        "SoC": "SO_C",
        "kW": "K_W",
        "kWh": "K_WH",
        "kVA": "K_VA",
    }


def test_every_name_of_the_contract_is_an_identifier_of_its_own(contract: Contract) -> None:
    names.check_names(contract)
    for enumeration in contract.enumerations:
        members = [names.enum_member(value) for value in enumeration.values]
        assert len(set(members)) == len(members)
        assert all(re.fullmatch("[A-Z][A-Z0-9_]*", member) for member in members)


def changed_values(contract: Contract, *values: str) -> Contract:
    first, *rest = contract.enumerations
    return replace(contract, enumerations=(replace(first, values=values), *rest))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (("L1-N", "L1.N"), "'L1_N' for both 'L1-N' and 'L1.N' of AuthorizationStatus"),
        (("idTag", "IdTag"), "'ID_TAG' for both 'idTag' and 'IdTag' of AuthorizationStatus"),
        (("3Phase",), "'3_PHASE' for '3Phase' of AuthorizationStatus"),
        (("",), "'' for '' of AuthorizationStatus"),
        (("50%",), "'50%' for '50%' of AuthorizationStatus"),
    ],
)
def test_a_member_that_is_none_or_stands_for_two_is_refused(
    contract: Contract, values: tuple[str, ...], found: str
) -> None:
    with pytest.raises(ContractError) as caught:
        names.check_names(changed_values(contract, *values))
    assert str(caught.value).startswith(f"codegen/names.py: found {found}; expected ")


def test_a_keyword_as_a_field_is_refused(contract: Contract) -> None:
    first, *rest = contract.data_types
    fields = tuple(replace(field, name="from") for field in first.fields[:1])
    changed = replace(contract, data_types=(replace(first, fields=fields), *rest))
    with pytest.raises(ContractError) as caught:
        names.check_names(changed)
    assert str(caught.value) == (
        "codegen/names.py: found 'from' for 'from' of IdTagInfo; "
        "expected an identifier (IRREGULAR is the table for it)"
    )


def test_two_types_of_one_name_are_refused(contract: Contract) -> None:
    first, *rest = contract.data_types
    changed = replace(contract, data_types=(replace(first, name="Reason"), *rest))
    with pytest.raises(ContractError) as caught:
        names.check_names(changed)
    assert str(caught.value) == (
        "codegen/names.py: found 'Reason' for both 'Reason' and 'Reason' of the contract; "
        "expected a name of its own for each (IRREGULAR is the table for it)"
    )
