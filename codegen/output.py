"""Generated files on disk: written, or compared with what should be there.

Knows paths and bytes only. What is written is passed in as a mapping of path to text.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

OWNED: Final = (
    "wsdl/*.wsdl",
    "wsdl/json/*.json",
    "wsdl/json-security/*.json",
    "ocpp16/_generated/*.py",
    "ocpp16/bindings/*/_generated/*.py",
)
"""Places where every file is a generated one, so that a file too many is stale."""

EXCERPT_LINES: Final = 24


@dataclass(frozen=True)
class Difference:
    """The first place where a file is not what it should be; `excerpt` is a unified diff."""

    path: str
    line: int | None
    reason: str
    excerpt: str = ""

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path} line {self.line}"
        return f"{place}: {self.reason}"


def compare(expected: Mapping[str, str], root: Path) -> Difference | None:
    """Return the first difference between the files under `root` and the expected ones."""
    for path, text in expected.items():
        try:
            found = (root / path).read_bytes()
        except FileNotFoundError:
            return Difference(path, None, "the file is missing")
        if found != text.encode():
            return _difference(path, found.decode(errors="replace"), text)
    for path in _stale(expected, root):
        return Difference(path, None, "the file is not generated any more")
    return None


def write(expected: Mapping[str, str], root: Path) -> list[str]:
    """Write the files that differ, remove stale ones, and return the paths of both.

    Each file is replaced as a whole, so that an interrupted run leaves no half-written one.
    """
    changed: list[str] = []
    for path, text in expected.items():
        target = root / path
        if target.is_file() and target.read_bytes() == text.encode():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.new")
        draft.write_bytes(text.encode())
        draft.replace(target)
        changed.append(path)
    for path in list(_stale(expected, root)):
        (root / path).unlink()
        changed.append(path)
    return changed


def _stale(expected: Mapping[str, str], root: Path) -> Iterator[str]:
    folders = {Path(path).parent for path in expected}
    for pattern in OWNED:
        for found in sorted(root.glob(pattern)):
            path = found.relative_to(root)
            # Whoever writes the contracts alone says nothing of the code.
            if path.parent in folders and path.as_posix() not in expected:
                yield path.as_posix()


def _difference(path: str, found: str, text: str) -> Difference:
    # Only "\n" ends a line: a stray "\r" has to show.
    old, new = found.split("\n"), text.split("\n")
    line = next(
        (
            number
            for number, (one, other) in enumerate(zip(old, new, strict=False), 1)
            if one != other
        ),
        min(len(old), len(new)) + 1,
    )
    diff = list(
        difflib.unified_diff(old, new, f"{path} (on disk)", f"{path} (generated)", "", "", 2, "")
    )
    return Difference(
        path, line, "the file is not what is generated", "\n".join(diff[:EXCERPT_LINES])
    )
