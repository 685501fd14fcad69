"""Who reads and judges certificates for a station. A protocol only.

`ocpp16.security.certificate_reader.CertificateReader` is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ocpp16.certificate import Certificate


class Examiner(Protocol):
    """Reads and judges certificates; each method raises ValueError for one that is not taken."""

    def read_all(self, text: str) -> tuple[Certificate, ...]:
        """Return the certificates of a PEM text."""
        raise NotImplementedError

    def read_root(self, text: str, issuers: Sequence[str] = ()) -> Certificate:
        """Return a certificate that may be a root; one of `issuers` may have signed it."""
        raise NotImplementedError

    def is_signed_by(self, signed: str, root: str) -> bool:
        """Tell whether a certificate is signed by another one."""
        raise NotImplementedError

    def read_chain(self, text: str, roots: Sequence[str], now: datetime) -> tuple[Certificate, ...]:
        """Return a chain that leads to one of the roots: what is needed of it, in order."""
        raise NotImplementedError
