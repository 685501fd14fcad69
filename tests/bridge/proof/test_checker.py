"""The judge itself: it is content with what is right, and catches each kind of what is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bridge.proof.checker import Rules, violations
from tests.bridge.proof.ledger import (
    Answered,
    Asked,
    Discarded,
    Entry,
    Executed,
    Ledger,
    Received,
    Refused,
    Replied,
    Sent,
    Told,
    marker_of,
)

START = {"connectorId": 1, "idTag": "T1", "meterStart": 1, "timestamp": "2026-01-01T00:00:00Z"}
VALUES = {
    "connectorId": 1,
    "transactionId": 70,
    "meterValue": [{"timestamp": "2026-01-01T00:01:00Z", "sampledValue": [{"value": "2"}]}],
}
STOP = {"transactionId": 70, "meterStop": 3, "timestamp": "2026-01-01T00:02:00Z"}
TAG = {"idTagInfo": {"status": "Accepted", "parentIdTag": "T4"}}


def message(
    marker: int, action: str, payload: dict[str, Any], answer: dict[str, Any], **more: Any
) -> list[Entry]:
    """Return what both ends write down when a message goes through."""
    return [
        Sent(charger="A", marker=marker, action=action, payload=payload, **more),
        Received(
            charger="A", marker=marker, action=action, payload=payload, message_id=f"m{marker}"
        ),
        Answered(charger="A", message_id=f"m{marker}", answer=answer),
        Told(charger="A", marker=marker, answer=answer),
    ]


def story() -> list[Entry]:
    """Return a session that went well, with a call of the backend."""
    return [
        *message(1, "StartTransaction", START, {"transactionId": 70}),
        *message(2, "MeterValues", VALUES, {}, start=1),
        *message(3, "StopTransaction", STOP, {}, start=1),
        *message(4, "Authorize", {"idTag": "T4"}, TAG),
        Asked(charger="A", marker=5, action="Reset"),
        Executed(charger="A", marker=5, answer={"status": "Accepted"}),
        Replied(charger="A", marker=5, answer={"status": "Accepted"}),
    ]


def rules_broken(entries: list[Entry], **rules: Any) -> set[str]:
    return {violation.rule for violation in violations(Ledger(entries), Rules(**rules))}


def test_what_is_right_is_no_violation() -> None:
    assert rules_broken(story()) == set()


def test_what_faults_do_is_no_violation() -> None:
    entries = story()
    sent, received, answered, told = entries[8:12]
    entries[8:12] = [
        sent,
        received,  # and no answer got through
        Refused(charger="A", marker=3, how="link"),
        sent,
        told,  # from the store, before the backend has it
        received,
        answered,
    ]
    assert rules_broken(entries) == set()


def test_a_timestamp_may_be_written_otherwise() -> None:
    entries = story()
    written = {**START, "timestamp": "2026-01-01T01:00:00.000+01:00"}
    entries[1] = Received(
        charger="A", marker=1, action="StartTransaction", payload=written, message_id="m1"
    )
    assert rules_broken(entries) == set()


def without(index: int) -> Callable[[list[Entry]], object]:
    return lambda entries: entries.pop(index)


def put(index: int, entry: Entry) -> Callable[[list[Entry]], object]:
    return lambda entries: entries.insert(index, entry)


def instead(index: int, entry: Entry) -> Callable[[list[Entry]], object]:
    return lambda entries: entries.__setitem__(index, entry)


def received(marker: int | None, action: str, payload: Any, id: str = "m", who: str = "A") -> Entry:
    return Received(charger=who, marker=marker, action=action, payload=payload, message_id=id)


OTHER_TAG = {"idTagInfo": {"status": "Accepted", "parentIdTag": "T9"}}


@pytest.mark.parametrize(
    ("rule", "spoil"),
    [
        ("lost", without(5)),
        ("lost", without(6)),
        ("lost", instead(6, Answered(charger="A", message_id="m2", answer=None))),
        ("invented", put(6, received(99, "MeterValues", VALUES))),
        ("invented", put(6, received(None, "MeterValues", {}))),
        ("mixed up", put(6, received(2, "MeterValues", VALUES, who="B"))),
        ("mixed up", put(6, received(2, "StatusNotification", VALUES, "m2"))),
        ("mixed up", instead(9, received(3, "StopTransaction", STOP, "m2"))),
        ("changed", instead(5, received(2, "MeterValues", {**VALUES, "connectorId": 2}, "m2"))),
        ("doubled", put(6, received(2, "MeterValues", VALUES, "another"))),
        ("wrong id", instead(5, received(2, "MeterValues", {**VALUES, "transactionId": 71}, "m2"))),
        ("wrong id", instead(5, received(2, "MeterValues", {**VALUES, "transactionId": -1}, "m2"))),
        ("wrong answer", instead(3, Told(charger="A", marker=1, answer={"transactionId": 71}))),
        ("wrong answer", instead(15, Told(charger="A", marker=4, answer=OTHER_TAG))),
        ("made to discard", put(5, Discarded(charger="A", marker=2))),
        ("call repeated", put(17, Executed(charger="A", marker=5, answer=None))),
        ("invented", put(17, Executed(charger="A", marker=6, answer=None))),
        ("mixed up", instead(17, Executed(charger="B", marker=5, answer={"status": "Accepted"}))),
        ("false answer", without(17)),
        ("false answer", instead(17, Executed(charger="A", marker=5, answer=None))),
    ],
)
def test_each_violation_is_caught(rule: str, spoil: Callable[[list[Entry]], object]) -> None:
    entries = story()
    spoil(entries)
    assert rule in rules_broken(entries)


def test_a_message_that_overtakes_is_caught() -> None:
    first, second = message(2, "MeterValues", VALUES, {}), message(3, "StopTransaction", STOP, {})
    overtaking = [first[0], first[3], second[0], second[3], *second[1:3], *first[1:3]]
    assert rules_broken(overtaking) == {"reordered"}
    # Where the first was sent again after the second, either may have been taken first.
    again = [first[0], second[0], first[0], *second[1:], *first[1:]]
    assert rules_broken(again) == set()


def test_an_overtaken_message_is_caught_among_many() -> None:
    parts = [
        message(marker, "StatusNotification", {"info": str(marker)}, {}) for marker in range(6)
    ]
    sent = [entry for part in parts for entry in (part[0], part[3])]
    order = [0, 1, 3, 4, 2, 5]
    entries = [*sent, *(entry for marker in order for entry in parts[marker][1:3])]
    assert rules_broken(entries) == {"reordered"}


def test_what_was_answered_an_error_may_come_with_another_id() -> None:
    entries = story()
    entries[1:1] = [
        received(1, "StartTransaction", START, "another"),
        Answered(charger="A", message_id="another", answer=None),
    ]
    assert rules_broken(entries) == set()


def test_two_transactions_with_one_id_are_caught() -> None:
    again = {**START, "meterStart": 6}
    entries = [*story(), *message(6, "StartTransaction", again, {"transactionId": 70})]
    assert rules_broken(entries) == {"wrong answer"}


def test_the_rules_of_a_run() -> None:
    entries = story()
    entries[6] = Answered(charger="A", message_id="m2", answer=None)
    assert rules_broken(entries, dead={2}) == set()
    assert rules_broken(entries, is_finished=False) == set()
    entries = [*story(), Discarded(charger="A", marker=1)]
    assert rules_broken(entries, may_discard=True) == set()


def test_local_ids_are_not_the_backends() -> None:
    entries = story()
    entries[3] = Told(charger="A", marker=1, answer={"transactionId": 1})
    assert rules_broken(entries, has_local_ids=True) == set()
    assert rules_broken(entries) == {"wrong answer"}


def test_ids_that_soap_cannot_carry_are_replaced() -> None:
    wide = 2**40
    entries = [
        *message(1, "StartTransaction", START, {"transactionId": wide}),
        *message(2, "MeterValues", {**VALUES, "transactionId": wide}, {}, start=1),
    ]
    entries[3] = Told(charger="A", marker=1, answer={"transactionId": 8})
    assert rules_broken(entries) == set()


def stopped(transaction: int) -> list[Entry]:
    return [
        Asked(charger="A", marker=1, action="RemoteStopTransaction"),
        Executed(charger="A", marker=None, answer={"status": "Accepted"}, transaction=transaction),
        Replied(charger="A", marker=1, answer={"status": "Accepted"}),
    ]


def test_a_remote_stop_is_known_by_the_id_that_the_charge_point_was_told() -> None:
    assert rules_broken([*story(), *stopped(70)]) == set()
    # It may come before the charge point knows.
    assert rules_broken([*stopped(70), *story()]) == set()
    assert rules_broken([*story(), *stopped(71)]) == {"invented"}


def test_a_start_that_was_given_up_leaves_minus_one() -> None:
    given_up = [
        Sent(charger="A", marker=1, action="StartTransaction", payload=START),
        Refused(charger="A", marker=1, how="fault"),
        Discarded(charger="A", marker=1),
        *message(2, "MeterValues", {**VALUES, "transactionId": -1}, {}, start=1),
    ]
    assert rules_broken(given_up, may_discard=True) == set()


def test_a_ledger_is_saved_and_loaded(tmp_path: Path) -> None:
    entries = story()
    Ledger(entries).save(tmp_path / "ledger")
    assert Ledger.load(tmp_path / "ledger").entries == entries


@pytest.mark.parametrize(
    ("action", "payload", "marker"),
    [
        ("StartTransaction", START, 1),
        ("MeterValues", VALUES, 2),
        ("StopTransaction", STOP, 3),
        ("Authorize", {"idTag": "T4"}, 4),
        ("StatusNotification", {"info": "5"}, 5),
        ("DataTransfer", {"data": "6"}, 6),
        ("DataTransfer", {"data": "six"}, None),
        ("MeterValues", {"meterValue": []}, None),
        ("StatusNotification", {}, None),
        ("Heartbeat", {}, None),
    ],
)
def test_markers(action: str, payload: dict[str, Any], marker: int | None) -> None:
    assert marker_of(action, payload) == marker
