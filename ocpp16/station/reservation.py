"""Reservations of a charge point. Spec: C 5.1, 5.13; SPEC 8.

One reservation a connector, and one for connector 0: no fixed connector, but one stays free for it.
They outlive restarts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import attrs

from ocpp16.enums import ChargePointStatus, ReservationStatus
from ocpp16.primitives import format_timestamp, parse_timestamp, same_text
from ocpp16.station.storage import fields_of
from ocpp16.storage import Change, StationStorage

KIND = "reservation"


@attrs.frozen(kw_only=True)
class Reservation:
    """A connector, or with 0 any one, kept for a tag or its group until a time."""

    id: int
    connector: int
    id_tag: str
    expires: datetime
    parent_id_tag: str | None = None

    def admits(self, id_tag: str, parent_id_tag: str | None) -> bool:
        """Tell whether it is for a tag, or for a tag of its group."""
        if same_text(self.id_tag, id_tag):
            return True
        if self.parent_id_tag is None or parent_id_tag is None:
            return False
        return same_text(self.parent_id_tag, parent_id_tag)

    def needs_parent_of(self, id_tag: str) -> bool:
        """Tell whether only the parent of a tag can say if it is for that tag."""
        return self.parent_id_tag is not None and not same_text(self.id_tag, id_tag)


class Reservations:
    """The reservations of one charge point.

    Args:
        storage: Where they are kept.
    """

    __slots__ = ("_held", "_storage")

    def __init__(self, storage: StationStorage) -> None:
        self._storage = storage
        self._held = {int(key): _stored(record) for key, record in storage.read(KIND).items()}

    def __len__(self) -> int:
        return len(self._held)

    def of(self, reservation_id: int) -> Reservation | None:
        """Return the reservation of an id."""
        return self._held.get(reservation_id)

    def on(self, connector: int) -> Reservation | None:
        """Return the reservation of a connector, 0 included; not one of 0 for another."""
        return next((each for each in self._held.values() if each.connector == connector), None)

    def may_reserve(
        self,
        reservation: Reservation,
        status: ChargePointStatus,
        *,
        now: datetime,
        free: int,
        is_zero_supported: bool,
    ) -> ReservationStatus:
        """Answer a ReserveNow.

        Args:
            reservation: What is asked for.
            status: Status of the connector; with 0 that of the charge point.
            now: The time of day.
            free: How many connectors are Available, with 0.
            is_zero_supported: ReserveConnectorZeroSupported.
        """
        same = self.of(reservation.id)
        number = reservation.connector
        if reservation.expires <= now or (number == 0 and not is_zero_supported):
            return ReservationStatus.REJECTED
        if status is ChargePointStatus.FAULTED:
            return ReservationStatus.FAULTED
        if status is ChargePointStatus.UNAVAILABLE:
            return ReservationStatus.UNAVAILABLE
        present = self.on(number)
        if present is not None and present is not same:
            return ReservationStatus.OCCUPIED
        is_replaced = same is not None and same.connector == number
        if number == 0:
            # The one that is replaced gives its connector back first.
            gain = 1 if same is not None and same.connector != 0 else 0
            return ReservationStatus.ACCEPTED if free + gain > 0 else ReservationStatus.OCCUPIED
        if status is ChargePointStatus.AVAILABLE:
            zero = self.on(0)
            if zero is not None and zero is not same and free <= 1:
                return ReservationStatus.OCCUPIED
            return ReservationStatus.ACCEPTED
        if status is ChargePointStatus.RESERVED and is_replaced:
            return ReservationStatus.ACCEPTED
        return ReservationStatus.OCCUPIED

    def may_use(self, connector: int, id_tag: str, parent_id_tag: str | None, *, free: int) -> bool:
        """Tell whether a tag may use a connector, as far as reservations go.

        Args:
            connector: Where.
            id_tag: The tag.
            parent_id_tag: Its group.
            free: How many connectors are Available or being used by nobody else, this one included.
        """
        present = self.on(connector)
        if present is not None:
            return present.admits(id_tag, parent_id_tag)
        zero = self.on(0)
        return zero is None or zero.admits(id_tag, parent_id_tag) or free > 1

    def for_start(
        self, connector: int, id_tag: str, parent_id_tag: str | None
    ) -> Reservation | None:
        """Return the reservation that a transaction ends: of its connector, or of 0."""
        for number in (connector, 0):
            present = self.on(number)
            if present is not None and present.admits(id_tag, parent_id_tag):
                return present
        return None

    def keep(self, reservation: Reservation) -> Reservation | None:
        """Keep a reservation; return the one of its id that it replaces.

        Raises:
            StorageFailed: It could not be stored, and is not kept.
        """
        self._storage.write([Change(KIND, str(reservation.id), _record(reservation))])
        replaced = self._held.get(reservation.id)
        self._held[reservation.id] = reservation
        return replaced

    def end(self, reservations: Iterable[Reservation]) -> list[Reservation]:
        """End reservations; return those that were there."""
        ended = [each for each in reservations if self._held.get(each.id) == each]
        if ended:
            self._storage.write(self.ending(ended))
            self.has_ended(ended)
        return ended

    def ending(self, reservations: Iterable[Reservation]) -> list[Change]:
        """Return what to write to end reservations together with something else."""
        return [Change(KIND, str(each.id)) for each in reservations]

    def has_ended(self, reservations: Iterable[Reservation]) -> None:
        """Take it that their end was written."""
        for each in reservations:
            self._held.pop(each.id, None)

    def expired(self, now: datetime) -> list[Reservation]:
        """Return those whose time is over."""
        return [each for each in self._held.values() if each.expires <= now]

    def unusable(self, status: ChargePointStatus, connector: int) -> list[Reservation]:
        """Return those that end because a connector became Faulted or Unavailable."""
        if status not in {ChargePointStatus.FAULTED, ChargePointStatus.UNAVAILABLE}:
            return []
        if connector == 0:
            return list(self._held.values())
        return [each for each in self._held.values() if each.connector == connector]

    @property
    def next_expiry(self) -> datetime | None:
        """When the next one expires."""
        return min((each.expires for each in self._held.values()), default=None)


def _record(reservation: Reservation) -> dict[str, Any]:
    record = attrs.asdict(reservation)
    record["expires"] = format_timestamp(reservation.expires)
    return record


def _stored(record: Any) -> Reservation:
    values = dict(fields_of(record, "reservation"))
    values["expires"] = parse_timestamp(values["expires"])
    return Reservation(**values)
