"""Writing and reading: what a caller is told is so, and one's failure is not another's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from ocpp16.store.database import Database
from ocpp16.store.error import StoreBusy, StoreClosed, StoreNotSupported, StoreUnavailable
from tests.parties import run
from tests.store.postgres import PostgresServer
from tests.store.tables import NOTES, SCHEMA, insert, texts


class Stop:
    """A work that holds the writer until it is let go."""

    def __init__(self) -> None:
        self.is_reached = threading.Event()
        self.go = threading.Event()

    def __call__(self, connection: Connection) -> None:
        self.is_reached.set()
        assert self.go.wait(30)


def fail(error: BaseException) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        connection.execute(sa.insert(NOTES).values(text=f"undone by {error!r}"))
        raise error

    return work


async def hold(database: Database) -> tuple[Stop, asyncio.Task[None]]:
    stop = Stop()
    task = asyncio.create_task(database.write(stop))
    await asyncio.to_thread(stop.is_reached.wait)
    return stop, task


def test_what_is_written_is_read_and_outlives_the_process(url: str) -> None:
    async def first() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            assert await database.write(insert("a")) == "a"
            assert await database.read(texts) == ["a"]

    async def second() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            assert await database.read(texts) == ["a"]

    run(first)
    run(second)


def test_works_that_come_in_together_share_a_transaction(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            stop, held = await hold(database)
            seen: list[object] = []

            def note(connection: Connection) -> None:
                seen.append(connection.get_transaction())

            tasks = [asyncio.create_task(database.write(note)) for _ in range(5)]
            await asyncio.sleep(0)
            stop.go.set()
            await asyncio.gather(held, *tasks)
            assert len(seen) == 5
            assert len(set(map(id, seen))) == 1

    run(main)


def test_a_group_has_a_limit(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA], group_limit=2) as database:
            stop, held = await hold(database)
            seen: list[object] = []

            def note(connection: Connection) -> None:
                seen.append(connection.get_transaction())

            tasks = [asyncio.create_task(database.write(note)) for _ in range(5)]
            await asyncio.sleep(0)
            stop.go.set()
            await asyncio.gather(held, *tasks)
            assert [seen.count(each) for each in dict.fromkeys(seen)] == [2, 2, 1]

    run(main)


def test_an_error_is_its_callers_alone(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            stop, held = await hold(database)
            works = [
                insert("a"),
                fail(ValueError("mine")),
                insert("b"),
                fail(StopIteration("odd")),
                fail(KeyboardInterrupt()),
                insert("a"),
                insert("c"),
            ]
            tasks = [asyncio.create_task(_outcome(database, work)) for work in works]
            await asyncio.sleep(0)
            stop.go.set()
            await held
            ends = await asyncio.gather(*tasks)
            assert [end if isinstance(end, str) else type(end) for end in ends] == [
                "a",
                ValueError,
                "b",
                RuntimeError,
                KeyboardInterrupt,
                sa.exc.IntegrityError,
                "c",
            ]
            assert str(ends[1]) == "mine"
            assert await database.read(texts) == ["a", "b", "c"]

    run(main)


async def _outcome(database: Database, work: Callable[[Connection], object]) -> object:
    try:
        return await database.write(work)
    except BaseException as error:  # noqa: BLE001 - it is what the test looks at
        return error


def test_a_single_error_leaves_nothing_and_the_store_working(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            with pytest.raises(ValueError, match=r"^mine$"):
                await database.write(fail(ValueError("mine")))
            await database.write(insert("a"))
            assert await database.read(texts) == ["a"]

    run(main)


def test_works_run_in_the_order_of_submission(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA], group_limit=7) as database:
            names = [f"{number:03}" for number in range(100)]
            await asyncio.gather(*(database.write(insert(name)) for name in names))
            assert await database.read(texts) == names

    run(main)


def test_cancelling_takes_nothing_back_and_harms_nobody(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            stop, held = await hold(database)
            tasks = [asyncio.create_task(database.write(insert(name))) for name in "abc"]
            await asyncio.sleep(0)
            tasks[1].cancel()
            held.cancel()
            stop.go.set()
            assert await tasks[0] == "a"
            assert await tasks[2] == "c"
            assert tasks[1].cancelled()
            assert await database.read(texts) == ["a", "b", "c"]

    run(main)


def test_a_full_queue_refuses_and_goes_on(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA], queue_limit=2) as database:
            stop, held = await hold(database)
            tasks = [asyncio.create_task(database.write(insert(name))) for name in "abc"]
            await asyncio.sleep(0)
            assert database.waiting == 2
            with pytest.raises(StoreBusy, match="2 works wait to be written"):
                await tasks[2]
            stop.go.set()
            await asyncio.gather(held, *tasks[:2])
            await database.write(insert("d"))
            assert await database.read(texts) == ["a", "b", "d"]

    run(main)


def test_closing_waits_for_what_was_handed_in_and_takes_no_more(url: str) -> None:
    async def main() -> None:
        database = await Database.open(url, schemas=[SCHEMA], group_limit=2)
        stop, held = await hold(database)
        tasks = [asyncio.create_task(database.write(insert(name))) for name in "abcde"]
        await asyncio.sleep(0)
        closing = asyncio.create_task(database.close())
        await asyncio.sleep(0)
        stop.go.set()
        await asyncio.gather(held, closing)
        assert await asyncio.gather(*tasks) == list("abcde")
        await database.close()
        with pytest.raises(StoreClosed, match="the store is closed"):
            await database.write(insert("f"))
        with pytest.raises(StoreClosed, match="the store is closed"):
            await database.read(texts)
        async with await Database.open(url, schemas=[SCHEMA]) as again:
            assert await again.read(texts) == list("abcde")

    run(main)


def test_a_reader_sees_one_state_and_waits_for_no_writer(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            await database.write(insert("a"))
            stop = Stop()

            def twice(connection: Connection) -> tuple[list[str], list[str]]:
                before = texts(connection)
                stop(connection)
                return before, texts(connection)

            reading = asyncio.create_task(database.read(twice))
            await asyncio.to_thread(stop.is_reached.wait)
            await database.write(insert("b"))
            stop.go.set()
            assert await reading == (["a"], ["a"])
            assert await database.read(texts) == ["a", "b"]

    run(main)


def test_a_reader_cannot_write(url: str) -> None:
    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            with pytest.raises(StoreUnavailable):
                await database.read(insert("a"))
            assert await database.read(texts) == []

    run(main)


def test_what_a_reader_raises_is_raised(url: str) -> None:
    def odd(connection: Connection) -> None:
        raise StopIteration

    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            with pytest.raises(RuntimeError, match="StopIteration"):
                await database.read(odd)
            with pytest.raises(sa.exc.DBAPIError, match="nowhere"):
                await database.read(lambda each: each.execute(sa.text("SELECT 1 FROM nowhere")))

    run(main)


def test_a_loop_that_ended_does_not_stop_the_writer(url: str) -> None:
    async def first() -> Database:
        database = await Database.open(url, schemas=[SCHEMA])
        stop, _ = await hold(database)
        asyncio.get_running_loop().call_soon(stop.go.set)
        return database

    async def second(database: Database) -> None:
        await database.write(insert("a"))
        assert await database.read(texts) == ["a"]
        await database.close()

    database = asyncio.run(first())
    asyncio.run(second(database))


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("sqlite://", "a store is a file"),
        ("sqlite:///:memory:", "a store is a file"),
        ("sqlite:///file:x?uri=true", "takes no parameters"),
        ("mysql://user:secret@host/x", "mysql: a store is kept on"),
        ("secret", "not the URL of a store"),
    ],
)
def test_a_url_that_names_no_store_is_refused(url: str, text: str) -> None:
    with pytest.raises(StoreNotSupported, match=text) as caught:
        asyncio.run(Database.open(url, busy_timeout=timedelta(seconds=1)))
    assert "secret" not in str(caught.value)


def test_a_server_that_may_lose_data_is_warned_of(
    postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with await Database.open(postgres.url(), schemas=[SCHEMA]) as database:
            setting = "SHOW synchronous_commit"
            assert await database.write(lambda each: each.scalar(sa.text(setting))) == "on"

    postgres.sql("ALTER SYSTEM SET synchronous_commit = off")
    postgres.sql("SELECT pg_reload_conf()")
    try:
        run(main)
    finally:
        postgres.sql("ALTER SYSTEM RESET synchronous_commit")
        postgres.sql("SELECT pg_reload_conf()")
    assert "the server runs with fsync=off: a power cut loses data" in caplog.text
