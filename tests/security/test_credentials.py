"""Where keys are kept: as hashes, in files that only their owner can read, whole or not at all."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from pathlib import Path

import pytest

from ocpp16 import FileCredentials, MemoryCredentials
from ocpp16.security.auth import hash_key, matches
from ocpp16.security.credentials import Credentials, write_private
from tests.security.authority import KEY


def hashes_of(credentials: Credentials, identity: str) -> tuple[str, ...] | None:
    return asyncio.run(credentials.find(identity))


@pytest.mark.parametrize("key", [KEY, KEY.hex(), KEY.hex().encode(), b"a password of text"])
def test_memory_takes_keys_in_each_form_and_keeps_hashes(key: str | bytes) -> None:
    credentials = MemoryCredentials({"CP1": key})
    (stored,) = hashes_of(credentials, "CP1") or ()
    assert matches(stored, key.encode() if isinstance(key, str) else key)
    assert hashes_of(credentials, "CP2") is None
    assert "text" not in repr(vars(credentials))


@pytest.mark.parametrize("key", ["", "abc", b"x" * 15, b"x" * 41, "00" * 21])
def test_what_is_no_key_is_refused_without_being_quoted(key: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"16 to 40|32 to 40 hex digits") as caught:
        MemoryCredentials({"CP1": key})
    assert not key or repr(key) not in str(caught.value)


def test_a_file_outlives_its_object_and_is_private(credentials_file: Path) -> None:
    credentials = FileCredentials(credentials_file)
    assert hashes_of(credentials, "CP1") is None
    credentials.add("CP1", KEY)
    credentials.add("車", KEY.hex())
    asyncio.run(credentials.keep("CP2", (hash_key(b"x" * 20), hash_key(b"y" * 20))))
    assert stat.S_IMODE(credentials_file.stat().st_mode) == 0o600
    assert KEY.hex() not in credentials_file.read_text().lower()
    again = FileCredentials(credentials_file)
    for identity in ("CP1", "車", "CP2"):
        assert hashes_of(again, identity) == hashes_of(credentials, identity)
    again.remove("CP1")
    again.remove("CP1")
    assert hashes_of(FileCredentials(credentials_file), "CP1") is None
    assert os.listdir(credentials_file.parent) == [credentials_file.name]  # noqa: PTH208


def test_a_file_that_cannot_be_written_changes_nothing(
    credentials_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = FileCredentials(credentials_file)
    credentials.add("CP1", KEY)
    before = credentials_file.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        credentials.add("CP2", KEY)
    monkeypatch.undo()
    assert credentials_file.read_bytes() == before
    assert hashes_of(credentials, "CP2") is None
    assert os.listdir(credentials_file.parent) == [credentials_file.name]  # noqa: PTH208


def test_a_file_is_never_readable_by_others_not_even_for_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    before = os.umask(0)
    try:
        write_private(path, "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '"x"', json.dumps({"CP1": "scrypt$x"}), json.dumps({"CP1": [1]}),
     json.dumps({"CP1": ["0001020304050607"]}), "{" * 100_000],
)  # fmt: skip
def test_a_file_of_something_else_is_refused(credentials_file: Path, content: str) -> None:
    credentials_file.write_text(content)
    with pytest.raises(ValueError, match="is no file of credentials"):
        FileCredentials(credentials_file)
