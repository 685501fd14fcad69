"""The transactions of a station on disk: begun, sampled and ended together with their messages.

What starts or ends a transaction, and the message that says so, are one write: neither is there
without the other, whenever the power goes. Spec: C 3.7, 4.8, 4.10; SPEC 3, 5, 7.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import attrs

from ocpp16.datatypes import MeterValue
from ocpp16.enums import ReadingContext, Reason
from ocpp16.messages import MeterValuesRequest, StartTransactionRequest, StopTransactionRequest
from ocpp16.station.authorization import Starter
from ocpp16.station.configuration import Configuration
from ocpp16.station.context import CLOCK_KIND, Context
from ocpp16.station.meter import HELD_VALUES, sample, thin_out
from ocpp16.station.outbox import Outbox
from ocpp16.station.record import from_record as structure_from_record
from ocpp16.station.record import to_record
from ocpp16.station.transaction import (
    DATA_KIND,
    KIND,
    Transaction,
    from_record,
    record_of,
)
from ocpp16.storage import Change

NUMBER_KIND = "transaction-number"
NO_ID = -1
"""Stands where an id is filled in when the message leaves."""


class Ledger:
    """The transactions of one station.

    Args:
        context: The station.
        outbox: Where messages about transactions are kept.
    """

    def __init__(self, context: Context, outbox: Outbox) -> None:
        self._context = context
        self._outbox = outbox
        storage = context.storage
        numbers = storage.read(NUMBER_KIND).values()
        self._last = max((int(str(number)) for number in numbers), default=0)
        self._stored = [from_record(key, each) for key, each in storage.read(KIND).items()]
        self._stored_data: dict[int, list[tuple[int, MeterValue]]] = {}
        for key, record in storage.read(DATA_KIND).items():
            number, _, place = key.partition(":")
            value = structure_from_record(MeterValue, record)
            self._stored_data.setdefault(int(number), []).append((int(place), value))

    # After a restart

    def recover(self) -> list[Transaction]:
        """Stop what the restart has interrupted, and return it.

        The reason is PowerLoss, unless the restart was meant: then it was noted before.
        """
        recovered, self._stored = self._stored, []
        for transaction in recovered:
            stored = self._stored_data.pop(transaction.number, [])
            transaction.data_keys = [place for place, _ in stored]
            transaction.data = [value for _, value in stored]
            reason = transaction.end_reason or Reason.POWER_LOSS
            self.end(transaction, reason, at=self._last_seen(transaction))
        return recovered

    def _last_seen(self, transaction: Transaction) -> datetime:
        stored = self._context.storage.read(CLOCK_KIND).get("last")
        last = transaction.started
        if isinstance(stored, (int, float)):
            last = datetime.fromtimestamp(stored, UTC)
        return max(last, transaction.started)

    # The course of a transaction

    def begin(
        self,
        connector: int,
        starter: Starter,
        *,
        reservation_id: int | None,
        also: Iterable[Change],
    ) -> Transaction:
        """Begin a transaction now.

        Args:
            connector: Where.
            starter: Who.
            reservation_id: The reservation that it ends.
            also: What else is to be written with it.

        Raises:
            StorageFailed: It could not be stored, and has not begun.
        """
        context = self._context
        number = self._last + 1
        transaction = Transaction(
            number=number,
            connector=connector,
            starter=starter,
            meter_start=context.equipment.register(connector),
            started=context.now,
            reservation_id=reservation_id,
            is_undated=not context.clock.is_set,
        )
        request = StartTransactionRequest(
            connector_id=connector,
            id_tag=starter.id_tag,
            meter_start=transaction.meter_start,
            reservation_id=reservation_id,
            timestamp=transaction.started,
        )
        changes = [
            Change(NUMBER_KIND, "last", number),
            Change(KIND, f"{number:08d}", record_of(transaction)),
            context.last_seen(),
            *also,
        ]
        begin = self._snapshot(transaction, ReadingContext.TRANSACTION_BEGIN, context.now)
        if begin is not None:
            changes.append(self._data_change(transaction, 0, begin))
            transaction.data, transaction.data_keys = [begin], [0]
        self._outbox.add(request, number, is_undated=transaction.is_undated, also=changes)
        self._last = number
        return transaction

    def note(
        self,
        transaction: Transaction | None,
        connector: int,
        sent: MeterValue | None,
        kept: MeterValue | None,
    ) -> None:
        """Take meter values: to be sent, and to be told by StopTransaction.

        Raises:
            StorageFailed: They could not be stored, and are gone.
        """
        changes = [self._context.last_seen()]
        place = 0
        gone: list[int] = []
        if transaction is not None and kept is not None:
            place = transaction.data_keys[-1] + 1 if transaction.data_keys else 0
            changes.append(self._data_change(transaction, place, kept))
            # One place is for the value at the end.
            gone = thin_out([*transaction.data, kept], max(1, self._most_values - 1))
            keys = [*transaction.data_keys, place]
            changes += [self._data_change(transaction, keys[each], None) for each in gone]
        if sent is not None:
            request = MeterValuesRequest(
                connector_id=connector,
                transaction_id=None if transaction is None else NO_ID,
                meter_value=(sent,),
            )
            number = None if transaction is None else transaction.number
            is_undated = not self._context.clock.is_set
            self._outbox.add(request, number, is_undated=is_undated, also=changes)
        elif kept is not None:
            self._context.storage.write(changes)
        if transaction is not None and kept is not None:
            transaction.data.append(kept)
            transaction.data_keys.append(place)
            for each in sorted(gone, reverse=True):
                del transaction.data[each], transaction.data_keys[each]

    def update(self, transaction: Transaction) -> None:
        """Keep what has changed of a transaction.

        Raises:
            StorageFailed: It could not be stored.
        """
        change = Change(KIND, f"{transaction.number:08d}", record_of(transaction))
        self._context.storage.write([change])

    def end(
        self,
        transaction: Transaction,
        reason: Reason,
        *,
        id_tag: str | None = None,
        at: datetime | None = None,
        also: Iterable[Change] = (),
    ) -> None:
        """End a transaction.

        Args:
            transaction: Which.
            reason: Why.
            id_tag: Who stopped it, if somebody did.
            at: When; None is now.
            also: What else is to be written with it.

        Raises:
            StorageFailed: It could not be stored, and has not ended.
        """
        context = self._context
        instant = context.now if at is None else at
        data = list(transaction.data)
        end = self._snapshot(transaction, ReadingContext.TRANSACTION_END, instant)
        if end is not None:
            data.append(end)
            gone = set(thin_out(data, self._most_values))
            data = [value for place, value in enumerate(data) if place not in gone]
        request = StopTransactionRequest(
            transaction_id=NO_ID,
            id_tag=id_tag,
            meter_stop=max(
                context.equipment.register(transaction.connector), transaction.meter_start
            ),
            timestamp=instant,
            reason=reason,
            transaction_data=tuple(data) or None,
        )
        changes = [Change(KIND, f"{transaction.number:08d}"), context.last_seen(), *also]
        changes += [self._data_change(transaction, key, None) for key in transaction.data_keys]
        is_undated = transaction.is_undated if at is not None else not context.clock.is_set
        self._outbox.add(request, transaction.number, is_undated=is_undated, also=changes)

    def correct(self, transaction: Transaction, offset: timedelta) -> None:
        """Set the times of a transaction right that began before the clock was set.

        Raises:
            StorageFailed: It could not be stored.
        """
        if not transaction.is_undated:
            return
        moved = [
            attrs.evolve(value, timestamp=value.timestamp + offset) for value in transaction.data
        ]
        right = attrs.evolve(transaction, started=transaction.started + offset, is_undated=False)
        changes = [Change(KIND, f"{transaction.number:08d}", record_of(right))]
        changes += [
            self._data_change(transaction, key, value)
            for key, value in zip(transaction.data_keys, moved, strict=True)
        ]
        self._context.storage.write(changes)
        transaction.started, transaction.is_undated = right.started, False
        transaction.data = moved

    def transaction_id(self, transaction: Transaction) -> int | None:
        """Return the id that the central system gave; None while it has not."""
        return self._outbox.id_of(transaction.number)

    # Inside

    @property
    def _most_values(self) -> int:
        configuration = self._context.configuration
        return configuration.integer("StopTransactionMaxMeterValues", HELD_VALUES)

    def _snapshot(
        self, transaction: Transaction, context: ReadingContext, at: datetime
    ) -> MeterValue | None:
        items = stop_items(self._context.configuration)
        if not items:
            return None
        readings = self._context.equipment.read(transaction.connector)
        return sample(readings, items, context, at)

    def _data_change(
        self, transaction: Transaction, place: int, value: MeterValue | None
    ) -> Change:
        record = None if value is None else to_record(value)
        return Change(DATA_KIND, f"{transaction.number:08d}:{place:08d}", record)


def stop_items(configuration: Configuration) -> tuple[str, ...]:
    """Return what transactionData tells at begin and end: all that is in it in between."""
    items = configuration.items("StopTxnSampledData") + configuration.items("StopTxnAlignedData")
    return tuple(dict.fromkeys(items))
