"""The relay against a simple model, by random sequences of everything that can happen.

The charge point keeps what was refused and sends it again in order, as the standard has it; the
backend takes each message id once. Whatever happens in between, in the end:

* nothing that was acknowledged is lost: the backend has it, or it is listed for a person;
* the backend sees what was acknowledged in the order in which it came;
* no transaction is started twice, and none is taken for another.
"""

from __future__ import annotations

import os
from typing import Any

import attrs
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from ocpp16 import messages as m
from ocpp16.bridge import event
from ocpp16.bridge.action import Send
from ocpp16.bridge.content import digest_of
from ocpp16.bridge.settings import Delivery, OfflineStart
from ocpp16.errors import CallFailed, ErrorCode, Fault
from ocpp16.store.bridge import query
from ocpp16.store.bridge.tables import State
from ocpp16.structure import Request, Response
from tests.bridge.relay_bench import (
    NO_ANSWER,
    Bench,
    at,
    authorize,
    boot,
    meter,
    start,
    started,
    status,
    stop,
    usual_answer,
)
from tests.bridge.rule import rule as holds_to


@attrs.define
class Transaction:
    """A transaction at the charge point."""

    number: int
    local_id: int | None = None
    """The id that the charge point was told."""
    meters: int = 0
    is_over: bool = False


class Backend:
    """Takes each message id once, and answers a repeat as the first."""

    def __init__(self) -> None:
        self.answers: dict[str, Response] = {}
        self.received: list[tuple[str, Request[Any]]] = []
        self.started: dict[int, int] = {}
        """Number of the transaction at the charge point, by its id here."""
        self.next_id = 5

    def take(self, send: Send) -> Response:
        call_id, request = send.entry.call_id, send.request
        known = self.answers.get(call_id)
        if known is not None:
            return known
        self.received.append((call_id, request))
        answer = usual_answer(request)
        if isinstance(request, m.StartTransactionRequest):
            self.next_id += 1
            # Some are too large for SOAP.
            backend_id = self.next_id if self.next_id % 2 else 2**33 + self.next_id
            self.started[backend_id] = int((request.timestamp - at(0)).total_seconds())
            answer = started(backend_id)
        self.answers[call_id] = answer
        return answer


def with_id(request: Request[Any], transaction_id: int) -> Request[Any]:
    assert isinstance(request, (m.MeterValuesRequest, m.StopTransactionRequest))
    return attrs.evolve(request, transaction_id=transaction_id)


def key_of(request: Request[Any]) -> object:
    """Return what names a message, whatever transaction id it carries."""
    match request:
        case m.StatusNotificationRequest():
            return request.info
        case m.MeterValuesRequest():
            return request.meter_value[0].timestamp
        case m.StartTransactionRequest() | m.StopTransactionRequest():
            return request.timestamp
        case _:
            return None


class RelayMachine(RuleBasedStateMachine):
    """One charge point, its relay and its backend."""

    tickets = Bundle("tickets")

    @initialize(
        offline_start=st.sampled_from(OfflineStart),
        delivery=st.sampled_from(Delivery),
        queue_limit=st.sampled_from([4, 1000]),
    )
    def begin(self, offline_start: OfflineStart, delivery: Delivery, queue_limit: int) -> None:
        self.bench = Bench(
            offline_start=offline_start,
            delivery=delivery,
            queue_limit=queue_limit,
            attempts=2,
            retry_interval=10.0,
        )
        self.bench.holds_writes = True
        self.backend = Backend()
        self.count = 0
        self.transactions: list[Transaction] = []
        self.kept: list[tuple[Request[Any], Transaction | None]] = []
        """What the charge point has to send, in order: transaction messages wait for each other."""
        self.ticket: str | None = None
        """The exchange of the first of them."""
        self.acknowledged: list[tuple[str, Request[Any], Transaction | None]] = []
        self.others: dict[str, Request[Any]] = {}
        self.arrivals: list[object] = []
        """What came to the relay, in order, by `key_of`."""
        self.aside: set[str] = set()
        """Ids of messages that were given to a person, and lost their place by that."""
        self.unanswered: Send | None = None
        self.seen = 0

    # The charge point

    @precondition(lambda self: len(self.kept) < 6)
    @rule()
    def begin_a_transaction(self) -> None:
        self.count += 1
        transaction = Transaction(self.count)
        self.transactions.append(transaction)
        self.kept.append((start(self.count), transaction))

    @precondition(lambda self: len(self.kept) < 6)
    @rule(data=st.data(), is_stop=st.booleans())
    def go_on_with_a_transaction(self, data: st.DataObject, is_stop: bool) -> None:
        live = [each for each in self.transactions if not each.is_over]
        if not live:
            return
        transaction = data.draw(st.sampled_from(live))
        self.count += 1
        transaction.is_over = is_stop
        request: Request[Any] = stop(0, self.count) if is_stop else meter(self.count, 0)
        self.kept.append((request, transaction))

    @precondition(lambda self: self.kept and self.ticket is None)
    @rule()
    def send_what_is_kept(self) -> None:
        request, transaction = self.kept[0]
        if transaction is not None and not isinstance(request, m.StartTransactionRequest):
            assert transaction.local_id is not None
            request = with_id(request, transaction.local_id)
            self.kept[0] = (request, transaction)
        self.arrivals.append(key_of(request))
        self.ticket = self.bench.send(request)
        self.look()

    @rule(kind=st.integers(0, 3))
    def send_another(self, kind: int) -> None:
        self.count += 1
        requests: list[Request[Any]] = [
            status(str(self.count)),
            m.HeartbeatRequest(),
            authorize(),
            boot(),
        ]
        self.arrivals.append(key_of(requests[kind]))
        ticket = self.bench.send(requests[kind])
        self.others[ticket] = requests[kind]
        self.look()

    def look(self) -> None:
        """Take what the exchanges came to."""
        for kind in (event.DeadLettered, event.Held):
            self.aside |= {each.correlation for each in self.bench.told(kind)}
        outcome = None if self.ticket is None else self.bench.outcomes.get(self.ticket)
        if self.ticket is not None and outcome is not None:
            request, transaction = self.kept[0]
            if isinstance(outcome, Response):
                self.kept.pop(0)
                self.acknowledged.append((self.ticket, request, transaction))
                if isinstance(outcome, m.StartTransactionResponse):
                    assert transaction is not None
                    assert all(
                        each.local_id != outcome.transaction_id for each in self.transactions
                    )
                    transaction.local_id = outcome.transaction_id
            else:
                assert isinstance(outcome, Fault)
            self.ticket = None
        for ticket, request in list(self.others.items()):
            outcome = self.bench.outcomes.get(ticket)
            if outcome is None:
                continue
            del self.others[ticket]
            if isinstance(request, m.StatusNotificationRequest) and isinstance(outcome, Response):
                self.acknowledged.append((ticket, request, None))
            assert outcome != NO_ANSWER or isinstance(request, m.HeartbeatRequest)

    # The store

    @precondition(lambda self: self.bench.writes)
    @rule()
    def commit(self) -> None:
        self.bench.write_one()
        self.look()

    @precondition(lambda self: self.bench.loads)
    @rule()
    def load(self) -> None:
        self.bench.load_one()
        self.look()

    @precondition(lambda self: self.bench.writes)
    @rule()
    def fail_to_commit(self) -> None:
        self.bench.store_fails = True
        self.bench.write_one()
        self.bench.store_fails = False
        self.look()

    @precondition(lambda self: self.bench.writes)
    @rule()
    def commit_without_being_told(self) -> None:
        write = self.bench.writes.popleft()
        with self.bench.engine.begin() as connection:
            write.change.apply(connection)
        error = RuntimeError("the commit was cut off")
        self.bench.do(self.bench.relay.unwritten(write, error, self.bench.now))
        self.look()

    # The backend

    def take_sends(self) -> None:
        """Let the backend see what left, as long as it is connected."""
        for send in self.bench.sent[self.seen :]:
            assert self.bench.is_open
            self.unanswered = send
        self.seen = len(self.bench.sent)

    @precondition(lambda self: not self.bench.is_open and self.bench.wanted)
    @rule()
    def connect(self) -> None:
        self.bench.open()
        self.look()

    @precondition(lambda self: not self.bench.is_open and self.bench.wanted)
    @rule()
    def fail_to_connect(self) -> None:
        self.bench.fail_to_open()
        self.look()

    @precondition(lambda self: self.bench.is_open)
    @rule(arrives=st.booleans())
    def disconnect(self, arrives: bool) -> None:
        self.take_sends()
        if arrives and self.unanswered is not None:
            self.backend.take(self.unanswered)
        self.unanswered = None
        self.bench.close()
        self.look()

    @precondition(lambda self: self.bench.is_open)
    @rule()
    def answer(self) -> None:
        self.take_sends()
        send, self.unanswered = self.unanswered, None
        if send is not None:
            self.bench.answer(self.backend.take(send), send)
            self.look()

    @precondition(lambda self: self.bench.is_open)
    @rule()
    def answer_an_error(self) -> None:
        self.take_sends()
        send = self.unanswered
        if send is None or send.entry.call_id in self.backend.answers:
            return  # What it has taken once, it does not refuse.
        self.unanswered = None
        error = CallFailed(ErrorCode.INTERNAL_ERROR)
        self.bench.do(self.bench.relay.failed(send.number, error, self.bench.now))
        self.look()

    @precondition(lambda self: self.bench.is_open)
    @rule()
    def take_without_answering(self) -> None:
        self.take_sends()
        if self.unanswered is not None:
            self.backend.take(self.unanswered)

    # Time and people

    @rule(seconds=st.sampled_from([0.5, 6.0, 26.0, 50.0, 200.0]))
    def wait(self, seconds: float) -> None:
        self.bench.advance(seconds)
        self.look()

    @rule(is_online=st.booleans())
    def kill(self, is_online: bool) -> None:
        self.take_sends()
        if self.unanswered is not None and is_online:
            self.backend.take(self.unanswered)
        self.unanswered = None
        self.ticket = None
        self.look()
        self.others.clear()
        self.seen = 0
        self.bench = self.bench.restart(is_online=is_online)
        self.bench.holds_writes = True

    @rule()
    def release_all(self) -> None:
        with self.bench.engine.begin() as connection:
            for row in query.messages(connection, "CP1", [State.HELD, State.DEAD]):
                query.release(connection, row.key)
        self.poll()

    def poll(self) -> None:
        with self.bench.engine.connect() as connection:
            rows = query.decided(connection)
        for row in rows:
            self.bench.do(self.bench.relay.release(row, self.bench.now))
        self.look()

    # What holds

    @invariant()
    def one_at_a_time(self) -> None:
        if hasattr(self, "bench"):
            self.take_sends()

    @holds_to("What was acknowledged is never dropped.")
    def teardown(self) -> None:
        if not hasattr(self, "bench"):
            return
        self.calm_down()
        self.check()

    def calm_down(self) -> None:
        """Let everything be in order until nothing moves any more."""
        bench = self.bench
        bench.holds_writes = False
        for _ in range(150):
            bench.settle()
            self.poll()
            if not self.bench.is_open and bench.wanted:
                self.connect()
            if self.bench.is_open:
                self.answer()
            if self.kept and self.ticket is None:
                request, transaction = self.kept[0]
                if isinstance(request, m.StartTransactionRequest) or (
                    transaction is not None and transaction.local_id is not None
                ):
                    self.send_what_is_kept()
            self.release_all()
            is_quiet = bench.relay.is_idle and not self.kept and not bench.writes
            if is_quiet and not self.rows():
                break
            if self.unanswered is None and not bench.writes:
                bench.advance(6.0)
                self.look()

    def rows(self) -> list[query.MessageRow]:
        return self.bench.kept(*State)

    def check(self) -> None:
        assert self.rows() == []
        assert not self.kept
        received = [request for _, request in self.backend.received]
        by_content = [digest_of(each) for each in received]
        # No transaction is started twice.
        starts = [each for each in received if isinstance(each, m.StartTransactionRequest)]
        assert len({digest_of(each) for each in starts}) == len(starts)
        local_ids = {each.number: each.local_id for each in self.transactions}
        of_backend = {number: backend_id for backend_id, number in self.backend.started.items()}
        for _, request, transaction in self.acknowledged:
            if isinstance(request, m.StatusNotificationRequest):
                assert request in received
                continue
            assert transaction is not None
            assert local_ids[transaction.number] is not None
            if isinstance(request, m.StartTransactionRequest):
                assert digest_of(request) in by_content
                continue
            # It carries the id that the backend gave to this transaction, or -1 if it was given up
            # before; never another.
            right = of_backend[transaction.number]
            possible = [with_id(request, each) for each in (right, -1)]
            assert any(each in received for each in possible), request
        self.check_order()

    @holds_to("One message per charger upstream at a time, in order of arrival.")
    def check_order(self) -> None:
        """The backend has in order what was acknowledged, came once, and stayed in the line."""
        received = [
            key_of(request)
            for call_id, request in self.backend.received
            if call_id not in self.aside
        ]
        acknowledged = {key_of(request) for _, request, _ in self.acknowledged}
        once = {key for key in received if key in acknowledged and self.arrivals.count(key) == 1}
        arrived = [key for key in self.arrivals if key in once]
        assert [key for key in received if key in once] == arrived


TestRelayMachine = RelayMachine.TestCase
TestRelayMachine.settings = settings(
    max_examples=int(os.environ.get("OCPP16_RELAY_EXAMPLES", "100")),
    stateful_step_count=60,
    deadline=None,
    # To shrink a sequence takes minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
