"""Transaction ids: where they stand, and which is known on which side."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from ocpp16 import messages as m
from ocpp16.bridge.ids import TransactionIds, UnknownYet
from ocpp16.catalog import ACTIONS
from ocpp16.datatypes import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from ocpp16.enums import ChargingProfileKindType, ChargingProfilePurposeType, ChargingRateUnitType
from ocpp16.spec import FieldKind, Side, TypeSpec
from ocpp16.structure import Request
from tests.bridge.rule import rule

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LOCAL, BACKEND = 2**30 + 5, 2**40


def ids() -> TransactionIds:
    return TransactionIds([(LOCAL, BACKEND), (LOCAL + 1, None), (LOCAL + 2, -1)])


def meter(transaction_id: int | None) -> Request[m.MeterValuesResponse]:
    return m.MeterValuesRequest(connector_id=1, transaction_id=transaction_id, meter_value=())


def stop(transaction_id: int) -> Request[m.StopTransactionResponse]:
    return m.StopTransactionRequest(transaction_id=transaction_id, meter_stop=1, timestamp=NOON)


def profile(transaction_id: int | None) -> ChargingProfile:
    return ChargingProfile(
        charging_profile_id=1,
        transaction_id=transaction_id,
        stack_level=0,
        charging_profile_purpose=ChargingProfilePurposeType.TX_PROFILE,
        charging_profile_kind=ChargingProfileKindType.RELATIVE,
        charging_schedule=ChargingSchedule(
            charging_rate_unit=ChargingRateUnitType.A,
            charging_schedule_period=(ChargingSchedulePeriod(start_period=0, limit=6.0),),
        ),
    )


def set_profile(transaction_id: int | None) -> Request[m.SetChargingProfileResponse]:
    return m.SetChargingProfileRequest(connector_id=1, cs_charging_profiles=profile(transaction_id))


def remote_start(transaction_id: int | None) -> Request[m.RemoteStartTransactionResponse]:
    return m.RemoteStartTransactionRequest(
        id_tag="TAG", charging_profile=None if transaction_id is None else profile(transaction_id)
    )


def remote_stop(transaction_id: int) -> Request[m.RemoteStopTransactionResponse]:
    return m.RemoteStopTransactionRequest(transaction_id=transaction_id)


@rule("Ids are the backend's; local ids are mapped both ways; unknown ids pass unchanged.")
@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (meter(LOCAL), meter(BACKEND)),
        (stop(LOCAL), stop(BACKEND)),
        (stop(LOCAL + 2), stop(-1)),
        (meter(7), meter(7)),
        (meter(None), meter(None)),
        (stop(-1), stop(-1)),
        (m.HeartbeatRequest(), m.HeartbeatRequest()),
    ],
)
def test_towards_the_backend(request_: Request[Any], expected: object) -> None:
    assert ids().for_backend(request_) == expected


@rule("Ids are the backend's; local ids are mapped both ways; unknown ids pass unchanged.")
@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (remote_stop(BACKEND), remote_stop(LOCAL)),
        (remote_stop(7), remote_stop(7)),
        (set_profile(BACKEND), set_profile(LOCAL)),
        (set_profile(7), set_profile(7)),
        (set_profile(None), set_profile(None)),
        (remote_start(BACKEND), remote_start(LOCAL)),
        (remote_start(None), remote_start(None)),
        (m.ClearCacheRequest(), m.ClearCacheRequest()),
    ],
)
def test_towards_the_charge_point(request_: Request[Any], expected: object) -> None:
    assert ids().for_charge_point(request_) == expected


def test_an_id_that_is_not_known_yet_cannot_be_told() -> None:
    with pytest.raises(UnknownYet, match=str(LOCAL + 1)):
        ids().for_backend(stop(LOCAL + 1))


def test_no_other_message_of_either_side_holds_a_transaction_id() -> None:
    found = {
        (action.name, side)
        for action in ACTIONS.values()
        if action.soap_services
        for side in action.senders
        if holds_id(action.request.SPEC)
    }
    assert found == {
        ("MeterValues", Side.CHARGE_POINT),
        ("StopTransaction", Side.CHARGE_POINT),
        ("RemoteStopTransaction", Side.CENTRAL_SYSTEM),
        ("SetChargingProfile", Side.CENTRAL_SYSTEM),
        ("RemoteStartTransaction", Side.CENTRAL_SYSTEM),
    }
    answers = {action.name for action in ACTIONS.values() if holds_id(action.response.SPEC)}
    assert answers == {"StartTransaction"}


def holds_id(spec: TypeSpec) -> bool:
    return any(
        field.wire == "transactionId"
        or (field.kind is FieldKind.OBJECT and holds_id(field.cls.SPEC))  # type: ignore[union-attr]
        for field in spec.fields
    )


def test_a_new_local_id_is_not_in_use_on_either_side() -> None:
    source = random.Random(3)
    known = TransactionIds()
    seen = set()
    for _ in range(500):
        new = known.new(source.random)
        assert 2**30 <= new < 2**31
        assert new not in seen
        seen.add(new)
        known.map(new, None)
    values = iter([0.5, 0.5, 0.75])
    taken = TransactionIds([(2**30 + int(0.5 * (2**31 - 1 - 2**30)), 1)])
    assert taken.new(lambda: next(values)) == 2**30 + int(0.75 * (2**31 - 1 - 2**30))


@pytest.mark.parametrize(
    ("backend_id", "needs"),
    [(1, False), (2**31 - 1, False), (2**31, True), (-(2**31) - 1, True), (LOCAL, True)],
)
def test_which_ids_of_the_backend_need_another(backend_id: int, *, needs: bool) -> None:
    assert ids().needs_local(backend_id) is needs
