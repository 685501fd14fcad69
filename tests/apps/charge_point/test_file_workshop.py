"""Firmware that is really fetched and checked, and files that are really sent."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from ocpp16.apps.charge_point.file_workshop import FileWorkshop
from ocpp16.station import diagnostics, firmware
from ocpp16.station.workshop import UploadFailed
from ocpp16.testing import HandClock
from ocpp16.transports.file_transfer import FileTransfer, TransferFailed
from tests.apps.doubles import NOON
from tests.transports.test_file_transfer import CONTENT, RULES, web

pytest.importorskip("cryptography")


def authority(kind: str = "rsa") -> tuple[Any, Any]:
    """Return a key and a certificate that signs others."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key: Any = (
        rsa.generate_private_key(65537, 2048)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )
    return key, certificate("Maker", key, key, "Maker")


def certificate(name: str, key: Any, issuer_key: Any, issuer: str, days: int = 10) -> Any:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    def named(text: str) -> Any:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOON - timedelta(days=20))
        .not_valid_after(NOON + timedelta(days=days))
    )
    constraints = x509.BasicConstraints(ca=name == issuer, path_length=None)
    return builder.add_extension(constraints, critical=True).sign(issuer_key, hashes.SHA256())


def pem(of_certificate: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    text: str = of_certificate.public_bytes(Encoding.PEM).decode()
    return text


def signed(key: Any, content: bytes) -> str:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    if isinstance(key, rsa.RSAPrivateKey):
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 20)
        return b64encode(key.sign(content, scheme, hashes.SHA256())).decode()
    return b64encode(key.sign(content, ec.ECDSA(hashes.SHA256()))).decode()


def shop(folder: Path, root: Path | None = None) -> FileWorkshop:
    return FileWorkshop(FileTransfer(RULES), folder, HandClock(NOON), root)


ORDER = firmware.Order(location="", retrieve_at=NOON, request_id=1)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_signed_image_is_fetched_checked_and_installed(tmp_path: Path, kind: str) -> None:
    key, _ = authority(kind)
    own = certificate("Firmware", key, key, "Maker")
    with web() as (url, _handler):
        order = attrs.evolve(
            ORDER,
            location=f"{url}/2.1.bin",
            certificate=pem(own),
            signature=signed(key, CONTENT),
        )

        async def main() -> None:
            workshop = shop(tmp_path)
            await workshop.download(order)
            assert await workshop.verify(order)
            other = attrs.evolve(order, signature=signed(key, CONTENT + b"x"))
            assert not await workshop.verify(other)
            assert not await workshop.verify(attrs.evolve(order, signature="?"))
            assert await workshop.install(order) == "2.1"

        asyncio.run(main())
    assert (tmp_path / "firmware.bin").read_bytes() == CONTENT


def test_who_may_sign(tmp_path: Path) -> None:
    key, root = authority()
    other, _ = authority()
    file = tmp_path / "root.pem"
    file.write_text(pem(root))
    workshop = shop(tmp_path, file)
    good = certificate("Firmware", other, key, "Maker")
    assert workshop.check_signer(pem(good), ()) == "Accepted"
    expired = certificate("Firmware", other, key, "Maker", days=-1)
    assert workshop.check_signer(pem(expired), ()) == "InvalidCertificate"
    foreign = certificate("Firmware", other, other, "Maker")
    assert workshop.check_signer(pem(foreign), ()) == "InvalidCertificate"
    assert workshop.check_signer("nonsense", ()) == "InvalidCertificate"
    assert shop(tmp_path).check_signer(pem(good), ()) == "InvalidCertificate"
    # Roots that are installed count beside it.
    assert shop(tmp_path).check_signer(pem(good), [pem(root)]) == "Accepted"
    mine, stranger = certificate("Firmware", other, other, "Maker"), pem(root)
    assert workshop.check_signer(pem(mine), [stranger]) == "InvalidCertificate"


def test_a_file_is_sent(tmp_path: Path) -> None:
    order = diagnostics.Order(location="", file_name="d.txt")
    with web() as (url, handler):
        asyncio.run(shop(tmp_path).upload(attrs.evolve(order, location=f"{url}/logs/"), b"x"))
        assert handler.sent == {"/logs/d.txt": b"x"}


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("http://other.example/", "PermissionDenied"),
        ("nonsense", "BadMessage"),
        ("http://127.0.0.1:1/", "UploadFailure"),
    ],
)
def test_a_file_that_cannot_be_sent(tmp_path: Path, location: str, why: str) -> None:
    order = diagnostics.Order(location=location, file_name="d.txt")
    with pytest.raises(UploadFailed) as caught:
        asyncio.run(shop(tmp_path).upload(order, b"x"))
    assert caught.value.why == why


def test_an_image_that_is_not_there(tmp_path: Path) -> None:
    order = attrs.evolve(ORDER, location="http://other.example/f")
    with pytest.raises(TransferFailed):
        asyncio.run(shop(tmp_path).download(order))
    with pytest.raises(FileNotFoundError):
        asyncio.run(shop(tmp_path).install(order))
