"""Cutting the power: what is left on a disk when only what was synced is sure to be there.

A process runs with `power_cut.c` preloaded, which records what it does to the files of a directory.
From the record a `Recording` makes the directory as a disk may have it after a cut at any instant:

* What was synced is there.
* Of what was written to a file since its last sync, nothing is there, or the first part, or any
  sectors of it, or all (`KEPT`); the choice is the random generator's.
* A file that was made, removed or renamed since its directory was last synced is there or is not;
  such changes become lasting in their order.

Use: `from tests.store.power_cut import recorder` in a conftest, then the fixture `recorder`.
"""

from __future__ import annotations

import itertools
import os
import shutil
import struct
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random

import attrs
import pytest

CREATE, WRITE, TRUNCATE, SYNC, SYNC_DIRECTORY, UNLINK, RENAME, MARK = range(1, 9)
HEAD = struct.Struct("<IIQqII")
MAGIC = 0x57C0FFEE
SECTOR = 512
KEPT = ("nothing", "first", "any", "all")
"""What may be left of what was written and not synced."""


@attrs.frozen
class Operation:
    """One thing that a process did to a file."""

    kind: int
    nanoseconds: int
    """When it had returned, by the monotonic clock that `time.monotonic_ns` reads."""
    offset: int
    """Where it was written to, or the length that was cut to."""
    path: str
    data: bytes


@attrs.define(eq=False)
class _File:
    lasting: bytearray = attrs.field(factory=bytearray)
    pending: list[Operation] = attrs.field(factory=list)

    def sync(self) -> None:
        for operation in self.pending:
            _apply(self.lasting, operation)
        self.pending.clear()

    def after_cut(self, random: Random, kept: str) -> bytes:
        content = bytearray(self.lasting)
        if kept == "all":
            for operation in self.pending:
                _apply(content, operation)
        elif kept == "first":
            count = random.randint(0, len(self.pending))
            for operation in self.pending[:count]:
                _apply(content, operation)
            if count < len(self.pending):
                _apply(content, _torn(self.pending[count], random))
        elif kept == "any":
            for operation in self.pending:
                for part in _sectors(operation):
                    if random.random() < 0.5:
                        _apply(content, part)
        return bytes(content)


def _apply(content: bytearray, operation: Operation) -> None:
    end = operation.offset + len(operation.data)
    if operation.kind == TRUNCATE:
        del content[operation.offset :]
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    content[operation.offset : end] = operation.data


def _torn(operation: Operation, random: Random) -> Operation:
    parts = _sectors(operation)
    if operation.kind == TRUNCATE or len(parts) == 1:
        return attrs.evolve(operation, kind=WRITE, data=b"")
    data = b"".join(part.data for part in parts[: random.randint(0, len(parts) - 1)])
    return attrs.evolve(operation, data=data)


def _sectors(operation: Operation) -> list[Operation]:
    if operation.kind == TRUNCATE:
        return [operation]
    start, end = operation.offset, operation.offset + len(operation.data)
    edges = [start, *range((start // SECTOR + 1) * SECTOR, end, SECTOR), end]
    return [
        attrs.evolve(operation, offset=left, data=operation.data[left - start : right - start])
        for left, right in itertools.pairwise(edges)
    ]


class Recording:
    """What a process did to the files of a directory.

    Args:
        directory: The directory as the process knew it.
        log: What was recorded.
        base: What was there, and lasting, before.
    """

    def __init__(
        self, directory: Path, log: bytes, base: Mapping[str, bytes] | None = None
    ) -> None:
        self.directory = directory
        self.operations = list(_read(log))
        self._base = {str(directory / name): data for name, data in (base or {}).items()}

    def marks(self, end: int | None = None) -> list[bytes]:
        """Return what was promised by the operations before `end`."""
        return [each.data for each in self.operations[:end] if each.kind == MARK]

    def at(self, nanoseconds: int) -> int:
        """Return how many operations had returned at an instant of `time.monotonic_ns`."""
        return sum(each.nanoseconds <= nanoseconds for each in self.operations)

    def cut(self, end: int, to: Path, random: Random, kept: str = "any") -> None:
        """Make the directory as it may be if the power is cut after `end` operations."""
        lasting, changes = self._replay(end)
        count = {"nothing": 0, "all": len(changes)}.get(kept, random.randint(0, len(changes)))
        for change in changes[:count]:
            _change(lasting, change)
        to.mkdir(parents=True)
        for path, file in lasting.items():
            place = to / Path(path).relative_to(self.directory)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.after_cut(random, kept))

    def _replay(self, end: int) -> tuple[dict[str, _File], list[tuple[str, str, _File | None]]]:
        names = {path: _File(bytearray(data)) for path, data in self._base.items()}
        lasting = dict(names)
        changes: list[tuple[str, str, _File | None]] = []
        for each in self.operations[:end]:
            match each.kind:
                case 1:  # CREATE
                    names[each.path] = _File()
                    changes.append((each.path, "", names[each.path]))
                case 2 | 3:  # WRITE, TRUNCATE
                    names.setdefault(each.path, _File()).pending.append(each)
                case 4:  # SYNC
                    names.setdefault(each.path, _File()).sync()
                case 5:  # SYNC_DIRECTORY
                    for change in changes:
                        _change(lasting, change)
                    changes.clear()
                case 6:  # UNLINK
                    names.pop(each.path, None)
                    changes.append((each.path, "", None))
                case 7:  # RENAME
                    target = each.data.decode()
                    names[target] = names.pop(each.path)
                    changes.append((each.path, target, names[target]))
                case _:  # MARK
                    pass
        return lasting, changes


def _change(names: dict[str, _File], change: tuple[str, str, _File | None]) -> None:
    path, target, file = change
    if target and file is not None:
        names.pop(path, None)
        names[target] = file
    elif file is not None:
        names[path] = file
    else:
        names.pop(path, None)


def _read(log: bytes) -> Iterable[Operation]:
    position = 0
    while position + HEAD.size <= len(log):
        magic, kind, nanoseconds, offset, path_length, length = HEAD.unpack_from(log, position)
        assert magic == MAGIC, "the record is torn: did two processes write it at once?"
        position += HEAD.size
        path = log[position : position + path_length].decode()
        position += path_length
        data = log[position : position + length]
        if len(data) < length:
            return  # the process was killed while it wrote this
        position += length
        yield Operation(kind, nanoseconds, offset, path, data)


@attrs.frozen
class Recorder:
    """Runs processes so that what they do to a directory is recorded."""

    library: Path

    def environment(
        self, directory: Path, log: Path, *, marks: Path | None = None, faults: Path | None = None
    ) -> dict[str, str]:
        """Return the environment of a process that is to be recorded.

        Args:
            directory: Whose files are watched.
            log: Where to record; not within the directory.
            marks: A file elsewhere; what the process writes to it are promises.
            faults: A file; while it holds `OPERATION ERRNO [END OF PATH]`, such operations fail
                (`open`, `open-to-write`, `write`, `truncate`, `sync`, `unlink`).
        """
        chosen = {
            "POWER_CUT_DIRECTORY": str(directory),
            "POWER_CUT_LOG": str(log),
            "POWER_CUT_MARKS": str(marks or ""),
            "POWER_CUT_FAULTS": str(faults or ""),
            "LD_PRELOAD": str(self.library),
        }
        return {**os.environ, **{name: value for name, value in chosen.items() if value}}


@pytest.fixture(scope="session")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """The recorder, compiled; skips where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler on this machine: apt-get install gcc libc6-dev")
    library = tmp_path_factory.mktemp("power_cut") / "power_cut.so"
    source = Path(__file__).with_name("power_cut.c")
    command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]
    subprocess.run([*command, library, source, "-ldl", "-lpthread"], check=True)
    return Recorder(library)
