"""Signatures of firmware, and who may make them. W L01; SPEC 13."""

from __future__ import annotations

from base64 import b64decode, b64encode, encodebytes
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cryptography")

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from ocpp16.security.configuration import KeyPair
from ocpp16.security.firmware_signature import check_signature, judge_signer, sign_firmware
from tests.security.authority import (
    Authority,
    certificate_of,
    make_authority,
    new_ec,
    new_rsa,
    save,
)

CONTENT = bytes(range(256)) * 9000
KEYS: dict[str, Callable[[], Any]] = {
    "rsa-2048": lambda: new_rsa(2048),
    "rsa-3072": lambda: new_rsa(3072),
    "p-256": new_ec,
    "p-384": lambda: new_ec(ec.SECP384R1()),
    "p-224": lambda: new_ec(ec.SECP224R1()),
}


@pytest.fixture
def maker(tmp_path: Path) -> Authority:
    return make_authority(tmp_path)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.bin"
    path.write_bytes(CONTENT)
    return path


def foreign_authority(folder: Path) -> Authority:
    """Return another one of the same name."""
    (folder / "foreign").mkdir()
    return make_authority(folder / "foreign")


def judged(maker: Authority, pair: KeyPair, revoked: Path | None = None) -> str:
    return judge_signer(
        pair.certificate.read_text(),
        maker.root.read_bytes(),
        datetime.now(UTC),
        revoked=None if revoked is None else revoked.read_bytes(),
    )


@pytest.mark.parametrize("kind", KEYS)
def test_what_is_signed_is_right(maker: Authority, image: Path, kind: str) -> None:
    pair = maker.issue("firmware", "Firmware", key=KEYS[kind]())
    signature, certificate = sign_firmware(image, pair)
    assert certificate == pair.certificate.read_text()
    check_signature(image, signature, certificate)
    assert judged(maker, pair) == "Accepted"
    image.write_bytes(CONTENT + b"x")
    with pytest.raises(ValueError, match="not that of this image"):
        check_signature(image, signature, certificate)


@pytest.mark.parametrize("salt", [0, 20, 32, padding.PSS.MAX_LENGTH])
def test_any_length_of_the_salt_is_taken(maker: Authority, image: Path, salt: Any) -> None:
    pair = maker.issue("firmware", "Firmware", key=new_rsa())
    key = load_pem_private_key(pair.key.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), salt)
    signature = b64encode(key.sign(CONTENT, scheme, hashes.SHA256())).decode()
    check_signature(image, signature, pair.certificate.read_text())


@pytest.mark.parametrize(
    ("scheme", "digest"),
    [
        (padding.PKCS1v15(), hashes.SHA256()),
        (padding.PSS(padding.MGF1(hashes.SHA256()), 20), hashes.SHA512()),
        (padding.PSS(padding.MGF1(hashes.SHA1()), 20), hashes.SHA256()),
    ],
)
def test_other_schemes_are_not(
    maker: Authority, image: Path, scheme: Any, digest: hashes.HashAlgorithm
) -> None:
    pair = maker.issue("firmware", "Firmware", key=new_rsa())
    key = load_pem_private_key(pair.key.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = b64encode(key.sign(CONTENT, scheme, digest)).decode()
    with pytest.raises(ValueError, match="not that of this image"):
        check_signature(image, signature, pair.certificate.read_text())


def test_signatures_that_are_none(maker: Authority, image: Path) -> None:
    pair = maker.issue("firmware", "Firmware", key=new_rsa())
    signature, certificate = sign_firmware(image, pair)
    raw = bytearray(b64decode(signature))
    raw[0] ^= 1
    for text, reason in (
        (b64encode(raw).decode(), "not that of this image"),
        (signature[:-4], "not that of this image"),
        ("", "not that of this image"),
        (f"{signature}\n", "no base64"),
        ("ä", "no base64"),
        ("?", "no base64"),
    ):
        with pytest.raises(ValueError, match=reason):
            check_signature(image, text, certificate)
    with pytest.raises(ValueError, match="no certificate"):
        check_signature(image, signature, "nonsense")
    other = maker.issue("other", "Firmware", key=new_rsa())
    with pytest.raises(ValueError, match="not that of this image"):
        check_signature(image, signature, other.certificate.read_text())


def test_a_key_that_is_not_the_certificates(maker: Authority, image: Path) -> None:
    pair = maker.issue("firmware", "Firmware", key=new_rsa())
    other = maker.issue("other", "Firmware", key=new_rsa())
    with pytest.raises(ValueError, match="not that of this image"):
        sign_firmware(image, KeyPair(pair.certificate, other.key))


def test_a_key_of_another_kind(maker: Authority, image: Path) -> None:
    pair = maker.issue("firmware", "Firmware", key=ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(ValueError, match="with an RSA or an EC key"):
        sign_firmware(image, pair)
    with pytest.raises(ValueError, match="neither an RSA nor an EC key"):
        check_signature(image, "eA==", pair.certificate.read_text())


# Who may sign


def test_who_may_not_sign(maker: Authority, tmp_path: Path) -> None:
    day = timedelta(days=1)
    foreign = foreign_authority(tmp_path)
    middle = maker.issue("middle", "Middle", ca=True)
    middle_key = load_pem_private_key(middle.key.read_bytes(), None)
    middle_name = x509.load_pem_x509_certificate(middle.certificate.read_bytes()).subject
    for why, pair in {
        "expired": maker.issue("a", "A", begins=-2 * day, ends=-day),
        "not yet": maker.issue("b", "B", begins=day, ends=2 * day),
        "another maker": foreign.issue("c", "C"),
        "the maker's name, not its key": maker.issue(
            "d", "D", issuer=(maker.certificate.subject, new_ec())
        ),
        "something in between": maker.issue("e", "E", issuer=(middle_name, middle_key)),
        "a weak key": maker.issue("f", "F", key=new_rsa(1024)),
        "a weak curve": maker.issue("g", "G", key=new_ec(ec.SECP192R1())),
        "another kind": maker.issue("h", "H", key=ed25519.Ed25519PrivateKey.generate()),
        "an authority": maker.issue("i", "I", ca=True),
        "the root itself": maker.pair("root"),
    }.items():
        assert judged(maker, pair) == "InvalidCertificate", why
    root = maker.root.read_bytes()
    assert judge_signer("nonsense", root, datetime.now(UTC)) == "InvalidCertificate"
    assert judge_signer("", root, datetime.now(UTC)) == "InvalidCertificate"


def test_what_the_whitepaper_asks_of_a_certificate(maker: Authority) -> None:
    day, key = timedelta(days=1), new_ec()
    name = maker.certificate.subject
    builder = certificate_of(name, key, -day, day, ca=False).issuer_name(name)
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
    for status, certificate in (
        ("Accepted", builder.sign(maker.key, hashes.SHA256())),
        ("InvalidCertificate", builder.sign(maker.key, hashes.SHA224())),
        ("InvalidCertificate", builder.add_extension(odd, True).sign(maker.key, hashes.SHA256())),
    ):
        pair = maker.pair("asked")
        save(pair, certificate, key)
        assert judged(maker, pair) == status


@pytest.mark.parametrize(
    ("can_sign", "status"), [(True, "Accepted"), (False, "InvalidCertificate")]
)
def test_the_usage_of_the_key(maker: Authority, can_sign: bool, status: str) -> None:
    key, now = new_ec(), datetime.now(UTC)
    usage = x509.KeyUsage(can_sign, *(False,) * 3, True, *(False,) * 4)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(maker.certificate.subject)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(usage, critical=True)
        .sign(maker.key, hashes.SHA256())
    )
    pair = maker.pair("usage")
    save(pair, certificate, key)
    assert judged(maker, pair) == status


def test_who_is_revoked(maker: Authority, tmp_path: Path) -> None:
    good, bad = maker.issue("good", "G"), maker.issue("bad", "B")
    revoked = maker.revocations(bad)
    assert judged(maker, bad, revoked) == "RevokedCertificate"
    assert judged(maker, good, revoked) == "Accepted"
    # A list of somebody else says nothing of the certificates of the maker.
    foreign = foreign_authority(tmp_path).revocations(bad)
    assert judged(maker, bad, foreign) == "Accepted"
    both = tmp_path / "both.pem"
    both.write_bytes(foreign.read_bytes() + revoked.read_bytes())
    assert judged(maker, bad, both) == "RevokedCertificate"


def test_roots_and_lists_that_are_none(maker: Authority) -> None:
    pem, now = maker.issue("good", "G").certificate.read_text(), datetime.now(UTC)
    with pytest.raises(ValueError, match="PEM"):
        judge_signer(pem, b"nonsense", now)
    broken = b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"
    with pytest.raises(ValueError, match="error parsing"):
        judge_signer(pem, maker.root.read_bytes(), now, revoked=broken)


def test_roots_that_may_not_sign(maker: Authority) -> None:
    good, now = maker.issue("good", "G", ends=timedelta(days=900)), datetime.now(UTC)
    pem, root = good.certificate.read_text(), maker.root.read_bytes()
    assert judge_signer(pem, root, now) == "Accepted"
    # The root has ended before.
    assert judge_signer(pem, root, now + timedelta(days=100)) == "InvalidCertificate"
    key = new_ec()
    leaf = maker.issue("leaf", "L", key=key).certificate.read_bytes()
    name = x509.load_pem_x509_certificate(leaf).subject
    below = maker.issue("below", "B", issuer=(name, key)).certificate.read_text()
    assert judge_signer(below, leaf, now) == "InvalidCertificate"
    # Any of several roots will do.
    assert judge_signer(pem, leaf + root, now) == "Accepted"


CURVE, KIND, USAGE, CONSTRAINTS = "2a8648ce3d030107", "2a8648ce3d0201", "0603551d25", "0603551d13"


@pytest.mark.parametrize(
    ("what", "by"),
    [(CURVE, "2a8648ce3d030109"), (KIND, "2a8648ce3d0209"), (USAGE, CONSTRAINTS)],
    ids=["unknown curve", "unknown kind of key", "an extension twice"],
)
def test_a_certificate_that_the_reader_cannot_take_apart_is_not_trusted(
    maker: Authority, image: Path, what: str, by: str
) -> None:
    pair = maker.issue("firmware", "F")
    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    found = certificate.public_bytes(Encoding.DER)
    assert bytes.fromhex(what) in found
    odd = found.replace(bytes.fromhex(what), bytes.fromhex(by), 1)
    text = encodebytes(odd).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"
    assert judge_signer(pem, maker.root.read_bytes(), datetime.now(UTC)) == "InvalidCertificate"
    with pytest.raises(ValueError, match=r"its key is not read|not that of this image"):
        check_signature(image, "eA==", pem)
