"""What ends a transaction. SPEC 4, 5."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16.enums import AuthorizationStatus, Reason
from ocpp16.station.authorization import Starter
from ocpp16.station.configuration import Configuration
from ocpp16.station.storage import RecordDamaged
from ocpp16.station.transaction import (
    AfterStart,
    EvDisconnect,
    Transaction,
    after_ev_disconnect,
    after_last_energy,
    after_start,
    from_record,
    record_of,
)
from ocpp16.storage import MemoryStationStorage
from tests.station.parts import NOON, configured, info

INVALID = [status for status in AuthorizationStatus if status != "Accepted"]


def test_an_accepted_start_goes_on() -> None:
    assert after_start(info(), configured()) is AfterStart.GO_ON


@pytest.mark.parametrize("status", INVALID)
@pytest.mark.parametrize(
    ("keys", "then"),
    [
        ({"StopTransactionOnInvalidId": True}, AfterStart.STOP),
        ({"StopTransactionOnInvalidId": False}, AfterStart.NO_ENERGY),
        ({"StopTransactionOnInvalidId": True, "MaxEnergyOnInvalidId": 500}, AfterStart.LAST_ENERGY),
        (
            {"StopTransactionOnInvalidId": False, "MaxEnergyOnInvalidId": 500},
            AfterStart.LAST_ENERGY,
        ),
        ({"StopTransactionOnInvalidId": True, "MaxEnergyOnInvalidId": 0}, AfterStart.STOP),
    ],
)
def test_a_start_answered_otherwise(
    status: AuthorizationStatus, keys: dict[str, Any], then: AfterStart
) -> None:
    assert after_start(info(status), configured(**keys)) is then


@pytest.mark.parametrize(
    ("stops", "then"), [(True, AfterStart.STOP), (False, AfterStart.NO_ENERGY)]
)
def test_after_the_last_energy(stops: bool, then: AfterStart) -> None:
    assert after_last_energy(configured(StopTransactionOnInvalidId=stops)) is then


@pytest.mark.parametrize(
    ("stops", "unlocks", "then"),
    [
        (True, True, EvDisconnect(stops=True, unlocks=True)),
        (True, False, EvDisconnect(stops=True, unlocks=False)),
        # While the transaction goes on the cable stays locked in any case.
        (False, True, EvDisconnect(stops=False, unlocks=False)),
        (False, False, EvDisconnect(stops=False, unlocks=False)),
    ],
)
def test_the_ev_side_is_unplugged(stops: bool, unlocks: bool, then: EvDisconnect) -> None:
    keys = {
        "StopTransactionOnEVSideDisconnect": stops,
        "UnlockConnectorOnEVSideDisconnect": unlocks,
    }
    assert after_ev_disconnect(configured(**keys)) == then


def test_without_the_key_a_disconnect_stops() -> None:
    configuration = Configuration(
        MemoryStationStorage(), absent=["StopTransactionOnEVSideDisconnect"]
    )
    assert after_ev_disconnect(configuration).stops


def running(**changes: object) -> Transaction:
    values: dict[str, object] = {
        "number": 3,
        "connector": 1,
        "starter": Starter("A", "P"),
        "meter_start": 100,
        "started": NOON,
    }
    return Transaction(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "may"),
    [
        ({}, True),
        ({"ev_is_gone": True}, False),
        ({"is_deauthorized": True}, False),
        ({"is_deauthorized": True, "energy_until": 600}, True),
        ({"is_deauthorized": True, "energy_until": 600, "ev_is_gone": True}, False),
    ],
)
def test_when_energy_may_flow(changes: dict[str, object], may: bool) -> None:
    assert running(**changes).may_draw is may


def test_it_comes_back_from_its_record() -> None:
    kept = running(
        reservation_id=9,
        is_undated=True,
        is_deauthorized=True,
        energy_until=500,
        end_reason=Reason.HARD_RESET,
    )
    assert from_record("3", record_of(kept)) == kept
    assert from_record("3", record_of(running())) == running()


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(RecordDamaged):
        from_record("3", "nothing")
