"""Doubles for tests of applications: both roles in memory, a hand-driven clock, scripted peers.

Used like this:

    >>> import asyncio
    >>> from ocpp16 import CallFailed, CentralSystem, ChargePoint, messages
    >>> from ocpp16.testing import HandClock, connected, record
    >>> async def main():
    ...     clock = HandClock()
    ...     central, station = CentralSystem(clock=clock), ChargePoint("CP1", clock=clock)
    ...     recording = record(station)
    ...     async with connected(central, station) as (peer, backend):
    ...         try:
    ...             await peer.call(messages.ClearCacheRequest())
    ...         except CallFailed as error:
    ...             print(error)
    ...         await clock.advance(60)
    ...     return len(recording.received), len(recording.sent)
    >>> asyncio.run(main())
    the peer answered NotSupported: ClearCache is not offered here
    (1, 1)

No socket, no thread of ours, no real waiting: what takes an hour takes as long as its callbacks.
`scripted_charge_point` and `ScriptedCentralSystem` play one side frame by frame, as badly as a
test wants it. pytest finds the same as fixtures; see `ocpp16.pytest_plugin`.
"""

from __future__ import annotations

from ocpp16.testing.clock import HandClock
from ocpp16.testing.loopback import (
    LoopbackPair,
    Wire,
    connected,
    delaying,
    duplicating,
    loopback_pair,
    losing,
)
from ocpp16.testing.recording import Recording, record
from ocpp16.testing.script import (
    ReceivedCall,
    ScriptedCentralSystem,
    ScriptedPeer,
    scripted_charge_point,
)
from ocpp16.transports.loopback import Fate

__all__ = [
    "Fate",
    "HandClock",
    "LoopbackPair",
    "ReceivedCall",
    "Recording",
    "ScriptedCentralSystem",
    "ScriptedPeer",
    "Wire",
    "connected",
    "delaying",
    "duplicating",
    "loopback_pair",
    "losing",
    "record",
    "scripted_charge_point",
]
