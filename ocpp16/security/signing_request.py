"""Certificate signing requests (PKCS #10): made by a charge point, and checked by an authority.

Uses `cryptography` (the extra `security`): import it where it is used. Spec: W A02.02-.05, .13,
A00.501-.511.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ocpp16.security.certificate_authority import MOST_REQUEST, SigningRefused
from ocpp16.security.certificate_reader import check_hash, check_key, reading, values_of

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
LONGEST_NAME: Final = 64
"""Characters of O and CN (X.520)."""
_ONE_REQUEST: Final = re.compile(
    r"\s*-----BEGIN CERTIFICATE REQUEST-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE REQUEST-----\s*",
    re.ASCII,
)


def make_request(key: PrivateKey, common_name: str, organization: str) -> str:
    """Return the request of a charge point, in PEM (A02.03, .13).

    Args:
        key: Its new key; it stays where it is.
        common_name: Its serial number.
        organization: The operator: CpoName.

    Raises:
        ValueError: A name is none that a certificate can hold (1 to 64 characters).
    """
    subject = subject_of(common_name, organization)
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def subject_of(common_name: str, organization: str) -> x509.Name:
    """Return the subject of a charge point's certificate.

    Raises:
        ValueError: A name is none that a certificate can hold.
    """
    for name in (common_name, organization):
        if not 1 <= len(name) <= LONGEST_NAME:
            raise ValueError(f"{name[:80]!r} has not 1 to {LONGEST_NAME} characters")
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def check_request(csr: str, organizations: Collection[str]) -> x509.CertificateSigningRequest:
    """Return a request, once all is right with it but whose serial number it names.

    Args:
        csr: PEM.
        organizations: One of them is its O.

    Raises:
        SigningRefused: Something is wrong with it, and what.
    """
    if len(csr) > MOST_REQUEST:
        raise SigningRefused(f"a request has at most {MOST_REQUEST} characters")
    if _ONE_REQUEST.fullmatch(csr) is None:
        raise SigningRefused("it is not one request in PEM")
    try:
        with reading("request not read"):
            request = x509.load_pem_x509_csr(csr.encode())
            check_key(request.public_key())
            check_hash(request)
            is_signed = request.is_signature_valid
            names = values_of(request.subject, NameOID.COMMON_NAME)
            owners = values_of(request.subject, NameOID.ORGANIZATION_NAME)
    except ValueError as error:
        raise SigningRefused(str(error)) from None
    if not is_signed:
        raise SigningRefused("its signature is not that of its key")
    if len(names) != 1:
        raise SigningRefused("it does not name one serial number (CN)")
    if len(owners) != 1 or owners[0] not in organizations:
        raise SigningRefused("it is not of an organization (O) that is known here")
    return request


def serial_number_of(request: x509.CertificateSigningRequest) -> str:
    """Return the charge point's serial number that a request names."""
    return values_of(request.subject, NameOID.COMMON_NAME)[0]
