"""What the commands of the bridge print: tables for people, or one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import attrs

from ocpp16.apps.bridge_configuration import Configuration, Fault, shown
from ocpp16.log import one_line

if TYPE_CHECKING:
    from ocpp16.store.bridge.query import ChargerRow, MessageRow

CELL = 200
"""Characters of a text in a table."""
PIPE_WIDTH = 160
"""Columns where there is no terminal."""


@attrs.define
class ConfigurationReport:
    """What is said of a configuration."""

    file: Path
    settings: Configuration | None = None
    faults: tuple[Fault, ...] = ()


class Report(Protocol):
    """A way to print."""

    def configuration(self, report: ConfigurationReport) -> None:
        """Print what is wrong with a configuration, or what it says."""

    def chargers(self, rows: Sequence[ChargerRow]) -> None:
        """Print charge points."""

    def messages(self, rows: Sequence[MessageRow]) -> None:
        """Print messages."""


class JsonReport:
    """Prints one JSON object a line, in ASCII."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def configuration(self, report: ConfigurationReport) -> None:
        """Print an object for each fault, and a summary."""
        for fault in report.faults:
            self._line({"type": "fault", **attrs.asdict(fault)})
        summary: dict[str, Any] = {
            "type": "summary",
            "ok": not report.faults,
            "faults": len(report.faults),
        }
        if report.settings is not None:
            summary["settings"] = shown(report.settings.settings)
            summary["sources"] = dict(report.settings.sources)
        self._line(summary)

    def chargers(self, rows: Sequence[ChargerRow]) -> None:
        """Print an object for each charge point."""
        for row in rows:
            self._line(
                {
                    "type": "charger",
                    "identity": row.identity,
                    "online": row.is_online,
                    "upstream": row.upstream,
                    "registration": row.status,
                    "interval": row.interval,
                    "queued": row.queued,
                    "oldest": _time(row.oldest),
                    "held": row.held,
                    "dead": row.dead,
                    "lastSeen": _time(row.last_seen),
                    "lastError": row.last_error,
                    "callback": row.callback,
                }
            )

    def messages(self, rows: Sequence[MessageRow]) -> None:
        """Print an object for each message."""
        for row in rows:
            self._line(
                {
                    "type": "message",
                    "id": row.key,
                    "identity": row.identity,
                    "action": row.action,
                    "state": str(row.state),
                    "received": _time(row.received),
                    "attempts": row.attempts,
                    "reason": row.reason,
                    "messageId": row.call_id,
                    "payload": json.loads(row.payload),
                }
            )

    def _line(self, value: dict[str, Any]) -> None:
        self._file.write(f"{json.dumps(value, ensure_ascii=True)}\n")
        self._file.flush()


class TextReport:
    """Prints tables; whatever a peer sent is escaped, and reads as no markup."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def configuration(self, report: ConfigurationReport) -> None:
        """Print each fault with what to do, or what is not the default."""
        for fault in report.faults:
            self._file.write(f"{fault.place}\n  wrong: {fault.problem}\n  do:    {fault.advice}\n")
        if report.faults:
            count = len(report.faults)
            self._file.write(f"{count} {'fault' if count == 1 else 'faults'}\n")
        elif report.settings is not None:
            values = shown(report.settings.settings)
            chargers = len(report.settings.settings.chargers)
            self._file.write(f"{report.file} is right; charge points: {chargers}\n")
            for key, place in report.settings.sources.items():
                self._file.write(f"  {key} = {values[key]}  ({place})\n")
        self._file.flush()

    def chargers(self, rows: Sequence[ChargerRow]) -> None:
        """Print a table of charge points."""
        self._table(
            ("Charger", "Online", "Upstream", "Registration", "Queue", "Oldest", "Held", "Dead",
             "Last seen", "Last error"),
            [
                (
                    row.identity,
                    "yes" if row.is_online else "no",
                    row.upstream,
                    row.status or "-",
                    str(row.queued),
                    _time(row.oldest) or "-",
                    str(row.held),
                    str(row.dead),
                    _time(row.last_seen) or "never",
                    row.last_error or "",
                )
                for row in rows
            ],
            "no charge point has come yet",
        )  # fmt: skip

    def messages(self, rows: Sequence[MessageRow]) -> None:
        """Print a table of messages."""
        self._table(
            ("ID", "Action", "State", "Received", "Attempts", "Reason"),
            [
                (
                    str(row.key),
                    row.action,
                    str(row.state),
                    _time(row.received) or "",
                    str(row.attempts),
                    row.reason or "",
                )
                for row in rows
            ],
            "nothing waits",
        )

    def _table(self, head: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> None:
        from rich import box  # noqa: PLC0415 - who wants JSON needs no rich
        from rich.console import Console  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        if not rows:
            self._file.write(f"{nothing}\n")
            self._file.flush()
            return
        console = Console(file=self._file, highlight=False)
        if not console.is_terminal:
            console = Console(file=self._file, highlight=False, width=PIPE_WIDTH)
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for title in head:
            table.add_column(title, overflow="fold")
        for row in rows:
            table.add_row(*(Text(one_line(cell, CELL)) for cell in row))
        console.print(table)
        self._file.flush()


def _time(at: datetime | None) -> str | None:
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
