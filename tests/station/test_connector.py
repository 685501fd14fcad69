"""Connector states and what is reported of them. SPEC 6."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp16.enums import ChargePointErrorCode, ChargePointStatus
from ocpp16.station.connector import (
    FORESEEN,
    OF_CONNECTOR_ZERO,
    OPERATIVE,
    TRANSITIONS,
    Connector,
    Fault,
    Report,
    StatusReports,
    way,
)

SHORT = {
    "Av": ChargePointStatus.AVAILABLE,
    "Pr": ChargePointStatus.PREPARING,
    "Ch": ChargePointStatus.CHARGING,
    "EV": ChargePointStatus.SUSPENDED_EV,
    "SE": ChargePointStatus.SUSPENDED_EVSE,
    "Fi": ChargePointStatus.FINISHING,
    "Re": ChargePointStatus.RESERVED,
    "Un": ChargePointStatus.UNAVAILABLE,
    "Fa": ChargePointStatus.FAULTED,
}
TABLE = {
    "Av": "Pr A2, Ch A3, EV A4, SE A5, Re A7, Un A8, Fa A9",
    "Pr": "Av B1, Ch B3, EV B4, SE B5, Fi B6, Fa B9",
    "Ch": "Av C1, EV C4, SE C5, Fi C6, Un C8, Fa C9",
    "EV": "Av D1, Ch D3, SE D5, Fi D6, Un D8, Fa D9",
    "SE": "Av E1, Ch E3, EV E4, Fi E6, Un E8, Fa E9",
    "Fi": "Av F1, Pr F2, Un F8, Fa F9",
    "Re": "Av G1, Pr G2, Un G8, Fa G9",
    "Un": "Av H1, Pr H2, Ch H3, EV H4, SE H5, Fa H9",
    "Fa": "Av I1, Pr I2, Ch I3, EV I4, SE I5, Fi I6, Re I7, Un I8",
}
"""SPEC 6, written out."""
EXPECTED = {
    words[1]: (SHORT[row], SHORT[words[0]])
    for row, cells in TABLE.items()
    for cell in cells.split(", ")
    for words in [cell.split()]
}
MOVABLE = [status for status in ChargePointStatus if status is not SHORT["Fa"]]
FAULT = Fault(code=ChargePointErrorCode.GROUND_FAILURE)


def test_the_table_is_that_of_the_standard() -> None:
    assert dict(TRANSITIONS) == EXPECTED


@pytest.mark.parametrize(
    ("start", "end"),
    [("Pr", "Re"), ("Pr", "Un"), ("Ch", "Pr"), ("Fi", "Ch"), ("Re", "Ch"), ("Un", "Fi"),
     ("Un", "Re")],
)  # fmt: skip
def test_what_is_not_foreseen_is_not_in_it(start: str, end: str) -> None:
    assert (SHORT[start], SHORT[end]) not in FORESEEN


@pytest.mark.parametrize(
    ("start", "end", "path"),
    [
        ("Av", "Ch", "Ch"),
        ("Pr", "Un", "Av Un"),
        ("Pr", "Re", "Av Re"),
        ("Re", "Ch", "Pr Ch"),
        ("Fi", "Ch", "Pr Ch"),
        ("Un", "Re", "Av Re"),
        ("Ch", "Ch", ""),
    ],
)
def test_it_goes_the_foreseen_way(start: str, end: str, path: str) -> None:
    assert way(SHORT[start], SHORT[end]) == tuple(SHORT[step] for step in path.split())


@given(
    st.lists(st.one_of(st.sampled_from(MOVABLE), st.just("fault"), st.just("clear")), max_size=30)
)
def test_every_reported_change_is_foreseen(inputs: list[ChargePointStatus | str]) -> None:
    connector = Connector(1)
    reported = [connector.status]
    for each in inputs:
        if isinstance(each, ChargePointStatus):
            reported += connector.move(each)
        elif each == "fault":
            reported += connector.fail(FAULT)
        else:
            reported += connector.clear()
        assert reported[-1] is connector.status
    changes = list(pairwise(reported))
    assert [change for change in changes if change not in FORESEEN] == []


@pytest.mark.parametrize("status", MOVABLE)
def test_a_solved_fault_leads_back(status: ChargePointStatus) -> None:
    connector = Connector(1)
    connector.move(status)
    assert connector.fail(FAULT) == (SHORT["Fa"],)
    assert connector.status is SHORT["Fa"]
    assert connector.clear() == (status,)


def test_what_happens_during_a_fault_is_not_reported_until_it_is_solved() -> None:
    connector = Connector(1, SHORT["Pr"])
    connector.fail(FAULT)
    assert connector.move(SHORT["Av"]) == ()
    assert connector.clear() == (SHORT["Av"],)


def test_a_second_fault_is_reported_and_solved_with_the_first() -> None:
    connector = Connector(1)
    connector.fail(FAULT)
    assert connector.fail(FAULT) == ()
    assert connector.fail(Fault(code=ChargePointErrorCode.OVER_VOLTAGE)) == (SHORT["Fa"],)
    assert connector.clear() == (SHORT["Av"],)
    assert connector.clear() == ()


@pytest.mark.parametrize(
    "status",
    [*(each for each in ChargePointStatus if each not in OF_CONNECTOR_ZERO), SHORT["Fa"]],
)
def test_connector_0_has_three_states(status: ChargePointStatus) -> None:
    with pytest.raises(ValueError, match="connector 0 does not move to"):
        Connector(0).move(status)


def test_connector_0_can_be_unavailable_and_faulted() -> None:
    connector = Connector(0)
    assert connector.move(SHORT["Un"]) == (SHORT["Un"],)
    assert connector.fail(FAULT) == (SHORT["Fa"],)


def test_operative_is_all_but_unavailable_and_faulted() -> None:
    assert set(ChargePointStatus) - OPERATIVE == {SHORT["Un"], SHORT["Fa"]}


@pytest.mark.parametrize(
    "code", [ChargePointErrorCode.EV_COMMUNICATION_ERROR, ChargePointErrorCode.NO_ERROR]
)
def test_a_warning_is_no_fault(code: ChargePointErrorCode) -> None:
    with pytest.raises(ValueError, match="does not make a connector Faulted"):
        Fault(code=code)


def report(status: str, since: float) -> Report:
    return Report(status=SHORT[status], since=since)


def test_without_a_minimum_a_change_is_reported_at_once() -> None:
    reports = StatusReports()
    assert reports.change(report("Pr", 1), 0) == report("Pr", 1)
    assert reports.change(report("Pr", 2), 0) is None


def test_a_status_is_reported_once_it_has_lasted() -> None:
    reports = StatusReports()
    assert reports.change(report("Pr", 10), 5) is None
    assert reports.next_due(5) == 15
    assert reports.due(14.9, 5) is None
    assert reports.due(15, 5) == report("Pr", 10)
    assert reports.next_due(5) is None


def test_a_shorter_one_is_skipped() -> None:
    reports = StatusReports()
    reports.force(report("Av", 0))
    reports.change(report("Pr", 10), 5)
    reports.change(report("Ch", 12), 5)
    assert reports.due(16, 5) is None
    assert reports.due(17, 5) == report("Ch", 12)


def test_nothing_is_reported_if_it_is_as_it_was() -> None:
    reports = StatusReports()
    reports.force(report("Av", 0))
    reports.change(report("Pr", 10), 5)
    reports.change(report("Av", 12), 5)
    assert reports.next_due(5) is None


def test_a_report_that_was_lost_is_due_again() -> None:
    reports = StatusReports()
    lost = reports.change(report("Pr", 1), 0)
    assert lost is not None
    reports.was_lost(lost)
    assert reports.change(report("Pr", 9), 0) == report("Pr", 9)


def test_an_error_code_is_a_change_too() -> None:
    reports = StatusReports()
    reports.force(report("SE", 0))
    warned = Report(status=SHORT["SE"], code=ChargePointErrorCode.EV_COMMUNICATION_ERROR, since=1)
    assert reports.change(warned, 0) == warned
