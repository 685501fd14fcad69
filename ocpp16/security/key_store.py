"""Where a charge point keeps the private keys of its certificates. Spec: W A02.02, .05.

Keys are made here, and do not leave (but into TLS). Making them needs the extra `security`.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Collection
from enum import StrEnum, unique
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ocpp16.security.configuration import KeyPair
from ocpp16.security.credentials import write_private

if TYPE_CHECKING:
    from ocpp16.security.signing_request import PrivateKey

KEY, CERTIFICATE, ROOT = ".key", ".pem", "installed-root.pem"
PREFIX = "own-"
"""Of the files of keys and certificates: no others are ever destroyed."""


@unique
class KeyKind(StrEnum):
    """What keys are made."""

    EC = "P-256"
    RSA = "RSA 2048"


class KeyStore(Protocol):
    """The private keys of one charge point, by names of letters, digits and hyphens."""

    def make_request(self, name: str, common_name: str, organization: str) -> tuple[str, bytes]:
        """Make a key, durably; return a request for its certificate, and the public key.

        It may take its time, and is called in a thread.

        Args:
            name: The name of the key.
            common_name: CN: the charge point's serial number.
            organization: O: the operator.

        Returns:
            PKCS #10 in PEM, and the bits of the public key as `Certificate.key` has them.

        Raises:
            ValueError: A name is none that a certificate can hold.
            OSError: The key cannot be kept.
        """
        raise NotImplementedError

    def pair(self, name: str, chain: str) -> KeyPair:
        """Return where TLS finds a certificate, with those that belong to it, and its key.

        Raises:
            OSError: It cannot be put there.
        """
        raise NotImplementedError

    def root(self, pem: str) -> Path:
        """Return where TLS finds the root to verify the central system with.

        Raises:
            OSError: It cannot be put there.
        """
        raise NotImplementedError

    def keep_only(self, names: Collection[str]) -> None:
        """Destroy all other keys."""
        ...


class FileKeyStore:
    """A `KeyStore` in a folder of its own, that only its owner can read.

    Args:
        folder: The folder; it is made if it is missing.
        kind: What keys to make.
    """

    def __init__(self, folder: Path, kind: KeyKind = KeyKind.EC) -> None:
        self._folder = folder
        self._kind = kind
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def make_request(self, name: str, common_name: str, organization: str) -> tuple[str, bytes]:
        """Make a key; return a request for its certificate, and the public key."""
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - heavy, an extra

        from ocpp16.security.certificate_reader import key_bits  # noqa: PLC0415
        from ocpp16.security.signing_request import make_request  # noqa: PLC0415

        key = _new_key(self._kind)
        csr = make_request(key, common_name, organization)
        data = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_private(self._path(name, KEY), data.decode())
        return csr, key_bits(key.public_key())

    def pair(self, name: str, chain: str) -> KeyPair:
        """Return where a certificate and its key are."""
        path = self._path(name, CERTIFICATE)
        _put(path, chain)
        return KeyPair(path, self._path(name, KEY))

    def root(self, pem: str) -> Path:
        """Return where the root is."""
        path = self._folder / ROOT
        _put(path, pem)
        return path

    def keep_only(self, names: Collection[str]) -> None:
        """Destroy all other keys, and the certificates that belong to them."""
        for path in self._folder.iterdir():
            is_ours = path.name.startswith(PREFIX) and path.suffix in {KEY, CERTIFICATE}
            if is_ours and path.stem.removeprefix(PREFIX) not in names:
                path.unlink(missing_ok=True)

    def _path(self, name: str, suffix: str) -> Path:
        if not name.replace("-", "").isalnum():
            raise ValueError(f"{name!r} is no name of a key")
        return self._folder / f"{PREFIX}{name}{suffix}"


class MemoryKeyStore(FileKeyStore):
    """A `KeyStore` that lasts as long as the process.

    TLS reads keys from files alone, so it has a private folder of its own, which goes with it.

    Args:
        kind: What keys to make.
    """

    def __init__(self, kind: KeyKind = KeyKind.EC) -> None:
        folder = tempfile.mkdtemp(prefix="ocpp16-keys-")
        super().__init__(Path(folder), kind)
        self.close: Callable[[], object] = weakref.finalize(self, shutil.rmtree, folder, True)
        """Destroys all keys now."""


def _new_key(kind: KeyKind) -> PrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415 - an extra

    if kind is KeyKind.RSA:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _put(path: Path, text: str) -> None:
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except (FileNotFoundError, UnicodeDecodeError):
        pass
    write_private(path, text)
