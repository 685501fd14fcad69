"""Firmware, diagnostics, logs and resets of a running station. Spec: C 5.9, 5.14, 5.19; W L01, N01.

Long work is done outside: it is asked for by actions, and how it went is told here. SPEC 8, 13.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ocpp16.enums import (
    DiagnosticsStatus,
    FirmwareStatus,
    LogStatus,
    ResetType,
    SignedFirmwareStatus,
    UploadLogStatus,
)
from ocpp16.errors import CallTimeout, SessionClosed
from ocpp16.messages import (
    DiagnosticsStatusNotificationRequest,
    FirmwareStatusNotificationRequest,
    LogStatusNotificationRequest,
    SignedFirmwareStatusNotificationRequest,
)
from ocpp16.security_event import SecurityEvent
from ocpp16.station import diagnostics, firmware, firmware_record
from ocpp16.station.action import Restart
from ocpp16.station.context import Context
from ocpp16.station.courier import Outcome
from ocpp16.station.diagnostics import Uploads
from ocpp16.station.firmware import FirmwareUpdate, Stage
from ocpp16.station.reset import Reset, ResetStep
from ocpp16.station.security import Security
from ocpp16.station.status_board import StatusBoard
from ocpp16.storage import Change, StorageFailed
from ocpp16.structure import Request

FIRMWARE_KIND = "firmware"
PENDING = "pending"
"""Key of the update that a reboot is to finish."""
UNTOLD = "untold"
"""Record of an installation that the central system does not know of yet: the restart that follows
on it may come first."""


class Maintenance:
    """What is done to one station beside charging.

    Args:
        context: The station.
        board: Its statuses.
        security: Its security events.
        is_charging: Tells whether a transaction runs.
        is_all_sent: Tells whether nothing waits to be sent.
        settle: Lets statuses follow when it closes or opens for new transactions.
    """

    def __init__(
        self,
        context: Context,
        *,
        board: StatusBoard,
        security: Security,
        is_charging: Callable[[], bool],
        is_all_sent: Callable[[], bool],
        settle: Callable[[], None],
    ) -> None:
        self._context = context
        self._board = board
        self._security = security
        self._is_charging = is_charging
        self._is_all_sent = is_all_sent
        self._settle = settle
        self._reset: Reset | None = None
        self.firmware = FirmwareUpdate()
        self.diagnostics = Uploads()
        self.logs = Uploads()
        version = context.storage.read(FIRMWARE_KIND).get("version")
        self._old_version = version if isinstance(version, str) else context.model.firmware_version
        self.version = self._old_version
        """The firmware that runs."""
        self._is_to_finish = False
        pending = context.storage.read(FIRMWARE_KIND).get(PENDING)
        if pending is not None:
            order, self.version = firmware_record.read(pending)
            self.firmware.resume(order)
            self._is_to_finish = True
        untold = context.storage.read(FIRMWARE_KIND).get(UNTOLD)
        if isinstance(untold, dict):
            self._tell_installed(_installed(untold.get("request")))

    # Orders

    def update_firmware(self, order: firmware.Order) -> None:
        """Begin an update."""
        self._do(self.firmware.begin(order, self._context.now))

    def upload(self, order: diagnostics.Order) -> LogStatus:
        """Begin an upload; return what GetLog is answered."""
        uploads = self.diagnostics if order.log_type is None else self.logs
        status, steps = uploads.begin(order)
        self._do(steps)
        return status

    def reset(self, type: ResetType) -> None:
        """Begin a reset; transactions have been stopped."""
        retries = self._context.configuration.integer("ResetRetries")
        self._restart(Reset(type, self._context.time, retries))

    def _restart(self, reset: Reset | None) -> None:
        self._reset = reset
        self._context.is_restarting = reset is not None

    # How it went

    def downloaded(self, *, is_there: bool) -> None:
        """Take it that the firmware was fetched, or could not be."""
        now = self._context.now
        if is_there:
            self._do(self.firmware.downloaded(now, is_charging=self._is_charging()))
        else:
            self._do(self.firmware.download_failed(now))

    def verified(self, *, is_valid: bool) -> None:
        """Take what came of the check of the signature (L01.FR.03)."""
        now, is_charging = self._context.now, self._is_charging()
        if not is_valid:
            self._security.note(SecurityEvent.INVALID_FIRMWARE_SIGNATURE)
        self._do(self.firmware.verified(now, is_valid=is_valid, is_charging=is_charging))

    def download_paused(self, seconds: float) -> None:
        """Take it that fetching stops for so long."""
        self._do(self.firmware.paused(self._context.now, seconds))

    def rebooting(self, version: str) -> None:
        """Take it that a reboot installs the firmware, which then has this version."""
        order = self.firmware.order
        if order is None or not self.firmware.is_installing:
            return
        record = firmware_record.write(order, version)
        try:
            self._context.storage.write([Change(FIRMWARE_KIND, PENDING, record)])
        except StorageFailed:
            # Nobody would know of it after the reboot.
            self._do(self.firmware.installed(is_good=False))
            raise
        self._do(self.firmware.rebooting())
        self._restart(Reset(ResetType.SOFT, self._context.time, 0))

    def unfit(self) -> None:
        """Take it that the image is not fit to be installed."""
        self._forget_pending()
        self._do(self.firmware.unfit())

    def installed(self, version: str | None) -> None:
        """Take it that the firmware was installed, or with None could not be.

        Raises:
            StorageFailed: The new version could not be stored.
        """
        if not self.firmware.is_installing:
            return
        has_rebooted = self.firmware.stage is Stage.REBOOTING
        if version is None:
            self._forget_pending()
        else:
            order = self.firmware.order
            untold = {"request": None if order is None else order.request_id}
            changes = [
                Change(FIRMWARE_KIND, "version", version),
                Change(FIRMWARE_KIND, PENDING),
                Change(FIRMWARE_KIND, UNTOLD, untold),
            ]
            self._context.storage.write(changes)
            self.version = self._old_version = version
            self._security.note(SecurityEvent.FIRMWARE_UPDATED, version)
        if version is not None and not has_rebooted:
            # CE 3.47: the reboot may come before or after Installed is told.
            self._restart(Reset(ResetType.SOFT, self._context.time, 0))
        self._do(self.firmware.installed(is_good=version is not None))

    def _forget_pending(self) -> None:
        if self.firmware.stage is Stage.REBOOTING:
            self._context.storage.write([Change(FIRMWARE_KIND, PENDING)])
            self.version = self._old_version

    def uploaded(self, *, is_log: bool, why_not: UploadLogStatus | None = None) -> None:
        """Take it that a file has arrived, or why not."""
        uploads = self.logs if is_log else self.diagnostics
        if why_not is None:
            self._do(uploads.uploaded())
        else:
            self._do(uploads.failed(self._context.time, why_not))

    def restart_failed(self) -> None:
        """Take it that a restart did not work."""
        if self._reset is not None:
            self._reset.failed(self._context.time)

    # Time

    def look(self) -> None:
        """Do what is due."""
        context = self._context
        if self._is_to_finish and context.boot.is_accepted and self.firmware.order is not None:
            self._is_to_finish = False
            self._do([firmware.Install(self.firmware.order)])
        self._do(self.firmware.pass_time(context.now, is_charging=self._is_charging()))
        self._do(self.diagnostics.pass_time(context.time))
        self._do(self.logs.pass_time(context.time))
        if self._reset is None:
            return
        match self._reset.look(context.time, is_all_sent=self._is_all_sent()):
            case ResetStep.RESTART:
                context.act(Restart(self._reset.type))
            case ResetStep.GIVE_UP:
                self._restart(None)
                self._board.tell_reset_failure()
            case ResetStep.NOTHING:
                pass

    @property
    def next_due(self) -> float | None:
        """When `look` has something to do."""
        context = self._context
        dues = [self.diagnostics.next_due, self.logs.next_due]
        if self._reset is not None:
            dues.append(self._reset.next_due(context.time, is_all_sent=self._is_all_sent()))
        if self._is_to_finish and context.boot.is_accepted:
            dues.append(context.time)
        install = self.firmware.next_due
        if install is not None:
            dues.append(context.time + context.clock.seconds_until(install, context.time))
        return min((due for due in dues if due is not None), default=None)

    # Telling

    def tell_firmware(self, *, is_signed: bool) -> None:
        """Tell the status of the update, by a trigger."""
        update = self.firmware
        told = update.triggered_signed() if is_signed else update.triggered()
        self._tell(told, is_triggered=True)

    def tell_upload(self, *, is_log: bool) -> None:
        """Tell the status of the upload, by a trigger."""
        uploads = self.logs if is_log else self.diagnostics
        self._tell(uploads.triggered(is_log=is_log), is_triggered=True)

    def _do(self, steps: Iterable[firmware.Step | diagnostics.Step]) -> None:
        for step in steps:
            if isinstance(step, (firmware.Told, diagnostics.Told)):
                self._tell(step)
            else:
                self._context.act(step)
        stage = self.firmware.stage
        is_about_to_run = stage is Stage.INSTALLED and self._reset is not None
        is_closed = (
            self.firmware.is_installing
            or is_about_to_run
            or (self.firmware.waits_for_idle and self._is_charging())
        )
        if is_closed is not self._context.is_closed:
            self._context.is_closed = is_closed
            self._settle()

    def _tell(self, told: firmware.Told | diagnostics.Told, *, is_triggered: bool = False) -> None:
        if not is_triggered and told.status.value == FirmwareStatus.INSTALLED.value:
            self._tell_installed(told)
            return
        # A status that was reached is reported (C 5.9, 5.19), whatever becomes of the link.
        self._context.courier.post(
            _notification(told), is_triggered=is_triggered, is_lasting=not is_triggered
        )

    def _tell_installed(self, told: firmware.Told | diagnostics.Told) -> None:
        def ended(outcome: Outcome) -> None:
            if not isinstance(outcome, (SessionClosed, CallTimeout)):
                self._context.storage.write([Change(FIRMWARE_KIND, UNTOLD)])

        self._context.courier.post(_notification(told), ended, is_lasting=True)


def _installed(request_id: int | None) -> firmware.Told:
    if request_id is None:
        return firmware.Told(FirmwareStatus.INSTALLED, None)
    return firmware.Told(SignedFirmwareStatus.INSTALLED, request_id)


def _notification(told: firmware.Told | diagnostics.Told) -> Request[Any]:
    match told.status:
        case FirmwareStatus():
            return FirmwareStatusNotificationRequest(status=told.status)
        case SignedFirmwareStatus():
            return SignedFirmwareStatusNotificationRequest(
                status=told.status, request_id=told.request_id
            )
        case DiagnosticsStatus():
            return DiagnosticsStatusNotificationRequest(status=told.status)
        case UploadLogStatus():
            return LogStatusNotificationRequest(status=told.status, request_id=told.request_id)
