"""A relay on a bench: time turned by hand, a real database, every write and call in the open.

What a driver does with the relay's actions is done here step by step, so that a test can let a
write fail, a process end between two writes, or an answer come late.
"""

from __future__ import annotations

import itertools
import random
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from ocpp16 import messages as m
from ocpp16.bridge import event
from ocpp16.bridge.action import (
    Action,
    Answer,
    CloseUpstream,
    GiveUp,
    Ignore,
    Load,
    Now,
    OpenUpstream,
    Refuse,
    Send,
    SetRegistration,
    Tell,
    Write,
)
from ocpp16.bridge.relay import Memory, Relay, Rules
from ocpp16.datatypes import IdTagInfo, MeterValue, SampledValue
from ocpp16.enums import (
    AuthorizationStatus,
    ChargePointErrorCode,
    ChargePointStatus,
    RegistrationStatus,
)
from ocpp16.errors import CallFailed, ErrorCode, Fault, OcppError, SessionClosed
from ocpp16.store.bridge import query
from ocpp16.store.bridge.tables import SCHEMA, State
from ocpp16.store.error import StoreUnavailable
from ocpp16.structure import Request, Response

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
Outcome: TypeAlias = Response | Fault | str
"""What an exchange came to; a text for no answer at all."""
NO_ANSWER = "no answer (HTTP 503)"


OPEN: list[sa.Engine] = []
"""Closed after each test, by the fixture `databases`."""


def new_database() -> sa.Engine:
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    OPEN.append(engine)
    with engine.begin() as connection:
        for step in SCHEMA.steps:
            step(connection)
    return engine


class Bench:
    """One charge point's relay with all that it asks for laid out.

    Args:
        engine: Where messages are; None is a new database.
        now: Seconds since noon.
        names: Where the names of exchanges come from.
        rules: Settings that are not as usual.
    """

    def __init__(
        self,
        engine: sa.Engine | None = None,
        *,
        now: float = 0.0,
        names: itertools.count[int] | None = None,
        seed: int = 1,
        **rules: Any,
    ) -> None:
        self.engine = new_database() if engine is None else engine
        self.names = itertools.count(1) if names is None else names
        self.time = now
        self.rules = rules
        self.seed = seed
        self.outcomes: dict[str, Outcome] = {}
        self.events: list[event.Event] = []
        self.sent: list[Send] = []
        self.given_up: list[int] = []
        self.wanted: bool | None = None
        """Whether the relay wants to be connected; None until it has said so."""
        self.opened = 0
        self.is_open = False
        self.registered: list[str] = []
        self.writes: deque[Write] = deque()
        self.loads: deque[Load] = deque()
        self.holds_writes = False
        self.store_fails = False
        self.relay = self._make_relay()

    def _make_relay(self) -> Relay:
        with self.engine.connect() as connection:
            rows = query.chargers(connection, "CP1")
            pairs = tuple(query.transactions(connection, "CP1"))
        memory = Memory(transactions=pairs)
        if rows:
            row = rows[0]
            memory = Memory(
                status=row.status,
                interval=row.interval,
                boot=row.boot,
                refusing=row.refusing,
                transactions=pairs,
                queued=row.queued,
                held=row.held,
                dead=row.dead,
                oldest=row.oldest,
            )
        rules = Rules(**({"answer_within": 25.0} | self.rules))
        return Relay("CP1", rules, memory, random=random.Random(self.seed).random)

    @property
    def now(self) -> Now:
        return Now(self.time, NOON + timedelta(seconds=self.time))

    # The charge point

    def send(self, request: Request[Any]) -> str:
        """Let the charge point send a message; return the name of the exchange."""
        ticket = f"m{next(self.names)}"
        self.do(self.relay.receive(ticket, request, self.now))
        return ticket

    def ask(self, request: Request[Any]) -> Outcome | None:
        """Let the charge point send a message; return what it came to, None if it still waits."""
        return self.outcomes.get(self.send(request))

    # The backend

    def open(self) -> None:
        self.is_open = True
        self.do(self.relay.opened(self.now))

    def close(self) -> None:
        self.is_open = False
        self.do(self.relay.closed("cut", self.now))

    def fail_to_open(self) -> None:
        self.do(self.relay.attempt_failed("refused", self.now))

    @property
    def flight(self) -> Send:
        return self.sent[-1]

    @property
    def upstream(self) -> list[Request[Any]]:
        """What left for the backend, in order."""
        return [send.request for send in self.sent]

    def answer(self, response: Response | None = None, send: Send | None = None) -> None:
        """Let the backend answer the last call, or another one."""
        send = self.flight if send is None else send
        if response is None:
            response = usual_answer(send.request)
        self.do(self.relay.answered(send.number, response, self.now))

    def fail(self, error: OcppError | None = None, *, has_left: bool = True) -> None:
        """Let the last call fail."""
        error = CallFailed(ErrorCode.INTERNAL_ERROR, "no") if error is None else error
        self.do(self.relay.failed(self.flight.number, error, self.now, has_left=has_left))

    def answer_all(self) -> None:
        """Answer everything that leaves, until nothing does any more."""
        answered = -1
        while self.sent and self.flight.number != answered:
            answered = self.flight.number
            self.answer()

    # Time, and the store

    def advance(self, seconds: float) -> None:
        """Turn time on, stopping wherever the relay is due."""
        target = self.time + seconds
        while True:
            due = self.relay.deadline
            if due is None or due > target:
                break
            assert due >= self.time - 1e-9 or due <= self.time, "a deadline that does not pass"
            self.time = max(self.time, due)
            self.do(self.relay.tick(self.now))
            after = self.relay.deadline
            assert after is None or after > self.time, "a tick left something due"
        self.time = target

    def write_one(self) -> None:
        """Commit the next change."""
        write = self.writes.popleft()
        if self.store_fails:
            self.do(self.relay.unwritten(write, StoreUnavailable("full"), self.now))
            return
        with self.engine.begin() as connection:
            result = write.change.apply(connection)
        self.do(self.relay.written(write, result, self.now))

    def load_one(self) -> None:
        """Read what was asked for."""
        load = self.loads.popleft()
        if self.store_fails:
            self.do(self.relay.not_loaded(StoreUnavailable("full"), self.now))
            return
        with self.engine.connect() as connection:
            rows, total = query.line(connection, "CP1", load.after, load.limit)
        self.do(self.relay.loaded(rows, load.limit, total, self.now))

    def settle(self) -> None:
        """Do all that the store was asked for."""
        while self.writes or self.loads:
            if self.writes:
                self.write_one()
            else:
                self.load_one()

    def restart(self, *, is_online: bool = True) -> Bench:
        """End the process here, losing what is not committed, and return the next one."""
        bench = Bench(
            self.engine, now=self.time, names=self.names, seed=self.seed + 1, **self.rules
        )
        bench.do(bench.relay.start(bench.now, is_online=is_online))
        return bench

    def kept(self, *states: State) -> list[query.MessageRow]:
        """Return the messages in the store that are in these states; none is all that wait."""
        wanted = states or (State.QUEUED,)
        with self.engine.connect() as connection:
            return query.messages(connection, "CP1", wanted)

    def told(self, kind: type[Any]) -> list[Any]:
        return [each for each in self.events if isinstance(each, kind)]

    def do(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Answer(ticket, response, _):
                    self._end(ticket, response)
                case Refuse(ticket, fault, _):
                    self._end(ticket, fault)
                case Ignore(ticket):
                    self._end(ticket, NO_ANSWER)
                case Write():
                    self.writes.append(action)
                case Load():
                    self.loads.append(action)
                case Send():
                    self.sent.append(action)
                case GiveUp(number):
                    self.given_up.append(number)
                case OpenUpstream():
                    self.wanted = True
                    self.opened += 1
                case CloseUpstream():
                    self.wanted = self.is_open = False
                case SetRegistration(status, _):
                    self.registered.append(status)
                case Tell(told):
                    self.events.append(told)
        if not self.holds_writes:
            self.settle()

    def _end(self, ticket: str, outcome: Outcome) -> None:
        assert ticket not in self.outcomes, f"{ticket} is answered twice"
        self.outcomes[ticket] = outcome


def online(**rules: Any) -> Bench:
    """Return a bench whose backend is there and has accepted the charge point."""
    bench = Bench(**rules)
    bench.send(boot())
    bench.open()
    bench.answer()
    bench.events.clear()
    bench.sent.clear()
    return bench


def away(**rules: Any) -> Bench:
    """Return a bench whose charge point is accepted, and whose backend is away."""
    bench = online(**rules)
    bench.close()
    bench.fail_to_open()
    bench.events.clear()
    return bench


# Messages


def at(second: float) -> datetime:
    return NOON + timedelta(seconds=second)


def boot(model: str = "M") -> m.BootNotificationRequest:
    return m.BootNotificationRequest(charge_point_vendor="Example", charge_point_model=model)


def start(second: float = 0, *, connector: int = 1, tag: str = "TAG") -> m.StartTransactionRequest:
    return m.StartTransactionRequest(
        connector_id=connector, id_tag=tag, meter_start=100, timestamp=at(second)
    )


def stop(transaction_id: int, second: float = 60) -> m.StopTransactionRequest:
    return m.StopTransactionRequest(
        transaction_id=transaction_id, meter_stop=200, timestamp=at(second)
    )


def meter(second: float = 1, transaction_id: int | None = None) -> m.MeterValuesRequest:
    return m.MeterValuesRequest(
        connector_id=1,
        transaction_id=transaction_id,
        meter_value=(MeterValue(timestamp=at(second), sampled_value=(SampledValue(value="150"),)),),
    )


def status(info: str | None = None) -> m.StatusNotificationRequest:
    return m.StatusNotificationRequest(
        connector_id=1,
        error_code=ChargePointErrorCode.NO_ERROR,
        status=ChargePointStatus.AVAILABLE,
        info=info,
    )


def authorize() -> m.AuthorizeRequest:
    return m.AuthorizeRequest(id_tag="TAG")


def started(
    transaction_id: int, status: AuthorizationStatus = AuthorizationStatus.ACCEPTED
) -> m.StartTransactionResponse:
    return m.StartTransactionResponse(
        transaction_id=transaction_id, id_tag_info=IdTagInfo(status=status)
    )


def booted(
    status: RegistrationStatus = RegistrationStatus.ACCEPTED, interval: int = 300
) -> m.BootNotificationResponse:
    return m.BootNotificationResponse(status=status, current_time=NOON, interval=interval)


def usual_answer(request: Request[Any]) -> Response:
    """Return what a backend in good order says."""
    accepted = IdTagInfo(status=AuthorizationStatus.ACCEPTED)
    match request:
        case m.BootNotificationRequest():
            return booted()
        case m.HeartbeatRequest():
            return m.HeartbeatResponse(current_time=NOON)
        case m.AuthorizeRequest():
            return m.AuthorizeResponse(id_tag_info=accepted)
        case m.StartTransactionRequest():
            return started(7)
        case m.StopTransactionRequest():
            return m.StopTransactionResponse(id_tag_info=accepted)
        case _:
            response: Response = type(request).response_type()()
            return response


def is_refused(outcome: Outcome | None) -> bool:
    """Tell whether the charge point was told Receiver/InternalError, so that it keeps it."""
    return isinstance(outcome, Fault) and outcome.code is ErrorCode.INTERNAL_ERROR


LOST = SessionClosed("cut")
