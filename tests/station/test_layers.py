"""The parts of a station are pure: no role, no wire, no event loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_imports import PACKAGE, imports

WITH_A_ROLE = {"link.py", "station.py"}
WITH_A_CLOCK = {"engine.py", "jobs.py"}
"""These two know the clock of `station.py`, and its tasks."""
WITH_KEYS = {"wallet.py"}
"""This one knows the security of a link, and where keys and certificates are."""
LOWER = ("bindings", "dispatch", "security", "session", "transports", "store", "roles")


def parts() -> list[Path]:
    return sorted((PACKAGE / "station").rglob("*.py"))


@pytest.mark.parametrize("path", parts(), ids=lambda path: path.name)
def test_a_part_is_pure(path: Path) -> None:
    if path.name in WITH_A_ROLE:
        return
    rows = {name.split(".")[1] for name in imports(path) if name.startswith("ocpp16.")}
    allowed = {"transports"} if path.name in WITH_A_CLOCK | WITH_KEYS else set()
    allowed |= {"security"} if path.name in WITH_KEYS else set()
    assert rows & set(LOWER) <= allowed
    assert "asyncio" not in imports(path)


def test_only_the_station_and_its_link_know_a_role() -> None:
    knowing = {
        path.name
        for path in parts()
        if any(name.startswith("ocpp16.roles") for name in imports(path))
    }
    assert knowing == WITH_A_ROLE
