"""Events: in order, and so many of each charge point."""

from __future__ import annotations

from ocpp16.enums import FirmwareStatus
from ocpp16.messages import FirmwareStatusNotificationRequest
from ocpp16.store.central_system import event
from ocpp16.store.central_system.event import Event
from tests.store.central_system.books import NOON, Books, at


def test_an_event_is_kept_as_it_was_noted(books: Books) -> None:
    request = FirmwareStatusNotificationRequest(status=FirmwareStatus.IDLE)
    noted = books.do(
        event.note, "CP1", "firmware", "Idle\0", now=NOON, transaction_id=7, request=request
    )
    assert noted.payload == '{"status":"Idle"}'
    assert books.ask(event.events) == [
        Event(
            number=noted.number,
            identity="CP1",
            at=NOON,
            kind="firmware",
            text="Idle\u2400",
            transaction_id=7,
            payload='{"status":"Idle"}',
        )
    ]


def test_events_are_asked_for_by_charge_point_kind_and_number(books: Books) -> None:
    numbers = [
        books.do(event.note, identity, kind, "", now=at(minutes)).number
        for minutes, (identity, kind) in enumerate(
            [("CP1", "boot"), ("CP2", "boot"), ("CP1", "flag"), ("CP1", "boot")]
        )
    ]
    assert numbers == sorted(numbers)

    def found(**wanted: object) -> list[int]:
        return [each.number for each in books.ask(event.events, **wanted)]  # type: ignore[arg-type]

    assert found() == numbers
    assert found(identity="CP1") == [numbers[0], numbers[2], numbers[3]]
    assert found(kind="boot", after=numbers[0]) == [numbers[1], numbers[3]]
    assert found(limit=2) == numbers[:2]


def test_so_many_events_of_each_charge_point_are_kept(books: Books) -> None:
    books.do(event.note, "CP2", "flag", "other", now=NOON)
    for number in range(5):
        books.do(event.note, "CP1", "flag", str(number), now=NOON, limit=3)
    assert [each.text for each in books.ask(event.events)] == ["other", "2", "3", "4"]


def test_a_number_is_never_used_again(books: Books) -> None:
    first = books.do(event.note, "CP1", "flag", "a", now=NOON, limit=1).number
    books.reopen()
    assert books.do(event.note, "CP1", "flag", "b", now=NOON, limit=1).number > first
