"""One connector with what goes on at it, and the status that follows. Spec: SPEC 5, 6."""

from __future__ import annotations

import attrs

from ocpp16.datatypes import ChargingProfile
from ocpp16.enums import ChargePointStatus
from ocpp16.station.authorization import Starter
from ocpp16.station.transaction import Transaction


@attrs.define
class Bay:
    """A connector and its user."""

    number: int
    is_plugged: bool = False
    ev_wants: bool = True
    """Whether the EV draws what it is offered."""
    waiting: Starter | None = None
    """Who was authorized, and has not plugged in yet."""
    profile: ChargingProfile | None = None
    """What came with the remote start that waits."""
    waits_until: float | None = None
    """When ConnectionTimeOut is over: for the plug, or for the tag."""
    transaction: Transaction | None = None
    is_finishing: bool = False
    """The transaction is over, or never came, and the user still has to act."""
    held_for: Starter | None = None
    """Whose cable stays locked until they or one of their group come (CE 3.5)."""
    limit: int | None = None
    """What smart charging allows, in tenths of a watt; None is everything."""
    offered: int | None = 0
    """What was offered to the EV last."""

    def status(self, *, is_operative: bool, is_reserved: bool) -> ChargePointStatus:
        """Return the status that follows, faults aside."""
        transaction = self.transaction
        if transaction is not None:
            return self._charging_status(transaction)
        if self.is_finishing:
            return ChargePointStatus.FINISHING
        if not is_operative:
            return ChargePointStatus.UNAVAILABLE
        if self.waiting is not None:
            return ChargePointStatus.PREPARING
        if is_reserved:
            return ChargePointStatus.RESERVED
        return ChargePointStatus.PREPARING if self.is_plugged else ChargePointStatus.AVAILABLE

    def _charging_status(self, transaction: Transaction) -> ChargePointStatus:
        if transaction.ev_is_gone:
            return ChargePointStatus.SUSPENDED_EV
        # SPEC 6: if both sides suspend, the EVSE's wins.
        if not transaction.may_draw or self.limit == 0:
            return ChargePointStatus.SUSPENDED_EVSE
        return ChargePointStatus.CHARGING if self.ev_wants else ChargePointStatus.SUSPENDED_EV

    @property
    def offer(self) -> int | None:
        """What is to be offered to the EV now, in tenths of a watt; None is everything."""
        if self.transaction is None or not self.transaction.may_draw:
            return 0
        return self.limit

    def forget_user(self) -> None:
        """Take it that whoever prepared to charge does not."""
        self.waiting = self.profile = self.waits_until = None
