"""A store that fails says what failed, keeps nothing it did not promise, and works again after."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, event

from ocpp16.store.database import Database
from ocpp16.store.error import (
    StoreBusy,
    StoreCorrupted,
    StoreError,
    StoreNotSupported,
    StoreOutcomeUnknown,
    StoreUnavailable,
)
from tests.parties import run
from tests.store.postgres import PostgresServer
from tests.store.power_cut import Recorder
from tests.store.tables import SCHEMA, insert, texts

ROOT = Path(__file__).parent.parent.parent
SOON = timedelta(seconds=0.02)


class Process:
    """A process with a store, whose disk fails on command."""

    def __init__(self, process: subprocess.Popen[str], faults: Path) -> None:
        self.process = process
        self._faults = faults

    def tell(self, line: str) -> list[str]:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self) -> list[str]:
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()

    def fail(self, operation: str, number: int, path: str) -> None:
        self._faults.write_text(f"{operation} {number} {path}")

    def mend(self) -> None:
        self._faults.unlink()


@contextmanager
def running(recorder: Recorder, place: Path, *, fault: str = "") -> Iterator[Process]:
    watched, faults = place / "watched", place / "faults"
    watched.mkdir(exist_ok=True)
    if fault:
        faults.write_text(fault)
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-m", "tests.store.store_process",
         f"sqlite:///{watched}/store.db"],
        env=recorder.environment(watched, place / "log", faults=faults),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as process:  # fmt: skip
        try:
            yield Process(process, faults)
        except BaseException:
            process.kill()
            raise
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("operation", "number", "error"),
    [
        ("write", errno.ENOSPC, "StoreFull"),
        ("write", errno.EIO, "StoreOutcomeUnknown"),
        ("sync", errno.EIO, "StoreOutcomeUnknown"),
    ],
)
def test_a_disk_that_fails_stores_nothing_until_it_works_again(
    recorder: Recorder, tmp_path: Path, operation: str, number: int, error: str
) -> None:
    with running(recorder, tmp_path) as process:
        assert process.hear() == ["open"]
        assert process.tell("a b") == ["stored", "stored"]
        process.fail(operation, number, "-wal")
        assert set(process.tell("c d e")) <= {error, "StoreOutcomeUnknown"}
        assert error in process.tell("f")
        process.mend()
        assert process.tell("g h") == ["stored", "stored"]
        kept = process.tell("?")
        # What was not promised may be there only where the outcome was unknown.
        assert kept == ["a", "b", "g", "h"] or error == "StoreOutcomeUnknown"
        assert {"a", "b", "g", "h"} <= set(kept)


@pytest.mark.parametrize(("operation", "number"), [("write", errno.ENOSPC), ("sync", errno.EIO)])
def test_a_log_that_cannot_be_moved_into_the_file_stays_the_place_of_the_data(
    recorder: Recorder, tmp_path: Path, operation: str, number: int
) -> None:
    with running(recorder, tmp_path) as process:
        assert process.hear() == ["open"]
        process.fail(operation, number, "store.db")
        for group in range(60):
            line = [f"{group}-{each}" for each in range(30)]
            assert process.tell(" ".join(line)) == ["stored"] * 30
        process.mend()
        assert len(process.tell("?")) == 60 * 30
    path = tmp_path / "watched" / "store.db"
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM note").fetchone() == (60 * 30,)
    connection.close()


def test_a_store_that_may_only_be_read_says_so(recorder: Recorder, tmp_path: Path) -> None:
    with running(recorder, tmp_path) as process:
        assert process.hear() == ["open"]
        assert process.tell("a") == ["stored"]
    with running(recorder, tmp_path, fault=f"open-to-write {errno.EACCES} store.db") as process:
        assert process.hear() == ["open"]
        assert process.tell("b c") == ["StoreReadOnly", "StoreReadOnly"]
        assert process.tell("?") == ["a"]


def test_a_store_that_cannot_be_made_says_why(recorder: Recorder, tmp_path: Path) -> None:
    for number, error in (
        (errno.ENOSPC, "StoreFull"),
        (errno.EROFS, "StoreReadOnly"),
        (errno.EACCES, "StoreUnavailable"),
    ):
        with running(recorder, tmp_path, fault=f"open {number} store.db") as process:
            assert process.hear()[0] == error


def opening(url: str) -> StoreError:
    with pytest.raises(StoreError) as caught:
        asyncio.run(Database.open(url, schemas=[SCHEMA], busy_timeout=SOON))
    return caught.value


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    error = opening(f"sqlite:///{tmp_path}/none/store.db")
    assert type(error) is StoreUnavailable
    assert f"there is no directory {tmp_path}/none: make it, or check the name" in str(error)


def test_a_directory_is_no_store(tmp_path: Path) -> None:
    error = opening(f"sqlite:///{tmp_path}")
    assert type(error) is StoreUnavailable
    assert "it cannot be opened" in str(error)


def test_another_kind_of_file_is_no_store_and_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"important notes\n" * 300)
    error = opening(f"sqlite:///{path}")
    assert type(error) is StoreCorrupted
    assert "it is not an SQLite database: check the name" in str(error)
    assert path.read_bytes() == b"important notes\n" * 300


def test_a_damaged_store_says_so_and_the_process_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    url = f"sqlite:///{path}"

    async def fill() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            await asyncio.gather(
                *(database.write(insert(f"{number:03}" * 30)) for number in range(300))
            )

    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            with pytest.raises(StoreCorrupted, match=r"it is damaged: go back to a copy"):
                await database.read(texts)
            with pytest.raises(StoreCorrupted, match=r"it is damaged: go back to a copy"):
                await database.write(texts)

    run(fill)
    content = bytearray(path.read_bytes())
    # The first pages hold the schema, which would be found broken at once.
    content[6 * 4096 :] = b"\xa5" * (len(content) - 6 * 4096)
    path.write_bytes(content)
    run(main)


def test_who_holds_the_file_too_long_is_in_the_way_and_no_more(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"

    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA], busy_timeout=SOON) as database:
            other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            ends = await asyncio.gather(
                *(database.write(insert(name)) for name in "abc"), return_exceptions=True
            )
            assert [type(end) for end in ends] == [StoreBusy] * 3
            assert "another process holds it" in str(ends[0])
            assert len({id(end) for end in ends}) == 3
            assert await database.read(texts) == []
            other.execute("INSERT INTO note (text) VALUES ('by another')")
            other.execute("COMMIT")
            other.close()
            await database.write(insert("d"))
            assert await database.read(texts) == ["by another", "d"]

    run(main)


def test_a_work_that_ends_the_transaction_fails_its_group_and_no_other(url: str) -> None:
    def ends(connection: Connection) -> None:
        connection.execute(sa.text("ROLLBACK"))

    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            with pytest.raises(StoreUnavailable):
                await database.write(ends)
            await database.write(insert("a"))
            assert await database.read(texts) == ["a"]

    run(main)


def test_a_server_that_is_away_is_told_and_found_again(postgres: PostgresServer) -> None:
    url = postgres.url()

    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            await database.lead()
            await database.write(insert("a"))
            await database.read(texts)
            await asyncio.to_thread(postgres.stop, "immediate")
            try:
                for _ in range(2):
                    with pytest.raises(StoreUnavailable):
                        await database.write(insert("b"))
                with pytest.raises(StoreUnavailable):
                    await database.read(texts)
                with pytest.raises(StoreUnavailable, match="no connection to the server"):
                    await Database.open(url, schemas=[SCHEMA])
            finally:
                await asyncio.to_thread(postgres.start)
            await database.write(insert("c"))
            assert await database.read(texts) == ["a", "c"]
            assert database.is_leader

    # A busy machine takes its time to start a server.
    asyncio.run(main())


def test_a_commit_that_is_cut_off_is_not_told_as_stored(postgres: PostgresServer) -> None:
    url = postgres.url()

    def cut(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.close()

    async def main() -> None:
        async with await Database.open(url, schemas=[SCHEMA]) as database:
            engine = database._medium._writer  # type: ignore[attr-defined]
            event.listen(engine, "commit", cut)
            with pytest.raises(StoreOutcomeUnknown, match="whether it took place is unknown"):
                await database.write(insert("a"))
            event.remove(engine, "commit", cut)
            await database.write(insert("d"))
            assert await database.read(texts) == ["d"]

    run(main)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"database": "nowhere"}, "nowhere"),
        ({"username": "nobody", "password": "secret"}, "nobody"),
        ({"query": {"host": "/nowhere"}}, "no connection to the server"),
    ],
)
def test_a_server_that_lets_us_not_in_is_told_without_the_password(
    postgres: PostgresServer, change: dict[str, object], text: str
) -> None:
    url = sa.make_url(postgres.url()).set(**change)  # type: ignore[arg-type]
    error = opening(url.render_as_string(hide_password=False))
    assert type(error) is StoreUnavailable
    assert text in str(error)
    assert "secret" not in str(error)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    error = opening("postgresql://user:secret@127.0.0.1/x")
    assert type(error) is StoreNotSupported
    assert str(error) == (
        "postgresql+psycopg://user:***@127.0.0.1/x: PostgreSQL needs psycopg: "
        "pip install 'ocpp16[postgresql]'"
    )
