"""What is done for a station that takes a while: firmware and files. Protocols only.

Off by default: a station without a workshop neither fetches nor uploads anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ocpp16.enums import UpdateFirmwareStatus, UploadLogStatus
from ocpp16.station import diagnostics, firmware


class UploadFailed(Exception):
    """A file could not be uploaded.

    Args:
        why: What LogStatusNotification tells of it.
    """

    def __init__(self, why: UploadLogStatus = UploadLogStatus.UPLOAD_FAILURE) -> None:
        super().__init__(why.value)
        self.why = why


class DownloadPaused(Exception):
    """Fetching stops for a while; `download` is called again then, and this was no failed try.

    Args:
        seconds: How long.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"paused for {seconds:g} s")
        self.seconds = seconds


class NotInstallable(Exception):
    """The image is not fit to be installed, though its signature is right; nothing was changed."""


class RebootNeeded(Exception):
    """The image is installed once the charge point has rebooted (L01.FR.15).

    `install` is called again when it has booted, to tell how it went.

    Args:
        version: Of the firmware that runs then.
    """

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.version = version


class Workshop(Protocol):
    """Fetches, checks and installs firmware, and uploads files."""

    def check_signer(self, pem: str, roots: Sequence[str]) -> UpdateFirmwareStatus:
        """Judge a firmware signing certificate: Accepted, or why not (L01.FR.23 to 25).

        Args:
            pem: The certificate; a peer's text, of any content.
            roots: Roots of the maker that are installed on the charge point (M05), in PEM.
        """
        ...

    async def download(self, order: firmware.Order) -> None:
        """Fetch a firmware image; raise whatever keeps it from being there.

        Raises:
            DownloadPaused: It is to be called again later.
        """
        ...

    async def verify(self, order: firmware.Order) -> bool:
        """Tell whether the signature of the image that was fetched last is right."""
        raise NotImplementedError

    async def install(self, order: firmware.Order) -> str:
        """Install the image that was fetched last, and return its version; raise if it fails.

        Raises:
            NotInstallable: The image is not fit.
            RebootNeeded: It is to be called again after a reboot.
        """
        raise NotImplementedError

    async def upload(self, order: diagnostics.Order, content: bytes) -> None:
        """Upload a file.

        Raises:
            UploadFailed: It did not arrive, and why.
        """
        ...
