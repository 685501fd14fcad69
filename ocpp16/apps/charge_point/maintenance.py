"""Firmware and diagnostics of a simulated charge point: what it reports.

No file is ever fetched or sent. Spec: C 4.4, 4.5, 5.9, 5.19.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from ocpp16.apps.charge_point.outbox import Outbox
from ocpp16.enums import DiagnosticsStatus, FirmwareStatus
from ocpp16.messages import (
    DiagnosticsStatusNotificationRequest,
    FirmwareStatusNotificationRequest,
)

VERSION_LENGTH = 50


class Maintenance:
    """Updates and uploads of one charge point.

    Args:
        version: The firmware that runs.
        outbox: The way to report.
    """

    def __init__(self, version: str, outbox: Outbox) -> None:
        self.version = version
        self._outbox = outbox
        self._firmware = FirmwareStatus.IDLE
        self._diagnostics = DiagnosticsStatus.IDLE
        self._ordered: tuple[datetime, str] | None = None
        self._downloaded: str | None = None

    def order(self, location: str, not_before: datetime) -> None:
        """Take the order to install what lies at a location, once its time has come."""
        self._ordered = (not_before, version_at(location))

    async def work(self, now: datetime, *, is_idle: bool) -> bool:
        """Do what is due of an update; returns whether a new firmware waits for a reboot.

        Args:
            now: The time.
            is_idle: Whether nobody charges: only then it installs.
        """
        if self._ordered is not None and self._ordered[0] <= now:
            _, version = self._ordered
            self._ordered = None
            await self._report(FirmwareStatus.DOWNLOADING)
            await self._report(FirmwareStatus.DOWNLOADED)
            self._downloaded = version
        if self._downloaded is None or not is_idle:
            return False
        self.version, self._downloaded = self._downloaded, None
        await self._report(FirmwareStatus.INSTALLING)
        await self._report(FirmwareStatus.INSTALLED)
        self._firmware = FirmwareStatus.IDLE
        return True

    async def upload(self) -> None:
        """Report an upload of diagnostics."""
        for status in (DiagnosticsStatus.UPLOADING, DiagnosticsStatus.UPLOADED):
            self._diagnostics = status
            await self.report_diagnostics()
        self._diagnostics = DiagnosticsStatus.IDLE

    async def report_firmware(self) -> None:
        """Tell how far an update is."""
        await self._outbox.notify(FirmwareStatusNotificationRequest(status=self._firmware))

    async def report_diagnostics(self) -> None:
        """Tell how far an upload is."""
        request = DiagnosticsStatusNotificationRequest(status=self._diagnostics)
        await self._outbox.notify(request)

    async def _report(self, status: FirmwareStatus) -> None:
        self._firmware = status
        await self.report_firmware()


def version_at(location: str) -> str:
    """Return the version that the file at a location counts as: its name without the ending."""
    return PurePosixPath(urlsplit(location).path).stem[:VERSION_LENGTH] or "unnamed"
