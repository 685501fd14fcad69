"""What we emit passes the published JSON schemas, and what they refuse we refuse."""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp16 import catalog
from ocpp16.bindings.ocppj import codec
from ocpp16.errors import ConstraintError
from ocpp16.structure import Structure
from tests.strategies import MESSAGES, every_fault, full_payload
from tests.strategies import messages as messages_of

ROOT = Path(__file__).parent.parent
RFC3339 = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-\d\d[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
    r"([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)


def file_of(cls: type[Structure]) -> str:
    action = catalog.action_of(cls)
    folder = "json-security" if action.profile == "security" else "json"
    suffix = "Response" if cls is action.response else ""
    return f"{folder}/{action.name}{suffix}.json"


def multiple_of(validator: Any, factor: Any, instance: Any, schema: Any) -> Any:
    """Judge `multipleOf` in decimal: in floating point a third of valid values is refused."""
    del schema
    if validator.is_type(instance, "number") and Decimal(str(instance)) % Decimal(str(factor)) != 0:
        yield jsonschema.ValidationError(f"{instance} is not a multiple of {factor}")


def is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    if not RFC3339.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value[:10])
    except ValueError:
        return False
    return True


@cache
def validator(folder: Path, file: str) -> Any:
    schema = json.loads((folder / file).read_text())
    base = jsonschema.validators.validator_for(schema)
    extend: Any = jsonschema.validators.extend
    cls = extend(base, {"multipleOf": multiple_of})
    checker = jsonschema.FormatChecker(())
    checker.checks("date-time")(is_date_time)
    return cls(schema, format_checker=checker)


def contracts() -> list[Path]:
    return [ROOT / "wsdl"]


def complaints(folder: Path, cls: type[Structure], payload: bytes) -> list[str]:
    instance = json.loads(payload, parse_float=Decimal)
    return [error.message for error in validator(folder, file_of(cls)).iter_errors(instance)]


@given(st.sampled_from(MESSAGES).flatmap(messages_of))
def test_what_we_emit_passes_our_rendering_of_the_schemas(message: Structure) -> None:
    assert complaints(ROOT / "wsdl", type(message), codec.encode(message)) == []


@given(st.data())
def test_what_we_emit_passes_the_official_schemas(official: Path, data: Any) -> None:
    message = data.draw(st.sampled_from(MESSAGES).flatmap(messages_of))
    assert complaints(official, type(message), codec.encode(message)) == []


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda cls: cls.__name__)
def test_what_the_schemas_refuse_we_refuse(official: Path, cls: type[Structure]) -> None:
    full = json.dumps(full_payload(cls.SPEC)).encode()
    assert complaints(official, cls, full) == []
    for broken in every_fault(cls):
        if _beyond_the_schemas(broken.fault, broken.text):
            continue
        assert complaints(official, cls, broken.text), broken
        with pytest.raises(ConstraintError):
            codec.decode(cls, broken.text)


def _beyond_the_schemas(fault: str, text: bytes) -> bool:
    """Tell whether only our rules forbid it: size of integers, repeated keys, whole floats."""
    return (
        fault in {"repeated field", "over 64 bits"}
        or (fault == "wrong type 1.0")
        or b"0001-01-01T00:00:00+01:00" in text
    )
