"""What is wrong before a document is understood: JSON that is none, files too few or too many."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.readers import read_documents
from codegen.readers.errors import ContractError
from codegen.readers.json_schema import read_json_schema

# (bytes of the file, the error message)
BROKEN_TEXT = [
    (b'{\n"type": "object"\n"id"}', "line 3: found broken JSON"),
    (b"", "line 1: found broken JSON (Expecting value); expected a JSON document"),
    (b'{"a": 1} x', "line 1: found broken JSON (Extra data); expected a JSON document"),
    (
        b'{"a":\n"\xff"}',
        "line 2: found bytes that are not UTF-8; expected a JSON document in UTF-8",
    ),
    (b'{"a": NaN}', ": found broken JSON (NaN is not JSON); expected a JSON document"),
    (b'{"type": 1, "type": 2}', "$: found the key 'type' twice; expected each key once"),
    (b"[1]", "$: found [1]; expected an object"),
    (b"[" * 200_000, ": found arrays or objects nested without end; expected a JSON Schema"),
    (b"1" * 5000, ": found broken JSON (Exceeds the limit"),
]


@pytest.mark.parametrize(("data", "message"), BROKEN_TEXT)
def test_broken_json_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "Reset.json"
    path.write_bytes(data)
    with pytest.raises(ContractError) as caught:
        read_json_schema(path, "json", "Reset.json")
    separator = "" if message.startswith(":") else " "
    assert str(caught.value).startswith(f"Reset.json{separator}{message}")


def test_missing_documents_are_refused(copied: Path) -> None:
    expected = {
        "json/Reset.json": (
            f"{copied}/json/Reset.json: found no such file; "
            "expected one, to go with ResetResponse.json"
        ),
        "OCPP_ChargePointService_1.6.wsdl": (
            f"{copied}: found no WSDL of ChargePointService; expected one *.wsdl file with it"
        ),
    }
    for name, message in expected.items():
        text = (copied / name).read_text(encoding="utf-8")
        (copied / name).unlink()
        with pytest.raises(ContractError) as caught:
            read_documents(copied)
        assert str(caught.value) == message
        (copied / name).write_text(text, encoding="utf-8")


def test_missing_folders_are_refused(copied: Path) -> None:
    (copied / "json-security").rename(copied / "other")
    with pytest.raises(ContractError) as caught:
        read_documents(copied)
    assert str(caught.value) == (
        f"{copied}/json-security: found no *.json file; expected the JSON schemas"
    )
    with pytest.raises(ContractError) as caught:
        read_documents(copied / "none")
    assert str(caught.value) == (
        f"{copied}/none: found no such folder; expected a folder of contract documents"
    )


def test_a_second_wsdl_of_one_service_is_refused(copied: Path) -> None:
    first = copied / "OCPP_CentralSystemService_1.6.wsdl"
    (copied / "Z.wsdl").write_bytes(first.read_bytes())
    with pytest.raises(ContractError) as caught:
        read_documents(copied)
    assert str(caught.value) == (
        f"{copied}/Z.wsdl line 3: found a second WSDL of CentralSystemService; "
        f"expected one (the first is {first})"
    )


def test_a_foreign_schema_among_ours_is_refused(copied: Path) -> None:
    (copied / "json/NotifyReport.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        read_documents(copied)
    assert str(caught.value) == (
        f"{copied}/json/NotifyReportResponse.json: found no such file; "
        "expected one, to go with NotifyReport.json"
    )


def test_a_schema_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError) as caught:
        read_json_schema(tmp_path / "Reset.json", "json", "Reset.json")
    assert str(caught.value) == (
        "Reset.json: found no readable file (No such file or directory); expected a JSON schema"
    )
