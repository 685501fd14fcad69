"""Registration. SPEC 2."""

from __future__ import annotations

import pytest

from ocpp16.enums import RegistrationStatus
from ocpp16.station.boot import OWN_WAIT, Boot

ACCEPTED, PENDING = RegistrationStatus.ACCEPTED, RegistrationStatus.PENDING
REJECTED = RegistrationStatus.REJECTED


def booted(status: RegistrationStatus | None, interval: int = 60) -> Boot:
    """Return a charge point that started at 0 and was answered at 10."""
    boot = Boot(0.0)
    if status is not None:
        boot.sent()
        boot.answered(status, interval, 10.0)
    return boot


def test_it_boots_at_once_after_every_start() -> None:
    assert Boot(5.0).next_due == 5.0


def test_it_does_not_boot_twice_while_an_answer_is_due() -> None:
    boot = Boot(0.0)
    boot.sent()
    assert boot.next_due is None


@pytest.mark.parametrize(
    ("status", "action", "time", "is_triggered", "may"),
    [
        (None, "BootNotification", 5, False, True),
        (None, "StartTransaction", 5, False, False),
        (None, "StatusNotification", 5, True, False),
        (PENDING, "StartTransaction", 11, False, False),
        (PENDING, "Heartbeat", 11, False, False),
        (PENDING, "StatusNotification", 11, True, True),
        (PENDING, "BootNotification", 11, False, True),
        (REJECTED, "BootNotification", 69, False, False),
        (REJECTED, "StatusNotification", 69, True, False),
        (REJECTED, "BootNotification", 70, False, True),
        (REJECTED, "StatusNotification", 70, True, False),
        (ACCEPTED, "StartTransaction", 11, False, True),
        (ACCEPTED, "Heartbeat", 11, False, True),
    ],
)
def test_what_may_be_sent(
    status: RegistrationStatus | None, action: str, time: float, is_triggered: bool, may: bool
) -> None:
    assert booted(status).may_send(action, time, is_triggered=is_triggered) is may


@pytest.mark.parametrize(
    ("status", "interval", "due"),
    [
        (ACCEPTED, 60, None),
        (ACCEPTED, 0, None),
        (PENDING, 60, 70.0),
        (PENDING, 0, 10.0 + OWN_WAIT),
        (REJECTED, 60, 70.0),
        (REJECTED, 0, 10.0 + OWN_WAIT),
        (REJECTED, -5, 10.0 + OWN_WAIT),
    ],
)
def test_the_interval_is_the_least_wait(
    status: RegistrationStatus, interval: int, due: float | None
) -> None:
    assert booted(status, interval).next_due == due


def test_rejected_is_silent_and_deaf_until_the_interval_is_over() -> None:
    boot = booted(REJECTED)
    assert boot.is_silent(69.9)
    assert not boot.is_silent(70.0)


@pytest.mark.parametrize("status", [None, ACCEPTED, PENDING])
def test_only_rejected_is_silent(status: RegistrationStatus | None) -> None:
    assert not booted(status).is_silent(10.0)


@pytest.mark.parametrize(("status", "may"), [(None, False), (PENDING, False), (ACCEPTED, True)])
def test_remote_start_and_stop_need_acceptance(
    status: RegistrationStatus | None, may: bool
) -> None:
    assert booted(status).may_be_started_remotely is may


def test_a_trigger_boots_earlier() -> None:
    boot = booted(PENDING)
    assert boot.triggered(20.0)
    assert boot.next_due == 20.0


def test_a_trigger_after_acceptance_is_not_followed() -> None:
    boot = booted(ACCEPTED)
    assert not boot.triggered(20.0)
    assert boot.next_due is None


def test_a_boot_without_a_usable_answer_is_tried_again_later() -> None:
    boot = Boot(0.0)
    boot.sent()
    boot.failed(30.0)
    assert boot.next_due == 30.0 + OWN_WAIT


def test_a_failure_after_acceptance_changes_nothing() -> None:
    boot = booted(ACCEPTED)
    boot.failed(30.0)
    assert boot.next_due is None


def test_silence_ends_with_a_better_answer() -> None:
    boot = booted(REJECTED)
    boot.answered(ACCEPTED, 300, 75.0)
    assert boot.is_accepted
    assert not boot.is_silent(75.0)
