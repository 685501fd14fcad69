"""A charge point, as its central system sees it over one connection."""

from __future__ import annotations

from functools import partial
from typing import Any

from ocpp16.enums import RegistrationStatus
from ocpp16.envelope import PeerInfo
from ocpp16.errors import CallNotAllowed, SessionClosed
from ocpp16.roles.driver import Driver, NotSent
from ocpp16.roles.peer import Duration, Peer, ResponseT, seconds_of
from ocpp16.roles.registration import CentralGate, triggered_by
from ocpp16.structure import Request, Response
from ocpp16.transports.connection import NORMAL_CLOSURE


class StationPeer(Peer):
    """A charge point over one connection; once that has ended, calls fail."""

    __slots__ = ("_driver", "_gate", "_info")

    def __init__(self, info: PeerInfo, gate: CentralGate) -> None:
        self._info = info
        self._gate = gate
        self._driver: Driver[Peer] | None = None

    def attach(self, driver: Driver[Peer]) -> None:
        """Take the driver of the connection."""
        self._driver = driver

    def start(self) -> None:
        """Begin to read what the charge point sends."""
        if self._driver is not None:
            self._driver.start()

    @property
    def info(self) -> PeerInfo:
        """What is known of it: as it was let in, with the callback address of the moment."""
        return self._info if self._driver is None else self._driver.connection.info

    @property
    def is_connected(self) -> bool:
        """Tell whether the connection is open."""
        return self._driver is not None and self._driver.is_open

    @property
    def registration(self) -> RegistrationStatus | None:
        """What it was last told when it booted; None if nothing is known."""
        return self._gate.status

    async def call(
        self,
        request: Request[ResponseT],
        *,
        timeout: Duration | None = None,  # noqa: ASYNC109 - the session keeps it, not a task
        call_id: str | None = None,
    ) -> ResponseT:
        """Send a request and return its response; see `Peer.call`."""
        reason = self._gate.why_not_call(request)
        if reason is not None:
            raise CallNotAllowed(reason)
        assert self._driver is not None  # noqa: S101 - attached before anyone sees the peer
        seconds = None if timeout is None else seconds_of(timeout)
        try:
            response: ResponseT = await self._driver.call(
                request, seconds, call_id, why_not=partial(self._gate.why_not_call, request)
            )
        except NotSent as error:
            # There is no other connection of this peer for it to leave over.
            raise SessionClosed(str(error)) from None
        return response

    def take_answer(self, request: Request[Any], response: Response) -> None:
        """Take the response to a call of ours."""
        self._gate.ask_for(triggered_by(request, response))

    def close(self, code: int = NORMAL_CLOSURE, reason: str = "") -> None:
        """End the connection."""
        if self._driver is not None:
            self._driver.close(code, reason)
