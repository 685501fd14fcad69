"""A firmware update from request to reboot, plain and signed. C 5.19, 8, W L01; SPEC 8, 13.

From left to right::

    waiting --> downloading --> downloaded --> (verified) --> waiting to install --> installing
                 |  paused           |                  until its time has come       |  rebooting
              DownloadFailed   InvalidSignature         and no transaction runs       |
                           Installed, InstallationFailed, InstallVerificationFailed <-'

Downloading, checking and installing are jobs for somebody else, who tells how they went. Times are
instants: the central system names them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, unique
from typing import TypeAlias

import attrs

from ocpp16.enums import FirmwareStatus, SignedFirmwareStatus

OWN_RETRIES = 2
OWN_RETRY_INTERVAL = 60
"""Where the central system names none, the charge point decides (C 5.19)."""


@unique
class Stage(Enum):
    """Where an update is; the value is its status on the wire."""

    IDLE = "Idle"
    WAITING = "DownloadScheduled"
    DOWNLOADING = "Downloading"
    PAUSED = "DownloadPaused"
    DOWNLOADED = "Downloaded"
    VERIFIED = "SignatureVerified"
    SCHEDULED = "InstallScheduled"
    INSTALLING = "Installing"
    INSTALLED = "Installed"
    DOWNLOAD_FAILED = "DownloadFailed"
    INVALID_SIGNATURE = "InvalidSignature"
    INSTALLATION_FAILED = "InstallationFailed"
    VERIFICATION_FAILED = "InstallVerificationFailed"
    REBOOTING = "InstallRebooting"


NEXT: dict[Stage, tuple[Stage, ...]] = {
    Stage.IDLE: (Stage.WAITING, Stage.DOWNLOADING),
    Stage.WAITING: (Stage.DOWNLOADING,),
    Stage.DOWNLOADING: (Stage.DOWNLOADED, Stage.DOWNLOAD_FAILED, Stage.PAUSED),
    Stage.PAUSED: (Stage.DOWNLOADING,),
    Stage.DOWNLOADED: (Stage.VERIFIED, Stage.INVALID_SIGNATURE, Stage.INSTALLING),
    Stage.VERIFIED: (Stage.SCHEDULED, Stage.INSTALLING, Stage.REBOOTING),
    Stage.SCHEDULED: (Stage.INSTALLING, Stage.REBOOTING),
    Stage.INSTALLING: (
        Stage.INSTALLED,
        Stage.INSTALLATION_FAILED,
        Stage.VERIFICATION_FAILED,
        Stage.REBOOTING,
    ),
    Stage.REBOOTING: (Stage.INSTALLED, Stage.INSTALLATION_FAILED, Stage.VERIFICATION_FAILED),
    Stage.INSTALLED: (),
    Stage.DOWNLOAD_FAILED: (),
    Stage.INVALID_SIGNATURE: (),
    Stage.INSTALLATION_FAILED: (),
    Stage.VERIFICATION_FAILED: (),
}
"""What may follow on what; the diagram in the documentation is drawn from it."""
ENDS = frozenset(stage for stage, following in NEXT.items() if not following)
_PLAIN = frozenset(each.value for each in FirmwareStatus)


@attrs.frozen(kw_only=True)
class Order:
    """What is to be installed, from when on."""

    location: str
    retrieve_at: datetime
    install_at: datetime | None = None
    retries: int | None = None
    retry_interval: int | None = None
    request_id: int | None = None
    """None where it is a plain UpdateFirmware."""
    signature: str | None = None
    certificate: str | None = None

    @property
    def is_signed(self) -> bool:
        """Tell whether it came with SignedUpdateFirmware."""
        return self.request_id is not None


@attrs.frozen
class Told:
    """A status to be reported."""

    status: FirmwareStatus | SignedFirmwareStatus
    request_id: int | None


@attrs.frozen
class Download:
    """The file is to be fetched."""

    order: Order


@attrs.frozen
class Verify:
    """The signature of the file is to be checked (L01.FR.04)."""

    order: Order


@attrs.frozen
class Install:
    """The file is to be installed."""

    order: Order


@attrs.frozen
class Cancel:
    """Whatever is being done for the update is to be stopped."""


Step: TypeAlias = Told | Download | Verify | Install | Cancel


class FirmwareUpdate:
    """The update of one charge point: at most one at a time."""

    __slots__ = ("_due", "_tries", "order", "stage")

    def __init__(self) -> None:
        self.stage = Stage.IDLE
        self.order: Order | None = None
        self._tries = 0
        self._due: datetime | None = None

    @property
    def is_under_way(self) -> bool:
        """Tell whether an update is to be done or being done."""
        return self.order is not None and self.stage not in ENDS

    @property
    def is_installing(self) -> bool:
        """Tell whether it is being installed, the reboot for it included."""
        return self.stage in {Stage.INSTALLING, Stage.REBOOTING}

    @property
    def waits_for_idle(self) -> bool:
        """Tell whether idle connectors should take no new transaction (C 5.19, L01.FR.07)."""
        return self.stage in {Stage.DOWNLOADED, Stage.VERIFIED} and self._due is None

    @property
    def next_due(self) -> datetime | None:
        """When `pass_time` has something to do."""
        return self._due

    def begin(self, order: Order, now: datetime) -> list[Step]:
        """Take an order; one that is under way is cancelled."""
        steps: list[Step] = [Cancel()] if self.is_under_way else []
        self.order, self._tries, self._due = order, 0, order.retrieve_at
        self.stage = Stage.IDLE
        if order.retrieve_at > now:
            self.stage = Stage.WAITING
            # L01.FR.13; a plain update has no word for it.
            return [*steps, *self._told()]
        return [*steps, *self.pass_time(now, is_charging=True)]

    def pass_time(self, now: datetime, *, is_charging: bool) -> list[Step]:
        """Do what is due.

        Args:
            now: The time of day.
            is_charging: Whether a transaction runs.
        """
        order = self.order
        if order is None or self.stage in ENDS:
            return []
        is_due = self._due is not None and now >= self._due
        if is_due and self.stage in {Stage.IDLE, Stage.WAITING, Stage.PAUSED}:
            self._due, self.stage = None, Stage.DOWNLOADING
            return [*self._told(), Download(order)]
        if is_due and self.stage is Stage.DOWNLOADING:
            self._due = None
            return [Download(order)]
        if is_due and self.stage is Stage.SCHEDULED:
            self._due, self.stage = None, Stage.VERIFIED
        if self.waits_for_idle and not is_charging and self._is_verified(order):
            self.stage = Stage.INSTALLING
            return [*self._told(), Install(order)]
        return []

    def _is_verified(self, order: Order) -> bool:
        return self.stage is Stage.VERIFIED or not order.is_signed

    def paused(self, now: datetime, seconds: float) -> list[Step]:
        """Take it that fetching stops for so long (L01.FR.14); a plain update tells nothing."""
        order = self._at(Stage.DOWNLOADING)
        if order is None:
            return []
        self._due = now + timedelta(seconds=seconds)
        if not order.is_signed:
            return []
        self.stage = Stage.PAUSED
        return self._told()

    def downloaded(self, now: datetime, *, is_charging: bool) -> list[Step]:
        """Take it that the file is there."""
        order = self._at(Stage.DOWNLOADING)
        if order is None:
            return []
        self.stage = Stage.DOWNLOADED
        if order.is_signed:
            return [*self._told(), Verify(order)]
        return [*self._told(), *self.pass_time(now, is_charging=is_charging)]

    def download_failed(self, now: datetime) -> list[Step]:
        """Take it that the file could not be fetched: again after a wait, or no more."""
        order = self._at(Stage.DOWNLOADING)
        if order is None:
            return []
        self._tries += 1
        retries = OWN_RETRIES if order.retries is None else order.retries
        if self._tries <= retries:
            interval = order.retry_interval
            seconds = OWN_RETRY_INTERVAL if interval is None else max(1, interval)
            self._due = now + timedelta(seconds=seconds)
            return []
        return self._end(Stage.DOWNLOAD_FAILED)

    def verified(self, now: datetime, *, is_valid: bool, is_charging: bool) -> list[Step]:
        """Take what came of the signature check."""
        order = self._at(Stage.DOWNLOADED)
        if order is None or not order.is_signed:
            return []
        if not is_valid:
            return self._end(Stage.INVALID_SIGNATURE)
        self.stage = Stage.VERIFIED
        steps = self._told()
        if order.install_at is not None and order.install_at > now:
            # L01.FR.16
            self.stage, self._due = Stage.SCHEDULED, order.install_at
            return [*steps, *self._told()]
        return [*steps, *self.pass_time(now, is_charging=is_charging)]

    def rebooting(self) -> list[Step]:
        """Take it that installing needs a reboot now (L01.FR.15); a plain update says nothing."""
        if self._at(Stage.INSTALLING) is None:
            return []
        self.stage = Stage.REBOOTING
        return self._told()

    def resume(self, order: Order) -> None:
        """Take up an update again after the reboot that it needed."""
        self.order, self.stage = order, Stage.REBOOTING

    def installed(self, *, is_good: bool) -> list[Step]:
        """Take what came of installing."""
        if not self.is_installing:
            return []
        return self._end(Stage.INSTALLED if is_good else Stage.INSTALLATION_FAILED)

    def unfit(self) -> list[Step]:
        """Take it that the image is not fit to be installed; a plain update says it failed."""
        if not self.is_installing:
            return []
        is_signed = self.order is not None and self.order.is_signed
        return self._end(Stage.VERIFICATION_FAILED if is_signed else Stage.INSTALLATION_FAILED)

    def triggered(self) -> Told:
        """Return what a TriggerMessage gets: Idle while nothing is under way.

        L01.FR.28: after Installed it is Idle, too. L01.FR.29: otherwise the last status.
        """
        is_signed = self.order is not None and self.order.is_signed
        stage = self.stage
        if not is_signed:
            is_sayable = self.is_under_way and stage.value in _PLAIN
            return Told(FirmwareStatus(stage.value) if is_sayable else FirmwareStatus.IDLE, None)
        return self.triggered_signed()

    def triggered_signed(self) -> Told:
        """Return what an ExtendedTriggerMessage gets."""
        order = self.order
        if order is None or not order.is_signed or self.stage is Stage.INSTALLED:
            return Told(SignedFirmwareStatus.IDLE, None)
        return Told(SignedFirmwareStatus(self.stage.value), order.request_id)

    def _at(self, stage: Stage) -> Order | None:
        return self.order if self.stage is stage else None

    def _end(self, stage: Stage) -> list[Step]:
        self.stage, self._due = stage, None
        return self._told()

    def _told(self) -> list[Step]:
        order = self.order
        if order is not None and order.is_signed:
            return [Told(SignedFirmwareStatus(self.stage.value), order.request_id)]
        # C 7: what a plain update has no status for is not told.
        if self.stage.value not in _PLAIN:
            return []
        return [Told(FirmwareStatus(self.stage.value), None)]
