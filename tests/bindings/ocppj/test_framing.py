"""OCPP-J framing: what is read, what is answered, and what is passed over in silence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocpp16.bindings.ocppj.framing import frame, unframe
from ocpp16.envelope import Call, CallError, CallResult
from ocpp16.errors import (
    ErrorCode,
    Fault,
    FormationViolation,
    InvalidResponse,
    UnanswerableFrame,
)

DEEP = "[" * 100 + "]" * 100
VERY_DEEP = "[" * 50_000 + "]" * 50_000


@pytest.mark.parametrize(
    ("text", "envelope"),
    [
        ('[2,"1","Heartbeat",{}]', Call("1", "Heartbeat", b"{}")),
        (' [ 2 , "1" , "Heartbeat" , {} ] ', Call("1", "Heartbeat", b"{}")),
        ('[2,"1","Heartbeat",null]', Call("1", "Heartbeat", b"null")),
        ('[2,"\\u0041","X",[1]]', Call("A", "X", b"[1]")),
        ('[2,"' + "x" * 36 + '","X",{}]', Call("x" * 36, "X", b"{}")),
        ('[3,"1",{"a":1}]', CallResult("1", b'{"a":1}')),
        ('[4,"1","NotSupported","no",{"a":1}]',
         CallError("1", ErrorCode.NOT_SUPPORTED, "no", {"a": 1})),
        ('[4,"1","NotSupported","no"]', CallError("1", ErrorCode.NOT_SUPPORTED, "no")),
        ('[4,"1","NotSupported"]', CallError("1", ErrorCode.NOT_SUPPORTED)),
        ('[4,"1","NotSupported","no",null]', CallError("1", ErrorCode.NOT_SUPPORTED, "no")),
        ('[4,"1","NotSupported",null,[]]', CallError("1", ErrorCode.NOT_SUPPORTED)),
        ('[4,"1","Whatever","",{}]', CallError("1", "Whatever", "", {})),
        ('[4,"1","OccurenceConstraintViolation","",{}]',
         CallError("1", ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "", {})),
        ('[4,"1","OccurrenceConstraintViolation","",{}]',
         CallError("1", ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "", {})),
        ('[4,"1","FormatViolation","",{}]',
         CallError("1", ErrorCode.FORMATION_VIOLATION, "", {})),
    ],
)  # fmt: skip
def test_a_frame_is_read(text: str, envelope: Any) -> None:
    assert unframe(text) == envelope
    assert unframe(text.encode()) == envelope


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "x", "{}", "7", "null", '"[]"', "[]", "[2]", "[3]",
        '[2,"1","Heartbeat",{}', '[2,"1","Heartbeat",{}]]', '[2,"1","Heartbeat",{},]',
        '[2,"1","Heartbeat",{"a":NaN}]', '[2,"1","Heartbeat",{"a":Infinity}]',
        '[2,"1","Heartbeat",{"a":"\\ud800"}]', '[2,"\\udc00","Heartbeat",{}]',
        '[2,"1","Heartbeat",{"a":"\x00"}]', "[2,'1','Heartbeat',{}]",
        '\ufeff[2,"1","Heartbeat",{}]', '[2,"1","Heartbeat",{"a":01}]',
        '[2,"","Heartbeat",{}]', '[2,7,"Heartbeat",{}]', '[2,null,"Heartbeat",{}]',
        '[2,["1"],"Heartbeat",{}]', '[2,"' + "x" * 256 + '","Heartbeat",{}]',
        '[3,"",{}]', "[3,null,{}]", '[4,"","X","",{}]',
        '[5,"1","Heartbeat",{}]', '[1,"1"]', '[2.0,"1","Heartbeat",{}]', '["2","1","H",{}]',
        '[true,"1","H",{}]', '[-2,"1","H",{}]', '[null,"1","H",{}]', '[[2],"1","H",{}]',
        f"[{'9' * 5000},\"1\",\"H\",{{}}]", VERY_DEEP, '[5,"1",' + VERY_DEEP + "]",
        '[2,"' + "x" * 256 + '","H",' + VERY_DEEP + "]", '[2,"","H",' + VERY_DEEP + "]",
        '[2,' + VERY_DEEP + ',"H",{}]',
    ],
)  # fmt: skip
def test_no_reply_where_no_id_can_be_read(text: str) -> None:
    with pytest.raises(UnanswerableFrame):
        unframe(text)
    with pytest.raises(UnanswerableFrame):
        unframe(text.encode())


@pytest.mark.parametrize("data", [b"\xff\xfe", b'[2,"\xff","H",{}]', b'[2,"1","\xc3\x28",{}]'])
def test_bytes_that_are_not_utf8_get_no_reply(data: bytes) -> None:
    with pytest.raises(UnanswerableFrame, match="is not UTF-8"):
        unframe(data)


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ('[2,"1"]', "1"),
        ('[2,"1","Heartbeat"]', "1"),
        ('[2,"1","Heartbeat",{},{}]', "1"),
        ('[2,"' + "x" * 37 + '","Heartbeat",{}]', "x" * 37),
        ('[2,"' + "x" * 255 + '","Heartbeat",{}]', "x" * 255),
        ('[2,"1",7,{}]', "1"),
        ('[2,"1",["Heartbeat"],{}]', "1"),
        ('[2,"1",{"Heartbeat":1},{}]', "1"),
        (f'[2,"1",{DEEP},{{}}]', "1"),
        ('[2,"1","Heartbeat",' + VERY_DEEP + "]", "1"),
        ('[2,"1",5,' + VERY_DEEP + "]", "1"),
        ('[2,"1",{},' + VERY_DEEP + "]", "1"),
        ('[2 , "\\u0041" , "Heartbeat",' + VERY_DEEP + "]", "A"),
    ],
)
def test_a_malformed_call_with_an_id_is_a_formation_violation(text: str, id: str) -> None:
    with pytest.raises(FormationViolation) as raised:
        unframe(text)
    assert raised.value.message_id == id
    assert raised.value.code is ErrorCode.FORMATION_VIOLATION
    assert len(raised.value.description) <= 255


@pytest.mark.parametrize(
    "text",
    [
        '[3,"1"]',
        '[3,"1","Heartbeat",{}]',
        '[4,"1"]',
        '[4,"1",7,"",{}]',
        '[4,"1",null]',
        '[4,"1","X","",{},1]',
        '[3,"1",' + VERY_DEEP + "]",
        '[4,"1","GenericError","",' + VERY_DEEP + "]",
    ],
)
def test_a_malformed_answer_carries_the_id_of_its_call(text: str) -> None:
    with pytest.raises(InvalidResponse) as raised:
        unframe(text)
    assert raised.value.message_id == "1"
    assert raised.value.code is ErrorCode.FORMATION_VIOLATION


def test_details_that_nest_too_deep_are_left_out() -> None:
    error = unframe('[4,"1","GenericError","x",{"a":' + DEEP + "}]")
    assert error == CallError("1", ErrorCode.GENERIC_ERROR, "x")


@pytest.mark.parametrize(
    ("envelope", "text"),
    [
        (Call("1", "Heartbeat", b"{}"), '[2,"1","Heartbeat",{}]'),
        (CallResult("1", b'{"a":1}'), '[3,"1",{"a":1}]'),
        (CallError("1", ErrorCode.NOT_SUPPORTED, "no"), '[4,"1","NotSupported","no",{}]'),
        (CallError("1", ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION),
         '[4,"1","OccurenceConstraintViolation","",{}]'),
        (CallError("1", ErrorCode.IDENTITY_MISMATCH), '[4,"1","SecurityError","",{}]'),
        (CallError("1", "Odd", "x", {"a": [1, None]}), '[4,"1","Odd","x",{"a":[1,null]}]'),
    ],
)  # fmt: skip
def test_a_frame_is_written(envelope: Any, text: str) -> None:
    assert frame(envelope) == text.encode()


@pytest.mark.parametrize("id", ["", "x" * 37])
def test_a_call_with_an_id_that_ocpp_does_not_allow_is_not_written(id: str) -> None:
    with pytest.raises(ValueError, match="1 to 36 characters"):
        frame(Call(id, "Heartbeat", b"{}"))


CHARACTERS = st.characters(codec="utf-8")


@given(id=st.text(CHARACTERS, min_size=1, max_size=36), action=st.text(CHARACTERS, max_size=50))
def test_what_is_framed_is_unframed(id: str, action: str) -> None:
    for envelope in (
        Call(id, action, b'{"a":[1]}'),
        CallResult(id, b"{}"),
        CallError(id, ErrorCode.GENERIC_ERROR, action, {"a": action}),
    ):
        assert unframe(frame(envelope)) == envelope


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.binary() | st.text() | st.lists(json_values, max_size=6).map(json.dumps))
@example(b'[2,"\\ud800","H",{}]')
@example('[2,"1","H",{}]\ud800')
def test_any_bytes_give_an_envelope_or_a_declared_error(data: bytes | str) -> None:
    try:
        envelope = unframe(data)
    except (UnanswerableFrame, Fault, InvalidResponse):
        return
    assert isinstance(envelope, (Call, CallResult, CallError))


def test_hostile_texts_cost_no_more_than_their_length() -> None:
    # Quotes and backslashes that would make a careless search start over at each of them.
    for text in ('[2,"1","H",' + '"\\' * 60_000, '"' * 120_000, '[2,"1","H",' + '["' * 40_000):
        with pytest.raises(UnanswerableFrame):
            unframe(text)
