"""What the relay of one charge point knows, and the little that it does all over: tell and answer.

See `relay` for what it is about. Every method that decides something is in `delivery` or `relay`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum, unique
from typing import Any, Final

import attrs

from ocpp16.bridge import event
from ocpp16.bridge.action import Action, Answer, Ignore, Now, OpenUpstream, Refuse, Tell, Write
from ocpp16.bridge.entry import Entry, Line, Stage, Waiter
from ocpp16.bridge.ids import TransactionIds
from ocpp16.bridge.policy import Manner
from ocpp16.bridge.settings import Delivery as DeliveryChoice
from ocpp16.bridge.settings import OfflineStart
from ocpp16.errors import Fault, InternalError
from ocpp16.store.bridge.change import Change, SetRefusing
from ocpp16.structure import Response

USUAL_INTERVAL: Final = 300.0
"""Seconds between heartbeats where no acceptance has told them."""
HURRY_AFTER: Final = 5.0
"""Seconds after an attempt to connect before a message brings about another one out of turn."""
OPEN_WITHIN: Final = 10.0
"""Seconds after which messages do not wait any more for an attempt to connect that goes on."""
ASKS_WITHIN: Final = 30.0
"""Seconds after a refusal in which a Heartbeat is taken as the question about it (SE 3.2), though
the backend may be there again: an answer would count as one more proof against the message."""
REFUSED_LIMIT: Final = 64
"""Messages of one kind that are remembered one by one as refused."""
WRITE_AGAIN: Final = 1.0
"""Seconds after which a change that could not be written is tried again."""


def usual(interval: int | None) -> float:
    """Return the seconds between heartbeats, whatever a backend has said about them."""
    return float(interval) if interval is not None and interval > 0 else USUAL_INTERVAL


@unique
class Reach(Enum):
    """Where the backend is; see `relay`."""

    IDLE = "idle"
    OPENING = "opening"
    OPEN = "open"
    DOWN = "down"


@attrs.frozen(kw_only=True)
class Rules:
    """The settings that rule one charge point; durations are seconds."""

    offline_start: OfflineStart = OfflineStart.REFUSE
    delivery: DeliveryChoice = DeliveryChoice.AT_LEAST_ONCE
    queue_limit: int = 10_000
    attempts: int = 3
    retry_interval: float = 60.0
    upstream_timeout: float = 30.0
    answer_within: float = 25.0
    silent_after: float = 2.5


@attrs.frozen(kw_only=True)
class Memory:
    """What the store has of one charge point."""

    status: str | None = None
    interval: int | None = None
    boot: bytes | None = None
    refusing: str = ""
    transactions: tuple[tuple[int, int | None], ...] = ()
    queued: int = 0
    held: int = 0
    dead: int = 0
    oldest: datetime | None = None


class RelayState:
    """One charge point.

    Args:
        identity: Which one.
        rules: Its settings.
        memory: What the store has of it.
        random: Gives a number from 0 to below 1.
    """

    def __init__(
        self,
        identity: str,
        rules: Rules,
        memory: Memory,
        *,
        random: Callable[[], float],
    ) -> None:
        self.identity = identity
        self.ids = TransactionIds(memory.transactions)
        self.reach = Reach.IDLE
        self.is_online = False
        self.status = memory.status
        self.interval = memory.interval
        """Seconds between heartbeats, as it was told; None if it was not."""
        self.held = memory.held
        self.dead = memory.dead
        self.last_error: str | None = None
        self.line = Line(memory.queued)
        self._rules = rules
        self._boot = memory.boot
        self._refusing = {word for word in memory.refusing.split(",") if word}
        self._refused: dict[str, set[bytes]] = {}
        """By word of `_refusing`: the messages meant, as far as they are known."""
        # When something was refused before a restart is not known: then from the first Heartbeat.
        self._asks_until: float | None = None if self._refusing else 0.0
        self._oldest = memory.oldest
        self._random = random
        self._last_seen = 0.0
        self._last_try = -HURRY_AFTER
        self._flight: Entry | None = None
        self._flight_number = 0
        self._sent_at = 0.0
        self._is_loading = False
        self._load_due: float | None = None
        self._again: list[tuple[float, Write, Callable[[], bool]]] = []
        """Changes to be written again: when, what, and whether nothing later has replaced it."""
        self._out: list[Action] = []

    @property
    def is_full(self) -> bool:
        """Tell whether no message more is stored for this charge point."""
        limit = self._rules.queue_limit
        return self.line.depth + self.held >= limit or self.dead >= limit

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing waits for the backend."""
        return not self.line and not self.line.is_backlog and not self._again

    @property
    def refusing(self) -> str:
        """What the charge point was refused and may send again."""
        return ",".join(sorted(self._refusing))

    @property
    def oldest(self) -> datetime | None:
        """When the oldest stored message that waits was received."""
        first = self.line.first(lambda entry: entry.is_stored)
        if first is not None:
            return first.received
        return self._oldest if self.line.depth else None

    @property
    def deadline(self) -> float | None:
        """When `tick` is due next; None while nothing is."""
        times = [when for when, _, _ in self._again]
        if self._load_due is not None:
            times.append(self._load_due)
        if self.reach is Reach.OPENING:
            times.append(self._last_try + OPEN_WITHIN)
        times += [waiter.deadline for entry in self.line for waiter in entry.waiters]
        flight = self._flight
        if flight is None:
            heads = self._heads() if self.reach is Reach.OPEN else ()
            times += [head.not_before for head in heads if head.stage is Stage.READY]
        elif flight.stage is Stage.SENT:
            times.append(self._late_at)
        elif flight.stage is Stage.LATE:
            times.append(self._again_at)
        if self.is_online:
            times.append(self._silent_at)
        return min(times, default=None)

    # Derived

    @property
    def _is_away(self) -> bool:
        """Whether no answer of the backend is to be expected soon."""
        is_stalled = self._flight is not None and self._flight.stage is Stage.LATE
        is_there = self.reach in {Reach.OPEN, Reach.OPENING}
        return not is_there or is_stalled or self.line.is_backlog

    @property
    def _is_gated(self) -> bool:
        """Whether the backend has not accepted the charge point (C 4.2)."""
        return self.status is not None and self.status != "Accepted"

    @property
    def _late_at(self) -> float:
        return self._sent_at + self._rules.upstream_timeout

    @property
    def _again_at(self) -> float:
        return self._late_at + self._rules.retry_interval

    @property
    def _silent_at(self) -> float:
        return self._last_seen + self._rules.silent_after * usual(self.interval)

    def _heads(self) -> tuple[Entry, ...]:
        """Return the messages of which the first that is ready may leave."""
        first = self.line.first(lambda entry: True)
        if self.status == "Accepted":
            return () if first is None else (first,)
        boot = self.line.first(lambda entry: entry.manner is Manner.BOOT)
        if self.status is None:
            # A backend may answer errors to all that comes before it has heard of the boot.
            return tuple(each for each in self.line if each is first or each is boot)
        # C 4.2: until it is accepted nothing leaves but BootNotification and what was asked for,
        # which does not wait until it is time for the next BootNotification.
        asked_for = self.line.first(
            lambda entry: entry.is_permitted and entry.manner is not Manner.BOOT
        )
        return tuple(entry for entry in self.line if entry is boot or entry is asked_for)

    # What is to be done

    def _tell(self, told: event.Event) -> None:
        self._out.append(Tell(told))

    def _open(self, now: Now) -> None:
        self.reach = Reach.OPENING
        self._last_try = now.time
        self._out.append(OpenUpstream())

    def _may_hurry(self, now: Now) -> bool:
        return now.time >= self._last_try + HURRY_AFTER

    def _see(self, now: Now) -> None:
        self._last_seen = now.time
        if not self.is_online:
            self.is_online = True
            self._tell(event.ChargerOnline(self.identity))

    def _write(
        self,
        change: Change,
        done: Callable[[Any, Now], None],
        failed: Callable[[Exception, Now], None],
    ) -> None:
        self._out.append(Write(change, done, failed))

    def _persist(
        self,
        change: Change,
        done: Callable[[Any, Now], None] | None = None,
        *,
        failed: Callable[[], None] = lambda: None,
        is_current: Callable[[], bool] = lambda: True,
    ) -> None:
        """Write a change that has to be written in the end: it is tried until it is.

        Args:
            change: What to write.
            done: Is called when it is written.
            failed: Is called whenever it could not be.
            is_current: Tells whether it still holds; if not, a later change takes its place, which
                may be written already.
        """

        def fail(_: Exception, now: Now) -> None:
            self._again.append((now.time + WRITE_AGAIN, write, is_current))
            failed()

        write = Write(change, done or (lambda _, __: None), fail)
        self._out.append(write)

    def _answer(self, waiters: Iterable[Waiter], response: Response, outcome: str) -> None:
        for waiter in waiters:
            self._out.append(Answer(waiter.ticket, response, outcome))

    def _pass_fault(self, waiters: Iterable[Waiter], fault: Fault) -> None:
        for waiter in waiters:
            self._out.append(Refuse(waiter.ticket, fault, is_ours=False))

    def _ignore(self, waiters: Iterable[Waiter]) -> None:
        for waiter in waiters:
            self._out.append(Ignore(waiter.ticket))

    def _refuse(self, entry: Entry, why: str) -> None:
        """Refuse a message that the charge point may send again.

        SE 3.2: from now on a Heartbeat that is answered would tell it that the message is at
        fault. That has to outlast this process, so it is committed first.
        """
        waiters = entry.take_waiters()
        if not waiters:
            return
        self._tell(event.Refused(self.identity, entry.action, why))
        self._asks_until = self._last_seen + ASKS_WITHIN
        refusals = [Refuse(each.ticket, InternalError(why), is_ours=True) for each in waiters]
        word = entry.manner.value if entry.manner.is_transaction else "any"
        refused = self._refused.setdefault(word, set())
        if entry.digest is not None and len(refused) < REFUSED_LIMIT:
            refused.add(entry.digest)
        if word in self._refusing:
            self._out += refusals
            return
        self._refusing.add(word)

        def go_on(*_: object) -> None:
            self._out += refusals
            refusals.clear()

        # If that cannot be written now, the charge point is refused all the same.
        self._keep_refusing(go_on)

    def _is_about_refusal(self, now: Now) -> bool:
        """Tell whether a Heartbeat may decide over a message that was refused."""
        if not self._refusing:
            return False
        if self._asks_until is None:
            self._asks_until = now.time + ASKS_WITHIN
        return now.time < self._asks_until

    def _accept(self, entry: Entry, now: Now, *, is_repeat: bool = False) -> None:
        """Take it that the charge point hears that we have a message.

        Another one that it was refused is refused still, however many of its kind come through: one
        of another connector, or a repeat of what was stored before.
        """
        word = entry.manner.value
        if word not in self._refusing:
            return
        refused = self._refused.setdefault(word, set())
        was_refused = entry.digest in refused
        if entry.digest is not None:
            refused.discard(entry.digest)
        is_open = not self._is_away and not self.is_full
        if refused:
            # It may have been thrown away meanwhile: then it is over once all may come.
            is_over = is_open and not is_repeat and not self._is_about_refusal(now)
        else:
            is_over = was_refused or is_open or not is_repeat
        if is_over:
            refused.clear()
            self._clear(word)

    def _clear(self, word: str) -> None:
        if word in self._refusing:
            self._refusing.discard(word)
            self._keep_refusing(lambda *_: None)

    def _keep_refusing(self, then: Callable[..., None]) -> None:
        refusing = self.refusing
        self._persist(
            SetRefusing(identity=self.identity, refusing=refusing),
            then,
            failed=then,
            is_current=lambda: self.refusing == refusing,
        )
