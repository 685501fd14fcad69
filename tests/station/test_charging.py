"""Users at connectors, from plug to unplug. SPEC 4, 5, 6."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import messages
from ocpp16.datatypes import AuthorizationData, IdTagInfo
from ocpp16.enums import (
    ChargePointStatus,
    Reason,
    UpdateType,
)
from ocpp16.errors import InvalidMessage
from ocpp16.station.model import Model
from tests.station.bench import CLOSED, REFUSED, TIMEOUT, Bench
from tests.station.parts import ACCEPTED, BLOCKED, FAMILY, after

FIXED = Model(connectors=1, has_fixed_cable=True)
UNPLUGGED = "EV side disconnected"


def listed(bench: Bench, **tags: IdTagInfo) -> None:
    """Fill the local list."""
    entries = tuple(
        AuthorizationData(id_tag=tag, id_tag_info=of_tag) for tag, of_tag in tags.items()
    )
    bench.ask(
        messages.SendLocalListRequest(
            list_version=1, update_type=UpdateType.FULL, local_authorization_list=entries
        )
    )


# Starting


def test_plug_first_then_tag() -> None:
    bench = Bench()
    bench.plug_in()
    assert bench.told == ["1 Preparing"]
    assert bench.show("A")
    assert bench.told == ["Authorize A", "Start 1 A", "1 Charging"]


def test_tag_first_then_plug() -> None:
    bench = Bench()
    assert bench.show("A")
    assert bench.told == ["Authorize A", "1 Preparing"]
    bench.plug_in()
    assert bench.told == ["Start 1 A", "1 Charging"]


def test_energy_flows_only_after_authorization() -> None:
    bench = Bench()
    bench.plug_in()
    assert bench.machinery.offers.get(1, 0) == 0
    bench.show("A")
    assert bench.machinery.offers[1] != 0
    bench.show("A")
    assert bench.machinery.offers[1] == 0


def test_a_refused_tag_does_not_start() -> None:
    bench = Bench()
    bench.central.tags["A"] = BLOCKED
    bench.plug_in()
    assert bench.show("A") is False
    assert bench.told == ["1 Preparing", "Authorize A"]


def test_start_transaction_says_who_where_when_and_the_register() -> None:
    bench = Bench()
    bench.machinery.registers[1] = 1234
    bench.wait(60)
    bench.plug_in()
    bench.show("A")
    (start,) = bench.of(messages.StartTransactionRequest)
    assert start == messages.StartTransactionRequest(
        connector_id=1, id_tag="A", meter_start=1234, timestamp=after(60)
    )


def test_the_same_tag_again_gives_up() -> None:
    bench = Bench()
    bench.show("A")
    assert bench.show("a") is False
    assert bench.told == ["Authorize A", "1 Preparing", "1 Available"]
    bench.plug_in()
    assert bench.told == ["1 Preparing"]


def test_another_tag_does_not_push_in() -> None:
    bench = Bench()
    bench.show("A")
    assert bench.show("B") is False
    assert bench.told == ["Authorize A", "1 Preparing"]


def test_no_plug_in_time() -> None:
    bench = Bench(ConnectionTimeOut=30)
    bench.show("A")
    bench.wait(29)
    assert bench.told == ["Authorize A", "1 Preparing"]
    bench.wait(1)
    assert bench.told == ["1 Available"]
    bench.plug_in()
    assert bench.told == ["1 Preparing"]


def test_no_tag_in_time() -> None:
    bench = Bench(ConnectionTimeOut=30)
    bench.plug_in()
    bench.wait(30)
    assert bench.told == ["1 Preparing", "1 Finishing"]
    bench.unplug()
    assert bench.told == ["1 Available"]


def test_after_that_a_tag_still_starts() -> None:
    bench = Bench(ConnectionTimeOut=30)
    bench.plug_in()
    bench.wait(30)
    assert bench.show("A")
    assert bench.told == [
        "1 Preparing", "1 Finishing", "Authorize A", "1 Preparing", "Start 1 A", "1 Charging",
    ]  # fmt: skip


def test_unplugged_without_a_transaction() -> None:
    bench = Bench()
    bench.plug_in()
    bench.unplug()
    assert bench.told == ["1 Preparing", "1 Available"]


def test_free_charging_needs_no_authorization() -> None:
    bench = Bench(model=Model(connectors=1, free_tag="FREE"))
    bench.plug_in()
    assert bench.told == ["Start 1 FREE", "1 Charging"]


def test_a_reserved_connector_gives_nothing_for_free() -> None:
    bench = Bench(model=Model(connectors=1, free_tag="FREE"))
    reserve = messages.ReserveNowRequest(
        connector_id=1, expiry_date=after(600), id_tag="A", reservation_id=1
    )
    bench.ask(reserve)
    bench.plug_in()
    assert bench.told == ["1 Reserved"]
    assert bench.show("A")
    assert bench.told == ["Authorize A", "1 Preparing", "Start 1 A", "1 Charging"]


def test_a_car_at_a_reserved_connector_waits_for_its_tag_as_long_as_the_reservation() -> None:
    bench = Bench(ConnectionTimeOut=60)
    reserve = messages.ReserveNowRequest(
        connector_id=1, expiry_date=after(150), id_tag="A", reservation_id=1
    )
    bench.ask(reserve)
    bench.plug_in()
    bench.wait(149)
    assert bench.told == ["1 Reserved"]
    bench.wait(31)
    assert bench.told == ["1 Available", "1 Preparing", "1 Finishing"]


def test_what_is_no_tag_is_refused_at_once() -> None:
    with pytest.raises(InvalidMessage) as caught:
        Bench().show("x" * 21)
    assert caught.value.path == "/idTag"


# Who may


def test_a_tag_known_locally_starts_without_authorize() -> None:
    bench = Bench(LocalPreAuthorize=True)
    listed(bench, A=ACCEPTED)
    bench.plug_in()
    assert bench.show("A")
    assert bench.told == ["1 Preparing", "Start 1 A", "1 Charging"]


def test_a_tag_cached_as_invalid_is_asked_again_online() -> None:
    bench = Bench(LocalPreAuthorize=True)
    bench.central.tags["A"] = BLOCKED
    assert bench.show("A") is False
    bench.central.tags["A"] = ACCEPTED
    assert bench.show("A") is True
    assert bench.told == ["Authorize A", "Authorize A", "1 Preparing"]


def test_the_cache_survives_a_power_cut() -> None:
    bench = Bench(LocalPreAuthorize=True)
    bench.show("A")
    bench.power_cut()
    bench.central.received.clear()
    assert bench.show("A")
    assert bench.told == ["1 Preparing"]


@pytest.mark.parametrize(
    ("keys", "known", "may"),
    [
        ({"LocalAuthorizeOffline": True}, True, True),
        ({"LocalAuthorizeOffline": False}, True, False),
        ({"LocalAuthorizeOffline": True}, False, False),
        ({"AllowOfflineTxForUnknownId": True}, False, True),
    ],
)
def test_offline(keys: dict[str, Any], known: bool, may: bool) -> None:
    bench = Bench(**keys)
    if known:
        listed(bench, A=ACCEPTED)
    bench.offline()
    bench.plug_in()
    assert bench.show("A") is may
    assert bench.told == []
    bench.online()
    assert bench.told == (["Start 1 A", "1 Charging"] if may else ["1 Preparing"])


@pytest.mark.parametrize("error", [CLOSED, TIMEOUT])
def test_if_nobody_can_be_asked_it_counts_as_offline(error: Any) -> None:
    bench = Bench()
    listed(bench, A=ACCEPTED)
    bench.central.fails = lambda request: (
        error if isinstance(request, messages.AuthorizeRequest) else None
    )
    assert bench.show("A") is True
    assert bench.show("B", 2) is False


def test_an_error_answered_to_authorize_is_a_refusal() -> None:
    bench = Bench()
    listed(bench, A=ACCEPTED)
    bench.central.fails = lambda request: REFUSED
    assert bench.show("A") is False


def test_before_the_first_acceptance_nobody_charges() -> None:
    bench = Bench(accepted=False, AllowOfflineTxForUnknownId=True)
    bench.plug_in()
    assert bench.show("A") is False


def test_unless_the_operator_wants_it() -> None:
    model = Model(connectors=1, may_charge_unregistered=True)
    bench = Bench(model=model, accepted=False, AllowOfflineTxForUnknownId=True)
    bench.plug_in()
    assert bench.show("A") is True
    assert bench.told == []
    bench.boot()
    assert bench.told == ["Start 1 A", "0 Available", "1 Charging"]


def test_a_registration_outlives_a_power_cut() -> None:
    bench = Bench(AllowOfflineTxForUnknownId=True)
    bench.power_cut(boots=False)
    bench.plug_in()
    assert bench.show("A") is True


def test_a_contradiction_of_the_list_is_told() -> None:
    bench = Bench()
    listed(bench, A=ACCEPTED)
    bench.central.tags["A"] = BLOCKED
    assert bench.show("A") is False
    assert bench.told == ["Authorize A", "0 Available LocalListConflict"]


# Stopping


def test_the_tag_that_started_stops_without_authorize() -> None:
    bench = Bench()
    bench.charge("A")
    assert bench.show("a")
    assert bench.told == ["Stop 101 Local", "1 Finishing"]
    assert bench.machinery.unlocked == [1]


def test_stop_transaction_says_who_when_why_and_the_register() -> None:
    bench = Bench(MeterValueSampleInterval=0)
    bench.charge("A")
    bench.machinery.registers[1] = 700
    bench.wait(60)
    bench.show("A")
    (stop,) = bench.of(messages.StopTransactionRequest)
    assert stop == messages.StopTransactionRequest(
        transaction_id=101, id_tag="A", meter_stop=700, timestamp=after(60), reason=Reason.LOCAL
    )


def test_a_tag_of_the_group_stops() -> None:
    bench = Bench()
    bench.central.tags |= {"A": FAMILY, "B": FAMILY}
    bench.charge("A")
    assert bench.show("B")
    assert bench.told == ["Authorize B", "Stop 101 Local", "1 Finishing"]


def test_a_stranger_does_not_stop() -> None:
    bench = Bench()
    bench.central.tags["A"] = FAMILY
    bench.charge("A")
    assert bench.show("B") is False
    assert bench.told == ["Authorize B"]
    assert bench.core.status(1) is ChargePointStatus.CHARGING


def test_the_group_of_the_starter_may_be_told_by_the_start_only() -> None:
    bench = Bench()
    bench.central.start_info = FAMILY
    bench.charge("A")
    bench.central.tags["B"] = FAMILY
    assert bench.show("B")


def test_offline_a_known_tag_of_the_group_stops() -> None:
    bench = Bench()
    listed(bench, A=FAMILY, B=FAMILY)
    bench.central.tags["A"] = FAMILY
    bench.charge("A")
    bench.offline()
    assert bench.show("B")
    assert bench.show("A", 2) is True


def test_a_new_transaction_after_finishing() -> None:
    bench = Bench()
    bench.charge("A")
    bench.show("A")
    bench.central.received.clear()
    assert bench.show("A")
    assert bench.told == ["Authorize A", "1 Preparing", "Start 1 A", "1 Charging"]


def test_the_answer_to_stop_feeds_the_cache() -> None:
    bench = Bench(LocalPreAuthorize=True)
    bench.charge("A")
    answer = bench.central.answer

    def blocked(request: Any) -> Any:
        answer(request)
        if isinstance(request, messages.StopTransactionRequest):
            return messages.StopTransactionResponse(id_tag_info=BLOCKED)
        return answer(request)

    bench.central.answer = blocked  # type: ignore[method-assign]
    bench.show("A")
    bench.central.answer = answer  # type: ignore[method-assign]
    bench.central.received.clear()
    bench.show("A")
    assert bench.told[0] == "Authorize A"


@pytest.mark.parametrize(
    "reason", [Reason.EMERGENCY_STOP, Reason.REBOOT, Reason.OTHER, Reason.POWER_LOSS]
)
def test_a_stop_from_inside_names_its_reason(reason: Reason) -> None:
    bench = Bench()
    bench.charge()
    bench.core.charging.stop(1, reason)
    bench.core.charging.stop(1, reason)
    bench.pump()
    assert bench.told == [f"Stop 101 {reason}", "1 Finishing"]


def test_of_two_tags_the_one_shown_first_is_asked_about_first() -> None:
    bench = Bench()
    bench.plug_in()
    bench.central.received.clear()
    told: list[tuple[str, object]] = []
    for tag in ("A", "B"):
        bench.core.reader.present(1, tag, lambda result, tag=tag: told.append((tag, result)))  # type: ignore[misc]
    bench.pump()
    assert bench.told == ["Authorize A", "Authorize B", "Start 1 A", "1 Charging"]
    assert told == [("A", True), ("B", False)]
