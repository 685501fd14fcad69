"""Uploads of diagnostics and logs. SPEC 8, 13."""

from __future__ import annotations

import attrs
import pytest

from ocpp16.enums import DiagnosticsStatus, LogStatus, LogType, UploadLogStatus
from ocpp16.station.diagnostics import Cancel, Order, Step, Told, Upload, Uploads

PLAIN = Order(location="ftp://example.com/d", file_name="d.txt", retries=0)
LOG = attrs.evolve(PLAIN, log_type=LogType.SECURITY_LOG, request_id=5)


def begun(order: Order) -> Uploads:
    uploads = Uploads()
    uploads.begin(order)
    return uploads


@pytest.mark.parametrize(
    ("order", "uploading", "uploaded"),
    [
        (
            PLAIN,
            Told(DiagnosticsStatus.UPLOADING, None),
            Told(DiagnosticsStatus.UPLOADED, None),
        ),
        (LOG, Told(UploadLogStatus.UPLOADING, 5), Told(UploadLogStatus.UPLOADED, 5)),
    ],
)
def test_from_end_to_end(order: Order, uploading: Told, uploaded: Told) -> None:
    uploads = Uploads()
    assert uploads.begin(order) == (LogStatus.ACCEPTED, [uploading, Upload(order)])
    assert uploads.is_under_way
    assert uploads.uploaded() == [uploaded]
    assert not uploads.is_under_way


def test_a_second_request_cancels_the_first() -> None:
    second = attrs.evolve(LOG, request_id=6)
    status, steps = begun(LOG).begin(second)
    assert status is LogStatus.ACCEPTED_CANCELED
    assert steps == [Cancel(), Told(UploadLogStatus.UPLOADING, 6), Upload(second)]


@pytest.mark.parametrize(
    ("retries", "interval", "waits"),
    [(0, None, []), (2, 10, [10, 10]), (None, None, [60, 60]), (1, 0, [1])],
)
def test_retries_are_repetitions_after_the_first_try(
    retries: int | None, interval: int | None, waits: list[int]
) -> None:
    order = attrs.evolve(PLAIN, retries=retries, retry_interval=interval)
    uploads = begun(order)
    now = 0.0
    for wait in waits:
        assert uploads.failed(now) == []
        assert uploads.next_due == now + wait
        assert uploads.pass_time(now + wait - 0.1) == []
        now += wait
        assert uploads.pass_time(now) == [Upload(order)]
    assert uploads.failed(now) == [Told(DiagnosticsStatus.UPLOAD_FAILED, None)]


@pytest.mark.parametrize(
    ("why", "told"),
    [
        (UploadLogStatus.UPLOAD_FAILURE, UploadLogStatus.UPLOAD_FAILURE),
        (UploadLogStatus.BAD_MESSAGE, UploadLogStatus.BAD_MESSAGE),
        (UploadLogStatus.PERMISSION_DENIED, UploadLogStatus.PERMISSION_DENIED),
        (UploadLogStatus.NOT_SUPPORTED_OPERATION, UploadLogStatus.NOT_SUPPORTED_OPERATION),
        (UploadLogStatus.UPLOADED, UploadLogStatus.UPLOAD_FAILURE),
    ],
)
def test_a_log_tells_why_it_failed(why: UploadLogStatus, told: UploadLogStatus) -> None:
    assert begun(LOG).failed(0.0, why) == [Told(told, 5)]


@pytest.mark.parametrize("is_log", [False, True])
def test_a_trigger_while_idle_gets_idle_without_a_number(is_log: bool) -> None:
    idle = UploadLogStatus.IDLE if is_log else DiagnosticsStatus.IDLE
    uploads = Uploads()
    assert uploads.triggered(is_log=is_log) == Told(idle, None)
    uploads.begin(LOG if is_log else PLAIN)
    uploads.uploaded()
    assert uploads.triggered(is_log=is_log) == Told(idle, None)


def test_a_trigger_under_way_gets_the_status() -> None:
    assert begun(LOG).triggered(is_log=True) == Told(UploadLogStatus.UPLOADING, 5)


def test_news_of_nothing_are_ignored() -> None:
    uploads = Uploads()
    found: list[Step] = [*uploads.uploaded(), *uploads.failed(0.0), *uploads.pass_time(0.0)]
    assert found == []
