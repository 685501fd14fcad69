"""Goals 1 to 4: JSON to a checked message, a message to JSON, and what an invalid message costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec

from bench import peers
from bench.floor import struct_for
from bench.measure import Row, calls_side_by_side, row, side_by_side
from bench.sample import SAMPLES, Sample
from ocpp16.bindings.ocppj import codec
from ocpp16.errors import ConstraintError

DECODE_LIMITS = {"SetChargingProfile 24": "<= 2.1"}
DECODE_PEER = {"Heartbeat": ">= 16", "BootNotification": ">= 70", "StatusNotification": ">= 70"}


def decode(rounds: int) -> list[Row]:
    """Decode and validate, repeated keys included."""
    rows = _other_spellings(rounds)
    for sample in SAMPLES:
        text = sample.text
        figures = calls_side_by_side(
            {
                "ours": (codec.decode, (sample.cls, text)),
                "msgspec": (msgspec.json.Decoder(struct_for(sample)).decode, (text,)),
                "mobilityhouse": (peers.mobilityhouse_decoder(sample), (text,)),
                **peers.modelled_decoders(sample),
            },
            rounds,
        )
        ours = figures.pop("ours")
        what = f"decode {sample.name}"
        limit = DECODE_LIMITS.get(sample.name, "<= 1.6")
        rows.append(row(1, what, "msgspec", ours, figures.pop("msgspec"), limit=limit))
        for peer, theirs in figures.items():
            goal, peer_limit = 0, ""
            if peer == "mobilityhouse":
                goal, peer_limit = 2, DECODE_PEER.get(sample.name, ">= 105")
            rows.append(row(goal, what, peer, ours, theirs, limit=peer_limit, inverse=True))
    return rows


def _other_spellings(rounds: int) -> list[Row]:
    """Decode what other peers write: fields in another order, or with white space."""
    rows: list[Row] = []
    for sample in SAMPLES[1:]:
        texts = {
            "with spaces": json.dumps(sample.payload),
            "reversed": json.dumps(_reversed(sample.payload), separators=(",", ":")),
            "on many lines": json.dumps(sample.payload, indent=2),
        }
        for spelling, text in texts.items():
            payload = text.encode()
            figures = calls_side_by_side(
                {
                    "ours": (codec.decode, (sample.cls, payload)),
                    "msgspec": (msgspec.json.Decoder(struct_for(sample)).decode, (payload,)),
                },
                rounds,
            )
            what = f"decode {sample.name}, {spelling}"
            limit = DECODE_LIMITS.get(sample.name, "<= 1.6")
            rows.append(row(1, what, "msgspec", figures["ours"], figures["msgspec"], limit=limit))
    return rows


def _reversed(value: Any) -> Any:
    if isinstance(value, list):
        return [_reversed(item) for item in value]
    if isinstance(value, dict):
        return {name: _reversed(item) for name, item in reversed(value.items())}
    return value


def encode(rounds: int) -> list[Row]:
    """Encode what is known to be valid."""
    rows: list[Row] = []
    for sample in SAMPLES:
        message = codec.decode(sample.cls, sample.text)
        struct = msgspec.json.decode(sample.text, type=struct_for(sample))
        figures = calls_side_by_side(
            {
                "ours": (codec.encode, (message,)),
                "msgspec": (msgspec.json.Encoder().encode, (struct,)),
                "mobilityhouse": (peers.mobilityhouse_encoder(sample), ()),
            },
            rounds,
        )
        what = f"encode {sample.name}"
        rows.append(row(3, what, "msgspec", figures["ours"], figures["msgspec"], limit="<= 2.5"))
        limit = ">= 35" if sample.name == "Heartbeat" else ">= 120"
        theirs = figures["mobilityhouse"]
        rows.append(
            row(3, what, "mobilityhouse", figures["ours"], theirs, limit=limit, inverse=True)
        )
    return rows


def invalid(rounds: int) -> list[Row]:
    """Refuse a message with path and code."""
    rows: list[Row] = []
    for sample in SAMPLES[1:]:
        broken = _broken(sample)
        decoder = msgspec.json.Decoder(struct_for(sample))
        figures = side_by_side(
            {
                "ours": _fails(lambda: codec.decode(sample.cls, broken), ConstraintError),  # noqa: B023
                "msgspec": _fails(lambda: decoder.decode(broken), msgspec.ValidationError),  # noqa: B023
            },
            rounds,
        )
        what = f"refuse {sample.name}"
        rows.append(row(4, what, "msgspec", figures["ours"], figures["msgspec"], limit="<= 10"))
    return rows


def _broken(sample: Sample) -> bytes:
    """Return the payload with a number where the last text of it should be."""
    payload: Any = json.loads(sample.text)
    place = payload
    while True:
        name, value = list(place.items())[-1]
        if isinstance(value, list):
            place = value[-1]
        elif isinstance(value, dict):
            place = value
        else:
            place[name] = 7 if isinstance(value, str) else "7"
            return json.dumps(payload, separators=(",", ":")).encode()


def _fails(call: Callable[[], object], error: type[Exception]) -> Callable[[], None]:
    def failing() -> None:
        try:
            call()
        except error:
            return
        raise AssertionError("it was to be refused")

    failing()
    return failing
