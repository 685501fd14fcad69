"""How the time to decode grows with the size of a message."""

from __future__ import annotations

import msgspec

from bench import peers
from bench.floor import struct_for
from bench.measure import calls_side_by_side
from bench.sample import meter_values
from ocpp16.bindings.ocppj import codec

COUNTS = (1, 3, 10, 30, 100, 300, 800)
"""Sampled values; the last message is near the limit of 128 KiB."""


def sizes(rounds: int) -> dict[str, list[tuple[int, float]]]:
    """Return, by library, bytes and microseconds."""
    found: dict[str, list[tuple[int, float]]] = {}
    for count in COUNTS:
        sample = meter_values(count)
        text = sample.text
        figures = calls_side_by_side(
            {
                "ocpp16": (codec.decode, (sample.cls, text)),
                "msgspec Structs": (msgspec.json.Decoder(struct_for(sample)).decode, (text,)),
                "mobilityhouse ocpp": (peers.mobilityhouse_decoder(sample), (text,)),
            },
            rounds,
        )
        for name, one in figures.items():
            found.setdefault(name, []).append((len(text), min(one)))
    return found
