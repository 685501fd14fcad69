"""What apps tell, as lines of JSON: one object each, in ASCII, whatever a peer put into it."""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO

import attrs

from ocpp16.apps.demo import DUE, DemoEvent, Report
from ocpp16.apps.exchange import Exchange, Remark
from ocpp16.apps.explanation import Part
from ocpp16.apps.sequence import Step
from ocpp16.apps.summary import payload_of
from ocpp16.apps.verdict import Verdict
from ocpp16.errors import CallFailed, InvalidResponse, OcppError
from ocpp16.log import one_line
from ocpp16.primitives import format_timestamp
from ocpp16.structure import Response

LINE_LIMIT = 2048


class JsonLines:
    """Prints what happens, one object a line.

    Args:
        file: Where to; None is standard output.
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self._file = file or sys.stdout

    def event(self, event: DemoEvent) -> None:
        """Print a call, or a remark; chapters and checks of a demo are in its report."""
        match event:
            case Exchange():
                self._line(exchange_object(event))
            case Remark():
                self._line(remark_object(event))
            case _:
                pass

    def listening(self, url: str) -> None:
        """Print where charge points can connect."""
        self._line({"type": "listening", "url": url})

    def control(self, url: str) -> None:
        """Print where the control API is."""
        self._line({"type": "control", "url": url})

    def demo_begins(self) -> None:
        """Print nothing."""

    def demo_worked(self) -> None:
        """Print nothing."""

    def report(self, report: Report) -> None:
        """Print what a demo has shown."""
        self._line(report_object(report))

    def verdict(self, number: int, verdict: Verdict, parts: list[Part] | None = None) -> None:
        """Print what is said of one frame, and its parts where they are explained."""
        explained = {} if parts is None else {"parts": [attrs.asdict(part) for part in parts]}
        self._line({"line": number, **verdict.to_json(), **explained})

    def diagram(self, steps: list[Step]) -> None:
        """Print each arrow."""
        for step in steps:
            sender = None if step.sender is None else step.sender.value
            self._line({"type": "step", **attrs.asdict(step), "sender": sender})

    def summary(self, frames: int, valid: int, accepted: int) -> None:
        """Print nothing: each object stands for one frame."""

    def _line(self, value: dict[str, Any]) -> None:
        self._file.write(f"{json.dumps(value, ensure_ascii=True)}\n")
        self._file.flush()


def exchange_object(exchange: Exchange) -> dict[str, Any]:
    """Return a call with its answer."""
    outcome = exchange.outcome
    return {
        "type": "exchange",
        "time": format_timestamp(exchange.at),
        "identity": exchange.identity,
        "wire": exchange.wire,
        "sender": exchange.sender.value,
        "action": exchange.action,
        "ok": exchange.ok,
        "ms": round(exchange.seconds * 1000, 3),
        "request": payload_of(exchange.request),
        "response": payload_of(outcome) if isinstance(outcome, Response) else None,
        "error": _error_object(outcome) if isinstance(outcome, OcppError) else None,
    }


def _error_object(error: OcppError) -> dict[str, Any]:
    code = error.code if isinstance(error, (CallFailed, InvalidResponse)) else None
    return {"code": code if code is None else str(code), "reason": one_line(str(error), LINE_LIMIT)}


def remark_object(remark: Remark) -> dict[str, Any]:
    """Return a remark."""
    return {
        "type": "log",
        "time": format_timestamp(remark.at),
        "level": "warning" if remark.is_warning else "info",
        "text": one_line(remark.text, LINE_LIMIT),
    }


def report_object(report: Report) -> dict[str, Any]:
    """Return what a demo has shown."""
    return {
        "type": "summary",
        "ok": report.ok,
        "seconds": round(report.seconds, 3),
        "exchanges": sum(len(exchanges) for exchanges in report.exchanges.values()),
        "actions": [
            {
                "action": step.action,
                "sender": step.sender,
                "wires": {
                    wire: {
                        "ok": tally.ok,
                        "calls": tally.calls,
                        "failures": tally.failures,
                        "ms": None if tally.milliseconds is None else round(tally.milliseconds, 3),
                    }
                    for wire in report.wires
                    for tally in (report.tally(step, wire),)
                },
            }
            for step in DUE
        ],
        "checks": [
            {"chapter": check.chapter, "text": check.text, "ok": check.ok, "found": check.found}
            for check in report.checks
        ],
        "failures": report.failures,
    }
