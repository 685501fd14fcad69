"""Results as a table, as JSON, and against those that are kept in the repository."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import attrs

from bench.measure import Row

BASELINE = Path(__file__).parent / "baseline.json"
WORSE = 0.15
"""A ratio that fell by more is told."""
LIBRARIES = (
    *("msgspec", "attrs", "websockets", "lxml", "uvicorn", "ocpp", "pydantic", "cattrs"),
    *("zeep", "spyne", "SQLAlchemy"),
)


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": len(_cores()),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _cores() -> set[int]:
    import os  # noqa: PLC0415 - not on every system

    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else {0}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def document(rows: Iterable[Row], growth: dict[str, Any], note: str) -> dict[str, Any]:
    """Return all results as plain values."""
    results = [{**attrs.asdict(row), "reached": row.is_reached} for row in rows]
    return {"machine": machine(), "note": note, "results": results, "growth": growth}


def table(rows: Sequence[Row]) -> str:
    """Return the results as a table for a terminal."""
    head = ("goal", "measure", "against", "ratio", "middle half", "due", "", "ours")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {True: "yes", False: "NO", None: ""}[row.is_reached]
    return (
        str(row.goal or ""),
        row.what,
        row.against,
        f"{row.ratio:.2f}",
        f"{row.low:.2f} - {row.high:.2f}",
        row.limit,
        verdict,
        f"{row.ours:.3g} {row.unit}",
    )


def worse_than_kept(rows: Iterable[Row]) -> list[str]:
    """Return a line for each ratio that is more than 15 % worse than the one kept."""
    if not BASELINE.exists():
        return []
    kept: dict[str, float] = json.loads(BASELINE.read_text(encoding="utf-8"))
    lines = []
    for row in rows:
        before = kept.get(_key(row))
        if before is None or not row.limit:
            continue
        change = row.ratio / before if row.limit.startswith("<=") else before / row.ratio
        if change > 1 + WORSE:
            lines.append(f"{_key(row)}: {before:.2f} before, {row.ratio:.2f} now")
    return lines


def keep(rows: Iterable[Row]) -> None:
    """Keep these ratios as those to compare with; others that are kept stay."""
    kept: dict[str, float] = {}
    if BASELINE.exists():
        kept = json.loads(BASELINE.read_text(encoding="utf-8"))
    kept |= {_key(row): round(row.ratio, 3) for row in rows if row.limit}
    text = json.dumps(kept, indent=1, sort_keys=True)
    BASELINE.write_text(f"{text}\n", encoding="utf-8")


def _key(row: Row) -> str:
    return f"{row.what} / {row.against}" if row.against else row.what


def say(text: str) -> None:
    """Print for people: what is on standard output may be JSON."""
    sys.stderr.write(f"{text}\n")
