"""Reservations. SPEC 8."""

from __future__ import annotations

import pytest

from ocpp16.enums import ChargePointStatus, ReservationStatus
from ocpp16.station.reservation import Reservation, Reservations
from ocpp16.storage import StorageFailed
from tests.station.parts import NOON, Disk, after

AVAILABLE, RESERVED = ChargePointStatus.AVAILABLE, ChargePointStatus.RESERVED
ACCEPTED, OCCUPIED = ReservationStatus.ACCEPTED, ReservationStatus.OCCUPIED


def reservation(
    number: int = 1, connector: int = 1, tag: str = "A", parent: str | None = None
) -> Reservation:
    return Reservation(
        id=number, connector=connector, id_tag=tag, expires=after(600), parent_id_tag=parent
    )


def holding(*held: Reservation) -> Reservations:
    reservations = Reservations(Disk())
    for each in held:
        reservations.keep(each)
    return reservations


def ask(
    reservations: Reservations,
    wanted: Reservation,
    status: ChargePointStatus = AVAILABLE,
    *,
    free: int = 2,
    zero: bool = True,
) -> ReservationStatus:
    return reservations.may_reserve(wanted, status, now=NOON, free=free, is_zero_supported=zero)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (ChargePointStatus.AVAILABLE, ACCEPTED),
        (ChargePointStatus.PREPARING, OCCUPIED),
        (ChargePointStatus.CHARGING, OCCUPIED),
        (ChargePointStatus.SUSPENDED_EV, OCCUPIED),
        (ChargePointStatus.SUSPENDED_EVSE, OCCUPIED),
        (ChargePointStatus.FINISHING, OCCUPIED),
        (ChargePointStatus.RESERVED, OCCUPIED),
        (ChargePointStatus.UNAVAILABLE, ReservationStatus.UNAVAILABLE),
        (ChargePointStatus.FAULTED, ReservationStatus.FAULTED),
    ],
)
def test_by_status(status: ChargePointStatus, answer: ReservationStatus) -> None:
    assert ask(holding(), reservation(), status) is answer


def test_reserved_for_the_same_tag_is_occupied() -> None:
    assert ask(holding(reservation(1)), reservation(2), RESERVED) is OCCUPIED


def test_a_known_id_replaces_its_reservation() -> None:
    held = holding(reservation(1, tag="A"))
    new = reservation(1, tag="B")
    assert ask(held, new, RESERVED) is ACCEPTED
    assert held.keep(new) == reservation(1, tag="A")
    assert held.on(1) == new
    assert len(held) == 1


def test_a_known_id_can_move_to_another_connector() -> None:
    held = holding(reservation(1, connector=1))
    assert ask(held, reservation(1, connector=2), AVAILABLE) is ACCEPTED
    assert ask(held, reservation(1, connector=2), ChargePointStatus.CHARGING) is OCCUPIED


def test_an_expired_request_is_rejected() -> None:
    late = Reservation(id=1, connector=1, id_tag="A", expires=NOON)
    assert ask(holding(), late) is ReservationStatus.REJECTED


@pytest.mark.parametrize(
    ("held", "free", "zero", "answer"),
    [
        ((), 1, True, ACCEPTED),
        ((), 1, False, ReservationStatus.REJECTED),
        ((), 0, True, OCCUPIED),
        ((reservation(2, 0),), 2, True, OCCUPIED),
        ((reservation(1, 0),), 2, True, ACCEPTED),
        ((reservation(1, 1),), 0, True, ACCEPTED),
    ],
)
def test_connector_0(
    held: tuple[Reservation, ...], free: int, zero: bool, answer: ReservationStatus
) -> None:
    assert ask(holding(*held), reservation(1, 0), free=free, zero=zero) is answer


def test_with_connector_0_reserved_one_connector_stays_free() -> None:
    held = holding(reservation(9, 0, tag="Z"))
    assert ask(held, reservation(1, 1), free=1) is OCCUPIED
    assert ask(held, reservation(1, 1), free=2) is ACCEPTED
    assert not held.may_use(1, "A", None, free=1)
    assert held.may_use(1, "A", None, free=2)
    assert held.may_use(1, "z", None, free=1)


@pytest.mark.parametrize(
    ("tag", "parent", "may"),
    [
        ("a", None, True),
        ("B", "p", True),
        ("B", "Q", False),
        ("B", None, False),
        ("P", None, False),
    ],
)
def test_who_may_use_a_reserved_connector(tag: str, parent: str | None, may: bool) -> None:
    held = holding(reservation(parent="P"))
    assert held.may_use(1, tag, parent, free=2) is may
    assert held.may_use(2, tag, parent, free=2)


def test_whose_parent_has_to_be_known() -> None:
    assert not reservation(parent=None).needs_parent_of("B")
    assert not reservation(parent="P").needs_parent_of("a")
    assert reservation(parent="P").needs_parent_of("B")


def test_which_reservation_a_transaction_ends() -> None:
    zero, one = reservation(9, 0, tag="A"), reservation(1, 1, tag="A")
    held = holding(zero, one)
    assert held.for_start(1, "A", None) == one
    assert held.for_start(2, "A", None) == zero
    assert held.for_start(2, "B", None) is None


def test_which_expire_when() -> None:
    held = holding(reservation())
    assert held.next_expiry == after(600)
    assert held.expired(after(599)) == []
    assert held.expired(after(600)) == [reservation()]


def test_a_fault_or_unavailability_ends_them() -> None:
    one, two = reservation(1, 1), reservation(2, 2)
    held = holding(one, two)
    assert held.unusable(ChargePointStatus.FAULTED, 1) == [one]
    assert held.unusable(ChargePointStatus.UNAVAILABLE, 0) == [one, two]
    assert held.unusable(ChargePointStatus.CHARGING, 1) == []


def test_ending_is_for_good_and_once() -> None:
    disk = Disk()
    held = Reservations(disk)
    held.keep(reservation())
    assert held.end([reservation()]) == [reservation()]
    assert held.end([reservation()]) == []
    assert len(Reservations(disk)) == 0


def test_they_outlive_a_restart() -> None:
    disk = Disk()
    Reservations(disk).keep(reservation(parent="P"))
    assert Reservations(disk).of(1) == reservation(parent="P")


def test_what_cannot_be_stored_is_not_reserved() -> None:
    disk = Disk()
    held = Reservations(disk)
    disk.is_full = True
    with pytest.raises(StorageFailed):
        held.keep(reservation())
    assert len(held) == 0
