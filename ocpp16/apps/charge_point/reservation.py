"""Reservations of a simulated charge point: a connector for a tag until a time. Spec: C 5.13."""

from __future__ import annotations

from datetime import datetime

import attrs

from ocpp16.primitives import same_text


@attrs.frozen(kw_only=True)
class Reservation:
    """A connector kept for a tag."""

    id: int
    connector: int
    id_tag: str
    expires: datetime
    parent_id_tag: str | None = None

    def admits(self, id_tag: str, parent_id_tag: str | None = None) -> bool:
        """Tell whether a tag, or its group, may use the connector."""
        if same_text(self.id_tag, id_tag):
            return True
        if self.parent_id_tag is None or parent_id_tag is None:
            return False
        return same_text(self.parent_id_tag, parent_id_tag)


class Reservations:
    """The reservations that hold, by their ids."""

    def __init__(self) -> None:
        self._reservations: dict[int, Reservation] = {}

    def keep(self, reservation: Reservation) -> None:
        """Keep a reservation, in place of one with its id."""
        self._reservations[reservation.id] = reservation

    def find(self, id: int) -> Reservation | None:
        """Return a reservation by its id."""
        return self._reservations.get(id)

    def on(self, connector: int) -> Reservation | None:
        """Return the reservation of a connector."""
        for reservation in self._reservations.values():
            if reservation.connector == connector:
                return reservation
        return None

    def end(self, id: int) -> Reservation | None:
        """Forget a reservation; returns it, None where there was none."""
        return self._reservations.pop(id, None)

    def end_expired(self, now: datetime) -> list[Reservation]:
        """Forget the reservations whose time is over, and return them."""
        over = [one for one in self._reservations.values() if one.expires <= now]
        for reservation in over:
            del self._reservations[reservation.id]
        return over
