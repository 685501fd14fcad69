"""One peer on SOAP, as if it were connected: frames tagged with the HTTP exchange they belong to.

There is no connection to lose: TCP connections come and go below. On the central system's side it
begins with a charge point's first request and ends when the charge point is silent for too long; on
the charge point's side it is open from the start, and lasts until it is closed. Knows no HTTP:
requests are brought by `soap_app`, calls are made by a `Post` (see `soap_client`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import attrs

from ocpp16.clock import Clock, Timer
from ocpp16.envelope import PeerInfo
from ocpp16.errors import OcppError, Unreachable
from ocpp16.session.event import CallId, Exchange
from ocpp16.transports.connection import NORMAL_CLOSURE, Receiver
from ocpp16.transports.task import Signal, TaskGroup

logger = logging.getLogger(__name__)

Post: TypeAlias = Callable[[str, bytes], Awaitable[bytes]]
"""Sends an envelope to an address and returns the envelope that answers it.

Raises:
    OcppError: None came, and why.
"""


class HttpExchange:
    """The tag of an exchange that the peer began, and the answer that it waits for."""

    __slots__ = ("answer",)

    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()


def _leave(connection: SoapConnection) -> None:
    """Leave nothing to be done at the end of a connection."""


class SoapConnection:
    """A way to one peer on SOAP; `Connection`.

    Args:
        info: Who the peer is.
        target: Where calls to it go; None if nowhere yet.
        post: Makes an HTTP exchange of our own.
        clock: Where timers run.
        idle: Seconds after which a silent peer counts as gone; None is never.
        end: Called when the connection ends, to give back what belongs to it; what takes its time
            is a coroutine, and belongs to the end as well.
    """

    def __init__(
        self,
        info: PeerInfo,
        *,
        target: str | None,
        post: Post,
        clock: Clock,
        idle: float | None = None,
        end: Callable[[SoapConnection], Coroutine[Any, Any, None] | None] = _leave,
    ) -> None:
        self._info = info
        self._target = target
        self._post = post
        self._clock = clock
        self._idle = idle
        self._end = end
        self._receiver: Receiver | None = None
        self._early: list[tuple[bytes, HttpExchange]] = []
        self._open: set[HttpExchange] = set()
        self._last_seen = clock.time()
        self._timer: Timer | None = None
        self._is_over = False
        self._over_reason = ""
        self._changed = Signal()
        self._tasks = TaskGroup(
            lambda error: logger.error("a SOAP exchange failed", exc_info=error)
        )
        self._arm()

    # Connection

    @property
    def info(self) -> PeerInfo:
        """Who the peer is; its callback address is the one that counts now."""
        return self._info

    def start(self, receiver: Receiver) -> None:
        """Give out frames from now on, those that have come already included."""
        self._receiver = receiver
        early, self._early = self._early, []
        for frame, exchange in early:
            receiver.frame_received(frame, exchange)
        if self._is_over:
            asyncio.get_running_loop().call_soon(receiver.connection_lost, self._over_reason)

    def send(
        self, frame: bytes, *, exchange: Exchange | None = None, call: CallId | None = None
    ) -> None:
        """Answer an exchange of the peer, or begin one of ours."""
        if self._is_over:
            return
        if call is not None:
            self._tasks.spawn(self._call(call, frame))
        elif isinstance(exchange, HttpExchange):
            _answer(exchange, frame)

    def leave_unanswered(self, exchange: Exchange) -> None:
        """End an exchange of the peer that gets no frame: with HTTP 503."""
        if isinstance(exchange, HttpExchange):
            _answer(exchange, None)

    async def flush(self) -> None:
        """Wait until the answers there are have left this process, or the connection has ended."""
        leaving = {each for each in self._open if each.answer.done()}
        while not self._is_over and leaving & self._open:
            await self._changed.wait()

    def close(self, code: int = NORMAL_CLOSURE, reason: str = "") -> None:
        """End the connection: what waits for an answer gets none, calls of ours are given up."""
        if self._is_over:
            return
        self._is_over = True
        self._over_reason = f"closed by us: {code} {reason}".rstrip()
        if self._timer is not None:
            self._timer.cancel()
        for exchange in self._open:
            _answer(exchange, None)
        self._early.clear()
        self._tasks.cancel()
        rest = self._end(self)
        if rest is not None:
            self._tasks.spawn(rest)
        self._changed.notify()

    async def wait_closed(self) -> None:
        """Wait until no exchange is left."""
        while not self._is_over or self._open:
            await self._changed.wait()
        await self._tasks.wait()

    # For who takes requests

    @property
    def is_over(self) -> bool:
        """Tell whether the connection has ended."""
        return self._is_over

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is going on."""
        return not self._open and not self._tasks

    def learn(self, callback: str | None) -> None:
        """Take another address to call the peer at."""
        self._target = callback
        self._info = attrs.evolve(self._info, callback=callback)

    @asynccontextmanager
    async def exchange(self, frame: bytes) -> AsyncIterator[bytes | None]:
        """Hand in a request and give the answer; None if there is none.

        The answer counts as sent once the body is left.
        """
        exchange = HttpExchange()
        self._last_seen = self._clock.time()
        self._open.add(exchange)
        try:
            if self._is_over:
                _answer(exchange, None)
            elif self._receiver is None:
                self._early.append((frame, exchange))
            else:
                self._receiver.frame_received(frame, exchange)
            yield await exchange.answer
        finally:
            self._open.discard(exchange)
            self._last_seen = self._clock.time()
            self._changed.notify()

    def lose(self, reason: str) -> None:
        """End the connection because the peer is gone."""
        if self._is_over:
            return
        self.close(reason=reason)
        self._over_reason = reason
        if self._receiver is not None:
            self._receiver.connection_lost(reason)

    # Inside

    async def _call(self, call: CallId, frame: bytes) -> None:
        outcome: bytes | OcppError
        try:
            if self._target is None:
                raise Unreachable(
                    f"where {self._info.identity!r} listens is not known: it named no address that "
                    "is accepted"
                )
            outcome = await self._post(self._target, frame)
        except OcppError as error:
            outcome = error
        if self._is_over or self._receiver is None:
            return
        if isinstance(outcome, bytes):
            self._receiver.frame_received(outcome, call)
        else:
            self._receiver.exchange_failed(call, outcome)

    def _arm(self) -> None:
        if self._idle is not None:
            self._timer = self._clock.call_at(self._last_seen + self._idle, self._check_idle)

    def _check_idle(self) -> None:
        assert self._idle is not None  # noqa: S101 - there is no timer without
        if self._open:
            self._last_seen = self._clock.time()
        if self._last_seen + self._idle > self._clock.time():
            self._arm()
        else:
            self.lose(f"silent for {self._idle:g} s")


def _answer(exchange: HttpExchange, frame: bytes | None) -> None:
    if not exchange.answer.done():
        exchange.answer.set_result(frame)
