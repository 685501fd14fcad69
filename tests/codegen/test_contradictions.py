"""What happens when two documents contradict each other, and what the overlay settles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codegen import overlay
from codegen.merge import merge
from codegen.overlay import load_overlay
from codegen.readers import ContractError, read_documents

CS = "OCPP_CentralSystemService_1.6.wsdl"
CP = "OCPP_ChargePointService_1.6.wsdl"
BOTH = "the same in both"
DECIDE = "the same in both, or a decision in codegen/overlay.toml"
ALL = "the same type in all schemas"
ACTIONS = "the same actions in the WSDLs and the folder json"
UNIT = "items.properties.sampledValue.items.properties.unit"
OVERLAY = overlay.FILE.read_text(encoding="utf-8")

# (file, text to replace, replacement), (place, found, expected)
CONTRADICTIONS = [
    (
        ("json/Authorize.json", '"maxLength": 20', '"maxLength": 25'),
        (
            "json/Authorize.json $.properties.idTag",
            (
                "AuthorizeRequest.idTag: max_length is 20 in the WSDL, 25 in the schema "
                f"(wsdl/{CS} line 255)"
            ),
            BOTH,
        ),
    ),
    (
        ("json/Authorize.json", '"string",\n      "maxLength": 20', '"integer"'),
        (
            "json/Authorize.json $.properties.idTag",
            (
                "AuthorizeRequest.idTag: type is string in the WSDL, integer in the schema "
                f"(wsdl/{CS} line 255)"
            ),
            BOTH,
        ),
    ),
    (
        ("json/Authorize.json", '"string",\n      "maxLength": 20', '"string", "enum": ["x"]'),
        (
            "json/Authorize.json $.properties.idTag",
            (
                "AuthorizeRequest.idTag: type is IdToken in the WSDL, an enumeration in the schema "
                f"(wsdl/{CS} line 255)"
            ),
            BOTH,
        ),
    ),
    (
        (
            "json/Reset.json",
            '"enum": [\n        "Hard",\n        "Soft"\n      ]',
            '"maxLength": 4',
        ),
        (
            "json/Reset.json $.properties.type",
            (
                "ResetRequest.type: type is ResetType in the WSDL, string in the schema "
                f"(wsdl/{CP} line 413)"
            ),
            BOTH,
        ),
    ),
    (
        ("json/Authorize.json", "idTag", "idToken"),
        (
            "json/Authorize.json $.properties.idToken",
            (
                "AuthorizeRequest.idToken: presence is no in the WSDL, yes in the schema "
                f"(wsdl/{CS} line 253)"
            ),
            BOTH,
        ),
    ),
    (
        (
            CP,
            '<xsd:element name="key" type="tns:CiString50Type" minOccurs="0"',
            (
                '<xsd:element name="lock" type="xsd:int"/><xsd:element name="key" '
                'type="tns:CiString50Type" minOccurs="0"'
            ),
        ),
        (
            "json/GetConfiguration.json",
            (
                "GetConfigurationRequest.lock: presence is yes in the WSDL, no in the schema "
                f"(wsdl/{CP} line 331)"
            ),
            BOTH,
        ),
    ),
    (
        (CP, 'type="tns:CiString50Type" minOccurs="0" maxOccurs="unbounded"', 'type="xsd:string"'),
        (
            "json/GetConfiguration.json $.properties.key",
            (
                "GetConfigurationRequest.key: list is no in the WSDL, yes in the schema "
                f"(wsdl/{CP} line 331)"
            ),
            BOTH,
        ),
    ),
    (
        (CP, '<xsd:enumeration value="Blocked"/>', ""),
        (
            f"{CP} line 56",
            f"AuthorizationStatus.Blocked: in wsdl/{CS} line 51, not in wsdl/{CP} line 56",
            "the same type in both WSDLs",
        ),
    ),
    (
        (CP, "/DataTransferResponse", "/DataTransferAnswer"),
        (
            f"{CP} line 655",
            (
                f"DataTransferResponse: action '/DataTransferResponse' in wsdl/{CS} line 461, "
                f"'/DataTransferAnswer' in wsdl/{CP} line 655"
            ),
            "the same message in both WSDLs",
        ),
    ),
    (
        ("json/Reset.json", '"Soft"', '"Warm"'),
        (
            "json/Reset.json $.properties.type",
            f"ResetType: value Warm is no in the WSDL, yes in the schema (wsdl/{CP} line 159)",
            DECIDE,
        ),
    ),
    (
        ("json/Reset.json", ',\n        "Soft"', ""),
        (
            "json/Reset.json $.properties.type",
            f"ResetType: value Soft is yes in the WSDL, no in the schema (wsdl/{CP} line 159)",
            DECIDE,
        ),
    ),
    (
        ("json/GetConfiguration.json", '"properties"', '"required": ["key"], "properties"'),
        (
            "json/GetConfiguration.json $.properties.key",
            (
                "GetConfigurationRequest.key: required is no in the WSDL, yes in the schema "
                f"(wsdl/{CP} line 331)"
            ),
            DECIDE,
        ),
    ),
    (
        ("json/GetConfiguration.json", '"array",', '"array", "minItems": 1,'),
        (
            "json/GetConfiguration.json $.properties.key",
            (
                "GetConfigurationRequest.key: least items is 0 in the WSDL, 1 in the schema "
                f"(wsdl/{CP} line 331)"
            ),
            DECIDE,
        ),
    ),
    (
        ("json/StopTransaction.json", '"Celsius",', ""),
        (
            "json/StopTransaction.json $.properties.transactionData",
            (
                "MeterValue.sampledValue.unit.Celsius: in wsdl/json/MeterValues.json "
                f"$.properties.meterValue.{UNIT}, not in wsdl/json/StopTransaction.json "
                f"$.properties.transactionData.{UNIT}"
            ),
            ALL,
        ),
    ),
    (
        ("json/StopTransactionResponse.json", '"maxLength": 20', '"maxLength": 25'),
        (
            "json/StopTransactionResponse.json $.properties.idTagInfo",
            (
                "IdTagInfo.parentIdTag: max_length 20 in wsdl/json/AuthorizeResponse.json "
                "$.properties.idTagInfo.properties.parentIdTag, "
                "25 in wsdl/json/StopTransactionResponse.json "
                "$.properties.idTagInfo.properties.parentIdTag"
            ),
            ALL,
        ),
    ),
    (
        ("json-security/ExtendedTriggerMessageResponse.json", '"Rejected"', '"Refused"'),
        (
            "json-security/ExtendedTriggerMessageResponse.json $.properties.status",
            (
                "TriggerMessageStatus.Rejected: in wsdl/json/TriggerMessageResponse.json "
                "$.properties.status, not in "
                "wsdl/json-security/ExtendedTriggerMessageResponse.json $.properties.status"
            ),
            ALL,
        ),
    ),
    (
        ("json-security/GetLog.json", "LogEnumType", "LogKindEnumType"),
        (
            "json-security/GetLog.json $.properties.logType",
            "the definition LogKindEnumType",
            "a name for it in codegen/overlay.toml",
        ),
    ),
    (
        (
            "json-security/SignCertificate.json",
            '"string",\n      "maxLength": 5500',
            '"string", "enum": ["x"]',
        ),
        (
            "json-security/SignCertificate.json $.properties.csr",
            "a type without a name",
            "a reference to a definition",
        ),
    ),
]


def error_of(folder: Path, decisions: str = OVERLAY) -> str:
    with pytest.raises(ContractError) as caught:
        merge(read_documents(folder, "wsdl"), load_overlay(decisions))
    return str(caught.value)


@pytest.mark.parametrize(("change", "error"), CONTRADICTIONS)
def test_contradiction_is_refused(
    copied: Path,
    edit: Callable[[Path, str, str], None],
    change: tuple[str, str, str],
    error: tuple[str, str, str],
) -> None:
    file, old, new = change
    place, found, expected = error
    edit(copied / file, old, new)
    assert error_of(copied) == f"wsdl/{place}: found {found}; expected {expected}"


def test_an_action_of_one_family_only_is_refused(copied: Path) -> None:
    for name in ("Reset.json", "ResetResponse.json"):
        (copied / "json" / name).unlink()
    assert error_of(copied) == (
        f"wsdl/{CP} line 686: found operation Reset, for which there is no JSON schema; "
        f"expected {ACTIONS}"
    )


def test_an_action_that_no_wsdl_has_is_refused(copied: Path) -> None:
    for name in ("Reset", "ResetResponse"):
        text = (copied / f"json/{name}.json").read_text(encoding="utf-8")
        (copied / f"json/{name.replace('Reset', 'Restart')}.json").write_text(
            text.replace(":Reset", ":Restart").replace('"title": "Reset', '"title": "Restart'),
            encoding="utf-8",
        )
    assert error_of(copied) == (
        f"wsdl/json/Restart.json: found action Restart, which no WSDL has; expected {ACTIONS}"
    )


def test_an_action_of_both_json_folders_is_refused(copied: Path) -> None:
    for name in ("Reset", "ResetResponse"):
        text = (copied / f"json/{name}.json").read_text(encoding="utf-8")
        suffix = "conf" if name.endswith("Response") else "req"
        (copied / f"json-security/{name}.json").write_text(
            '{"$schema": "http://json-schema.org/draft-06/schema#",'
            f'"$id": "urn:OCPP:Cp:1.6:2020:3:Reset.{suffix}",'
            + text[text.index('"type": "object"') :],
            encoding="utf-8",
        )
    assert error_of(copied) == (
        "wsdl/json-security/Reset.json: found a second schema of ResetRequest; "
        "expected one (the first is wsdl/json/Reset.json)"
    )
    for name in ("Reset.json", "ResetResponse.json"):
        (copied / "json" / name).unlink()
    assert error_of(copied) == (
        f"wsdl/json-security/Reset.json: found action Reset, which a WSDL has; expected {ACTIONS}"
    )
