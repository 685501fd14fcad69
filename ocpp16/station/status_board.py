"""The status of the charge point and its connectors, and telling of it. Spec: C 4.9; SPEC 6.

While the central system cannot be told, statuses change all the same; afterwards only the present
one is told, where it is another one.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from ocpp16.enums import ChargePointErrorCode, ChargePointStatus
from ocpp16.errors import CallTimeout, SessionClosed
from ocpp16.messages import StatusNotificationRequest
from ocpp16.station.connector import (
    WITH_COMMUNICATION_ERROR,
    Connector,
    Fault,
    Report,
    StatusReports,
)
from ocpp16.station.context import Context
from ocpp16.station.courier import Outcome


@attrs.frozen(kw_only=True)
class Caution:
    """Something that does not keep a connector from charging."""

    code: ChargePointErrorCode
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None


class StatusBoard:
    """All statuses of one station.

    Args:
        context: The station.
        unavailable: Connectors that begin as Unavailable; 0 is the charge point.
    """

    def __init__(self, context: Context, unavailable: frozenset[int]) -> None:
        self._context = context
        numbers = range(context.model.connectors + 1)
        self._connectors = {
            number: Connector(
                number,
                ChargePointStatus.UNAVAILABLE
                if number in unavailable
                else ChargePointStatus.AVAILABLE,
            )
            for number in numbers
        }
        self._reports = {number: StatusReports() for number in numbers}
        self._present = {
            number: Report(status=connector.status, since=context.time)
            for number, connector in self._connectors.items()
        }

    def status(self, number: int) -> ChargePointStatus:
        """Return the status of a connector."""
        return self._connectors[number].status

    def status_without_fault(self, number: int) -> ChargePointStatus:
        """Return what the status of a connector would be without its fault."""
        return self._connectors[number].status_without_fault

    def is_faulted(self, number: int) -> bool:
        """Tell whether a connector, or the whole charge point, is faulted."""
        return any(self._connectors[each].fault is not None for each in (0, number))

    @property
    def free(self) -> int:
        """How many connectors are Available."""
        return sum(
            self.status(number) is ChargePointStatus.AVAILABLE
            for number in self._connectors
            if number
        )

    # Changes

    def move(self, number: int, status: ChargePointStatus, info: str | None = None) -> None:
        """Let a connector go to a status, by the way that is foreseen."""
        connector = self._connectors[number]
        path = connector.move(status)
        if info is not None and not path and connector.fault is None:
            # SPEC 5: it is told even where it changes nothing.
            path = (status,)
        for step in path:
            self._show(number, Report(status=step, info=info if step is status else None))

    def fail(self, number: int, fault: Fault) -> None:
        """Let a connector, or with 0 the charge point, be faulted."""
        for step in self._connectors[number].fail(fault):
            report = Report(
                status=step,
                code=fault.code,
                info=fault.info,
                vendor_id=fault.vendor_id,
                vendor_error_code=fault.vendor_error_code,
            )
            self._show(number, report)

    def clear(self, number: int) -> None:
        """Take it that the fault of a connector is solved."""
        for step in self._connectors[number].clear():
            self._show(number, Report(status=step))

    def warn(self, number: int, warning: Caution | None) -> None:
        """Tell of a warning, or that there is none any more; the status stays.

        Raises:
            ValueError: The code does not go with the status.
        """
        status = self.status(number)
        if warning is None:
            self._show(number, Report(status=status))
            return
        is_about_ev = warning.code is ChargePointErrorCode.EV_COMMUNICATION_ERROR
        if is_about_ev and status not in WITH_COMMUNICATION_ERROR:
            raise ValueError(f"{warning.code} does not go with {status}")
        report = Report(
            status=status,
            code=warning.code,
            info=warning.info,
            vendor_id=warning.vendor_id,
            vendor_error_code=warning.vendor_error_code,
        )
        self._show(number, report)

    # Telling

    def announce(self) -> None:
        """Tell every status, as is due once the registration is accepted (CE 3.22)."""
        for number in self._connectors:
            self.tell(number)

    def tell(self, number: int, *, is_triggered: bool = False) -> None:
        """Tell the status of a connector, whether it has changed or not."""
        report = self._reports[number].force(self._present[number])
        self._post(number, report, is_triggered=is_triggered)

    def refresh(self) -> None:
        """Tell what has changed while nobody could be told."""
        for number in self._connectors:
            self._offer(number)

    def tell_conflict(self) -> None:
        """Tell that the central system contradicts its own list (C 3.5.3)."""
        report = attrs.evolve(self._present[0], code=ChargePointErrorCode.LOCAL_LIST_CONFLICT)
        self._post(0, report)

    def tell_reset_failure(self) -> None:
        """Tell that a reset did not work."""
        report = attrs.evolve(self._present[0], code=ChargePointErrorCode.RESET_FAILURE)
        self._post(0, report)

    def look(self) -> None:
        """Tell what has now lasted long enough."""
        if not self._context.is_online:
            return
        minimum = self._minimum
        for number, reports in self._reports.items():
            report = reports.due(self._context.time, minimum)
            if report is not None:
                self._post(number, report)

    @property
    def next_due(self) -> float | None:
        """When `look` has something to tell."""
        if not self._context.is_online:
            return None
        # It may have been set to 0 while a status waited.
        minimum = self._minimum
        dues = (reports.next_due(minimum) for reports in self._reports.values())
        return min((due for due in dues if due is not None), default=None)

    # Inside

    @property
    def _minimum(self) -> float:
        return float(self._context.configuration.integer("MinimumStatusDuration"))

    def _show(self, number: int, report: Report) -> None:
        self._present[number] = attrs.evolve(report, since=self._context.time)
        self._offer(number)

    def _offer(self, number: int) -> None:
        if self._context.is_online:
            report = self._reports[number].change(self._present[number], self._minimum)
            if report is not None:
                self._post(number, report)

    def _post(self, number: int, report: Report, *, is_triggered: bool = False) -> None:
        request = StatusNotificationRequest(
            connector_id=number,
            error_code=report.code,
            info=report.info,
            status=report.status,
            timestamp=self._instant(report.since),
            vendor_id=report.vendor_id,
            vendor_error_code=report.vendor_error_code,
        )

        def told(outcome: Outcome) -> None:
            if isinstance(outcome, (SessionClosed, CallTimeout)):
                self._reports[number].was_lost(report)

        self._context.courier.post(request, told, is_triggered=is_triggered)

    def _instant(self, time: float) -> datetime:
        instant = self._context.clock.at(time)
        return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
