"""One side of OCPP-J played frame by frame, to test the other side of an application.

A scripted peer knows the positions of an OCPP-J array and nothing else: no action, no rule, no
order. So it says what a test wants said, valid or not, and gives what it is told as it came. In
memory, by the loopback; time-outs are of the real clock, since they end tests that hang.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import attrs

from ocpp16.envelope import PeerInfo
from ocpp16.errors import CallFailed, OcppError, SessionClosed
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.session.event import Exchange
from ocpp16.spec import Side
from ocpp16.testing.loopback import URL, loopback_pair
from ocpp16.transports.connection import NORMAL_CLOSURE, Connection
from ocpp16.transports.loopback import loopback
from ocpp16.transports.task import Signal

CALL, RESULT, ERROR = 2, 3, 4
"""Message types of OCPP-J (J 4.1.3)."""
PATIENCE = 5.0
"""Seconds of real time that a script waits for what it expects."""

Payload: TypeAlias = Mapping[str, Any]
Reply: TypeAlias = Payload | Callable[[Any], Payload]
"""A payload, or what makes one of the payload that was asked."""


@attrs.frozen
class ReceivedCall:
    """A CALL that the other side sent, not answered yet."""

    id: str
    action: str
    payload: Any
    """As JSON has it."""


class ScriptedPeer:
    """One side of OCPP-J, in the hands of a test.

    Args:
        replies: What to answer at once, by action; all other calls wait for `expect`.
        patience: Seconds of real time to wait for what is expected.
    """

    def __init__(
        self, *, replies: Mapping[str, Reply] | None = None, patience: float = PATIENCE
    ) -> None:
        self.replies: dict[str, Reply] = dict(replies or {})
        self.received: list[str] = []
        """Every frame that came, as text."""
        self.close_reason: str | None = None
        """Why the connection has ended; None while it has not."""
        self._patience = patience
        self._connection: Connection | None = None
        self._calls: deque[ReceivedCall] = deque()
        # Type and what follows the id, by id.
        self._answers: dict[str, list[Any]] = {}
        self._ids = (f"script-{number}" for number in itertools.count(1))
        self._changed = Signal()

    # What a script does

    def send(self, frame: str | list[Any]) -> None:
        """Send a frame: any text, or an array that is written as JSON.

        Raises:
            SessionClosed: There is no connection.
        """
        text = frame if isinstance(frame, str) else json.dumps(frame)
        self._open_connection().send(text.encode("utf-8", "surrogatepass"))

    async def call(
        self, action: str, payload: Payload | None = None, *, call_id: str | None = None
    ) -> Any:
        """Send a CALL and return the payload of its answer.

        Args:
            action: The action, or what looks like one.
            payload: Its payload; None is an empty one.
            call_id: Message id; None is a new one.

        Raises:
            CallFailed: The answer is a CALLERROR.
            AssertionError: No answer came.
            SessionClosed: There is no connection, or it has ended.
        """
        due = next(self._ids) if call_id is None else call_id
        self.send([CALL, due, action, {} if payload is None else dict(payload)])
        await self._wait(lambda: due in self._answers, f"no answer to {action}")
        kind, *rest = self._answers.pop(due)
        if kind == RESULT:
            return rest[0] if rest else None
        absent: list[Any] = ["", "", {}]
        code, description, details = [*rest[:3], *absent[len(rest) :]]
        raise CallFailed(code, description, details)

    async def expect(self, action: str | None = None) -> ReceivedCall:
        """Wait for the next CALL of the other side.

        Args:
            action: Which one is due; None takes any.

        Raises:
            AssertionError: Another one came, or none.
            SessionClosed: The connection has ended.
        """
        wanted = "a call" if action is None else action
        await self._wait(lambda: bool(self._calls), f"{wanted} did not come")
        call = self._calls.popleft()
        if action is not None and call.action != action:
            raise AssertionError(f"{action} was due, {call.action} came: {call.payload!r}")
        return call

    def answer(self, call: ReceivedCall, payload: Payload | None = None) -> None:
        """Answer a call with a CALLRESULT.

        Args:
            call: What `expect` gave.
            payload: The response; None is an empty one.
        """
        self.send([RESULT, call.id, {} if payload is None else dict(payload)])

    def refuse(
        self,
        call: ReceivedCall,
        code: str = "GenericError",
        description: str = "",
        details: Payload | None = None,
    ) -> None:
        """Answer a call with a CALLERROR.

        Args:
            call: What `expect` gave.
            code: Error code, of the standard or not.
            description: For people.
            details: For programs; None is an empty object.
        """
        self.send([ERROR, call.id, code, description, {} if details is None else dict(details)])

    def close(self, code: int = NORMAL_CLOSURE, reason: str = "") -> None:
        """End the connection properly; without one this does nothing."""
        if self._connection is not None and self.close_reason is None:
            self._connection.close(code, reason)
            self._end(f"closed by the script: {code} {reason}".rstrip())

    async def wait_closed(self) -> str:
        """Wait until the connection has ended, and return why.

        Raises:
            AssertionError: It goes on.
        """
        await self._wait(lambda: self.close_reason is not None, "the connection goes on")
        return self.close_reason or ""

    # Receiver

    def take_over(self, connection: Connection) -> None:
        """Play over a connection from now on, in place of an earlier one."""
        self._connection, self.close_reason = connection, None
        self._calls.clear()
        self._answers.clear()
        connection.start(self)
        self._changed.notify()

    def frame_received(self, frame: bytes, exchange: Exchange | None = None) -> None:
        """Take a frame, and answer it if a reply is there for it."""
        text = frame.decode("utf-8", "replace")
        self.received.append(text)
        match json.loads(text):
            case [2, str(call_id), str(action), payload]:
                call = ReceivedCall(call_id, action, payload)
                reply = self.replies.get(action)
                if reply is None:
                    self._calls.append(call)
                else:
                    self.answer(call, reply(payload) if callable(reply) else reply)
            case [3 | 4 as kind, str(call_id), *rest]:
                self._answers[call_id] = [kind, *rest]
            case _:
                pass  # It stands in `received`.
        self._changed.notify()

    def exchange_failed(self, exchange: Exchange, error: OcppError) -> None:
        """Do nothing: OCPP-J has no exchanges."""

    def connection_lost(self, reason: str) -> None:
        """Take it that the connection has ended."""
        self._end(reason)

    # Inside

    def _end(self, reason: str) -> None:
        self.close_reason = reason
        self._changed.notify()

    def _open_connection(self) -> Connection:
        if self._connection is None:
            raise SessionClosed("nobody is connected to the script")
        if self.close_reason is not None:
            raise SessionClosed(self.close_reason)
        return self._connection

    async def _wait(self, is_there: Callable[[], bool], complaint: str) -> None:
        try:
            async with asyncio.timeout(self._patience):
                while not is_there():
                    self._open_connection()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(
                f"{complaint} within {self._patience:g} s; last frame: "
                f"{self.received[-1] if self.received else 'none'}"
            ) from None


@asynccontextmanager
async def scripted_charge_point(
    central: CentralSystem,
    identity: str = "CP1",
    *,
    replies: Mapping[str, Reply] | None = None,
    patience: float = PATIENCE,
) -> AsyncIterator[ScriptedPeer]:
    """Connect a scripted charge point to a central system, which needs no `serve`.

    Args:
        central: What is tested.
        identity: Who the charge point says it is.
        replies: What it answers at once, by action.
        patience: Seconds of real time that the script waits for what it expects.

    Raises:
        ConnectionRefused: The central system does not let it in.
    """
    script = ScriptedPeer(replies=replies, patience=patience)
    script.take_over(await loopback_pair(central, ChargePoint(identity), wire="json").dial())
    try:
        yield script
    finally:
        script.close()


class ScriptedCentralSystem(ScriptedPeer):
    """A scripted central system; a charge point connects to it by `dial`.

    Used like this:

    >>> import asyncio
    >>> from ocpp16 import ChargePoint, messages
    >>> from ocpp16.testing import ScriptedCentralSystem
    >>> async def main():
    ...     station = ChargePoint("CP1")
    ...     script = ScriptedCentralSystem(
    ...         station, replies={"Heartbeat": {"currentTime": "2026-01-01T00:00:00Z"}}
    ...     )
    ...     async with station.connect_by(script.dial) as backend:
    ...         answer = await backend.call(messages.HeartbeatRequest())
    ...         return answer.current_time.isoformat()
    >>> asyncio.run(main())
    '2026-01-01T00:00:00+00:00'

    Args:
        station: What is tested.
        replies: What to answer at once, by action; all other calls wait for `expect`.
        patience: Seconds of real time to wait for what is expected.
    """

    def __init__(
        self,
        station: ChargePoint,
        *,
        replies: Mapping[str, Reply] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(replies=replies, patience=patience)
        self._station = station

    async def dial(self) -> Connection:
        """Connect the charge point, in place of an earlier connection; for `connect_by`."""
        at_central, at_station = (
            PeerInfo(
                identity=self._station.identity,
                side=side,
                binding="ocppj",
                address="loopback",
                url=f"{URL}/{self._station.identity}",
            )
            for side in (Side.CHARGE_POINT, Side.CENTRAL_SYSTEM)
        )
        ends = loopback(at_central, at_station, clock=self._station.clock)
        self.take_over(ends[0])
        return ends[1]
