"""The command: `python -m bench [NAME...]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import (
    bridge,
    composite,
    importing,
    json_codec,
    page,
    process,
    report,
    server,
    site,
    size,
    soap_peers,
)
from bench.measure import Row

BENCHMARKS: dict[str, Callable[[int], list[Row]]] = {
    "decode": json_codec.decode,
    "encode": json_codec.encode,
    "invalid": json_codec.invalid,
    "soap": soap_peers.codec_and_dispatch,
    "soap-call": soap_peers.outgoing,
    "soap-server": soap_peers.server,
    "exchange": server.exchange,
    "connection": server.connection,
    "fleet": server.fleet,
    "bridge": bridge.bridge,
    "site": site.site,
    "import": importing.importing,
    "composite": composite.composite,
}
"""In the order of the goals; `python -m bench.bridge`, `bench.site` and `bench.soap` tell more."""


def main() -> int:
    """Run benchmarks; return 1 if a ratio is more than 15 % worse than the one kept."""
    arguments = _parser().parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        report.say(f"no such benchmark: {', '.join(sorted(unknown))}; {', '.join(BENCHMARKS)}")
        return 2
    if arguments.uvloop:
        process.OPTIONS.append("--uvloop")
    rows: list[Row] = []
    if arguments.page is not None:
        arguments.page.mkdir(parents=True, exist_ok=True)  # before minutes are spent
    for name in arguments.names or BENCHMARKS:
        report.say(f"{name} ...")
        rows += BENCHMARKS[name](arguments.rounds)
    growth: dict[str, Any] = {}
    if arguments.page is not None:
        report.say("growth ...")
        growth = {"connections": server.growth(), "sizes": size.sizes(arguments.rounds)}
    document = report.document(rows, growth, arguments.note)
    text = json.dumps(document, indent=1) if arguments.output == "json" else report.table(rows)
    sys.stdout.write(f"{text}\n")
    if arguments.page is not None:
        _write_page(document, arguments.page)
    if arguments.uvloop:
        return 0  # What is kept is of the event loop of Python.
    if arguments.keep:
        report.keep(rows)
        return 0
    worse = report.worse_than_kept(rows)
    for line in worse:
        report.say(f"worse by more than 15 %: {line}")
    return 1 if worse else 0


def _write_page(document: dict[str, Any], folder: Path) -> None:
    from bench import plot  # noqa: PLC0415 - matplotlib is for this alone

    (folder / "benchmarks.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (folder / "benchmarks.md").write_text(page.page(document), encoding="utf-8")
    plot.plots(document["growth"], folder / "benchmarks")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=15, help="turns of each contender")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    parser.add_argument("--page", type=Path, metavar="DIR", help="write results page and plots")
    parser.add_argument("--note", default="", help="what the page says of this run")
    parser.add_argument("--uvloop", action="store_true", help="servers, ours and theirs, on uvloop")
    parser.add_argument("--keep", action="store_true", help="keep the ratios to compare with")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
