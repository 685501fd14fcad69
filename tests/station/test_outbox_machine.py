"""Whatever happens, what was stored arrives in order, at least once, with the right id. SPEC 3."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ocpp16 import messages
from ocpp16.station.outbox import NO_TRANSACTION, Outbox
from ocpp16.storage import StorageFailed
from tests.station.parts import Disk, after


class OutboxMachine(RuleBasedStateMachine):
    """A charge point that makes messages, a link that fails, and a central system."""

    def __init__(self) -> None:
        super().__init__()
        self.disk = Disk()
        self.ids = itertools.count(1)
        self.outbox = self.opened()
        self.time = 0.0
        self.number = 0
        self.open: int | None = None
        self.stored: list[tuple[str, int]] = []
        self.arrived: list[tuple[str, int]] = []
        self.given_up: set[int] = set()
        self.told: dict[int, int] = {}
        self.under_way: Any = None
        self.transmissions: dict[str, int] = {}

    def opened(self) -> Outbox:
        return Outbox(
            self.disk,
            new_id=lambda: f"m{next(self.ids)}",
            attempts=lambda: 3,
            interval=lambda: 10,
        )

    def add(self, request: Any, transaction: int) -> None:
        try:
            entry = self.outbox.add(request, transaction)
        except StorageFailed:
            assert self.disk.is_full
        else:
            self.stored.append((entry.message_id, transaction))

    # The charge point

    @rule()
    def start(self) -> None:
        if self.open is None:
            self.number += 1
            before = len(self.stored)
            self.add(
                messages.StartTransactionRequest(
                    connector_id=1, id_tag="A", meter_start=self.number, timestamp=after(0)
                ),
                self.number,
            )
            self.open = self.number if len(self.stored) > before else None

    @rule(ends=st.booleans())
    def stop(self, ends: bool) -> None:
        if self.open is None:
            return
        before = len(self.stored)
        self.add(
            messages.StopTransactionRequest(
                transaction_id=0, meter_stop=self.open, timestamp=after(0)
            ),
            self.open,
        )
        if len(self.stored) > before:
            self.open = None

    @rule(is_full=st.booleans())
    def fill_the_disk(self, is_full: bool) -> None:
        self.disk.is_full = is_full

    @rule()
    def crash(self) -> None:
        self.outbox = self.opened()
        self.under_way = None

    # The link

    @precondition(lambda self: self.under_way is None)
    @rule(seconds=st.integers(0, 60))
    def send(self, seconds: int) -> None:
        self.time += seconds
        sending = self.outbox.send(self.time)
        if sending is not None:
            self.under_way = sending

    @precondition(lambda self: self.under_way is not None)
    @rule(
        answer=st.sampled_from(
            ["response", "response lost", "error", "fault", "fault, dead", "time-out", "lost"]
        )
    )
    def end(self, answer: str) -> None:
        entry, request = self.under_way
        self.under_way = None
        transaction = entry.transaction
        if answer.startswith("response"):
            self.arrive(entry.message_id, transaction, request)
        try:
            match answer:
                case "response":
                    told = self.told.get(transaction)
                    self.outbox.delivered(entry.message_id, self.time, transaction_id=told)
                case "error":
                    self.note(self.outbox.refused(self.time, needs_heartbeat=False))
                case "fault":
                    self.outbox.refused(self.time, needs_heartbeat=True)
                    self.note(self.outbox.heartbeat_answered(self.time))
                case "fault, dead":
                    self.outbox.refused(self.time, needs_heartbeat=True)
                    self.outbox.unanswered(self.time)
                case "time-out":
                    self.outbox.unanswered(self.time)
                case _:
                    self.outbox.link_lost(self.time)
        except StorageFailed:
            assert self.disk.is_full
            self.outbox.link_lost(self.time)

    def note(self, given: Any) -> None:
        if given is not None:
            self.given_up.add(given.entry.message_id)
            if isinstance(given.entry.request, messages.StartTransactionRequest):
                self.told[given.entry.transaction] = NO_TRANSACTION

    def arrive(self, message_id: str, transaction: int, request: Any) -> None:
        if isinstance(request, messages.StartTransactionRequest):
            self.told[transaction] = 1000 + transaction
        else:
            assert request.transaction_id == self.told[transaction]
        self.arrived.append((message_id, transaction))

    # What always holds

    @invariant()
    def nothing_is_lost(self) -> None:
        waiting = {entry.message_id for entry in self.outbox}
        arrived = {message_id for message_id, _ in self.arrived}
        for message_id, _ in self.stored:
            assert message_id in waiting | arrived | self.given_up

    @invariant()
    def order_is_kept(self) -> None:
        place = {message_id: number for number, (message_id, _) in enumerate(self.stored)}
        places = [place[message_id] for message_id, _ in self.arrived]
        assert places == sorted(places)
        waiting = [place[entry.message_id] for entry in self.outbox]
        assert waiting == sorted(waiting)


TestOutboxMachine = OutboxMachine.TestCase
