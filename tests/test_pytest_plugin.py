"""The fixtures as somebody else's tests have them: pytest in a process and folder of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples" / "pytest"
IMPATIENT = """
import asyncio
from office import make_office


def test_a_script_that_waits_in_vain(ocpp_charge_point):
    async def main():
        async with ocpp_charge_point(make_office(()), patience=0.01) as charger:
            await charger.expect("Reset")
    asyncio.run(main())
"""


def pytest_in(folder: Path, *options: str) -> str:
    """Run pytest as its user does, and return what it says."""
    installed = any(each.value == "ocpp16.pytest_plugin" for each in entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "ocpp16.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", *plugin, *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_the_examples_of_the_docs_pass(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    assert "8 passed" in pytest_in(tmp_path, "-q")


def test_a_failure_says_what_was_due(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    (tmp_path / "test_impatient.py").write_text(IMPATIENT)
    said = pytest_in(tmp_path, "-q", "test_impatient.py")
    assert "AssertionError: Reset did not come within 0.01 s; last frame: none" in said
    assert "1 failed" in said


def test_they_are_listed_with_what_they_are_for(tmp_path: Path) -> None:
    said = pytest_in(tmp_path, "--fixtures")
    for name in ("ocpp_clock", "ocpp_pair", "ocpp_charge_point", "ocpp_central_system"):
        assert name in said
    assert "Plays a charge point against your central system" in said
