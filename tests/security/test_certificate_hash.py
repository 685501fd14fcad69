"""CertificateHashData as OCSP has it, against what `cryptography` makes of an OCSP request."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import ocsp

from ocpp16.certificate import Certificate
from ocpp16.datatypes import CertificateHashData
from ocpp16.enums import HashAlgorithm
from ocpp16.security.certificate_hash import certificate_hash_data
from ocpp16.security.certificate_reader import read
from tests.security.authority import Authority, new_rsa

ALGORITHMS = [
    (HashAlgorithm.SHA256, hashes.SHA256()),
    (HashAlgorithm.SHA384, hashes.SHA384()),
    (HashAlgorithm.SHA512, hashes.SHA512()),
]


def expected(certificate: x509.Certificate, issuer: x509.Certificate, algorithm: Any) -> Any:
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, algorithm)
    return builder.build()


@pytest.mark.parametrize(("algorithm", "reference"), ALGORITHMS)
@pytest.mark.parametrize("file", ["root", "cp1", "cs-rsa", "of-rsa"])
def test_the_hashes_are_those_of_ocsp(
    authority: Authority, algorithm: HashAlgorithm, reference: Any, file: str
) -> None:
    issuer = authority.certificate
    if file == "of-rsa":
        pair = authority.issue("rsa-ca", "CA", key=new_rsa(), ca=True)
        issuer = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
        key = load_pem_private_key(pair.key.read_bytes(), None)
        authority.issue("of-rsa", "SN-9", issuer=(issuer.subject, key))
    pem = authority.pair(file).certificate.read_text()
    above = None if file == "root" else issuer.public_bytes(Encoding.PEM).decode()
    found = certificate_hash_data(pem, algorithm, issuer=above)
    due = expected(x509.load_pem_x509_certificate(pem.encode()), issuer, reference)
    assert found == CertificateHashData(
        hash_algorithm=algorithm,
        issuer_name_hash=due.issuer_name_hash.hex().upper(),
        issuer_key_hash=due.issuer_key_hash.hex().upper(),
        serial_number=f"{due.serial_number:X}",
    )
    if above is not None:
        # Its issuer is looked for in the same text, too.
        assert certificate_hash_data(pem + above, algorithm) == found


def test_who_has_not_signed_is_no_issuer(authority: Authority, stranger: Authority) -> None:
    pem = authority.pair("cp1").certificate.read_text()
    for other in (stranger.root, authority.pair("cp2").certificate):
        with pytest.raises(ValueError, match="has not signed"):
            certificate_hash_data(pem, issuer=other.read_text())


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n" * 2, "x" * 10_001])
def test_what_is_no_certificate_has_no_hashes(text: str) -> None:
    with pytest.raises(ValueError, match=r"certificate|characters"):
        certificate_hash_data(text)


def test_hashes_compare_without_case_and_the_serial_number_without_zeroes(
    authority: Authority,
) -> None:
    root: Certificate = read(authority.root.read_text())[0]
    named = root.hash_data()
    small = CertificateHashData(
        hash_algorithm=named.hash_algorithm,
        issuer_name_hash=named.issuer_name_hash.lower(),
        issuer_key_hash=named.issuer_key_hash.lower(),
        serial_number=named.serial_number.lower(),
    )
    assert root.is_named_by(named)
    assert root.is_named_by(small)
    assert root.is_named_by(root.hash_data(HashAlgorithm.SHA512))
    for field in ("issuer_name_hash", "issuer_key_hash", "serial_number"):
        text: str = getattr(named, field)
        other = ("E" if text[0] == "F" else "F") + text[1:]
        changes: dict[str, Any] = {field: other}
        assert not root.is_named_by(attrs.evolve(named, **changes))


def test_the_serial_number_has_no_leading_zeroes(authority: Authority) -> None:
    root = read(authority.root.read_text())[0]
    assert attrs.evolve(root, serial_number=4095).hash_data().serial_number == "FFF"
    assert attrs.evolve(root, serial_number=1).hash_data().serial_number == "1"
