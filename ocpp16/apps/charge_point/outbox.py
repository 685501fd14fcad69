"""How a simulated charge point sends: what must arrive, and what may be lost. Spec: C 3.7; SPEC 3.

In memory only: what waits here does not outlive the process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from ocpp16.apps.charge_point.configuration import Configuration
from ocpp16.errors import CallFailed, CallTimeout, OcppError, SessionClosed
from ocpp16.structure import Request, Response

ResponseT = TypeVar("ResponseT", bound=Response)


class Caller(Protocol):
    """Whoever takes a request to the central system; a `Peer` does."""

    async def call(self, request: Request[ResponseT]) -> ResponseT:
        """Send a request and return its response, or raise an `OcppError`."""
        ...


class Outbox:
    """Sends for one charge point.

    Args:
        configuration: Says how often a transaction message is tried, and how long between.
        sleep: Waits so many seconds.
    """

    def __init__(
        self, configuration: Configuration, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self.caller: Caller | None = None
        """Where to; None while there is no connection."""
        self._configuration = configuration
        self._sleep = sleep
        # C 3.7: transaction messages arrive in the order in which things happened.
        self._order = asyncio.Lock()

    async def call(self, request: Request[ResponseT]) -> ResponseT:
        """Send a request and return its response.

        Raises:
            OcppError: There was none, and why.
        """
        if self.caller is None:
            raise SessionClosed("there is no connection")
        return await self.caller.call(request)

    async def notify(self, request: Request[Any]) -> None:
        """Send what may be lost."""
        try:
            await self.call(request)
        except OcppError:
            return

    async def deliver(self, build: Callable[[], Request[ResponseT]]) -> ResponseT | None:
        """Send a transaction message until it is answered; None if it was given up.

        Only errors that the central system answers count as attempts (JE 3.3): a lost connection is
        waited out.

        Args:
            build: Makes the message once those before it are answered: its transaction id may be
                one that such an answer brings.
        """
        async with self._order:
            request = build()
            attempts = self._configuration.amount("TransactionMessageAttempts")
            interval = self._configuration.amount("TransactionMessageRetryInterval")
            failures = 0
            while True:
                try:
                    return await self.call(request)
                except (SessionClosed, CallTimeout):
                    await self._sleep(1)
                except OcppError as error:
                    failures += isinstance(error, CallFailed)
                    if failures >= attempts or not isinstance(error, CallFailed):
                        return None
                    await self._sleep(interval * failures)
