"""Statuses of long work that have to be reported, whatever becomes of the link. SPEC 8."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import messages
from ocpp16.enums import DiagnosticsStatus, MessageTrigger
from ocpp16.errors import OcppError
from ocpp16.station.ability import Ability
from ocpp16.structure import Request
from tests.station.bench import CLOSED, REFUSED, Bench
from tests.station.parts import NOON

ABLE = Ability(can_restart=True, can_update=True, can_upload=True)
UPDATE = messages.UpdateFirmwareRequest(location="ftp://example.org/2.0.bin", retrieve_date=NOON)


def losing(bench: Bench, *wanted: str) -> None:
    """Let the link be lost once under each of these statuses."""
    left = list(wanted)

    def fails(request: Request[Any]) -> OcppError | None:
        if getattr(request, "status", None) not in left:
            return None
        left.remove(request.status)  # type: ignore[attr-defined]
        bench.core.link_down()
        return CLOSED

    bench.central.fails = fails


def test_a_status_under_which_the_link_is_lost_is_sent_on_the_next_one_in_order() -> None:
    bench = Bench(ability=ABLE)
    losing(bench, "Downloading", "Downloaded")
    bench.ask(UPDATE)
    assert bench.told == []
    bench.core.maintenance.downloaded(is_there=True)
    bench.online()
    assert bench.told == ["Firmware Downloading"]
    bench.online()
    assert bench.told == ["Firmware Downloaded", "Firmware Installing", "1 Unavailable",
                          "2 Unavailable"]  # fmt: skip


def test_the_end_of_an_upload_is_sent_on_the_next_link() -> None:
    bench = Bench(ability=ABLE)
    losing(bench, DiagnosticsStatus.UPLOADED)
    bench.ask(messages.GetDiagnosticsRequest(location="ftp://example.org/"))
    bench.core.maintenance.uploaded(is_log=False)
    bench.pump()
    assert bench.told == ["Diagnostics Uploading"]
    bench.online()
    assert bench.told == ["Diagnostics Uploaded"]


def test_what_a_trigger_asked_for_is_not_sent_again() -> None:
    bench = Bench(ability=ABLE)
    losing(bench, "Idle")
    trigger = messages.TriggerMessageRequest(
        requested_message=MessageTrigger.FIRMWARE_STATUS_NOTIFICATION
    )
    bench.ask(trigger)
    bench.online()
    assert bench.told == []


def installed_offline(bench: Bench) -> None:
    bench.ask(UPDATE)
    bench.core.maintenance.downloaded(is_there=True)
    bench.pump()
    bench.offline()
    bench.core.maintenance.installed("2.0")
    bench.wait(60)
    bench.central.received.clear()


def test_installed_is_told_after_a_restart_that_came_first() -> None:
    bench = Bench(ability=ABLE)
    installed_offline(bench)
    bench.power_cut()
    assert bench.told[0] == "Firmware Installed"
    bench.power_cut()
    assert "Firmware Installed" not in bench.told


@pytest.mark.parametrize(("answer", "again"), [(CLOSED, True), (REFUSED, False)])
def test_installed_is_told_until_it_is_answered(answer: OcppError, again: bool) -> None:
    bench = Bench(ability=ABLE)
    installed_offline(bench)
    bench.central.fails = lambda request: answer if hasattr(request, "status") else None
    bench.power_cut()
    bench.central.fails = lambda request: None
    bench.central.received.clear()
    bench.power_cut()
    assert ("Firmware Installed" in bench.told) is again
