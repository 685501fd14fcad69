"""Log lines of the bridge: one an event, escaped, bounded, as text or as JSON."""

from __future__ import annotations

import io
import json
import logging

import pytest

from ocpp16.apps.bridge_log import log_event, logging_to
from ocpp16.bridge import event
from ocpp16.bridge.settings import LogFormat, LogLevel

CROSSED = event.ExchangeCrossed("CP1", "Heartbeat", event.Direction.UP, "answered", 0.0123, "id-1")


def logged(*events: event.Event, form: LogFormat = LogFormat.TEXT) -> list[str]:
    file = io.StringIO()
    with logging_to(file, form):
        for each in events:
            log_event(each)
    return file.getvalue().splitlines()


def test_an_exchange_is_one_line() -> None:
    (line,) = logged(CROSSED)
    time, level, text = line.split(" ", 2)
    assert time.endswith("Z")
    assert (level, text) == ("INFO", "CP1: up Heartbeat answered 12.3 ms id=id-1")


def test_an_exchange_is_one_object() -> None:
    (line,) = logged(CROSSED, form=LogFormat.JSON)
    value = json.loads(line)
    assert value.pop("time").endswith("Z")
    assert value == {
        "level": "info", "event": "exchange-crossed", "identity": "CP1", "action": "Heartbeat",
        "direction": "up", "outcome": "answered", "seconds": 0.0123, "correlation": "id-1",
    }  # fmt: skip


def test_what_a_peer_wrote_stays_on_its_line() -> None:
    wild = event.Refused("CP\n1", "Start\x1b[31m", "why\r\nnot")
    (line,) = logged(wild)
    assert line.endswith("WARNING CP\\n1: refused action=Start\\x1b[31m reason=why\\r\\nnot")
    (line,) = logged(wild, form=LogFormat.JSON)
    assert json.loads(line)["reason"] == "why\\r\\nnot"


@pytest.mark.parametrize("form", LogFormat)
def test_lines_are_bounded(form: LogFormat) -> None:
    long = event.Altered("CP1", "A" * 9000, tuple("x" * 1000 for _ in range(1000)))
    (line,) = logged(long, event.Refused("CP1", "A" * 9000, "r" * 9000), form=form)[:1]
    assert len(line) < 2200


def test_levels_tell_what_wants_a_look() -> None:
    lines = logged(
        event.Stored("CP1", "StopTransaction", "1"),
        event.DeadLettered("CP1", "StopTransaction", "1", "refused"),
        event.OutcomeUnknown("CP1", "Reset", event.Direction.DOWN, "2", "cut off"),
        event.UpstreamOpened("CP1"),
    )
    assert [line.split(" ")[1] for line in lines] == ["ERROR", "WARNING", "INFO"]
    assert lines[0].endswith(
        "CP1: dead-lettered action=StopTransaction correlation=1 reason=refused"
    )


def test_what_the_library_logs_is_in_the_same_form() -> None:
    file = io.StringIO()
    with logging_to(file, LogFormat.JSON):
        logging.getLogger("ocpp16.events").warning("CP1: odd\n")
        logging.getLogger("other").warning("not ours")
    value = json.loads(file.getvalue())
    assert (value["logger"], value["text"], value["level"]) == (
        "ocpp16.events", "CP1: odd\\n", "warning",
    )  # fmt: skip


def test_the_level_is_a_setting() -> None:
    file = io.StringIO()
    with logging_to(file, LogFormat.TEXT, LogLevel.WARNING):
        log_event(CROSSED)
        log_event(event.Refused("CP1", "Heartbeat", "x"))
    assert "exchange" not in file.getvalue()
    assert len(file.getvalue().splitlines()) == 1


def test_logging_is_as_before_afterwards() -> None:
    root = logging.getLogger("ocpp16")
    before = (root.level, list(root.handlers))
    logged(CROSSED)
    assert (root.level, root.handlers) == before
