"""What the parts of one running station share: time, configuration, storage, the way out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

import attrs

from ocpp16.station.action import Action
from ocpp16.station.boot import Boot
from ocpp16.station.clock import StationClock
from ocpp16.station.configuration import Configuration
from ocpp16.station.courier import Courier
from ocpp16.station.model import Equipment, Model
from ocpp16.station.watched_storage import WatchedStorage
from ocpp16.storage import Change

CLOCK_KIND = "clock"
Act: TypeAlias = Callable[[Action], None]


@attrs.define(kw_only=True)
class Context:
    """The common ground of one station."""

    model: Model
    equipment: Equipment
    storage: WatchedStorage
    configuration: Configuration
    clock: StationClock
    boot: Boot
    courier: Courier
    act: Act
    """Takes what the outside has to do."""
    time: float
    """Monotonic seconds now: of the input that is worked on."""
    was_accepted: bool = False
    """Whether a central system ever accepted it, in an earlier run perhaps."""
    is_closed: bool = False
    """Takes no new transaction, and says so: a new firmware is, or waits to be, installed."""
    is_restarting: bool = False
    """Takes no new transaction: it is about to restart."""

    @property
    def now(self) -> datetime:
        """The time of day now, in whole milliseconds."""
        now = self.clock.at(self.time)
        return now - timedelta(microseconds=now.microsecond % 1000)

    @property
    def is_online(self) -> bool:
        """Tell whether the central system can be asked."""
        return self.courier.is_linked and self.boot.is_accepted

    @property
    def may_start(self) -> bool:
        """Tell whether transactions may start, as far as the registration goes (C 4.2.1)."""
        return self.was_accepted or self.model.may_charge_unregistered

    def last_seen(self) -> Change:
        """Return what to write along so that, after a power cut, it is known when it was."""
        return Change(CLOCK_KIND, "last", self.now.timestamp())
