"""What the pages on smart charging show is what comes out: commands, a program, a pasted file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("typer")
pytest.importorskip("rich")

from typer.testing import CliRunner

from ocpp16.apps.commands import app

ROOT = Path(__file__).parents[2]
PAGES = {
    name: (ROOT / f"docs/{name}.md").read_text()
    for name in ("explanation/smart-charging", "howto/composite-schedule")
}
CONSOLE = re.compile(r"```console\n\$ ocpp16 (.*)\n((?s:.*?))```")
EXAMPLES = [(*match, name) for name, text in PAGES.items() for match in CONSOLE.findall(text)]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize(("command", "expected", "page"), EXAMPLES)
def test_a_command_prints_what_the_page_shows(
    command: str, expected: str, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(app, command.split())
    printed = [line.rstrip() for line in (result.stdout + result.stderr).splitlines()]
    assert "\n".join(printed).rstrip() == expected.rstrip(), page


def test_the_program_prints_what_the_page_shows() -> None:
    page = PAGES["explanation/smart-charging"]
    (program,) = re.findall(r"```python\n((?s:.*?))```", page)
    (expected,) = re.findall(r"```text\n((?s:.*?))```", page)
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (told.stdout, told.stderr) == (expected, "")


def test_the_file_of_the_howto_is_one() -> None:
    file = ROOT / "docs/examples/howto/profiles.json"
    result = CliRunner().invoke(app, ["schedule", str(file), "--duration", "7200", "--unit", "A"])
    assert result.exit_code == 0
    assert "TxDefaultProfile 1" in result.stdout


def test_every_example_is_used() -> None:
    used = set(re.findall(r"\bexamples/([a-z]+\.[a-z]+)", "".join(PAGES.values())))
    assert used >= {path.name for path in (ROOT / "docs/examples").iterdir() if path.is_file()}
