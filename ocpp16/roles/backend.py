"""A central system, as its charge point sees it: kept connected, booted, and called.

Outlives its connections: while there is none, calls wait in line. Spec: C 4.2, J 5.4, JE 3.4.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from ocpp16 import log
from ocpp16.catalog import action_of
from ocpp16.enums import ConfigurationStatus, RegistrationStatus
from ocpp16.envelope import PeerInfo
from ocpp16.errors import (
    CallFailed,
    CallNotAllowed,
    CallTimeout,
    ConnectionRefused,
    InvalidResponse,
    OcppError,
    QueueFull,
    SecurityError,
    SessionClosed,
)
from ocpp16.messages import (
    BootNotificationRequest,
    BootNotificationResponse,
)
from ocpp16.roles import event as told
from ocpp16.roles.backoff import Backoff
from ocpp16.roles.driver import Driver, NotSent
from ocpp16.roles.peer import Duration, Peer, ResponseT, seconds_of
from ocpp16.roles.registration import StationGate
from ocpp16.roles.security_change import KeepKey, SecurityChanges
from ocpp16.roles.station_link import Reverted, StationLink
from ocpp16.roles.station_role import StationRole
from ocpp16.roles.work import Workload
from ocpp16.security.configuration import StationSecurity
from ocpp16.security_event import SecurityEvent
from ocpp16.structure import Request, Response
from ocpp16.transports.connection import GOING_AWAY, NORMAL_CLOSURE, Connection, Dial, Pinging
from ocpp16.transports.task import Signal, TaskGroup, time_limit

logger = logging.getLogger(__name__)
_RETRIED = (ConnectionRefused, SessionClosed, CallFailed, InvalidResponse, CallTimeout)


class Backend(Peer):
    """The central system of a charge point.

    Args:
        station: The charge point.
        dial: Opens a connection.
        link: What dials, where it can be changed while it runs.
        boot: What to boot with; None does not boot, and does not gate.
        reconnect: Whether a connection that was lost is opened again, for ever.
        attempts: How often the start is tried before it fails; None is for ever.
        random: Gives a number from 0 to below 1.

    Raises:
        ValueError: `attempts` is below 1.
    """

    def __init__(
        self,
        station: StationRole[Backend],
        dial: Dial,
        *,
        link: StationLink | None = None,
        boot: BootNotificationRequest | None,
        reconnect: bool,
        attempts: int | None,
        random: Callable[[], float],
    ) -> None:
        if attempts is not None and attempts < 1:
            raise ValueError(f"attempts={attempts}: at least 1, or None for ever")
        self._station = station
        self._settings = station.settings
        self._clock = station.clock
        self._dial = dial
        self._changes = SecurityChanges(
            link,
            lambda name, is_reverted: self.tell(told.SecurityChanged(self, name, is_reverted)),
        )
        self._boot = boot
        self._reconnect = reconnect
        self._attempts = attempts
        self._gate = StationGate(is_used=boot is not None)
        self._workload: Workload[Backend] = Workload(
            self._settings.handlers,
            handle=self._handle,
            after=self._run_after,
            surroundings=station.surroundings,
        )
        self._backoff = Backoff(self._settings, random)
        self._driver: Driver[Backend] | None = None
        self._since = 0.0
        self._boot_due = 0.0
        self._boot_retry = self._settings.boot_retry.total_seconds()
        self._ping_interval = self._settings.client_ping_interval
        self._info: PeerInfo | None = None
        self._closed: str | None = None
        self._waiting = 0
        self._changed = Signal()
        self._hurried = Signal()
        self._is_hurried = False
        self._tasks = TaskGroup(lambda error: log.failure(logger, "a charge point failed", error))
        self._endings = TaskGroup(lambda error: log.failure(logger, "a close failed", error))

    # Peer

    @property
    def identity(self) -> str:
        """The charge point's identity."""
        return self._station.identity

    @property
    def info(self) -> PeerInfo:
        """What is known of the connection, or of the last one."""
        if self._info is None:
            raise SessionClosed("there was no connection yet")
        return self._info

    @property
    def is_connected(self) -> bool:
        """Tell whether there is a connection now."""
        return self._driver is not None

    @property
    def registration(self) -> RegistrationStatus | None:
        """What we were told when we booted; None if nothing yet."""
        return self._gate.status

    async def call(
        self,
        request: Request[ResponseT],
        *,
        timeout: Duration | None = None,  # noqa: ASYNC109 - the session keeps it, not a task
        call_id: str | None = None,
    ) -> ResponseT:
        """Send a request and return its response; see `Peer.call`.

        While there is no connection the call waits, within its time, for the next one.
        """
        reason = self._gate.why_not_call(request)
        if reason is not None:
            raise CallNotAllowed(reason)
        return await self._call(
            request, timeout, call_id, partial(self._gate.why_not_leave, request)
        )

    async def accepted(self) -> None:
        """Wait until the central system has accepted the registration.

        Raises:
            SessionClosed: The charge point was stopped before.
        """
        await self._until(lambda: self._gate.status is RegistrationStatus.ACCEPTED)

    def ping_every(self, interval: Duration | None) -> None:
        """Change how often the central system is pinged, now and on later connections (J 5.4).

        A connection is closed when `Settings.missed_pongs` in a row stay unanswered, and opened
        again like any that was lost. Over SOAP there are no pings.

        Args:
            interval: None or 0 sends none, as `WebSocketPingInterval` means it.

        Raises:
            ValueError: It is negative.
        """
        seconds = 0.0 if interval is None else seconds_of(interval)
        self._ping_interval = timedelta(seconds=seconds)
        if self._driver is not None:
            self._set_pings(self._driver.connection)

    def hurry(self) -> None:
        """Try to connect without the wait that would come first; no effect while connected."""
        if self._driver is None:
            self._is_hurried = True
            self._hurried.notify()

    # The link

    @property
    def security(self) -> StationSecurity | None:
        """The security profile of the next connection, with what we show; None if none was said."""
        return self._changes.security

    async def change_key(self, value: str, keep: KeepKey) -> ConfigurationStatus:
        """Take another AuthorizationKey, as a handler of ChangeConfiguration is asked to (W A01).

        After the answer has left, the connection is opened anew with it, if the security profile
        has a password; calls that wait go on waiting. Should the central system refuse the new key
        again and again, the old one is taken, and kept, again.

        Args:
            value: The value of the request: 32 to 40 hex digits.
            keep: Keeps the key where it outlives a restart, safely and not readable (A01.10, .12);
                what it raises is raised, and nothing has changed.

        Returns:
            Accepted, or Rejected for what is no key.
        """
        return await self._changes.change_key(value, keep)

    def change_profile(
        self, security: StationSecurity, reverted: Reverted, url: str | None = None
    ) -> None:
        """Take another security profile; the connection is opened anew (W A05.06-.08).

        Called by a handler of ChangeConfiguration, once `security.profile_change` has found nothing
        against it: the connection then ends when the answer has left.

        Args:
            security: The profile, and what we show.
            reverted: Called if no connection can be made with it, and the old one is taken again.
            url: The endpoint for it; None is the present one.

        Raises:
            ValueError: The URL does not fit the profile, or a certificate cannot be read.
            RuntimeError: The connection was not made by `ChargePoint.connect`.
        """
        self._changes.change_profile(security, reverted, url)

    def reopen(self, reason: str) -> None:
        """Close the connection, and open another one, with what is to be shown by then.

        Calls without an answer fail; those that wait go on waiting.

        Args:
            reason: Told to the central system.
        """
        if self._driver is not None:
            self._driver.close(NORMAL_CLOSURE, reason)

    def close(self, code: int = NORMAL_CLOSURE, reason: str = "") -> None:
        """End the connection, and do not open another one."""
        self._end(f"closed by us: {code} {reason}".rstrip(), code, reason)

    # For the charge point

    async def start(self) -> None:
        """Connect, and boot if that is wanted; return after the first answer to that.

        Raises:
            ConnectionRefused: The central system did not let us in.
            SessionClosed: It could not be reached.
            CallFailed: It answered BootNotification with an error. Likewise InvalidResponse and
                CallTimeout.
        """
        tries = 0
        while True:
            tries += 1
            try:
                if self._driver is None:
                    await self._open()
                if self._boot is not None:
                    await self._send_boot(self._boot)
                break
            except _RETRIED as error:
                if self._closed is not None or tries == self._attempts:
                    raise
                self._warn("the start failed", error)
                is_cut = isinstance(error, ConnectionError)
                await self._pause(self._backoff.next_wait() if is_cut else self._boot_retry)
        self._tasks.spawn(self._while_open(self._keep_connected))
        if self._boot is not None:
            self._tasks.spawn(self._while_open(partial(self._keep_booting, self._boot)))

    async def stop(self) -> None:
        """Stop gracefully: handlers get their time, then the connection is closed."""
        self._tasks.cancel()
        driver = self._driver
        if driver is not None:
            driver.is_draining = True
        try:
            await self._workload.drain(self._clock, self._settings.drain_timeout.total_seconds())
        finally:
            self.close()
        await self._tasks.wait()
        await self._endings.wait()

    # Owner of the driver

    @property
    def watches_frames(self) -> bool:
        """Tell whether anyone wants frame events."""
        return self._station.watches_frames

    def tell(self, event: told.Event) -> None:
        """Spread an event."""
        self._station.tell(event)

    def call_answered(self, driver: Driver[Any], request: Request[Any], response: Response) -> None:
        """Take the response to a call of ours."""
        if isinstance(response, BootNotificationResponse):
            self._take_boot_answer(response)

    def connection_over(self, driver: Driver[Any], reason: str) -> None:
        """Take it that a connection has ended."""
        self._endings.spawn(driver.connection.wait_closed())
        if self._driver is driver:
            self._driver = None
            self._backoff.end_connection(self._clock.time() - self._since)
            self.tell(told.Disconnected(self, reason))
            if not self._reconnect:
                self._end(reason, GOING_AWAY, "")
            self._changed.notify()

    # Inside: the connection

    async def _open(self) -> None:
        try:
            connection = await self._dial()
        except ConnectionRefused as error:
            if error.security_event is not None:
                self.tell(told.NotLetIn(self, str(error), SecurityEvent(error.security_event)))
            raise
        if self._closed is not None:
            connection.close()
            raise SessionClosed(self._closed)
        self._info = connection.info
        driver: Driver[Backend] = Driver(
            self,
            connection,
            self._station.open_session(connection.info),
            self._workload,
            owner=self,
            clock=self._clock,
            is_deaf=lambda: self._gate.is_silent,
        )
        self._driver = driver
        self._is_hurried = False
        self._since = self._clock.time()
        self._set_pings(connection)
        self.tell(told.Connected(self))
        driver.start()
        self._changed.notify()

    def _set_pings(self, connection: Connection) -> None:
        if isinstance(connection, Pinging):
            interval = self._ping_interval
            connection.ping_every(None if interval is None else interval.total_seconds())

    async def _keep_connected(self) -> None:
        while True:
            await self._until(lambda: self._driver is None)
            await self._pause(self._backoff.next_wait())
            self._check_not_closed()
            try:
                await self._open()
            except (ConnectionRefused, SessionClosed) as error:
                self._warn("no connection", error)

    async def _pause(self, seconds: float) -> None:
        if not self._is_hurried:
            with suppress(TimeoutError):
                async with time_limit(self._clock, seconds):
                    await self._hurried.wait()
        self._is_hurried = False

    async def _while_open(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        with suppress(SessionClosed):
            await work()

    def _warn(self, what: str, error: OcppError) -> None:
        line = f"{self.identity}: {what}: {error}"
        logger.warning("%s", log.one_line(line, self._settings.log_line))

    def _end(self, why: str, code: int, reason: str) -> None:
        if self._closed is None:
            self._closed = why
            if self._driver is not None:
                self._driver.close(code, reason)
            self._changed.notify()

    async def _until(self, is_so: Callable[[], bool]) -> None:
        while True:
            self._check_not_closed()
            if is_so():
                return
            await self._changed.wait()

    def _check_not_closed(self) -> None:
        if self._closed is not None:
            raise SessionClosed(self._closed)

    # Inside: our calls

    async def _call(
        self,
        request: Request[ResponseT],
        limit: Duration | None,
        call_id: str | None,
        why_not: Callable[[], str | None],
    ) -> ResponseT:
        seconds = seconds_of(self._settings.call_timeout if limit is None else limit)
        deadline = self._clock.time() + seconds
        while True:
            driver = await self._connected(request, deadline)
            try:
                response: ResponseT = await driver.call(
                    request, deadline - self._clock.time(), call_id, why_not=why_not
                )
            except NotSent:
                continue  # It stood in line when the connection was lost, and still does.
            return response

    async def _connected(self, request: Request[Any], deadline: float) -> Driver[Backend]:
        if self._driver is not None:
            return self._driver
        if self._waiting >= self._settings.call_queue:
            raise QueueFull(f"{self._waiting} calls wait for a connection already")
        self._waiting += 1
        try:
            async with time_limit(self._clock, deadline - self._clock.time()):
                await self._until(lambda: self._driver is not None)
        except TimeoutError:
            action = action_of(type(request)).name
            raise CallTimeout(f"{action} was not sent: no connection in time") from None
        finally:
            self._waiting -= 1
        assert self._driver is not None  # noqa: S101 - as `_until` says
        return self._driver

    async def _run_after(self, peer: Backend, request: Request[Any], response: Response) -> None:
        await self._station.run_after(peer, request, response)
        if self._changes.take_answered(request) and self._driver is not None:
            self._driver.close(NORMAL_CLOSURE, "the security of the link changes")

    async def _handle(self, peer: Backend, request: Request[Any]) -> Response:
        if self._gate.is_silent:
            raise SecurityError  # It came in one go with our rejection; no answer leaves.
        stand_in = self._gate.stand_in(request)
        if stand_in is not None:
            return stand_in
        response = await self._station.handle(peer, request)
        self._gate.permit(request, response)
        return response

    # Inside: the registration

    async def _send_boot(self, boot: BootNotificationRequest) -> None:
        await self._call(boot, None, None, self._gate.why_silent)

    def _take_boot_answer(self, answer: BootNotificationResponse) -> None:
        wait = float(answer.interval) if answer.interval > 0 else self._boot_retry
        self._boot_due = self._clock.time() + wait
        self._gate.tell(answer.status)
        self.tell(told.Registered(self, answer.status, answer.interval, answer.current_time))
        self._changed.notify()

    async def _keep_booting(self, boot: BootNotificationRequest) -> None:
        """Send BootNotification after each interval until it is accepted, whenever it is not."""
        while True:
            await self._until(lambda: self._gate.status is not RegistrationStatus.ACCEPTED)
            left = self._boot_due - self._clock.time()
            if left > 0:
                # Another boot, asked for by a trigger, may be answered meanwhile.
                with suppress(TimeoutError):
                    async with time_limit(self._clock, left):
                        await self._changed.wait()
                continue
            self._gate.end_silence()
            await self._until(lambda: self._driver is not None)
            try:
                await self._send_boot(boot)
            except SessionClosed as error:
                self._warn("BootNotification was cut off", error)
                if self._driver is not None:
                    # On SOAP only the exchange failed: there is no connection to wait for.
                    self._boot_due = self._clock.time() + self._boot_retry
            except CallNotAllowed:
                pass  # Another boot was answered while this one stood in line: its interval counts.
            except OcppError as error:
                self._warn("BootNotification failed", error)
                self._boot_due = self._clock.time() + self._boot_retry
