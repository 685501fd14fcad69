"""Messages that must arrive: kept, in order, at least once. SPEC 3, C 3.7, JE 3.3, SE 3.2.

What becomes of a message::

    waiting --(due)--> in flight --(response)--> delivered: the next one
       ^                  |--(CALLERROR)--> failed attempt: waits interval x failures so far;
       |                  |                 after the last attempt it is given up
       |                  |--(Fault, HTTP error)--> in doubt: an answered Heartbeat makes it a
       |                  |                 failed attempt, else the link is at fault
       '------------------'--(no answer)--> waits one interval; a lost link: for the next one

A message is on disk before `add` returns. Messages of one transaction know it by a number of ours;
its transactionId is filled in when they leave, with the one that StartTransaction was answered, or
-1 after that was given up. Times are monotonic seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from enum import Enum, unique
from typing import Any

import attrs

from ocpp16.messages import (
    MeterValuesRequest,
    SecurityEventNotificationRequest,
    StartTransactionRequest,
    StopTransactionRequest,
)
from ocpp16.station.record import request_from_record, request_to_record
from ocpp16.station.storage import fields_of, integer_of
from ocpp16.storage import Change, StationStorage
from ocpp16.structure import Request

NO_TRANSACTION = -1
"""Transaction id of a transaction whose StartTransaction was given up (CE 3.18)."""
LEAST_WAIT = 1.0
"""Seconds between two transmissions of a message that got no answer, whatever the interval."""
LONGEST_WAIT = 3600.0
"""Seconds between two transmissions of a message that is tried for ever."""
IDS = "transaction-id"


@unique
class Doubt(Enum):
    """Whether a message is under way, and what is known of it."""

    NONE = "waits"
    IN_FLIGHT = "in flight"
    FAULTED = "was faulted: message or link, a Heartbeat decides"


@attrs.define
class Entry:
    """One message that waits."""

    number: int
    """Its place in the order."""
    request: Request[Any]
    """As it was made; its transactionId may be none yet."""
    message_id: str
    """The same each time it is sent, so that a repeat can be known as one."""
    transaction: int | None
    """Our number of the transaction that it belongs to."""
    failures: int = 0
    """How often the central system failed to process it."""
    is_undated: bool = False
    """Made before the clock was set in this run."""


@attrs.frozen
class Given:
    """A message that is not sent any more, as the central system keeps failing to process it."""

    entry: Entry


class Outbox:
    """One queue.

    Args:
        storage: Where it is kept.
        kind: Kind of its records; queues with other messages have others.
        new_id: Source of message ids, each unique for ever.
        attempts: TransactionMessageAttempts as it is now; None tries for ever (W A04.02).
        interval: TransactionMessageRetryInterval as it is now.
    """

    def __init__(
        self,
        storage: StationStorage,
        *,
        kind: str = "outbox",
        new_id: Callable[[], str],
        attempts: Callable[[], int] | None,
        interval: Callable[[], int],
    ) -> None:
        self._storage = storage
        self._kind = kind
        self._new_id = new_id
        self._attempts = attempts
        self._interval = interval
        self._entries = deque(_stored(key, record) for key, record in storage.read(kind).items())
        self._ids = {
            int(key): integer_of(value, "transaction id")
            for key, value in storage.read(IDS).items()
        }
        self.last = self._entries[-1].number if self._entries else 0
        """Number of the message that was kept last."""
        self._state = Doubt.NONE
        self._due = 0.0
        self._waits_for_link = False

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    # What comes in

    def entry(
        self, request: Request[Any], transaction: int | None, *, is_undated: bool = False
    ) -> tuple[Entry, Change]:
        """Return a new last entry, and what has to be written for it; see `append`."""
        entry = Entry(self.last + 1, request, self._new_id(), transaction, is_undated=is_undated)
        return entry, Change(self._kind, f"{entry.number:016d}", _record(entry))

    def append(self, entry: Entry) -> None:
        """Take an entry that has been written."""
        self._entries.append(entry)
        self.last = entry.number

    def add(
        self,
        request: Request[Any],
        transaction: int | None = None,
        *,
        is_undated: bool = False,
        also: Iterable[Change] = (),
    ) -> Entry:
        """Keep a message; when this returns it survives a power cut.

        Args:
            request: The message.
            transaction: Our number of its transaction.
            is_undated: Whether the clock was not set yet.
            also: What else is to be written, together or not at all.

        Raises:
            StorageFailed: It could not be stored, and is not kept.
        """
        entry, change = self.entry(request, transaction, is_undated=is_undated)
        self._storage.write([change, *also])
        self.append(entry)
        return entry

    def correct(self, offset: timedelta) -> None:
        """Set the times of what was made before the clock was set right; the order stays."""
        changes = []
        least: datetime | None = None
        corrected: list[tuple[Entry, Request[Any]]] = []
        for entry in self._entries:
            request = entry.request
            if entry.is_undated:
                request = shifted(request, offset, least)
                corrected.append((entry, request))
                fixed = attrs.evolve(entry, request=request, is_undated=False)
                changes.append(Change(self._kind, f"{entry.number:016d}", _record(fixed)))
            least = _time_of(request) or least
        if changes:
            self._storage.write(changes)
        for entry, request in corrected:
            entry.request, entry.is_undated = request, False

    # What goes out

    def next_due(self) -> float | None:
        """Return when the first message may be sent; None while none waits or one is under way."""
        if not self._entries or self._state is not Doubt.NONE:
            return None
        return self._due

    @property
    def needs_heartbeat(self) -> bool:
        """Tell whether a Heartbeat has to decide between message and link (SE 3.2)."""
        return self._state is Doubt.FAULTED

    @property
    def first(self) -> Entry | None:
        """The message that is sent next, or under way."""
        return self._entries[0] if self._entries else None

    def send(self, time: float) -> tuple[Entry, Request[Any]] | None:
        """Return the message to be sent now, with its transactionId, and count it as under way."""
        due = self.next_due()
        if due is None or time < due:
            return None
        self._state = Doubt.IN_FLIGHT
        entry = self._entries[0]
        return entry, self._addressed(entry)

    def _addressed(self, entry: Entry) -> Request[Any]:
        request, transaction = entry.request, entry.transaction
        if transaction is None or not isinstance(
            request, (MeterValuesRequest, StopTransactionRequest)
        ):
            return request
        # Nobody was told an id: StartTransaction was given up (CE 3.18), or lost with its storage.
        known = self._ids.get(transaction, NO_TRANSACTION)
        return attrs.evolve(request, transaction_id=known)

    def id_of(self, transaction: int) -> int | None:
        """Return the transactionId of a transaction of ours; None while it was not told."""
        return self._ids.get(transaction)

    # What came of it

    def delivered(
        self, message_id: str, time: float, *, transaction_id: int | None = None
    ) -> Entry | None:
        """Take a response, late ones included; return what was delivered, None if nothing waits.

        Args:
            message_id: Id of the message that was answered.
            time: Now.
            transaction_id: What StartTransaction was answered.

        Raises:
            StorageFailed: It is kept, and will be sent again.
        """
        if not self._entries or self._entries[0].message_id != message_id:
            return None
        entry = self._entries[0]
        self._drop(entry, transaction_id)
        self._wait_until(time)
        return entry

    def refused(
        self, time: float, *, needs_heartbeat: bool, is_final: bool = False
    ) -> Given | None:
        """Take a CALLERROR, or with `needs_heartbeat` a Fault or an HTTP error.

        Args:
            time: Now.
            needs_heartbeat: Whether the link may be at fault.
            is_final: Whether no later try can do better: one that is tried for ever is not then.
        """
        if self._state is not Doubt.IN_FLIGHT:
            return None
        if needs_heartbeat:
            self._state = Doubt.FAULTED
            return None
        return self._fail(time, is_final=is_final)

    def heartbeat_answered(self, time: float) -> Given | None:
        """Take it that the link is fine: a message in doubt was refused."""
        return self._fail(time) if self._state is Doubt.FAULTED else None

    def unanswered(self, time: float) -> None:
        """Take it that no answer came in time, or a Heartbeat got none: that is no failure."""
        if self._state is not Doubt.NONE:
            self._wait_until(time + max(LEAST_WAIT, self._interval()), for_link=True)

    def link_lost(self, time: float) -> None:
        """Take it that the link is gone: what was under way is sent again on the next one."""
        if self._state is not Doubt.NONE:
            self._wait_until(time + LEAST_WAIT, for_link=True)

    def link_restored(self, time: float) -> None:
        """Take it that there is a new link: what waits for one waits no more."""
        if self._waits_for_link and self._state is Doubt.NONE:
            self._wait_until(time)

    def _fail(self, time: float, *, is_final: bool = False) -> Given | None:
        entry = self._entries[0]
        failures = entry.failures + 1
        if self._attempts is not None:
            is_final = failures >= max(1, self._attempts())
        if is_final:
            self._drop(entry, NO_TRANSACTION)
            self._wait_until(time)
            return Given(entry)
        record = _record(attrs.evolve(entry, failures=failures))
        self._storage.write([Change(self._kind, f"{entry.number:016d}", record)])
        entry.failures = failures
        wait = float(self._interval() * failures)
        if self._attempts is None:
            wait = max(LEAST_WAIT, min(wait, LONGEST_WAIT))
        self._wait_until(time + wait)
        return None

    def _wait_until(self, time: float, *, for_link: bool = False) -> None:
        self._state, self._due, self._waits_for_link = Doubt.NONE, time, for_link

    def _drop(self, entry: Entry, transaction_id: int | None) -> None:
        transaction = entry.transaction
        changes = [Change(self._kind, f"{entry.number:016d}")]
        if transaction is not None and isinstance(entry.request, StartTransactionRequest):
            changes.append(Change(IDS, str(transaction), transaction_id))
            self._storage.write(changes)
            self._ids[transaction] = NO_TRANSACTION if transaction_id is None else transaction_id
        elif transaction is not None and isinstance(entry.request, StopTransactionRequest):
            # Nothing of this transaction can follow any more.
            changes.append(Change(IDS, str(transaction)))
            self._storage.write(changes)
            self._ids.pop(transaction, None)
        else:
            self._storage.write(changes)
        self._entries.popleft()


def shifted(request: Request[Any], offset: timedelta, least: datetime | None) -> Request[Any]:
    """Return a message with its times moved, none of them before `least`."""

    def move(instant: datetime) -> datetime:
        moved = instant + offset
        return moved if least is None else max(moved, least)

    match request:
        case StartTransactionRequest() | SecurityEventNotificationRequest():
            return attrs.evolve(request, timestamp=move(request.timestamp))
        case StopTransactionRequest():
            data = request.transaction_data
            return attrs.evolve(
                request,
                timestamp=move(request.timestamp),
                transaction_data=data
                and tuple(attrs.evolve(each, timestamp=move(each.timestamp)) for each in data),
            )
        case MeterValuesRequest():
            values = tuple(
                attrs.evolve(each, timestamp=move(each.timestamp)) for each in request.meter_value
            )
            return attrs.evolve(request, meter_value=values)
        case _:
            return request


def _time_of(request: Request[Any]) -> datetime | None:
    match request:
        case StartTransactionRequest() | StopTransactionRequest():
            return request.timestamp
        case MeterValuesRequest():
            return request.meter_value[-1].timestamp
        case _:
            return None


def _record(entry: Entry) -> dict[str, Any]:
    return {
        "request": request_to_record(entry.request),
        "id": entry.message_id,
        "transaction": entry.transaction,
        "failures": entry.failures,
        "undated": entry.is_undated,
    }


def _stored(key: str, record: Any) -> Entry:
    record = fields_of(record, "message")
    return Entry(
        number=int(key),
        request=request_from_record(record["request"]),
        message_id=record["id"],
        transaction=record["transaction"],
        failures=record["failures"],
        is_undated=record["undated"],
    )
