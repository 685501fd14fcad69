"""How apps look in a terminal. The only module that knows `rich`.

Whatever a peer sent is escaped before it comes here, and goes into `Text`, which reads no markup.
An arrow to the right is from the charge point to the central system. Colours are for terminals
only, and off with NO_COLOR.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TextIO

import attrs
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ocpp16.apps.demo import DUE, DemoEvent, Report, Step, Tally
from ocpp16.apps.demo_stage import Chapter, Check, Pause
from ocpp16.apps.exchange import Exchange, Remark
from ocpp16.apps.explanation import Part
from ocpp16.apps.sequence import Step as Arrow
from ocpp16.apps.sequence import draw
from ocpp16.apps.summary import summarise
from ocpp16.apps.verdict import Kind, Verdict
from ocpp16.log import one_line
from ocpp16.spec import Side
from ocpp16.structure import Response

ACTION_WIDTH = 29
"""Characters of the longest action that is in daily use."""
NARROW = 96
"""A terminal with fewer columns gets shorter times, and no room for the longest actions."""
NARROW_ACTION_WIDTH = 22
PIPE_WIDTH = 400
"""Where there is no terminal, lines are cut here only."""
PIPE_TABLE_WIDTH = 120
"""Columns of a table where there is no terminal."""
LEAST_ANSWER = 18
"""Columns that an answer gets, however long the request is."""
SHOWN_FAILURES = 10
VALUE_WIDTH = 32
"""Columns of a value that is explained."""
DIAGRAM_WIDTH = 100


@attrs.frozen
class _Layout:
    """What a table of a demo has room for."""

    direction: bool = False
    """A column that names who is called; an arrow before the action stands for it otherwise."""
    arrow: bool = True
    calls: bool = False
    times: bool = False


_LAYOUTS = (
    _Layout(direction=True, arrow=False, calls=True, times=True),
    _Layout(calls=True, times=True),
    _Layout(times=True),
    _Layout(),
    _Layout(arrow=False),
)
"""From the widest to the narrowest; the last one has nothing left to do without."""


class Screen:
    """Prints what happens, line by line.

    Args:
        file: Where to; None is standard output.
        timed: Whether lines tell the time.
        dated: Whether lines tell the date as well, as a log needs it.
        named: Whether lines tell the identity.
    """

    def __init__(
        self,
        file: TextIO | None = None,
        *,
        timed: bool = True,
        dated: bool = False,
        named: bool = False,
    ) -> None:
        self._console = Console(
            file=file or sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True
        )
        self._width = self._console.width if self._console.is_terminal else PIPE_WIDTH
        if not self._console.is_terminal:
            self._console.width = PIPE_TABLE_WIDTH
        self._is_narrow = self._width < NARROW
        self._timed = timed
        self._dated = dated
        self._named = named
        plain = not self._console.encoding.lower().startswith("utf")
        self._symbols = _ASCII if plain else _UNICODE

    def event(self, event: DemoEvent) -> None:
        """Print what happened."""
        match event:
            case Exchange():
                self._exchange(event)
            case Check():
                self._check(event)
            case Remark():
                self._remark(event)
            case Pause(minutes=minutes):
                passes = f"{minutes} minutes pass" if minutes > 1 else "a minute passes"
                self._line(Text(f"    ({passes})", style="dim"))
            case Chapter(title=title, summary=summary):
                self._line(Text())
                self._line(Text(title, style="bold"))
                self._line(Text(summary, style="dim"))

    def _exchange(self, exchange: Exchange) -> None:
        is_up = exchange.sender is Side.CHARGE_POINT
        head = self._time(exchange.at)
        if self._named:
            head.append(f"{one_line(exchange.identity, 48)}  ")
        arrow = self._symbols["up" if is_up else "down"]
        head.append(f"{arrow} ", "cyan" if is_up else "magenta")
        has_room = not (self._is_narrow and self._timed)
        width = ACTION_WIDTH if has_room else NARROW_ACTION_WIDTH
        head.append(f"{exchange.action:<{width}}  ", "bold")
        tail = Text(f"  {exchange.seconds * 1000:.1f} ms".rjust(9), style="dim")
        room = max(LEAST_ANSWER, self._width - head.cell_len - tail.cell_len)
        body = self._body(exchange, room)
        if self._console.is_terminal:
            body.pad_right(max(0, room - body.cell_len))
        line = Text.assemble(head, body, tail)
        if self._console.is_terminal:
            line.truncate(self._width, overflow="ellipsis")
        self._line(line)

    def _body(self, exchange: Exchange, room: int) -> Text:
        outcome = exchange.outcome
        if isinstance(outcome, Response):
            answer = Text(summarise(outcome, room) or "{}", style="green")
        else:
            answer = Text(one_line(str(outcome), room), style="bold red")
        request = Text(summarise(exchange.request, room))
        arrow = f"{' ' if request else ''}{self._symbols['answer']} "
        for_answer = max(LEAST_ANSWER, room - len(arrow) - request.cell_len)
        answer.truncate(for_answer, overflow="ellipsis")
        request.truncate(max(0, room - len(arrow) - answer.cell_len), overflow="ellipsis")
        return Text.assemble(request, (arrow, "dim"), answer)

    def _check(self, check: Check) -> None:
        if check.ok:
            self._line(Text(f"    {self._symbols['ok']} {check.text}", style="green"))
        else:
            text = one_line(f"{check.text}: {check.found}", PIPE_WIDTH)
            self._line(Text(f"    {self._symbols['bad']} {text}", style="bold red"))

    def _remark(self, remark: Remark) -> None:
        style = "yellow" if remark.is_warning else "dim"
        self._line(self._time(remark.at).append(one_line(remark.text, PIPE_WIDTH), style))

    def _time(self, at: datetime) -> Text:
        if not self._timed:
            return Text()
        moment = at.astimezone(UTC)
        if self._dated:
            shown = f"{moment:%Y-%m-%d %H:%M:%S}Z"
        elif self._is_narrow:
            shown = f"{moment:%H:%M:%S}"
        else:
            shown = f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"
        return Text.assemble((shown, "dim"), "  ")

    def _line(self, text: Text) -> None:
        text.rstrip()
        self._console.print(text)

    def listening(self, url: str) -> None:
        """Print where charge points can connect: the URL alone, then a hint."""
        self._line(Text(url))
        listen = " --listen http://127.0.0.1:0/" if url.startswith("http") else ""
        self._line(Text(f"try: ocpp16 charge-point CP1 --url {url}{listen}", style="dim"))

    def control(self, url: str) -> None:
        """Print where the control API is."""
        self._line(Text(f"control API: {url}"))

    # The demo, its beginning and its end

    def demo_begins(self) -> None:
        """Print what is to be seen."""
        self._line(Text("OCPP 1.6: a charge point and its central system", style="bold"))
        up, down = self._symbols["up"], self._symbols["down"]
        text = f"{up} from the charge point, {down} from the central system, each with its answer"
        self._line(Text(text, style="dim"))

    def demo_worked(self) -> None:
        """Print where to go from there."""
        self._line(Text())
        self._line(Text("Next, in two terminals:", style="dim"))
        self._line(Text("  ocpp16 central-system --json 127.0.0.1:9000 --open"))
        self._line(Text("  ocpp16 charge-point CP1 --url ws://127.0.0.1:9000/ocpp"))

    def report(self, report: Report) -> None:
        """Print what a demo has shown."""
        unbounded = self._console.options.update(width=PIPE_WIDTH)
        layouts = iter(_LAYOUTS)
        while True:
            layout = next(layouts)
            table = self._table(report, layout)
            width = self._console.measure(table, options=unbounded).maximum
            if width <= self._console.width or layout is _LAYOUTS[-1]:
                break
        self._console.print()
        # Names are never cut: where even the narrowest table has no room, the terminal wraps it.
        self._console.width = max(width, self._console.width)
        self._console.print(table, crop=False)
        if layout.arrow:
            up, down = self._symbols["up"], self._symbols["down"]
            self._line(Text(f"{up} to central system, {down} to charge point", style="dim"))
        self._console.print()
        for failure in report.failures[:SHOWN_FAILURES]:
            text = f"{self._symbols['bad']} {one_line(failure, PIPE_WIDTH)}"
            self._line(Text(text, style="bold red"))
        if len(report.failures) > SHOWN_FAILURES:
            text = f"  and {len(report.failures) - SHOWN_FAILURES} more"
            self._line(Text(text, style="bold red"))
        self._line(self._conclusion(report))

    def _table(self, report: Report, layout: _Layout) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        table.add_column("Action", no_wrap=True)
        if layout.direction:
            table.add_column("Direction", no_wrap=True)
        for wire in report.wires:
            if layout.direction or layout.arrow:
                table.add_column(wire, justify="center", no_wrap=True)
            if layout.calls:
                table.add_column("calls", justify="right", no_wrap=True)
            if layout.times:
                header = "round trip" if layout.direction else "ms"
                table.add_column(header, justify="right", no_wrap=True)
        for step in DUE:
            tallies = [report.tally(step, wire) for wire in report.wires]
            cells = [cell for tally in tallies for cell in self._cells(tally, layout)]
            table.add_row(*self._step_cells(step, tallies, layout), *cells)
        return table

    def _step_cells(self, step: Step, tallies: list[Tally], layout: _Layout) -> list[Text]:
        is_up = step.sender == Side.CHARGE_POINT.value
        style = "cyan" if is_up else "magenta"
        action = Text(step.action, "" if all(tally.ok for tally in tallies) else "bold red")
        if layout.direction:
            to = Side.CENTRAL_SYSTEM if is_up else Side.CHARGE_POINT
            return [action, Text(f"to {to.value}", style=style)]
        if layout.arrow:
            arrow = self._symbols["up" if is_up else "down"]
            return [Text.assemble((f"{arrow} ", style), action)]
        return [action]

    def _cells(self, tally: Tally, layout: _Layout) -> list[Text]:
        cells = []
        if layout.direction or layout.arrow:
            ok = Text(self._symbols["ok"], "green") if tally.ok else Text("no", "bold red")
            cells.append(ok)
        if layout.calls:
            cells.append(Text(str(tally.calls)))
        if layout.times:
            unit = " ms" if layout.direction else ""
            took = "-" if tally.milliseconds is None else f"{tally.milliseconds:.1f}{unit}"
            cells.append(Text(took))
        return cells

    def _conclusion(self, report: Report) -> Text:
        calls = sum(len(exchanges) for exchanges in report.exchanges.values())
        held = sum(check.ok for check in report.checks)
        shown = sum(all(report.tally(step, wire).ok for wire in report.wires) for step in DUE)
        verdict = ("All of it worked", "bold green") if report.ok else ("It failed", "bold red")
        return Text.assemble(
            verdict,
            f": {shown} of {len(DUE)} rows, {calls} calls, {held} of {len(report.checks)} checks, "
            f"{report.seconds:.1f} s.",
        )

    # Inspection

    def verdict(self, number: int, verdict: Verdict, parts: list[Part] | None = None) -> None:
        """Print what is said of one frame, and its parts where they are explained."""
        action = one_line(verdict.action or "-", 40)
        head = Text(f"{number:>6}  {verdict.kind:<10}  {action:<{ACTION_WIDTH}}  ")
        head.append("valid    " if verdict.valid else "invalid  ", _style(verdict.valid))
        head.append(_fate(verdict), _style(verdict.accepted))
        self._line(head)
        if verdict.reason is not None:
            where = "" if verdict.path is None else f"at {verdict.path or 'payload'}"
            place = " ".join(part for part in (verdict.code, where) if part)
            text = f"{place}: {verdict.reason}" if place else verdict.reason
            self._line(Text(f"        {one_line(text, PIPE_WIDTH)}", "yellow"))
        for deviation in verdict.deviations:
            text = f"{deviation.kind} at {deviation.path}: {deviation.reason}"
            self._line(Text(f"        tolerated {one_line(text, PIPE_WIDTH)}", "yellow"))
        if parts:
            self._explanation(parts)

    def _explanation(self, parts: list[Part]) -> None:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(max_width=VALUE_WIDTH, overflow="fold")
        table.add_column(overflow="fold")
        for part in parts:
            name = Text(f"{'  ' * (4 + part.depth)}{one_line(part.name, VALUE_WIDTH)}", "bold")
            table.add_row(name, Text(part.value, "cyan"), Text(one_line(part.meaning, PIPE_WIDTH)))
        self._console.print(table, soft_wrap=False)
        self._line(Text())

    def diagram(self, steps: list[Arrow]) -> None:
        """Print who said what."""
        plain = self._symbols is _ASCII
        self._line(Text())
        for line, step in draw(steps, min(self._console.width, DIAGRAM_WIDTH), plain=plain):
            style = "" if step.is_good else "bold red"
            self._line(Text(line, style or ("green" if step.is_answer else "")))
        self._line(Text())

    def summary(self, frames: int, valid: int, accepted: int) -> None:
        """Print what is said of all frames."""
        text = f"{frames} frame{'' if frames == 1 else 's'}: {valid} valid, {accepted} accepted"
        self._line(Text(text, style=_style(valid == frames)))


_UNICODE = {"up": "→", "down": "←", "answer": "⇒", "ok": "✓", "bad": "✗"}
_ASCII = {"up": "->", "down": "<-", "answer": "=>", "ok": "ok", "bad": "FAILED"}


def _fate(verdict: Verdict) -> str:
    """Return what becomes of a frame; one that gets no answer is ignored by whoever receives it."""
    if verdict.accepted:
        return "accepted"
    is_answer = verdict.kind in {Kind.CALL_RESULT, Kind.CALL_ERROR}
    return "refused" if verdict.code is not None or is_answer else "ignored"


def _style(good: bool) -> str:
    return "green" if good else "bold red"
