"""`valid` of payloads with anything anywhere agrees with the published schemas."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp16.apps.inspection import inspect_frame
from ocpp16.catalog import action_of
from ocpp16.structure import Request, Structure
from tests.strategies import MESSAGES, every_fault, full_payload
from tests.test_contracts import ROOT, file_of, validator

ODD = [
    "null", "true", "0", "-1", "1.0", "1.5", "1.50", "1.55", "1e3", "1e400", "9" * 30, '""',
    '"x"', f'"{"x" * 21}"', f'"{"x" * 600}"', "[]", "{}", "[null]", '["x"]', '{"x":1}',
    '"Accepted"', '"2026-01-01T00:00:00Z"', '"2026-01-01T00:00:00"',
    '"9999-12-31T23:59:59-14:00"', '"2026-02-30T00:00:00Z"', '"2026-01-01t00:00:00.5+01:30"',
]  # fmt: skip


def frame_of(cls: type[Structure], payload: str) -> tuple[str, str]:
    action = action_of(cls).name
    if issubclass(cls, Request):
        return f'[2,"1","{action}",{payload}]', action
    return f'[3,"1",{payload}]', action


def passes(folder: Path, cls: type[Structure], payload: str) -> bool:
    # jsonschema knows a whole float where draft-06 wants an integer, but no whole Decimal.
    def number(text: str) -> object:
        exact = Decimal(text)
        is_whole = exact == exact.to_integral_value()
        return float(min(exact, Decimal("1e20"))) if is_whole else exact

    instance = json.loads(payload, parse_float=number, parse_int=lambda text: int(text[:20]))
    return not list(validator(folder, file_of(cls)).iter_errors(instance))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for key, member in value.items():
            found += places(member, (*path, key))
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += places(item, (*path, index))
    return found


def put(payload: Any, path: tuple[Any, ...], mark: str) -> Any:
    if not path:
        return mark
    changed = copy.deepcopy(payload)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = mark
    return changed


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[type[Structure], str]:
    cls = draw(st.sampled_from(MESSAGES))
    payload = full_payload(cls.SPEC)
    path = draw(st.sampled_from(places(payload)))
    text = json.dumps(put(payload, path, "@@"))
    return cls, text.replace('"@@"', draw(st.sampled_from(ODD)))


@given(spoilt())
def test_anything_anywhere(case: tuple[type[Structure], str]) -> None:
    cls, payload = case
    frame, action = frame_of(cls, payload)
    # J 4.2.1 lets null stand for an empty payload; the schemas do not know of it.
    expected = passes(ROOT / "wsdl", cls, "{}" if payload == "null" else payload)
    assert inspect_frame(frame, action).valid is expected, payload


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda cls: cls.__name__)
def test_each_single_fault(cls: type[Structure]) -> None:
    for broken in every_fault(cls):
        payload = broken.text.decode()
        frame, action = frame_of(cls, payload)
        expected = passes(ROOT / "wsdl", cls, "{}" if payload == "null" else payload)
        assert inspect_frame(frame, action).valid is expected, payload
