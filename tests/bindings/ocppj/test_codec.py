"""OCPP-J codec: the fast path and the slow path give one answer, and it is the right one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocpp16 import datatypes, enums, messages
from ocpp16.bindings.ocppj import codec
from ocpp16.errors import ConstraintError, ConstraintKind, ErrorCode, InvalidMessage
from ocpp16.settings import STRICT, Leniency
from ocpp16.structure import Structure, deviations
from tests.strategies import MESSAGES, Broken, any_message, every_fault, full_payload
from tests.strategies import messages as messages_of

EVERYTHING = frozenset(Leniency)


def outcome(read: Any, cls: type[Structure], payload: bytes, leniency: Any = STRICT) -> Any:
    try:
        return read(cls, payload, leniency)
    except ConstraintError as error:
        return (error.path, error.kind)


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda cls: cls.__name__)
def test_a_full_payload_is_read_and_written_back(cls: type[Structure]) -> None:
    payload = full_payload(cls.SPEC)
    message = codec.decode(cls, json.dumps(payload).encode())
    assert type(message) is cls
    written = json.loads(codec.encode(message))
    assert instants(written) == instants(payload)
    assert codec.decode_slowly(cls, json.dumps(payload).encode()) == message


def instants(value: Any) -> Any:
    """Replace timestamps, which may be written with more zeros, by instants."""
    if isinstance(value, dict):
        return {name: instants(member) for name, member in value.items()}
    if isinstance(value, list):
        return [instants(item) for item in value]
    if isinstance(value, str) and value.endswith("Z") and "T" in value:
        return datetime.fromisoformat(value)
    return value


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda cls: cls.__name__)
def test_one_fault_gives_its_code_and_its_path(cls: type[Structure]) -> None:
    count = 0
    for broken in every_fault(cls):
        with pytest.raises(ConstraintError) as raised:
            codec.decode(cls, broken.text)
        found = (raised.value.path, raised.value.kind.code.value)
        assert found == (broken.path, broken.code), (broken.fault, broken.text[:300])
        count += 1
    assert count >= 5


@given(any_message())
def test_object_to_json_to_object_is_the_identity(message: Structure) -> None:
    payload = codec.encode(message)
    again = codec.decode(type(message), payload)
    assert again == message
    assert type(again) is type(message)
    assert hash(again) == hash(message)
    assert deviations(again) == ()
    assert codec.decode_slowly(type(message), payload) == message


@given(any_message(), st.data())
def test_fast_and_slow_path_agree_on_mutated_payloads(message: Structure, data: Any) -> None:
    payload = bytearray(codec.encode(message))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(payload) - 1))
        payload[place : place + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from(
                [b"", b" ", b'"', b"0", b"1", b":", b",", b"null", b"T", b"-", b"+", b"e"]
            )
        )
    text = bytes(payload)
    try:
        json.loads(text)
    except ValueError:
        return  # Framing lets nothing through that is not JSON.
    assert outcome(codec.decode, type(message), text) == outcome(
        codec.decode_slowly, type(message), text
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-01T00:00:00Z", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-01-01t00:00:00z", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-01-01T02:00:00+02:00", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2023-12-31T18:30:00-05:30", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-01-01T00:00:00-00:00", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-01-01T00:00:00.1Z", datetime(2024, 1, 1, 0, 0, 0, 100_000, tzinfo=UTC)),
        ("2024-01-01T00:00:00.123456789Z", datetime(2024, 1, 1, 0, 0, 0, 123_457, tzinfo=UTC)),
        ("2024-01-01T00:00:00.9999999Z", datetime(2024, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_any_offset_and_any_fraction_is_read(text: str, expected: datetime) -> None:
    payload = f'{{"currentTime":"{text}"}}'.encode()
    for read in (codec.decode, codec.decode_slowly):
        message = read(messages.HeartbeatResponse, payload)
        assert message.current_time == expected
        assert message.current_time.tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["10", "10.0", "1.10e1", "100e-1", "11.000000000000000000000", "-0"]
)
def test_one_decimal_is_judged_by_value(text: str) -> None:
    payload = f'{{"startPeriod":0,"limit":{text}}}'
    profile = full_payload(messages.SetChargingProfileRequest.SPEC)
    schedule = profile["csChargingProfiles"]["chargingSchedule"]
    schedule["chargingSchedulePeriod"] = ["PERIOD"]
    raw = json.dumps(profile).replace('"PERIOD"', payload).encode()
    message = codec.decode(messages.SetChargingProfileRequest, raw)
    period = message.cs_charging_profiles.charging_schedule.charging_schedule_period[0]
    assert period.limit == float(text)


@pytest.mark.parametrize(
    "text", ["1.00000000000000001", "10.05", "1e-2", "1e400", "9e15", "1e-400", "1E-330"]
)
def test_more_than_one_decimal_is_refused_however_many_digits(text: str) -> None:
    raw = json.dumps(full_payload(messages.GetCompositeScheduleResponse.SPEC))
    raw = raw.replace('"minChargingRate": 6.5', f'"minChargingRate": {text}')
    with pytest.raises(ConstraintError) as raised:
        codec.decode(messages.GetCompositeScheduleResponse, raw.encode())
    assert raised.value.path == "/chargingSchedule/minChargingRate"
    assert raised.value.kind.code is ErrorCode.PROPERTY_CONSTRAINT_VIOLATION


@pytest.mark.parametrize(
    "payload",
    [
        b'{"idTag":"a","idTag":"a"}',
        b'{"idTag":"a","idTag":"b"}',
        b'{"idTag" :"a","idTag":"a"}',
        b'{"idTag":"a","idTag" :"a"}',
        b'{"idTag"\n:"a","idTag"\t:"a"}',
        b'{"idTag":"a","\\u0069dTag":"a"}',
        b'{"idTag":1,"idTag":"a"}',
    ],
)
def test_repeated_keys_are_refused(payload: bytes) -> None:
    for read in (codec.decode, codec.decode_slowly):
        with pytest.raises(ConstraintError) as raised:
            read(messages.AuthorizeRequest, payload)
        assert (raised.value.path, raised.value.kind) == ("/idTag", ConstraintKind.REPEATED_FIELD)


@pytest.mark.parametrize("text", [":", ' ":', '":', '\\":', "a : b", '" :', '":":', "\\"])
def test_text_that_looks_like_a_key_is_text(text: str) -> None:
    payload = json.dumps({"vendorId": text, "data": text}).encode()
    message = codec.decode(messages.DataTransferRequest, payload)
    assert message == messages.DataTransferRequest(vendor_id=text, data=text)


def test_null_stands_for_an_empty_payload() -> None:
    assert codec.decode(messages.HeartbeatRequest, b"null") == messages.HeartbeatRequest()
    assert codec.encode(messages.HeartbeatRequest()) == b"{}"


def test_nesting_over_64_is_refused_without_a_crash() -> None:
    for depth in (65, 5_000, 60_000):
        payload = b'{"idTag":' + b"[" * depth + b"]" * depth + b"}"
        with pytest.raises(ConstraintError) as raised:
            codec.decode(messages.AuthorizeRequest, payload)
        assert (raised.value.path, raised.value.kind) == ("", ConstraintKind.SHAPE)


def test_celcius_is_read_in_both_spellings_and_written_as_charge_points_write_it() -> None:
    payload = (
        b'{"connectorId":1,"meterValue":[{"timestamp":"2024-01-01T00:00:00Z","sampledValue":'
        b'[{"value":"21","unit":"UNIT"}]}]}'
    )
    for spelling in (b"Celcius", b"Celsius"):
        text = payload.replace(b"UNIT", spelling)
        for read in (codec.decode, codec.decode_slowly):
            message = read(messages.MeterValuesRequest, text)
            value = message.meter_value[0].sampled_value[0]
            assert value.unit is enums.UnitOfMeasure.CELSIUS
        assert b'"unit":"Celcius"' in codec.encode(message)


# Leniency


def lenient(
    cls: type[Structure], payload: object, *kinds: Leniency
) -> tuple[Any, list[tuple[str, str]]]:
    message = codec.decode(cls, json.dumps(payload).encode(), frozenset(kinds))
    return message, [(found.kind, found.path) for found in deviations(message)]


def test_unknown_fields_are_dropped() -> None:
    message, found = lenient(
        messages.AuthorizeRequest, {"idTag": "a", "x/y": 1}, Leniency.UNKNOWN_FIELDS
    )
    assert message.id_tag == "a"
    assert found == [("unknown-fields", "/x~1y")]


def test_null_counts_as_absent() -> None:
    payload = {"vendorId": "v", "messageId": None}
    message, found = lenient(messages.DataTransferRequest, payload, Leniency.NULL_AS_ABSENT)
    assert message.message_id is None
    assert found == [("null-as-absent", "/messageId")]
    with pytest.raises(ConstraintError) as raised:
        lenient(messages.AuthorizeRequest, {"idTag": None}, Leniency.NULL_AS_ABSENT)
    assert (raised.value.path, raised.value.kind) == ("/idTag", ConstraintKind.REQUIRED)


@pytest.mark.parametrize(("wire", "value"), [("7", 7), ("-7", -7)])
def test_numbers_in_quotes(wire: str, value: int) -> None:
    payload = {"transactionId": wire}
    message, found = lenient(
        messages.RemoteStopTransactionRequest, payload, Leniency.NUMBER_STRINGS
    )
    assert message.transaction_id == value
    assert found == [("number-strings", "/transactionId")]


@pytest.mark.parametrize("wire", ["", "x", "1.0", "1e1", "0x1", "1_0", "\u0667", "9" * 30])
def test_text_that_is_no_number_stays_refused(wire: str) -> None:
    with pytest.raises(ConstraintError):
        lenient(
            messages.RemoteStopTransactionRequest, {"transactionId": wire}, Leniency.NUMBER_STRINGS
        )


def test_bare_numbers_where_text_is_due() -> None:
    payload = {
        "connectorId": 1,
        "meterValue": [
            {"timestamp": "2024-01-01T00:00:00Z", "sampledValue": [{"value": 0}, {"value": 1.50}]}
        ],
    }
    message, found = lenient(messages.MeterValuesRequest, payload, Leniency.NUMBER_STRINGS)
    assert [value.value for value in message.meter_value[0].sampled_value] == ["0", "1.5"]
    assert [kind for kind, _ in found] == ["number-strings", "number-strings"]


def test_over_length_is_kept_whole() -> None:
    message, found = lenient(messages.AuthorizeRequest, {"idTag": "x" * 30}, Leniency.OVER_LENGTH)
    assert message.id_tag == "x" * 30
    assert found == [("over-length", "/idTag")]


@pytest.mark.parametrize(
    "text", ["2024-01-01T00:00:00", "2024-01-01T00:00Z", "2024-01-01T01:00:00+01", "2024-01-01"]
)
def test_naive_timestamps_are_taken_as_utc(text: str) -> None:
    message, found = lenient(
        messages.HeartbeatResponse, {"currentTime": text}, Leniency.NAIVE_TIMESTAMPS
    )
    assert message.current_time == datetime(2024, 1, 1, tzinfo=UTC)
    assert message.current_time.tzinfo is UTC
    assert found == [("naive-timestamps", "/currentTime")]


def test_an_unknown_enumeration_value_is_kept_as_its_text() -> None:
    payload = {"connectorId": 1, "errorCode": "Error", "status": "Available"}
    message, found = lenient(messages.StatusNotificationRequest, payload, Leniency.UNKNOWN_ENUM)
    assert message.error_code == "Error"
    assert isinstance(message.error_code, enums.ChargePointErrorCode)
    assert not message.error_code.is_recognised
    assert found == [("unknown-enum", "/errorCode")]


def test_a_bad_sampled_value_is_dropped_and_the_rest_kept() -> None:
    good = {"value": "1", "unit": "Wh"}
    payload = {
        "connectorId": 1,
        "meterValue": [
            {
                "timestamp": "2024-01-01T00:00:00Z",
                "sampledValue": [good, {"value": "50", "unit": "Hertz"}, good],
            }
        ],
    }
    message, found = lenient(messages.MeterValuesRequest, payload, Leniency.BAD_SAMPLED_VALUE)
    assert [value.value for value in message.meter_value[0].sampled_value] == ["1", "1"]
    assert found == [("bad-sampled-value", "/meterValue/0/sampledValue/1/unit")]


def test_what_was_tolerated_never_leaves_by_itself() -> None:
    message, _ = lenient(messages.AuthorizeRequest, {"idTag": "x" * 30}, Leniency.OVER_LENGTH)
    with pytest.raises(InvalidMessage) as raised:
        codec.encode(message)
    assert raised.value.path == "/idTag"
    payload = {
        "connectorId": 1,
        "meterValue": [
            {"timestamp": "2024-01-01T00:00:00Z", "sampledValue": [{"value": "1", "unit": "Hertz"}]}
        ],
    }
    message, _ = lenient(messages.MeterValuesRequest, payload, Leniency.UNKNOWN_ENUM)
    with pytest.raises(InvalidMessage) as raised:
        messages.MeterValuesRequest(connector_id=1, meter_value=message.meter_value)
    assert raised.value.path == "/meterValue/0/sampledValue/0/unit"
    with pytest.raises(InvalidMessage):
        attrs.evolve(message, connector_id=2)


def test_a_good_message_has_no_deviations_under_leniency() -> None:
    message, found = lenient(messages.AuthorizeRequest, {"idTag": "a"}, *EVERYTHING)
    assert found == []
    codec.encode(message)


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda cls: cls.__name__)
def test_leniency_never_raises_anything_else_and_never_lets_a_bad_message_out(
    cls: type[Structure],
) -> None:
    for broken in every_fault(cls):
        check_lenient(broken)


def check_lenient(broken: Broken) -> None:
    try:
        message = codec.decode(broken.cls, broken.text, EVERYTHING)
    except ConstraintError:
        return
    assert deviations(message), broken
    kept_whole = {Leniency.OVER_LENGTH, Leniency.UNKNOWN_ENUM}
    if kept_whole & {found.kind for found in deviations(message)}:
        with pytest.raises(InvalidMessage):
            codec.encode(message)
    else:
        codec.encode(message)


@pytest.mark.parametrize("text", [b"\xed\xa0\x80", b"\xff", b"\xc0\xbc"])
def test_what_is_not_utf8_is_not_json(text: bytes) -> None:
    with pytest.raises(ConstraintError) as raised:
        codec.decode(messages.AuthorizeRequest, b'{"idTag":"' + text + b'"}')
    assert (raised.value.path, raised.value.kind) == ("", ConstraintKind.SHAPE)
    assert "is not JSON ('utf-8' codec" in str(raised.value)


@given(st.sampled_from(MESSAGES), st.binary() | st.text().map(str.encode))
@example(messages.AuthorizeRequest, b"NaN")
@example(messages.AuthorizeRequest, b'{"idTag":-Infinity}')
def test_any_bytes_give_a_message_or_a_declared_error(cls: type[Structure], payload: bytes) -> None:
    for leniency in (STRICT, EVERYTHING):
        result = outcome(codec.decode, cls, payload, leniency)
        assert type(result) in {cls, tuple}


@given(st.data())
def test_a_message_may_hold_any_text_that_utf8_carries(data: Any) -> None:
    message = data.draw(messages_of(messages.DataTransferRequest))
    assert codec.decode(type(message), codec.encode(message)) == message


def test_an_empty_list_is_a_list() -> None:
    value = datatypes.MeterValue(timestamp=datetime(2024, 1, 1, tzinfo=UTC), sampled_value=[])
    message = messages.MeterValuesRequest(connector_id=0, meter_value=[value])
    assert codec.decode(type(message), codec.encode(message)) == message
