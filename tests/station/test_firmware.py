"""Firmware updates. SPEC 8, 13."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import attrs
import pytest

from ocpp16.enums import FirmwareStatus, SignedFirmwareStatus
from ocpp16.station.firmware import (
    NEXT,
    Cancel,
    Download,
    FirmwareUpdate,
    Install,
    Order,
    Stage,
    Step,
    Told,
    Verify,
)
from tests.station.parts import NOON, after

PLAIN = Order(location="ftp://example.com/f", retrieve_at=NOON)
SIGNED = Order(location="ftp://example.com/f", retrieve_at=NOON, request_id=5, signature="x",
               certificate="y")  # fmt: skip


def shown(steps: list[Step]) -> list[str]:
    return [str(step.status) if isinstance(step, Told) else type(step).__name__ for step in steps]


def begun(order: Order = PLAIN) -> FirmwareUpdate:
    update = FirmwareUpdate()
    update.begin(order, NOON)
    return update


def test_a_plain_update_from_end_to_end() -> None:
    update = FirmwareUpdate()
    assert shown(update.begin(PLAIN, NOON)) == ["Downloading", "Download"]
    assert shown(update.downloaded(NOON, is_charging=False)) == [
        "Downloaded", "Installing", "Install",
    ]  # fmt: skip
    assert shown(update.installed(is_good=True)) == ["Installed"]
    assert not update.is_under_way


def test_a_signed_update_from_end_to_end() -> None:
    update = FirmwareUpdate()
    assert shown(update.begin(SIGNED, NOON)) == ["Downloading", "Download"]
    assert shown(update.downloaded(NOON, is_charging=False)) == ["Downloaded", "Verify"]
    assert shown(update.verified(NOON, is_valid=True, is_charging=False)) == [
        "SignatureVerified", "Installing", "Install",
    ]  # fmt: skip
    assert shown(update.rebooting()) == ["InstallRebooting"]
    assert shown(update.installed(is_good=True)) == ["Installed"]


def test_every_signed_status_has_the_request_id() -> None:
    update = FirmwareUpdate()
    steps = update.begin(SIGNED, NOON)
    steps += update.downloaded(NOON, is_charging=False)
    steps += update.verified(NOON, is_valid=False, is_charging=False)
    told = [step for step in steps if isinstance(step, Told)]
    assert [(step.status.value, step.request_id) for step in told] == [
        ("Downloading", 5), ("Downloaded", 5), ("InvalidSignature", 5),
    ]  # fmt: skip
    assert all(isinstance(step.status, SignedFirmwareStatus) for step in told)


@pytest.mark.parametrize(("order", "words"), [(PLAIN, []), (SIGNED, ["DownloadScheduled"])])
def test_it_is_not_fetched_before_its_time(order: Order, words: list[str]) -> None:
    update = FirmwareUpdate()
    assert shown(update.begin(attrs.evolve(order, retrieve_at=after(60)), NOON)) == words
    assert update.next_due == after(60)
    assert update.pass_time(after(59), is_charging=False) == []
    assert shown(update.pass_time(after(60), is_charging=False)) == ["Downloading", "Download"]


@pytest.mark.parametrize(
    ("retries", "interval", "waits"),
    [(0, None, []), (2, 10, [10, 10]), (None, None, [60, 60]), (1, 0, [1])],
)
def test_fetching_is_tried_again(
    retries: int | None, interval: int | None, waits: list[int]
) -> None:
    update = begun(attrs.evolve(PLAIN, retries=retries, retry_interval=interval))
    now = 0.0
    for wait in waits:
        assert update.download_failed(after(now)) == []
        assert update.next_due == after(now + wait)
        now += wait
        assert shown(update.pass_time(after(now), is_charging=False)) == ["Download"]
    assert shown(update.download_failed(after(now))) == ["DownloadFailed"]
    assert update.next_due is None


def test_installing_waits_for_the_end_of_transactions() -> None:
    update = begun()
    assert shown(update.downloaded(NOON, is_charging=True)) == ["Downloaded"]
    assert update.waits_for_idle
    assert update.pass_time(after(60), is_charging=True) == []
    assert shown(update.pass_time(after(61), is_charging=False)) == ["Installing", "Install"]
    assert not update.waits_for_idle


def test_a_signed_update_waits_only_once_it_is_verified() -> None:
    update = begun(SIGNED)
    update.downloaded(NOON, is_charging=True)
    assert update.pass_time(after(1), is_charging=False) == []
    update.verified(NOON, is_valid=True, is_charging=True)
    assert update.waits_for_idle
    assert shown(update.pass_time(after(2), is_charging=False)) == ["Installing", "Install"]


def test_installing_waits_for_its_time() -> None:
    update = begun(attrs.evolve(SIGNED, install_at=after(100)))
    update.downloaded(NOON, is_charging=False)
    assert shown(update.verified(NOON, is_valid=True, is_charging=False)) == [
        "SignatureVerified", "InstallScheduled",
    ]  # fmt: skip
    assert not update.waits_for_idle
    assert update.pass_time(after(99), is_charging=False) == []
    assert update.pass_time(after(100), is_charging=True) == []
    assert update.waits_for_idle
    assert shown(update.pass_time(after(101), is_charging=False)) == ["Installing", "Install"]


def test_a_bad_signature_ends_it() -> None:
    update = begun(SIGNED)
    update.downloaded(NOON, is_charging=False)
    assert shown(update.verified(NOON, is_valid=False, is_charging=False)) == ["InvalidSignature"]
    assert not update.is_under_way


def test_a_failed_installation_ends_it() -> None:
    update = begun()
    update.downloaded(NOON, is_charging=False)
    assert shown(update.installed(is_good=False)) == ["InstallationFailed"]


def test_a_new_order_cancels_the_old_one() -> None:
    update = begun(SIGNED)
    steps = update.begin(attrs.evolve(SIGNED, request_id=6), after(1))
    assert isinstance(steps[0], Cancel)
    assert shown(steps[1:]) == ["Downloading", "Download"]
    assert update.triggered() == Told(SignedFirmwareStatus.DOWNLOADING, 6)


def test_an_end_needs_no_cancelling() -> None:
    update = begun()
    update.downloaded(NOON, is_charging=False)
    update.installed(is_good=True)
    assert shown(update.begin(PLAIN, NOON)) == ["Downloading", "Download"]


def test_news_of_something_else_are_ignored() -> None:
    update = FirmwareUpdate()
    assert update.downloaded(NOON, is_charging=False) == []
    assert update.download_failed(NOON) == []
    assert update.verified(NOON, is_valid=True, is_charging=False) == []
    assert update.installed(is_good=True) == []
    assert update.rebooting() == []
    assert update.pass_time(NOON, is_charging=False) == []


@pytest.mark.parametrize(
    ("order", "stage", "told"),
    [
        (None, Stage.IDLE, Told(FirmwareStatus.IDLE, None)),
        (PLAIN, Stage.WAITING, Told(FirmwareStatus.IDLE, None)),
        (PLAIN, Stage.DOWNLOADING, Told(FirmwareStatus.DOWNLOADING, None)),
        (PLAIN, Stage.INSTALLING, Told(FirmwareStatus.INSTALLING, None)),
        (PLAIN, Stage.INSTALLED, Told(FirmwareStatus.IDLE, None)),
        (PLAIN, Stage.DOWNLOAD_FAILED, Told(FirmwareStatus.IDLE, None)),
        (SIGNED, Stage.WAITING, Told(SignedFirmwareStatus.DOWNLOAD_SCHEDULED, 5)),
        (SIGNED, Stage.INSTALLED, Told(SignedFirmwareStatus.IDLE, None)),
        (SIGNED, Stage.INVALID_SIGNATURE, Told(SignedFirmwareStatus.INVALID_SIGNATURE, 5)),
    ],
)
def test_a_trigger_gets_idle_or_the_last_status(
    order: Order | None, stage: Stage, told: Told
) -> None:
    update = FirmwareUpdate()
    update.order, update.stage = order, stage
    assert update.triggered() == told


def test_a_trigger_of_the_signed_status_without_an_order_gets_idle() -> None:
    assert begun(PLAIN).triggered_signed() == Told(SignedFirmwareStatus.IDLE, None)


def test_the_table_has_every_stage_and_only_words_of_the_wire() -> None:
    assert set(NEXT) == set(Stage)
    assert {stage.value for stage in Stage} <= {status.value for status in SignedFirmwareStatus}


@pytest.mark.parametrize("order", [PLAIN, SIGNED])
def test_only_changes_of_the_table_happen(order: Order) -> None:
    update = FirmwareUpdate()
    seen = [update.stage]

    def note(now: datetime = NOON) -> None:
        if update.stage is not seen[-1]:
            seen.append(update.stage)

    update.begin(attrs.evolve(order, retrieve_at=after(1)), NOON)
    note()
    update.pass_time(after(1), is_charging=False)
    note()
    update.downloaded(after(2), is_charging=True)
    note()
    update.verified(after(2), is_valid=True, is_charging=True)
    note()
    update.pass_time(after(3), is_charging=False)
    note()
    update.rebooting()
    note()
    update.installed(is_good=True)
    note()
    assert seen[-1] is Stage.INSTALLED
    for one, other in pairwise(seen):
        assert other in NEXT[one]


def test_downloading_has_its_order() -> None:
    steps = FirmwareUpdate().begin(SIGNED, NOON)
    assert Download(SIGNED) in steps
    update = begun(SIGNED)
    assert Verify(SIGNED) in update.downloaded(NOON, is_charging=False)
    assert Install(SIGNED) in update.verified(NOON, is_valid=True, is_charging=False)
