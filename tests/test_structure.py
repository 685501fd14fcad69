"""Messages as Python objects: checked when made, frozen, equal by value, readable."""

from __future__ import annotations

import copy
import pickle
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import given

from ocpp16 import datatypes, enums, messages
from ocpp16.bindings.ocppj import codec
from ocpp16.errors import ConstraintKind, InvalidMessage
from ocpp16.settings import Leniency
from ocpp16.structure import Structure, deviations, shorten
from tests.strategies import MESSAGES, any_message

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def boot(**changes: Any) -> messages.BootNotificationRequest:
    return messages.BootNotificationRequest(
        **{"charge_point_vendor": "Vendor", "charge_point_model": "Model", **changes}
    )


@given(any_message())
def test_a_message_can_be_copied_evolved_pickled_and_hashed(message: Structure) -> None:
    twins = [
        copy.copy(message),
        copy.deepcopy(message),
        attrs.evolve(message),  # type: ignore[misc]
        pickle.loads(pickle.dumps(message)),
    ]
    for twin in twins:
        assert twin == message
        assert hash(twin) == hash(message)
        assert deviations(twin) == ()


def make(cls: Any, **fields: Any) -> Any:
    """Make an object of whatever, as code without a type checker does."""
    return cls(**fields)


@given(any_message())
def test_the_repr_of_a_message_makes_it_again(message: Structure) -> None:
    names = {
        **vars(messages),
        **vars(datatypes),
        **vars(enums),
        "datetime": sys.modules["datetime"],
    }
    assert eval(repr(message), names) == message


def test_the_repr_shows_what_is_there_and_nothing_else() -> None:
    assert repr(boot()) == (
        "BootNotificationRequest(charge_point_vendor='Vendor', charge_point_model='Model')"
    )
    assert repr(messages.HeartbeatRequest()) == "HeartbeatRequest()"
    response = messages.ResetResponse(status=enums.ResetStatus.ACCEPTED)
    assert repr(response) == "ResetResponse(status=ResetStatus.ACCEPTED)"


def test_a_message_is_frozen_and_has_no_other_attributes() -> None:
    message: Any = boot()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        message.charge_point_vendor = "Other"
    with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
        message.other = 1
    assert not hasattr(message, "__dict__")


def test_arguments_are_keyword_only() -> None:
    with pytest.raises(TypeError):
        messages.AuthorizeRequest("tag")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("build", "path", "kind", "text"),
    [
        (
            lambda: boot(charge_point_vendor="x" * 21),
            "/chargePointVendor",
            "length",
            "BootNotificationRequest at /chargePointVendor: has 21 characters, at most 20",
        ),
        (lambda: boot(charge_point_vendor=None), "/chargePointVendor", "required", "is required"),
        (lambda: boot(charge_point_vendor=7), "/chargePointVendor", "type", "is int 7, not text"),
        (lambda: boot(iccid=enums.Phase.L1), "/iccid", "type", "pass str(value)"),
        (lambda: boot(iccid="\ud800"), "/iccid", "type", "half a surrogate pair"),
        (lambda: make(messages.ResetRequest, type="Soft"), "/type", "type", "not ResetType"),
        (
            lambda: messages.ResetRequest(type=enums.ResetType.unrecognised("x")),
            "/type",
            "enum",
            "'x' is not a value of ResetType",
        ),
        (
            lambda: messages.HeartbeatResponse(current_time=datetime(2024, 1, 1)),
            "/currentTime",
            "type",
            "a datetime with tzinfo is due",
        ),
        (
            lambda: make(messages.HeartbeatResponse, current_time="2024"),
            "/currentTime",
            "type",
            "tzinfo",
        ),
        (
            lambda: messages.UnlockConnectorRequest(connector_id=True),
            "/connectorId",
            "type",
            "is bool True, not integer",
        ),
        (
            lambda: messages.UnlockConnectorRequest(connector_id=2**63),
            "/connectorId",
            "range",
            "is outside",
        ),
        (
            lambda: messages.UnlockConnectorRequest(connector_id=10**5000),
            "/connectorId",
            "range",
            "is outside",
        ),
        (
            lambda: datatypes.ChargingSchedulePeriod(start_period=0, limit=0.05),
            "/limit",
            "decimals",
            "more than one decimal",
        ),
        (
            lambda: datatypes.ChargingSchedulePeriod(start_period=0, limit=float("nan")),
            "/limit",
            "range",
            "is not within",
        ),
        (
            lambda: make(datatypes.ChargingSchedulePeriod, start_period=0, limit="5"),
            "/limit",
            "type",
            "not number with one decimal",
        ),
        (lambda: make(datatypes.KeyValue, key="k", readonly=1), "/readonly", "type", "not boolean"),
        (
            lambda: make(messages.MeterValuesRequest, connector_id=1, meter_value=7),
            "/meterValue",
            "type",
            "not a list",
        ),
        (
            lambda: make(messages.MeterValuesRequest, connector_id=1, meter_value="abc"),
            "/meterValue",
            "type",
            "not a list",
        ),
        (
            lambda: make(messages.MeterValuesRequest, connector_id=1, meter_value=[7]),
            "/meterValue/0",
            "type",
            "not MeterValue",
        ),
        (
            lambda: messages.GetConfigurationRequest(key=["k", "x" * 51]),
            "/key/1",
            "length",
            "has 51 characters",
        ),
        (
            lambda: messages.GetInstalledCertificateIdsResponse(
                status=enums.GetInstalledCertificateStatus.ACCEPTED, certificate_hash_data=[]
            ),
            "/certificateHashData",
            "items",
            "has 0 items, needs 1",
        ),
    ],
)
def test_making_a_message_checks_it(build: Any, path: str, kind: str, text: str) -> None:
    with pytest.raises(InvalidMessage) as raised:
        build()
    assert raised.value.path == path
    assert raised.value.kind is ConstraintKind(kind)
    assert text in str(raised.value)
    assert isinstance(raised.value, ValueError)


def test_lists_become_tuples_and_numbers_floats_and_instants_utc() -> None:
    local = NOW.astimezone(timezone(timedelta(hours=5)))
    value = datatypes.MeterValue(
        timestamp=local, sampled_value=iter([datatypes.SampledValue(value="1")])
    )
    assert value.sampled_value == (datatypes.SampledValue(value="1"),)
    assert value.timestamp.tzinfo is UTC
    assert type(datatypes.ChargingSchedulePeriod(start_period=0, limit=16).limit) is float


def test_a_request_names_its_response() -> None:
    assert messages.ResetRequest.response_type() is messages.ResetResponse
    assert messages.ResetRequest.request_type() is messages.ResetRequest
    for cls in MESSAGES:
        if cls.__name__.endswith("Request"):
            assert cls.response_type().__name__ == cls.__name__.replace("Request", "Response")  # type: ignore[attr-defined]


def test_what_was_tolerated_survives_copies() -> None:
    message = codec.decode(
        messages.AuthorizeRequest, b'{"idTag":"' + b"x" * 30 + b'"}', frozenset(Leniency)
    )
    for twin in (copy.copy(message), copy.deepcopy(message), pickle.loads(pickle.dumps(message))):
        assert twin == message
        assert deviations(twin) == deviations(message) != ()


def test_what_was_not_checked_is_checked_before_it_leaves() -> None:
    good = messages.AuthorizeRequest.unchecked({"id_tag": "x"}, ())
    assert codec.encode(good) == b'{"idTag":"x"}'
    broken = messages.AuthorizeRequest.unchecked({"id_tag": "x" * 30}, ())
    twins = (copy.copy(broken), copy.deepcopy(broken), pickle.loads(pickle.dumps(broken)))
    for one in (broken, *twins):
        with pytest.raises(InvalidMessage) as refused:
            codec.encode(one)
        assert (refused.value.path, refused.value.kind) == ("/idTag", ConstraintKind.LENGTH)
    value = datatypes.SampledValue.unchecked({"value": "1", "unit": "Bogus"}, ())
    with pytest.raises(InvalidMessage, match="/unit"):
        datatypes.MeterValue(timestamp=NOW, sampled_value=[value])


def test_a_copy_from_elsewhere_is_checked() -> None:
    """A pickle may come from another version, or from somebody who has written into it."""
    message = messages.AuthorizeRequest(id_tag="fine")
    pickled = pickle.dumps(message).replace(b"\x04fine", b"\x1d" + b"x" * 29)
    with pytest.raises(InvalidMessage, match="/idTag"):
        pickle.loads(pickled)


@pytest.mark.parametrize("read", [codec.decode, codec.decode_slowly])
def test_what_was_read_is_known_to_be_checked(read: Any) -> None:
    assert read(messages.AuthorizeRequest, b'{"idTag":"x"}')._deviations is None
    over_length = b'{"idTag":"' + b"x" * 30 + b'"}'
    assert read(messages.AuthorizeRequest, over_length, frozenset(Leniency))._deviations


def test_only_messages_are_written() -> None:
    with pytest.raises(TypeError, match="SampledValue is no message"):
        codec.encode(datatypes.SampledValue(value="1"))


# Enumerations


def test_a_member_is_its_wire_text() -> None:
    wire: str = "Energy.Active.Import.Register"
    assert wire == enums.Measurand.ENERGY_ACTIVE_IMPORT_REGISTER
    assert enums.Measurand("SoC") is enums.Measurand.SOC
    assert f"{enums.Phase.L1_N}" == "L1-N"
    assert hash(enums.Phase.L1_N) == hash("L1-N")
    with pytest.raises(ValueError, match="Bogus"):
        enums.Phase("Bogus")


def test_a_stand_in_is_of_its_enumeration_and_no_member() -> None:
    odd = enums.Phase.unrecognised("L9")
    assert isinstance(odd, enums.Phase)
    assert odd == "L9"
    assert not odd.is_recognised
    assert enums.Phase.L1.is_recognised
    assert repr(odd) == "Phase.unrecognised('L9')"
    assert str(odd) == "L9"
    for twin in (copy.copy(odd), copy.deepcopy(odd), pickle.loads(pickle.dumps(odd))):
        assert twin == odd
        assert isinstance(twin, enums.Phase)
        assert not twin.is_recognised
    assert pickle.loads(pickle.dumps(enums.Phase.L1)) is enums.Phase.L1
    assert odd not in list(enums.Phase)
    with pytest.raises(ValueError, match="L9"):
        enums.Phase("L9")


def test_values_are_shown_short_and_escaped() -> None:
    assert shorten("a\nb\x1b[31m") == "'a\\nb\\x1b[31m'"
    assert len(shorten("x" * 1000)) < 60
    assert shorten(10**5000) == "a very large integer"
    assert shorten(None) == "None"
