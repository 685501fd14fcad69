"""Messages as plain values, and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from ocpp16.catalog import ACTIONS
from ocpp16.datatypes import IdTagInfo
from ocpp16.errors import InvalidMessage
from ocpp16.station.record import (
    from_record,
    request_from_record,
    request_to_record,
    to_record,
)
from ocpp16.station.storage import RecordDamaged
from tests.station.parts import FAMILY
from tests.strategies import messages


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_every_request_comes_back_as_it_was(name: str) -> None:
    @given(messages(ACTIONS[name].request))
    def check(request: Any) -> None:
        kept = json.loads(json.dumps(request_to_record(request)))
        assert request_from_record(kept) == request

    check()


def test_absent_fields_are_left_out() -> None:
    assert to_record(FAMILY) == {"parent_id_tag": "FAMILY", "status": "Accepted"}


@pytest.mark.parametrize("record", [None, [], "x", 5])
def test_what_is_no_record_is_refused(record: object) -> None:
    with pytest.raises(RecordDamaged):
        from_record(IdTagInfo, record)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValueError, match="IdTagInfo has no"):
        from_record(IdTagInfo, {"status": "Accepted", "other": 1})


def test_a_value_that_breaks_a_rule_is_refused() -> None:
    with pytest.raises(InvalidMessage) as caught:
        from_record(IdTagInfo, {"status": "Accepted", "parent_id_tag": "x" * 21})
    assert caught.value.path == "/parentIdTag"


@pytest.mark.parametrize("record", [None, ["Heartbeat"], ["Nothing", {}], {"Heartbeat": {}}])
def test_what_is_no_request_is_refused(record: object) -> None:
    with pytest.raises(ValueError, match="stored request"):
        request_from_record(record)
