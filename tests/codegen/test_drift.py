"""`--from DIR --check` names the one fact in which DIR differs, with both values and places."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.__main__ import main

CS = "OCPP_CentralSystemService_1.6.wsdl"
CP = "OCPP_ChargePointService_1.6.wsdl"

Edit = Callable[[Path, str, str], None]
Capture = pytest.CaptureFixture[str]

METER_START = '<xsd:element name="meterStart" type="xsd:int" minOccurs="1" maxOccurs="1"/>'
RESERVATION = '<xsd:element name="reservationId" type="xsd:int" minOccurs="0" maxOccurs="1"/>'

# (file, text, replacement), first line of the message with DIR for the changed folder
CHANGES = [
    (
        ("json/Authorize.json", '"maxLength": 20', '"maxLength": 25'),
        (
            "AuthorizeRequest.idTag: max_length 20 in wsdl/json/Authorize.json $.properties.idTag, "
            "25 in DIR/json/Authorize.json $.properties.idTag"
        ),
    ),
    (
        (
            CS,
            (
                'name="IdToken">\n        <xsd:restriction base="xsd:string">\n'
                '          <xsd:maxLength value="20"/>'
            ),
            (
                'name="IdToken">\n        <xsd:restriction base="xsd:string">\n'
                '          <xsd:maxLength value="25"/>'
            ),
        ),
        (
            f"CentralSystemService.IdToken: max_length 20 in wsdl/{CS} line 46, "
            f"25 in DIR/{CS} line 46"
        ),
    ),
    (
        ("json/Reset.json", '"Soft"', '"Warm"'),
        (
            "ResetRequest.type.Soft: in wsdl/json/Reset.json $.properties.type, "
            "not in DIR/json/Reset.json $.properties.type (and 1 more)"
        ),
    ),
    (
        ("json/Reset.json", '"Soft"', '"Soft", "Warm"'),
        (
            "ResetRequest.type.Warm: not in wsdl/json/Reset.json $.properties.type, "
            "but in DIR/json/Reset.json $.properties.type"
        ),
    ),
    (
        (CP, '<xsd:enumeration value="Soft"/>', ""),
        f"ChargePointService.ResetType.Soft: in wsdl/{CP} line 159, not in DIR/{CP} line 159",
    ),
    (
        (CS, f"{METER_START}\n          {RESERVATION}", f"{RESERVATION}\n          {METER_START}"),
        (
            "CentralSystemService.StartTransactionRequest: elements with meterStart before "
            f"reservationId in wsdl/{CS} line 322, after it in DIR/{CS} line 322"
        ),
    ),
    (
        ("json/StartTransaction.json", '    "meterStart",\n', ""),
        (
            "StartTransactionRequest.meterStart: required True in wsdl/json/StartTransaction.json "
            "$.properties.meterStart, "
            "False in DIR/json/StartTransaction.json $.properties.meterStart"
        ),
    ),
    (
        (CS, RESERVATION, RESERVATION.replace('minOccurs="0"', 'minOccurs="1"')),
        (
            "CentralSystemService.StartTransactionRequest.reservationId: min_occurs 0 in "
            f"wsdl/{CS} line 328, 1 in DIR/{CS} line 328"
        ),
    ),
    (
        (CS, "urn://Ocpp/Cs/2015/10/", "urn://Ocpp/Cs/2016/10/"),
        (
            f"CentralSystemService: namespace 'urn://Ocpp/Cs/2015/10/' in wsdl/{CS} line 3, "
            f"'urn://Ocpp/Cs/2016/10/' in DIR/{CS} line 3"
        ),
    ),
    (
        (CS, '"/Heartbeat"', '"/Beat"'),
        (
            f"CentralSystemService.Heartbeat: request action '/Heartbeat' in wsdl/{CS} line 472, "
            f"'/Beat' in DIR/{CS} line 472"
        ),
    ),
    (
        (CS, "http://localhost/Ocpp/", "http://localhost/ocpp/"),
        (
            "CentralSystemService: address 'http://localhost/Ocpp/CentralSystemService/' in "
            f"wsdl/{CS} line 3, 'http://localhost/ocpp/CentralSystemService/' in DIR/{CS} line 3"
        ),
    ),
    (
        ("json/Authorize.json", "2019:12", "2026:1"),
        (
            "AuthorizeRequest: identifier 'urn:OCPP:1.6:2019:12:AuthorizeRequest' in "
            "wsdl/json/Authorize.json, 'urn:OCPP:1.6:2026:1:AuthorizeRequest' in "
            "DIR/json/Authorize.json"
        ),
    ),
    (
        ("json-security/GetInstalledCertificateIdsResponse.json", '"minItems": 1', '"minItems": 2'),
        (
            "GetInstalledCertificateIdsResponse.certificateHashData: min_items 1 in "
            "wsdl/json-security/GetInstalledCertificateIdsResponse.json "
            "$.properties.certificateHashData, 2 in "
            "DIR/json-security/GetInstalledCertificateIdsResponse.json "
            "$.properties.certificateHashData"
        ),
    ),
    (
        ("json/Heartbeat.json", '"properties": {}', '"properties": {"x": {"type": "integer"}}'),
        (
            "HeartbeatRequest.x: not in wsdl/json/Heartbeat.json, "
            "but in DIR/json/Heartbeat.json $.properties.x"
        ),
    ),
    (
        ("json/UnlockConnector.json", '"integer"', '"string"'),
        (
            "UnlockConnectorRequest.connectorId: kind 'integer' in wsdl/json/UnlockConnector.json "
            "$.properties.connectorId, 'string' in DIR/json/UnlockConnector.json "
            "$.properties.connectorId"
        ),
    ),
    (
        ("json/UnlockConnector.json", '"type": "integer"', '"type": "string", "enum": ["x"]'),
        (
            "UnlockConnectorRequest.connectorId: type JsonScalar(kind='integer', max_length=None) "
            "in wsdl/json/UnlockConnector.json $.properties.connectorId, "
            "JsonEnumeration(definition=None, values=('x',)) in DIR/json/UnlockConnector.json "
            "$.properties.connectorId"
        ),
    ),
]


@pytest.mark.parametrize(("change", "message"), CHANGES)
def test_the_changed_fact_is_named(
    copied: Path, edit: Edit, change: tuple[str, str, str], message: str, capsys: Capture
) -> None:
    file, old, new = change
    edit(copied / file, old, new)
    assert main(["--from", str(copied), "--check"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0] == message.replace("DIR", str(copied))


def test_file_line_and_excerpt_follow_the_fact(copied: Path, edit: Edit, capsys: Capture) -> None:
    edit(copied / "json/SendLocalListResponse.json", "2019:12", "2026:1")
    assert main(["contracts", "--from", str(copied), "--check"]) == 1
    name = "wsdl/json/SendLocalListResponse.json"
    assert capsys.readouterr().err.splitlines()[1:] == [
        f"{name} line 3: the file is not what is generated",
        f"--- {name} (on disk)",
        f"+++ {name} (generated)",
        "@@ -1,5 +1,5 @@",
        " {",
        '   "$schema": "http://json-schema.org/draft-04/schema#",',
        '-  "id": "urn:OCPP:1.6:2019:12:SendLocalListResponse",',
        '+  "id": "urn:OCPP:1.6:2026:1:SendLocalListResponse",',
        '   "title": "SendLocalListResponse",',
        '   "type": "object",',
    ]


def test_a_change_that_contradicts_the_other_family_says_so_too(
    copied: Path, edit: Edit, capsys: Capture
) -> None:
    edit(copied / "json/Authorize.json", '"maxLength": 20', '"maxLength": 25')
    assert main(["--from", str(copied), "--check"]) == 1
    assert capsys.readouterr().err.splitlines()[1:] == [
        (
            f"{copied}/json/Authorize.json $.properties.idTag: found AuthorizeRequest.idTag: "
            f"max_length is 20 in the WSDL, 25 in the schema ({copied}/{CS} line 255); "
            "expected the same in both"
        )
    ]


PUBLISHED = [
    (
        ("json/Authorize.json", '"maxLength": 20', '"maxLength": 25'),
        (
            "AuthorizeRequest.idTag: max_length 20 in wsdl/json/Authorize.json $.properties.idTag, "
            "25 in DIR/json/Authorize.json $.properties.idTag"
        ),
    ),
    (
        (f"wsdl/{CP}", '<s:enumeration value="Soft" />', '<s:enumeration value="Warm" />'),
        (
            f"ChargePointService.ResetType.Soft: in wsdl/{CP} line 159, "
            f"not in DIR/wsdl/{CP} line 152 (and 1 more)"
        ),
    ),
    (
        (
            f"wsdl/{CS}",
            (
                '<s:element name="connectorId" type="s:int" minOccurs="1" maxOccurs="1"/>\n'
                '\t\t\t\t\t<s:element name="idTag" type="tns:IdToken" minOccurs="1" maxOccurs="1"/>'
            ),
            (
                '<s:element name="idTag" type="tns:IdToken" minOccurs="1" maxOccurs="1"/>'
                '<s:element name="connectorId" type="s:int" minOccurs="1" maxOccurs="1"/>'
            ),
        ),
        (
            "CentralSystemService.StartTransactionRequest: elements with connectorId before idTag "
            f"in wsdl/{CS} line 322, after it in DIR/wsdl/{CS} line 131"
        ),
    ),
    (
        ("json-security/GetLog.json", '"requestId",\n', ""),
        (
            "GetLogRequest.requestId: required True in wsdl/json-security/GetLog.json "
            "$.properties.requestId, False in DIR/json-security/GetLog.json $.properties.requestId"
        ),
    ),
    (
        (f"wsdl/{CP}", "urn://Ocpp/Cp/2015/10/", "urn://Ocpp/Cp/2012/06/"),
        (
            f"ChargePointService: namespace 'urn://Ocpp/Cp/2015/10/' in wsdl/{CP} line 3, "
            f"'urn://Ocpp/Cp/2012/06/' in DIR/wsdl/{CP} line 12"
        ),
    ),
    (
        (f"wsdl/{CP}", '"/ResetResponse"', '"/ResetAnswer"'),
        (
            f"ChargePointService.Reset: response action '/ResetResponse' in wsdl/{CP} line 687, "
            f"'/ResetAnswer' in DIR/wsdl/{CP} line 1010"
        ),
    ),
]


@pytest.mark.parametrize(("change", "message"), PUBLISHED)
def test_the_fact_changed_in_a_published_document_is_named(
    published: Path, edit: Edit, change: tuple[str, str, str], message: str, capsys: Capture
) -> None:
    file, old, new = change
    edit(published / file, old, new)
    assert main(["--from", str(published), "--check"]) == 1
    assert capsys.readouterr().err.splitlines()[0] == message.replace("DIR", str(published))


def test_an_untouched_copy_of_the_published_documents_is_no_difference(
    published: Path, capsys: Capture
) -> None:
    assert main(["--from", str(published), "--check"]) == 0
    assert capsys.readouterr().err == ""
