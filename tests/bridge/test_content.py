"""What a message says: how it is kept, and what makes a repeat."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import attrs
import pytest

from ocpp16 import messages as m
from ocpp16.bridge import content
from ocpp16.bridge.policy import crossing, manner_of
from ocpp16.errors import ConstraintError
from ocpp16.spec import Side
from ocpp16.structure import Request
from tests.bridge.relay_bench import at, authorize, boot, meter, start, status, stop
from tests.bridge.rule import rule
from tests.strategies import full_payload

REPEATS = (
    "A repeat of a SOAP message is known by its content, not its MessageID; the stored answer is"
    " given again."
)


@rule(REPEATS)
@pytest.mark.parametrize("request_", [start(), stop(7), meter(3), meter(3, 7)])
def test_equal_transaction_messages_are_one(request_: Request[Any]) -> None:
    digest = content.digest_of(request_)
    assert digest is not None
    kept = content.decode_request(type(request_).SPEC.name[:-7], content.encode(request_))
    assert content.digest_of(kept) == digest


@rule(REPEATS)
def test_a_start_is_known_by_connector_tag_meter_and_time() -> None:
    one = start()
    east = timezone(timedelta(hours=2))
    same = [
        attrs.evolve(one, id_tag="tag"),
        attrs.evolve(one, timestamp=one.timestamp.astimezone(east)),
        attrs.evolve(one, reservation_id=5),
    ]
    others = [
        attrs.evolve(one, connector_id=2),
        attrs.evolve(one, id_tag="TAG2"),
        attrs.evolve(one, meter_start=101),
        attrs.evolve(one, timestamp=at(1)),
    ]
    assert {content.digest_of(each) for each in same} == {content.digest_of(one)}
    assert len({content.digest_of(each) for each in [one, *others]}) == 5


def test_a_stop_and_meter_values_are_known_by_all_they_hold() -> None:
    different = [stop(7), stop(8), stop(7, 61), meter(1), meter(1, 7), meter(2)]
    assert len({content.digest_of(each) for each in different}) == len(different)


@pytest.mark.parametrize(
    "request_",
    [
        m.HeartbeatRequest(),
        authorize(),
        boot(),
        status(),
        attrs.evolve(status(), timestamp=at(1)),
        m.DataTransferRequest(vendor_id="V"),
        m.MeterValuesRequest(connector_id=1, meter_value=()),
    ],
)
def test_of_other_messages_there_are_no_repeats(request_: Request[Any]) -> None:
    assert content.digest_of(request_) is None


def test_every_message_of_a_charge_point_has_a_manner() -> None:
    names = [action.name for action in crossing(Side.CHARGE_POINT)]
    assert len(names) == 10
    assert [manner_of(name) for name in names]
    assert len(crossing(Side.CENTRAL_SYSTEM)) == 19


def test_a_sketch_shows_what_cannot_be_encoded() -> None:
    broken = m.MeterValuesRequest.unchecked(
        {"connector_id": 1, "meter_value": meter(1).meter_value, "transaction_id": 7}, ()
    )
    assert content.sketch(broken) == (
        b'{"connectorId":1,"transactionId":7,"meterValue":[{"timestamp":'
        b'"2026-01-01T12:00:01+00:00","sampledValue":[{"value":"150"}]}]}'
    )


def test_what_is_kept_is_read_strictly() -> None:
    with pytest.raises(ConstraintError):
        content.decode_request("Authorize", b'{"idTag":5}')
    assert full_payload(m.AuthorizeRequest.SPEC)
