"""`python -m codegen`: what it writes, what it compares, its exit codes and messages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.__main__ import main

CS = "wsdl/OCPP_CentralSystemService_1.6.wsdl"
CP = "wsdl/OCPP_ChargePointService_1.6.wsdl"

Edit = Callable[[Path, str, str], None]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def repository(copied: Path, capsys: Capture) -> Path:
    """A folder with the contracts and everything that is generated from them."""
    root = copied.parent
    assert main(["--root", str(root)]) == 0
    capsys.readouterr()
    return root


def check(root: Path, *arguments: str) -> int:
    return main(["--root", str(root), "--check", *arguments])


def test_write_then_check(repository: Path, capsys: Capture) -> None:
    assert check(repository) == 0
    out, err = capsys.readouterr()
    assert out.endswith(" files are as generated\n")
    assert err == ""


def test_writing_again_changes_nothing(repository: Path, capsys: Capture) -> None:
    assert main(["--root", str(repository)]) == 0
    assert capsys.readouterr().out.startswith("0 of ")


def test_writing_mends_what_was_edited(repository: Path, edit: Edit, capsys: Capture) -> None:
    generated = min((repository / "ocpp16").rglob("*.py"))
    generated.write_text("", encoding="utf-8")
    assert main(["--root", str(repository)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == str(generated.relative_to(repository))
    assert check(repository) == 0


def test_an_edited_generated_file_is_named(repository: Path, capsys: Capture) -> None:
    generated = min((repository / "ocpp16").rglob("*.py"))
    lines = generated.read_text(encoding="utf-8").split("\n")
    lines[2] = "edited"
    generated.write_text("\n".join(lines), encoding="utf-8")
    assert check(repository) == 1
    first, *excerpt = capsys.readouterr().err.splitlines()
    name = generated.relative_to(repository)
    assert first == f"{name} line 3: the file is not what is generated"
    assert excerpt[:2] == [f"--- {name} (on disk)", f"+++ {name} (generated)"]
    assert "-edited" in excerpt


def test_a_missing_generated_file_is_named(repository: Path, capsys: Capture) -> None:
    generated = min((repository / "ocpp16").rglob("*.py"))
    generated.unlink()
    assert check(repository) == 1
    name = generated.relative_to(repository)
    assert capsys.readouterr().err == f"{name}: the file is missing\n"


def test_layout_of_the_contracts_is_compared_too(
    repository: Path, edit: Edit, capsys: Capture
) -> None:
    edit(repository / "wsdl/json/Heartbeat.json", '"properties": {}', '"properties":  {}')
    assert check(repository) == 1
    assert capsys.readouterr().err.splitlines()[0] == (
        "wsdl/json/Heartbeat.json line 6: the file is not what is generated"
    )


def test_line_ends_are_compared_too(repository: Path, edit: Edit, capsys: Capture) -> None:
    edit(repository / "wsdl/json/Heartbeat.json", "\n", "\r\n")
    assert check(repository) == 1
    assert capsys.readouterr().err.splitlines()[0] == (
        "wsdl/json/Heartbeat.json line 1: the file is not what is generated"
    )


def test_the_published_documents_give_all_files(official: Path, capsys: Capture) -> None:
    assert main(["--from", str(official), "--check"]) == 0
    assert main(["contracts", "--from", str(official), "--check"]) == 0
    assert capsys.readouterr().err == ""


def test_contracts_writes_wsdl_only_and_removes_stale_files(
    official: Path, tmp_path: Path, own: Path, capsys: Capture
) -> None:
    (tmp_path / "wsdl/json").mkdir(parents=True)
    (tmp_path / "wsdl/json/Restart.json").write_text("{}", encoding="utf-8")
    (tmp_path / "wsdl/notes.txt").write_text("kept", encoding="utf-8")
    arguments = ["contracts", "--from", str(official), "--root", str(tmp_path)]
    assert main([*arguments, "--check"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"{CS}: the file is missing"
    assert main(arguments) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "wsdl/json/Restart.json",
        "81 of 80 files changed",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["wsdl"]
    assert (tmp_path / "wsdl/notes.txt").read_text(encoding="utf-8") == "kept"
    assert not (tmp_path / "wsdl/json/Restart.json").exists()
    for path in sorted(own.rglob("*.*")):
        assert (tmp_path / "wsdl" / path.relative_to(own)).read_bytes() == path.read_bytes()


def test_a_stale_contract_is_named(official: Path, repository: Path, capsys: Capture) -> None:
    (repository / "wsdl/Old.wsdl").write_text("", encoding="utf-8")
    assert check(repository, "contracts", "--from", str(official)) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "wsdl/Old.wsdl: the file is not generated any more"
    )


# (arguments, exit code, end of the message)
USAGE = [
    (["contracts"], "python -m codegen: error: contracts needs --from DIR\n"),
    (["code"], "invalid choice: 'code' (choose from contracts)\n"),
    (["--from"], "error: argument --from: expected one argument\n"),
    (["--verify"], "error: unrecognized arguments: --verify\n"),
]


@pytest.mark.parametrize(("arguments", "message"), USAGE)
def test_wrong_usage(arguments: list[str], message: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.replace("'contracts'", "contracts").endswith(message)


def test_help_explains_every_option(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    for word in ("contracts", "--from DIR", "--check", "--root DIR", "Exit code:"):
        assert word in out


def test_a_missing_folder_is_one_line(tmp_path: Path, capsys: Capture) -> None:
    assert main(["--from", str(tmp_path / "none"), "--check"]) == 2
    assert capsys.readouterr() == (
        "",
        f"{tmp_path}/none: found no such folder; expected a folder of contract documents\n",
    )


def test_a_broken_document_is_one_line(copied: Path, edit: Edit, capsys: Capture) -> None:
    edit(copied / "json/Authorize.json", "idTag", "idTag, ")
    edit(copied / "json/Authorize.json", '"title"', "title")
    for arguments in (["--check"], []):
        assert main(["--from", str(copied), "--root", str(copied.parent), *arguments]) == 2
        assert capsys.readouterr() == (
            "",
            (
                f"{copied}/json/Authorize.json line 4: found broken JSON (Expecting property name "
                "enclosed in double quotes); expected a JSON document\n"
            ),
        )


def test_a_broken_repository_is_a_difference(
    own: Path, repository: Path, edit: Edit, capsys: Capture
) -> None:
    edit(repository / "wsdl/json/Authorize.json", '"title"', "title")
    assert check(repository, "--from", str(own)) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("wsdl/json/Authorize.json line 4: found broken JSON")
    assert lines[1] == "wsdl/json/Authorize.json line 4: the file is not what is generated"


def test_a_place_that_cannot_be_written_is_one_line(
    own: Path, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "wsdl").write_text("a file, not a folder", encoding="utf-8")
    assert main(["contracts", "--from", str(own), "--root", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"{tmp_path}/wsdl: File exists\n"


def test_it_runs_as_a_module(own: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "codegen", "contracts", "--from", str(own), "--root", str(tmp_path)],
        cwd=own.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.endswith("80 of 80 files changed\n")
