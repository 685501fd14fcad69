"""`ocpp16 bridge` as users run it: a bridge as a process, a backend, the commands beside it."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import attrs
import pytest

pytest.importorskip("typer")
pytest.importorskip("lxml")
pytest.importorskip("sqlalchemy")
pytest.importorskip("prometheus_client")

from ocpp16.apps.bridge_table import BRIDGE
from tests.apps.processes import COMMAND, PATIENCE, end, run, started
from tests.bridge.proof.backend import Backend
from tests.bridge.proof.charger import Charger, Pace
from tests.bridge.proof.ledger import Ledger

QUICK = {
    "OCPP16_BRIDGE_RETRY_INTERVAL": "0.05",
    "OCPP16_BRIDGE_PROTOCOL_RECONNECT_WAIT": "0.05",
    "OCPP16_BRIDGE_PROTOCOL_RECONNECT_BOUND": "0.1",
}


@attrs.frozen
class Site:
    """A bridge that runs."""

    process: subprocess.Popen[str]
    url: str
    operations: str
    store: str

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"{self.operations}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@contextmanager
def bridge(folder: Path, upstream: str, *options: str) -> Iterator[Site]:
    store = f"sqlite:///{folder}/bridge.db"
    command = [
        *COMMAND,
        "bridge",
        "--soap",
        "127.0.0.1:0",
        "--upstream",
        upstream,
        "--open",
        "--callback-allow",
        "127.0.0.0/8",
        "--store",
        store,
        "--metrics",
        "0",
        *options,
    ]
    with started(*command, env={**os.environ, **QUICK}) as process:  # fmt: skip
        assert process.stdout is not None
        url, metrics = process.stdout.readline().strip(), process.stdout.readline().strip()
        assert metrics.endswith("/metrics"), process.stderr and process.stderr.read()
        yield Site(process, url, metrics.removesuffix("/metrics"), store)


class World:
    """A backend in this process, in an event loop that runs while it is asked to."""

    def __init__(self, refused: str = "") -> None:
        self.ledger = Ledger()
        self.loop = asyncio.new_event_loop()
        self.backend = Backend(
            self.ledger,
            random=random.Random(1),
            mood=lambda action, _: "error" if action == refused else None,
        )

    def __enter__(self) -> Self:
        self.loop.run_until_complete(self.backend.start())
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.run_until_complete(self.backend.stop())
        self.loop.close()

    def play(self, url: str) -> None:
        charger = Charger(0, url, self.ledger, random=random.Random(1), pace=Pace(values=1))
        self.loop.run_until_complete(charger.run(range(1)))

    def wait_until(self, condition: object) -> None:
        assert callable(condition)

        async def main() -> None:
            async with asyncio.timeout(PATIENCE):
                while not condition():  # noqa: ASYNC110 - it comes from another process
                    await asyncio.sleep(0.05)

        self.loop.run_until_complete(main())


def asked(*words: str) -> list[dict[str, object]]:
    result = run("bridge", *words, "--output", "json")
    assert (result.returncode, result.stderr) == (0, "")
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_day_of_an_operator(tmp_path: Path) -> None:
    """A session crosses; a dead letter is seen, put back, and delivered; the end is graceful."""
    with World(refused="MeterValues") as world, bridge(tmp_path, world.backend.url) as site:
        assert site.get("/healthz") == (200, "ok\n")
        assert site.get("/readyz") == (200, "ready\n")
        assert site.get("/x")[0] == 404
        world.play(site.url)
        world.wait_until(lambda: dead_letters(site) == 1.0)
        (row,) = asked("queue", "CP0000", "--dead", "--store", site.store)
        assert (row["action"], row["state"], row["attempts"]) == ("MeterValues", "dead", 3)
        assert isinstance(row["payload"], dict)
        table = run("bridge", "queue", "CP0000", "--dead", "--store", site.store)
        assert "MeterValues" in table.stdout and "dead" in table.stdout
        assert run("bridge", "queue", "CP0000", "--store", site.store).stdout == "nothing waits\n"
        wrong = run("bridge", "queue", "CP0001", "retry", str(row["id"]), "--store", site.store)
        assert wrong.returncode == 1
        assert wrong.stderr == (
            f"ocpp16: CP0001 has no dead or held message {row['id']}"
            " (see: ocpp16 bridge queue CP0001 --dead)\n"
        )
        world.backend.mood = lambda action, marker: None
        (again,) = asked("queue", "CP0000", "retry", str(row["id"]), "--store", site.store)
        assert again["id"] == row["id"]
        world.wait_until(lambda: dead_letters(site) == 0.0)
        world.wait_until(lambda: asked("status", "--store", site.store)[0]["queued"] == 0)
        (status,) = asked("status", "--store", site.store)
        assert (status["identity"], status["online"]) == ("CP0000", True)
        assert (status["registration"], status["queued"], status["dead"]) == ("Accepted", 0, 0)
        shown = run("bridge", "--store", site.store, "status").stdout
        assert "CP0000" in shown and "Accepted" in shown
        metrics = site.get("/metrics")[1]
        crossed = 'action="Authorize",direction="up",outcome="answered"'
        for line in (
            f"ocpp16_bridge_exchanges_total{{{crossed}}} 1.0",
            'ocpp16_bridge_dead_letters_total{action="MeterValues"} 1.0',
            "ocpp16_bridge_chargers_online 1.0",
            "ocpp16_bridge_upstream_connections 1.0",
            "ocpp16_bridge_queue_depth 0.0",
            "ocpp16_bridge_leader 1.0",
        ):
            assert line in metrics.splitlines()
        assert "CP0000" not in metrics
        code, _, log = end(site.process, signal.SIGTERM)
        assert code == 0
        assert "CP0000: up StartTransaction answered" in log
        assert "CP0000: dead-lettered action=MeterValues" in log


def dead_letters(site: Site) -> float:
    lines = dict(line.rsplit(" ", 1) for line in site.get("/metrics")[1].splitlines())
    return float(lines["ocpp16_bridge_dead_letter_messages"])


def test_log_lines_may_be_json(tmp_path: Path) -> None:
    options = ("--log-format", "json")
    with World() as world, bridge(tmp_path, world.backend.url, *options) as site:
        world.play(site.url)
        code, _, log = end(site.process, signal.SIGINT)
    assert code == 0
    lines = [json.loads(line) for line in log.splitlines()]
    crossed = [line for line in lines if line.get("event") == "exchange-crossed"]
    authorize = next(line for line in crossed if line["action"] == "Authorize")
    assert (authorize["identity"], authorize["direction"]) == ("CP0000", "up")
    assert (authorize["outcome"], authorize["level"]) == ("answered", "info")
    ids = {entry["correlation"] for entry in crossed}
    assert len(ids) == len(crossed)


def test_a_second_process_does_not_take_the_store(tmp_path: Path) -> None:
    with World() as world, bridge(tmp_path, world.backend.url) as site:
        result = run(
            "bridge", "--soap", "127.0.0.1:0", "--upstream", world.backend.url, "--open",
            "--store", site.store,
        )  # fmt: skip
        assert (result.returncode, result.stdout) == (1, "")
        assert "another process leads this store: end that one first" in result.stderr
        assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_it_at_once(tmp_path: Path, first: signal.Signals) -> None:
    # It drains for as long as the backend is away and something waits: stopped in the midst of it.
    with World() as world:
        options = ("--drain-timeout", "60", "--upstream-timeout", "60")
        with bridge(tmp_path, world.backend.url, *options) as site:
            world.play(site.url)
            world.backend.mood = lambda action, marker: "silence"
            waits = asyncio.ensure_future(
                Charger(
                    0, site.url, world.ledger, random=random.Random(2), pace=Pace(patience=0.5)
                ).report("Available"),
                loop=world.loop,
            )
            world.loop.run_until_complete(waits)
            site.process.send_signal(first)
            with pytest.raises(subprocess.TimeoutExpired):
                site.process.wait(1)
            assert end(site.process, signal.SIGTERM)[0] == -signal.SIGTERM


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["--open"], 2, "soap: is not set, and has no default"),
        (["--soap", "x", "--upstream", "ws://h/", "--open"], 2, "--soap: 'x' is not HOST:PORT"),
        (["--soap", "127.0.0.1:0", "--upstream", "ws://h/"], 2, "no charge point may come"),
        (["--charge-point", "."], 2, "an identity is never '.' or '..'"),
        (["--delivery", "maybe", "--soap", "h:1", "--upstream", "ws://h/", "--open"], 2,
         "--delivery: 'maybe' is not at-least-once or hold"),
        (["--soap", "192.0.2.1:1", "--upstream", "ws://h/", "--open", "--store",
          "sqlite:///{}/b.db"], 1, "cannot listen at http://192.0.2.1:1/ocpp"),
        (["--soap", "h:1", "--upstream", "ws://h/", "--open", "--store",
          "sqlite:////nowhere/at/all.db"], 1, "/nowhere/at/all.db"),
        (["--config", "/nowhere.toml"], 2, "/nowhere.toml: cannot be read"),
        (["status", "--store", "sqlite:////nowhere.db"], 1, "there is no store /nowhere.db"),
        (["status", "--store", "x"], 2, "--store: its value is no sqlite:///PATH"),
        (["queue", "CP1", "burn", "7"], 2, "'burn' is no verb; known are: retry ID, discard ID"),
        (["queue", "CP1", "retry"], 2, "retry needs the ID of a message"),
        (["queue", "CP1", "discard"], 2, "discard needs the ID of a message"),
        (["queue"], 2, "Missing argument"),
        (["check-config", "/nowhere.toml"], 1, ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_with_a_hint(
    tmp_path: Path, arguments: list[str], code: int, problem: str
) -> None:
    result = run("bridge", *(word.replace("{}", str(tmp_path)) for word in arguments))
    assert result.returncode == code
    assert problem in result.stderr
    if problem:
        assert result.stderr.startswith("ocpp16: ") and result.stderr.endswith(")\n")
        assert result.stderr.count("\n") == 1


def test_the_number_of_further_faults_is_told() -> None:
    result = run("bridge", "--soap", "x", "--upstream", "y")
    assert "; and 1 more, see: ocpp16 bridge check-config (" in result.stderr


def test_check_config_tells_all_faults(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text('soap = "h:1"\nupstream = "ws://h/"\nquee_limit = 1\ndelivery = "holt"\n')
    result = run("bridge", "check-config", str(path))
    assert result.returncode == 1
    assert result.stdout == (
        f"{path}: quee_limit\n  wrong: is no setting\n  do:    did you mean queue_limit?\n"
        f"{path}: delivery\n  wrong: 'holt' is not at-least-once or hold\n"
        "  do:    did you mean hold?\n2 faults\n"
    )
    result = run("bridge", "check-config", str(path), "--output", "json")
    assert result.returncode == 1
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["type"] for line in lines] == ["fault", "fault", "summary"]
    assert lines[0]["place"] == f"{path}: quee_limit"
    assert lines[2] == {"type": "summary", "ok": False, "faults": 2}


def test_check_config_shows_what_is_right(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text(
        'soap = "h:1"\nupstream = "ws://h/"\nstore = "postgresql://u:s3cret@h/d"\n[chargers.CP1]\n'
        'authorization_key = "00112233"\n'
    )
    environment = {**os.environ, "OCPP16_BRIDGE_ATTEMPTS": "5"}
    result = run("bridge", "check-config", str(path), env=environment)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"{path} is right; charge points: 1",
        f"  soap = http://h:1/ocpp  ({path}: soap)",
        f"  upstream = ws://h/  ({path}: upstream)",
        f"  store = (hidden)  ({path}: store)",
        "  attempts = 5  (OCPP16_BRIDGE_ATTEMPTS)",
    ]
    result = run("bridge", "check-config", str(path), "--no-environment", "--output", "json")
    summary = json.loads(result.stdout)
    assert summary["ok"] is True
    assert summary["settings"]["attempts"] == "3"
    assert "s3cret" not in result.stdout
    assert "00112233" not in result.stdout


def test_help_names_every_flag_and_default() -> None:
    environment = {**os.environ, "COLUMNS": "100"}
    output = run("bridge", "--help", env=environment).stdout
    text = "".join(output.split())
    for entry in BRIDGE:
        assert f"  {entry.flag} " in output
        if entry.default:
            assert f"Default:{entry.default}." in text
    for command in ("check-config", "status", "queue"):
        assert command in text
        assert "Examples:" in run("bridge", command, "--help").stdout


def test_the_other_commands_need_no_store() -> None:
    script = (
        "import sys; import ocpp16.apps.commands;"
        "print(sorted({'sqlalchemy', 'prometheus_client', 'lxml'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
