"""A certificate authority in a folder, for tests and small sites; `ocpp16 pki` makes one.

Its key is in `authority.key` with the certificate in `authority.pem`, which those between it and
the root may follow; without them, in `root.key` and `root.pem`. Whoever can read the key can make
charge points: a larger site has an authority on another machine (A00.602, .703). Uses
`cryptography` (the extra `security`): import it where it is used. Spec: W A02, A00.405, .501-.512.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from ocpp16.primitives import format_timestamp
from ocpp16.security.certificate_authority import SigningRefused
from ocpp16.security.certificate_reader import MOST_TEXT, check_key, load, reading
from ocpp16.security.client_certificate import SerialNumbers, identity_of
from ocpp16.security.signing_request import (
    PrivateKey,
    check_request,
    serial_number_of,
    subject_of,
)

PAIRS: Final = (("authority.pem", "authority.key"), ("root.pem", "root.key"))
ISSUED_FILE: Final = "issued.jsonl"
LIFE: Final = timedelta(days=365)
CLOCKS_DIFFER: Final = timedelta(days=1)
"""Certificates are valid from so long ago: the clock of a charge point may be slow."""


class FileAuthority:
    """A `CertificateAuthority` in a folder.

    What it has issued is in `issued.jsonl` there, one line each, durably before it is handed out.

    Args:
        folder: Where its key and certificate are.
        organizations: What O may be: the operator's name.
        serial_numbers: Whose serial number CN is; None: the serial number is the identity.
        now: Tells the time of day.
        life: How long a certificate is valid; never longer than the authority's own.
        password: What the key is encrypted with.

    Raises:
        ValueError: A file cannot be read, or does not hold what it should.
    """

    def __init__(
        self,
        folder: Path,
        *,
        organizations: str | Iterable[str],
        serial_numbers: SerialNumbers | None = None,
        now: Callable[[], datetime],
        life: timedelta = LIFE,
        password: str | None = None,
    ) -> None:
        names = {organizations} if isinstance(organizations, str) else organizations
        self._organizations = frozenset(names)
        self._serial_numbers = serial_numbers
        self._now = now
        self._life = life
        self._issued = folder / ISSUED_FILE
        self._chain, self._key = _load(folder, password)

    async def check(self, csr: str, identity: str) -> None:
        """Look at a request: its signature, key, names, and whose they are.

        Raises:
            SigningRefused: It will not be signed.
        """
        await self._checked(csr, identity)

    async def sign(self, csr: str, identity: str) -> str:
        """Sign a request; return the certificate, and those between it and the root.

        Raises:
            SigningRefused: It is not signed.
            OSError: What is issued cannot be recorded; then nothing is.
        """
        request = await self._checked(csr, identity)
        authority, now = self._chain[0], self._now().replace(microsecond=0)
        begins = max(now - CLOCKS_DIFFER, authority.not_valid_before_utc)
        ends = min(now + self._life, authority.not_valid_after_utc)
        if ends <= now:
            raise SigningRefused("the authority's own certificate has expired")
        certificate = self._issue(request, begins, ends)
        shown = [each for each in self._chain if each.issuer != each.subject]
        parts = [each.public_bytes(Encoding.PEM).decode() for each in (certificate, *shown)]
        chain = "".join(parts)
        if len(chain) > MOST_TEXT:
            raise SigningRefused(f"the chain has more than {MOST_TEXT} characters")
        self._record(certificate, identity, serial_number_of(request))
        return chain

    async def _checked(self, csr: str, identity: str) -> x509.CertificateSigningRequest:
        request = check_request(csr, self._organizations)
        # A00.405: a certificate is one charge point's, and so no other may ask for it.
        serial = serial_number_of(request)
        if await identity_of(self._serial_numbers, serial) != identity:
            raise SigningRefused("its serial number (CN) is not that of the charge point")
        return request

    def _issue(
        self, request: x509.CertificateSigningRequest, begins: datetime, ends: datetime
    ) -> x509.Certificate:
        # Nothing else of the request gets in: no further name, no extension.
        (owner,) = request.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
        key = request.public_key()
        is_rsa = isinstance(key, rsa.RSAPublicKey)
        usage = x509.KeyUsage(
            digital_signature=True,
            # RSA encrypts the secret of a link in the suites without ECDHE, on SOAP.
            key_encipherment=is_rsa,
            content_commitment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=False,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )
        # SERVER_AUTH, for calls of the central system on SOAP.
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject_of(serial_number_of(request), str(owner.value)))
            .issuer_name(self._chain[0].subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .add_extension(usage, True)
            .add_extension(x509.ExtendedKeyUsage(uses), False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
            .add_extension(authority, False)
        )
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return builder.sign(self._key, hashes.SHA256())
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        return builder.sign(self._key, hashes.SHA256(), rsa_padding=pss)

    def _record(self, certificate: x509.Certificate, identity: str, serial: str) -> None:
        line = {
            "serialNumber": f"{certificate.serial_number:X}",
            "identity": identity,
            "commonName": serial,
            "notBefore": format_timestamp(certificate.not_valid_before_utc),
            "notAfter": format_timestamp(certificate.not_valid_after_utc),
            "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
        }
        handle = os.open(self._issued, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _load(folder: Path, password: str | None) -> tuple[list[x509.Certificate], PrivateKey]:
    for names in PAIRS:
        certificate, key = (folder / name for name in names)
        if certificate.exists() and key.exists():
            break
    else:
        raise ValueError(f"{folder} has no root.pem with root.key; `ocpp16 pki` makes them")
    try:
        with reading(str(certificate)):
            chain = load(certificate.read_text(encoding="utf-8"))
        with reading(str(key)):
            secret = None if password is None else password.encode()
            private = load_pem_private_key(key.read_bytes(), secret)
            check_key(private.public_key())
    except OSError as error:
        raise ValueError(f"{error.filename}: {error.strerror}") from None
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError(f"{key} is no usable key")  # noqa: TRY004 - a file's content
    if private.public_key() != chain[0].public_key():
        raise ValueError(f"{key} is not the key of {certificate}")
    return chain, private
