"""What an X.509 certificate says, as plain values, and the hashes that OCPP names it by.

Reads no certificate itself: `ocpp16.security.certificate_reader` does. Spec: W (CertificateHashData
after RFC 6960; A00.501-.512).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import attrs

from ocpp16.datatypes import CertificateHashData
from ocpp16.enums import HashAlgorithm

_HASHES: Final[Mapping[HashAlgorithm, Callable[[bytes], Any]]] = MappingProxyType(
    {
        HashAlgorithm.SHA256: hashlib.sha256,
        HashAlgorithm.SHA384: hashlib.sha384,
        HashAlgorithm.SHA512: hashlib.sha512,
    }
)


@attrs.frozen(kw_only=True)
class Certificate:
    """One certificate; texts as they stand in it, whatever they hold."""

    pem: str = attrs.field(repr=False)
    """The certificate alone, without those that came with it."""
    subject: bytes
    """Its name in DER."""
    issuer: bytes
    """Its issuer's name in DER, as it stands in it."""
    key: bytes = attrs.field(repr=False)
    """Its public key: the value of the BIT STRING, without tag, length and unused bits."""
    issuer_key: bytes = attrs.field(repr=False)
    """Its issuer's public key, likewise."""
    serial_number: int
    not_before: datetime
    not_after: datetime
    common_names: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()

    def is_valid_at(self, now: datetime) -> bool:
        """Tell whether a moment is within its validity."""
        return self.not_before <= now <= self.not_after

    def hash_data(self, algorithm: HashAlgorithm = HashAlgorithm.SHA256) -> CertificateHashData:
        """Return what names it in OCPP; a root is its own issuer."""
        digest = _HASHES[algorithm]
        return CertificateHashData(
            hash_algorithm=algorithm,
            issuer_name_hash=digest(self.issuer).hexdigest().upper(),
            issuer_key_hash=digest(self.issuer_key).hexdigest().upper(),
            serial_number=f"{self.serial_number:X}",
        )

    def is_named_by(self, named: CertificateHashData) -> bool:
        """Tell whether hashes name it; they compare without case."""
        if named.hash_algorithm not in _HASHES:
            return False  # A word that leniency let through.
        own = self.hash_data(named.hash_algorithm)
        return (
            own.issuer_name_hash.casefold() == named.issuer_name_hash.casefold()
            and own.issuer_key_hash.casefold() == named.issuer_key_hash.casefold()
            and own.serial_number.casefold() == named.serial_number.casefold().lstrip("0")
        )
