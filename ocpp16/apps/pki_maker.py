"""`ocpp16 pki`: makes a hierarchy of test certificates with `cryptography`; overwrites nothing.

Two hierarchies, as the whitepaper has them: the operator's, for the central system and charge
points, and the manufacturer's, for firmware. Roots sign with ECDSA and SHA-256; the central system
has an RSA and an ECDSA certificate, for the suites of both kinds. Spec: W A00.317, .501-.512.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final, TypeAlias

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from ocpp16.apps.pki import OWNER_FILE, SERIALS_FILE, Pki
from ocpp16.security.configuration import KeyPair
from ocpp16.security.credentials import write_private

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

ROOT_LIFE: Final = timedelta(days=3650)
LIFE: Final = timedelta(days=365)
CLOCKS_DIFFER: Final = timedelta(days=1)
"""Certificates are valid from so long ago: the clock of a charge point may be slow."""
LOOPBACK: Final = ("127.0.0.1", "::1")
SERVER: Final = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT: Final = ExtendedKeyUsageOID.CLIENT_AUTH


@attrs.frozen
class Outcome:
    """What is there now."""

    made: tuple[Path, ...]
    kept: tuple[Path, ...]
    """What was there before, and is as it was."""


@attrs.frozen
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make_pki(
    folder: Path,
    *,
    now: datetime,
    owner: str = "Example Operator",
    manufacturer: str = "Example Manufacturer",
    hosts: Sequence[str] = ("localhost",),
    charge_points: Mapping[str, str] | None = None,
) -> Outcome:
    """Make what is missing of a folder of certificates and keys.

    Args:
        folder: Where; it is made if it is missing.
        now: The time of day.
        owner: O of the operator's certificates.
        manufacturer: O of the manufacturer's certificates.
        hosts: Names or addresses of the central system, the first of which is its CN.
        charge_points: Serial number of each charge point, by identity; None is CP1 alone.

    Raises:
        ValueError: A name does not fit, or contradicts what is there.
        OSError: A file cannot be read or written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    maker = _Maker(Pki(folder), now)
    wanted = {"CP1": "SN-CP1"} if charge_points is None else dict(charge_points)
    maker.note(owner, wanted)
    root = maker.root(maker.pki.root, owner, f"{owner} Root")
    rsa_pair, ec_pair = maker.pki.central_system
    for pair, key in ((rsa_pair, _new_rsa), (ec_pair, _new_ec)):
        # CLIENT, for calls to charge points on SOAP.
        maker.leaf(pair, root, owner, hosts[0], key, usages=(SERVER, CLIENT), names=_names(hosts))
    for identity, serial in wanted.items():
        # SERVER, for calls of the central system on SOAP.
        pair = maker.pki.charge_point(identity)
        maker.leaf(pair, root, owner, serial, _new_ec, usages=(CLIENT, SERVER))
    its_root = maker.root(maker.pki.manufacturer_root, manufacturer, f"{manufacturer} Root")
    maker.leaf(
        maker.pki.firmware_signing,
        its_root,
        manufacturer,
        "Firmware Signing",
        _new_ec,
        usages=(ExtendedKeyUsageOID.CODE_SIGNING,),
    )
    return Outcome(tuple(maker.made), tuple(maker.kept))


class _Maker:
    def __init__(self, pki: Pki, now: datetime) -> None:
        self.pki = pki
        self.made: list[Path] = []
        self.kept: list[Path] = []
        self._now = now.replace(microsecond=0)

    def note(self, owner: str, charge_points: Mapping[str, str]) -> None:
        """Keep who the owner is, and which charge point has which serial number."""
        path = self.pki.folder / OWNER_FILE
        if path.exists():
            if self.pki.owner != owner:
                raise ValueError(f"{path.parent} is of {self.pki.owner!r}, not of {owner!r}")
            self.kept.append(path)
        else:
            self._write(path, f"{owner}\n".encode(), 0o644)
        path = self.pki.folder / SERIALS_FILE
        before = self.pki.serial_numbers if path.exists() else {}
        table = {**before, **{serial: name for name, serial in charge_points.items()}}
        if any(table[serial] != name for serial, name in before.items()) or len(
            set(table.values())
        ) != len(table):
            raise ValueError("a charge point has another serial number already, or it is taken")
        if table != before:
            write_private(path, json.dumps(table, indent=1, ensure_ascii=False) + "\n")
            self.made.append(path)
        else:
            self.kept.append(path)

    def root(self, pair: KeyPair, organization: str, name: str) -> _Authority:
        """Return a root, made if it is missing."""
        if self._is_there(pair):
            certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
            loaded = load_pem_private_key(pair.key.read_bytes(), None)
            if not isinstance(loaded, ec.EllipticCurvePrivateKey):
                raise ValueError(f"{pair.key} is no key that was made here")
            return _Authority(certificate, loaded)
        key = _new_ec()
        subject = _name(organization, name)
        usage = _usage(key_cert_sign=True, crl_sign=True)
        builder = self._builder(subject, subject, key, ROOT_LIFE).add_extension(usage, True)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        certificate = builder.sign(key, hashes.SHA256())
        self._save(pair, certificate, key)
        return _Authority(certificate, key)

    def leaf(
        self,
        pair: KeyPair,
        issuer: _Authority,
        organization: str,
        name: str,
        new_key: Callable[[], PrivateKey],
        *,
        usages: Sequence[ObjectIdentifier],
        names: Sequence[x509.GeneralName] = (),
    ) -> None:
        """Make a certificate with its key, if it is missing."""
        if self._is_there(pair):
            return
        key = new_key()
        # RSA encrypts the secret of a link in the suites without ECDHE.
        is_rsa = isinstance(key, rsa.RSAPrivateKey)
        usage = _usage(digital_signature=True, key_encipherment=is_rsa)
        builder = self._builder(_name(organization, name), issuer.certificate.subject, key, LIFE)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = (
            builder.add_extension(usage, True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .add_extension(x509.ExtendedKeyUsage(usages), False)
            .add_extension(authority, False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        self._save(pair, builder.sign(issuer.key, hashes.SHA256()), key)

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: PrivateKey, life: timedelta
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - CLOCKS_DIFFER)
            .not_valid_after(self._now + life)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )

    def _is_there(self, pair: KeyPair) -> bool:
        found = [path for path in (pair.certificate, pair.key) if path.exists()]
        if len(found) == 1:
            raise ValueError(f"{found[0]} is there, and the file that belongs to it is not")
        self.kept += found
        return bool(found)

    def _save(self, pair: KeyPair, certificate: x509.Certificate, key: PrivateKey) -> None:
        data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._write(pair.key, data, 0o600)
        self._write(pair.certificate, certificate.public_bytes(Encoding.PEM), 0o644)

    def _write(self, path: Path, data: bytes, mode: int) -> None:
        # O_EXCL: whatever is there is never overwritten, not even through a link.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        self.made.append(path)


def _new_rsa() -> PrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _new_ec() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(organization: str, name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _names(hosts: Sequence[str]) -> list[x509.GeneralName]:
    """Return the names beside CN: none for a single host name, as the whitepaper wants it."""
    addresses = [host for host in hosts if _is_address(host)]
    names = [host for host in hosts if host not in addresses]
    found: list[x509.GeneralName] = []
    if len(names) > 1:
        found += [x509.DNSName(host) for host in names]
    if "localhost" in names:
        addresses += [address for address in LOOPBACK if address not in addresses]
    # CN is never looked at for an address.
    found += [x509.IPAddress(ip_address(address)) for address in addresses]
    return found


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _usage(**wanted: bool) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: wanted.get(name, False) for name in names})
