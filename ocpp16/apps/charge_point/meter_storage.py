"""Registers of simulated meters that outlive the process, as those of real ones do (SPEC 7).

They are written along with whatever a station stores: so none ever falls below what was stored of
it in a message, and the disk has no more to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ocpp16.apps.charge_point.machinery import Machinery
from ocpp16.station.storage import integer_of
from ocpp16.storage import Change, StationStorage, Value

KIND = "meter-register"


class MeterStorage:
    """A `StationStorage` that writes the registers along.

    Args:
        storage: The one that keeps.
        machinery: Whose registers; they go on where they were.
    """

    def __init__(self, storage: StationStorage, machinery: Machinery) -> None:
        self._storage = storage
        self._machinery = machinery
        self._kept = dict.fromkeys(machinery.sockets, 0)
        for key, stored in storage.read(KIND).items():
            number = int(key)
            if number in self._kept:
                self._kept[number] = integer_of(stored, "register")
                machinery.add(number, self._kept[number])

    def read(self, kind: str) -> Mapping[str, Value]:
        """Return all records of a kind, in the order of their keys."""
        return self._storage.read(kind)

    def write(self, changes: Iterable[Change]) -> None:
        """Apply all changes or none, and keep the registers as they are now.

        Raises:
            StorageFailed: Nothing was changed.
        """
        registers = {number: self._machinery.register(number) for number in self._kept}
        moved = [
            Change(KIND, str(number), register)
            for number, register in registers.items()
            if register != self._kept[number]
        ]
        self._storage.write([*changes, *moved])
        self._kept = registers
