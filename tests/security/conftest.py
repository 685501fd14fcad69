"""A hierarchy of certificates, made once, and others that are wrong in one way each."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("cryptography")

from tests.security.authority import Authority, make_authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An operator's root, the central system's certificates, and charge points'."""
    return make_authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Another operator, whom nobody trusts."""
    return make_authority(tmp_path_factory.mktemp("strangers"), owner="Other Operator")


@pytest.fixture
def credentials_file(tmp_path: Path) -> Path:
    return tmp_path / "credentials.json"
