"""`ocpp16 call` and `ocpp16 central-system` with its control API and export, as processes."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

pytest.importorskip("typer")
pytest.importorskip("uvicorn")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

import httpx

from ocpp16 import cli
from ocpp16.apps.control_problem import KINDS, Problem
from ocpp16.apps.control_token import (
    Scope,
    Token,
    TokenFileError,
    load_or_make_tokens,
    load_tokens,
    scope_of,
)
from tests.apps.processes import COMMAND, end, read_until, run, started

TEXT = "t" * 16


def main(*arguments: str) -> int:
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as caught:
            cli.main(arguments)
    finally:
        signal.signal(signal.SIGINT, before)
    return int(caught.value.code or 0)


def token_file(folder: Path, text: str = f"operate {TEXT}") -> Path:
    path = folder / "tokens"
    path.write_text(text)
    path.chmod(0o600)
    return path


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, list[Any]]]:
    """Serve one answer to all, and note the requests."""
    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            seen.append((self.path, self.headers["Authorization"], self.rfile.read(length)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", seen
        finally:
            server.shutdown()
            thread.join()


# call


def test_the_answer_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tokens = str(token_file(tmp_path))
    with answering(200, b'{"status": "Accepted"}') as (url, seen):
        arguments = ("call", "A/1", "Reset", '{"type": "Soft"}', "--control", url)
        assert main(*arguments, "--token-file", tokens, "--timeout", "5") == 0
        assert capsys.readouterr().out == '{\n  "status": "Accepted"\n}\n'
        assert main(*arguments, "--token-file", tokens, "--output", "json") == 0
        assert capsys.readouterr().out == '{"status": "Accepted"}\n'
    assert seen[0] == (
        "/charge-points/A%2F1/calls/Reset?timeout=5.0",
        f"Bearer {TEXT}",
        b'{"type": "Soft"}',
    )


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("refused-by-charge-point", 1),
        ("invalid-answer", 1),
        ("invalid-request", 2),
        ("invalid-parameter", 2),
        ("too-large", 2),
        ("not-connected", 3),
        ("unknown-charge-point", 3),
        ("unknown-action", 2),
        ("not-allowed", 4),
        ("timeout", 5),
        ("connection-lost", 5),
        ("no-token", 6),
        ("store", 6),
    ],
)
def test_each_outcome_has_its_exit_code(
    kind: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = Problem(kind, "the detail", path="/type", code="GenericError")
    body = json.dumps(problem.to_json()).encode()
    with answering(KINDS[kind][0], body) as (url, _):
        arguments = ["call", "CP1", "Reset", "--control", url]
        arguments += ["--token-file", str(token_file(tmp_path))]
        assert main(*arguments) == code
        output = capsys.readouterr()
        assert output.out == ""
        assert output.err.count("\n") == 1
        assert f"{KINDS[kind][1]}: GenericError: the detail (at /type)" in output.err
        assert main(*arguments, "--output", "json") == code
        assert json.loads(capsys.readouterr().out) == {**problem.to_json(), "exitCode": code}


def test_a_problem_with_names_of_a_charge_point_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = Problem(
        "invalid-answer", "x\r\nforged", path="/\r\n\x1b[1m\u2028forged", code="\nforged"
    )
    with answering(502, json.dumps(problem.to_json()).encode()) as (url, _):
        tokens = str(token_file(tmp_path))
        assert main("call", "CP1", "Reset", "--control", url, "--token-file", tokens) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert line.endswith(r"\nforged: x\r\nforged (at /\r\n\x1b[1m\u2028forged)")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"[" * 100_000])
def test_what_is_no_control_api(
    body: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(200, body) as (url, _):
        tokens = str(token_file(tmp_path))
        assert main("call", "CP1", "Reset", "--control", url, "--token-file", tokens) == 6
    assert "HTTP 200 from what is no control API" in capsys.readouterr().err


def test_nobody_listens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(200, b"") as (url, _):
        pass
    tokens = str(token_file(tmp_path))
    assert main("call", "CP1", "Reset", "--control", url, "--token-file", tokens) == 6
    assert f"cannot ask {url}: Connection refused" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "say where the tokens are: --token-file FILE"),
        (["--token-file", "/no/such/file"], "/no/such/file: No such file or directory"),
        (["--control", "ftp://x"], "is not http://HOST:PORT"),
        (["--control", "http://x:y"], "is not http://HOST:PORT"),
        (["--control", "http://[::1"], "is not http://HOST:PORT"),
        (["--control", "http://a..b:9002"], "is not http://HOST:PORT"),
        (["--control", "http://x:9002/a b"], "is not http://HOST:PORT"),
        (["--control", "ftp://user:secret@x"], "--control 'ftp://x' is not http://HOST:PORT"),
        (["--timeout", "0"], "'--timeout'"),
    ],
)
def test_a_wrong_call(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("call", "CP1", "Reset", *arguments) == 2
    assert expected in capsys.readouterr().err


def test_a_password_of_the_url_is_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(200, b"") as (url, _):
        pass
    tokens = str(token_file(tmp_path))
    with_password = url.replace("//", "//user:secret@")
    assert main("call", "CP1", "Reset", "--control", with_password, "--token-file", tokens) == 6
    shown = capsys.readouterr().err
    assert f"cannot ask {url}" in shown
    assert "secret" not in shown


def test_arguments_that_are_no_utf_8_are_sent_as_they_are(tmp_path: Path) -> None:
    with answering(200, b"{}") as (url, asked):
        tokens = str(token_file(tmp_path))
        arguments = ("call", os.fsdecode(b"CP\xff"), "Reset", os.fsdecode(b'"\xff"'))
        assert main(*arguments, "--control", url, "--token-file", tokens) == 0
    assert asked[0][0] == "/charge-points/CP%FF/calls/Reset?timeout=30.0"
    assert b'"\xff"' in asked[0]


# Tokens


def test_a_token_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    made = load_or_make_tokens(path)
    assert [token.scope for token in made] == [Scope.READ, Scope.OPERATE]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_make_tokens(path) == made
    assert made[0].text not in repr(made)
    assert scope_of(made, made[1].text) is Scope.OPERATE
    assert scope_of(made, made[1].text[:-1]) is None
    assert scope_of((Token(Scope.READ, TEXT),), TEXT) is Scope.READ


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is no token in it"),
        ("# nothing", "there is no token in it"),
        ("admin tttttttttttttttt", "line 1: it is not SCOPE TOKEN"),
        ("\nread short", "line 2: it is not SCOPE TOKEN"),
        ("read tttttttttttttttt more", "line 1: it is not SCOPE TOKEN"),
        ("read tttttttttttttttt\N{LATIN SMALL LETTER E WITH ACUTE}", "it holds other than ASCII"),
        ("#" * 70_000, "it is larger than"),
    ],
)
def test_a_token_file_that_is_none(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(TokenFileError, match=reason) as caught:
        load_tokens(token_file(tmp_path, text))
    assert "tttt" not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="has no such rights")
def test_a_token_file_that_others_can_read(tmp_path: Path) -> None:
    path = token_file(tmp_path)
    path.chmod(0o640)
    with pytest.raises(TokenFileError, match="others can read or write it"):
        load_tokens(path)


# central-system

FILES = ["--open", "--control", "0", "--token-file", "t", "--files", "x", "--files-listen"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--open", "--control", "0"], "--control needs --token-file FILE"),
        (["--open", "--control", "a:b", "--token-file", "x"], "'a:b' is not HOST:PORT"),
        (["--open", "--store", "mysql://x/y"], "--store: mysql: a store is kept on"),
        (["--registration", "open"], "say who may connect"),
        (["--open", "--registration", "known"], "say who may connect"),
        (["--registration", "known", "--control", "0", "--token-file", "/no/x"], "/no/x: No such"),
        (["--open", "--control", "127.0.0.1:0/api", "--token-file", "/no/x"], "it has no path"),
        (["--open", "--files", "x"], "--files DIR and --files-listen HOST:PORT go together"),
        (["--open", "--files-listen", "x:0"], "--files DIR and --files-listen HOST:PORT go"),
        (["--open", "--files-url", "http://x"], "--files DIR and --files-listen HOST:PORT go"),
        (["--open", "--files", "x", "--files-listen", "127.0.0.1:0"], "--files needs --control"),
        ([*FILES, "0.0.0.0:0"], "on every address needs --files-url"),
        ([*FILES, "[::]:0"], "on every address needs --files-url"),
        ([*FILES, "127.0.0.1"], "'127.0.0.1' is not HOST:PORT"),
        ([*FILES, "127.0.0.1:0", "--files-url", "ftp://x"], "--files-url: 'ftp://x' is not http"),
        ([*FILES, "127.0.0.1:0", "--files-url", "http://a@x"], "is not http://HOST[:PORT][/PATH]"),
        ([*FILES, "127.0.0.1:0", "--files-url", "http://x/?q"], "is not http://HOST[:PORT][/PATH]"),
    ],
)
def test_a_wrong_call_of_the_central_system(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("central-system", "--json", "127.0.0.1:0", *arguments) == 2
    output = capsys.readouterr()
    assert expected in output.err
    assert output.err.count("\n") == 1


def test_a_day_of_a_small_site(tmp_path: Path) -> None:
    store, tokens = f"sqlite:///{tmp_path / 'site.db'}", str(tmp_path / "tokens")
    central = ["central-system", "--json", "127.0.0.1:0", "--store", store, "--open"]
    control = ["--control", "0", "--token-file", tokens]
    with started(*COMMAND, *central, *control) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        place = read_until(process, "control API: ").split("control API: ")[1].strip()
        ask = ["--control", place, "--token-file", tokens]
        missing = run("call", "CP1", "Reset", '{"type": "Soft"}', *ask)
        assert missing.returncode == 3
        point = ["charge-point", "CP1", "--url", url, "--speed", "100000", "--duration", "30"]
        with started(*COMMAND, *point, "--stay") as station:
            read_until(station, "Finishing")
            read_until(station, "Available")
            asked = run("call", "CP1", "GetLocalListVersion", *ask, "--output", "json")
            assert (asked.returncode, asked.stderr) == (0, "")
            assert set(json.loads(asked.stdout)) == {"listVersion"}
            end(station, signal.SIGINT)
        second = run(*central)
        assert (second.returncode, second.stderr.count("\n")) == (1, 1)
        assert "another process leads this store" in second.stderr
        assert end(process, signal.SIGINT)[0::2] == (0, "")
    books = ["central-system", "export", "transactions", "--store", store]
    exported = run(*books)
    (row,) = csv.DictReader(exported.stdout.splitlines())
    assert (row["chargePoint"], row["idTag"], row["energy"]) == ("CP1", "CARD-1", "5500")
    as_json = run(*books, "--format", "json", "--charge-point", "CP1")
    assert [one["energy"] for one in json.loads(as_json.stdout)] == [5500]
    assert json.loads(run(*books, "--format", "json", "--to", "2020-01-01").stdout) == []
    values = run("central-system", "export", "meter-values", "--store", store)
    assert "Energy.Active.Import.Register" in values.stdout


def test_diagnostics_of_a_simulated_charge_point(tmp_path: Path) -> None:
    tokens, folder = tmp_path / "tokens", tmp_path / "files"
    central = ["central-system", "--json", "127.0.0.1:0", "--open"]
    control = ["--control", "0", "--token-file", str(tokens)]
    files = ["--files", str(folder), "--files-listen", "127.0.0.1:0"]
    with started(*COMMAND, *central, *control, *files) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        place = read_until(process, "control API: ").split("control API: ")[1].strip()
        point = ["charge-point", "CP1", "--url", url, "--speed", "100000", "--duration", "30"]
        allowed = ["--files", "127.0.0.1", "--files-allow", "127.0.0.0/8"]
        with started(*COMMAND, *point, *allowed, "--stay") as station:
            read_until(station, "Available")
            token = next(each.text for each in load_tokens(tokens) if each.scope == "operate")
            with httpx.Client(base_url=place, headers={"Authorization": f"Bearer {token}"}) as api:
                job = api.post("/charge-points/CP1/diagnostics", json={}).json()
                read_until(process, "Uploaded")
                job = api.get(f"/jobs/{job['job']}").json()
                assert [step["status"] for step in job["history"]] == ["Uploading", "Uploaded"]
                assert job["file"] == job["announcedFile"]
                text = api.get(f"/jobs/{job['job']}/file").text
                assert "registration Accepted" in text
            end(station, signal.SIGINT)
        assert end(process, signal.SIGINT)[0::2] == (0, "")


def test_an_export_that_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    books = ("central-system", "export", "transactions")
    store = f"sqlite:///{tmp_path / 'none.db'}"
    assert main(*books, "--store", store) == 1
    assert "there is no store" in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()
    assert main(*books, "--store", store, "--from", "yesterday") == 2
    assert "--from 'yesterday' is neither 2026-01-31 nor" in capsys.readouterr().err
    assert main("central-system", "export", "nothing") == 2


@pytest.mark.parametrize("script", ["", "CREATE TABLE theirs (a)"])
def test_an_export_makes_no_store_of_another_file(
    script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "theirs.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(script)
    path.touch()
    before = path.read_bytes()
    store = f"sqlite:///{path}"
    assert main("central-system", "export", "transactions", "--store", store) == 1
    assert f"{path} is no store of a central system" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["theirs.db"]
