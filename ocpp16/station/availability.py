"""Which connectors are to be operative, by ChangeAvailability. Spec: C 5.2; SPEC 8.

Outlives restarts. What is wanted is known here; when a transaction delays it, is for the connector.
"""

from __future__ import annotations

from collections.abc import Container

from ocpp16.enums import AvailabilityStatus, AvailabilityType
from ocpp16.storage import Change, StationStorage

KIND = "availability"


class Availability:
    """The availability of one charge point.

    Args:
        storage: Where it is kept.
        connectors: How many connectors it has.
    """

    __slots__ = ("_connectors", "_inoperative", "_storage")

    def __init__(self, storage: StationStorage, connectors: int) -> None:
        self._storage = storage
        self._connectors = connectors
        self._inoperative = {int(key) for key in storage.read(KIND)}

    def change(
        self, number: int, type: AvailabilityType, *, busy: Container[int]
    ) -> AvailabilityStatus:
        """Take a ChangeAvailability; 0 is the charge point and all its connectors.

        Args:
            number: The connector.
            type: What is wanted.
            busy: Connectors on which a transaction runs.

        Raises:
            StorageFailed: It could not be stored, and is not changed.
        """
        if not 0 <= number <= self._connectors:
            return AvailabilityStatus.REJECTED
        chosen = self.chosen(number)
        is_operative = type is AvailabilityType.OPERATIVE
        changing = [each for each in chosen if (each in self._inoperative) == is_operative]
        mark = None if is_operative else True
        self._storage.write([Change(KIND, str(each), mark) for each in changing])
        if is_operative:
            self._inoperative.difference_update(changing)
            return AvailabilityStatus.ACCEPTED
        self._inoperative.update(changing)
        is_delayed = any(each in busy for each in chosen)
        return AvailabilityStatus.SCHEDULED if is_delayed else AvailabilityStatus.ACCEPTED

    def chosen(self, number: int) -> tuple[int, ...]:
        """Return whom a connector number means."""
        return tuple(range(self._connectors + 1)) if number == 0 else (number,)

    def is_operative(self, number: int) -> bool:
        """Tell whether a connector, or with 0 the charge point, is wanted to be operative."""
        return number not in self._inoperative
