"""Where a central system keeps the keys of charge points: as salted hashes (A01.08).

A charge point has one hash, or two while nobody knows yet whether it took its new key.
`ocpp16.store.security` keeps them in a database.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from ocpp16.security.auth import PASSWORD_BYTES, hash_key, plain_password, read_key


class Credentials(Protocol):
    """The hashes of each charge point's keys, in the form of `auth.hash_key`."""

    async def find(self, identity: str) -> tuple[str, ...] | None:
        """Return the hashes of the keys that are valid, oldest first; None: it is not known."""
        ...

    async def keep(self, identity: str, hashes: tuple[str, ...]) -> None:
        """Keep these hashes in place of those before; durably, before it returns."""
        ...


class MemoryCredentials:
    """`Credentials` that last as long as the process.

    Args:
        keys: The key of each charge point, as 32 to 40 hex digits or as bytes. Bytes may be a
            password of 16 to 40 bytes, too, for charge points that have one.

    Raises:
        ValueError: A key is none.
    """

    def __init__(self, keys: Mapping[str, str | bytes] | None = None) -> None:
        self._hashes: dict[str, tuple[str, ...]] = {}
        for identity, key in (keys or {}).items():
            self._hashes[identity] = (hash_key(key_bytes(identity, key)),)

    async def find(self, identity: str) -> tuple[str, ...] | None:
        """Return the hashes of the keys that are valid; None: it is not known."""
        return self._hashes.get(identity)

    async def keep(self, identity: str, hashes: tuple[str, ...]) -> None:
        """Keep these hashes in place of those before."""
        self._hashes[identity] = hashes


class FileCredentials:
    """`Credentials` in a JSON file, readable by its owner alone, replaced as a whole.

    Args:
        path: The file; it need not exist yet.

    Raises:
        ValueError: The file holds something else.
        OSError: It cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._hashes = _read(self._path)

    def add(self, identity: str, key: str | bytes) -> None:
        """Give a charge point a key in place of the one before.

        Args:
            identity: The charge point.
            key: 32 to 40 hex digits, or bytes.

        Raises:
            ValueError: The key is none.
            OSError: The file cannot be written.
        """
        self._replace({**self._hashes, identity: (hash_key(key_bytes(identity, key)),)})

    def remove(self, identity: str) -> None:
        """Forget a charge point, if it is known.

        Raises:
            OSError: The file cannot be written.
        """
        self._replace({name: kept for name, kept in self._hashes.items() if name != identity})

    async def find(self, identity: str) -> tuple[str, ...] | None:
        """Return the hashes of the keys that are valid; None: it is not known."""
        return self._hashes.get(identity)

    async def keep(self, identity: str, hashes: tuple[str, ...]) -> None:
        """Keep these hashes in place of those before.

        Raises:
            OSError: The file cannot be written; then nothing has changed.
        """
        self._replace({**self._hashes, identity: hashes})

    def _replace(self, hashes: dict[str, tuple[str, ...]]) -> None:
        write_private(self._path, json.dumps(hashes, indent=1, ensure_ascii=False) + "\n")
        self._hashes = hashes


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all, and durably.

    Raises:
        OSError: It cannot be written; an earlier file is as it was.
    """
    # mkstemp makes it with mode 0600; rename replaces the file in one step.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def key_bytes(identity: str, key: str | bytes) -> bytes:
    """Return a key that an operator gives, whatever its form.

    Raises:
        ValueError: It is none; the text does not quote it.
    """
    if isinstance(key, str):
        return read_key(key)
    if len(key) not in PASSWORD_BYTES:
        raise ValueError(f"the key of {identity!r} has {len(key)} bytes, not 16 to 40")
    return plain_password(key)


def _read(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict) or not all(map(_is_hashes, content.values())):
        raise ValueError(f"{path} is no file of credentials")
    return {identity: tuple(stored) for identity, stored in content.items()}


def _is_hashes(stored: object) -> bool:
    return isinstance(stored, list) and all(
        isinstance(each, str) and each.startswith("scrypt$") for each in stored
    )
