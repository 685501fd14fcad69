from __future__ import annotations

import logging

import pytest

from ocpp16 import log
from ocpp16.log import one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("\x1b[31mred\x00", "\\x1b[31mred\\x00"),
        ("\x85\u2028\u202e", "\\x85\\u2028\\u202e"),
        ("Straße ä", "Straße ä"),
        ("\udcff", "\\udcff"),
    ],
)
def test_control_characters_are_escaped(text: str, line: str) -> None:
    assert one_line(text, 100) == line


@pytest.mark.parametrize("text", ["x" * 100_000, "\n" * 100_000, "x" * 90 + "\n" * 9])
def test_a_line_is_bounded(text: str) -> None:
    line = one_line(text, 100)
    assert len(line) <= 100
    assert line.endswith("...")


def test_a_failure_is_one_bounded_line_with_the_end_of_its_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = ValueError("first\nsecond " + "x" * 5000 + " the end")
    log.failure(logging.getLogger("ocpp16.test"), "it failed", error)
    (record,) = caplog.records
    line = record.getMessage()
    assert line.startswith("it failed: ")
    assert line.endswith("the end")
    assert len(line) <= log.LINE_LIMIT
    assert "\n" not in line


def test_without_configuration_nothing_is_written() -> None:
    handlers = logging.getLogger("ocpp16").handlers
    assert any(isinstance(handler, logging.NullHandler) for handler in handlers)
