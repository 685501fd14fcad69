"""Simple values: timestamps, one-decimal numbers, texts compared without case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from math import inf, nan, nextafter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp16.primitives import (
    TENTHS_LIMIT,
    format_timestamp,
    is_boolean,
    is_instant,
    is_integer,
    is_tenths,
    parse_loose_timestamp,
    parse_timestamp,
    same_text,
    to_tenths,
    to_utc,
)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_timestamp_is_read_as_it_was_written(instant: datetime) -> None:
    assert parse_timestamp(format_timestamp(instant)) == instant


def test_a_timestamp_is_written_in_utc() -> None:
    local = datetime(2024, 1, 1, 2, 0, tzinfo=timezone(timedelta(hours=2)))
    assert format_timestamp(local) == "2024-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "text",
    ["", "Z", "2024-13-01T00:00:00Z", "2024-02-30T00:00:00Z", "2024-01-01T25:00:00Z",
     "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z", "2024-01-01T12:34:60Z",
     "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00", "2024-01-01T00:00Z", "1000000",
     "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:60Z",
     "\u0662024-01-01T00:00:00Z", "2024-01-01T00:00:00Z\n"],
)  # fmt: skip
def test_what_names_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"instant|RFC 3339|leap"):
        parse_timestamp(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01T00:59:60+01:00", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31T23:59:60.5Z", datetime(2017, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_a_leap_second_is_the_first_of_the_next_minute(text: str, expected: datetime) -> None:
    assert parse_timestamp(text) == expected


@pytest.mark.parametrize(
    "text", ["2024-01-01", "2024-01-01 00:00", "20240101T000000", "2024-W01-1"]
)
def test_loose_timestamps_are_taken_as_utc(text: str) -> None:
    assert parse_loose_timestamp(text) == datetime(2024, 1, 1, tzinfo=UTC)


def test_loose_timestamps_are_dates_still() -> None:
    for text in ("", "now", "1000000", "0001-01-01T00:00:00+01:00"):
        with pytest.raises(ValueError, match="ISO 8601"):
            parse_loose_timestamp(text)


@given(st.integers(-9 * 10**14, 9 * 10**14))
def test_every_tenth_has_one_decimal_and_its_neighbours_have_more(tenths: int) -> None:
    number = tenths / 10
    assert is_tenths(number)
    for neighbour in (nextafter(number, inf), nextafter(number, -inf)):
        if round(neighbour, 1) != neighbour:
            assert not is_tenths(neighbour)
    if abs(number) < 10**13:
        assert not is_tenths(nextafter(number, inf))


@pytest.mark.parametrize("value", [nan, inf, -inf, 0.05, TENTHS_LIMIT * 2, 1, True, "1", None])
def test_what_is_no_number_with_one_decimal(value: object) -> None:
    assert not is_tenths(value)


@pytest.mark.parametrize("value", [True, 1.0, "1", 2**63, -(2**63) - 1, None])
def test_what_is_no_integer(value: object) -> None:
    assert not is_integer(value)


def test_what_is_an_integer() -> None:
    assert is_integer(2**63 - 1)
    assert is_integer(-(2**63))
    assert is_boolean(True)
    assert not is_boolean(1)


def test_integers_and_decimals_become_floats() -> None:
    assert to_tenths(16) == 16.0
    assert type(to_tenths(16)) is float
    assert to_tenths(Decimal("1.5")) == 1.5  # type: ignore[arg-type]
    assert to_tenths(10**400) == 10**400
    for odd in ("sNaN", "NaN", "Infinity", "1e999999", "16.10000000000000000001", "0.05"):
        number: Any = Decimal(odd)
        assert to_tenths(number) is number


def test_aware_datetimes_become_utc_and_others_stay_as_they_are() -> None:
    local = datetime(2024, 1, 1, 2, 0, tzinfo=timezone(timedelta(hours=2)))
    assert to_utc(local).tzinfo is UTC
    assert to_utc(local) == local
    naive = datetime(2024, 1, 1)
    assert to_utc(naive) is naive

    class Stamp(datetime):
        """A datetime of another library."""

    stamp = to_utc(Stamp(2024, 1, 1, 2, 0, tzinfo=timezone(timedelta(hours=2))))
    assert is_instant(stamp)
    assert stamp == datetime(2024, 1, 1, tzinfo=UTC)
    assert is_instant(to_utc(Stamp(2024, 1, 1, tzinfo=UTC)))
    first = datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))
    assert to_utc(first) is first
    assert is_instant(to_utc(local))
    assert not is_instant(naive)
    assert not is_instant(local)


def test_identifiers_are_compared_without_case() -> None:
    assert same_text("AbC", "aBc")
    assert not same_text("abc", "abd")
