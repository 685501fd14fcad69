"""What is done for a station that takes a while: firmware and files. Protocols only.

Off by default: a station without a workshop neither fetches nor uploads anything.
"""

from __future__ import annotations

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


class Workshop(Protocol):
    """Fetches, checks and installs firmware, and uploads files."""

    def check_signer(self, pem: str) -> UpdateFirmwareStatus:
        """Judge a firmware signing certificate: Accepted, or why not (L01.FR.23 to 25)."""
        ...

    async def download(self, order: firmware.Order) -> None:
        """Fetch a firmware image; raise whatever keeps it from being there."""
        ...

    async def verify(self, order: firmware.Order) -> bool:
        """Tell whether the signature of the image that was fetched last is right."""
        raise NotImplementedError

    async def install(self, order: firmware.Order) -> str:
        """Install the image that was fetched last, and return its version; raise if it fails."""
        raise NotImplementedError

    async def upload(self, order: diagnostics.Order, content: bytes) -> None:
        """Upload a file.

        Raises:
            UploadFailed: It did not arrive, and why.
        """
        ...
