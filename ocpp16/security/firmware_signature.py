"""Signatures of firmware: made for a test or a small maker, checked at both ends. Spec: W L01.

Base64, over the whole file, RSA-PSS or ECDSA with SHA-256. The whitepaper says neither the length
of the salt nor the mask: MGF1 with SHA-256, and any length is taken. It names EC-Schnorr for
elliptic curves, which is in few libraries; ECDSA is in its place. Needs the extra `security`.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ocpp16.enums import UpdateFirmwareStatus
from ocpp16.security.certificate_reader import reading, root_of_signer
from ocpp16.security.configuration import KeyPair

CHUNK: Final = 1024 * 1024


def sign_firmware(image: Path, pair: KeyPair) -> tuple[str, str]:
    """Sign an image.

    Args:
        image: The file.
        pair: The signing certificate, and its key.

    Returns:
        The signature in base64, and the certificate in PEM, as SignedUpdateFirmware has them.

    Raises:
        ValueError: The key is of a kind that the whitepaper has not, or is not the certificate's.
        OSError: A file cannot be read.
    """
    password = None if pair.password is None else pair.password.encode()
    key = load_pem_private_key(pair.key.read_bytes(), password)
    digest, known = _digest(image), utils.Prehashed(SHA256())
    match key:
        case rsa.RSAPrivateKey():
            scheme = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
            signature = key.sign(digest, scheme, known)
        case ec.EllipticCurvePrivateKey():
            signature = key.sign(digest, ec.ECDSA(known))
        case _:
            raise ValueError("firmware is signed with an RSA or an EC key")
    text, certificate = b64encode(signature).decode(), pair.certificate.read_text("ascii")
    check_signature(image, text, certificate)
    return text, certificate


def check_signature(image: Path, signature: str, certificate: str) -> None:
    """Check the signature of an image by the certificate of who signed it.

    Raises:
        ValueError: It is not right, and why.
        OSError: The image cannot be read.
    """
    with reading("its key is not read"):
        key = _certificate(certificate).public_key()
    try:
        found = b64decode(signature, validate=True)
    except (Base64Error, ValueError):
        raise ValueError("the signature is no base64") from None
    digest, known = _digest(image), utils.Prehashed(SHA256())
    try:
        match key:
            case rsa.RSAPublicKey():
                scheme = padding.PSS(padding.MGF1(SHA256()), padding.PSS.AUTO)
                key.verify(found, digest, scheme, known)
            case ec.EllipticCurvePublicKey():
                key.verify(found, digest, ec.ECDSA(known))
            case _:
                raise ValueError("the certificate has neither an RSA nor an EC key")
    except InvalidSignature:
        raise ValueError("the signature is not that of this image by this certificate") from None


def judge_signer(
    certificate: str, roots: bytes, now: datetime, *, revoked: bytes | None = None
) -> UpdateFirmwareStatus:
    """Judge a signing certificate before the image is there (L01.FR.23 to 25).

    Signed by a root of the maker with nothing in between, both of them valid now and strong enough,
    fit to sign, and not revoked.

    Args:
        certificate: PEM.
        roots: The maker's roots, PEM.
        now: The time.
        revoked: Certificate revocation lists of the maker (PEM); None is none.

    Raises:
        ValueError: The roots, or a list, are none.
    """
    known = x509.load_pem_x509_certificates(roots)
    lists = () if revoked is None else _lists(revoked)
    try:
        found = _certificate(certificate)
        issuer = root_of_signer(found, known, now)
    except ValueError:
        return UpdateFirmwareStatus.INVALID_CERTIFICATE
    issuer_key: Any = issuer.public_key()
    for each in lists:
        is_of_issuer = each.issuer == issuer.subject and each.is_signature_valid(issuer_key)
        entry = each.get_revoked_certificate_by_serial_number(found.serial_number)
        if is_of_issuer and entry is not None:
            return UpdateFirmwareStatus.REVOKED_CERTIFICATE
    return UpdateFirmwareStatus.ACCEPTED


def _certificate(text: str) -> x509.Certificate:
    try:
        with reading("certificate"):
            return x509.load_pem_x509_certificate(text.encode())
    except ValueError:
        raise ValueError("it is no certificate in PEM") from None


def _lists(text: bytes) -> tuple[x509.CertificateRevocationList, ...]:
    end = b"-----END X509 CRL-----"
    parts = [part + end for part in text.split(end)[:-1]]
    return tuple(x509.load_pem_x509_crl(part.lstrip()) for part in parts)


def _digest(image: Path) -> bytes:
    found = Hash(SHA256())
    with image.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.finalize()
