"""Messages as lines and as JSON: what is shown, escaped, hidden."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given

from ocpp16 import enums, messages
from ocpp16.apps.summary import payload_of, summarise
from ocpp16.datatypes import (
    AuthorizationData,
    ChargingSchedulePeriod,
    IdTagInfo,
    KeyValue,
    MeterValue,
    SampledValue,
)
from ocpp16.structure import Structure
from tests.apps.doubles import ACCEPTED, FAMILY, NOON
from tests.strategies import any_message

KEY = "00112233445566778899"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (messages.HeartbeatRequest(), ""),
        (messages.HeartbeatResponse(current_time=NOON), "currentTime=2026-01-01T12:00:00Z"),
        (
            messages.StatusNotificationRequest(
                connector_id=1,
                error_code=enums.ChargePointErrorCode.NO_ERROR,
                status=enums.ChargePointStatus.CHARGING,
                timestamp=NOON,
            ),
            "connectorId=1 Charging",
        ),
        (
            messages.StatusNotificationRequest(
                connector_id=1,
                error_code=enums.ChargePointErrorCode.OVER_VOLTAGE,
                status=enums.ChargePointStatus.FAULTED,
                info="it hums",
            ),
            'connectorId=1 errorCode=OverVoltage info="it hums" Faulted',
        ),
        (
            messages.StartTransactionResponse(transaction_id=7, id_tag_info=FAMILY),
            "Accepted(FAMILY) transactionId=7",
        ),
        (
            messages.MeterValuesRequest(
                connector_id=1,
                transaction_id=7,
                meter_value=(
                    MeterValue(
                        timestamp=NOON,
                        sampled_value=(
                            SampledValue(value="5", unit=enums.UnitOfMeasure.WH),
                            SampledValue(value="6"),
                        ),
                    ),
                ),
            ),
            "connectorId=1 [5Wh+6] transactionId=7",
        ),
        (
            messages.SendLocalListRequest(
                list_version=1,
                update_type=enums.UpdateType.DIFFERENTIAL,
                local_authorization_list=(
                    AuthorizationData(id_tag="A", id_tag_info=ACCEPTED),
                    AuthorizationData(id_tag="B"),
                ),
            ),
            "listVersion=1 localAuthorizationList=[A:Accepted, B:removed] updateType=Differential",
        ),
        (
            messages.GetConfigurationResponse(
                configuration_key=tuple(
                    KeyValue(key=f"K{n}", readonly=True, value=str(n)) for n in range(5)
                )
            ),
            "configurationKey=[K0=0, K1=1, K2=2, and 2 more]",
        ),
    ],
)
def test_a_message_as_a_line(message: Structure, text: str) -> None:
    assert summarise(message) == text


def test_periods_of_a_schedule() -> None:
    period = ChargingSchedulePeriod(start_period=60, limit=6.5)
    assert summarise(period) == "startPeriod=60 limit=6.5"


def test_control_characters_are_escaped_and_lines_cut() -> None:
    nasty = "a\x1b[31m\nb\u202ec"
    line = summarise(messages.AuthorizeRequest(id_tag=nasty))
    assert line == "idTag=a\\x1b[31m\\nb\\u202ec"
    long = summarise(messages.DataTransferRequest(vendor_id="v", data="x" * 1000), 50)
    assert len(long) == 50
    assert long.endswith("x...")


@pytest.mark.parametrize("name", ["AuthorizationKey", "authorizationkey"])
def test_keys_are_hidden(name: str) -> None:
    change = messages.ChangeConfigurationRequest(key=name, value=KEY)
    told = messages.GetConfigurationResponse(
        configuration_key=(KeyValue(key=name, readonly=False, value=KEY),)
    )
    for message in (change, told):
        for shown in (summarise(message), json.dumps(payload_of(message))):
            assert KEY not in shown
            assert "(hidden)" in shown


def test_passwords_in_locations_are_hidden() -> None:
    where = "ftp://user:secret@example.com/x"
    for message in (
        messages.GetDiagnosticsRequest(location=where),
        messages.UpdateFirmwareRequest(location=where, retrieve_date=NOON),
    ):
        assert payload_of(message)["location"] == "ftp://example.com/x"
        assert "secret" not in summarise(message)


@given(any_message())
def test_every_message_has_a_line_and_an_object(message: Structure) -> None:
    line = summarise(message)
    assert line.isprintable()
    assert len(line) <= 200
    _same(json.loads(json.dumps(payload_of(message))), message)


def _same(shown: Any, message: Structure) -> None:
    """Check that the object has just the fields of the message."""
    present = {
        field.wire: getattr(message, field.name)
        for field in type(message).SPEC.fields
        if getattr(message, field.name) is not None
    }
    assert set(shown) == set(present)
    for name, value in present.items():
        if isinstance(value, bool | int) and not isinstance(value, datetime):
            assert shown[name] == value


def test_an_id_tag_info_with_its_group() -> None:
    info = IdTagInfo(status=enums.AuthorizationStatus.EXPIRED, parent_id_tag="P")
    assert summarise(messages.AuthorizeResponse(id_tag_info=info)) == "Expired(P)"
