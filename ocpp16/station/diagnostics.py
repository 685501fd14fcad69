"""Uploads that a central system asks for. Spec: C 5.9, CE 3.50, W N01; SPEC 8, 13.

One upload at a time; a second request cancels the first. Uploading is a job for somebody else, who
tells how it went. Times are monotonic seconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import attrs

from ocpp16.enums import DiagnosticsStatus, LogStatus, LogType, UploadLogStatus

OWN_RETRIES = 2
OWN_RETRY_INTERVAL = 60
"""Where the central system names none, the charge point decides."""
FAILURES = frozenset(
    {
        UploadLogStatus.UPLOAD_FAILURE,
        UploadLogStatus.BAD_MESSAGE,
        UploadLogStatus.PERMISSION_DENIED,
        UploadLogStatus.NOT_SUPPORTED_OPERATION,
    }
)


@attrs.frozen(kw_only=True)
class Order:
    """What is to be uploaded to which directory."""

    location: str
    file_name: str
    oldest: datetime | None = None
    latest: datetime | None = None
    retries: int | None = None
    retry_interval: int | None = None
    log_type: LogType | None = None
    """None where GetDiagnostics asked."""
    request_id: int | None = None


@attrs.frozen
class Told:
    """A status to be reported."""

    status: DiagnosticsStatus | UploadLogStatus
    request_id: int | None


@attrs.frozen
class Upload:
    """The file is to be made and sent."""

    order: Order


@attrs.frozen
class Cancel:
    """The upload that runs is to be stopped."""


Step: TypeAlias = Told | Upload | Cancel


class Uploads:
    """The upload of one kind (diagnostics, or logs) of one charge point."""

    __slots__ = ("_due", "_last", "_order", "_tries")

    def __init__(self) -> None:
        self._order: Order | None = None
        self._last: Told | None = None
        self._tries = 0
        self._due: float | None = None

    @property
    def is_under_way(self) -> bool:
        """Tell whether one is being done, waits between two tries included."""
        return self._order is not None

    @property
    def next_due(self) -> float | None:
        """When the next try is due."""
        return self._due

    def begin(self, order: Order) -> tuple[LogStatus, list[Step]]:
        """Take an order; return what GetLog is answered (N01.FR.11), and what to do."""
        steps: list[Step] = []
        status = LogStatus.ACCEPTED
        if self._order is not None:
            steps.append(Cancel())
            status = LogStatus.ACCEPTED_CANCELED
        self._order, self._tries, self._due = order, 0, None
        told = _uploading(order)
        self._last = told
        return status, [*steps, told, Upload(order)]

    def pass_time(self, time: float) -> list[Step]:
        """Do what is due: the next try."""
        if self._order is None or self._due is None or time < self._due:
            return []
        self._due = None
        return [Upload(self._order)]

    def uploaded(self) -> list[Step]:
        """Take it that the file has arrived."""
        order = self._order
        if order is None:
            return []
        status = DiagnosticsStatus.UPLOADED if order.log_type is None else UploadLogStatus.UPLOADED
        return self._end(Told(status, order.request_id))

    def failed(
        self, time: float, why: UploadLogStatus = UploadLogStatus.UPLOAD_FAILURE
    ) -> list[Step]:
        """Take it that the upload failed: again after a wait, or no more.

        Args:
            time: Now.
            why: What the server said; only a log's status can tell it.
        """
        order = self._order
        if order is None:
            return []
        self._tries += 1
        retries = OWN_RETRIES if order.retries is None else order.retries
        if self._tries <= retries:
            interval = order.retry_interval
            self._due = time + (OWN_RETRY_INTERVAL if interval is None else max(1, interval))
            return []
        if order.log_type is None:
            return self._end(Told(DiagnosticsStatus.UPLOAD_FAILED, None))
        status = why if why in FAILURES else UploadLogStatus.UPLOAD_FAILURE
        return self._end(Told(status, order.request_id))

    def triggered(self, *, is_log: bool) -> Told:
        """Return what a trigger gets: Idle, without a number, while nothing is under way."""
        if self._order is not None and self._last is not None:
            return self._last
        return Told(UploadLogStatus.IDLE if is_log else DiagnosticsStatus.IDLE, None)

    def _end(self, told: Told) -> list[Step]:
        self._order, self._due, self._last = None, None, told
        return [told]


def _uploading(order: Order) -> Told:
    if order.log_type is None:
        return Told(DiagnosticsStatus.UPLOADING, None)
    return Told(UploadLogStatus.UPLOADING, order.request_id)
