"""Real frames: what is valid is read, and what the field sends beside it is read with leniency."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ocpp16 import catalog
from ocpp16.bindings.ocppj import codec, framing
from ocpp16.envelope import Call, CallError, CallResult
from ocpp16.errors import ConstraintError
from ocpp16.settings import Leniency
from ocpp16.structure import deviations

KINDS = {"CALL": Call, "CALLRESULT": CallResult, "CALLERROR": CallError}


def frames(vectors: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (vectors / "json_frames.jsonl").read_text().splitlines()]


def test_every_valid_frame_is_read(vectors: Path) -> None:
    count = 0
    for vector in frames(vectors):
        # An empty id is a string of at most 36 characters, and cannot be answered all the same.
        if not vector["spec_valid"] or '""' in vector["raw"][:8]:
            continue
        envelope = framing.unframe(vector["raw"])
        assert type(envelope) is KINDS[vector["kind"]], vector["id"]
        if not isinstance(envelope, CallError):
            action = catalog.ACTIONS[vector["action"]]
            cls = action.request if isinstance(envelope, Call) else action.response
            message = codec.decode(cls, envelope.payload)
            assert codec.decode(cls, codec.encode(message)) == message
        count += 1
    assert count > 30


@pytest.mark.parametrize(
    ("id", "leniency"),
    [
        ("js-010", Leniency.NAIVE_TIMESTAMPS),
        ("js-015", Leniency.NAIVE_TIMESTAMPS),
        ("js-025", Leniency.UNKNOWN_ENUM),
        ("js-033", Leniency.NAIVE_TIMESTAMPS),
        ("js-034", Leniency.NUMBER_STRINGS),
        ("js-038", Leniency.UNKNOWN_ENUM),
        ("js-048", Leniency.UNKNOWN_ENUM),
        ("js-048", Leniency.BAD_SAMPLED_VALUE),
    ],
)
def test_what_the_field_sends_is_read_with_leniency(
    vectors: Path, id: str, leniency: Leniency
) -> None:
    (vector,) = (frame for frame in frames(vectors) if frame["id"] == id)
    envelope = framing.unframe(vector["raw"])
    assert isinstance(envelope, (Call, CallResult))
    action = catalog.ACTIONS[vector["action"]]
    cls = action.request if isinstance(envelope, Call) else action.response
    with pytest.raises(ConstraintError):
        codec.decode(cls, envelope.payload)
    message = codec.decode(cls, envelope.payload, frozenset({leniency}))
    assert {found.kind for found in deviations(message)} == {leniency.value}
