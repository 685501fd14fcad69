"""Where a station's records are kept. POLICY, Charge point."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from ocpp16.storage import Change, MemoryStationStorage, StationStorage, StorageFailed
from ocpp16.store.station import StationFile

Open = Callable[[], StationStorage]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], StationFile]]:
    """Opens the file, and closes it in the end."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(StationFile(tmp_path / "s")))


@pytest.fixture(params=["memory", "file"])
def storage(request: pytest.FixtureRequest, opened: Callable[[], StationFile]) -> StationStorage:
    return MemoryStationStorage() if request.param == "memory" else opened()


def test_records_are_read_in_the_order_of_their_keys(storage: StationStorage) -> None:
    storage.write([Change("a", "2", {"x": [1, None, "\u00e9"]}), Change("a", "1", True)])
    storage.write([Change("b", "1", 5)])
    assert list(storage.read("a").items()) == [("1", True), ("2", {"x": [1, None, "\u00e9"]})]


def test_a_record_is_replaced_and_deleted(storage: StationStorage) -> None:
    storage.write([Change("a", "1", 1), Change("a", "2", 2)])
    storage.write([Change("a", "1", 3), Change("a", "2"), Change("a", "9")])
    assert storage.read("a") == {"1": 3}


def test_nothing_to_write_is_fine(storage: StationStorage) -> None:
    storage.write([])
    assert storage.read("a") == {}


def test_a_file_keeps_its_records(opened: Callable[[], StationFile]) -> None:
    first = opened()
    first.write([Change("a", "1", "x")])
    first.close()
    assert opened().read("a") == {"1": "x"}


def test_a_write_that_fails_changes_nothing(opened: Callable[[], StationFile]) -> None:
    storage = opened()
    storage.write([Change("a", "1", 1)])
    storage._database.execute("PRAGMA max_page_count = 1")
    changes = [Change("a", "1"), *(Change("a", str(n), "x" * 5000) for n in range(2, 50))]
    with pytest.raises(StorageFailed, match="cannot be written"):
        storage.write(changes)
    assert storage.read("a") == {"1": 1}
    storage._database.execute("PRAGMA max_page_count = 1000000")
    storage.write([Change("a", "2", 2)])
    assert storage.read("a") == {"1": 1, "2": 2}


def test_every_write_is_synchronous(opened: Callable[[], StationFile]) -> None:
    storage = opened()
    assert storage._database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert storage._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_two_processes_do_not_share_a_file(tmp_path: Path) -> None:
    storage = StationFile(tmp_path / "s")
    script = (
        "import sys\nfrom pathlib import Path\nfrom ocpp16.store.station import StationFile\n"
        "StationFile(Path(sys.argv[1]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "s")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "StorageFailed" in done.stderr and "locked" in done.stderr
    storage.close()


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 50])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(StorageFailed, match="cannot be used"):
        StationFile(tmp_path / "s")


def test_a_place_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="cannot be opened"):
        StationFile(tmp_path / "nowhere" / "s")


def test_a_damaged_record_is_a_storage_failure(opened: Callable[[], StationFile]) -> None:
    storage = opened()
    storage._database.execute("INSERT INTO record VALUES ('a', '1', '{')")
    with pytest.raises(StorageFailed, match="cannot be read"):
        storage.read("a")
