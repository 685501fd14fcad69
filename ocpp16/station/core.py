"""A whole charge point without a wire, a socket or a clock: events and time in, messages out.

Everything happens at the time that `pass_time` told last. After each input, take what there is
to send and `actions`; `next_due` says when to come back at the latest. `Station` does so behind a
role.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import attrs

from ocpp16.enums import ChargePointStatus, RegistrationStatus
from ocpp16.errors import OcppError
from ocpp16.messages import (
    BootNotificationRequest,
    HeartbeatResponse,
    StartTransactionRequest,
    StartTransactionResponse,
    StopTransactionRequest,
    StopTransactionResponse,
)
from ocpp16.security_event import SecurityEvent
from ocpp16.station.ability import Ability
from ocpp16.station.action import Action, PingEvery, Refused, Send
from ocpp16.station.authorization import Authorizer
from ocpp16.station.availability import Availability
from ocpp16.station.boot import Boot
from ocpp16.station.cache import AuthorizationCache
from ocpp16.station.certificates import Certificates
from ocpp16.station.charging import Charging
from ocpp16.station.clock import StationClock
from ocpp16.station.configuration import Configuration
from ocpp16.station.connector import Fault
from ocpp16.station.context import CLOCK_KIND, Context
from ocpp16.station.courier import Courier, Outcome
from ocpp16.station.data_transfer import DataTransfers
from ocpp16.station.follow_up import FollowUp
from ocpp16.station.heartbeat import Heartbeat
from ocpp16.station.ledger import Ledger
from ocpp16.station.local_list import LocalList
from ocpp16.station.maintenance import Maintenance
from ocpp16.station.metering import Metering
from ocpp16.station.model import Equipment, Model
from ocpp16.station.outbox import Entry, Given, Outbox
from ocpp16.station.parts import Parts
from ocpp16.station.power import Power
from ocpp16.station.reader import Reader
from ocpp16.station.requests import Requests
from ocpp16.station.reservation import Reservations
from ocpp16.station.root_store import SYSTEM
from ocpp16.station.security import Security
from ocpp16.station.settings import forbid, make_configuration
from ocpp16.station.status_board import StatusBoard
from ocpp16.station.watched_storage import WatchedStorage
from ocpp16.storage import Change, StationStorage, StorageFailed
from ocpp16.structure import Request, Response

REGISTERED_KIND = "registered"
PATIENCE = 10.0
"""Seconds until what could not be stored is tried again."""


def _new_id() -> str:
    return str(uuid.uuid4())


class Core:
    """A charge point that has just been switched on.

    Args:
        model: What it is built of.
        equipment: Its machinery.
        storage: What outlives it; a later one with the same storage goes on where this one ended.
        time: Monotonic seconds now.
        estimate: The time of day now, as well as it is known.
        ability: What it can do beside charging.
        new_id: Source of message ids, each unique for ever.
        follows_clock: Whether its clock is set by answers later than that to BootNotification.

    Raises:
        ValueError: A key of the model does not take its value.
        StorageFailed: The storage cannot be read, or what a power cut has left cannot be written.
    """

    def __init__(
        self,
        model: Model,
        equipment: Equipment,
        storage: StationStorage,
        *,
        time: float,
        estimate: datetime,
        ability: Ability = Ability(),  # noqa: B008 - frozen
        new_id: Callable[[], str] = _new_id,
        follows_clock: bool = True,
    ) -> None:
        self.actions: list[Action] = []
        """What is to be done outside; whoever does it takes it out."""
        self._follows_clock = follows_clock
        self._not_before = time
        storage = WatchedStorage(storage)
        configuration = make_configuration(model, storage, ability)
        boot = Boot(time)
        outboxes = tuple(
            Outbox(
                storage,
                kind=kind,
                new_id=new_id,
                attempts=attempts,
                interval=partial(configuration.integer, "TransactionMessageRetryInterval"),
            )
            for kind, attempts in (
                ("outbox", partial(configuration.integer, "TransactionMessageAttempts")),
                ("security-outbox", None),
            )
        )
        courier = Courier(
            boot=boot,
            heartbeat=Heartbeat(configuration.integer("HeartbeatInterval"), time),
            configuration=configuration,
            outboxes=outboxes,
            answered=self._arrived,
            given_up=self._given_up,
            recovered=self._recovered,
        )
        last = storage.read(CLOCK_KIND).get("last")
        if isinstance(last, (int, float)):
            # It cannot be earlier than it was before.
            estimate = max(estimate, datetime.fromtimestamp(last, UTC))
        self._outboxes = outboxes
        self._context = context = Context(
            model=model,
            equipment=equipment,
            storage=storage,
            configuration=configuration,
            clock=StationClock(time, estimate),
            boot=boot,
            courier=courier,
            act=self.actions.append,
            time=time,
            was_accepted=bool(storage.read(REGISTERED_KIND)),
        )
        self.parts = self._make_parts(context, outboxes, ability, new_id)
        self.requests = Requests(self.parts, ability)
        self._follow_up = FollowUp(self.parts, self.requests, ability)
        forbid(configuration, equipment, self._certified(ability))
        self.parts.security.note(SecurityEvent.STARTUP_OF_THE_DEVICE)
        self.parts.ledger.recover()
        self.charging.settle_all()

    def _make_parts(
        self,
        context: Context,
        outboxes: tuple[Outbox, ...],
        ability: Ability,
        new_id: Callable[[], str],
    ) -> Parts:
        model, storage, configuration = context.model, context.storage, context.configuration
        availability = Availability(storage, model.connectors)
        unavailable = frozenset(
            number
            for number in range(model.connectors + 1)
            if not availability.is_operative(number)
        )
        board = StatusBoard(context, unavailable)
        ledger = Ledger(context, outboxes[0])
        metering = Metering(context, ledger)
        local_list = None
        if model.supports("LocalAuthListManagement"):
            local_list = LocalList(
                storage,
                max_length=configuration.integer("LocalAuthListMaxLength"),
                max_update=configuration.integer("SendLocalListMaxLength"),
            )
        cache = AuthorizationCache(storage, model.cache_size)
        authorizer = Authorizer(configuration, local_list, cache)
        reservations = Reservations(storage)
        power = Power(context) if model.supports("SmartCharging") else None
        self.charging = charging = Charging(
            context,
            board=board,
            ledger=ledger,
            metering=metering,
            reservations=reservations,
            availability=availability,
            power=power,
        )
        self.reader = Reader(context, board=board, authorizer=authorizer, charging=charging)
        security = Security(context, outboxes[1])
        self.certificates = None
        if model.has_security_extension and ability.examiner is not None:
            self.certificates = Certificates(
                context,
                security=security,
                examiner=ability.examiner,
                serial_number=ability.serial_number,
                new_name=new_id,
            )
        self.maintenance = maintenance = Maintenance(
            context,
            board=board,
            security=security,
            is_charging=lambda: bool(charging.busy),
            is_all_sent=lambda: not any(map(len, outboxes)) and context.courier.is_idle,
            settle=charging.settle_all,
        )
        return Parts(
            context=context,
            board=board,
            ledger=ledger,
            metering=metering,
            authorizer=authorizer,
            local_list=local_list,
            reservations=reservations,
            availability=availability,
            power=power,
            charging=charging,
            reader=self.reader,
            maintenance=maintenance,
            security=security,
            certificates=self.certificates,
            transfers=DataTransfers(),
        )

    def _certified(self, ability: Ability) -> Ability:
        """Return an ability that knows of the certificates that are installed."""
        certificates = self.certificates
        if certificates is None:
            return ability
        return attrs.evolve(
            ability,
            has_system_root=lambda: (
                bool(certificates.roots.of(SYSTEM)) or ability.has_system_root()
            ),
            has_certificate=lambda: certificates.has_certificate or ability.has_certificate(),
        )

    # What is known

    @property
    def configuration(self) -> Configuration:
        """Its configuration."""
        return self._context.configuration

    @property
    def now(self) -> datetime:
        """The time of day, as it knows it."""
        return self._context.now

    @property
    def is_accepted(self) -> bool:
        """Tell whether the central system has accepted it since it was switched on."""
        return self._context.boot.is_accepted

    @property
    def is_all_sent(self) -> bool:
        """Tell whether nothing waits to be sent and nothing is under way."""
        return not any(map(len, self._outboxes)) and self._context.courier.is_idle

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing is under way, and nothing can leave now."""
        courier = self._context.courier
        due = courier.next_due(self._context.time)
        return not courier.is_under_way and (due is None or due > self._context.time)

    def status(self, connector: int) -> ChargePointStatus:
        """Return the status of a connector, or with 0 of the charge point."""
        return self.parts.board.status(connector)

    def waiting(self) -> list[Request[Any]]:
        """Return the messages about transactions that have not arrived yet, in order."""
        return [entry.request for entry in self._outboxes[0]]

    # Time

    def pass_time(self, time: float) -> None:
        """Let time pass, and do what is due; what fails to be stored is told by an action."""
        context = self._context
        context.time = max(context.time, time)
        parts = self.parts
        for look in (
            parts.charging.look,
            lambda: parts.metering.look(parts.charging.bays.values()),
            parts.maintenance.look,
            parts.board.look,
            parts.security.look,
            *(() if self.certificates is None else (self.certificates.look,)),
        ):
            try:
                look()
            except StorageFailed as error:
                # It stays due, but is not tried without end.
                self._not_before = context.time + PATIENCE
                context.act(Refused(error))

    def next_due(self) -> float | None:
        """Return when `pass_time` or `next_message` has something to do; None: only after news."""
        context, parts = self._context, self.parts
        dues = (
            parts.charging.next_due,
            parts.metering.next_due(parts.charging.running()),
            parts.maintenance.next_due,
            parts.board.next_due,
            parts.security.next_due,
            None if self.certificates is None else self.certificates.next_due,
        )
        found = [max(due, self._not_before) for due in dues if due is not None]
        sending = context.courier.next_due(context.time)
        return min(found if sending is None else [*found, sending], default=None)

    # The link and the registration

    def link_up(self, *, tells_faults_apart: bool = True) -> None:
        """Take it that messages can be sent.

        Args:
            tells_faults_apart: Whether errors come from the central system itself (JSON), or
                perhaps from the way there (SOAP).
        """
        context = self._context
        context.courier.tells_faults_apart = tells_faults_apart
        context.courier.link(is_up=True, time=context.time)
        if context.is_online:
            self.parts.board.refresh()

    def link_down(self) -> None:
        """Take it that no message can be sent."""
        self._context.courier.link(is_up=False, time=self._context.time)

    @property
    def next_boot(self) -> float | None:
        """When BootNotification is due; only for whoever boots without a role."""
        return self._context.boot.next_due

    def boot_request(self) -> BootNotificationRequest:
        """Return the BootNotification that is due."""
        return self._context.model.boot_request(self.maintenance.version)

    def boot_sent(self) -> None:
        """Take it that BootNotification was sent."""
        self._context.boot.sent()

    def boot_failed(self) -> None:
        """Take it that BootNotification got no usable answer."""
        self._context.boot.failed(self._context.time)

    def registered(
        self, status: RegistrationStatus, interval: int, current_time: datetime | None
    ) -> None:
        """Take the answer to BootNotification.

        Raises:
            StorageFailed: It could not be stored; the registration counts all the same.
        """
        context = self._context
        context.boot.answered(status, interval, context.time)
        if status is not RegistrationStatus.ACCEPTED:
            return
        try:
            if not context.was_accepted:
                context.was_accepted = True
                context.storage.write([Change(REGISTERED_KIND, "accepted", True)])
            if current_time is not None:
                self._set_clock(current_time)
            if interval > 0:
                self._keep_interval(interval)
        finally:
            if context.configuration.has("WebSocketPingInterval"):
                context.act(PingEvery(context.configuration.integer("WebSocketPingInterval")))
            self.charging.settle_all()
            self.parts.board.announce()

    def _keep_interval(self, interval: int) -> None:
        configuration = self._context.configuration
        wanted = str(min(interval, 2**31 - 1))
        if configuration.text("HeartbeatInterval") != wanted:
            configuration.set("HeartbeatInterval", wanted)

    def _set_clock(self, current_time: datetime) -> None:
        context = self._context
        was_set = context.clock.is_set
        offset = context.clock.set(context.time, current_time)
        if not offset:
            return
        self.parts.metering.clock_was_set()
        if not was_set:
            self._correct(offset)
        self.parts.security.note(SecurityEvent.SETTING_SYSTEM_TIME, f"by {offset}")

    def _correct(self, offset: timedelta) -> None:
        """Correct what was noted before the clock was set (POLICY: order kept)."""
        for outbox in self._outboxes:
            outbox.correct(offset)
        self.parts.security.correct(offset)
        for bay in self.charging.running():
            if bay.transaction is not None:
                self.parts.ledger.correct(bay.transaction, offset)

    # Messages

    def next_message(self) -> Send | None:
        """Return a message that is to be sent now; None if there is none, or one is under way."""
        return self._context.courier.next(self._context.time)

    def message_ended(self, token: int, outcome: Outcome) -> None:
        """Take what came of a message: the response, or why there is none.

        Raises:
            StorageFailed: What it brings about could not be stored, and does not happen.
        """
        try:
            self._context.courier.ended(token, outcome, self._context.time)
        finally:
            if self._follows_clock and isinstance(outcome, HeartbeatResponse):
                self._set_clock(outcome.current_time)

    def late_answer(self, message_id: str, outcome: Response | OcppError) -> None:
        """Take an answer whose call had timed out."""
        if isinstance(outcome, Response):
            self._context.courier.late_answer(message_id, outcome, self._context.time)

    def answer(self, request: Request[Response]) -> Response:
        """Answer a request of the central system; see `Requests.answer`."""
        return self.requests.answer(request)

    def follow(self, request: Request[Response], response: Response) -> None:
        """Do what follows once an answer has left; see `FollowUp.follow`."""
        self._follow_up.follow(request, response)

    def fail(self, connector: int, fault: Fault) -> None:
        """Take a fault of a connector, or with 0 of the whole charge point."""
        parts = self.parts
        parts.board.fail(connector, fault)
        ended = parts.reservations.unusable(ChargePointStatus.FAULTED, connector)
        parts.reservations.end(ended)
        self.charging.settle_all()

    def clear(self, connector: int) -> None:
        """Take it that a fault is solved."""
        self.parts.board.clear(connector)
        self.charging.settle_all()

    # What came of messages

    def _arrived(self, entry: Entry, response: Response) -> None:
        match entry.request, response:
            case StartTransactionRequest(id_tag=id_tag), StartTransactionResponse():
                self.reader.learn(id_tag, response.id_tag_info)
                self.charging.start_answered(entry, response.id_tag_info)
            case StopTransactionRequest(id_tag=id_tag), StopTransactionResponse():
                if id_tag is not None and response.id_tag_info is not None:
                    self.reader.learn(id_tag, response.id_tag_info)
            case _:
                pass

    def _given_up(self, given: Given) -> None:
        reason = f"the central system fails to process {type(given.entry.request).__name__}"
        self._context.act(Refused(OcppError(reason)))

    def _recovered(self) -> None:
        if self._context.is_online:
            self.parts.board.refresh()
