"""What commands need of whatever shows their results: a screen, or lines of JSON."""

from __future__ import annotations

import sys
from typing import Protocol

from ocpp16.apps.demo import DemoEvent, Report
from ocpp16.apps.explanation import Part
from ocpp16.apps.options import Output
from ocpp16.apps.output import guarded
from ocpp16.apps.sequence import Step
from ocpp16.apps.verdict import Verdict


class Printer(Protocol):
    """Shows results as they come."""

    def event(self, event: DemoEvent) -> None:
        """Show what happened."""

    def listening(self, url: str) -> None:
        """Show where charge points can connect."""

    def control(self, url: str) -> None:
        """Show where the control API is."""

    def demo_begins(self) -> None:
        """Say what is to be seen."""

    def report(self, report: Report) -> None:
        """Show what a demo has shown."""

    def demo_worked(self) -> None:
        """Say where to go from there."""

    def verdict(self, number: int, verdict: Verdict, parts: list[Part] | None = None) -> None:
        """Show what is said of the frame on a line, and its parts where they are explained."""

    def diagram(self, steps: list[Step]) -> None:
        """Show who said what."""

    def summary(self, frames: int, valid: int, accepted: int) -> None:
        """Show what is said of all frames."""


def printer_for(
    output: Output, *, timed: bool = True, dated: bool = False, named: bool = False
) -> Printer:
    """Return what shows results on standard output."""
    file = guarded(sys.stdout)
    if output is Output.JSON:
        from ocpp16.apps.json_lines import JsonLines  # noqa: PLC0415 - only what is used

        return JsonLines(file)
    from ocpp16.apps.console import Screen  # noqa: PLC0415 - no rich for who wants JSON

    return Screen(file, timed=timed, dated=dated, named=named)
