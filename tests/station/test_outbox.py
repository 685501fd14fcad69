"""Transaction messages: kept, in order, at least once. SPEC 3; POLICY, Charge point."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from ocpp16 import messages
from ocpp16.datatypes import MeterValue, SampledValue
from ocpp16.station.outbox import LEAST_WAIT, Given, Outbox
from ocpp16.storage import Change, StorageFailed
from ocpp16.structure import Request
from tests.station.parts import NOON, Disk, after, counted_ids

INTERVAL, ATTEMPTS = 60, 3


def make(disk: Disk | None = None, attempts: int = ATTEMPTS, interval: int = INTERVAL) -> Outbox:
    return Outbox(
        disk or Disk(),
        new_id=counted_ids(),
        attempts=lambda: attempts,
        interval=lambda: interval,
    )


def start(meter: int = 0, at: float = 0) -> messages.StartTransactionRequest:
    return messages.StartTransactionRequest(
        connector_id=1, id_tag="A", meter_start=meter, timestamp=after(at)
    )


def values(at: float = 0) -> messages.MeterValuesRequest:
    value = MeterValue(timestamp=after(at), sampled_value=(SampledValue(value="1"),))
    return messages.MeterValuesRequest(connector_id=1, meter_value=(value,))


def stop(meter: int = 10, at: float = 0) -> messages.StopTransactionRequest:
    return messages.StopTransactionRequest(transaction_id=0, meter_stop=meter, timestamp=after(at))


def sent(outbox: Outbox, time: float = 0.0) -> Request[Any] | None:
    sending = outbox.send(time)
    return None if sending is None else sending[1]


def deliver(outbox: Outbox, transaction_id: int | None = None, time: float = 0.0) -> Request[Any]:
    """Send the first message, and answer it."""
    sending = outbox.send(time)
    assert sending is not None
    entry, request = sending
    assert outbox.delivered(entry.message_id, time, transaction_id=transaction_id) is entry
    return request


def test_messages_leave_in_order_one_at_a_time() -> None:
    outbox = make()
    for request in (start(), values(), stop()):
        outbox.add(request, 1)
    assert sent(outbox) == start()
    assert sent(outbox) is None
    outbox.delivered("m1", 0.0, transaction_id=7)
    assert sent(outbox) == attrs.evolve(values(), transaction_id=7)


def test_a_new_message_waits_behind_old_ones() -> None:
    outbox = make()
    outbox.add(start(1), 1)
    sent(outbox)
    outbox.link_lost(0.0)
    outbox.link_restored(0.0)
    outbox.add(start(2), 2)
    assert deliver(outbox, 7) == start(1)
    assert deliver(outbox, 8) == start(2)


def test_later_messages_carry_the_id_that_was_answered() -> None:
    outbox = make()
    outbox.add(start(), 1)
    outbox.add(values(), 1)
    outbox.add(stop(), 1)
    deliver(outbox, 42)
    assert outbox.id_of(1) == 42
    assert deliver(outbox) == attrs.evolve(values(), transaction_id=42)
    assert deliver(outbox) == attrs.evolve(stop(), transaction_id=42)
    assert outbox.id_of(1) is None


def test_meter_values_of_no_transaction_carry_none() -> None:
    outbox = make()
    outbox.add(values())
    assert deliver(outbox) == values()


def test_attempts_wait_longer_each_time_and_end() -> None:
    outbox = make()
    outbox.add(values(1))
    outbox.add(values(2))
    assert sent(outbox, 0.0) == values(1)
    assert outbox.refused(0.0, needs_heartbeat=False) is None
    assert sent(outbox, 59.9) is None
    assert sent(outbox, 60.0) == values(1)
    assert outbox.refused(60.0, needs_heartbeat=False) is None
    assert sent(outbox, 179.9) is None
    assert sent(outbox, 180.0) == values(1)
    given = outbox.refused(180.0, needs_heartbeat=False)
    assert isinstance(given, Given)
    assert given.entry.request == values(1)
    assert sent(outbox, 180.0) == values(2)


@pytest.mark.parametrize("attempts", [0, 1])
def test_there_is_at_least_one_attempt(attempts: int) -> None:
    outbox = make(attempts=attempts)
    outbox.add(values())
    sent(outbox)
    assert outbox.refused(0.0, needs_heartbeat=False) is not None


def test_a_lost_link_is_no_failed_attempt() -> None:
    outbox = make(attempts=1)
    outbox.add(values())
    for time in range(50):
        assert sent(outbox, time) == values()
        outbox.link_lost(time)
    assert len(outbox) == 1


def test_a_time_out_on_a_live_link_is_none_either_and_waits_the_interval() -> None:
    outbox = make(attempts=1)
    outbox.add(values())
    sent(outbox, 0.0)
    outbox.unanswered(30.0)
    assert sent(outbox, 89.9) is None
    assert sent(outbox, 90.0) == values()
    assert outbox.first is not None and outbox.first.failures == 0


def test_a_lost_link_never_floods() -> None:
    outbox = make(interval=0)
    outbox.add(values())
    sent(outbox, 0.0)
    outbox.link_lost(0.0)
    assert outbox.next_due() == LEAST_WAIT


def test_a_new_link_does_not_shorten_the_wait_after_a_failure() -> None:
    outbox = make()
    outbox.add(values())
    sent(outbox, 0.0)
    outbox.refused(0.0, needs_heartbeat=False)
    outbox.link_restored(1.0)
    assert outbox.next_due() == INTERVAL


def test_a_new_link_ends_the_wait_after_a_time_out() -> None:
    outbox = make()
    outbox.add(values())
    sent(outbox, 0.0)
    outbox.unanswered(30.0)
    outbox.link_restored(31.0)
    assert outbox.next_due() == 31.0


def test_a_time_out_never_floods() -> None:
    outbox = make(interval=0)
    outbox.add(values())
    sent(outbox, 0.0)
    outbox.unanswered(0.0)
    assert outbox.next_due() == LEAST_WAIT


def test_a_soap_fault_counts_once_a_heartbeat_is_answered() -> None:
    outbox = make(attempts=1)
    outbox.add(values())
    sent(outbox)
    assert outbox.refused(0.0, needs_heartbeat=True) is None
    assert outbox.needs_heartbeat
    assert sent(outbox, 1000.0) is None
    given = outbox.heartbeat_answered(1.0)
    assert given is not None and given.entry.request == values()
    assert len(outbox) == 0


def test_a_soap_fault_on_a_broken_link_does_not_count() -> None:
    outbox = make(attempts=1)
    outbox.add(values())
    for time in (0.0, 100.0, 200.0):
        assert sent(outbox, time) == values()
        outbox.refused(time, needs_heartbeat=True)
        outbox.unanswered(time)
    assert not outbox.needs_heartbeat
    assert len(outbox) == 1


def test_a_heartbeat_at_any_other_time_changes_nothing() -> None:
    outbox = make(attempts=1)
    outbox.add(values())
    assert outbox.heartbeat_answered(0.0) is None
    sent(outbox)
    assert outbox.heartbeat_answered(0.0) is None
    assert len(outbox) == 1


def test_after_a_start_that_was_given_up_messages_carry_minus_1() -> None:
    outbox = make(attempts=1)
    outbox.add(start(), 1)
    outbox.add(values(), 1)
    outbox.add(stop(), 1)
    sent(outbox)
    outbox.refused(0.0, needs_heartbeat=False)
    assert deliver(outbox) == attrs.evolve(values(), transaction_id=-1)
    assert deliver(outbox) == attrs.evolve(stop(), transaction_id=-1)


def test_a_late_answer_counts_as_delivery() -> None:
    outbox = make()
    outbox.add(start(), 1)
    sent(outbox, 0.0)
    outbox.unanswered(30.0)
    assert outbox.delivered("m1", 31.0, transaction_id=7) is not None
    assert (len(outbox), outbox.id_of(1)) == (0, 7)


def test_an_answer_to_something_else_is_nothing() -> None:
    outbox = make()
    outbox.add(values())
    sent(outbox)
    assert outbox.delivered("other", 0.0) is None
    assert len(outbox) == 1


def test_a_refusal_of_nothing_is_nothing() -> None:
    outbox = make(attempts=1)
    outbox.add(values())
    assert outbox.refused(0.0, needs_heartbeat=False) is None
    assert len(outbox) == 1


def test_a_repeat_has_the_same_id() -> None:
    outbox = make()
    outbox.add(values())
    first = outbox.send(0.0)
    outbox.link_lost(0.0)
    outbox.link_restored(0.0)
    again = outbox.send(0.0)
    assert first is not None and again is not None
    assert first[0].message_id == again[0].message_id == "m1"


def test_a_message_is_on_disk_when_add_returns() -> None:
    disk = Disk()
    make(disk).add(start(), 1, also=[Change("other", "key", 5)])
    assert [[change.kind for change in write] for write in disk.writes] == [["outbox", "other"]]
    assert [entry.request for entry in make(disk)] == [start()]


def test_what_cannot_be_stored_is_not_queued() -> None:
    disk = Disk()
    outbox = make(disk)
    disk.is_full = True
    with pytest.raises(StorageFailed):
        outbox.add(start(), 1)
    assert len(outbox) == 0
    assert outbox.next_due() is None


def test_what_cannot_be_taken_out_is_sent_again() -> None:
    disk = Disk()
    outbox = make(disk)
    outbox.add(start(), 1)
    sent(outbox)
    disk.is_full = True
    with pytest.raises(StorageFailed):
        outbox.delivered("m1", 0.0, transaction_id=7)
    disk.is_full = False
    outbox.link_lost(0.0)
    outbox.link_restored(0.0)
    assert sent(outbox) == start()


@pytest.mark.parametrize("crash_after", range(6))
def test_a_restart_loses_nothing_and_keeps_order_and_ids(crash_after: int) -> None:
    disk = Disk()
    outbox = make(disk)
    for request in (start(1), values(1), stop(1)):
        outbox.add(request, 1)
    for request in (start(2), values(2), stop(2)):
        outbox.add(request, 2)
    ids = {1: 101, 2: 102}
    arrived: list[Request[Any]] = []
    for step in range(6):
        if step == crash_after:
            outbox.send(0.0)
            outbox = make(disk)
        entry = outbox.first
        assert entry is not None and entry.transaction is not None
        arrived.append(deliver(outbox, ids[entry.transaction]))
    assert arrived == [
        start(1),
        attrs.evolve(values(1), transaction_id=101),
        attrs.evolve(stop(1), transaction_id=101),
        start(2),
        attrs.evolve(values(2), transaction_id=102),
        attrs.evolve(stop(2), transaction_id=102),
    ]


def test_failures_outlive_a_restart() -> None:
    disk = Disk()
    outbox = make(disk, attempts=2)
    outbox.add(values())
    sent(outbox)
    outbox.refused(0.0, needs_heartbeat=False)
    outbox = make(disk, attempts=2)
    sent(outbox)
    assert outbox.refused(0.0, needs_heartbeat=False) is not None


def test_queues_of_two_kinds_do_not_meet() -> None:
    disk = Disk()
    make(disk).add(values())
    other = Outbox(disk, kind="other", new_id=counted_ids(), attempts=lambda: 1, interval=lambda: 1)
    assert len(other) == 0


@pytest.mark.parametrize("seconds", [1000, -1000])
def test_what_was_made_before_the_clock_was_set_is_corrected(seconds: int) -> None:
    disk = Disk()
    outbox = make(disk)
    outbox.add(start(at=0), 1, is_undated=True)
    outbox.add(values(at=60), 1, is_undated=True)
    outbox.add(stop(at=120), 1, is_undated=True)
    outbox.correct(timedelta(seconds=seconds))
    expected = [start(at=seconds), values(at=60 + seconds), stop(at=120 + seconds)]
    assert [entry.request for entry in outbox] == expected
    assert [entry.request for entry in make(disk)] == expected


def test_what_was_made_later_is_not_corrected() -> None:
    outbox = make()
    outbox.add(values(at=0))
    outbox.correct(timedelta(seconds=1000))
    assert [entry.request for entry in outbox] == [values(at=0)]


def test_a_correction_keeps_the_order() -> None:
    outbox = make()
    outbox.add(values(at=500))
    outbox.add(values(at=600), is_undated=True)
    outbox.add(values(at=1700), is_undated=True)
    outbox.correct(timedelta(seconds=-1000))
    assert [entry.request for entry in outbox] == [values(500), values(500), values(700)]


def test_a_correction_happens_once() -> None:
    outbox = make()
    outbox.add(values(at=0), is_undated=True)
    outbox.correct(timedelta(seconds=10))
    outbox.correct(timedelta(seconds=10))
    assert [entry.request for entry in outbox] == [values(at=10)]


def test_transaction_data_and_events_are_corrected_too() -> None:
    value = MeterValue(timestamp=NOON, sampled_value=(SampledValue(value="1"),))
    outbox = make()
    outbox.add(attrs.evolve(stop(), transaction_data=(value,)), 1, is_undated=True)
    event = messages.SecurityEventNotificationRequest(type="StartupOfTheDevice", timestamp=NOON)
    outbox.add(event, is_undated=True)
    outbox.correct(timedelta(seconds=10))
    assert [entry.request for entry in outbox] == [
        attrs.evolve(stop(at=10), transaction_data=(attrs.evolve(value, timestamp=after(10)),)),
        attrs.evolve(event, timestamp=after(10)),
    ]
