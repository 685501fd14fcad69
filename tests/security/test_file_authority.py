"""The certificate authority in a folder: what it signs, and what it refuses."""

from __future__ import annotations

import asyncio
import json
from base64 import encodebytes
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ocpp16.apps.pki_maker import make_pki
from ocpp16.security.certificate_authority import CertificateAuthority, SigningRefused
from ocpp16.security.certificate_reader import CertificateReader
from ocpp16.security.file_authority import FileAuthority
from tests.security.authority import OWNER, Authority, make_authority, new_ec, new_rsa

NOW = datetime.now(UTC).replace(microsecond=0)
SERIALS = {"SN-1": "CP1", "SN-2": "CP2"}


def csr(
    names: list[tuple[Any, str]] | None = None,
    key: Any = None,
    algorithm: Any = hashes.SHA256(),  # noqa: B008 - has no state
    **options: Any,
) -> str:
    """Make a request without any code of the library."""
    parts = [(NameOID.ORGANIZATION_NAME, OWNER), (NameOID.COMMON_NAME, "SN-1")]
    subject = x509.Name([x509.NameAttribute(kind, text) for kind, text in names or parts])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    for extension in options.get("extensions", ()):
        builder = builder.add_extension(extension, False)
    request = builder.sign(new_ec() if key is None else key, algorithm)
    return request.public_bytes(Encoding.PEM).decode()


def file_authority(folder: Path, **options: Any) -> FileAuthority:
    options.setdefault("organizations", OWNER)
    options.setdefault("serial_numbers", SERIALS)
    return FileAuthority(folder, now=lambda: NOW, **options)


def sign(authority: CertificateAuthority, text: str, identity: str = "CP1") -> str:
    return asyncio.run(authority.sign(text, identity))


def refusal(authority: CertificateAuthority, text: str, identity: str = "CP1") -> str:
    """Return why it is refused, which `check` and `sign` agree on."""
    with pytest.raises(SigningRefused) as first:
        asyncio.run(authority.check(text, identity))
    with pytest.raises(SigningRefused) as second:
        asyncio.run(authority.sign(text, identity))
    assert first.value.reason == second.value.reason
    return first.value.reason


@pytest.mark.parametrize(
    "key", [new_ec(), new_ec(ec.SECP384R1()), new_rsa()], ids=["P-256", "P-384", "RSA"]
)
def test_a_certificate_is_what_the_whitepaper_wants(authority: Authority, key: Any) -> None:
    subject = file_authority(authority.folder)
    # What more a request wants it does not get.
    wanted = [
        x509.BasicConstraints(ca=True, path_length=None),
        x509.SubjectAlternativeName([x509.DNSName("central.example")]),
    ]
    names = [
        (NameOID.COUNTRY_NAME, "AT"),
        (NameOID.ORGANIZATION_NAME, OWNER),
        (NameOID.COMMON_NAME, "SN-1"),
    ]
    text = csr(names, key, extensions=wanted)
    asyncio.run(subject.check(text, "CP1"))
    found = x509.load_pem_x509_certificates(sign(subject, text).encode())
    assert len(found) == 1
    (leaf,) = found
    leaf.verify_directly_issued_by(authority.certificate)
    assert leaf.public_key() == key.public_key()
    assert leaf.subject.rfc4514_string() == f"CN=SN-1,O={OWNER}"
    assert isinstance(leaf.signature_hash_algorithm, hashes.SHA256)
    extensions = leaf.extensions
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert not constraints.value.ca
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign
    assert usage.key_encipherment is isinstance(key, rsa.RSAPrivateKey)
    uses = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert ExtendedKeyUsageOID.CLIENT_AUTH in uses
    with pytest.raises(x509.ExtensionNotFound):
        extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert leaf.not_valid_before_utc <= NOW - timedelta(hours=23)
    assert leaf.not_valid_after_utc <= authority.certificate.not_valid_after_utc
    CertificateReader().read_chain(sign(subject, text), [authority.root.read_text()], NOW)


def test_serial_numbers_are_random_and_recorded_before_they_are_used(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    subject = file_authority(tmp_path)
    text = csr()
    chains = [sign(subject, text) for _ in range(3)]
    found = [x509.load_pem_x509_certificate(chain.encode()) for chain in chains]
    numbers = [each.serial_number for each in found]
    assert len(set(numbers)) == 3
    assert min(numbers).bit_length() > 100
    record = tmp_path / "issued.jsonl"
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert [line["serialNumber"] for line in lines] == [f"{number:X}" for number in numbers]
    assert {(line["identity"], line["commonName"]) for line in lines} == {("CP1", "SN-1")}
    assert lines[0]["sha256"] == found[0].fingerprint(hashes.SHA256()).hex()
    assert record.stat().st_mode & 0o777 == 0o600
    record.unlink()
    record.mkdir()
    with pytest.raises(OSError, match="directory"):
        sign(subject, text)
    assert authority.owner == OWNER


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (csr([(NameOID.ORGANIZATION_NAME, OWNER), (NameOID.COMMON_NAME, "SN-2")]), "not that of"),
        (csr([(NameOID.ORGANIZATION_NAME, OWNER), (NameOID.COMMON_NAME, "CP1")]), "not that of"),
        (csr([(NameOID.ORGANIZATION_NAME, OWNER)]), "not name one serial number"),
        (
            csr(
                [
                    (NameOID.ORGANIZATION_NAME, OWNER),
                    (NameOID.COMMON_NAME, "SN-1"),
                    (NameOID.COMMON_NAME, "SN-2"),
                ]
            ),
            "not name one serial number",
        ),
        (csr([(NameOID.COMMON_NAME, "SN-1")]), "organization"),
        (
            csr([(NameOID.ORGANIZATION_NAME, "Other"), (NameOID.COMMON_NAME, "SN-1")]),
            "organization",
        ),
        (
            csr(
                [
                    (NameOID.ORGANIZATION_NAME, OWNER),
                    (NameOID.ORGANIZATION_NAME, OWNER),
                    (NameOID.COMMON_NAME, "SN-1"),
                ]
            ),
            "organization",
        ),
        (csr(key=new_rsa(1024)), "1024 bits"),
        (csr(key=new_ec(ec.SECP192R1())), "192 bits"),
        (csr(key=dsa.generate_private_key(2048)), "neither RSA"),
        (csr(key=ed25519.Ed25519PrivateKey.generate(), algorithm=None), "neither RSA"),
        ("", "not one request"),
        ("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----", "not read"),
        (
            "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
            "not read",
        ),
        (csr() + csr(), "not one request"),
        (csr().replace("CERTIFICATE REQUEST", "CERTIFICATE"), "not one request"),
        ("ü" + csr(), "not one request"),
        (csr() + " " * 5_500, "5500 characters"),
    ],
)
def test_what_is_not_signed(authority: Authority, text: str, reason: str) -> None:
    before = _issued(authority.folder)
    assert reason in refusal(file_authority(authority.folder), text)
    assert _issued(authority.folder) == before


def _issued(folder: Path) -> str | None:
    path = folder / "issued.jsonl"
    return path.read_text() if path.exists() else None


def test_a_request_whose_signature_is_not_its_keys_is_refused(authority: Authority) -> None:
    request = x509.load_pem_x509_csr(csr().encode())
    data = bytearray(request.public_bytes(Encoding.DER))
    data[-1] ^= 1
    body = encodebytes(bytes(data)).decode()
    text = f"-----BEGIN CERTIFICATE REQUEST-----\n{body}-----END CERTIFICATE REQUEST-----\n"
    assert "signature" in refusal(file_authority(authority.folder), text)


@pytest.mark.filterwarnings("ignore:.*SHA1.*")
def test_a_weak_hash_is_refused(authority: Authority) -> None:
    key = new_ec()
    request = x509.load_pem_x509_csr(csr(key=key).encode())
    info = request.tbs_certrequest_bytes
    # SHA-1 with ECDSA, put together by hand: libraries no longer make it.
    weak = bytes.fromhex("300906072a8648ce3d0401")
    signature = key.sign(info, ec.ECDSA(hashes.SHA1()))
    bits = b"\x03" + bytes([len(signature) + 1]) + b"\0" + signature
    body = info + weak + bits
    data = b"\x30\x81" + bytes([len(body)]) + body
    text = (
        "-----BEGIN CERTIFICATE REQUEST-----\n"
        f"{encodebytes(data).decode()}-----END CERTIFICATE REQUEST-----\n"
    )
    assert "SHA-256" in refusal(file_authority(authority.folder), text)


def test_without_a_table_the_serial_number_is_the_identity(authority: Authority) -> None:
    subject = file_authority(authority.folder, serial_numbers=None)
    assert "not that of" in refusal(subject, csr())
    names = [(NameOID.ORGANIZATION_NAME, OWNER), (NameOID.COMMON_NAME, "CP1")]
    assert sign(subject, csr(names))


def test_a_function_may_tell_whose_serial_number_it_is(authority: Authority) -> None:
    async def find(serial: str) -> str | None:
        return SERIALS.get(serial)

    subject = file_authority(authority.folder, serial_numbers=find)
    assert sign(subject, csr())
    assert "not that of" in refusal(subject, csr(), "CP2")


def test_an_intermediate_authority_signs_and_is_handed_over(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    root = make_authority(tmp_path / "root")
    pair = root.issue("between", "Between", key=new_rsa(), ca=True, usages=())
    site = tmp_path / "site"
    site.mkdir()
    (site / "authority.pem").write_bytes(pair.certificate.read_bytes() + root.root.read_bytes())
    (site / "authority.key").write_bytes(pair.key.read_bytes())
    chain = sign(file_authority(site), csr())
    leaf, between = x509.load_pem_x509_certificates(chain.encode())
    leaf.verify_directly_issued_by(between)
    between.verify_directly_issued_by(root.certificate)
    # A00.505: with RSA an authority signs by PSS.
    assert isinstance(leaf.signature_algorithm_parameters, padding.PSS)
    found, *_ = CertificateReader().read_chain(chain, [root.root.read_text()], NOW)
    assert found.common_names == ("SN-1",)


def test_a_certificate_ends_before_its_authority(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    late = authority.certificate.not_valid_after_utc
    subject = FileAuthority(
        tmp_path,
        organizations=OWNER,
        serial_numbers=SERIALS,
        now=lambda: late - timedelta(days=2),
    )
    (leaf,) = x509.load_pem_x509_certificates(sign(subject, csr()).encode())
    assert leaf.not_valid_after_utc == late
    subject = FileAuthority(tmp_path, organizations=OWNER, serial_numbers=SERIALS, now=lambda: late)
    with pytest.raises(SigningRefused, match="expired"):
        sign(subject, csr())


def test_what_pki_makes_is_an_authority(tmp_path: Path) -> None:
    make_pki(tmp_path, now=NOW)
    names = [(NameOID.ORGANIZATION_NAME, OWNER), (NameOID.COMMON_NAME, "SN-CP1")]
    assert sign(file_authority(tmp_path, serial_numbers={"SN-CP1": "CP1"}), csr(names))


def test_files_that_are_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no root\.pem"):
        file_authority(tmp_path)
    authority = make_authority(tmp_path)
    key = authority.pair("root").key
    right = key.read_bytes()
    for content, reason in (
        (b"nothing", "root.key"),
        (authority.pair("cp1").key.read_bytes(), "is not the key of"),
    ):
        key.write_bytes(content)
        with pytest.raises(ValueError, match=reason):
            file_authority(tmp_path)
    key.write_bytes(
        authority.key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        )
    )
    with pytest.raises(ValueError, match=r"root\.key"):
        file_authority(tmp_path)
    assert sign(file_authority(tmp_path, password="secret"), csr())
    key.write_bytes(right)
    authority.root.write_text("nothing")
    with pytest.raises(ValueError, match=r"root\.pem"):
        file_authority(tmp_path)
