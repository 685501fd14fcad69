"""Plots of how costs grow, as SVG. Needs matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

NAMES = {"ours": "ocpp16", "raw": "websockets, constant", "mobilityhouse": "mobilityhouse ocpp"}


def plots(growth: dict[str, Any], folder: Path) -> None:
    """Write the plots of what was measured."""
    mpl.rcParams["svg.hashsalt"] = "ocpp16"  # The same figures give the same file.
    mpl.rcParams["svg.fonttype"] = "none"  # Letters as text: a tenth of the size.
    folder.mkdir(parents=True, exist_ok=True)
    servers = growth.get("connections")
    if servers:
        _draw(
            folder / "exchanges.svg",
            {NAMES[kind]: [(size, rate) for size, rate, _ in one] for kind, one in servers.items()},
            ("connections", "exchanges a second of CPU"),
        )
        _draw(
            folder / "memory.svg",
            {NAMES[kind]: [(size, held) for size, _, held in one] for kind, one in servers.items()},
            ("connections", "MiB resident"),
        )
    sizes = growth.get("sizes")
    if sizes:
        _draw(folder / "decode.svg", sizes, ("bytes of JSON", "microseconds to decode and check"))


def _draw(path: Path, lines: dict[str, Any], labels: tuple[str, str]) -> None:
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    for name, points in lines.items():
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.grid(visible=True, which="major", linewidth=0.4)
    axes.legend(frameon=False)
    figure.savefig(path, format="svg", metadata={"Date": None})
