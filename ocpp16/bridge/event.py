"""What a bridge tells those who watch it: one plain value for each thing that happened.

Nothing here holds a payload, so that no key and no password gets into a log.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import TypeAlias

import attrs


@unique
class Direction(StrEnum):
    """Which way a call crosses."""

    UP = "up"
    """From a charge point to its backend."""
    DOWN = "down"
    """From a backend to its charge point."""


@attrs.frozen
class ExchangeCrossed:
    """A call has its answer, from wherever; one for each exchange that was let in."""

    identity: str
    action: str
    direction: Direction
    outcome: str
    """`answered`, `stored`, `local`, `repeated`, `refused`, `unanswered`, or an error code."""
    seconds: float
    correlation: str
    """The message id on the other side, or a name for the exchange where it has none."""


@attrs.frozen
class Stored:
    """A message of a charge point is committed; now it may be acknowledged."""

    identity: str
    action: str
    correlation: str


@attrs.frozen
class Delivered:
    """The backend has answered a stored message."""

    identity: str
    action: str
    correlation: str


@attrs.frozen
class Failed:
    """The backend answered a stored message with an error; it will be sent again."""

    identity: str
    action: str
    correlation: str
    reason: str
    attempts: int


@attrs.frozen
class DeadLettered:
    """A stored message was moved to the dead letters."""

    identity: str
    action: str
    correlation: str
    reason: str


@attrs.frozen
class Held:
    """A message is parked for a person: whether the backend has it is unknown."""

    identity: str
    action: str
    correlation: str
    reason: str


@attrs.frozen
class Released:
    """A person has put a message back into the queue."""

    identity: str
    action: str
    correlation: str


@attrs.frozen
class Discarded:
    """A person has done away with a message that was held or dead."""

    identity: str
    action: str
    correlation: str


@attrs.frozen
class Withdrawn:
    """A StartTransaction that was never acknowledged leaves the queue; the charge point has it."""

    identity: str
    action: str
    correlation: str
    reason: str


@attrs.frozen
class Refused:
    """A call of a charge point was refused by the bridge itself."""

    identity: str
    action: str
    reason: str


@attrs.frozen
class Repeated:
    """A message came again, known by its content, and got the stored answer."""

    identity: str
    action: str


@attrs.frozen
class OutcomeUnknown:
    """A call has left and its answer did not come: whether it had an effect is unknown."""

    identity: str
    action: str
    direction: Direction
    correlation: str
    reason: str


@attrs.frozen
class Altered:
    """Something of a message was cut or left out, since the other wire cannot carry it."""

    identity: str
    action: str
    changes: tuple[str, ...]
    """Path and rule of each change."""


@attrs.frozen
class IdMapped:
    """A transaction has one id at the charge point and another at the backend."""

    identity: str
    local_id: int
    backend_id: int
    """-1 for a transaction that the backend will never know."""


@attrs.frozen
class LateAnswer:
    """The answer to a stored message came after its time; it counts as delivered."""

    identity: str
    action: str
    correlation: str


@attrs.frozen
class Registered:
    """The backend has answered a BootNotification."""

    identity: str
    status: str
    interval: int


@attrs.frozen
class UpstreamOpened:
    """A charge point is connected to its backend."""

    identity: str


@attrs.frozen
class UpstreamClosed:
    """The connection to the backend has ended."""

    identity: str
    reason: str


@attrs.frozen
class UpstreamFailed:
    """An attempt to connect to the backend failed; there will be another."""

    identity: str
    reason: str


@attrs.frozen
class ChargerOnline:
    """A charge point has made its first request since it was offline."""

    identity: str


@attrs.frozen
class ChargerOffline:
    """A charge point was silent for too long."""

    identity: str


@attrs.frozen
class StoreFailed:
    """Something could not be written; it is refused, or tried again."""

    identity: str
    reason: str


@attrs.frozen
class RelayFailed:
    """Our own code failed amid the work for a charge point, which goes on with what is stored."""

    identity: str
    reason: str


Event: TypeAlias = (
    ExchangeCrossed
    | Stored
    | Delivered
    | Failed
    | DeadLettered
    | Held
    | Released
    | Discarded
    | Withdrawn
    | Refused
    | Repeated
    | OutcomeUnknown
    | Altered
    | IdMapped
    | LateAnswer
    | Registered
    | UpstreamOpened
    | UpstreamClosed
    | UpstreamFailed
    | ChargerOnline
    | ChargerOffline
    | StoreFailed
    | RelayFailed
)
