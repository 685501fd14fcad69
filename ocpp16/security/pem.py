"""Certificates in PEM, read by `cryptography` where `ssl` cannot; needs the extra `security`."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID, ObjectIdentifier

from ocpp16.security.client_certificate import ClientCertificate


def read_client_certificate(text: str) -> ClientCertificate:
    """Return what a client certificate says, that somebody else has verified.

    Raises:
        ValueError: It is none.
    """
    found = x509.load_pem_x509_certificate(text.encode())
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        host_names = tuple(names.get_values_for_type(x509.DNSName))
        addresses = tuple(map(str, names.get_values_for_type(x509.IPAddress)))
    except x509.ExtensionNotFound:
        host_names = addresses = ()
    return ClientCertificate(
        common_names=_values(found.subject, NameOID.COMMON_NAME),
        organizations=_values(found.subject, NameOID.ORGANIZATION_NAME),
        serial_number=f"{found.serial_number:X}",
        issuer=found.issuer.rfc4514_string(),
        not_after=found.not_valid_after_utc,
        fingerprint=found.fingerprint(SHA256()).hex(),
        host_names=host_names,
        addresses=addresses,
    )


def _values(name: x509.Name, kind: ObjectIdentifier) -> tuple[str, ...]:
    return tuple(str(part.value) for part in name.get_attributes_for_oid(kind))
