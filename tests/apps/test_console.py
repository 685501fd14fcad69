"""How things look in a terminal: widths, escapes, colours."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime

import pytest

from ocpp16 import messages
from ocpp16.apps.demo import DUE, Report
from ocpp16.apps.demo_stage import Chapter, Check
from ocpp16.apps.exchange import Exchange, Remark
from ocpp16.apps.inspection import inspect_frame
from ocpp16.apps.json_lines import JsonLines
from ocpp16.enums import ChargePointErrorCode, ChargePointStatus
from ocpp16.errors import CallFailed, CallTimeout, OcppError
from ocpp16.settings import Leniency
from ocpp16.spec import Side
from ocpp16.structure import Request, Response

cells = pytest.importorskip("rich.cells")
console = pytest.importorskip("ocpp16.apps.console")

AT = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
STATUS = messages.StatusNotificationRequest(
    connector_id=1,
    error_code=ChargePointErrorCode.NO_ERROR,
    status=ChargePointStatus.CHARGING,
)


def exchange(
    request: Request[Response] = STATUS,
    outcome: Response | OcppError = messages.StatusNotificationResponse(),  # noqa: B008 - frozen
    sender: Side = Side.CHARGE_POINT,
) -> Exchange:
    return Exchange(
        at=AT,
        identity="CP[bold]1",
        wire="ocppj",
        sender=sender,
        request=request,
        outcome=outcome,
        seconds=0.0015,
    )


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def shown(*events: object, width: int | None = None, **options: bool) -> list[str]:
    file = Terminal() if width else io.StringIO()
    screen = console.Screen(file, **options)
    for event in events:
        screen.event(event)
    return file.getvalue().splitlines()


def test_a_call_in_a_pipe() -> None:
    assert shown(exchange()) == [
        "12:00:00.123  → StatusNotification             connectorId=1 Charging ⇒ {}   1.5 ms"
    ]


def test_a_call_in_a_log() -> None:
    (line,) = shown(exchange(sender=Side.CENTRAL_SYSTEM), dated=True, named=True)
    assert line.startswith("2026-01-01 12:00:00Z  CP[bold]1  ← StatusNotification ")


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_a_line_fits_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    long = exchange(messages.DataTransferRequest(vendor_id="v", data="x" * 500))
    wide = exchange(messages.AuthorizeRequest(id_tag="漢" * 20))
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in shown(long, wide, width=width)]
    assert len(lines) == 2
    assert [cells.cell_len(line) <= width for line in lines] == [True, True]
    assert lines[0].endswith("1.5 ms") or width == 60


def test_colours_are_for_terminals_and_off_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in shown(exchange(), width=100)[0]
    assert "\x1b[" not in shown(exchange())[0]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in shown(exchange(), width=100)[0]


def test_what_a_peer_sent_is_no_markup_and_no_control_character() -> None:
    nasty = messages.AuthorizeRequest(id_tag="[red]\x1b[2J\n\x07")
    failed = CallFailed("[bold]Boom\x1b", "[/bold]\n")
    first, second = shown(
        exchange(nasty, failed), Remark(at=AT, text="[x]\x1b[0m\nnext", is_warning=True)
    )
    assert "[red]\\x1b[2J\\n\\x07" in first
    assert "the peer answered [bold]Boom\\x1b: [/bold]\\n" in first
    assert second.endswith("[x]\\x1b[0m\\nnext")


def test_a_terminal_that_knows_ascii_only() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    screen = console.Screen(file)
    screen.demo_begins()
    screen.event(exchange())
    screen.event(Check("c", "it holds", ok=True, found=""))
    screen.report(Report(("json",)))
    file.flush()
    assert b"-> StatusNotification" in raw.getvalue()
    assert b"ok it holds" in raw.getvalue()


def test_chapters_and_checks() -> None:
    assert shown(
        Chapter("Title", "What happens."),
        Check("Title", "it holds", ok=True, found=""),
        Check("Title", "it does not", ok=False, found="7, not 8"),
    ) == ["", "Title", "What happens.", "    ✓ it holds", "    ✗ it does not: 7, not 8"]


def reported(report: Report) -> str:
    file = io.StringIO()
    console.Screen(file).report(report)
    return file.getvalue()


def test_a_report_says_what_was_shown_and_what_was_not() -> None:
    report = Report(("json", "soap"), seconds=1.26, exchanges={"json": [exchange()]})
    report.checks = [Check("c", "it holds", ok=False, found="no")]
    report.troubles = ["broken"]
    text = reported(report)
    rows = [line.split() for line in text.splitlines() if "to c" in line]
    assert len(rows) == len(DUE)
    status = next(row for row in rows if row[0] == "StatusNotification")
    assert status[4:] == ["✓", "1", "1.5", "ms", "no", "0", "-"]
    assert "✗ broken" in text
    assert "✗ c: it holds: no" in text
    assert "  and 49 more" in text
    assert "It failed: 0 of 29 rows, 1 calls, 0 of 1 checks, 1.3 s." in text


@pytest.mark.parametrize("width", [20, 30, 37, 45, 60, 80, 120])
@pytest.mark.parametrize("wires", [("json",), ("json", "soap")])
def test_a_table_shows_whole_names_at_every_width(
    width: int, wires: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    file = Terminal()
    console.Screen(file).report(Report(wires))
    text = re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue())
    head, _, *rows = text.strip().splitlines()
    for step, row in zip(DUE, rows, strict=False):
        assert step.action in row.split()
        assert ("no" in row.split()) == (width >= 45)
        assert ("→ " in row or "← " in row or " to c" in row) == (width >= 45)
    assert all(cells.cell_len(row) <= max(width, 29) for row in rows[: len(DUE)])
    assert ("Direction" in head) == (width == 120 or (width == 80 and len(wires) == 1))


def test_lines_without_a_time() -> None:
    (line,) = shown(exchange(), timed=False)
    assert line.startswith("→ StatusNotification ")


def test_verdicts() -> None:
    file = io.StringIO()
    screen = console.Screen(file)
    screen.verdict(1, inspect_frame('[2,"1","Heartbeat",{}]'))
    screen.verdict(2, inspect_frame('[2,"1","Authorize",{"idTag":7}]'))
    screen.verdict(3, inspect_frame("[bold]\x1b"))
    lenient = frozenset({Leniency.UNKNOWN_FIELDS})
    screen.verdict(4, inspect_frame('[2,"1","Heartbeat",{"x":1}]', leniency=lenient))
    screen.verdict(5, inspect_frame('[2,"1","[x]\x7f",{}]'))
    screen.summary(5, 1, 2)
    assert file.getvalue().splitlines() == [
        "     1  CALL        Heartbeat                      valid    accepted",
        "     2  CALL        Authorize                      invalid  refused",
        "        TypeConstraintViolation at /idTag: is the number '7', not text",
        "     3  unparsable  -                              invalid  ignored",
        "        is not JSON (Expecting value: line 1 column 2 (char 1))",
        "     4  CALL        Heartbeat                      invalid  accepted",
        "        at /x: 'x' is not a field of HeartbeatRequest",
        "        tolerated unknown-fields at /x: 'x' is not a field of HeartbeatRequest",
        "     5  CALL        [x]\\x7f                        invalid  refused",
        "        NotImplemented: '[x]\\x7f' is no action of OCPP 1.6",
        "5 frames: 1 valid, 2 accepted",
    ]


def test_json_of_a_call_that_failed() -> None:
    file = io.StringIO()
    lines = JsonLines(file)
    lines.event(exchange(outcome=CallFailed("Odd\x1b", "why")))
    lines.event(exchange(outcome=CallTimeout("late")))
    lines.demo_begins()
    lines.demo_worked()
    lines.summary(1, 1, 1)
    told = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [(one["ok"], one["response"], one["error"]) for one in told] == [
        (False, None, {"code": "Odd\x1b", "reason": "the peer answered Odd\\x1b: why"}),
        (False, None, {"code": None, "reason": "late"}),
    ]
    assert told[0]["time"] == "2026-01-01T12:00:00.123456Z"
    assert told[0]["ms"] == 1.5


def test_a_log_says_where_it_listens() -> None:
    file = io.StringIO()
    console.Screen(file).listening("ws://127.0.0.1:9/ocpp")
    assert file.getvalue().splitlines() == [
        "ws://127.0.0.1:9/ocpp",
        "try: ocpp16 charge-point CP1 --url ws://127.0.0.1:9/ocpp",
    ]


def test_json_lines_are_ascii() -> None:
    file = io.StringIO()
    lines = JsonLines(file)
    lines.event(exchange(messages.AuthorizeRequest(id_tag="ü\u2028\n")))
    lines.event(Remark(at=AT, text="a\nb"))
    lines.event(Chapter("c", "s"))
    lines.verdict(1, inspect_frame('[2,"\\u2028","X",{}]'))
    text = file.getvalue()
    assert text.isascii()
    assert len(text.splitlines()) == 3
