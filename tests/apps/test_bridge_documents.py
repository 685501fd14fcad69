"""The pages and files about the bridge say what the code does."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("prometheus_client")

from ocpp16.apps.bridge_configuration import load
from ocpp16.apps.bridge_table import FLAGS
from ocpp16.bridge.metric import Metrics, Moment
from ocpp16.bridge.totals import Totals
from tests.apps.bridge_reference import PLACE, reference
from tests.apps.processes import run

HOWTO = PLACE.parents[1] / "howto"
PAGE = (HOWTO / "bridge.md").read_text()


def test_the_reference_is_that_of_the_table() -> None:
    assert PLACE.read_text() == reference(), "python -m tests.apps.bridge_reference"


def test_the_configuration_of_the_page_is_right(tmp_path: Path) -> None:
    shutil.copy(HOWTO / "bridge" / "bridge.toml", tmp_path)
    (tmp_path / "keys").mkdir()
    for identity in ("CP1", "CP2"):
        (tmp_path / "keys" / identity).write_text(f"{'0f' * 20}\n")
    settings = load(tmp_path / "bridge.toml").settings
    assert set(settings.chargers) == {"CP1", "CP2"}
    assert settings.callback_for("CP2") == "http://gateway.example:8080/CP2"


def test_every_metric_of_the_page_exists() -> None:
    nothing = Totals(queued=0, deepest=0, oldest=None, held=0, dead=0)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    moment = Moment(online=0, upstream=0, writes=0, is_leader=True, now=now, totals=nothing)
    text = Metrics().render(moment).decode()
    known = set(re.findall(r"^# TYPE ocpp16_bridge_(\w+)", text, re.MULTILINE))
    named = set(re.findall(r"ocpp16_bridge_(\w+)", PAGE))
    others = PAGE[PAGE.index("Others: ") : PAGE.index("each begins with")]
    named |= {name for name in re.findall(r"`(\w+)[`{]", others) if name != "a"}
    assert named
    assert {name for name in named if name} <= known


def test_every_flag_of_the_page_exists() -> None:
    known = {entry.flag for entry in FLAGS} | {
        "--charge-point", "--config", "--dead", "--output",
        # Of the commands that play the charge point, the backend and the watcher.
        "--energy", "--json", "--listen", "--silent", "--url",
    }  # fmt: skip
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) <= known


def test_the_unit_of_systemd_is_one(tmp_path: Path) -> None:
    path = HOWTO / "bridge" / "ocpp16-bridge.service"
    unit = configparser.ConfigParser(strict=True, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(path)
    assert unit["Service"]["ExecStart"].endswith("ocpp16 bridge --config /etc/ocpp16/bridge.toml")
    checker = shutil.which("systemd-analyze")
    if checker is not None:
        text = path.read_text().replace("/opt/ocpp16/bin/ocpp16", "/bin/true")
        copy = tmp_path / path.name
        copy.write_text(text)
        result = subprocess.run(
            [checker, "verify", str(copy)], capture_output=True, text=True, check=False
        )
        assert path.name not in result.stderr, result.stderr


def test_the_container_runs_what_there_is() -> None:
    text = (HOWTO / "bridge" / "Containerfile").read_text()
    (extras,) = re.findall(r"ocpp16\[([\w,]+)\]", text)
    assert set(extras.split(",")) == {"cli", "metrics", "postgresql", "soap", "store"}
    variables = dict(re.findall(r"(OCPP16_BRIDGE_\w+)=(\S+)", text))
    assert set(variables) == {"OCPP16_BRIDGE_CONFIG", "OCPP16_BRIDGE_METRICS"}
    result = run("bridge", env={"PATH": "/usr/bin", **variables})
    assert "/etc/ocpp16/bridge.toml: cannot be read" in result.stderr
