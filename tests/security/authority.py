"""Certificates for tests, made by code that the library does not use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ocpp16 import StationSecurity
from ocpp16.security.configuration import KeyPair, ServerSecurity

OWNER = "Example Operator"
KEY = bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF")
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@attrs.define
class Authority:
    """One root and what it has signed, in a folder."""

    folder: Path
    owner: str
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    @property
    def central(self) -> list[KeyPair]:
        return [self.pair("cs-rsa"), self.pair("cs-ec")]

    def pair(self, name: str) -> KeyPair:
        return KeyPair(self.folder / f"{name}.pem", self.folder / f"{name}.key")

    def issue(
        self,
        file: str,
        cn: str | Sequence[str] = "localhost",
        *,
        organization: str | None = "",
        key: Any = None,
        names: Sequence[x509.GeneralName] = (),
        usages: Sequence[Any] = (SERVER, CLIENT),
        begins: timedelta = -timedelta(days=1),
        ends: timedelta = timedelta(days=30),
        ca: bool = False,
        issuer: tuple[x509.Name, Any] | None = None,
    ) -> KeyPair:
        """Make a certificate; `organization` "" is the owner's."""
        its_key = new_ec() if key is None else key
        owner = self.owner if organization == "" else organization
        builder = certificate_of(
            subject([cn] if isinstance(cn, str) else cn, owner), its_key, begins, ends, ca=ca
        )
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        issuer_name, issuer_key = issuer or (self.certificate.subject, self.key)
        signed = builder.issuer_name(issuer_name).sign(issuer_key, hashes.SHA256())
        pair = self.pair(file)
        save(pair, signed, its_key)
        return pair

    def revocations(self, *pairs: KeyPair) -> Path:
        """Make a list of certificates that are revoked."""
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now - timedelta(1)).next_update(now + timedelta(1))
        for pair in pairs:
            number = x509.load_pem_x509_certificate(pair.certificate.read_bytes()).serial_number
            revoked = x509.RevokedCertificateBuilder().serial_number(number)
            builder = builder.add_revoked_certificate(revoked.revocation_date(now).build())
        path = self.folder / f"revoked-{len(pairs)}.pem"
        path.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM))
        return path

    def server(self, profiles: int | set[int], **options: Any) -> ServerSecurity:
        """Return the security of a central system."""
        is_third = 3 in ({profiles} if isinstance(profiles, int) else profiles)
        options.setdefault("certificates", self.central)
        if is_third:
            options.setdefault("client_roots", self.root)
            options.setdefault("owners", self.owner)
            options.setdefault("serial_numbers", {"SN-1": "CP1", "SN-2": "CP2"})
        return ServerSecurity(profiles=profiles, **options)

    def station(self, profile: int, **options: Any) -> StationSecurity:
        """Return the security of the charge point CP1."""
        if profile in {1, 2}:
            options.setdefault("authorization_key", KEY)
        if profile in {2, 3}:
            options.setdefault("roots", self.root)
        if profile == 3:
            options.setdefault("certificate", self.pair("cp1"))
        return StationSecurity(profile=profile, **options)


def make_authority(folder: Path, owner: str = OWNER) -> Authority:
    key = new_ec()
    name = subject([f"{owner} Root"], owner)
    builder = certificate_of(name, key, -timedelta(1), timedelta(60), ca=True).issuer_name(name)
    authority = Authority(folder, owner, builder.sign(key, hashes.SHA256()), key)
    save(authority.pair("root"), authority.certificate, key)
    authority.issue("cs-rsa", key=new_rsa())
    authority.issue("cs-ec")
    authority.issue("cp1", "SN-1")
    authority.issue("cp2", "SN-2")
    return authority


def new_ec(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve or ec.SECP256R1())


def new_rsa(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def subject(names: Sequence[str], organization: str | None) -> x509.Name:
    parts = [] if organization is None else [(NameOID.ORGANIZATION_NAME, organization)]
    parts += [(NameOID.COMMON_NAME, name) for name in names]
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts])


def certificate_of(
    name: x509.Name, key: Any, begins: timedelta, ends: timedelta, *, ca: bool
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), True)
    )


def save(pair: KeyPair, certificate: x509.Certificate, key: Any) -> None:
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pair.key.write_bytes(data)
    pair.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))


def dns(name: str) -> x509.GeneralName:
    return x509.DNSName(name)


def ip(address: str) -> x509.GeneralName:
    return x509.IPAddress(ip_address(address))
