"""Reservations from the request to what became of them."""

from __future__ import annotations

from ocpp16.messages import ReserveNowRequest
from ocpp16.store.central_system import reservation
from ocpp16.store.central_system.reservation import Reservation, State
from tests.store.central_system.books import NOON, Books, at


def reserve(number: int, minutes: int = 60, connector: int = 1) -> ReserveNowRequest:
    return ReserveNowRequest(
        connector_id=connector,
        expiry_date=at(minutes),
        id_tag="A",
        parent_id_tag="G",
        reservation_id=number,
    )


def test_a_reservation_and_what_became_of_it(books: Books) -> None:
    number = books.ask(reservation.next_id)
    assert number == 1
    books.do(reservation.put_reservation, "CP1", reserve(number), now=NOON)
    assert books.do(reservation.set_state, number, State.HELD)
    assert books.ask(reservation.reservations) == [
        Reservation(
            id=1,
            identity="CP1",
            connector_id=1,
            id_tag="A",
            parent="G",
            expiry=at(60),
            state=State.HELD,
        )
    ]
    assert not books.do(reservation.set_state, 99, State.CANCELLED)
    assert books.ask(reservation.next_id) == 2


def test_a_reservation_with_the_same_id_takes_its_place(books: Books) -> None:
    books.do(reservation.put_reservation, "CP1", reserve(5), now=NOON)
    books.do(reservation.put_reservation, "CP1", reserve(5, connector=2), now=NOON)
    (kept,) = books.ask(reservation.reservations)
    assert kept.connector_id == 2


def test_reservations_expire_unless_something_became_of_them(books: Books) -> None:
    for number, state in enumerate((State.ASKED, State.HELD, State.CANCELLED, State.REFUSED)):
        books.do(reservation.put_reservation, "CP1", reserve(number), now=NOON, state=state)
    books.do(reservation.put_reservation, "CP2", reserve(9, 61), now=NOON, state=State.HELD)
    assert books.do(reservation.expire, now=at(59)) == 0
    assert books.do(reservation.expire, now=at(60)) == 2
    found = books.ask(reservation.reservations, identity="CP1")
    assert [each.state for each in found] == ["expired", "expired", "cancelled", "refused"]
    assert [each.id for each in books.ask(reservation.reservations, state=State.HELD)] == [9]


def test_a_late_report_of_its_use_counts(books: Books) -> None:
    books.do(reservation.put_reservation, "CP1", reserve(5), now=NOON)
    books.do(reservation.expire, now=at(100))
    assert books.do(reservation.use, "CP1", 5)
    assert not books.do(reservation.use, "CP2", 5)
    (kept,) = books.ask(reservation.reservations)
    assert kept.state is State.USED
