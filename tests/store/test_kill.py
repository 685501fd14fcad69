"""What was promised survives the end of the process at any instant, on both databases."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from random import Random

from ocpp16.store.database import Database
from tests.store.tables import SCHEMA, texts

ROOT = Path(__file__).parent.parent.parent
KILLS = 4
LENGTH = 6
"""Digits of a promise."""


def promised_until_killed(url: str, first: int, count: int) -> list[int]:
    """Let a process write, kill it after so many promises, and return all that it made."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.power_cut_writer", url, "/dev/stdout", str(first),
         "100000"],
        stdout=subprocess.PIPE, cwd=ROOT,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        promises = process.stdout.read(count * LENGTH)
        process.kill()
        promises += process.stdout.read()
    return [int(promises[at : at + LENGTH]) for at in range(0, len(promises), LENGTH)]


async def kept(url: str) -> list[int]:
    async with await Database.open(url, schemas=[SCHEMA]) as database:
        return [int(text[:LENGTH]) for text in await database.read(texts)]


def test_what_was_promised_survives_the_process(url: str) -> None:
    random = Random(4)
    found: list[int] = []
    for _ in range(KILLS):
        promised = promised_until_killed(url, len(found), random.randint(1, 120))
        found = asyncio.run(kept(url))
        assert set(promised) <= set(found)
        assert found == list(range(len(found)))
