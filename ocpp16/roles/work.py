"""Handlers at work for one charge point, across its connections.

A handler outlives the connection that its call came over. A repeat of the call on a new connection
gets the outcome of the handler that runs, not a second run; and the limit on handlers at once holds
for the charge point, not for each of its connections. Knows no gate and no handler: those come in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

from ocpp16 import log
from ocpp16.clock import Clock
from ocpp16.errors import Fault, InternalError, NoAnswer
from ocpp16.roles.around import CallContext, Surroundings
from ocpp16.roles.peer import Peer
from ocpp16.session.event import CallReceived
from ocpp16.structure import Request, Response
from ocpp16.transports.task import Slots, TaskGroup, time_limit

logger = logging.getLogger(__name__)
PeerT = TypeVar("PeerT", bound=Peer)
Outcome: TypeAlias = Response | Fault | None
"""What a handler came to; None is no answer at all."""


class Asker(Protocol):
    """A connection over which a call came."""

    def answer(self, handle: int, outcome: Outcome) -> bool:
        """Take the outcome of a call; return whether the handler's response was sent."""
        raise NotImplementedError

    async def flush(self) -> None:
        """Wait until what was sent has left."""
        ...


_NONE_YET: Final = InternalError()


class _Job(Generic[PeerT]):
    """One handler that runs or waits to run, and the calls that get its outcome."""

    __slots__ = ("askers", "call", "cancel", "outcome", "peer")

    def __init__(self, peer: PeerT, call: CallReceived) -> None:
        self.peer = peer
        self.call = call
        self.askers: list[tuple[Asker, int]] = []
        self.outcome: Outcome = _NONE_YET
        self.cancel: Callable[[], object] = lambda: None


Handle: TypeAlias = Callable[[PeerT, Request[Any]], Coroutine[Any, Any, Response]]
After: TypeAlias = Callable[[PeerT, Request[Any], Response], Coroutine[Any, Any, None]]


class Workload(Generic[PeerT]):
    """The handlers of one charge point.

    Args:
        limit: How many run at once.
        handle: Runs the handler of a request; raises a `Fault` to answer an error, `NoAnswer` to
            answer nothing.
        after: Runs what is due once a response has left.
        surroundings: What each call runs in, ours as well.
    """

    __slots__ = ("_after", "_by_asker", "_handle", "_jobs", "_slots", "_tasks", "surroundings")

    def __init__(
        self,
        limit: int,
        *,
        handle: Handle[PeerT],
        after: After[PeerT],
        surroundings: Surroundings,
    ) -> None:
        self.surroundings = surroundings
        self._slots = Slots(limit)
        self._handle = handle
        self._after = after
        self._jobs: dict[tuple[str, str, bytes], _Job[PeerT]] = {}
        self._by_asker: dict[tuple[Asker, int], _Job[PeerT]] = {}
        self._tasks = TaskGroup(_log_failure)

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing runs."""
        return not self._tasks

    def begin(self, peer: PeerT, call: CallReceived, asker: Asker) -> None:
        """Run the handler of a call, or let the call share the outcome of one that runs."""
        key = (call.id, call.action.name, call.fingerprint)
        job = self._jobs.get(key)
        is_new = job is None
        if job is None:
            job = self._jobs[key] = _Job(peer, call)
        job.askers.append((asker, call.handle))
        self._by_asker[asker, call.handle] = job
        if is_new:
            job.cancel = self._tasks.begin(self._run(job)).cancel

    def expire(self, asker: Asker, handle: int) -> None:
        """Cancel the handler of a call that was answered because its time is over."""
        job = self._by_asker.get((asker, handle))
        if job is not None:
            self._forget(job)
            job.cancel()

    async def drain(self, clock: Clock, seconds: float) -> None:
        """Give what runs so much time, then cancel it; its calls get no answer."""
        try:
            async with time_limit(clock, seconds):
                await self._tasks.wait()
        except TimeoutError:
            for job in self._jobs.values():
                job.outcome = None
            self._tasks.cancel()
            await self._tasks.wait()

    async def _run(self, job: _Job[PeerT]) -> None:
        request = job.call.request
        try:
            async with self._slots:
                if not self.surroundings:
                    job.outcome = await self._handle(job.peer, request)
                else:
                    context = CallContext(job.peer, request, job.call.id, is_ours=False)
                    with self.surroundings.of(context):
                        context.response = await self._handle(job.peer, request)
                    job.outcome = context.response
        except Fault as fault:
            job.outcome = fault
        except NoAnswer:
            job.outcome = None
        except Exception as error:  # noqa: BLE001 - the peer is owed an answer
            log.failure(logger, "a call could not be handled", error)
        finally:
            # Also when it was cancelled: by `expire`, by `drain`, or by itself.
            if job.outcome is _NONE_YET:
                job.outcome = InternalError()  # of its own: observers are given it
            sent = self._finish(job)
        if sent is not None and isinstance(job.outcome, Response):
            await sent.flush()
            await self._after(job.peer, request, job.outcome)

    def _finish(self, job: _Job[PeerT]) -> Asker | None:
        self._forget(job)
        sent = None
        for asker, handle in job.askers:
            if asker.answer(handle, job.outcome):
                sent = asker
        return sent

    def _forget(self, job: _Job[PeerT]) -> None:
        key = (job.call.id, job.call.action.name, job.call.fingerprint)
        if self._jobs.get(key) is job:
            del self._jobs[key]
        for asker in job.askers:
            self._by_asker.pop(asker, None)


def _log_failure(error: BaseException) -> None:
    log.failure(logger, "what is due after a response failed", error)
