"""What becomes of exchanges while commits take long, and of messages that cannot cross."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import messages as m
from ocpp16.bindings.ocppj import codec
from ocpp16.bridge import event
from ocpp16.bridge.settings import Delivery, OfflineStart
from ocpp16.errors import ErrorCode, Fault, SessionClosed
from ocpp16.settings import Leniency
from ocpp16.store.bridge.tables import State
from ocpp16.structure import Request
from tests.bridge.relay_bench import (
    LOST,
    away,
    is_refused,
    meter,
    online,
    start,
    started,
    status,
    stop,
    usual_answer,
)

ALL = frozenset(Leniency)


def odd(cls: type[Any], payload: bytes) -> Any:
    """Return a message as a lenient reader has it."""
    return codec.decode(cls, payload, ALL)


@pytest.mark.parametrize("request_", [start(), meter(1), status()])
def test_a_commit_that_takes_too_long_is_a_refusal(request_: Request[Any]) -> None:
    bench = online()
    bench.holds_writes = True
    ticket = bench.send(request_)
    bench.advance(24)
    assert ticket not in bench.outcomes
    bench.advance(1)
    bench.holds_writes = False
    bench.settle()
    assert is_refused(bench.outcomes[ticket])
    if isinstance(request_, m.StartTransactionRequest):
        # Nobody was told of it: it is taken back.
        assert bench.upstream == []
    else:
        assert bench.upstream == [request_]


def test_a_start_whose_answer_takes_too_long_to_commit_is_refused_and_known_later() -> None:
    bench = online()
    ticket = bench.send(start())
    bench.holds_writes = True
    bench.answer(started(7))
    bench.advance(25)
    bench.holds_writes = False
    bench.settle()
    assert is_refused(bench.outcomes[ticket])
    assert bench.ask(start()) == started(7)


def test_a_stop_whose_delivery_takes_too_long_to_commit_is_acknowledged() -> None:
    bench = online()
    ticket = bench.send(stop(7))
    bench.holds_writes = True
    bench.answer()
    bench.advance(10)
    assert bench.outcomes[ticket] == m.StopTransactionResponse()
    bench.settle()
    assert bench.kept() == []


def test_a_connection_that_is_lost_while_it_is_noted_that_a_message_leaves() -> None:
    bench = online(delivery=Delivery.HOLD)
    bench.holds_writes = True
    bench.send(meter(1))
    bench.write_one()
    bench.close()
    bench.holds_writes = False
    bench.settle()
    assert bench.upstream == []
    bench.open()
    bench.answer()
    assert bench.upstream == [meter(1)]
    assert bench.kept(State.HELD) == []


def test_a_start_that_is_held_waits_for_a_person_though_it_is_repeated() -> None:
    bench = online(delivery=Delivery.HOLD)
    ticket = bench.send(start())
    bench.fail(LOST)
    assert is_refused(bench.outcomes[ticket])
    assert is_refused(bench.ask(start()))
    assert len(bench.kept(State.HELD)) == 1
    assert len(bench.sent) == 1


def test_with_local_ids_a_start_that_is_held_is_answered() -> None:
    bench = online(delivery=Delivery.HOLD, offline_start=OfflineStart.LOCAL_ID)
    ticket = bench.send(start())
    bench.fail(LOST)
    outcome = bench.outcomes[ticket]
    assert isinstance(outcome, m.StartTransactionResponse)
    assert bench.ask(start()) == outcome
    [row] = bench.kept(State.HELD)
    assert row.local_id == outcome.transaction_id


def test_a_question_that_cannot_cross_is_answered_by_the_table() -> None:
    bench = online()
    for cls, payload in (
        (m.AuthorizeRequest, b'{"idTag":"%s"}' % (b"t" * 21)),
        (
            m.StartTransactionRequest,
            b'{"connectorId":1,"idTag":"%s","meterStart":1,"timestamp":"2026-01-01T12:00:00Z"}'
            % (b"t" * 21),
        ),
    ):
        fault = bench.ask(odd(cls, payload))
        assert isinstance(fault, Fault)
        assert (fault.code, fault.path) == (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "/idTag")
    assert bench.sent == []
    assert bench.kept() == []


DOZING = b'{"connectorId":1,"errorCode":"NoError","status":"Dozing"}'


def test_a_notification_that_cannot_cross_is_acknowledged_and_dead() -> None:
    bench = online()
    message = odd(m.StatusNotificationRequest, DOZING)
    assert bench.ask(message) == m.StatusNotificationResponse()
    [row] = bench.kept(State.DEAD)
    assert row.payload == DOZING
    assert row.reason == "/status: 'Dozing' is not a value of ChargePointStatus"
    assert len(bench.told(event.DeadLettered)) == 1
    assert bench.relay.dead == 1


def test_it_is_refused_where_it_cannot_be_kept() -> None:
    message = odd(m.StatusNotificationRequest, DOZING)
    bench = away(queue_limit=1)
    bench.ask(meter(1))
    assert is_refused(bench.ask(message))
    bench = online()
    bench.store_fails = True
    assert is_refused(bench.ask(message))
    assert bench.kept(*State) == []


def test_an_answer_that_cannot_cross_is_an_invalid_one() -> None:
    bench = online()
    ticket = bench.send(m.AuthorizeRequest(id_tag="TAG"))
    bench.answer(odd(m.AuthorizeResponse, b'{"idTagInfo":{"status":"Perhaps"}}'))
    fault = bench.outcomes[ticket]
    assert isinstance(fault, Fault)
    assert fault.code is ErrorCode.GENERIC_ERROR


def test_an_answer_that_leniency_let_in_is_mended() -> None:
    bench = online()
    request = m.AuthorizeRequest(id_tag="TAG")
    ticket = bench.send(request)
    payload = b'{"idTagInfo":{"status":"Accepted","parentIdTag":"%s"}}' % (b"p" * 30)
    bench.answer(odd(m.AuthorizeResponse, payload))
    assert bench.outcomes[ticket] == usual_answer(request)
    assert len(bench.told(event.Altered)) == 1


def test_what_comes_of_a_call_that_nobody_waits_for_is_dropped() -> None:
    bench = online()
    bench.send(meter(1))
    bench.answer()
    events = len(bench.events)
    bench.fail(SessionClosed("late"))
    bench.answer()
    assert len(bench.events) == events
    assert bench.relay.is_idle
