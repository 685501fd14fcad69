"""The doubts of the fast path: what they take is what the careful functions take."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocpp16.bindings.ocppj.fast import Unusual, check_numbers, check_quotes, instant
from ocpp16.primitives import parse_timestamp

STAMP = "2024-02-29T12:30:45Z"


@given(
    st.tuples(
        st.sampled_from(["2024-02-29", "2024-W09-4", "20240229", "2023-02-29", "0000-01-01"]),
        st.sampled_from(["T", "t", " ", ""]),
        st.sampled_from(
            ["12:30:45", "123045", "12:30", "24:00:00", "23:59:60", "12:30:4", "1:2:3"]
        ),
        st.sampled_from(["", ".", ",5"]) | st.from_regex(r"\.[0-9]{1,9}", fullmatch=True),
        st.sampled_from(["Z", "z", "+00:00", "-00:00", "+0000", "+00", "+01:00", "", "ZZ", "Z0"]),
    ).map("".join)
    | st.text("0123456789-:.TZW+ \u0661", min_size=18, max_size=28)
)
@example("2024-02-29T123045.1Z")
@example("2024-02-29T12:30:45.Z")
@example("2024-02-29T12:30:45Z+00:00")
@example("2024-02-29T24:00:00Z")
@example("2024-02-29T24:00:00.0Z")
@example("9999-12-31T23:59:60Z")
@example("\u0662024-02-29T12:30:45Z")
def test_an_instant_is_read_as_the_slow_path_reads_it(text: str) -> None:
    try:
        due = parse_timestamp(text)
    except ValueError:
        with pytest.raises(Unusual):
            instant(text)
    else:
        found = instant(text)
        assert (found, found.tzinfo) == (due, UTC)


@pytest.mark.parametrize("place", range(len(STAMP)))
def test_each_character_of_an_instant_counts(place: int) -> None:
    for character in "0123456789-:. TtZzW+":
        test_an_instant_is_read_as_the_slow_path_reads_it.hypothesis.inner_test(  # type: ignore[attr-defined]
            STAMP[:place] + character + STAMP[place + 1 :]
        )


def test_usual_instants() -> None:
    for tail, microsecond in (("", 0), (".5", 500_000), (".123456", 123_456)):
        for offset in ("Z", "+00:00"):
            assert instant(f"2024-02-29T12:30:45{tail}{offset}") == datetime(
                2024, 2, 29, 12, 30, 45, microsecond, UTC
            )


@pytest.mark.parametrize(
    ("payload", "quotes"),
    [
        (b'{"a" : 1}', 2),
        (b'{"a":"x"}', 4),
        (rb'{"a":"\""}', 4),
        (rb'{"a":"\\"}', 4),
        (rb'{"a":"\\\""}', 4),
        (rb'{"a":"\u0022"}', 4),
        (rb'{"\u0061":"\\\\\"\\"}', 4),
    ],
)
def test_quotes_that_stand_in_texts_are_not_counted(payload: bytes, quotes: int) -> None:
    check_quotes(payload, quotes)
    with pytest.raises(Unusual):
        check_quotes(payload, quotes - 2)


@pytest.mark.parametrize("before", range(8))
def test_long_numbers_are_doubted_wherever_they_stand(before: int) -> None:
    space = b" " * before
    check_numbers(space + b"12345678.125 ")
    for number in (b"1.00000000000000001", b"1234567890123456", b"1e-400", b"1.5E-1", b"0e-1"):
        with pytest.raises(Unusual):
            check_numbers(space + number)
