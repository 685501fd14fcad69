"""Reads certificates and verifies their paths, with `cryptography` (the extra `security`).

Path validation is the part of RFC 5280 that the whitepaper's hierarchies need: names, signatures,
validity, basic constraints, key usage, path lengths. A critical extension beyond those is refused,
not passed over. Subject alternative names are not asked for: a charge point's certificate has a CN
alone (A00.511), which general verifiers refuse. Import it where it is used. Spec: W A00.501-.512.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID, ObjectIdentifier

from ocpp16.certificate import Certificate

ExtensionT = TypeVar("ExtensionT", bound=x509.ExtensionType)
MOST_TEXT: Final = 10_000
"""Characters of a chain: what CertificateSigned can carry."""
MOST_CERTIFICATES: Final = 8
LEAST_RSA: Final = 2048
MOST_RSA: Final = 8192
"""Bits; to verify with more costs a peer's victim too much."""
LEAST_CURVE: Final = 224
SERIAL_BITS: Final = 160
"""RFC 5280: at most 20 octets, which are the 40 digits that OCPP has room for."""
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)


_BAD_INPUT: Final = (
    ValueError,
    TypeError,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    UserWarning,  # Where warnings are errors: a name that is too long, a serial number below 1.
)
"""What `cryptography` raises on bad input."""


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Let whatever `cryptography` raises on bad input be a ValueError."""
    try:
        yield
    except _BAD_INPUT as error:
        raise ValueError(f"{what}: {error}") from None


@contextmanager
def _judging() -> Iterator[None]:
    """Likewise, and leave alone what is one."""
    try:
        yield
    except ValueError:
        raise
    except _BAD_INPUT as error:
        raise ValueError(f"certificate not read: {error}") from None


def check_key(key: object) -> None:
    """Check that a public key is one that the whitepaper takes (A00.501-.504).

    Raises:
        ValueError: It is weak, or of a kind that no suite of the whitepaper uses.
    """
    if isinstance(key, rsa.RSAPublicKey):
        if not LEAST_RSA <= key.key_size <= MOST_RSA:
            raise ValueError(f"an RSA key of {key.key_size} bits is not taken")
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if key.key_size < LEAST_CURVE:
            raise ValueError(f"a curve of {key.key_size} bits is not taken")
    else:
        raise ValueError("the key is neither RSA nor of an elliptic curve")  # noqa: TRY004 - a peer's bytes


def check_hash(signed: x509.Certificate | x509.CertificateSigningRequest) -> None:
    """Check that a signature is over a hash of SHA-256 or better (A00.506).

    Raises:
        ValueError: It is not.
    """
    if not isinstance(signed.signature_hash_algorithm, _HASHES):
        raise ValueError("the signature is not over SHA-256 or better")  # noqa: TRY004 - a peer's bytes


def values_of(name: x509.Name, kind: ObjectIdentifier) -> tuple[str, ...]:
    """Return the values of one kind of attribute of a name."""
    return tuple(str(part.value) for part in name.get_attributes_for_oid(kind))


def read(text: str) -> tuple[Certificate, ...]:
    """Return the certificates of a PEM text, each with the issuer that is among them.

    Of one whose issuer is not there, its own key stands for the issuer's: a root is its own.

    Raises:
        ValueError: It is none, or too much.
    """
    with _judging():
        found = load(text)
        return tuple(_facts(each, _issuer_of(each, found) or each) for each in found)


def read_issued(text: str, issuer: str) -> Certificate:
    """Return the first certificate of a PEM text, that another one has signed.

    Raises:
        ValueError: A text is none, or the signature is not that of the issuer.
    """
    with _judging():
        certificate, authority = load(text)[0], load(issuer)[0]
        if not _is_issued_by(certificate, authority):
            raise ValueError("the issuer has not signed the certificate")
        return _facts(certificate, authority)


def load(text: str) -> list[x509.Certificate]:
    """Return the certificates of a PEM text.

    Raises:
        ValueError: It is none, or too much.
    """
    if len(text) > MOST_TEXT:
        raise ValueError(f"a chain has at most {MOST_TEXT} characters")
    if text.count("-----BEGIN") > MOST_CERTIFICATES:
        raise ValueError(f"a chain has at most {MOST_CERTIFICATES} certificates")
    with reading("certificate not read"):
        return x509.load_pem_x509_certificates(text.encode())


class CertificateReader:
    """Judges what a charge point is given; `station.examiner.Examiner`.

    Whatever a text holds, what is wrong with it is a ValueError.
    """

    def read_all(self, text: str) -> tuple[Certificate, ...]:
        """Return the certificates of a PEM text; see `read`."""
        return read(text)

    def read_root(self, text: str, issuers: Sequence[str] = ()) -> Certificate:
        """Return a certificate that may be installed as a root.

        Args:
            text: One certificate in PEM.
            issuers: Certificates that may have signed it, where it has not signed itself.

        Raises:
            ValueError: It is none, and why.
        """
        with _judging():
            found = load(text)
            if len(found) != 1:
                raise ValueError("a root is one certificate")
            known = [each for pem in issuers for each in load(pem)]
            issuer = _issuer_of(found[0], [found[0], *known])
            with reading("root not taken"):
                _check_authority(found[0], below=0)
                if issuer is None and found[0].issuer == found[0].subject:
                    raise ValueError("it has not signed itself, nor has another one of its name")
            return _facts(found[0], issuer or found[0])

    def is_signed_by(self, signed: str, root: str) -> bool:
        """Tell whether a certificate is signed by another one, and not by itself."""
        with _judging():
            one, other = load(signed)[0], load(root)[0]
            return one.public_key() != other.public_key() and _is_issued_by(one, other)

    def read_chain(self, text: str, roots: Sequence[str], now: datetime) -> tuple[Certificate, ...]:
        """Return a chain up to the root, without it, once its path there is verified.

        The first certificate may become valid later; authorities have to be valid now. What is not
        needed is left out: it was not looked at, and TLS may choke on it.

        Args:
            text: A charge point's certificate, and those between it and a root, in PEM.
            roots: Whom to trust.
            now: The time of day.

        Raises:
            ValueError: Something is wrong with it, and what.
        """
        with _judging():
            leaf, *between = load(text)
            with reading("certificate not taken"):
                _check_leaf(leaf, now)
            known = [each for pem in roots for each in load(pem)]
            wrong = ValueError("the certificate cannot be traced to an installed root")
            for path in _paths(leaf, between, known):
                try:
                    _check_path(path, now)
                except ValueError as error:
                    wrong = error
                else:
                    shown = [leaf, *path[:-1]]
                    return tuple(map(_facts, shown, path))
            raise wrong


def _facts(certificate: x509.Certificate, issuer: x509.Certificate) -> Certificate:
    with reading("certificate not read"):
        number = certificate.serial_number
        if number <= 0 or number.bit_length() > SERIAL_BITS:
            raise ValueError("the serial number is not of 1 to 20 octets")
        return Certificate(
            pem=certificate.public_bytes(Encoding.PEM).decode(),
            subject=certificate.subject.public_bytes(),
            issuer=certificate.issuer.public_bytes(),
            key=key_bits(certificate.public_key()),
            issuer_key=key_bits(issuer.public_key()),
            serial_number=number,
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            common_names=values_of(certificate.subject, NameOID.COMMON_NAME),
            organizations=values_of(certificate.subject, NameOID.ORGANIZATION_NAME),
        )


def key_bits(key: object) -> bytes:
    """Return what OCSP hashes of a public key: the bits of its BIT STRING.

    Raises:
        ValueError: It is of a kind that is not taken here.
    """
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    raise ValueError("the key is neither RSA nor of an elliptic curve")


def _issuer_of(
    certificate: x509.Certificate, among: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    return next((each for each in among if _is_issued_by(certificate, each)), None)


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        with reading("signature"):
            certificate.verify_directly_issued_by(issuer)
    except ValueError:
        return False
    return True


def _paths(
    leaf: x509.Certificate,
    between: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
) -> Iterator[list[x509.Certificate]]:
    """Yield the ways from the leaf's issuer up to a root; each certificate is gone through once.

    Of an authority that several roots have signed there are several certificates.
    """
    left = list(between)
    waiting: list[tuple[x509.Certificate, list[x509.Certificate]]] = [(leaf, [])]
    while waiting:
        lowest, path = waiting.pop()
        yield from ([*path, root] for root in roots if _is_issued_by(lowest, root))
        for issuer in [each for each in left if _is_issued_by(lowest, each)]:
            left.remove(issuer)
            waiting.append((issuer, [*path, issuer]))


def _check_path(path: Sequence[x509.Certificate], now: datetime) -> None:
    for below, authority in enumerate(path):
        with reading("authority not taken"):
            _check_authority(authority, below)
            _check_dates(authority, now)


def root_of_signer(
    signer: x509.Certificate, roots: Sequence[x509.Certificate], now: datetime
) -> x509.Certificate:
    """Return the root that has signed a firmware signing certificate, with nothing in between.

    Raises:
        ValueError: Something is wrong with it, or with its root, and what (L01.FR.12).
    """
    with _judging():
        _check_common(signer)
        _check_dates(signer, now)
        _check_signs(signer)
        issuers = [each for each in roots if _is_issued_by(signer, each)]
        if not issuers:
            raise ValueError("no root of the maker has signed it")
        # One may be there again with a later end.
        root = next((each for each in issuers if _is_authority(each, now)), None)
        if root is None:
            raise ValueError("the root of the maker may not sign certificates now")
        return root


def _is_authority(certificate: x509.Certificate, now: datetime) -> bool:
    try:
        with reading("authority"):
            _check_authority(certificate, below=0)
            _check_dates(certificate, now)
    except ValueError:
        return False
    return True


def _check_leaf(leaf: x509.Certificate, now: datetime) -> None:
    _check_common(leaf)
    if leaf.not_valid_after_utc <= now:
        raise ValueError("it has expired")
    if leaf.not_valid_after_utc <= leaf.not_valid_before_utc:
        raise ValueError("it ends before it begins")
    _check_signs(leaf)
    uses = _extension(leaf, x509.ExtendedKeyUsage)
    allowed = {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if uses is not None and not allowed & set(uses):
        raise ValueError("it is not for TLS clients")


def _check_signs(leaf: x509.Certificate) -> None:
    constraints = _extension(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise ValueError("it is that of an authority")
    usage = _extension(leaf, x509.KeyUsage)
    # A00.512: it should be there, and need not.
    if usage is not None and not usage.digital_signature:
        raise ValueError("its key may not sign")


def _check_authority(authority: x509.Certificate, below: int) -> None:
    """Check that a certificate may sign others, with so many authorities below it."""
    _check_common(authority)
    constraints = _extension(authority, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        raise ValueError("it is not that of an authority")
    if constraints.path_length is not None and below > constraints.path_length:
        raise ValueError("the chain is longer than an authority allows")
    usage = _extension(authority, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("its key may not sign certificates")


def _check_common(certificate: x509.Certificate) -> None:
    if certificate.version is not x509.Version.v3:
        raise ValueError("it is not of version 3")
    check_key(certificate.public_key())
    check_hash(certificate)
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise ValueError(f"it has a critical extension {extension.oid.dotted_string}")


def _check_dates(authority: x509.Certificate, now: datetime) -> None:
    if not authority.not_valid_before_utc <= now <= authority.not_valid_after_utc:
        raise ValueError("it is not valid now")


def _extension(certificate: x509.Certificate, kind: type[ExtensionT]) -> ExtensionT | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
