"""Bad networks on both sides, and a backend that misbehaves: nothing is lost, doubled, mixed up.

POLICY "Bridge", each fault by itself and then all of them at once. `OCPP16_PROOF_SESSIONS` says how
many sessions the long one has.
"""

from __future__ import annotations

import asyncio
import os
import random as random_source
from collections import Counter
from pathlib import Path

import pytest

from tests.bridge.proof.backend import Misdeed, Mood
from tests.bridge.proof.charger import Pace
from tests.bridge.proof.checker import Rules
from tests.bridge.proof.ledger import Answered, Sent, Told
from tests.bridge.proof.loop import in_a_loop
from tests.bridge.proof.play import Play, Stage
from tests.bridge.proof.proxy import Weather

SESSIONS = int(os.environ.get("OCPP16_PROOF_SESSIONS", "60"))
SEED = int(os.environ.get("OCPP16_PROOF_SEED", "1"))
STORM = Weather(cut=0.06, delay=0.05, half_open=0.03, lost_reply=0.06, duplicate=0.05, slow=0.03)


def mood_of(chances: dict[Misdeed, float], seed: int, done: Counter[str]) -> Mood:
    """Return a mood that does each misdeed so often."""
    random = random_source.Random(seed)

    def mood(_action: str, _marker: int | None) -> Misdeed | None:
        chance = random.random()
        for misdeed, likely in chances.items():
            chance -= likely
            if chance < 0:
                done[misdeed] += 1
                return misdeed
        return None

    return mood


async def played(play: Play, sessions: int, *, toggles: bool = False) -> Stage:
    """Play so many sessions in all, clear the way, and wait until everything has arrived."""
    async with Stage(play).set_up() as stage:
        await stage.bridge.start()
        share = -(-sessions // play.chargers)
        toggling = asyncio.create_task(stage.toggle_backend()) if toggles else None
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(each.run(range(share))) for each in stage.chargers]
            # The weather clears when most have played, so that nobody is kept for ever.
            await asyncio.wait(running, timeout=play.seconds)
            stage.is_over = True
            if toggling is not None:
                await toggling
            await stage.clear()
        await stage.drained()
        stage.dead_letters = stage.dead()
        assert await stage.bridge.stop() == 0
        return stage


def play_of(folder: Path, **values: object) -> Play:
    return Play(
        **{  # type: ignore[arg-type]
            "seed": SEED,
            "store": f"sqlite:///{folder}/bridge.db",
            "folder": folder,
            "pace": Pace(patience=2.0),
            **values,
        }
    )


@pytest.mark.proof
@pytest.mark.parametrize(
    "faults", [("cut", "lost_reply"), ("delay", "slow"), ("half_open", "duplicate")], ids="-".join
)
@in_a_loop
async def test_bad_networks(tmp_path: Path, faults: tuple[str, ...]) -> None:
    weather = Weather(**dict.fromkeys(faults, 0.15))
    stage = await played(play_of(tmp_path, weather=weather), 8)
    assert stage.judge(Rules()) == []
    assert all(stage.down.faults[fault] > 3 for fault in faults)


@pytest.mark.proof
@pytest.mark.parametrize(
    "misdeeds", [("silence", "cut"), ("slow", "twice", "oversize")], ids="-".join
)
@in_a_loop
async def test_a_backend_that_is_not_well(tmp_path: Path, misdeeds: tuple[str, ...]) -> None:
    done: Counter[str] = Counter()
    mood = mood_of(dict.fromkeys(misdeeds, 0.1), SEED, done)
    stage = await played(play_of(tmp_path, mood=mood), 8)
    assert stage.judge(Rules()) == []
    assert all(done[misdeed] > 2 for misdeed in misdeeds)


@pytest.mark.proof
@in_a_loop
async def test_the_clock_is_set_and_messages_are_too_large(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    async with Stage(play_of(tmp_path, environment={"PROOF_CLOCK": str(clock)})).set_up() as stage:
        await stage.begin()
        for step in (86400, -86400, 3600, 0):
            # At once: the bridge reads it all the time.
            (tmp_path / "next").write_text(str(step))
            (tmp_path / "next").replace(clock)
            async with asyncio.TaskGroup() as group:
                for charger in stage.chargers:
                    group.create_task(charger.play())
            assert await stage.chargers[0].chatter() in {"http", "link"}
        stage.is_over = True
        for charger in stage.chargers:
            await charger.run(range(1))
        await stage.drained()
        assert await stage.bridge.stop() == 0
    assert stage.judge(Rules()) == []
    assert len(list(stage.ledger.of(Told))) > 5 * 4 * len(stage.chargers)


@pytest.mark.proof
@in_a_loop
async def test_errors_now_and_then_lose_nothing(tmp_path: Path) -> None:
    """A CALLERROR is tried again, as often as the setting says, and then is a dead letter."""
    done: Counter[str] = Counter()
    play = play_of(tmp_path, mood=mood_of({"error": 0.1}, SEED, done))
    stage = await played(play, 8)
    assert stage.judge(Rules(dead=stage.dead_letters, may_discard=True)) == []
    assert done["error"] > 3


@pytest.mark.proof
@in_a_loop
async def test_what_is_refused_for_ever_becomes_a_dead_letter_and_stops_nobody(
    tmp_path: Path,
) -> None:
    def mood(action: str, marker: int | None) -> Misdeed | None:
        return "error" if action == "MeterValues" and marker is not None and marker % 2 else None

    stage = await played(play_of(tmp_path, mood=mood), 8)
    told = {entry.marker for entry in stage.ledger.of(Told)}
    refused = {
        entry.marker
        for entry in stage.ledger.of(Sent)
        if entry.action == "MeterValues" and entry.marker % 2
    }
    assert stage.dead_letters == refused & told
    assert stage.dead_letters
    assert stage.judge(Rules(dead=stage.dead_letters)) == []
    # Three transmissions each, and not one more.
    errors = [entry for entry in stage.ledger.of(Answered) if entry.answer is None]
    assert len(errors) == 3 * len(stage.dead_letters)


@pytest.mark.proof
@pytest.mark.parametrize("has_local_ids", [False, True], ids=["refuse", "local-id"])
@in_a_loop
async def test_everything_at_once(tmp_path: Path, has_local_ids: bool) -> None:
    done: Counter[str] = Counter()
    chances = {"silence": 0.03, "cut": 0.03, "slow": 0.05, "twice": 0.05}
    play = play_of(
        tmp_path,
        chargers=6,
        weather=STORM,
        mood=mood_of(chances, SEED, done),
        has_local_ids=has_local_ids,
        seconds=max(30.0, SESSIONS / 2),
    )
    stage = await played(play, SESSIONS // 2, toggles=True)
    assert stage.judge(Rules(has_local_ids=has_local_ids)) == []
    assert all(done[misdeed] for misdeed in chances)
