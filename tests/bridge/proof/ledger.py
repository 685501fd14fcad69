"""The ledger: what charge points sent and were told, and what the backend received and answered.

Kept outside the bridge by the two ends it stands between, in the order in which things happened to
them. Knows nothing of ocpp16. Each message has a marker, a number that is in its content and in no
other message's, so that both ends know it without trusting any id.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeAlias, TypeVar

import attrs

MARKERS = 1_000_000
"""Markers of one charge point: it has those from its number times this on."""

Payload: TypeAlias = Mapping[str, Any]
"""As JSON has it."""


@attrs.frozen(kw_only=True)
class Entry:
    """One thing that happened."""

    charger: str
    at: int = attrs.field(factory=time.monotonic_ns, eq=False)
    """When, in nanoseconds of the machine's monotonic clock."""


@attrs.frozen(kw_only=True)
class Sent(Entry):
    """A charge point began to transmit a message, for the first time or again."""

    marker: int
    action: str
    payload: Payload
    start: int | None = None
    """Marker of the StartTransaction that it belongs to."""


@attrs.frozen(kw_only=True)
class Told(Entry):
    """A charge point got a response: the message is acknowledged, and it will not send it again."""

    marker: int
    answer: Payload


@attrs.frozen(kw_only=True)
class Refused(Entry):
    """A charge point got a fault, an HTTP error, or no answer."""

    marker: int
    how: str
    """`fault`, `http` or `link`."""


@attrs.frozen(kw_only=True)
class Discarded(Entry):
    """A charge point gave a message up, since it was refused while a Heartbeat was answered."""

    marker: int


@attrs.frozen(kw_only=True)
class Received(Entry):
    """The backend got a message."""

    marker: int | None
    """None if its content has none."""
    action: str
    payload: Payload
    message_id: str


@attrs.frozen(kw_only=True)
class Answered(Entry):
    """The backend answered a message, as far as it could: whether that arrived it cannot know."""

    message_id: str
    answer: Payload | None
    """None for a CALLERROR."""


@attrs.frozen(kw_only=True)
class Asked(Entry):
    """The backend called a charge point."""

    marker: int
    action: str


@attrs.frozen(kw_only=True)
class Replied(Entry):
    """The backend got an answer to its call."""

    marker: int
    answer: Payload | None
    """None for a CALLERROR."""


@attrs.frozen(kw_only=True)
class Executed(Entry):
    """A charge point got a call of the backend, and answered it."""

    marker: int | None
    """None for one that is known by its transaction."""
    answer: Payload | None
    """None for a fault."""
    transaction: int | None = None
    """Id of the transaction in it. It may come before the charge point was told that id."""


EntryT = TypeVar("EntryT", bound=Entry)
KINDS: tuple[type[Entry], ...] = (
    Sent, Told, Refused, Discarded, Received, Answered, Asked, Replied, Executed,
)  # fmt: skip


class Ledger:
    """All entries, in order."""

    _BY_NAME: ClassVar[Mapping[str, type[Entry]]] = {kind.__name__: kind for kind in KINDS}

    def __init__(self, entries: list[Entry] | None = None) -> None:
        self.entries: list[Entry] = [] if entries is None else entries

    def add(self, entry: Entry) -> None:
        """Write an entry."""
        self.entries.append(entry)

    def of(self, kind: type[EntryT]) -> Iterator[EntryT]:
        """Return the entries of a kind, in order."""
        return (entry for entry in self.entries if isinstance(entry, kind))

    def numbered(self, kind: type[EntryT]) -> Iterator[tuple[int, EntryT]]:
        """Return the entries of a kind with their places in the ledger."""
        return (
            (number, entry) for number, entry in enumerate(self.entries) if isinstance(entry, kind)
        )

    def save(self, path: Path) -> None:
        """Write the ledger to a file, to look into what went wrong."""
        with path.open("w") as file:
            for entry in self.entries:
                line = {"is": type(entry).__name__, **attrs.asdict(entry)}
                file.write(f"{json.dumps(line, default=dict)}\n")

    @classmethod
    def load(cls, path: Path) -> Ledger:
        """Return a ledger that was saved."""
        entries = []
        for line in path.read_text().splitlines():
            values = json.loads(line)
            entries.append(cls._BY_NAME[values.pop("is")](**values))
        return cls(entries)


def marker_of(action: str, payload: Payload) -> int | None:
    """Return the marker in a message of a charge point, None if there is none."""
    found: object
    try:
        match action:
            case "StartTransaction":
                found = payload["meterStart"]
            case "StopTransaction":
                found = payload["meterStop"]
            case "MeterValues":
                found = payload["meterValue"][0]["sampledValue"][0]["value"]
            case "StatusNotification":
                found = payload["info"]
            case "Authorize":
                found = payload["idTag"][1:]
            case "DataTransfer":
                found = payload["data"]
            case _:
                return None
        return int(str(found))
    except (KeyError, IndexError, ValueError):
        return None
