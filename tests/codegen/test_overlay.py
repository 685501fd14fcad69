"""The decisions: every one is needed, every need has one, and the file has one form."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen import overlay
from codegen.merge import merge
from codegen.overlay import load_overlay
from codegen.readers import ContractError, Documents, read_documents

TEXT = overlay.FILE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def documents(own: Path) -> Documents:
    return read_documents(own, "wsdl")


def error_of(documents: Documents, text: str) -> str:
    with pytest.raises(ContractError) as caught:
        merge(documents, load_overlay(text))
    return str(caught.value)


def without(start: str) -> str:
    """The file without the entry that holds a text."""
    entries = TEXT.split("\n[[")
    left = [entry for entry in entries if start not in entry]
    assert len(left) == len(entries) - 1
    return "\n[[".join(left)


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (
            'fact = "value Celcius"',
            "UnitOfMeasure: value Celcius is no in the WSDL, yes in the schema",
        ),
        (
            'subject = "MeterValuesRequest.meterValue"',
            "MeterValuesRequest.meterValue: required is no in the WSDL, yes in the schema",
        ),
        (
            'subject = "MeterValue.sampledValue"',
            "MeterValue.sampledValue: least items is 1 in the WSDL, 0 in the schema",
        ),
        (
            'subject = "ChargingSchedule.chargingSchedulePeriod"',
            (
                "ChargingSchedule.chargingSchedulePeriod: least items is 1 in the WSDL, "
                "0 in the schema"
            ),
        ),
        (
            'subject = "integer"',
            "integer: form is xsd:int in the WSDL, integer without bounds in the schema",
        ),
        (
            'subject = "tenths"',
            (
                "tenths: form is xsd:decimal with fractionDigits 1 in the WSDL, "
                "number with multipleOf 0.1 in the schema"
            ),
        ),
    ],
)
def test_every_disagreement_needs_a_decision(documents: Documents, entry: str, found: str) -> None:
    message = error_of(documents, without(entry))
    assert f": found {found} (wsdl/OCPP_" in message
    assert message.endswith("; expected the same in both, or a decision in codegen/overlay.toml")


def test_a_decision_on_other_values_settles_nothing(documents: Documents) -> None:
    changed = TEXT.replace('wsdl = "1"\njson = "0"', 'wsdl = "1"\njson = "2"')
    assert "MeterValue.sampledValue: least items is 1" in error_of(documents, changed)


STALE = "a second decision that nothing needs"


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        (
            (
                '[[disagreement]]\nsubject = "ResetRequest.type"\nfact = "required"\n'
                'wsdl = "yes"\njson = "no"\ndecision = "keep both"\n'
            ),
            (
                "[disagreement]: found an entry that settles nothing (ResetRequest.type: "
                "required is yes in the WSDL, no in the schema); expected entries in use only"
            ),
        ),
        (
            '[[profile]]\nname = "core"\nactions = ["Restart"]\n',
            (
                "[profile]: found an entry that settles nothing (Restart); "
                "expected entries in use only"
            ),
        ),
        (
            '[[sender]]\nside = "ChargePoint"\nactions = ["Heartbeat"]\n',
            (
                "[sender]: found an entry that settles nothing (Heartbeat); "
                "expected entries in use only"
            ),
        ),
        (
            '[[case_insensitive]]\nwsdl_types = ["CiString100Type"]\n',
            (
                "[case_insensitive.wsdl_types]: found an entry that settles nothing "
                "(CiString100Type); expected entries in use only"
            ),
        ),
        (
            '[[case_insensitive]]\nfields = ["AuthorizeRequest.idTag"]\n',
            (
                "[case_insensitive.fields]: found an entry that settles nothing "
                "(AuthorizeRequest.idTag); expected entries in use only"
            ),
        ),
        (
            '[[type_names]]\nnames.OtherType = "Other"\n',
            (
                "[type_names]: found an entry that settles nothing (OtherType); "
                "expected entries in use only"
            ),
        ),
        (
            '[[profile]]\nname = "core"\nactions = ["Reset"]\n',
            "[profile]: found a second entry for Reset; expected one",
        ),
    ],
)
def test_an_entry_without_use_is_refused(documents: Documents, addition: str, message: str) -> None:
    text = f'{TEXT}\n{addition}reference = "none"\nreason = "{STALE}"\n'
    assert error_of(documents, text) == f"codegen/overlay.toml {message}"


def test_every_action_needs_a_profile_and_a_sender(documents: Documents) -> None:
    assert error_of(documents, TEXT.replace('"Heartbeat", ', "")) == (
        "codegen/overlay.toml: found no profile for Heartbeat; expected one"
    )
    assert error_of(documents, without('side = "CentralSystem"')) == (
        "codegen/overlay.toml: found no sender for CertificateSigned; expected one"
    )


def test_an_alias_stands_for_a_value_of_both_families(documents: Documents) -> None:
    for old, new, what in (
        ('value = "Celsius"', 'value = "Kelvin"', "Celcius as Kelvin of UnitOfMeasure on json"),
        ('family = "json"', 'family = "soap"', "Celcius as Celsius of UnitOfMeasure on soap"),
    ):
        assert error_of(documents, TEXT.replace(old, new)) == (
            f"codegen/overlay.toml: found {what}; "
            "expected a value of both families, and the family that has the other spelling"
        )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[profile]]", "[[profile", "found broken TOML ("),
        ("[[profile]]", "[[profiles]]", "[profiles]: found an unknown table; expected one of "),
        ('name = "core"', 'name = "main"', "[profile 1]: found name = 'main'; expected one of "),
        ('name = "core"', 'name = "core"\nx = 1', "[profile 1]: found the key x; expected keys "),
        ('name = "core"', "name = 1", "[profile 1]: found name = 1; expected a text"),
        ('reason = "Reservation."', "", "[profile 5]: found no reason; expected one"),
        ('reason = "Reservation."', 'reason = " "', "[profile 5]: found reason = ' '; expected "),
        ('decision = "alias"', 'decision = "x"', "[disagreement 1]: found decision = 'x'; "),
        ("written = true", "written = 1", "[disagreement 1 alias]: found written = 1; expected "),
        ('["TriggerMessage"]', '"x"', "[profile 4]: found actions = 'x'; expected a list of texts"),
        ('side = "ChargePoint"', 'side = "Us"', "[sender 1]: found side = 'Us'; expected one of "),
    ],
)
def test_the_form_of_the_file(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(ContractError) as caught:
        load_overlay(TEXT.replace(old, new))
    error = str(caught.value)
    assert error.startswith("codegen/overlay.toml")
    assert message in error


def test_names_for_the_types_of_the_security_schemas() -> None:
    assert load_overlay().type_names.entries == {
        "CertificateHashDataType": "CertificateHashData",
        "CertificateSignedStatusEnumType": "CertificateSignedStatus",
        "CertificateUseEnumType": "CertificateUse",
        "DeleteCertificateStatusEnumType": "DeleteCertificateStatus",
        "FirmwareStatusEnumType": "SignedFirmwareStatus",
        "FirmwareType": "Firmware",
        "GenericStatusEnumType": "GenericStatus",
        "GetInstalledCertificateStatusEnumType": "GetInstalledCertificateStatus",
        "HashAlgorithmEnumType": "HashAlgorithm",
        "InstallCertificateStatusEnumType": "InstallCertificateStatus",
        "LogEnumType": "LogType",
        "LogParametersType": "LogParameters",
        "LogStatusEnumType": "LogStatus",
        "MessageTriggerEnumType": "ExtendedMessageTrigger",
        "TriggerMessageStatusEnumType": "TriggerMessageStatus",
        "UpdateFirmwareStatusEnumType": "UpdateFirmwareStatus",
        "UploadLogStatusEnumType": "UploadLogStatus",
    }
