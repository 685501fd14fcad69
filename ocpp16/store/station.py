"""The records of one charge point in a SQLite file of its own. Knows no record's meaning.

Every write is one transaction in WAL mode with synchronous=FULL: what was written survives a power
cut, and what was not has left no trace. One process at a time has the file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from ocpp16.storage import Change, StorageFailed, StorageFull, Value

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID
"""


class StationFile:
    """A `StationStorage` in a file.

    Args:
        path: The file; it is made if it is not there.

    Raises:
        StorageFailed: It cannot be opened, is none of ours, or another process has it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            # autocommit: transactions begin and end where it is written here.
            self._database = sqlite3.connect(path, isolation_level=None, timeout=0)
        except sqlite3.Error as error:
            raise StorageFailed(f"{path} cannot be opened: {error}") from error
        try:
            self._database.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=FULL")
            self._database.execute(_SCHEMA)
            # Takes the lock now, not with the first write.
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            self._database.close()
            raise StorageFailed(f"{path} cannot be used: {error}") from error

    def read(self, kind: str) -> Mapping[str, Value]:
        """Return all records of a kind, in the order of their keys.

        Raises:
            StorageFailed: The file cannot be read.
        """
        try:
            rows = self._database.execute(
                "SELECT key, value FROM record WHERE kind = ? ORDER BY key", (kind,)
            ).fetchall()
            return {key: json.loads(value) for key, value in rows}
        except (sqlite3.Error, ValueError) as error:
            raise StorageFailed(f"{self._path} cannot be read: {error}") from error

    def write(self, changes: Iterable[Change]) -> None:
        """Apply all changes or none; when it returns they survive a power cut.

        Raises:
            StorageFailed: Nothing was changed; StorageFull where there is no room.
        """
        work = [
            (change.kind, change.key, None if change.value is None else _text(change.value))
            for change in changes
        ]
        if not work:
            return
        try:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                for kind, key, text in work:
                    if text is None:
                        self._database.execute(
                            "DELETE FROM record WHERE kind = ? AND key = ?", (kind, key)
                        )
                    else:
                        self._database.execute(
                            "INSERT INTO record VALUES (?, ?, ?)"
                            " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
                            (kind, key, text),
                        )
                self._database.execute("COMMIT")
            except sqlite3.Error:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            is_full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
            failure = StorageFull if is_full else StorageFailed
            raise failure(f"{self._path} cannot be written: {error}") from error

    def close(self) -> None:
        """Give the file back."""
        self._database.close()


def _text(value: Value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
