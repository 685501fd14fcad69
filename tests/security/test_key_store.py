"""Where a charge point keeps its private keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ocpp16.security.certificate_reader import key_bits
from ocpp16.security.key_store import FileKeyStore, KeyKind, MemoryKeyStore


@pytest.mark.parametrize(
    ("kind", "cls", "size"),
    [
        (KeyKind.EC, ec.EllipticCurvePrivateKey, 256),
        (KeyKind.RSA, rsa.RSAPrivateKey, 2048),
    ],
)
def test_a_request_is_for_a_new_key_that_stays(
    tmp_path: Path, kind: KeyKind, cls: type, size: int
) -> None:
    store = FileKeyStore(tmp_path / "keys", kind)
    csr, public = store.make_request("one", "SN-1", "Example Operator")
    request = x509.load_pem_x509_csr(csr.encode())
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == "CN=SN-1,O=Example Operator"
    assert "PRIVATE" not in csr
    path = tmp_path / "keys" / "own-one.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    key = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, cls)
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    assert key.key_size == size
    assert key_bits(key.public_key()) == key_bits(request.public_key()) == public
    other, _ = store.make_request("two", "SN-1", "Example Operator")
    assert x509.load_pem_x509_csr(other.encode()).public_key() != request.public_key()


def test_what_is_not_needed_is_destroyed(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path)
    for name in ("one", "two"):
        store.make_request(name, "SN-1", "O")
        pair = store.pair(name, f"chain of {name}")
        assert pair.certificate.read_text() == f"chain of {name}"
        assert pair.key == tmp_path / f"own-{name}.key"
    assert store.root("a root").read_text() == "a root"
    assert store.root("another").read_text() == "another"
    ours = {"own-one.key", "own-one.pem", "own-two.key", "own-two.pem", "installed-root.pem"}
    assert {path.name for path in tmp_path.iterdir()} == ours
    # Somebody has put it where other keys are: those are not ours to destroy.
    (tmp_path / "root.key").write_text("a key")
    store.keep_only({"two"})
    left = {"own-two.key", "own-two.pem", "installed-root.pem", "root.key"}
    assert {path.name for path in tmp_path.iterdir()} == left


@pytest.mark.parametrize("name", ["", "..", "a/b", "a.b", "a\0b"])
def test_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    store = FileKeyStore(tmp_path)
    with pytest.raises(ValueError, match="is no name of a key"):
        store.make_request(name, "SN-1", "O")
    with pytest.raises(ValueError, match="is no name of a key"):
        store.pair(name, "chain")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_name_that_no_certificate_can_hold_makes_no_key(tmp_path: Path, name: str) -> None:
    store = FileKeyStore(tmp_path)
    with pytest.raises(ValueError, match="has not 1 to 64 characters"):
        store.make_request("one", "SN-1", name)
    assert list(tmp_path.iterdir()) == []


def test_keys_in_memory_go_with_their_store() -> None:
    store = MemoryKeyStore()
    store.make_request("one", "SN-1", "O")
    folder = store.pair("one", "chain").key.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    store.close()
    assert not folder.exists()
    store = MemoryKeyStore()
    folder = store.root("root").parent
    del store
    assert not folder.exists()
