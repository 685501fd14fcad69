"""Users at connectors: authorized, plugged in, charging, leaving. Spec: C 3.5, 3.6; SPEC 4, 5, 6.

A transaction starts when somebody is authorized and a car is plugged in, in either order, and ends
when one of both is gone for good. What decides is in `authorization`, `transaction` and
`reservation`; what is kept is in `ledger`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ocpp16.datatypes import ChargingProfile, IdTagInfo
from ocpp16.enums import ChargePointStatus, Reason
from ocpp16.station.action import Refused
from ocpp16.station.authorization import Starter
from ocpp16.station.availability import Availability
from ocpp16.station.bay import Bay
from ocpp16.station.context import Context
from ocpp16.station.ledger import Ledger
from ocpp16.station.metering import Metering
from ocpp16.station.outbox import Entry
from ocpp16.station.power import Power
from ocpp16.station.reservation import Reservation, Reservations
from ocpp16.station.smart_charging import Charging as Drawing
from ocpp16.station.status_board import StatusBoard
from ocpp16.station.transaction import (
    EV_SIDE_DISCONNECTED,
    AfterStart,
    Transaction,
    after_ev_disconnect,
    after_last_energy,
    after_start,
)
from ocpp16.storage import Change, StorageFailed

POLL = 1.0
"""Seconds between two looks at the meter of a transaction that may have only so much energy."""


class Charging:
    """All connectors of one station, and their users."""

    def __init__(
        self,
        context: Context,
        *,
        board: StatusBoard,
        ledger: Ledger,
        metering: Metering,
        reservations: Reservations,
        availability: Availability,
        power: Power | None,
    ) -> None:
        self._context = context
        self._board = board
        self._ledger = ledger
        self._metering = metering
        self._reservations = reservations
        self._availability = availability
        self._power = power
        self._limits_until: float | None = None
        self.bays = {number: Bay(number) for number in range(1, context.model.connectors + 1)}

    # What is going on

    def running(self) -> Iterator[Bay]:
        """Return the connectors that a transaction runs on."""
        return (bay for bay in self.bays.values() if bay.transaction is not None)

    @property
    def busy(self) -> frozenset[int]:
        """The connectors that a transaction runs on."""
        return frozenset(bay.number for bay in self.running())

    def find(self, transaction_id: int) -> Bay | None:
        """Return where the transaction of an id runs, None if it does not."""
        for bay in self.running():
            if bay.transaction and self._ledger.transaction_id(bay.transaction) == transaction_id:
                return bay
        return None

    def drawing(self) -> dict[int, Drawing]:
        """Return the transactions that run, as charging profiles ask for them."""
        return {
            bay.number: Drawing(
                bay.transaction.started, self._ledger.transaction_id(bay.transaction)
            )
            for bay in self.running()
            if bay.transaction is not None
        }

    def is_usable(self, number: int) -> bool:
        """Tell whether somebody new may begin to use a connector, reservations aside."""
        context, bay = self._context, self.bays[number]
        is_open = self._is_operative(number) and not self._board.is_faulted(number)
        is_free = bay.transaction is None and bay.held_for is None
        return is_open and is_free and context.may_start and not context.is_restarting

    def may_use(self, number: int, id_tag: str, parent: str | None) -> bool:
        """Tell whether reservations let a tag use a connector."""
        unused = sum(
            self.is_usable(each) and self._reservations.on(each) is None and bay.waiting is None
            for each, bay in self.bays.items()
        )
        return self._reservations.may_use(number, id_tag, parent, free=unused)

    # What drivers do

    def plug_in(self, number: int) -> None:
        """Take it that a car is plugged in.

        Raises:
            StorageFailed: A transaction could not start.
        """
        bay = self.bays[number]
        bay.is_plugged, bay.ev_wants = True, True
        if bay.transaction is not None:
            bay.transaction.ev_is_gone = False
            self.apply_limits()
        elif self._may_charge_free(number):
            self._start(bay, Starter(self._context.model.free_tag or ""))
        elif bay.waiting is not None and self.is_usable(number):
            self._start(bay, bay.waiting)
        elif not bay.is_finishing:
            bay.waits_until = self._context.time + self._connection_timeout
        self.settle(number)

    def unplug(self, number: int, *, ev_side_only: bool = False) -> None:
        """Take it that the car is unplugged.

        Args:
            number: Where.
            ev_side_only: The cable still hangs in the charge point's socket.

        Raises:
            StorageFailed: The transaction could not end, and goes on.
        """
        bay = self.bays[number]
        transaction = bay.transaction
        if transaction is not None:
            then = after_ev_disconnect(self._context.configuration)
            if not then.stops:
                # The cable stays locked at our end, so only the EV's end can be loose.
                bay.is_plugged, transaction.ev_is_gone = False, True
                self.settle(number, EV_SIDE_DISCONNECTED)
                return
            self._end(bay, transaction, Reason.EV_DISCONNECTED, unlocks=then.unlocks)
            # C1: with a fixed cable nothing is left to be done; else it still hangs in the socket.
            bay.is_finishing = not self._context.model.has_fixed_cable
            bay.is_plugged = bay.is_finishing
            self.settle(number, EV_SIDE_DISCONNECTED)
        bay.is_plugged = False
        if ev_side_only and bay.is_finishing:
            return
        if bay.held_for is not None and not self._context.model.has_fixed_cable:
            return
        bay.is_finishing = False
        if bay.waiting is None:
            bay.waits_until = None
        self.settle(number)

    def draw(self, number: int, *, wants: bool) -> None:
        """Take it that the EV draws what it is offered, or does not."""
        self.bays[number].ev_wants = wants
        self.settle(number)

    # Starting

    def prepare(
        self, number: int, starter: Starter, profile: ChargingProfile | None = None
    ) -> bool:
        """Let somebody authorized use a connector: now if a car is plugged in, or once it is.

        Raises:
            StorageFailed: A transaction could not start.
        """
        bay = self.bays[number]
        if not self.is_usable(number):
            return False
        if not self.may_use(number, starter.id_tag, starter.parent_id_tag):
            return False
        bay.waiting, bay.profile, bay.is_finishing = starter, profile, False
        bay.waits_until = self._context.time + self._connection_timeout
        self.settle(number)
        if bay.is_plugged:
            try:
                self._start(bay, starter)
            finally:
                self.settle(number)
        return True

    def _start(self, bay: Bay, starter: Starter) -> None:
        number, profile = bay.number, bay.profile
        reservation = self._reservations.for_start(number, starter.id_tag, starter.parent_id_tag)
        ended = [] if reservation is None else [reservation]

        def begin(changes: list[Change]) -> Transaction:
            return self._ledger.begin(
                number,
                starter,
                reservation_id=None if reservation is None else reservation.id,
                also=[*self._reservations.ending(ended), *changes],
            )

        power = self._power
        transaction = begin([]) if power is None else power.begin(number, profile, begin)
        self._reservations.has_ended(ended)
        bay.transaction = transaction
        bay.forget_user()
        bay.is_finishing = False
        self._context.equipment.lock(number)
        try:
            self._metering.begin(bay)
        except StorageFailed as error:
            # The transaction is stored, and has begun: what was measured before it is gone.
            self._context.act(Refused(error))
        self.apply_limits()

    def start_answered(self, entry: Entry, info: IdTagInfo) -> None:
        """Take the answer to a StartTransaction, whether it still runs or not."""
        bay = next(
            (
                bay
                for bay in self.running()
                if bay.transaction and bay.transaction.number == entry.transaction
            ),
            None,
        )
        if bay is None or bay.transaction is None:
            return
        transaction = bay.transaction
        if info.parent_id_tag is not None:
            transaction.starter = Starter(transaction.starter.id_tag, info.parent_id_tag)
        then = after_start(info, self._context.configuration)
        if then is AfterStart.LAST_ENERGY:
            most = self._context.configuration.integer("MaxEnergyOnInvalidId")
            transaction.energy_until = transaction.meter_start + most
            transaction.is_deauthorized = True
        self._ledger.update(transaction)
        if then in {AfterStart.STOP, AfterStart.NO_ENERGY}:
            self._deauthorize(bay, transaction, then)
        else:
            self.look_at_meter(bay.number)

    def _deauthorize(self, bay: Bay, transaction: Transaction, then: AfterStart) -> None:
        transaction.is_deauthorized, transaction.energy_until = True, None
        if then is AfterStart.STOP:
            starter = transaction.starter
            self.stop(bay.number, Reason.DE_AUTHORIZED, unlocks=False)
            if bay.is_plugged and not self._context.model.has_fixed_cable:
                bay.held_for = starter
        else:
            self._ledger.update(transaction)
            self.settle(bay.number)

    def look_at_meter(self, number: int) -> None:
        """Take it that energy has flown: a transaction may have had all that it may have."""
        bay = self.bays[number]
        transaction = bay.transaction
        if transaction is None or transaction.energy_until is None:
            return
        if self._context.equipment.register(number) >= transaction.energy_until:
            self._deauthorize(bay, transaction, after_last_energy(self._context.configuration))

    # Stopping

    def stop(
        self, number: int, reason: Reason, *, id_tag: str | None = None, unlocks: bool = True
    ) -> None:
        """Stop the transaction of a connector; no effect where none runs.

        Raises:
            StorageFailed: It could not be stored, and the transaction goes on.
        """
        bay = self.bays[number]
        transaction = bay.transaction
        if transaction is None:
            return
        self._end(bay, transaction, reason, id_tag=id_tag, unlocks=unlocks)
        is_fixed = self._context.model.has_fixed_cable
        bay.is_finishing = bay.is_plugged or (transaction.ev_is_gone and not is_fixed)
        self.settle(number)

    def _end(
        self,
        bay: Bay,
        transaction: Transaction,
        reason: Reason,
        *,
        unlocks: bool,
        id_tag: str | None = None,
    ) -> None:
        number = bay.number
        self._metering.end(bay)

        def end(changes: list[Change]) -> None:
            self._ledger.end(transaction, reason, id_tag=id_tag, also=changes)

        if self._power is None:
            end([])
        else:
            self._power.end(number, end)
        self._metering.ended(bay)
        bay.transaction, bay.limit = None, None
        if unlocks and not self._context.model.has_fixed_cable:
            self._context.equipment.unlock(number)
        self.apply_limits()

    # What follows

    def settle(self, number: int, info: str | None = None) -> None:
        """Let the status of a connector be what follows from what goes on at it."""
        bay = self.bays[number]
        status = bay.status(
            is_operative=self._is_operative(number),
            is_reserved=self._reservations.on(number) is not None,
        )
        self._board.move(number, status, info)
        if status is ChargePointStatus.UNAVAILABLE:
            self._reservations.end(self._reservations.unusable(status, number))
        offer = 0 if self._board.is_faulted(number) else bay.offer
        if offer != bay.offered:
            bay.offered = offer
            self._context.equipment.offer(number, offer)

    def settle_all(self) -> None:
        """Let every status be what follows, that of the charge point included."""
        is_on = self._availability.is_operative(0)
        status = ChargePointStatus.AVAILABLE if is_on else ChargePointStatus.UNAVAILABLE
        self._board.move(0, status)
        for number in self.bays:
            self.settle(number)

    def reservations_over(self, ended: Iterable[Reservation]) -> None:
        """Let statuses follow when reservations have expired or were cancelled."""
        for each in ended:
            number = each.connector
            is_reserved = self._board.status_without_fault(number) is ChargePointStatus.RESERVED
            if is_reserved and self._is_operative(number):
                # G1, then A2: to Preparing it goes straight only with the tag (G2).
                self._board.move(number, ChargePointStatus.AVAILABLE)
        self.settle_all()

    def withdraw(self, number: int) -> None:
        """Take it that a connector is wanted to be inoperative: who prepares, does not."""
        bay = self.bays[number]
        if bay.transaction is None:
            bay.forget_user()
            bay.is_finishing = False

    def apply_limits(self) -> None:
        """Let charging profiles act on what flows now."""
        self._limits_until = None
        if self._power is not None:
            limits, until = self._power.holds(self.drawing())
            for bay in self.running():
                bay.limit = limits.get(bay.number)
            if until is not None:
                context = self._context
                self._limits_until = context.time + context.clock.seconds_until(until, context.time)
        for bay in self.running():
            self.settle(bay.number)

    # Time

    @property
    def next_due(self) -> float | None:
        """When `look` has something to do."""
        context = self._context
        dues = [bay.waits_until for bay in self.bays.values()]
        dues.append(self._limits_until)
        expiry = self._reservations.next_expiry
        if expiry is not None:
            dues.append(context.time + context.clock.seconds_until(expiry, context.time))
        if any(bay.transaction and bay.transaction.energy_until for bay in self.running()):
            dues.append(context.time + POLL)
        return min((due for due in dues if due is not None), default=None)

    def look(self) -> None:
        """Do what is due."""
        context = self._context
        for bay in self.bays.values():
            if bay.waits_until is not None and context.time >= bay.waits_until:
                self._give_up(bay)
            self.look_at_meter(bay.number)
        expired = self._reservations.end(self._reservations.expired(context.now))
        if expired:
            self.reservations_over(expired)
        if self._limits_until is not None and context.time >= self._limits_until:
            self.apply_limits()

    # Inside

    def _give_up(self, bay: Bay) -> None:
        """Take it that there is no plug in time, or no tag: B1 and B6 of SPEC 6."""
        if bay.waiting is None and self._reservations.on(bay.number) is not None:
            # It stays Reserved; how long its user may take is for the reservation.
            bay.waits_until = self._context.time + max(1, self._connection_timeout)
            return
        bay.is_finishing = bay.is_plugged and bay.waiting is None
        bay.forget_user()
        self.settle(bay.number)

    def _may_charge_free(self, number: int) -> bool:
        tag = self._context.model.free_tag
        return tag is not None and self.is_usable(number) and self.may_use(number, tag, None)

    @property
    def _connection_timeout(self) -> int:
        return self._context.configuration.integer("ConnectionTimeOut")

    def _is_operative(self, number: int) -> bool:
        return self._availability.is_operative(number) and not self._context.is_closed
