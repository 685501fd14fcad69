"""The fuzz targets, some thousands of inputs; `tox -e fuzz` gives them more than a million."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz import run
from fuzz.mutator import JSON_TOKENS, Mutator
from fuzz.targets import JSON, SOAP, Finding


def ignore(line: str) -> None: ...


def test_ocppj() -> None:
    run.run_json(6000, "quick", ignore)


def test_ocpps() -> None:
    run.run_soap(2000, "quick", ignore)


def test_both_by_socket() -> None:
    run.run_wires(400, "quick", ignore)


@pytest.mark.parametrize("name", [*JSON, *SOAP])
def test_good_inputs_find_nothing(name: str) -> None:
    files = ("json.txt", "json-security.txt") if name in JSON else ("soap.txt",)
    target, _ = (JSON | SOAP)[name]
    for data in run.seeds(*files):
        target(data)


def test_the_same_seed_gives_the_same_inputs() -> None:
    good = run.seeds("json.txt")
    one, same, other = (Mutator(good, JSON_TOKENS, seed) for seed in ("1", "1", "2"))
    first = [one.next() for _ in range(50)]
    assert [same.next() for _ in range(50)] == first
    assert [other.next() for _ in range(50)] != first


def test_what_fails_is_kept_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def fail(data: bytes) -> None:
        raise KeyError("undeclared")

    with pytest.raises(Finding, match=r"json-frames, input 1, kept as .*: KeyError"):
        run.run_target("json-frames", fail, Mutator([b"[2]"], JSON_TOKENS, "1"), 10, ignore)
    (kept,) = (tmp_path / "fuzz-found").iterdir()
    run.again(kept)
