"""Passwords are checked slowly once, and then known again, as long as their key is valid."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocpp16 import CallNotAllowed, MemoryCredentials
from ocpp16.security.auth import hash_key
from ocpp16.security.keyring import KEYS_OF_ONE, KeyRing, TooBusy
from tests.security.authority import KEY

NEW = bytes(range(200, 220))


class Threads:
    """Runs what it is given at once, and counts; or holds it."""

    def __init__(self) -> None:
        self.count = 0
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self, function: Callable[[], Any]) -> Any:
        self.count += 1
        await self.go.wait()
        return function()


def make_ring(
    credentials: MemoryCredentials | None = None, **options: int
) -> tuple[KeyRing, Threads, MemoryCredentials]:
    kept = MemoryCredentials({"CP1": KEY}) if credentials is None else credentials
    threads = Threads()
    limits = {"waiting": 10, "verified": 10, **options}
    return KeyRing(kept, threads, **limits), threads, kept


def test_a_password_that_was_right_is_known_again_in_each_form() -> None:
    async def main() -> None:
        ring, threads, _ = make_ring()
        assert not await ring.remembers("CP1", KEY)
        assert await ring.check("CP1", KEY)
        assert threads.count == 1
        assert await ring.remembers("CP1", KEY)
        assert await ring.remembers("CP1", KEY.hex().encode())
        assert not await ring.remembers("CP1", KEY + b"\0")
        assert not await ring.remembers("CP2", KEY)
        assert threads.count == 1

    asyncio.run(main())


def test_one_that_was_wrong_is_not_and_takes_as_long_where_there_is_nothing_to_compare() -> None:
    async def main() -> None:
        ring, threads, _ = make_ring()
        assert not await ring.check("CP1", NEW)
        assert not await ring.remembers("CP1", NEW)
        assert not await ring.check("CP9", NEW)
        assert threads.count == 2
        assert not await ring.knows("CP9")

    asyncio.run(main())


def test_it_is_known_only_as_long_as_its_key_is_valid() -> None:
    async def main() -> None:
        ring, _, credentials = make_ring()
        assert await ring.check("CP1", KEY)
        await credentials.keep("CP1", (hash_key(NEW),))
        assert not await ring.remembers("CP1", KEY)
        assert not await ring.check("CP1", KEY)

    asyncio.run(main())


def test_a_key_that_is_replaced_during_its_check_is_not_right() -> None:
    async def main() -> None:
        ring, threads, credentials = make_ring()
        threads.go.clear()
        checking = asyncio.create_task(ring.check("CP1", KEY))
        await asyncio.sleep(0)
        await credentials.keep("CP1", (hash_key(NEW),))
        threads.go.set()
        assert not await checking
        assert not await ring.remembers("CP1", KEY)

    asyncio.run(main())


def test_so_many_wait_and_one_more_is_told() -> None:
    async def main() -> None:
        ring, threads, _ = make_ring(waiting=2)
        threads.go.clear()
        checks = [asyncio.create_task(ring.check("CP1", KEY)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooBusy):
            await ring.check("CP1", KEY)
        threads.go.set()
        assert [await check for check in checks] == [True, True]
        assert await ring.check("CP1", KEY)

    asyncio.run(main())


def test_what_is_known_is_bounded() -> None:
    async def main() -> None:
        names = {f"CP{number}": bytes([number]) * 20 for number in range(5)}
        ring, _, _ = make_ring(MemoryCredentials(names), verified=3)
        for name, key in names.items():
            assert await ring.check(name, key)
        known = [name for name, key in names.items() if await ring.remembers(name, key)]
        assert known == ["CP2", "CP3", "CP4"]

    asyncio.run(main())


def test_changes_without_an_outcome_come_to_an_end() -> None:
    async def main() -> None:
        ring, _, credentials = make_ring()
        for number in range(KEYS_OF_ONE - 1):
            change = await ring.begin_change("CP1", bytes([number]) * 20)
            await ring.end_change(change, taken=None)
        stored = await credentials.find("CP1")
        with pytest.raises(CallNotAllowed, match="it has to connect"):
            await ring.begin_change("CP1", NEW)
        assert await credentials.find("CP1") == stored
        assert await ring.check("CP1", KEY)
        change = await ring.begin_change("CP1", NEW)
        await ring.end_change(change, taken=True)
        assert await ring.check("CP1", NEW)
        assert not await ring.check("CP1", KEY)

    asyncio.run(main())


@pytest.mark.parametrize("taken", [True, False])
def test_a_key_that_an_operator_sets_meanwhile_holds(taken: bool) -> None:
    async def main() -> None:
        ring, _, credentials = make_ring()
        change = await ring.begin_change("CP1", NEW)
        set_by_hand = (hash_key(b"s" * 20),)
        await credentials.keep("CP1", set_by_hand)
        await ring.end_change(change, taken=taken)
        assert await credentials.find("CP1") == set_by_hand

    asyncio.run(main())


def test_a_key_that_was_replaced_while_a_new_one_is_hashed_does_not_come_back() -> None:
    async def main() -> None:
        ring, threads, credentials = make_ring()
        threads.go.clear()
        beginning = asyncio.create_task(ring.begin_change("CP1", NEW))
        await asyncio.sleep(0)
        assert threads.count == 1
        set_by_hand = hash_key(b"s" * 20)
        await credentials.keep("CP1", (set_by_hand,))
        threads.go.set()
        change = await beginning
        assert await credentials.find("CP1") == (set_by_hand, change.fresh)
        await ring.end_change(change, taken=False)
        assert await credentials.find("CP1") == (set_by_hand,)
        assert not await ring.check("CP1", KEY)

    asyncio.run(main())


def test_a_change_that_cannot_be_kept_can_be_tried_again() -> None:
    async def main() -> None:
        class Full(MemoryCredentials):
            async def keep(self, identity: str, hashes: tuple[str, ...]) -> None:
                raise OSError("no space left")

        ring, _, _ = make_ring(Full({"CP1": KEY}))
        for _ in range(2):
            with pytest.raises(OSError, match="no space left"):
                await ring.begin_change("CP1", NEW)

    asyncio.run(main())
