"""Whatever happens to a whole station, in whatever order: what must always hold. SPEC 3 to 8."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ocpp16 import messages
from ocpp16.datatypes import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from ocpp16.enums import (
    AvailabilityType,
    ChargePointErrorCode,
    ChargePointStatus,
    ChargingProfileKindType,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    ResetType,
)
from ocpp16.station.action import Restart
from ocpp16.station.connector import FORESEEN, OF_CONNECTOR_ZERO, Fault
from ocpp16.storage import StorageFailed
from tests.station.bench import CLOSED, REFUSED, TIMEOUT, Bench
from tests.station.parts import ACCEPTED, BLOCKED, FAMILY, Disk

CONNECTORS = st.integers(1, 2)
TAGS = st.sampled_from(["A", "B", "C", "LOST"])
SUSPENDED = {ChargePointStatus.SUSPENDED_EV, ChargePointStatus.SUSPENDED_EVSE}
IN_TRANSACTION = {ChargePointStatus.CHARGING} | SUSPENDED


class StationMachine(RuleBasedStateMachine):
    """A station with two connectors, drivers, an operator, and a link that fails."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = Disk()
        self.bench = Bench(
            storage=self.disk,
            AllowOfflineTxForUnknownId=True,
            MeterValueSampleInterval=300,
            StopTxnSampledData="Energy.Active.Import.Register",
            ConnectionTimeOut=120,
            TransactionMessageAttempts=1000,
        )
        self.bench.central.tags |= {"A": FAMILY, "B": FAMILY, "C": ACCEPTED, "LOST": BLOCKED}
        self.log: list[Any] = []
        self.seen: set[int] = set()

    def do(self, work: Any) -> None:
        """Do something that may find the disk full."""
        try:
            work()
        except StorageFailed:
            assert self.disk.is_full
        self.pump()

    def pump(self) -> None:
        try:
            self.bench.pump()
        except StorageFailed:
            assert self.disk.is_full
        self.log += self.bench.central.received
        self.bench.central.received.clear()
        if any(isinstance(action, Restart) for action in self.bench.actions):
            self.bench.actions.clear()
            self.power_cut()

    # Drivers

    @rule(connector=CONNECTORS)
    def plug(self, connector: int) -> None:
        self.do(lambda: self.bench.core.charging.plug_in(connector))

    @rule(connector=CONNECTORS, only=st.booleans())
    def unplug(self, connector: int, only: bool) -> None:
        self.do(lambda: self.bench.core.charging.unplug(connector, ev_side_only=only))

    @rule(connector=CONNECTORS, tag=TAGS)
    def show(self, connector: int, tag: str) -> None:
        self.do(lambda: self.bench.core.reader.present(connector, tag))

    @rule(connector=CONNECTORS, wants=st.booleans())
    def draw(self, connector: int, wants: bool) -> None:
        self.do(lambda: self.bench.core.charging.draw(connector, wants=wants))

    @rule(seconds=st.sampled_from([1, 30, 119, 301, 4000]), energy=st.integers(0, 500))
    def wait(self, seconds: int, energy: int) -> None:
        for connector in (1, 2):
            if self.bench.machinery.offers.get(connector, 0) != 0:
                total = self.bench.machinery.register(connector) + energy
                self.bench.machinery.registers[connector] = total
        self.do(lambda: self.bench.wait(seconds))

    # Things that go wrong

    @rule(connector=st.integers(0, 2), fails=st.booleans())
    def fault(self, connector: int, fails: bool) -> None:
        if fails:
            code = ChargePointErrorCode.GROUND_FAILURE
            self.do(lambda: self.bench.core.fail(connector, Fault(code=code)))
        else:
            self.do(lambda: self.bench.core.clear(connector))

    @rule(is_up=st.booleans())
    def link(self, is_up: bool) -> None:
        if is_up:
            self.do(self.bench.core.link_up)
        else:
            self.do(self.bench.core.link_down)

    @rule(error=st.sampled_from([None, None, CLOSED, TIMEOUT, REFUSED]))
    def trouble(self, error: Any) -> None:
        self.bench.central.fails = lambda request: error

    @rule(is_full=st.sampled_from([True, False, False]))
    def fill_the_disk(self, is_full: bool) -> None:
        self.disk.is_full = is_full

    @rule()
    def power_cut(self) -> None:
        self.disk.is_full = False
        self.bench.power_cut(seconds=5)
        self.log += ["power cut", *self.bench.central.received]
        self.bench.central.received.clear()

    # The operator

    def ask(self, request: Any) -> None:
        self.do(lambda: self.bench.ask(request))

    @rule(connector=st.sampled_from([None, 1, 2]), tag=TAGS)
    def remote_start(self, connector: int | None, tag: str) -> None:
        self.ask(messages.RemoteStartTransactionRequest(id_tag=tag, connector_id=connector))

    @rule(back=st.integers(0, 2))
    def remote_stop(self, back: int) -> None:
        ids = list(self.bench.central.given.values())
        if len(ids) > back:
            self.ask(messages.RemoteStopTransactionRequest(transaction_id=ids[-1 - back]))

    @rule(connector=st.integers(0, 2), on=st.booleans())
    def availability(self, connector: int, on: bool) -> None:
        kind = AvailabilityType.OPERATIVE if on else AvailabilityType.INOPERATIVE
        self.ask(messages.ChangeAvailabilityRequest(connector_id=connector, type=kind))

    @rule(connector=st.integers(0, 2), number=st.integers(1, 3), tag=TAGS)
    def reserve(self, connector: int, number: int, tag: str) -> None:
        self.ask(
            messages.ReserveNowRequest(
                connector_id=connector,
                expiry_date=self.bench.core.now + timedelta(seconds=600),
                id_tag=tag,
                reservation_id=number,
            )
        )

    @rule(number=st.integers(1, 3))
    def cancel(self, number: int) -> None:
        self.ask(messages.CancelReservationRequest(reservation_id=number))

    @rule(connector=CONNECTORS)
    def unlock(self, connector: int) -> None:
        self.ask(messages.UnlockConnectorRequest(connector_id=connector))

    @rule(kind=st.sampled_from(list(ResetType)))
    def reset(self, kind: ResetType) -> None:
        self.ask(messages.ResetRequest(type=kind))

    @rule(limit=st.sampled_from([0.0, 2000.0, None]))
    def limit(self, limit: float | None) -> None:
        if limit is None:
            self.ask(messages.ClearChargingProfileRequest())
            return
        schedule = ChargingSchedule(
            charging_rate_unit=ChargingRateUnitType.W,
            charging_schedule_period=(ChargingSchedulePeriod(start_period=0, limit=limit),),
        )
        profile = ChargingProfile(
            charging_profile_id=1,
            stack_level=0,
            charging_profile_purpose=ChargingProfilePurposeType.TX_DEFAULT_PROFILE,
            charging_profile_kind=ChargingProfileKindType.RELATIVE,
            charging_schedule=schedule,
        )
        self.ask(messages.SetChargingProfileRequest(connector_id=0, cs_charging_profiles=profile))

    # What always holds

    @invariant()
    def statuses_follow_from_what_is_going_on(self) -> None:
        for number, bay in self.bench.core.charging.bays.items():
            status = self.bench.core.parts.board.status_without_fault(number)
            assert (status in IN_TRANSACTION) is (bay.transaction is not None), (number, status)
        assert self.bench.core.status(0) in OF_CONNECTOR_ZERO

    @invariant()
    def energy_is_offered_to_transactions_only(self) -> None:
        for number, bay in self.bench.core.charging.bays.items():
            if bay.transaction is None:
                assert self.bench.machinery.offers.get(number, 0) == 0 or not bay.offered

    @invariant()
    def transactions_begin_and_end_once_in_order(self) -> None:
        open_ids: set[int] = set()
        ended: set[int] = set()
        for request in self.log:
            match request:
                case messages.StartTransactionRequest():
                    key = (
                        request.connector_id, request.id_tag, request.meter_start,
                        request.timestamp,
                    )  # fmt: skip
                    if key in self.bench.central.given:
                        open_ids.add(self.bench.central.given[key])
                case messages.StopTransactionRequest():
                    number = request.transaction_id
                    assert number in open_ids
                    assert request.meter_stop >= 0
                    ended.add(number)
                case messages.MeterValuesRequest() if request.transaction_id is not None:
                    assert request.transaction_id in open_ids
                    assert request.transaction_id not in ended
                case _:
                    pass

    @invariant()
    def told_statuses_are_foreseen(self) -> None:
        told: dict[int, list[ChargePointStatus]] = {}
        for request in self.log[-200:]:
            if request == "power cut":
                told.clear()
            elif isinstance(request, messages.StatusNotificationRequest):
                told.setdefault(request.connector_id, []).append(request.status)
        # While nothing is lost, each status follows on the one before as SPEC 6 foresees.
        if self.bench.central.fails(None) is None and not self.has_lost:  # type: ignore[arg-type]
            for number, statuses in told.items():
                for one, other in pairwise(statuses):
                    assert one is other or (one, other) in FORESEEN, (number, one, other)

    @property
    def has_lost(self) -> bool:
        return self.was_offline

    was_offline = True
    """Statuses of an outage are not told one by one; only a machine without one could tell."""


class QuietMachine(StationMachine):
    """The same with a link that never fails: every status is told, and in its order."""

    was_offline = False

    def link(self, is_up: bool) -> None:
        """Nothing happens to the link."""

    def trouble(self, error: Any) -> None:
        """Nor to what it carries."""

    def fill_the_disk(self, is_full: bool) -> None:
        """Nor to the disk."""


TestStationMachine = StationMachine.TestCase
TestQuietMachine = QuietMachine.TestCase
TestQuietMachine.settings = settings(stateful_step_count=60)
