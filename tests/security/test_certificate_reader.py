"""Which chains are traced to a root, and which certificates may be one."""

from __future__ import annotations

import random
from base64 import encodebytes
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from ocpp16.security.certificate_reader import CertificateReader
from tests.security.authority import (
    CLIENT,
    OWNER,
    SERVER,
    Authority,
    certificate_of,
    new_ec,
    new_rsa,
    subject,
)

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
READER = CertificateReader()


def made(
    name: str = "SN-1",
    *,
    key: Any = None,
    issuer: tuple[x509.Name, Any] | None = None,
    begins: timedelta = -DAY,
    ends: timedelta = 30 * DAY,
    ca: bool = False,
    extensions: Any = (),
    algorithm: Any = hashes.SHA256(),  # noqa: B008 - has no state
) -> tuple[str, Any]:
    """Make a certificate without code of the library; it signs itself unless something is said."""
    key = new_ec() if key is None else key
    its_name = subject([name], OWNER)
    builder = certificate_of(its_name, key, begins, ends, ca=ca)
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, is_critical)
    signer_name, signer = issuer or (its_name, key)
    signed = builder.issuer_name(signer_name).sign(signer, algorithm)
    return signed.public_bytes(Encoding.PEM).decode(), key


def usage(**wanted: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: wanted.get(name, False) for name in names})


def authority_of(name: str = "Root", **options: Any) -> tuple[str, tuple[x509.Name, Any]]:
    pem, key = made(name, ca=True, **options)
    return pem, (subject([name], OWNER), key)


def test_a_chain_is_traced_to_its_root() -> None:
    root, signer = authority_of(key=new_rsa())
    one, signer = authority_of("One", issuer=signer)
    two, signer = authority_of("Two", issuer=signer)
    leaf, _ = made(issuer=signer, begins=DAY)
    other, _ = authority_of("Other")
    # The order of those between does not count; one that is not needed does no harm.
    found, *between = READER.read_chain(leaf + one + other + two, [other, root], NOW)
    assert found.pem == leaf
    # What is kept of it is what is needed, in order.
    assert [each.pem for each in between] == [two, one]
    assert found.common_names == ("SN-1",)
    assert found.organizations == (OWNER,)
    assert found.not_before > NOW
    assert found.issuer_key == READER.read_all(two)[0].key != found.key
    # A root may be any that is installed: here, one in the midst.
    assert READER.read_chain(leaf + two, [one], NOW)[0].pem == leaf
    for chain, roots in ((leaf + one, [root]), (leaf + one + two, [other]), (leaf, []), (leaf, [])):
        with pytest.raises(ValueError, match="cannot be traced"):
            READER.read_chain(chain, roots, NOW)


def test_of_several_ways_to_a_root_the_one_that_is_good_counts() -> None:
    old, old_signer = authority_of("Old")
    new, new_signer = authority_of("New")
    key = new_ec()
    by_old, signer = authority_of("One", key=key, issuer=old_signer)
    by_new, _ = authority_of("One", key=key, issuer=new_signer)
    ended, _ = authority_of("One", key=key, issuer=new_signer, begins=-2 * DAY, ends=-DAY)
    leaf, _ = made(issuer=signer)
    for chain in (leaf + by_old + by_new, leaf + by_new + by_old):
        for root in (old, new):
            assert READER.read_chain(chain, [root], NOW)[0].pem == leaf
    for chain in (leaf + ended + by_new, leaf + by_new + ended):
        assert READER.read_chain(chain, [new], NOW)[0].pem == leaf
    # A root that is renewed with the same key is there twice.
    root_key = new_ec()
    renewed, root_signer = authority_of("Root", key=root_key)
    former, _ = authority_of("Root", key=root_key, begins=-2 * DAY, ends=-DAY)
    below, _ = made(issuer=root_signer)
    for roots in ([former, renewed], [renewed, former]):
        assert READER.read_chain(below, roots, NOW)[0].pem == below
    with pytest.raises(ValueError, match="not valid now"):
        READER.read_chain(below, [former], NOW)
    # Authorities that have signed one another lead nowhere, and come to an end.
    one_key, two_key = new_ec(), new_ec()
    one, two = (subject(["A"], OWNER), one_key), (subject(["B"], OWNER), two_key)
    ring = (
        authority_of("A", key=one_key, issuer=two)[0]
        + authority_of("B", key=two_key, issuer=one)[0]
    )
    with pytest.raises(ValueError, match="cannot be traced"):
        READER.read_chain(made(issuer=one)[0] + ring, [new], NOW)


def test_a_signature_counts_and_not_a_name() -> None:
    root, _ = authority_of()
    _, impostor = authority_of()
    leaf, _ = made(issuer=impostor)
    with pytest.raises(ValueError, match="cannot be traced"):
        READER.read_chain(leaf, [root], NOW)


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"ends": timedelta(hours=-1)}, "expired"),
        ({"ca": True}, "that of an authority"),
        ({"key": new_rsa(1024)}, "1024 bits"),
        ({"key": new_ec(ec.SECP192R1())}, "192 bits"),
        ({"algorithm": hashes.SHA224()}, "SHA-256 or better"),
        ({"extensions": [(UNKNOWN, True)]}, r"critical extension 1\.2\.3\.4"),
        ({"extensions": [(usage(key_agreement=True), True)]}, "may not sign"),
        ({"extensions": [(x509.ExtendedKeyUsage([SERVER]), False)]}, "not for TLS clients"),
    ],
)
def test_a_certificate_that_is_not_taken(options: dict[str, Any], reason: str) -> None:
    root, signer = authority_of()
    leaf, _ = made(issuer=signer, **options)
    with pytest.raises(ValueError, match=reason):
        READER.read_chain(leaf, [root], NOW)


@pytest.mark.parametrize(
    "extensions",
    [
        [(UNKNOWN, False)],
        [(usage(digital_signature=True), True)],
        [(x509.ExtendedKeyUsage([CLIENT]), True)],
    ],
)
def test_what_is_no_hindrance(extensions: Any) -> None:
    root, signer = authority_of()
    leaf, _ = made(issuer=signer, extensions=extensions)
    assert READER.read_chain(leaf, [root], NOW)[0].pem == leaf


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"ca": False}, "not that of an authority"),
        ({"ends": timedelta(hours=-1)}, "not valid now"),
        ({"begins": DAY}, "not valid now"),
        ({"key": new_rsa(1024)}, "1024 bits"),
        ({"extensions": [(usage(digital_signature=True), True)]}, "may not sign certificates"),
        ({"algorithm": hashes.SHA224()}, "SHA-256 or better"),
        ({"extensions": [(UNKNOWN, True)]}, "critical extension"),
    ],
)
@pytest.mark.parametrize("is_root", [True, False])
def test_an_authority_that_is_not_taken(
    options: dict[str, Any], reason: str, is_root: bool
) -> None:
    options = {"ca": True, **options}
    if is_root:
        pem, key = made("Root", **options)
        leaf, _ = made(issuer=(subject(["Root"], OWNER), key))
        root, chain = pem, leaf
    else:
        root, signer = authority_of()
        between, key = made("Between", issuer=signer, **options)
        leaf, _ = made(issuer=(subject(["Between"], OWNER), key))
        chain = leaf + between
    with pytest.raises(ValueError, match=reason):
        READER.read_chain(chain, [root], NOW)


def test_a_path_may_be_no_longer_than_an_authority_allows(authority: Authority) -> None:
    key, name = new_ec(), subject(["Short"], OWNER)
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(NOW - DAY).not_valid_after(NOW + DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    )  # fmt: skip
    root = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    leaf, _ = made(issuer=(name, key))
    assert READER.read_chain(leaf, [root], NOW)[0].pem == leaf
    between, signer = authority_of("Between", issuer=(name, key))
    leaf, _ = made(issuer=signer)
    with pytest.raises(ValueError, match="longer than"):
        READER.read_chain(leaf + between, [root], NOW)


def test_certificates_that_sign_each_other_end_somewhere() -> None:
    key_a, key_b = new_ec(), new_ec()
    name_a, name_b = subject(["A"], OWNER), subject(["B"], OWNER)
    a, _ = made("A", key=key_a, issuer=(name_b, key_b), ca=True)
    b, _ = made("B", key=key_b, issuer=(name_a, key_a), ca=True)
    leaf, _ = made(issuer=(name_a, key_a))
    root, _ = authority_of()
    with pytest.raises(ValueError, match="cannot be traced"):
        READER.read_chain(leaf + a + b + a + b, [root], NOW)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not read"),
        ("ü", "not read"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "not read"),
        ("x" * 10_001, "10000 characters"),
        ("-----BEGIN CERTIFICATE-----\n" * 9, "at most 8"),
    ],
)
def test_a_text_that_is_no_chain(text: str, reason: str) -> None:
    for read in (
        lambda: READER.read_chain(text, [], NOW),
        lambda: READER.read_root(text),
        lambda: READER.read_all(text),
    ):
        with pytest.raises(ValueError, match=reason):
            read()


def test_whatever_is_damaged_is_a_value_error() -> None:
    chance = random.Random(1)
    root, signer = authority_of()
    leaf, _ = made(issuer=signer)
    for _ in range(1500):
        data = bytearray(x509.load_pem_x509_certificate(leaf.encode()).public_bytes(Encoding.DER))
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        body = encodebytes(bytes(data)).decode()
        text = f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
        for read in (
            lambda text=text: READER.read_chain(text, [root], NOW),
            lambda text=text: READER.read_root(text, [root]),
            lambda text=text: READER.read_all(text),
            lambda text=text: READER.is_signed_by(text, root),
        ):
            with suppress(ValueError):
                read()
    # What is damaged is never traced to a root: that takes its signature.
    with pytest.raises(ValueError, match=r"not read|not taken|cannot be traced"):
        READER.read_chain(text, [root], NOW)


def test_a_root_is_an_authority_that_signs_itself() -> None:
    pem, _ = authority_of()
    root = READER.read_root(pem)
    assert root.subject == root.issuer
    assert root.key == root.issuer_key
    leaf, _ = made()
    with pytest.raises(ValueError, match="not that of an authority"):
        READER.read_root(leaf)
    with pytest.raises(ValueError, match="one certificate"):
        READER.read_root(pem + pem)
    # Its own name, and the signature of somebody else.
    forged, _ = made("Root", ca=True, issuer=(subject(["Root"], OWNER), new_ec()))
    with pytest.raises(ValueError, match="root not taken"):
        READER.read_root(forged)


def test_a_root_that_another_one_has_signed_names_that_as_its_issuer() -> None:
    old, signer = authority_of("Old")
    new, _ = authority_of("New", issuer=signer)
    other, _ = authority_of("Other")
    assert READER.read_root(new, [other, old]).issuer_key == READER.read_root(old).key
    assert READER.is_signed_by(new, old)
    assert not READER.is_signed_by(new, other)
    assert not READER.is_signed_by(old, old)
