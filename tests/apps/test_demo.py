"""The demo shows every action in each direction, and notices whatever is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ocpp16 import messages
from ocpp16.apps import demo_stage
from ocpp16.apps.back_office import BackOffice
from ocpp16.apps.charge_point.machinery import Machinery
from ocpp16.apps.demo import (
    DUE,
    TITLES,
    WIRES,
    DemoEvent,
    Report,
    Step,
    installed_wires,
    run_demo,
)
from ocpp16.apps.demo_stage import Chapter, Check, Stage
from ocpp16.apps.demo_story import CHAPTERS, ChapterPlay, boot, configure
from ocpp16.apps.exchange import Exchange
from ocpp16.enums import RemoteStartStopStatus, UpdateStatus
from ocpp16.station.follow_up import FollowUp
from ocpp16.station.local_list import LocalList
from ocpp16.station.requests import Requests
from tests.parties import run


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never happens is not waited for so long."""
    monkeypatch.setattr(demo_stage, "PATIENCE", 0.5)


def play(
    chapters: Sequence[tuple[str, ChapterPlay]] = CHAPTERS, wire: str = "json"
) -> tuple[Report, list[DemoEvent]]:
    events: list[DemoEvent] = []
    reports: list[Report] = []
    wires = {wire: WIRES[wire]}

    async def main() -> None:
        reports.append(await run_demo(events.append, chapters=chapters, wires=wires))

    run(main)
    return reports[0], events


def test_what_is_due_is_28_actions_one_of_them_in_both_directions() -> None:
    assert len(DUE) == 29
    assert len({step.action for step in DUE}) == 28
    assert sum(step.sender == "charge point" for step in DUE) == 10
    assert Step("charge point", "DataTransfer") in DUE
    assert Step("central system", "DataTransfer") in DUE


@pytest.mark.parametrize("wire", ["json", "soap", "bridge"])
def test_all_of_it_works(wire: str) -> None:
    if wire not in installed_wires():
        pytest.skip("its extras are not installed")
    report, events = play(wire=wire)
    assert report.failures == []
    assert report.ok
    assert all(report.tally(step, wire).ok for step in DUE)
    assert len(report.checks) > 70
    assert report.seconds < 20
    chapters = [event.title for event in events if isinstance(event, Chapter)]
    assert chapters == [TITLES[wire], *(title for title, _ in CHAPTERS)]
    exchanges = [event for event in events if isinstance(event, Exchange)]
    assert exchanges == report.exchanges[wire]
    assert [event for event in events if isinstance(event, Check)] == report.checks


def test_a_chapter_left_out_is_noticed() -> None:
    report, _ = play([pair for pair in CHAPTERS if pair[0] != "Vendor messages"])
    assert report.failures == [
        "DataTransfer from the charge point on json: was never called",
        "DataTransfer from the central system on json: was never called",
    ]


def first(report: Report) -> str:
    assert not report.ok
    return report.failures[0]


def test_an_error_that_is_answered_breaks_the_story_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Requests, "_get_configuration", fail)
    report, _ = play([("Boot", boot), ("Configuration", configure)])
    assert report.troubles == [
        "Configuration: the story broke off: the peer answered InternalError"
    ]
    tally = report.tally(Step("central system", "GetConfiguration"), "json")
    assert (tally.calls, tally.failures, tally.ok) == (1, 1, False)
    failure = "GetConfiguration from the central system on json: an error was answered"
    assert failure in report.failures


@pytest.mark.usefixtures("impatient")
def test_a_meter_that_is_wrong_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    true_register = Machinery.register
    monkeypatch.setattr(Machinery, "register", lambda *args: true_register(*args) + 1)
    report, _ = play()
    assert first(report).endswith("30 minutes at 11 kW are metered: 5501, not 5500")


def test_a_list_that_forgets_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalList, "update", lambda *_: UpdateStatus.ACCEPTED)
    report, _ = play()
    assert first(report) == "Local list and cache: the list reads version 1: 0, not 1"


@pytest.mark.usefixtures("impatient")
def test_a_promise_that_is_not_kept_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def promise(*_: object) -> messages.RemoteStopTransactionResponse:
        return messages.RemoteStopTransactionResponse(status=RemoteStartStopStatus.ACCEPTED)

    monkeypatch.setattr(Requests, "_remote_stop", promise)
    monkeypatch.setattr(FollowUp, "_stop", lambda *_: None)
    report, _ = play()
    assert "the transaction ends: not within 0.5 s" in first(report)


@pytest.mark.usefixtures("impatient")
def test_books_that_are_wrong_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ignore(self: BackOffice, peer: Any, request: Any) -> Any:
        return messages.StatusNotificationResponse()

    monkeypatch.setattr(BackOffice, "_note_status", ignore)
    report, _ = play([("Boot", boot)])
    assert first(report) == "Boot: connector 0 is Available: not within 0.5 s but None"


@pytest.mark.usefixtures("impatient")
def test_a_charge_point_that_never_comes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(BackOffice, "_boot", fail)
    report, _ = play([("Configuration", configure)])
    assert "Configuration: the story broke off: charge point 'DEMO-JSON'" in first(report)


def test_a_story_that_cannot_go_on_is_noticed() -> None:
    async def lost(stage: Stage) -> None:
        stage.transaction(1)

    report, _ = play([("Lost", lost), ("Boot", boot)])
    assert report.troubles == [
        "Lost: the story broke off: the central system sees no transaction on connector 1"
    ]
    assert report.checks == []


def test_an_address_that_cannot_be_had_is_noticed() -> None:
    reports: list[Report] = []

    async def main() -> None:
        wires = {"json": "ws://192.0.2.1:0/ocpp"}
        reports.append(await run_demo(lambda _: None, wires=wires))

    run(main)
    assert "json: cannot listen at ws://192.0.2.1:0/ocpp" in first(reports[0])
