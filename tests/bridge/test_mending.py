"""What leniency let in, made fit to be sent on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocpp16 import messages as m
from ocpp16.bindings.ocppj import codec
from ocpp16.bridge.mending import Unmendable, mend
from ocpp16.catalog import ACTIONS
from ocpp16.errors import ErrorCode
from ocpp16.settings import Leniency
from ocpp16.structure import Structure, deviations
from tests.bridge.rule import rule
from tests.strategies import full_payload

ALL = frozenset(Leniency)
TIME = "2026-01-01T12:00:00Z"


def read(cls: type[Any], payload: dict[str, Any]) -> Any:
    return codec.decode(cls, json.dumps(payload).encode(), ALL)


def mended(cls: type[Any], payload: dict[str, Any]) -> tuple[Any, tuple[str, ...]]:
    """Return the payload after mending, and the changes; it must be fit to be sent."""
    message, changes = mend(read(cls, payload))
    assert deviations(message) == ()
    return json.loads(codec.encode(message)), changes


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda each: each.name)
def test_a_message_without_fault_stays_as_it_is(action: Any) -> None:
    for cls in (action.request, action.response):
        message = read(cls, full_payload(cls.SPEC))
        assert mend(message) == (message, ())
        assert mend(message)[0] is message


def test_a_text_that_is_too_long_is_cut() -> None:
    payload = {"vendorId": "V", "messageId": "m" * 51}
    expected = {"vendorId": "V", "messageId": "m" * 50}
    assert mended(m.DataTransferRequest, payload) == (
        expected,
        ("/messageId: 51 characters are cut to 50",),
    )


def test_an_identifier_is_never_cut() -> None:
    with pytest.raises(Unmendable) as caught:
        mend(read(m.AuthorizeRequest, {"idTag": "t" * 21}))
    assert caught.value.fault.code is ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
    assert caught.value.fault.path == "/idTag"
    stop = {"transactionId": 7, "meterStop": 1, "timestamp": TIME, "idTag": "t" * 21}
    payload, changes = mended(m.StopTransactionRequest, stop)
    assert "idTag" not in payload
    assert changes == ("/idTag: an identifier of 21 characters is left out",)
    info = {"idTagInfo": {"status": "Accepted", "parentIdTag": "p" * 30}}
    assert mended(m.AuthorizeResponse, info)[0] == {"idTagInfo": {"status": "Accepted"}}


def test_an_unknown_value_is_left_out_where_it_is_optional() -> None:
    stop = {"transactionId": 7, "meterStop": 1, "timestamp": TIME, "reason": "Bored"}
    payload, changes = mended(m.StopTransactionRequest, stop)
    assert "reason" not in payload
    assert changes == ("/reason: an unknown value is left out",)


def test_an_unknown_value_that_is_required_cannot_cross() -> None:
    payload = {"connectorId": 1, "errorCode": "NoError", "status": "Dozing"}
    with pytest.raises(Unmendable, match="'Dozing' is not a value"):
        mend(read(m.StatusNotificationRequest, payload))


def test_an_unknown_error_code_is_other_error_and_keeps_its_text() -> None:
    payload = {"connectorId": 1, "errorCode": "Smoke", "status": "Faulted"}
    got, changes = mended(m.StatusNotificationRequest, payload)
    assert got == payload | {"errorCode": "OtherError", "vendorErrorCode": "Smoke"}
    assert changes == (
        "/errorCode: an unknown errorCode is OtherError",
        "/vendorErrorCode: holds the unknown errorCode",
    )
    got, _ = mended(m.StatusNotificationRequest, payload | {"vendorErrorCode": "E5"})
    assert got["vendorErrorCode"] == "E5"


def values(*sampled: dict[str, Any]) -> dict[str, Any]:
    return {"connectorId": 1, "meterValue": [{"timestamp": TIME, "sampledValue": list(sampled)}]}


@pytest.mark.parametrize("field", ["measurand", "unit", "phase", "location", "format"])
def test_a_sampled_value_of_unknown_meaning_is_left_out_whole(field: str) -> None:
    payload, changes = mended(
        m.MeterValuesRequest, values({"value": "1"}, {"value": "2", field: "Odd"})
    )
    assert payload == values({"value": "1"})
    assert changes == (
        f"/meterValue/0/sampledValue/1: a sampled value with an unknown {field} is left out",
    )


def test_an_unknown_context_is_left_out_alone() -> None:
    payload, _ = mended(m.MeterValuesRequest, values({"value": "1", "context": "Odd"}))
    assert payload == values({"value": "1"})


@rule("An empty `sampledValue` list is left out with an event.")
@pytest.mark.parametrize("sampled", [{"value": None}, {"value": "1", "measurand": "Odd"}])
def test_a_meter_value_without_sampled_values_is_left_out(sampled: dict[str, Any]) -> None:
    payload, changes = mended(m.MeterValuesRequest, values(sampled))
    assert payload == {"connectorId": 1, "meterValue": []}
    assert changes[-1] == "/meterValue/0: a meter value without sampled values is left out"


@rule("An empty `sampledValue` list is left out with an event.")
def test_one_that_was_empty_from_the_start_is_left_out_as_well() -> None:
    message = codec.decode(m.MeterValuesRequest, json.dumps(values()).encode())
    assert mend(message)[0].meter_value == ()
    stop = {"transactionId": 7, "meterStop": 1, "timestamp": TIME}
    data = {"transactionData": values()["meterValue"]}
    other = codec.decode(m.StopTransactionRequest, json.dumps(stop | data).encode())
    assert mend(other)[0].transaction_data == ()


def test_what_a_reader_dropped_is_listed_too() -> None:
    payload, changes = mended(m.HeartbeatRequest, {"extra": 1})
    assert payload == {}
    assert changes == ("/extra: 'extra' is not a field of HeartbeatRequest",)


def test_what_a_reader_repaired_needs_no_word() -> None:
    payload, changes = mended(
        m.StopTransactionRequest,
        {"transactionId": "7", "meterStop": 1, "timestamp": "2026-01-01T12:00", "idTag": None},
    )
    assert payload == {"transactionId": 7, "meterStop": 1, "timestamp": TIME}
    assert changes == ()


def test_a_mended_message_is_one_that_was_checked() -> None:
    message, _ = mend(read(m.DataTransferRequest, {"vendorId": "V" * 300}))
    assert isinstance(message, Structure)
    message.check()
