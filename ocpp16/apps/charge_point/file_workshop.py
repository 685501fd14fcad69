"""A `Workshop` that really fetches firmware and sends files, by rules; it installs nothing.

An image is kept in a folder, and counts as installed. Signatures are those of the whitepaper, by
the certificate that came along (W L01); `cryptography` checks them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from ocpp16.clock import Clock
from ocpp16.enums import UpdateFirmwareStatus, UploadLogStatus
from ocpp16.station import diagnostics, firmware
from ocpp16.station.workshop import UploadFailed
from ocpp16.transports.file_transfer import Failure, FileTransfer, TransferFailed
from ocpp16.transports.task import run_in_thread

IMAGE = "firmware.bin"
VERSION_LENGTH = 50
_WHY = {
    Failure.BAD_LOCATION: UploadLogStatus.BAD_MESSAGE,
    Failure.DENIED: UploadLogStatus.PERMISSION_DENIED,
    Failure.NOT_ALLOWED: UploadLogStatus.PERMISSION_DENIED,
    Failure.NOT_SUPPORTED: UploadLogStatus.NOT_SUPPORTED_OPERATION,
}


class FileWorkshop:
    """Fetches and sends files.

    Args:
        transfer: The way there.
        folder: Where an image is kept.
        clock: Tells the time, for certificates.
        root: Certificate of the maker's authority, PEM, beside those that are installed.
        revoked: Its lists of revoked certificates, PEM; None is none.
    """

    def __init__(
        self,
        transfer: FileTransfer,
        folder: Path,
        clock: Clock,
        root: Path | None = None,
        revoked: Path | None = None,
    ) -> None:
        self._transfer = transfer
        self._image = folder / IMAGE
        self._clock = clock
        self._root = root
        self._revoked = revoked

    def check_signer(self, pem: str, roots: Sequence[str]) -> UpdateFirmwareStatus:
        """Judge a signing certificate (L01.FR.23 to 25)."""
        from ocpp16.security.firmware_signature import judge_signer  # noqa: PLC0415 - an extra

        try:
            given = b"" if self._root is None else self._root.read_bytes()
            known = "\n".join(roots).encode() + b"\n" + given
            if not known.strip():
                return UpdateFirmwareStatus.INVALID_CERTIFICATE
            revoked = None if self._revoked is None else self._revoked.read_bytes()
            return judge_signer(pem, known, self._clock.now(), revoked=revoked)
        except (OSError, ValueError):
            # What nobody can vouch for is not trusted.
            return UpdateFirmwareStatus.INVALID_CERTIFICATE

    async def download(self, order: firmware.Order) -> None:
        """Fetch an image.

        Raises:
            TransferFailed: It is not there.
        """
        await self._transfer.download(order.location, self._image)

    async def verify(self, order: firmware.Order) -> bool:
        """Tell whether the signature of the image is right."""
        from ocpp16.security.firmware_signature import check_signature  # noqa: PLC0415 - an extra

        if order.certificate is None or order.signature is None:
            return False
        try:
            await run_in_thread(check_signature, self._image, order.signature, order.certificate)
        except ValueError:
            return False
        return True

    async def install(self, order: firmware.Order) -> str:
        """Take an image as installed; return its version, the name of its file."""
        if not self._image.is_file():
            raise FileNotFoundError(self._image)
        name = PurePosixPath(urlsplit(order.location).path).stem
        return name[:VERSION_LENGTH] or "unnamed"

    async def upload(self, order: diagnostics.Order, content: bytes) -> None:
        """Send a file.

        Raises:
            UploadFailed: It did not arrive, and why.
        """
        try:
            await self._transfer.upload(order.location, order.file_name, content)
        except TransferFailed as error:
            why = _WHY.get(error.failure, UploadLogStatus.UPLOAD_FAILURE)
            raise UploadFailed(why) from error
