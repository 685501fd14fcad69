"""Who signs the certificates of charge points, as a central system sees it.

An operator's own authority stands behind this interface, on another machine if it is to be safe;
`file_authority` is one in a folder, for tests and small sites.
Spec: W A00.703, .704, A02.04.
"""

from __future__ import annotations

from typing import Final, Protocol

MOST_REQUEST: Final = 5_500
"""Characters of a certificate signing request: what SignCertificate can carry."""


class SigningRefused(Exception):
    """A certificate authority does not sign a request.

    Args:
        reason: Why not, for people.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CertificateAuthority(Protocol):
    """Signs certificates of charge points."""

    async def check(self, csr: str, identity: str) -> None:
        """Look at a request quickly, before it is said that it can be processed (A02.11, .12).

        It may do nothing; what it refuses is answered Rejected.

        Args:
            csr: The request, PKCS #10 in PEM; a peer's text, of any content.
            identity: The charge point that sent it; it has been authenticated.

        Raises:
            SigningRefused: It will not be signed.
        """
        ...

    async def sign(self, csr: str, identity: str) -> str:
        """Sign a request; return the certificate and those between it and a root, as one PEM text.

        It may take its time; who asks has a limit for that.

        Args:
            csr: The request, PKCS #10 in PEM.
            identity: The charge point that sent it.

        Raises:
            SigningRefused: It is not signed.
        """
        raise NotImplementedError
