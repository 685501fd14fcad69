"""Work of a station that takes a while, done by its workshop, one job of a kind at a time.

A new job of a kind cancels the one before. How it went is told to `Maintenance`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from ocpp16 import log
from ocpp16.enums import UploadLogStatus
from ocpp16.station import diagnostics, firmware
from ocpp16.station.action import Job
from ocpp16.station.core import Core
from ocpp16.station.report import diagnostics_text
from ocpp16.station.workshop import (
    DownloadPaused,
    NotInstallable,
    RebootNeeded,
    UploadFailed,
    Workshop,
)
from ocpp16.transports.task import TaskGroup

logger = logging.getLogger(__name__)
Tell: TypeAlias = Callable[[Callable[[Core], object]], object]
"""Tells the station at work how something went."""


class Jobs:
    """The jobs of one station.

    Args:
        workshop: Who does them; None fails all of them.
        tell: Tells how they went.
    """

    def __init__(self, workshop: Workshop | None, tell: Tell) -> None:
        self._workshop = workshop
        self._tell = tell
        self._tasks = TaskGroup(lambda error: log.failure(logger, "a job failed", error))
        self._cancel: dict[str, Callable[[], object]] = {}

    def begin(self, job: Job, core: Core) -> None:
        """Begin a job.

        Args:
            job: Which.
            core: Whose state the file of an upload tells.
        """
        match job:
            case firmware.Download():
                self._spawn("firmware", self._download(job.order))
            case firmware.Verify():
                self._spawn("firmware", self._verify(job.order))
            case firmware.Install():
                self._spawn("firmware", self._install(job.order))
            case diagnostics.Upload():
                content = diagnostics_text(core, job.order).encode()
                kind = "diagnostics" if job.order.log_type is None else "log"
                self._spawn(kind, self._upload(job.order, content))

    def _spawn(self, kind: str, work: Coroutine[Any, Any, None]) -> None:
        # The one before may be what begins this one: it has nothing left to do then.
        self._cancel.pop(kind, lambda: None)()
        self._cancel[kind] = self._tasks.spawn(work).cancel

    def cancel_update(self) -> None:
        """Stop whatever is being done for an update of firmware."""
        self._cancel.pop("firmware", lambda: None)()

    async def stop(self) -> None:
        """Cancel all of them."""
        self._tasks.cancel()
        await self._tasks.wait()
        self._cancel.clear()

    async def _download(self, order: firmware.Order) -> None:
        try:
            is_there = await self._succeeds("download", lambda shop: shop.download(order))
        except DownloadPaused as pause:
            seconds = pause.seconds
            self._tell(lambda core: core.maintenance.download_paused(seconds))
            return
        self._tell(lambda core: core.maintenance.downloaded(is_there=is_there))

    async def _verify(self, order: firmware.Order) -> None:
        results: list[bool] = []

        async def verify(shop: Workshop) -> None:
            results.append(await shop.verify(order))

        is_done = await self._succeeds("verify", verify)
        self._tell(lambda core: core.maintenance.verified(is_valid=is_done and all(results)))

    async def _install(self, order: firmware.Order) -> None:
        versions: list[str] = []

        async def install(shop: Workshop) -> None:
            versions.append(await shop.install(order))

        try:
            is_done = await self._succeeds("install", install)
        except RebootNeeded as reboot:
            version = reboot.version
            self._tell(lambda core: core.maintenance.rebooting(version))
            return
        except NotInstallable as error:
            log.failure(logger, "a firmware is not fit to be installed", error)
            self._tell(lambda core: core.maintenance.unfit())
            return
        self._tell(lambda core: core.maintenance.installed(versions[0] if is_done else None))

    async def _upload(self, order: diagnostics.Order, content: bytes) -> None:
        why_not: UploadLogStatus | None = None
        try:
            if self._workshop is not None:
                await self._workshop.upload(order, content)
        except UploadFailed as error:
            why_not = error.why
        except Exception as error:  # noqa: BLE001 - whatever it is, the upload failed
            log.failure(logger, "a file could not be uploaded", error)
            why_not = UploadLogStatus.UPLOAD_FAILURE
        is_log = order.log_type is not None
        self._tell(lambda core: core.maintenance.uploaded(is_log=is_log, why_not=why_not))

    async def _succeeds(
        self, what: str, job: Callable[[Workshop], Coroutine[Any, Any, None]]
    ) -> bool:
        if self._workshop is None:
            return False
        try:
            await job(self._workshop)
        except (DownloadPaused, NotInstallable, RebootNeeded):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it did not work
            log.failure(logger, f"a firmware could not be brought to {what}", error)
            return False
        return True
