"""A hierarchy of certificates, made once, and another one that nobody trusts."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.security.authority import Authority

if importlib.util.find_spec("cryptography") is None:
    collect_ignore_glob = ["test_*.py"]


def _make(folder: Path, owner: str) -> Authority:
    from tests.security.authority import make_authority

    return make_authority(folder, owner)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An operator's root, the central system's certificates, and charge points'."""
    return _make(tmp_path_factory.mktemp("pki"), "Example Operator")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Another operator, whom nobody trusts."""
    return _make(tmp_path_factory.mktemp("strangers"), "Other Operator")


@pytest.fixture
def credentials_file(tmp_path: Path) -> Path:
    return tmp_path / "credentials.json"
