"""The bridge is killed at random instants while the backend goes up and down; nothing is lost.

POLICY "Bridge": what was acknowledged is never dropped; strict order; at least once with the same
message id; restart at any instant restores everything. `OCPP16_PROOF_KILLS` says how often.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.bridge.proof.bridge_process import ZYGOTE
from tests.bridge.proof.checker import Rules
from tests.bridge.proof.ledger import Told
from tests.bridge.proof.loop import in_a_loop
from tests.bridge.proof.play import Play, Stage
from tests.store.postgres import PostgresServer

KILLS = int(os.environ.get("OCPP16_PROOF_KILLS", "30"))
SEED = int(os.environ.get("OCPP16_PROOF_SEED", "1"))


async def killed(play: Play, kills: int) -> Stage:
    async with Stage(play).set_up() as stage:
        await stage.begin()
        async with asyncio.TaskGroup() as group:
            for charger in stage.chargers:
                group.create_task(charger.run(stage.sessions()))
            toggling = group.create_task(stage.toggle_backend())
            for _ in range(kills):
                await asyncio.sleep(stage.random.random() ** 2 * 2)
                await stage.bridge.kill()
                await stage.bridge.start()
            stage.is_over = True
            await toggling
            await stage.clear()
        await stage.drained()
        assert await stage.bridge.stop() == 0
        return stage


@pytest.mark.proof
@pytest.mark.parametrize(
    ("share", "has_local_ids", "wide_ids"),
    [(0.4, False, False), (0.2, True, False), (0.2, False, True)],
    ids=["refuse", "local-id", "wide-ids"],
)
@in_a_loop
async def test_nothing_is_lost_when_it_is_killed(
    tmp_path: Path, share: float, has_local_ids: bool, wide_ids: bool
) -> None:
    kills = max(1, round(KILLS * share))
    stage = await killed(
        Play(
            seed=SEED,
            store=f"sqlite:///{tmp_path}/bridge.db",
            folder=tmp_path,
            has_local_ids=has_local_ids,
            wide_ids=wide_ids,
        ),
        kills,
    )
    assert stage.judge(Rules(has_local_ids=has_local_ids)) == []
    assert stage.bridge.starts == kills + 1
    assert len(list(stage.ledger.of(Told))) > 10 * kills


@pytest.mark.proof
@pytest.mark.parametrize("has_local_ids", [False, True], ids=["refuse", "local-id"])
@in_a_loop
async def test_nothing_is_lost_on_postgresql(
    tmp_path: Path, postgres: PostgresServer, has_local_ids: bool
) -> None:
    kills = max(1, round(KILLS * 0.1))
    play = Play(
        seed=SEED,
        store=postgres.url(),
        folder=tmp_path,
        has_local_ids=has_local_ids,
        # As users start it.
        program=(*ZYGOTE, "--spawn"),
    )
    stage = await killed(play, kills)
    assert stage.judge(Rules(has_local_ids=has_local_ids)) == []
    assert stage.bridge.starts == kills + 1
