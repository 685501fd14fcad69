"""The command line: arguments, exit codes, what stands on which stream, and signals."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("typer")
pytest.importorskip("rich")

import typer
from typer.testing import CliRunner

from ocpp16 import cli
from ocpp16._version import __version__
from ocpp16.apps.commands import app, listening_url
from ocpp16.apps.demo import DUE
from tests.apps.processes import COMMAND, PATIENCE, ROOT, end, read_until, run, started

COMMANDS = ("demo", "central-system", "charge-point", "inspect", "schedule", "pki", "call")
HEARTBEAT = '[2,"1","Heartbeat",{}]'


def invoke(*arguments: str, stdin: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments, input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def main(*arguments: str) -> int:
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as caught:
            cli.main(arguments)
    finally:
        signal.signal(signal.SIGINT, before)
    return int(caught.value.code or 0)


# Help and usage


def test_the_version() -> None:
    assert invoke("--version") == (0, f"ocpp16 {__version__}\n")


def test_without_a_command_it_tells_what_there_is() -> None:
    code, text = invoke()
    assert code == 0
    for command in COMMANDS:
        assert f"ocpp16 {command}" in text


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_a_terminal(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, text = invoke(*command.split(), "--help")
    assert [line for line in text.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_examples_and_exit_codes(command: str) -> None:
    code, text = invoke(command, "--help")
    assert code == 0
    assert "Examples:\n" in text
    assert f"    ocpp16 {command}" in text
    assert "Exit codes: 0" in text


CENTRAL = ["central-system", "--json", "127.0.0.1:0", "--store", "temporary"]
POINT = ["charge-point", "CP1", "--url"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nothing"], "No such command 'nothing' (see: ocpp16 --help)"),
        (["demo", "--fast"], "No such option: --fast (see: ocpp16 demo --help)"),
        (["demo", "--output", "xml"], "(see: ocpp16 demo --help)"),
        (CENTRAL, "say who may connect: either --open, or --charge-point IDENTITY (see:"),
        ([*CENTRAL, "--open", "--charge-point", "CP1"], "say who may connect"),
        (["central-system", "--open"], "say where to listen"),
        (["central-system", "--json", "9000", "--open"], "'9000' is not HOST:PORT"),
        ([*POINT, "foo"], "'foo' begins with none of ws, wss"),
        (["charge-point", "..", "--url", "ws://127.0.0.1:1/"], "an identity is never"),
        ([*POINT, "ws://127.0.0.1:1/", "--connector", "3"], "there is no connector 3 of 2"),
        ([*POINT, "ws://127.0.0.1:1/", "--id-tag", "x" * 21], "--id-tag has 21 characters, at"),
        ([*POINT, "ws://127.0.0.1:1/", "--vendor", "x" * 21], "--vendor has 21 characters, at"),
        ([*POINT, "ws://127.0.0.1:1/", "--duration", "inf"], "'--duration'"),
        ([*POINT, "ws://127.0.0.1:1/", "--speed", "inf"], "'--speed'"),
        ([*POINT, "ws://127.0.0.1:1/", "--energy", "9" * 30], "'--energy'"),
        ([*POINT, "ws://127.0.0.1:1/", "--power", "9" * 30], "'--power'"),
        ([*CENTRAL, "--open", "--interval", "9" * 30], "'--interval'"),
        ([*CENTRAL, "--charge-point", ".."], "--charge-point '..': an identity is never"),
        (["central-system", "--json", "a..b:0", "--open"], "(see: ocpp16 central-system --help)"),
        (["inspect", "--action", "BootNotificatio"], "(did you mean BootNotification?)"),
        (["inspect", "--action", "xyz"], "'xyz' is no action of OCPP 1.6 (see: ocpp16 inspect"),
        (["inspect", "--leniency", "all"], "'all' is none of unknown-fields, null-as-absent"),
        (["inspect", "/no/such/file"], "cannot read /no/such/file: No such file or directory"),
    ],
)
def test_a_wrong_call_is_one_line_with_a_hint(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(*arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("ocpp16: ")
    assert expected in output.err
    assert output.err.count("\n") == 1


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_its_extra_it_says_what_to_install(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    assert main("demo") == 2
    assert capsys.readouterr().err == (
        f"ocpp16: the command line needs {missing} (pip install 'ocpp16[cli]')\n"
    )


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("127.0.0.1:9000", "ws://127.0.0.1:9000/ocpp"),
        ("127.0.0.1:0/", "ws://127.0.0.1:0/ocpp"),
        ("localhost:9000/a/b/", "ws://localhost:9000/a/b"),
        ("[::1]:9000/x", "ws://[::1]:9000/x"),
        ("ws://127.0.0.1:9000/x", "ws://127.0.0.1:9000/x"),
    ],
)
def test_addresses(address: str, url: str) -> None:
    assert listening_url(address) == url


@pytest.mark.parametrize(
    "address",
    [
        "",
        "9000",
        "127.0.0.1",
        ":9000",
        "127.0.0.1:x",
        "127.0.0.1:99999",
        "http://h:1/x",
        "h:1/?q",
        "h:1/a b",
    ],
)
def test_no_addresses(address: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not HOST:PORT"):
        listening_url(address)


# inspect


def test_inspect_tells_both_judgements_in_text() -> None:
    code, text = invoke("inspect", stdin=f'{HEARTBEAT}\n\n[2,"","Heartbeat",{{}}]\n')
    assert code == 0
    assert text.splitlines() == [
        "     1  CALL        Heartbeat                      valid    accepted",
        "     3  CALL        Heartbeat                      valid    ignored",
        "        '' is no message id",
        "2 frames: 2 valid, 1 accepted",
    ]


def test_inspect_says_of_an_unknown_answer_that_its_payload_was_not_judged() -> None:
    answer = '[3,"1",{"x":1}]'
    code, text = invoke("inspect", stdin=answer)
    assert code == 0
    assert text.splitlines() == [
        "     1  CALLRESULT  -                              valid    accepted",
        "        action unknown, payload not judged",
        "1 frame: 1 valid, 1 accepted",
    ]
    code, text = invoke(
        "inspect", "--output", "json", stdin=f'{answer}\n[4,"1","GenericError","",{{}}]'
    )
    told = [(one["action"], one["valid"], one["accepted"], one["reason"]) for one in objects(text)]
    assert told == [
        (None, True, True, "action unknown, payload not judged"),
        (None, True, True, None),
    ]
    code, text = invoke("inspect", stdin=f"{HEARTBEAT}\n{answer}")
    assert code == 1
    assert "action unknown" not in text


def test_inspect_tells_one_object_a_line() -> None:
    frames = [HEARTBEAT, '[2,"2","Authorize",{"idTag":7}]', '[3,"2",{}]', "x"]
    code, text = invoke("inspect", "--output", "json", stdin="\n".join(frames))
    assert code == 1
    told = objects(text)
    keys = {"line", "id", "kind", "action", "valid", "accepted", "code", "path", "reason"}
    assert all(set(one) == keys | {"deviations"} for one in told)
    assert [
        (one["line"], one["kind"], one["action"], one["valid"], one["code"], one["path"])
        for one in told
    ] == [
        (1, "CALL", "Heartbeat", True, None, None),
        (2, "CALL", "Authorize", False, "TypeConstraintViolation", "/idTag"),
        (3, "CALLRESULT", "Authorize", False, None, "/idTagInfo"),
        (4, "unparsable", None, False, None, None),
    ]


def test_inspect_takes_a_file_an_action_and_leniency(tmp_path: Path) -> None:
    file = tmp_path / "frames.txt"
    file.write_text('[3,"1",{"status":"Accepted","x":1}]\n')
    strict = invoke("inspect", str(file), "--action", "Reset", "--output", "json")
    lenient = invoke(
        "inspect",
        str(file),
        "--action",
        "Reset",
        "--leniency",
        "unknown-fields",
        "--leniency",
        "over-length",
        "--output",
        "json",
    )
    assert (strict[0], lenient[0]) == (1, 1)
    assert (objects(strict[1])[0]["accepted"], objects(lenient[1])[0]["accepted"]) == (False, True)
    assert objects(lenient[1])[0]["deviations"][0]["path"] == "/x"


def test_inspect_explains(tmp_path: Path) -> None:
    frame = '[2,"7","Reset",{"kind":"Soft"}]'
    code, text = invoke("inspect", "--explain", stdin=frame)
    assert code == 1
    assert "MISSING: it is required" in text
    assert "no field of ResetRequest" in text
    _, text = invoke("inspect", "--explain", "--output", "json", stdin=frame)
    (told,) = objects(text)
    assert [part["name"] for part in told["parts"]] == ["[0]", "[1]", "[2]", "[3]", "kind", "type"]
    _, text = invoke("inspect", "--output", "json", stdin=frame)
    assert "parts" not in objects(text)[0]


def test_inspect_draws(tmp_path: Path) -> None:
    frames = '[2,"7","Reset",{"type":"Soft"}]\n[3,"7",{"status":"Accepted"}]\n'
    code, text = invoke("inspect", "--diagram", "-", stdin=frames)
    assert code == 0
    assert "Reset type=Soft" in text
    assert "2 frames: 2 valid, 2 accepted" in text
    _, text = invoke("inspect", "--diagram", "-", "--output", "json", stdin=frames)
    assert [(each["sender"], each["text"]) for each in objects(text)[2:]] == [
        ("central system", "Reset type=Soft"),
        ("charge point", "Accepted"),
    ]
    place = tmp_path / "session.svg"
    code, _ = invoke("inspect", "--diagram", str(place), stdin=frames)
    assert code == 0
    assert place.read_text().startswith("<svg")
    code, text = invoke("inspect", "--diagram", str(tmp_path / "no" / "x.svg"), stdin=frames)
    assert (code, "cannot write" in text) == (2, True)
    assert main("inspect", "--diagram", "x.png") == 2


def test_inspect_of_nothing() -> None:
    assert invoke("inspect") == (0, "0 frames: 0 valid, 0 accepted\n")


def test_inspect_agrees_with_the_vectors(vectors: Path, tmp_path: Path) -> None:
    lines = objects((vectors / "json_frames.jsonl").read_text(encoding="utf-8"))
    for line in lines:
        file = tmp_path / f"{line['id']}.txt"
        file.write_bytes(line["raw"].encode())
        arguments = ["inspect", str(file), "--output", "json"]
        if line["action"] and line["kind"] != "CALL":
            arguments += ["--action", line["action"]]
        code, text = invoke(*arguments)
        (told,) = objects(text)
        assert (told["valid"], told["kind"]) == (line["spec_valid"], line["kind"]), line["id"]
        assert code == (0 if line["spec_valid"] else 1)


def test_whoever_has_seen_enough_may_go(tmp_path: Path) -> None:
    file = tmp_path / "frames.txt"
    file.write_text(f"{HEARTBEAT}\n" * 20_000)
    with subprocess.Popen(
        [*COMMAND, "inspect", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"Heartbeat" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE) == 1


# demo


def test_the_demo_as_json() -> None:
    result = run("demo", "--output", "json")
    assert (result.returncode, result.stderr) == (0, "")
    *exchanges, summary = objects(result.stdout)
    assert all(one["type"] == "exchange" and one["ok"] for one in exchanges)
    shown = {(one["sender"], one["action"]) for one in exchanges}
    assert shown == {(step.sender, step.action) for step in DUE}
    assert len(shown) == 29
    assert (summary["type"], summary["ok"], summary["failures"]) == ("summary", True, [])
    assert summary["exchanges"] == len(exchanges)
    assert len(summary["actions"]) == 29
    assert all(one["wires"]["json"]["ok"] for one in summary["actions"])
    assert all(one["wires"]["json"]["ms"] > 0 for one in summary["actions"])
    assert all(check["ok"] for check in summary["checks"])


def test_the_demo_as_text_and_quietly() -> None:
    code, text = invoke("demo")
    assert code == 0
    assert "→ BootNotification" in text
    assert "All of it worked: 29 of 29 rows" in text
    assert "ocpp16 central-system --json 127.0.0.1:9000 --open" in text
    code, quiet = invoke("demo", "--quiet")
    assert code == 0
    rows = [line for line in quiet.splitlines() if line.startswith(("→ ", "← "))]
    # One for each action and direction, and the legend.
    assert len(rows) == 29 + 1
    assert len(set(rows)) == len(rows)


def test_the_demo_in_a_terminal_that_knows_ascii_only() -> None:
    result = run("demo", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (result.returncode, result.stderr) == (0, "")
    assert "-> BootNotification" in result.stdout


HANGING_DEMO = """
import asyncio
from functools import partial
from ocpp16 import cli
from ocpp16.apps import commands

async def hang(stage):
    '''It hangs.'''
    await asyncio.sleep(60)

commands.run_demo = partial(commands.run_demo, chapters=[("Hang", hang)])
cli.main(["demo"])
"""
FAILING_DEMO = HANGING_DEMO.replace("await asyncio.sleep(60)", 'stage.check("it holds", False, 7)')


def test_a_demo_that_fails_says_so() -> None:
    result = subprocess.run(
        [sys.executable, "-c", FAILING_DEMO],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (1, "")
    assert "Hang: it holds: 7" in result.stdout
    assert "It failed: " in result.stdout


# Signals


def test_ctrl_c_ends_the_demo_without_a_trace() -> None:
    with started(sys.executable, "-c", HANGING_DEMO) as process:
        read_until(process, "It hangs.")
        code, _, errors = end(process, signal.SIGINT)
        assert (code, errors.strip()) == (130, "")


def test_ctrl_c_ends_inspecting_without_a_trace() -> None:
    with started(*COMMAND, "inspect", "--output", "json", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(f"{HEARTBEAT}\n")
        process.stdin.flush()
        read_until(process, "Heartbeat")
        code, _, errors = end(process, signal.SIGINT)
        assert (code, errors.strip()) == (130, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_central_system_tells_where_it_listens_and_stops_gracefully(
    number: signal.Signals,
) -> None:
    with started(*COMMAND, *CENTRAL, "--open") as process:
        assert process.stdout is not None
        url = process.stdout.readline().rstrip("\n")
        assert re.fullmatch(r"ws://127\.0\.0\.1:[1-9]\d+/ocpp", url)
        read_until(process, f"ocpp16 charge-point CP1 --url {url}")
        code, output, errors = end(process, number)
        assert (code, output, errors) == (0, "", "")


def test_both_apps_against_each_other() -> None:
    with started(*COMMAND, *CENTRAL, "--charge-point", "CP1", "--output", "json") as central:
        assert central.stdout is not None
        listening = json.loads(central.stdout.readline())
        assert listening["type"] == "listening"
        result = run(
            *POINT, listening["url"], "--speed", "100000", "--duration", "30", "--power", "22000"
        )
        assert (result.returncode, result.stderr) == (0, "")
        assert "→ StopTransaction" in result.stdout
        assert "11000 Wh in 30 minutes" in result.stdout
        code, output, errors = end(central, signal.SIGINT)
        assert (code, errors) == (0, "")
        told = objects(output)
        assert {one["type"] for one in told} == {"exchange", "log"}
        stop = next(one for one in told if one.get("action") == "StopTransaction")
        assert (stop["identity"], stop["ok"], stop["request"]["meterStop"]) == ("CP1", True, 11000)


def test_a_stranger_is_refused_and_told_so() -> None:
    with started(*COMMAND, *CENTRAL, "--charge-point", "CP1") as central:
        assert central.stdout is not None
        url = central.stdout.readline().strip()
        with started(*COMMAND, "charge-point", "CP2", "--url", url) as stranger:
            line = read_until(stranger, "HTTP 404")
            assert "it may not know CP2" in line
            code, _, errors = end(stranger, signal.SIGINT)
            assert (code, errors) == (130, "")


@pytest.mark.parametrize(("arguments", "expected"), [(["--stay"], 0), ([], 130)])
def test_ctrl_c_ends_a_charge_point(arguments: list[str], expected: int) -> None:
    duration = ["--duration", "0.1"] if arguments else ["--duration", "1000"]
    with started(*COMMAND, *CENTRAL, "--open") as central:
        assert central.stdout is not None
        url = central.stdout.readline().strip()
        with started(*COMMAND, *POINT, url, *duration, *arguments) as point:
            read_until(point, "Charging")
            if arguments:
                read_until(point, "Finishing")
                read_until(point, "Available")
            code, output, errors = end(point, signal.SIGINT)
            assert (code, errors) == (expected, "")
            assert ("reason=Other" in output) is not bool(arguments)


def test_a_port_that_is_taken_is_one_line() -> None:
    with started(*COMMAND, *CENTRAL, "--open") as central:
        assert central.stdout is not None
        address = central.stdout.readline().strip()
        result = run("central-system", "--json", address, "--open")
        assert (result.returncode, result.stdout) == (1, "")
        assert "address already in use (another port may be free; 0 takes any)" in result.stderr
        assert result.stderr.count("\n") == 1


def test_the_module_runs_as_a_program() -> None:
    result = run("--version")
    assert (result.returncode, result.stdout) == (0, f"ocpp16 {__version__}\n")
