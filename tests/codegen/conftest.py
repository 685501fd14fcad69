"""Copies of the contracts to edit, and the edit itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Edit = Callable[[Path, str, str], None]

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def own() -> Path:
    """The contracts of this repository."""
    return REPOSITORY / "wsdl"


@pytest.fixture
def copied(own: Path, tmp_path: Path) -> Path:
    """A copy of them to edit."""
    return Path(shutil.copytree(own, tmp_path / "wsdl"))


@pytest.fixture
def published(official: Path, tmp_path: Path) -> Path:
    """A copy of the published contracts to edit."""
    folder = tmp_path / "published"
    for name in ("wsdl", "json", "json-security"):
        for path in (official / name).iterdir():
            target = folder / name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def edit() -> Edit:
    """Replace a text in a file, every time it occurs; it has to be there."""

    def replace(path: Path, old: str, new: str) -> None:
        text = path.read_bytes().decode()
        assert old in text, f"{old!r} is not in {path}"
        path.write_bytes(text.replace(old, new).encode())

    return replace
