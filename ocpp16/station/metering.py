"""When meter values are due, and where they go. Spec: C 3.16, 4.7; SPEC 7.

Session samples count from the start of their transaction, aligned ones from midnight. The rules of
what a value says are in `meter`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ocpp16.enums import ReadingContext
from ocpp16.messages import MeterValuesRequest
from ocpp16.station.bay import Bay
from ocpp16.station.context import Context
from ocpp16.station.ledger import Ledger
from ocpp16.station.meter import Interval, boundary_after, sample
from ocpp16.station.transaction import Transaction


class Metering:
    """The meters of one station.

    Args:
        context: The station.
        ledger: Where values are kept.
    """

    def __init__(self, context: Context, ledger: Ledger) -> None:
        self._context = context
        self._ledger = ledger
        self._sampled_at: dict[int, float] = {}
        self._aligned: dict[int, Interval] = {}
        self._boundary: datetime | None = None
        self._seconds = self._aligned_interval

    # The course of a transaction

    def begin(self, bay: Bay) -> None:
        """Take it that a transaction has begun: its values are its own from now on."""
        self._sampled_at[bay.number] = self._context.time
        if self._aligned_interval:
            self._split(bay.number, None)
            readings = self._context.equipment.read(bay.number)
            self._aligned.setdefault(bay.number, Interval(self._context.now, readings))

    def end(self, bay: Bay) -> None:
        """Take it that a transaction is about to end: tell the part of the interval that is its."""
        self._split(bay.number, bay.transaction)

    def ended(self, bay: Bay) -> None:
        """Take it that a transaction has ended."""
        self._sampled_at.pop(bay.number, None)

    # Time

    def next_due(self, running: Iterable[Bay]) -> float | None:
        """Return when `look` has something to do."""
        context = self._context
        dues = []
        interval = self._sample_interval
        if interval:
            dues = [self._sampled_at[bay.number] + interval for bay in running]
        if self._aligned_interval:
            if self._boundary is None or self._seconds != self._aligned_interval:
                return context.time
            dues.append(context.time + context.clock.seconds_until(self._boundary, context.time))
        return min(dues, default=None)

    def look(self, bays: Iterable[Bay]) -> None:
        """Take the samples that are due.

        Raises:
            StorageFailed: Values could not be stored, and are gone.
        """
        bays = list(bays)
        # What is read now belongs to the interval that begins now.
        self._look_at_boundary(bays)
        interval = self._sample_interval
        for bay in bays:
            transaction = bay.transaction
            if transaction is None:
                continue
            if not interval:
                # Once it is switched on again, a whole interval passes first.
                self._sampled_at[bay.number] = self._context.time
                continue
            if self._context.time >= self._sampled_at[bay.number] + interval:
                self._sampled_at[bay.number] += interval
                if self._sampled_at[bay.number] + interval <= self._context.time:
                    # Time has jumped; what was missed cannot be measured any more.
                    self._sampled_at[bay.number] = self._context.time
                self._sample(bay.number, transaction)

    def _sample(self, number: int, transaction: Transaction) -> None:
        configuration = self._context.configuration
        readings = self._context.equipment.read(number)
        now = self._context.now
        kind = ReadingContext.SAMPLE_PERIODIC
        sent = sample(readings, configuration.items("MeterValuesSampledData"), kind, now)
        kept = sample(readings, configuration.items("StopTxnSampledData"), kind, now)
        if number in self._aligned:
            self._aligned[number].see(readings)
        if sent is not None or kept is not None:
            self._ledger.note(transaction, number, sent, kept)

    # Clock-aligned values

    def _look_at_boundary(self, bays: list[Bay]) -> None:
        context = self._context
        interval = self._aligned_interval
        if interval != self._seconds:
            self._seconds, self._boundary = interval, None
            self._aligned.clear()
        if not interval:
            return
        now = context.now
        transactions = {bay.number: bay.transaction for bay in bays}
        if self._boundary is None:
            self._boundary = boundary_after(now, interval)
        for number in (0, *transactions):
            if number not in self._aligned:
                self._aligned[number] = Interval(now, context.equipment.read(number))
        if now < self._boundary:
            return
        boundary = self._boundary
        self._boundary = boundary_after(now, interval)
        for number in (0, *transactions):
            self._close(number, transactions.get(number), boundary)

    def _split(self, number: int, transaction: Transaction | None) -> None:
        """End the interval of a connector before its time: a transaction begins or ends."""
        if self._aligned_interval and number in self._aligned:
            self._close(number, transaction, self._context.now)

    def _close(self, number: int, transaction: Transaction | None, at: datetime) -> None:
        configuration = self._context.configuration
        readings = self._context.equipment.read(number)
        interval, self._aligned[number] = self._aligned[number], Interval(at, readings)
        if at <= interval.start:
            return
        sent = interval.end(readings, configuration.items("MeterValuesAlignedData"))
        kept = None
        if transaction is not None:
            kept = interval.end(readings, configuration.items("StopTxnAlignedData"))
        if sent is not None or kept is not None:
            self._ledger.note(transaction, number, sent, kept)

    # Asked for

    def triggered(self, number: int, transaction_id: int | None) -> MeterValuesRequest | None:
        """Return what a connector's meter shows now, None if it shows nothing (CE 3.46).

        Args:
            number: The connector.
            transaction_id: Of the transaction that runs on it.
        """
        items = self._context.configuration.items("MeterValuesSampledData")
        readings = self._context.equipment.read(number)
        value = sample(readings, items, ReadingContext.TRIGGER, self._context.now)
        if value is None:
            return None
        return MeterValuesRequest(
            connector_id=number, transaction_id=transaction_id, meter_value=(value,)
        )

    def clock_was_set(self) -> None:
        """Take it that the clock was set: intervals begin anew."""
        self._boundary = None
        self._aligned.clear()

    @property
    def _sample_interval(self) -> int:
        return self._context.configuration.integer("MeterValueSampleInterval")

    @property
    def _aligned_interval(self) -> int:
        return self._context.configuration.integer("ClockAlignedDataInterval")
