"""Connector states: the table of changes that OCPP 1.6 foresees, and what is reported of them.

The table is SPEC 6's, C 4.9's with the errata; the diagram in the documentation is drawn from it.
`Connector` never leaves it: where two states have no arrow between them, it goes the foreseen way.
Times are monotonic seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import attrs

from ocpp16.enums import ChargePointErrorCode, ChargePointStatus

AVAILABLE = ChargePointStatus.AVAILABLE
PREPARING = ChargePointStatus.PREPARING
CHARGING = ChargePointStatus.CHARGING
SUSPENDED_EV = ChargePointStatus.SUSPENDED_EV
SUSPENDED_EVSE = ChargePointStatus.SUSPENDED_EVSE
FINISHING = ChargePointStatus.FINISHING
RESERVED = ChargePointStatus.RESERVED
UNAVAILABLE = ChargePointStatus.UNAVAILABLE
FAULTED = ChargePointStatus.FAULTED

ROWS: Mapping[str, ChargePointStatus] = MappingProxyType(
    {
        "A": AVAILABLE,
        "B": PREPARING,
        "C": CHARGING,
        "D": SUSPENDED_EV,
        "E": SUSPENDED_EVSE,
        "F": FINISHING,
        "G": RESERVED,
        "H": UNAVAILABLE,
        "I": FAULTED,
    }
)
"""The letter of a state is its row; its number, in this order, is its column."""
_FORESEEN = {
    "A": "2345789",
    "B": "134569",
    "C": "145689",
    "D": "135689",
    "E": "134689",
    "F": "1289",
    "G": "1289",
    "H": "123459",
    "I": "12345678",
}
TRANSITIONS: Mapping[str, tuple[ChargePointStatus, ChargePointStatus]] = MappingProxyType(
    {
        row + column: (ROWS[row], list(ROWS.values())[int(column) - 1])
        for row, columns in _FORESEEN.items()
        for column in columns
    }
)
"""Every change that is foreseen, by its id in C 4.9: `B3` is Preparing to Charging."""
FORESEEN = frozenset(TRANSITIONS.values())
OF_CONNECTOR_ZERO = frozenset({AVAILABLE, UNAVAILABLE, FAULTED})
OPERATIVE = frozenset(ChargePointStatus) - {UNAVAILABLE, FAULTED}
"""SPEC 6: operative is all but Unavailable and Faulted."""
WITH_COMMUNICATION_ERROR = frozenset({PREPARING, SUSPENDED_EV, SUSPENDED_EVSE, FINISHING})
"""States in which EVCommunicationError may be reported."""


@cache
def way(start: ChargePointStatus, end: ChargePointStatus) -> tuple[ChargePointStatus, ...]:
    """Return the states from one to another along the table, without the first.

    Never by way of Faulted, nor of a state that says something else (Charging, Reserved).
    """
    if start is end:
        return ()
    # Whoever comes to charge prepares; whoever leaves makes room first.
    is_in_use = end not in {AVAILABLE, RESERVED, UNAVAILABLE}
    through = (PREPARING, FINISHING, AVAILABLE) if is_in_use else (AVAILABLE, FINISHING, PREPARING)
    waiting: deque[tuple[ChargePointStatus, tuple[ChargePointStatus, ...]]] = deque([(start, ())])
    seen = {start}
    while waiting:
        here, path = waiting.popleft()
        if (here, end) in FORESEEN:
            return (*path, end)
        for other in through:
            if (here, other) in FORESEEN and other not in seen:
                seen.add(other)
                waiting.append((other, (*path, other)))
    raise AssertionError(f"no way from {start} to {end}")


@attrs.frozen(kw_only=True)
class Fault:
    """What is wrong with a connector, or with the charge point as connector 0."""

    code: ChargePointErrorCode
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.code in {
            ChargePointErrorCode.NO_ERROR,
            ChargePointErrorCode.EV_COMMUNICATION_ERROR,
        }:
            # C 7.6: a failing talk with the EV is a warning, never Faulted.
            raise ValueError(f"{self.code} does not make a connector Faulted")


class Connector:
    """The status of one connector, with faults above it.

    Args:
        number: 0 is the charge point itself.
        status: Where it begins: Available, or Unavailable.
    """

    __slots__ = ("_beneath", "fault", "number")

    def __init__(self, number: int, status: ChargePointStatus = AVAILABLE) -> None:
        self.number = number
        self.fault: Fault | None = None
        self._beneath = status

    @property
    def status(self) -> ChargePointStatus:
        """What it is to be reported as."""
        return FAULTED if self.fault is not None else self._beneath

    @property
    def status_without_fault(self) -> ChargePointStatus:
        """What it would be without its fault."""
        return self._beneath

    def move(self, status: ChargePointStatus) -> tuple[ChargePointStatus, ...]:
        """Go to a status, and return each status that is to be reported on the way there.

        While it is faulted nothing is reported; `clear` goes back to where it is then.

        Raises:
            ValueError: Connector 0 has no such status, or the status is Faulted.
        """
        if status is FAULTED or (not self.number and status not in OF_CONNECTOR_ZERO):
            raise ValueError(f"connector {self.number} does not move to {status}")
        path = way(self._beneath, status)
        self._beneath = status
        return () if self.fault is not None else path

    def fail(self, fault: Fault) -> tuple[ChargePointStatus, ...]:
        """Take a fault (x9); a second one replaces the first."""
        was = self.fault
        self.fault = fault
        return () if was == fault else (FAULTED,)

    def clear(self) -> tuple[ChargePointStatus, ...]:
        """Take it that the fault is solved: back to the status before (I1 to I8)."""
        if self.fault is None:
            return ()
        self.fault = None
        return (self._beneath,)


@attrs.frozen(kw_only=True)
class Report:
    """What a StatusNotification says."""

    status: ChargePointStatus
    code: ChargePointErrorCode = ChargePointErrorCode.NO_ERROR
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None
    since: float = 0.0
    """When the status began."""

    def says(self, other: Report | None) -> bool:
        """Tell whether it says the same as another one."""
        return other is not None and attrs.evolve(other, since=self.since) == self


class StatusReports:
    """Which status of a connector is reported when. Spec: C 4.9, CE 3.19; SPEC 6.

    A status that lasts shorter than MinimumStatusDuration may be skipped; so may what happened
    while there was no link: then only the present status is told, if it is another one.
    """

    __slots__ = ("_reported", "_waiting")

    def __init__(self) -> None:
        self._reported: Report | None = None
        self._waiting: Report | None = None

    def change(self, report: Report, minimum: float) -> Report | None:
        """Take a new status; return it if it is to be reported at once."""
        if minimum > 0:
            self._waiting = None if report.says(self._reported) else report
            return None
        self._waiting = None
        if report.says(self._reported):
            return None
        self._reported = report
        return report

    def next_due(self, minimum: float) -> float | None:
        """Return when the status that waits has lasted long enough; None if none waits."""
        return None if self._waiting is None else self._waiting.since + minimum

    def due(self, time: float, minimum: float) -> Report | None:
        """Return the status that has now lasted long enough, and count it as reported."""
        waiting = self._waiting
        if waiting is None or time < waiting.since + minimum:
            return None
        self._waiting, self._reported = None, waiting
        return waiting

    def force(self, report: Report) -> Report:
        """Count a status as reported, whatever was before: after a boot, or by a trigger."""
        self._waiting, self._reported = None, report
        return report

    def was_lost(self, report: Report) -> None:
        """Take it that a report did not arrive: the next look finds the status unreported."""
        if self._reported == report:
            self._reported = None
