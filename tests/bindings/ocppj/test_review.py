"""The second reading says what the slow path says, however many faults there are, and wherever."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp16 import messages
from ocpp16.bindings.ocppj import codec
from ocpp16.bindings.ocppj.text import nests_deeper, parse_plain
from ocpp16.errors import ConstraintError, ConstraintKind
from ocpp16.settings import Leniency
from ocpp16.spec import TypeSpec
from ocpp16.structure import Structure
from tests.bindings.ocppj.test_fast_and_slow import assert_same
from tests.strategies import MESSAGES, every_fault, faults, full_payload, written


def has_list(spec: TypeSpec) -> bool:
    """Tell whether objects stand in a list somewhere in a type."""
    return any(
        issubclass(field.cls, Structure) and (field.many or has_list(field.cls.SPEC))
        for field in spec.fields
        if field.cls is not None
    )


WITH_LISTS = [cls for cls in MESSAGES if has_list(cls.SPEC)]


@cache
def broken_texts(spec: TypeSpec) -> list[str]:
    return [written(broken) for *_, broken in faults(spec, full_payload(spec), "")]


class Writer:
    """Writes a payload whose lists hold good and bad items in any number and order."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def object(self, spec: TypeSpec, *, may_be_bad: bool = True) -> str:
        if may_be_bad and self._data.draw(st.integers(0, 5)) == 5:
            return str(self._data.draw(st.sampled_from(broken_texts(spec))))
        full = full_payload(spec)
        members = []
        for field in self._data.draw(st.permutations(spec.fields)):
            value = json.dumps(full[field.wire])
            if field.cls is not None and issubclass(field.cls, Structure):
                value = self.value(field.cls.SPEC, many=field.many)
            members.append(f'"{field.wire}":{value}')
        return f"{{{','.join(members)}}}"

    def value(self, spec: TypeSpec, *, many: bool) -> str:
        if not many:
            return self.object(spec)
        count = self._data.draw(st.integers(0, 5))
        return f"[{','.join(self.object(spec) for _ in range(count))}]"


@pytest.mark.parametrize("cls", WITH_LISTS, ids=lambda cls: cls.__name__)
def test_lists_of_good_and_bad_items(cls: type[Structure]) -> None:
    @given(st.data())
    def check(data: Any) -> None:
        assert_same(cls, Writer(data).object(cls.SPEC, may_be_bad=False).encode())

    check()


@pytest.mark.parametrize("cls", WITH_LISTS, ids=lambda cls: cls.__name__)
def test_every_fault_after_items_without_fault(cls: type[Structure]) -> None:
    def longer(text: str, spec: TypeSpec) -> str:
        for field in spec.fields:
            if field.cls is None or not issubclass(field.cls, Structure):
                continue
            text = longer(text, field.cls.SPEC)
            if field.many:
                good = json.dumps(full_payload(field.cls.SPEC))
                text = text.replace(f'"{field.wire}": [', f'"{field.wire}": [{good}, {good}, ')
        return text

    for broken in every_fault(cls):
        assert_same(cls, longer(broken.text.decode(), cls.SPEC).encode())


def test_what_a_peer_writes_is_not_taken_for_the_place_of_a_fault() -> None:
    item = '{"value":"1"%s}'
    for name in ("x` - at `$.meterValue[9].sampledValue[9]", "` - at `$[7]"):
        items = ",".join((item % "", item % "", item % f',"{name}":1', item % ""))
        text = '{"connectorId":1,"meterValue":[{"timestamp":"2024-01-01T00:00:00Z",'
        assert_same(messages.MeterValuesRequest, f'{text}"sampledValue":[{items}]}}]}}'.encode())


def nested(depth: int) -> bytes:
    """Return a payload that nests so deep, in a field that OCPP does not have."""
    lists = b"[" * (depth - 1) + b"]" * (depth - 1)
    return b'{"connectorId":"x","more":' + lists + b"}"


def test_nesting_is_counted_where_it_is_plain_and_where_it_is_not() -> None:
    for depth in (2, 64, 65, 66):
        assert nests_deeper(parse_plain(nested(depth)), 64) is (depth > 64)
        for payload in (nested(depth), nested(depth).replace(b"more", rb"\u006dore")):
            assert_same(messages.MeterValuesRequest, payload)
            with pytest.raises(ConstraintError) as refused:
                codec.decode(messages.MeterValuesRequest, payload, frozenset(Leniency))
            assert (refused.value.kind is ConstraintKind.SHAPE) is (depth > 64)
    wide = b'{"more":[' + b",".join([b"{}"] * 99) + b"]}"
    assert not nests_deeper(parse_plain(wide), 64)
    assert not nests_deeper(parse_plain(b"7"), 64)


@pytest.mark.parametrize(
    "text", [rb'"\n"', b'{"a":1,"a":2}', b'[{"a":{"b":"","b":""}}]', b"[1e99999999999999999999]"]
)
def test_what_is_not_plain_is_left_to_the_careful_reader(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"stands twice|InvalidOperation"):
        parse_plain(text)
