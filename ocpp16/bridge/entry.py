"""One message of a charge point on its way, and the line of those that wait for the backend."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import Enum, unique
from typing import Any, Final

import attrs

from ocpp16.bridge.policy import Manner
from ocpp16.structure import Request

WINDOW: Final = 64
"""How many stored messages of one charge point are in memory at most; the others are read when it
is their turn. Behind so many, a question to the backend would wait for too long."""


@unique
class Stage(Enum):
    """How far a message is."""

    STORING = "storing"
    """Its commit is on its way."""
    READY = "ready"
    """It waits for its turn."""
    LEAVING = "leaving"
    """That it leaves is being noted."""
    SENT = "sent"
    """The backend has to answer."""
    LATE = "late"
    """It has not answered in time; it still may."""
    SETTLING = "settling"
    """It has answered, and that is being committed."""


@attrs.frozen
class Waiter:
    """An exchange of the charge point that waits for an answer."""

    ticket: str
    deadline: float


@attrs.define(eq=False, kw_only=True)
class Entry:
    """One message on its way."""

    action: str
    manner: Manner
    request: Request[Any]
    call_id: str
    received: datetime
    waiters: list[Waiter] = attrs.field(factory=list)
    stage: Stage = Stage.READY
    digest: bytes | None = None
    key: int | None = None
    """Where it is stored; None if it is not."""
    attempts: int = 0
    not_before: float = 0.0
    local_id: int | None = None
    """Transaction id that the charge point was given instead of the backend's."""
    is_permitted: bool = False
    """It came while the registration was open, and was let in for it."""
    has_left: bool = False
    """Whether the backend may have it."""
    is_behind: bool = False
    """It is stored, and not in memory."""

    @property
    def is_stored(self) -> bool:
        """Tell whether it outlives the process."""
        return self.key is not None

    def is_ready(self, now: float) -> bool:
        """Tell whether it may leave now, if it is its turn."""
        return self.stage is Stage.READY and self.not_before <= now

    def take_waiters(self) -> list[Waiter]:
        """Return those who wait, and forget them."""
        waiters, self.waiters = self.waiters, []
        return waiters


class Line:
    """Messages in the order of arrival: the first ones here, those behind in the store.

    `depth` counts those that are stored and wait, wherever they are.
    """

    def __init__(self, depth: int = 0) -> None:
        self.depth = depth
        self._entries: deque[Entry] = deque()
        self._behind: set[Entry] = set()
        """Those on their way into the store that will not be in memory."""
        self._last_key = 0
        """Of those in memory, the last; what is stored behind it is not in memory."""
        self._doubt_after: int | None = None
        """Something may be stored behind this key that is not counted."""
        self._went_behind = 0

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_backlog(self) -> bool:
        """Tell whether stored messages are not in memory."""
        return bool(self._behind) or self._doubt_after is not None or self.depth > self._stored_here

    def find(self, key: int) -> Entry | None:
        """Return the entry of a stored message, if it is in memory."""
        return next((entry for entry in self._entries if entry.key == key), None)

    def first(self, is_due: Callable[[Entry], bool]) -> Entry | None:
        """Return the first entry whose turn it can be."""
        return next((entry for entry in self._entries if is_due(entry)), None)

    def join(self, entry: Entry) -> None:
        """Take a message that is not to be stored at the end."""
        self._entries.append(entry)

    def begin_to_store(self, entry: Entry) -> None:
        """Take a message whose commit is on its way at the end."""
        entry.stage = Stage.STORING
        if self.is_backlog or len(self._entries) >= WINDOW:
            entry.is_behind = True
            self._behind.add(entry)
        else:
            self._entries.append(entry)

    def keep(self, entry: Entry, key: int) -> None:
        """Take it that a message of the line is stored."""
        entry.key = key
        entry.stage = Stage.READY
        self.depth += 1
        if entry.is_behind:
            self._behind.discard(entry)
            self._went_behind += 1
        else:
            self._last_key = max(self._last_key, key)

    def leave(self, entry: Entry) -> None:
        """Take a message out, however far it is."""
        self._behind.discard(entry)
        if entry in self._entries:
            self._entries.remove(entry)
            if entry.is_stored:
                self.depth -= 1

    def put(self, entry: Entry) -> None:
        """Take a stored message at its place: behind those that are older, or on their way."""
        assert entry.key is not None  # noqa: S101 - it is stored
        place = 0
        for index, each in enumerate(self._entries, 1):
            is_older = each.key is not None and each.key < entry.key
            if is_older or each.stage not in {Stage.READY, Stage.STORING}:
                place = index
        self._entries.insert(place, entry)
        self._last_key = max(self._last_key, entry.key)

    # Reading what is behind

    def doubt(self, after: int | None = None) -> None:
        """Take it that a message may be stored and wait, though its commit failed.

        Args:
            after: A key before its own; None for a new message.
        """
        after = self._last_key if after is None else after
        if self._doubt_after is None or after < self._doubt_after:
            self._doubt_after = after

    def next_load(self) -> tuple[int, int]:
        """Return behind which key to read, and how many."""
        self._went_behind = 0
        if self._doubt_after is not None:
            return self._doubt_after, 2 * WINDOW
        return self._last_key, WINDOW

    def end_load(self, rows: int, limit: int, total: int) -> None:
        """Take it that so many rows were read and put, of those that wait in all."""
        self._doubt_after = None
        is_storing = bool(self._behind) or any(each.stage is Stage.STORING for each in self)
        if rows < limit and not is_storing and not self._went_behind:
            # All there is was read, and nothing came since: what is here is what waits.
            self.depth = self._stored_here
        else:
            self.depth = max(self.depth, total)

    @property
    def _stored_here(self) -> int:
        return sum(entry.is_stored for entry in self._entries)
