"""Rules of OCPP's simple values: timestamps, one-decimal numbers, texts compared without case.

Pure functions. Knows no message, no field and no wire. Spec: C 3.14, 7.x; CE 3.58-3.62; FACTS of
both contract families agree on these.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

INTEGER_MIN = -(2**63)
INTEGER_MAX = 2**63 - 1
TENTHS_LIMIT = 9.0e14
"""Above this, a double does not hold every tenth, so a limit would silently become another one."""

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)


def parse_timestamp(text: str) -> datetime:
    """Read an RFC 3339 instant: any offset, any fraction (rounded to microseconds).

    A leap second (`23:59:60`) is the first second of the next minute.

    Raises:
        ValueError: The text has no offset, no seconds, another form, or names no instant.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("is not a date and time with seconds and offset (RFC 3339)")
    date, minute, second, fraction, offset = match.groups()
    leap = second == "60"
    try:
        instant = datetime.fromisoformat(
            f"{date}T{minute}:{'59' if leap else second}{'+00:00' if offset in 'Zz' else offset}"
        ).astimezone(UTC)
        if fraction:
            # Half a microsecond goes up, as the fast decoder does it.
            instant += timedelta(microseconds=(int(fraction[:7].ljust(7, "0")) + 5) // 10)
        if leap:
            instant += timedelta(seconds=1)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"names no instant ({error})") from None
    if leap and (instant.hour, instant.minute, instant.second) != (0, 0, 0):
        raise ValueError("names a leap second that cannot be")
    return instant


def parse_loose_timestamp(text: str) -> datetime:
    """Read any ISO 8601 date and time; one without an offset is taken as UTC.

    Raises:
        ValueError: The text is no ISO 8601 date and time.
    """
    try:
        instant = datetime.fromisoformat(text.strip())
        if instant.tzinfo is None:
            return instant.replace(tzinfo=UTC)
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not an ISO 8601 date and time") from None


def format_timestamp(instant: datetime) -> str:
    """Write an instant in UTC, with `Z`, and with microseconds only where it has any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def is_instant(value: object) -> bool:
    """Tell whether a value is a datetime in UTC, as every timestamp of the core is."""
    return type(value) is datetime and value.tzinfo is UTC


def to_utc(value: datetime) -> datetime:
    """Return an aware datetime in UTC; anything else comes back as it is, for `check` to refuse."""
    foreign: object = value
    if not isinstance(foreign, datetime) or is_instant(value) or foreign.utcoffset() is None:
        return value
    try:
        instant = foreign.astimezone(UTC)
    except OverflowError:
        return value
    if type(instant) is datetime:
        return instant
    # Other libraries have datetimes of their own.
    return datetime(
        instant.year,
        instant.month,
        instant.day,
        instant.hour,
        instant.minute,
        instant.second,
        instant.microsecond,
        tzinfo=UTC,
    )


def is_boolean(value: object) -> bool:
    """Tell whether a value is true or false."""
    return type(value) is bool


def is_integer(value: object) -> bool:
    """Tell whether a value is an integer that 64 bits hold; a bool is none."""
    return type(value) is int and INTEGER_MIN <= value <= INTEGER_MAX


def is_tenths(value: object) -> bool:
    """Tell whether a value is a float with at most one decimal."""
    # The quick way `(x * 10).is_integer()` lets neighbours pass (1.7000000000000002); `round` does
    # not. NaN and infinities fail the first comparison.
    return (
        type(value) is float and -TENTHS_LIMIT <= value <= TENTHS_LIMIT and round(value, 1) == value
    )


def to_tenths(value: float) -> float:
    """Return an integer or a Decimal as a float; anything else comes back as it is."""
    number: object = value
    if type(number) is int:
        return float(number) if abs(number) <= TENTHS_LIMIT else value
    if isinstance(number, Decimal) and number.is_finite() and abs(number) <= int(TENTHS_LIMIT):
        return float(number) if number * 10 % 1 == 0 else value
    return value


def same_text(one: str, other: str) -> bool:
    """Compare two CiString or IdToken values, which differ by case only if they are the same."""
    return one.casefold() == other.casefold()
