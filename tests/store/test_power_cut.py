"""What was promised survives a cut of the power at any instant."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from random import Random

from ocpp16.store.database import Database
from tests.store.power_cut import (
    KEPT,
    MARK,
    SYNC,
    SYNC_DIRECTORY,
    TRUNCATE,
    WRITE,
    Recorder,
    Recording,
)
from tests.store.tables import SCHEMA, texts

ROOT = Path(__file__).parent.parent.parent
CUTS = int(os.environ.get("OCPP16_POWER_CUTS", "500"))


def record(
    recorder: Recorder,
    place: Path,
    *arguments: object,
    first: int = 0,
    base: dict[str, bytes] | None = None,
) -> Recording:
    """Let a process write to the store in `place`, and return what it did."""
    watched, log = place / "watched", place / "log"
    watched.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "tests.store.power_cut_writer", f"sqlite:///{watched}/store.db",
         place / "marks", str(first), "150", *map(str, arguments)],
        check=True, cwd=ROOT, env=recorder.environment(watched, log, marks=place / "marks"),
    )  # fmt: skip
    return Recording(watched, log.read_bytes(), base)


def kept_after(folder: Path) -> list[int]:
    """Return the numbers that a store holds after a cut; it is whole, or the test fails."""
    path = folder / "store.db"
    if not path.exists():
        return []
    connection = sqlite3.connect(path)
    try:
        # Nothing of what the test itself does has to last.
        connection.execute("PRAGMA synchronous = OFF")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'note'").fetchall():
            return []
        return [
            int(text[:6]) for (text,) in connection.execute("SELECT text FROM note ORDER BY id")
        ]
    finally:
        connection.close()


def check_cut(recording: Recording, end: int, folder: Path, random: Random, kept: str) -> list[int]:
    recording.cut(end, folder, random, kept)
    promised = {int(mark) for mark in recording.marks(end)}
    found = kept_after(folder)
    shutil.rmtree(folder)
    assert found == list(range(len(found))), "something is missing in between"
    assert promised <= set(found), f"lost, though promised: {sorted(promised - set(found))}"
    return found


def test_the_recorder_sees_what_the_store_does(recorder: Recorder, tmp_path: Path) -> None:
    recording = record(recorder, tmp_path)
    kinds = [each.kind for each in recording.operations]
    assert {WRITE, SYNC, SYNC_DIRECTORY, TRUNCATE} <= set(kinds)
    assert kinds.count(MARK) == 150
    names = {Path(each.path).name for each in recording.operations if each.kind == WRITE}
    assert {"store.db", "store.db-wal"} <= names
    # All operations together make the very files that the process left.
    recording.cut(len(recording.operations), tmp_path / "all", Random(0), "all")
    left = {path.name: path.read_bytes() for path in (tmp_path / "watched").iterdir()}
    left.pop("store.db.test.lock")
    assert {path.name: path.read_bytes() for path in (tmp_path / "all").iterdir()} == left


def test_nothing_promised_is_lost(recorder: Recorder, tmp_path: Path) -> None:
    recording = record(recorder, tmp_path)
    sizes = set()
    for seed in range(CUTS):
        random = Random(seed)
        end = random.randint(0, len(recording.operations))
        found = check_cut(recording, end, tmp_path / f"{seed}", random, KEPT[seed % len(KEPT)])
        sizes.add(len(found))
    # The cuts fell all over the time that the process ran.
    assert len(sizes) > 40


def test_a_cut_right_after_each_promise_loses_nothing(recorder: Recorder, tmp_path: Path) -> None:
    recording = record(recorder, tmp_path)
    ends = [at + 1 for at, each in enumerate(recording.operations) if each.kind == MARK]
    for end in ends[:: max(1, len(ends) // CUTS)]:
        check_cut(recording, end, tmp_path / f"{end}", Random(end), "nothing")


def test_after_a_cut_the_store_goes_on_and_survives_the_next(
    recorder: Recorder, tmp_path: Path
) -> None:
    recording = record(recorder, tmp_path / "one")
    for seed in range(max(2, CUTS // 150)):
        random = Random(seed)
        place = tmp_path / f"two-{seed}"
        end = random.randint(len(recording.operations) // 2, len(recording.operations))
        recording.cut(end, place / "watched", random)
        before = kept_after(place / "watched")
        base = {path.name: path.read_bytes() for path in (place / "watched").iterdir()}
        second = record(recorder, place, first=len(before), base=base)
        for each in range(5):
            at = random.randint(0, len(second.operations))
            found = check_cut(second, at, place / f"{each}", random, KEPT[each % len(KEPT)])
            assert len(found) >= len(before)


def test_the_store_opens_what_a_cut_has_left(recorder: Recorder, tmp_path: Path) -> None:
    recording = record(recorder, tmp_path)

    async def main(folder: Path) -> list[str]:
        async with await Database.open(
            f"sqlite:///{folder}/store.db", schemas=[SCHEMA]
        ) as database:
            return await database.read(texts)

    for seed in range(max(10, CUTS // 20)):
        random = Random(seed)
        folder = tmp_path / f"{seed}"
        end = random.randint(0, len(recording.operations))
        recording.cut(end, folder, random)
        found = [int(text[:6]) for text in asyncio.run(main(folder))]
        assert {int(mark) for mark in recording.marks(end)} <= set(found)
        shutil.rmtree(folder)


def test_a_store_that_does_not_sync_is_found_out(recorder: Recorder, tmp_path: Path) -> None:
    recording = record(recorder, tmp_path, "OFF")
    losses = 0
    for seed in range(30):
        random = Random(seed)
        end = random.randint(0, len(recording.operations))
        recording.cut(end, tmp_path / f"{seed}", random, "nothing")
        try:
            found = set(kept_after(tmp_path / f"{seed}"))
        except sqlite3.DatabaseError:
            found = set()
        losses += not {int(mark) for mark in recording.marks(end)} <= found
    assert losses > 10
