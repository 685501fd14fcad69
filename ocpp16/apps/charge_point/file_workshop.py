"""A `Workshop` that really fetches firmware and sends files, by rules; it installs nothing.

An image is kept in a folder, and counts as installed. Signatures are those of the whitepaper:
RSA-PSS over SHA-256 with any salt, by the certificate that came along (W L01). Uses `cryptography`
for them.
"""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
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
        root: Certificate of the maker's authority, PEM; None trusts no signing certificate.
    """

    def __init__(
        self, transfer: FileTransfer, folder: Path, clock: Clock, root: Path | None = None
    ) -> None:
        self._transfer = transfer
        self._image = folder / IMAGE
        self._clock = clock
        self._root = root

    def check_signer(self, pem: str) -> UpdateFirmwareStatus:
        """Judge a signing certificate: signed by the maker's root, and valid now (L01.FR.23)."""
        try:
            is_good = self._root is not None and _is_signed_by(
                pem, self._root.read_bytes(), self._clock.now()
            )
        except (OSError, ValueError):
            is_good = False
        return (
            UpdateFirmwareStatus.ACCEPTED if is_good else UpdateFirmwareStatus.INVALID_CERTIFICATE
        )

    async def download(self, order: firmware.Order) -> None:
        """Fetch an image.

        Raises:
            TransferFailed: It is not there.
        """
        await self._transfer.download(order.location, self._image)

    async def verify(self, order: firmware.Order) -> bool:
        """Tell whether the signature of the image is right."""
        return await run_in_thread(_is_right, self._image, order)

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


def _is_signed_by(pem: str, root: bytes, now: datetime) -> bool:
    from cryptography import x509  # noqa: PLC0415 - needs its extra
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

    certificate = x509.load_pem_x509_certificate(pem.encode())
    issuer = x509.load_pem_x509_certificate(root)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return False
    try:
        # L01: the maker's root signs it, with nothing in between.
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _is_right(image: Path, order: firmware.Order) -> bool:
    from cryptography import x509  # noqa: PLC0415 - needs its extra
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa  # noqa: PLC0415

    if order.certificate is None or order.signature is None:
        return False
    key: Any = x509.load_pem_x509_certificate(order.certificate.encode()).public_key()
    content = image.read_bytes()
    try:
        signature = b64decode(order.signature, validate=True)
        if isinstance(key, rsa.RSAPublicKey):
            scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
            key.verify(signature, content, scheme, hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            # EC-Schnorr, which the whitepaper names, is in few libraries; ECDSA is in its place.
            key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True
