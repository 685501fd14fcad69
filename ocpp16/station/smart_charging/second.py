"""The clock of smart charging: whole seconds since 1970, in UTC.

Every instant that comes in is cut to its second, so that what is compared is an integer and the
periods of an answer, which OCPP counts in whole seconds, are exact. UTC has no summer time: a day
has 86,400 s.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

DAY = 86_400
WEEK = 7 * DAY
FOREVER = 1 << 65
"""Later than any instant and any duration of 64 bits, counted from any instant."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def to_seconds(instant: datetime) -> int:
    """Return the second that an aware instant is in."""
    return (instant - _EPOCH) // _SECOND


def to_instant(seconds: int) -> datetime:
    """Return the instant at which a second begins.

    Raises:
        OverflowError: No datetime is that far from now.
    """
    return _EPOCH + seconds * _SECOND
