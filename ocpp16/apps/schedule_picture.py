"""How `ocpp16 schedule --plot` draws: SVG or PNG, with matplotlib (extra `plot`).

Shows what holds as a filled line, and above it what profiles say by themselves: the eye sees a
minimum.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from ocpp16.apps.schedule import Line, Result
from ocpp16.apps.schedule_screen import title, unit_name
from ocpp16.station.smart_charging.second import to_instant

FORMATS = ("svg", "png")
HEADROOM = 1.12
"""The axis reaches so far above the highest limit."""

_HOLDS, _SITE, _OWN = "#7cc0de", "#c2410c", "#1f5f1f"


def draw(result: Result, path: Path) -> None:
    """Write a picture; the suffix of the path is its format.

    Raises:
        OSError: It cannot be written there.
    """
    # Fixed, so that the same result makes the same file.
    with rc_context({"svg.hashsalt": "ocpp16", "svg.fonttype": "none", "font.size": 10}):
        figure = _figure(result)
        is_svg = path.suffix.lower() == ".svg"
        figure.savefig(path, metadata={"Date": None} if is_svg else {}, dpi=150)


def _figure(result: Result) -> Figure:
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    # matplotlib's annotations know numbers only, where it takes instants as well.
    axes: Any = figure.add_subplot()
    holds: Line = [(row.start, row.end, row.limit) for row in result.rows]
    lines = (holds, result.site, result.own)
    limits = [limit for line in lines for _, _, limit in line if limit is not None]
    top = max(limits, default=1.0) * HEADROOM or 1.0
    _fill(axes, holds)
    _outline(axes, holds, color=_HOLDS, style="solid", label="what holds", width=4.5)
    is_whole = result.study.connector == 0
    _outline(axes, result.site, color=_SITE, style=(0, (6, 2)), label="ChargePointMaxProfile")
    name = "sum of all connectors" if is_whole else "TxProfile or TxDefaultProfile"
    _outline(axes, result.own, color=_OWN, style=(0, (2, 1.2)), label=name)
    axes.set_ylim(0, top)
    axes.set_xlim(*_ends(result))
    axes.set_ylabel(unit_name(result))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    locator: Any = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    axes.grid(visible=True, axis="y", color="#e5e7eb")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title(result), loc="left", fontsize=11)
    if axes.get_lines():
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, frameon=False)
    return figure


def _ends(result: Result) -> tuple[datetime, datetime]:
    study = result.study
    return to_instant(study.start), to_instant(study.start + study.duration)


def _fill(axes: Any, line: Line) -> None:
    for start, end, limit in line:
        if limit is not None:
            times = [to_instant(start), to_instant(end)]
            axes.fill_between(times, [limit, limit], color=_HOLDS, alpha=0.25, linewidth=0)


def _outline(  # noqa: PLR0917
    axes: Any, line: Line, color: str, style: Any, label: str, width: float = 1.6
) -> None:
    """Draw a line of steps; a piece ends where nothing limits."""
    times: list[datetime] = []
    values: list[float] = []
    for start, end, limit in line:
        value = float("nan") if limit is None else limit
        times += [to_instant(start), to_instant(end)]
        values += [value, value]
    if any(value == value for value in values):  # noqa: PLR0124 - NaN is not itself
        axes.plot(times, values, color=color, linestyle=style, linewidth=width, label=label)
