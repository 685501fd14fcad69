"""Which message leaves next, one at a time. Spec: J 4.1, C 3.7, C 4.2, SE 3.2; SPEC 2, 3.

    what drivers wait for > notifications and answers to triggers > kept messages > Heartbeat

Messages about transactions keep their own order in the outbox; others may overtake them. Times are
monotonic seconds. What has come of a message is told back with the token it left with.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

import attrs

from ocpp16.catalog import action_of
from ocpp16.errors import (
    CallFailed,
    CallNotAllowed,
    CallTimeout,
    ErrorCode,
    InvalidMessage,
    InvalidResponse,
    OcppError,
    SessionClosed,
)
from ocpp16.messages import HeartbeatRequest, StartTransactionResponse
from ocpp16.station.action import Send
from ocpp16.station.boot import Boot
from ocpp16.station.configuration import Configuration
from ocpp16.station.heartbeat import Heartbeat
from ocpp16.station.outbox import Entry, Given, Outbox
from ocpp16.storage import StorageFailed
from ocpp16.structure import Request, Response

Outcome: TypeAlias = Response | OcppError
Then: TypeAlias = Callable[[Outcome], None]
TOGETHER = 2
"""How many kept messages may wait for a notification to come after them."""
HELD = 64
"""How many notifications wait for a link; of more, the oldest are dropped."""

NEVER = frozenset({ErrorCode.NOT_IMPLEMENTED, ErrorCode.NOT_SUPPORTED})
"""What a central system says that does not know an action, and will not tomorrow."""


def _nothing(outcome: Outcome) -> None:
    """Take no notice."""


@attrs.frozen
class _Post:
    request: Request[Any]
    then: Then
    is_triggered: bool = False
    after: int = 0
    """Number of the kept message that it follows upon."""
    is_urgent: bool = False
    is_lasting: bool = False


@attrs.frozen
class _UnderWay:
    token: int
    post: _Post | None = None
    outbox: Outbox | None = None
    entry: Entry | None = None


@attrs.define(kw_only=True)
class Courier:
    """The way out of one station."""

    boot: Boot
    heartbeat: Heartbeat
    configuration: Configuration
    outboxes: tuple[Outbox, ...]
    """Queues of what must arrive, the more important first."""
    answered: Callable[[Entry, Response], None]
    """Is told when a kept message has arrived."""
    given_up: Callable[[Given], None]
    """Is told when a kept message is not sent any more."""
    recovered: Callable[[], None]
    """Is told when a message has arrived after others got lost."""
    tells_faults_apart: bool = True
    """Whether an error is the central system's own word (JSON); else a Heartbeat decides (SOAP)."""
    is_linked: bool = False
    _posts: deque[_Post] = attrs.field(factory=deque, alias="_posts")
    _lost: list[_Post] = attrs.field(factory=list, alias="_lost")
    _under_way: _UnderWay | None = None
    _tokens: int = 0
    _has_lost: bool = False

    # What comes in

    def post(
        self,
        request: Request[Any],
        then: Then = _nothing,
        *,
        is_urgent: bool = False,
        is_triggered: bool = False,
        is_lasting: bool = False,
    ) -> None:
        """Send a message that is not kept, as soon as it may leave.

        Args:
            request: The message.
            then: Is told what came of it.
            is_urgent: Somebody waits for the answer: it leaves before others.
            is_triggered: The central system asked for it, so it may leave while Pending.
            is_lasting: If the link is lost while it is under way, it is sent again on the next one.
        """
        kept = self.outboxes[0]
        # A status that comes with a transaction's start or end follows upon its message; one that
        # comes amid a backlog does not wait for that.
        after = kept.last if not is_urgent and len(kept) <= TOGETHER else 0
        post = _Post(request, then, is_triggered, after, is_urgent, is_lasting)
        if is_urgent:
            # Behind those for which somebody has waited longer.
            self._posts.insert(sum(each.is_urgent for each in self._posts), post)
        else:
            self._posts.append(post)
        while len(self._posts) > HELD:
            dropped = self._posts.popleft()
            dropped.then(SessionClosed("it waited too long for a link"))

    def link(self, *, is_up: bool, time: float) -> None:
        """Take it that there is a link now, or none any more."""
        self.is_linked = is_up
        if is_up:
            self._posts.extendleft(reversed(self._lost))
            self._lost.clear()
            for outbox in self.outboxes:
                outbox.link_restored(time)

    def restart(self) -> None:
        """Send nothing more, since the station restarts, and tell those who wait."""
        self.is_linked = False
        posts = [*self._lost, *self._posts]
        self._lost.clear()
        self._posts.clear()
        for post in posts:
            post.then(SessionClosed("the station restarts"))

    # What goes out

    @property
    def is_under_way(self) -> bool:
        """Tell whether a message is under way."""
        return self._under_way is not None

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is under way and nothing waits but what is kept."""
        return self._under_way is None and not self._posts and not self._lost

    def next(self, time: float) -> Send | None:
        """Return the message that leaves now; None if none may."""
        if not self.is_linked or self._under_way is not None:
            return None
        post = self._next_post(time)
        if post is not None:
            return self._send(time, post.request, post=post)
        if not self.boot.is_accepted:
            return None
        for outbox in self.outboxes:
            if outbox.needs_heartbeat:
                return self._send(time, HeartbeatRequest(), outbox=outbox)
            sending = outbox.send(time)
            if sending is not None:
                entry, request = sending
                return self._send(time, request, outbox=outbox, entry=entry)
        self.heartbeat.interval = self.configuration.integer("HeartbeatInterval")
        if time >= self.heartbeat.next_due:
            return self._send(time, HeartbeatRequest(), post=_Post(HeartbeatRequest(), _nothing))
        return None

    def next_due(self, time: float) -> float | None:
        """Return when `next` may have something; None while it waits for something to happen."""
        if not self.is_linked or self._under_way is not None:
            return None
        if any(self._may_leave(post, time) for post in self._posts):
            return time
        if not self.boot.is_accepted:
            return None
        self.heartbeat.interval = self.configuration.integer("HeartbeatInterval")
        due = self.heartbeat.next_due
        for outbox in self.outboxes:
            if outbox.needs_heartbeat:
                return time
            outbox_due = outbox.next_due()
            if outbox_due is not None:
                due = min(due, outbox_due)
        return due

    def ended(self, token: int, outcome: Outcome, time: float) -> None:
        """Take what came of a message."""
        under_way = self._under_way
        if under_way is None or under_way.token != token:
            return
        self._under_way = None
        is_lost = isinstance(outcome, (SessionClosed, CallTimeout))
        had_lost, self._has_lost = self._has_lost, self._has_lost or is_lost
        try:
            post = under_way.post
            if post is not None and post.is_lasting and self._is_link_lost(outcome):
                self._lost.append(post)
            elif post is not None:
                post.then(outcome)
            elif under_way.outbox is not None:
                self._kept_ended(under_way.outbox, under_way.entry, outcome, time)
        except StorageFailed:
            if under_way.outbox is not None:
                # It is kept as it was, and will be sent again.
                under_way.outbox.unanswered(time)
            raise
        finally:
            if had_lost and isinstance(outcome, Response):
                self._has_lost = False
                self.recovered()

    def late_answer(self, message_id: str, response: Response, time: float) -> None:
        """Take an answer whose call had timed out: what it answers has arrived."""
        for outbox in self.outboxes:
            self._delivered(outbox, message_id, response, time)

    # Inside

    def _is_link_lost(self, outcome: Outcome) -> bool:
        # On SOAP there is no next link to wait for.
        return isinstance(outcome, SessionClosed) and self.tells_faults_apart

    def _next_post(self, time: float) -> _Post | None:
        for post in self._posts:
            if self._may_leave(post, time):
                if self._comes_later(post, time):
                    return None
                self._posts.remove(post)
                return post
        return None

    def _comes_later(self, post: _Post, time: float) -> bool:
        kept = self.outboxes[0]
        due = kept.next_due()
        if not self.boot.is_accepted or due is None or time < due or kept.first is None:
            return False
        return kept.first.number <= post.after

    def _may_leave(self, post: _Post, time: float) -> bool:
        action = action_of(type(post.request)).name
        return self.boot.may_send(action, time, is_triggered=post.is_triggered)

    def _send(
        self,
        time: float,
        request: Request[Any],
        *,
        post: _Post | None = None,
        outbox: Outbox | None = None,
        entry: Entry | None = None,
    ) -> Send:
        self._tokens += 1
        self._under_way = _UnderWay(self._tokens, post, outbox, entry)
        self.heartbeat.sent(time, is_heartbeat=isinstance(request, HeartbeatRequest))
        timeout = self.configuration.integer("MessageTimeout") or None
        message_id = None if entry is None else entry.message_id
        return Send(self._tokens, request, message_id, timeout)

    def _kept_ended(
        self, outbox: Outbox, entry: Entry | None, outcome: Outcome, time: float
    ) -> None:
        if entry is None:
            # The Heartbeat that tells a refused message from a broken link (SE 3.2).
            if isinstance(outcome, Response):
                self._tell_given(outbox.heartbeat_answered(time))
            else:
                outbox.unanswered(time)
            return
        match outcome:
            case Response():
                self._delivered(outbox, entry.message_id, outcome, time)
            case CallFailed() | InvalidResponse():
                in_doubt = not self.tells_faults_apart
                is_final = isinstance(outcome, CallFailed) and outcome.code in NEVER
                self._tell_given(outbox.refused(time, needs_heartbeat=in_doubt, is_final=is_final))
            case InvalidMessage():
                # This wire cannot carry it: no later try can do better, nor may it block others.
                self._tell_given(outbox.refused(time, needs_heartbeat=False, is_final=True))
            case SessionClosed() if self.tells_faults_apart:
                outbox.link_lost(time)
            case SessionClosed() | CallTimeout() | CallNotAllowed() | _:
                outbox.unanswered(time)

    def _delivered(self, outbox: Outbox, message_id: str, response: Response, time: float) -> None:
        transaction_id = (
            response.transaction_id if isinstance(response, StartTransactionResponse) else None
        )
        entry = outbox.delivered(message_id, time, transaction_id=transaction_id)
        if entry is not None:
            self.answered(entry, response)

    def _tell_given(self, given: Given | None) -> None:
        if given is not None:
            self.given_up(given)
