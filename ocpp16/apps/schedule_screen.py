"""How `ocpp16 schedule` looks in a terminal: a table, and a plot of blocks. Knows `rich`.

Texts of a file never come here, only numbers and words of the standard.
"""

from __future__ import annotations

import sys
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ocpp16.apps.schedule import Result, Row
from ocpp16.enums import ChargingRateUnitType
from ocpp16.station.smart_charging.second import DAY, to_instant

HEIGHT = 8
"""Lines of the plot."""
WIDEST = 96
"""Columns of the plot at most."""
NO_TERMINAL = 80
"""Columns where there is no terminal."""
SHOWN_ROWS = 200

_BLOCKS = " ▁▂▃▄▅▆▇█"
_PLAIN_BLOCKS = "    #####"


def show(result: Result, file: TextIO | None = None) -> None:
    """Print a result."""
    console = Console(
        file=file or sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True
    )
    if not console.is_terminal:
        console.width = NO_TERMINAL
    plain = not console.encoding.lower().startswith("utf")
    console.print(Text(title(result), style="bold"))
    for line in plot(result, console.width, plain=plain):
        console.print(line)
    console.print(_table(result, plain=plain))
    if len(result.rows) > SHOWN_ROWS:
        console.print(f"and {len(result.rows) - SHOWN_ROWS} more; --output json has all of them")


def title(result: Result) -> str:
    """Return what was asked."""
    study = result.study
    whose = f"connector {study.connector}" if study.connector else "the charge point as a whole"
    start = f"{to_instant(study.start):%Y-%m-%d %H:%M:%S} UTC"
    return f"{unit_name(result)} for {whose}, {span(study.duration)} from {start}"


def unit_name(result: Result) -> str:
    """Return the unit in words."""
    return "A per phase" if result.study.unit is ChargingRateUnitType.A else "W"


def span(seconds: int) -> str:
    """Return a duration as people write it: `1 d 2 h`, `90 s`."""
    if seconds < 120:
        return f"{seconds} s"
    parts = []
    for name, size in (("d", DAY), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts)


def plot(result: Result, width: int, *, plain: bool = False) -> list[Text]:
    """Return the limit over time as lines of blocks.

    Each column stands for a stretch of time and shows the lowest limit in it, so nothing that
    restricts is hidden between two columns. Where nothing limits, the top line has a dot.

    Args:
        result: What to draw.
        width: Columns of the terminal.
        plain: Whether only ASCII may be used.
    """
    rows, study = result.rows, result.study
    most = max((row.limit for row in rows if row.limit is not None), default=0.0)
    label = max(len(f"{most:,.10g}"), 1)
    columns = max(8, min(WIDEST, width - label - 3))
    lows = _lows(rows, study.start, study.duration, columns)
    blocks, bar, corner = (_PLAIN_BLOCKS, "|", "+") if plain else (_BLOCKS, "│", "└")
    lines = []
    for line in range(HEIGHT, 0, -1):
        name = f"{most:,.10g}" if line == HEIGHT else ""
        text = Text(f"{name:>{label}} {bar}", style="dim")
        text.append("".join(_cell(low, most, line, blocks) for low in lows), style="cyan")
        lines.append(text)
    dash = "-" if plain else "─"
    lines.append(Text(f"{'0':>{label}} {corner}{dash * columns}", style="dim"))
    lines.append(
        Text(f"{'':>{label}}  {_times(study.start, study.duration, columns)}", style="dim")
    )
    return lines


def _lows(rows: tuple[Row, ...], start: int, duration: int, columns: int) -> list[float | None]:
    lows: list[float | None] = []
    number = 0
    for column in range(columns):
        since = start + column * duration // columns
        until = max(since + 1, start + (column + 1) * duration // columns)
        while rows[number].end <= since:
            number += 1
        inside, at = [], number
        while at < len(rows) and rows[at].start < until:
            inside.append(rows[at].limit)
            at += 1
        lows.append(min((low for low in inside if low is not None), default=None))
    return lows


def _cell(low: float | None, most: float, line: int, blocks: str) -> str:
    if low is None:
        return "." if line == HEIGHT else " "
    eighths = round(low / most * HEIGHT * 8) if most else 0
    if low and not eighths:
        eighths = 1
    return blocks[max(0, min(8, eighths - (line - 1) * 8))]


def _times(start: int, duration: int, columns: int) -> str:
    """Return the axis of time: its beginning, its end, and what has room between them."""
    form = "%H:%M:%S" if duration < 3600 else "%H:%M" if duration <= 2 * DAY else "%m-%d %H:%M"
    width = len(to_instant(start).strftime(form)) + 3
    count = max(1, columns // (2 * width))
    line = ""
    for number in range(count + 1):
        name = to_instant(start + duration * number // count).strftime(form)
        place = columns * number // count
        place = min(max(0, place - (len(name) // 2 if number else 0)), columns - len(name))
        line = f"{line:<{place}}{name}"
    return line


def _table(result: Result, *, plain: bool) -> Table:
    table = Table(box=box.ASCII2 if plain else box.SIMPLE_HEAD, pad_edge=False)
    for name in ("from", "for"):
        table.add_column(name, no_wrap=True)
    table.add_column(result.study.unit.value, justify="right", no_wrap=True)
    table.add_column("phases", justify="right")
    table.add_column("because of", overflow="fold")
    day = None
    for row in result.rows[:SHOWN_ROWS]:
        start = to_instant(row.start)
        # The date stands where it changes.
        date = f"{start:%Y-%m-%d}" if start.date() != day else " " * 10
        day = start.date()
        limit = "no limit" if row.limit is None else f"{row.limit:,.1f}"
        table.add_row(
            f"{date} {start:%H:%M:%S}", span(row.end - row.start), limit, str(row.phases), row.cause
        )
    return table
