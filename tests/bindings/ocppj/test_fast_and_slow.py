"""The fast path takes nothing that the slow path refuses, and reads the same from all it takes.

The slow path alone decides by the spec; every difference is an error of the fast one, or of the
doubts in `fast`, which reason about texts instead of reading them.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocpp16 import messages
from ocpp16.bindings.ocppj import codec
from ocpp16.errors import ConstraintError, InvalidMessage
from ocpp16.settings import STRICT, Leniency
from ocpp16.structure import Structure, deviations
from tests.bindings.ocppj.spelling import spellings
from tests.strategies import MESSAGES, any_message, every_fault, full_payload

LENIENCIES = [STRICT, frozenset(Leniency)]


def outcome(
    read: Any, cls: type[Structure], payload: bytes, leniency: frozenset[Leniency] = STRICT
) -> object:
    try:
        message = read(cls, payload, leniency)
    except ConstraintError as error:
        return error.path, error.kind, error.reason
    # The repr tells -0.0 from 0.0, and a stand-in from a member.
    return message, repr(message), deviations(message)


def assert_same(cls: type[Structure], payload: bytes) -> None:
    for leniency in LENIENCIES:
        fast = outcome(codec.decode, cls, payload, leniency)
        assert fast == outcome(codec.decode_slowly, cls, payload, leniency), payload


def is_json(payload: bytes) -> bool:
    """Tell whether framing would let a text through."""
    try:
        msgspec.json.decode(payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return True


@given(any_message(), st.data())
def test_any_spelling_of_any_message(message: Structure, data: Any) -> None:
    payload = spellings(data, codec.encode(message))
    if is_json(payload):
        assert_same(type(message), payload)


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda cls: cls.__name__)
def test_any_spelling_of_a_full_payload(cls: type[Structure]) -> None:
    plain = json.dumps(full_payload(cls.SPEC)).encode()

    @given(st.data())
    def check(data: Any) -> None:
        payload = spellings(data, plain)
        if is_json(payload):
            assert_same(cls, payload)

    check()


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda cls: cls.__name__)
def test_every_fault_has_one_description(cls: type[Structure]) -> None:
    for broken in every_fault(cls):
        assert_same(cls, broken.text)
        assert_same(cls, broken.text.replace(b": ", b":").replace(b", ", b","))


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda cls: cls.__name__)
def test_what_was_tolerated_leaves_no_trace_on_the_wire(cls: type[Structure]) -> None:
    for broken in every_fault(cls):
        try:
            message = codec.decode(cls, broken.text, frozenset(Leniency))
            written = codec.encode(message)
        except (ConstraintError, InvalidMessage):
            continue
        again = codec.decode(cls, written)
        assert again == message, broken
        assert not deviations(again)


DISGUISES = [
    b'"idTag":"a"',
    b'"idTag" :"a"',
    b'"idTag"\n:"abcdefghijkl"',
    b'"\\u0069dTag":"a"',
    b'"idTag":"\\":"',
    b'"idTag":":"',
    b'"idTag":"\\u0022:"',
    b'"idTag":"a\\u003a"',
    b'"x":1',
]


@given(st.lists(st.sampled_from(DISGUISES), max_size=3))
def test_repeated_keys_in_every_disguise(members: list[bytes]) -> None:
    assert_same(messages.AuthorizeRequest, b"{" + b",".join(members) + b"}")


METER = b'{"timestamp":"%s","sampledValue":[{"value":"1","unit":"Celcius"%s}]}'


@pytest.mark.parametrize(
    ("stamp", "more"),
    [
        (b"2024-01-01T00:00:00.1Z", b',"value":"1"'),
        (b"2024-01-01 00:00:00Z", b""),
        (b"2024-01-01T00:00:00+0000", b',"phase":"L1"'),
        (b"2024-01-01T00:00:00Z", b',"unit":"Celsius"'),
        (b"2024-01-01T00:00:00Z", b',"unit":"Celcius"'),
        (b"2024-01-01T00:00:00Z", b',"location":"\\"unit\\":\\"Celcius\\""'),
    ],
)
def test_one_meter_value(stamp: bytes, more: bytes) -> None:
    payload = b'{"meterValue":[' + METER % (stamp, more) + b'],"connectorId":1}'
    assert_same(messages.MeterValuesRequest, payload)


def test_what_makes_a_text_longer_hides_no_repeat() -> None:
    stamps = (b"2024-01-01T00:00:00%s" % fraction for fraction in (b".1Z", b".1Z", b".1234Z"))
    first, *rest = (METER % (stamp, b"") for stamp in stamps)
    repeated = first.replace(b'"unit"', b'"value":"2","unit"')
    values = b",".join((repeated, *rest))
    meter_values = b'{"connectorId":1,"meterValue":[' + values + b"]}"
    periods = b",".join(
        [b'{"startPeriod":0,"limit":6,"limit":6}'] + [b'{"startPeriod":0,"limit":6}'] * 4
    )
    profile = b'{"status":"Accepted","chargingSchedule":{"chargingRateUnit":"A",'
    profile += b'"chargingSchedulePeriod":[' + periods + b"]}}"
    escaped = b'{"vendorId":"v","data":"%s","data":"%s"}' % ((b"\\u0022" * 4,) * 2)
    for cls, payload in (
        (messages.MeterValuesRequest, meter_values),
        (messages.GetCompositeScheduleResponse, profile),
        (messages.DataTransferRequest, escaped),
    ):
        assert_same(cls, payload)
        with pytest.raises(ConstraintError, match="stands there twice"):
            codec.decode(cls, payload)


@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: json.dumps(text).encode()))
@example(b'"\xff"')
@example(b'"\\ud800"')
@example(b'"a\tb"')
@example(b'"a\x00"')
@example(b'"\x7f"')
@example("\u2028".encode())
def test_any_text_in_a_field(text: bytes) -> None:
    payload = b'{"vendorId":"v","data":' + text + b"}"
    if is_json(payload):
        assert_same(messages.DataTransferRequest, payload)


@given(
    st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,3})?", fullmatch=True)
)
@example("1e3")
@example("-0.0")
@example("1.7000000000000002")
@example("170000000000000002e-17")
def test_any_number_where_an_integer_or_tenths_are_due(number: str) -> None:
    schedule = '{"chargingRateUnit":"A","chargingSchedulePeriod":[{"startPeriod":%s,"limit":%s}]}'
    for start, limit in ((number, "1.5"), ("0", number)):
        text = '{"status":"Accepted","chargingSchedule":' + schedule % (start, limit) + "}"
        assert_same(messages.GetCompositeScheduleResponse, text.encode())
