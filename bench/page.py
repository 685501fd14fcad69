"""The results page of the documentation, made from the JSON of a run."""

from __future__ import annotations

from typing import Any

INTRODUCTION = """# Benchmarks

Measured with `python -m bench --page docs/reference`; this page is made from the JSON of such a
run, `benchmarks.json` beside it. Ours, the floor and the peers take turns within each round, and a
figure is the median of the ratios of the rounds; *middle half* is where half of them lie. A floor
is the least that the same work can cost: bare msgspec Structs of the same shape, `websockets`
answering a constant, lxml parsing and writing, uvicorn answering a constant, SQLite committing one
by one. *Due* is what the library aims at. How the figures come about is in
[Where the time goes](../explanation/speed.md).
"""


def page(document: dict[str, Any]) -> str:
    """Return the page."""
    machine = document["machine"]
    versions = ", ".join(f"{name} {one}" for name, one in machine["libraries"].items() if one)
    lines = [
        INTRODUCTION,
        (
            f"{machine['processor']}, {machine['cores']} cores; {machine['system']}; "
            f"{machine['python']}; {versions}. Measured {machine['time']}."
        ),
        *(("", document["note"]) if document["note"] else ()),
        "",
        "| goal | measure | against | ratio | middle half | due | reached | ours |",
        "|---|---|---|---|---|---|---|---|",
        *(_line(result) for result in document["results"]),
    ]
    if document["growth"]:
        lines += [
            "",
            "## How cost grows",
            "",
            "![Exchanges a second against connections](benchmarks/exchanges.svg)",
            "![Memory against connections](benchmarks/memory.svg)",
            "![Time to decode against size](benchmarks/decode.svg)",
        ]
    return "\n".join(lines) + "\n"


def _line(result: dict[str, Any]) -> str:
    reached = {True: "yes", False: "**no**", None: ""}[result["reached"]]
    goal = result["goal"] or ""
    due = result["limit"].replace("<=", "≤").replace(">=", "≥")
    return (
        f"| {goal} | {result['what']} | {result['against']} | {result['ratio']:.2f} "
        f"| {result['low']:.2f} - {result['high']:.2f} | {due} | {reached} "
        f"| {result['ours']:.3g} {result['unit']} |"
    )
