"""The hashes that name a certificate in OCPP, of its PEM. Needs the extra `security`."""

from __future__ import annotations

from ocpp16.datatypes import CertificateHashData
from ocpp16.enums import HashAlgorithm


def certificate_hash_data(
    pem: str, algorithm: HashAlgorithm = HashAlgorithm.SHA256, *, issuer: str | None = None
) -> CertificateHashData:
    """Return the CertificateHashData of a certificate, as DeleteCertificate wants it.

    Both hashes are those of OCSP (RFC 6960): of the issuer's name as it stands in the certificate
    in DER, and of the bits of the issuer's public key.

    Args:
        pem: The certificate; of a chain, the first one.
        algorithm: That of both hashes; a charge point has to be asked with the one that it lists.
        issuer: PEM of the certificate's issuer, for one that is no root and stands alone in `pem`.

    Raises:
        ValueError: A text is no certificate, or `issuer` has not signed it.
        ModuleNotFoundError: `cryptography` is not installed.
    """
    from ocpp16.security import certificate_reader  # noqa: PLC0415 - heavy, an extra

    if issuer is None:
        return certificate_reader.read(pem)[0].hash_data(algorithm)
    return certificate_reader.read_issued(pem, issuer).hash_data(algorithm)
