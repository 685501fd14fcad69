"""Unusual activity, kept as events of the store: what an operator reads after the alert.

A stranger can cause these as often as it likes, so of each kind one a minute is kept for each
address and charge point, with the count of the others, and one a second of all. Who has not proven
who it is has no name here, only a claim in the text. Spec: W A00.323, .408.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import attrs

from ocpp16.clock import Clock
from ocpp16.roles import event as told
from ocpp16.roles.unusual import unusual_in
from ocpp16.security.activity import UnusualActivity
from ocpp16.security.limits import Buckets, network_of

NOBODY: Final = ""
"""Identity of events that are no known charge point's."""
QUIET: Final = 60.0
"""Seconds in which the same kind, from the same address and charge point, is kept once."""
BURST: Final = 60
"""How many are kept at once; then one a second."""
RECORDS: Final = 10_000


@attrs.define
class _Seen:
    since: float
    more: int = 0


class Audit:
    """Keeps what is unusual; `take` is a hook for the events of a central system.

    Args:
        record: Keeps an event: identity, kind, text.
        clock: Where time comes from.
    """

    def __init__(self, record: Callable[[str, str, str], object], clock: Clock) -> None:
        self._record = record
        self._clock = clock
        self._seen: OrderedDict[tuple[str, str, str], _Seen] = OrderedDict()
        self._room = Buckets(BURST, 1.0, 1)

    def take(self, event: told.Event) -> None:
        """Keep an event, if it is unusual and there is room for it."""
        found = unusual_in(event)
        # What is not a charge point's own, the books flag by themselves, with the message.
        if found is None or found[0] is UnusualActivity.FOREIGN_TRANSACTION:
            return
        kind, claimed, address = found
        identity = _proven(event)
        key = (kind, identity or claimed or NOBODY, network_of(address))
        more = self._more(key)
        if more is None:
            return
        text = _text(event, claimed, address)
        text = f"{text}; {more} more before" if more else text
        self._record(identity or NOBODY, str(kind), text)

    def _more(self, key: tuple[str, str, str]) -> int | None:
        """Return how many were not kept before this one; None if it is not kept itself."""
        now = self._clock.time()
        seen = self._seen.setdefault(key, _Seen(now - QUIET))
        self._seen.move_to_end(key)
        if len(self._seen) > RECORDS:
            self._seen.popitem(last=False)
        if now - seen.since < QUIET or self._room.wait(None, now) > 0:
            seen.more += 1
            return None
        self._room.take(None, now)
        more, seen.more, seen.since = seen.more, 0, now
        return more


def _proven(event: told.Event) -> str | None:
    """Return whose event it is, None if nobody has proven to be anyone."""
    match event:
        case told.LimitHit() | told.Unreadable():
            return event.identity
        case told.Replaced() | told.FaultAnswered() | told.Unanswerable() | told.IdReused():
            return event.peer.identity
        case _:
            return None


def _text(event: told.Event, claimed: str | None, address: str | None) -> str:
    match event:
        case told.Refused():
            who = "a stranger" if claimed is None else f"{claimed!r}"
            what = f"{who} was not let in ({event.cause}): {event.reason}"
        case told.TlsFailed():
            what = f"{event.event or 'no TLS link'}: {event.reason}"
        case told.LimitHit() | told.Unreadable() | told.Unanswerable():
            what = event.reason
        case told.FaultAnswered():
            # Its description may quote a value, the path cannot.
            path = f" at {event.fault.path}" if event.fault.path else ""
            what = f"{event.action or 'a call'} was answered {event.fault.code}{path}"
        case told.Replaced():
            what = f"connected again, in place of a connection from {event.peer.info.address}"
        case told.IdReused():
            what = f"{event.action} came with the id of an earlier call"
        case _:
            what = type(event).__name__
    return f"{what} (from {address})"
