"""The power fails at any instant: nothing that a charge point was told is lost.

The bridge runs while what it does to its disk is recorded, and charge points write down when they
were told what. From the record each cut makes the disk as it may be, unsynced writes gone in any
part; what was told before has to be on it, or with the backend. `OCPP16_PROOF_CUTS` says how often.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

import attrs
import pytest

from tests.bridge.proof.bridge_process import ZYGOTE
from tests.bridge.proof.charger import Pace
from tests.bridge.proof.checker import Rules
from tests.bridge.proof.ledger import Answered, Ledger, Received, Sent, Told, marker_of
from tests.bridge.proof.loop import in_a_loop
from tests.bridge.proof.play import Play, Stage
from tests.store.power_cut import KEPT, Recorder, Recording

CUTS = int(os.environ.get("OCPP16_PROOF_CUTS", "25"))
SEED = int(os.environ.get("OCPP16_PROOF_SEED", "1"))
SESSIONS = 12


@attrs.frozen
class Kept:
    """What is on a disk after a cut."""

    messages: frozenset[int]
    """Markers of the messages."""
    transactions: frozenset[tuple[str, int]]
    """Charge point and local id of each transaction."""


def kept_in(path: Path) -> Kept:
    """Read a store beside all our own code; it is whole, or the test fails."""
    if not path.exists():
        return Kept(frozenset(), frozenset())
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if "bridge_message" not in tables:
            return Kept(frozenset(), frozenset())
        rows = connection.execute("SELECT action, payload FROM bridge_message").fetchall()
        markers = (marker_of(action, json.loads(payload)) for action, payload in rows)
        pairs = connection.execute("SELECT identity, local_id FROM bridge_transaction").fetchall()
        return Kept(frozenset(marker for marker in markers if marker is not None), frozenset(pairs))
    finally:
        connection.close()


def lost(ledger: Ledger, instant: int, kept: Kept) -> Iterator[str]:
    """Tell what was promised before an instant and is neither kept nor with the backend."""
    sent = {entry.marker: entry for entry in ledger.of(Sent)}
    answers = {
        (entry.charger, entry.message_id): entry.answer
        for entry in ledger.of(Answered)
        if entry.at <= instant and entry.answer is not None
    }
    arrived = {
        entry.marker: answers[entry.charger, entry.message_id]
        for entry in ledger.of(Received)
        if (entry.charger, entry.message_id) in answers
    }
    for told in ledger.of(Told):
        if told.at > instant:
            continue
        if told.marker not in kept.messages and told.marker not in arrived:
            yield f"{sent[told.marker].action} {told.marker}"
        if sent[told.marker].action == "StartTransaction":
            identifier = told.answer["transactionId"]
            is_backends = arrived.get(told.marker, {}).get("transactionId") == identifier
            if not is_backends and (told.charger, identifier) not in kept.transactions:
                yield f"the id {identifier} of StartTransaction {told.marker}"


async def recorded(folder: Path, recorder: Recorder) -> tuple[Stage, Recording]:
    """Let charge points play while the backend comes and goes, and the disk is recorded."""
    watched, log = folder / "watched", folder / "log"
    watched.mkdir()
    play = Play(
        seed=SEED,
        store=f"sqlite:///{watched}/bridge.db",
        folder=folder,
        chargers=3,
        has_local_ids=True,
        pace=Pace(patience=5.0),
        program=(*ZYGOTE, "--spawn"),
        environment=recorder.environment(watched, log),
    )
    async with Stage(play).set_up() as stage:
        await stage.begin()
        await stage.backend.stop()
        async with asyncio.TaskGroup() as group:
            toggling = group.create_task(stage.toggle_backend())
            share = range(SESSIONS // len(stage.chargers))
            await asyncio.gather(*(charger.run(share) for charger in stage.chargers))
            stage.is_over = True
            await toggling
        await stage.bridge.kill()
    return stage, Recording(watched, log.read_bytes())


@pytest.fixture(scope="module")
def run(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> tuple[Stage, Recording]:
    """One run, recorded; each test cuts it as it likes."""
    return asyncio.run(recorded(tmp_path_factory.mktemp("recorded"), recorder))


@pytest.mark.proof
def test_nothing_told_is_lost_when_the_power_fails(
    tmp_path: Path, run: tuple[Stage, Recording]
) -> None:
    stage, recording = run
    ledger = stage.ledger
    told = [entry.at for entry in ledger.of(Told)]
    assert len(told) > 5 * SESSIONS
    random = Random(SEED)
    sizes = set()
    for number in range(CUTS):
        # Any instant, and those right after a promise, where a loss would be.
        instant = random.choice(told) if number % 2 else random.randint(told[0], told[-1])
        place = tmp_path / "cut"
        recording.cut(recording.at(instant), place, random, KEPT[number % len(KEPT)])
        kept = kept_in(place / "bridge.db")
        assert list(lost(ledger, instant, kept)) == []
        sizes.add(len(kept.messages))
        shutil.rmtree(place)
    assert len(sizes) > min(CUTS, 20) / 4


@pytest.mark.proof
def test_a_store_that_forgets_is_found_out(tmp_path: Path, run: tuple[Stage, Recording]) -> None:
    stage, recording = run
    told = [entry.at for entry in stage.ledger.of(Told)]
    found: list[str] = []
    # At some of these instants the backend is away, and has not got what was told.
    for number, instant in enumerate(told[:: max(1, len(told) // 40)]):
        place = tmp_path / f"cut-{number}"
        recording.cut(recording.at(instant) // 2, place, Random(SEED), "nothing")
        found += lost(stage.ledger, instant, kept_in(place / "bridge.db"))
        shutil.rmtree(place)
    assert found


@pytest.mark.proof
@in_a_loop
async def test_the_bridge_goes_on_after_the_power_has_failed(
    tmp_path: Path, run: tuple[Stage, Recording]
) -> None:
    """Everything told before the cut arrives after it; what came later, charge points know."""
    before, recording = run
    random = Random(SEED)
    told = [entry.at for entry in before.ledger.of(Told)]
    for number in range(max(1, CUTS // 25)):
        instant = random.choice(told[len(told) // 3 :])
        folder = tmp_path / f"after-{number}"
        recording.cut(recording.at(instant), folder, random)
        play = Play(seed=SEED, store=f"sqlite:///{folder}/bridge.db", folder=folder, chargers=3)
        async with Stage(play).set_up() as stage:
            # The world as it was at that instant, and then the same charge points and backend.
            entries = [entry for entry in before.ledger.entries if entry.at <= instant]
            stage.ledger.entries.extend(entries)
            stage.backend.resume(before.backend)
            await stage.begin()
            await stage.drained()
            assert await stage.bridge.stop() == 0
            assert stage.judge(Rules(has_local_ids=True)) == []
