"""The central system: who is connected, which of their calls pass, and calls to them.

Knows no wire and no socket: connections come from a transport that `stack` chose. Spec: C 4, J 3.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any, Self

from ocpp16 import log
from ocpp16.catalog import action_of
from ocpp16.clock import Clock
from ocpp16.enums import ConfigurationStatus, RegistrationStatus
from ocpp16.envelope import PeerInfo
from ocpp16.errors import CallNotAllowed, SecurityError
from ocpp16.messages import BootNotificationResponse
from ocpp16.roles import event as told
from ocpp16.roles.account import Account, Accounts
from ocpp16.roles.asgi import AsgiApp
from ocpp16.roles.driver import Driver
from ocpp16.roles.guard import Guard
from ocpp16.roles.key_rotation import change_key
from ocpp16.roles.peer import Duration, Peer, seconds_of
from ocpp16.roles.registration import CentralGate
from ocpp16.roles.registry import LocalRegistry, PeerRegistry
from ocpp16.roles.role import Role
from ocpp16.roles.server import Server
from ocpp16.roles.stack import binding_for
from ocpp16.roles.station_peer import StationPeer
from ocpp16.roles.work import Workload
from ocpp16.security.activity import Activity, Trouble
from ocpp16.security.admission import (
    Admission,
    Handshake,
    Known,
    Refusal,
    RefusalCause,
)
from ocpp16.security.configuration import ServerSecurity
from ocpp16.security.profiles import ReachedProfiles
from ocpp16.session import Session
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.storage import (
    AnswerMemory,
    MemoryAnswers,
    MemoryRegistrations,
    Registration,
    Registrations,
)
from ocpp16.structure import Request, Response
from ocpp16.transports.connection import (
    GOING_AWAY,
    INTERNAL_ERROR,
    POLICY_VIOLATION,
    Connection,
)
from ocpp16.transports.task import Signal, TaskGroup, time_limit

logger = logging.getLogger(__name__)


class CentralSystem(Role[Peer]):
    """A central system: serves charge points and calls them.

    >>> from datetime import UTC, datetime
    >>> from ocpp16 import CentralSystem, messages
    >>> central = CentralSystem(known={"CP1", "CP2"})
    >>> @central.on(messages.HeartbeatRequest)
    ... async def heartbeat(peer, request):
    ...     return messages.HeartbeatResponse(current_time=datetime.now(UTC))
    >>> server = central.serve(json="ws://127.0.0.1:9000/ocpp")  # async with server: ...

    Args:
        known: Identities that may connect: a collection, or a function or coroutine function that
            tells; None lets any in. Others are refused before the upgrade (HTTP 404).
        admission: Decides on a known peer, before the upgrade; None lets it in as it claims to be.
        registrations: What charge points were told when they booted. With it, one that was never
            accepted is refused; None keeps it in memory, and leaves the gate open until this
            process answered Pending or Rejected.
        answers: Gives an identity its memory of answers; None keeps them as long as the process.
        strict: Whether a charge point that was never accepted is refused; None goes by whether
            there are `registrations`.
        registry: Who is connected; None keeps it in memory.
        security: Which links are taken, and how charge points authenticate; None takes any that has
            no TLS, unauthenticated but for `admission`. Comes before `admission`.
        reached: The highest security profile of each charge point, below which it is refused; None
            keeps it in memory.
        settings: Limits, timers and choices.
        clock: Where time comes from; None is the machine's.
        new_id: Source of message ids, each unique for ever; None is UUID4.

    Raises:
        TypeError: `known` is a text.
    """

    def __init__(
        self,
        *,
        known: Collection[str] | Known | None = None,
        admission: Admission | None = None,
        registrations: Registrations | None = None,
        answers: Callable[[str], AnswerMemory] | None = None,
        strict: bool | None = None,
        registry: PeerRegistry | None = None,
        security: ServerSecurity | None = None,
        reached: ReachedProfiles | None = None,
        settings: Settings = Settings(),  # noqa: B008 - frozen
        clock: Clock | None = None,
        new_id: Callable[[], str] | None = None,
    ) -> None:
        super().__init__(Side.CENTRAL_SYSTEM, settings=settings, clock=clock, new_id=new_id)
        if isinstance(known, str | bytes):
            # Its parts would be let in: every text that it contains, and every letter.
            raise TypeError(f"known={known!r} is one text, not a collection of identities")
        self._security = security
        self._guard = Guard(known, admission, reached, settings=settings, clock=self.clock)
        self._is_strict = registrations is not None if strict is None else strict
        self._registrations = MemoryRegistrations() if registrations is None else registrations
        self._answers = self._new_answers if answers is None else answers
        self._registry: PeerRegistry = LocalRegistry() if registry is None else registry
        self._accounts = Accounts(settings.connections, self._open_account)
        self._drivers: dict[Driver[Any], set[Driver[Any]] | None] = {}
        self._arrivals: dict[str, Signal] = {}
        self._apps: list[AsgiApp] = []
        self._is_entered = False
        self._tasks = TaskGroup(lambda error: log.failure(logger, "a connection failed", error))

    # For applications

    def serve(
        self,
        json: str | None = None,
        soap: str | None = None,
        *,
        security: ServerSecurity | None = None,
    ) -> Server:
        """Return a server, to be entered with `async with`.

        Args:
            json: Where to take OCPP-J (`ws://127.0.0.1:9000/ocpp`, or `wss://...` with security
                profile 2 or 3); port 0 is any free one.
            soap: Where to take OCPP-S (`http://...`, `https://...`).
            security: Which links to take there; None is as for the whole central system.

        Raises:
            ValueError: A URL is none, or does not fit the security.
        """
        wanted = {"json": json, "soap": soap}
        urls = {wire: url for wire, url in wanted.items() if url is not None}
        return Server(self, urls, self._security if security is None else security)

    def asgi(self, json: str | None = "/ocpp", soap: str | None = "/ocpp") -> AsgiApp:
        """Return an ASGI application that serves both wires, to mount in somebody else's server.

        It lets charge points in from `async with` this central system, or from the server's
        lifespan events, and stops with either.

        Args:
            json: Path of OCPP-J, below which each identity has its URL; None does not serve it.
            soap: Path of OCPP-S; None does not serve it. Both are below the mount point.
        """
        app = AsgiApp(self, json=json, soap=soap)
        self._apps.append(app)
        if self._is_entered:
            app.start()
        return app

    @property
    def peers(self) -> Mapping[str, Peer]:
        """The charge points that are connected, by identity; a live view."""
        return self._registry.peers

    async def wait_for(
        self,
        identity: str,
        *,
        registered: bool = False,
        timeout: Duration | None = None,  # noqa: ASYNC109 - by our clock
    ) -> Peer:
        """Wait until a charge point is connected, and return it.

        Args:
            identity: Which one.
            registered: Wait until it is accepted as well; a boot in an earlier connection counts.
            timeout: How long to wait; None is for ever.

        Raises:
            TimeoutError: It did not come in time.
        """
        seconds = None if timeout is None else seconds_of(timeout)
        try:
            async with time_limit(self.clock, seconds):
                while True:
                    peer = self.peers.get(identity)
                    if peer is not None and (
                        not registered or peer.registration is RegistrationStatus.ACCEPTED
                    ):
                        return peer
                    await self._arrivals.setdefault(identity, Signal()).wait()
        except TimeoutError:
            raise TimeoutError(self._why_absent(identity, seconds or 0.0)) from None
        finally:
            arrival = self._arrivals.get(identity)
            if arrival is not None and not arrival.is_awaited:
                del self._arrivals[identity]

    def register(self, identity: str, registration: Registration) -> Awaitable[None] | None:
        """Take it that a charge point is registered so from now on, though it was told otherwise.

        For whoever answers BootNotification in the name of somebody else.

        Returns:
            What to wait for until it is kept, where `registrations` takes time for that.
        """
        kept = self._registrations.keep(identity, registration)
        account = self._accounts.find(identity)
        if account is not None:
            account.gate.tell(RegistrationStatus(registration.status))
            self._notify(identity)
        return kept

    async def rotate_key(
        self,
        identity: str,
        key: bytes | None = None,
        *,
        timeout: Duration | None = None,  # noqa: ASYNC109 - the session keeps it, not a task
    ) -> ConfigurationStatus:
        """Give a connected charge point another AuthorizationKey (W A01).

        The old one is valid until the charge point has accepted the new one. Where that is not
        known, since no answer came, both are valid until it connects with one of them.

        Args:
            identity: The charge point.
            key: 16 to 20 bytes; None makes a random one.
            timeout: How long the answer may take; None is as the settings have it.

        Returns:
            Its answer. Only after Accepted the old key is valid no more, and after RebootRequired
            both are.

        Raises:
            CallNotAllowed: It is not connected, its key is not known here, or is being changed.
            CallFailed: It answered with an error; both keys are valid. Likewise InvalidResponse,
                CallTimeout and SessionClosed.
            ValueError: The key is none.
        """
        peer = self.peers.get(identity)
        if peer is None:
            raise CallNotAllowed(f"charge point {identity!r} is not connected")
        return await change_key(peer, await self._guard.keys_of(identity), key, timeout)

    @property
    def activity(self) -> Activity:
        """Unusual activity so far, counted by kind, charge point and address."""
        return self._guard.activity

    def report_foreign_transaction(self, peer: Peer, action: str, transaction_id: int) -> None:
        """Take it that a charge point spoke of a transaction that is not its own.

        Only an application knows whose transactions are; this makes an event and a count of it.

        Args:
            peer: The charge point.
            action: What it sent (`StopTransaction`).
            transaction_id: The transaction.
        """
        self.tell(told.ForeignTransaction(peer, action, transaction_id))

    async def __aenter__(self) -> Self:
        self._is_entered = True
        for app in self._apps:
            app.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_entered = False
        for app in self._apps:
            await app.stop()
        await self.disconnect()

    # For transports and servers

    async def admit(
        self, handshake: Handshake, security: ServerSecurity | None = None
    ) -> PeerInfo | Refusal:
        """Let a peer in or refuse it, before its connection is open.

        Args:
            handshake: What it says of itself.
            security: The rules of the listener; None is those of the whole central system.
        """
        rules = self._security if security is None else security
        try:
            verdict = await self._guard.judge(handshake, rules)
            # Last, with no wait between this and `welcome`. SOAP makes room by itself.
            if isinstance(verdict, PeerInfo) and self._is_full(verdict):
                verdict = Refusal(503, "too many connections", cause=RefusalCause.OVERLOADED)
        except Exception as error:  # noqa: BLE001 - the application's own code
            log.failure(logger, "a charge point could not be judged", error)
            verdict = Refusal(500, cause=RefusalCause.FAILED)
        if isinstance(verdict, Refusal):
            self.tell(told.Refused.of(handshake, verdict))
        elif rules is not None:
            self.tell(told.Admitted(verdict))
        return verdict

    def watch(self, trouble: Trouble) -> None:
        """Take what went wrong before a peer had a name."""
        self.tell(told.of_trouble(trouble))

    def welcome(self, connection: Connection, house: set[Driver[Any]] | None = None) -> None:
        """Take a new connection whose peer was let in, and start it.

        Args:
            connection: The connection.
            house: Where to keep its driver while it is open.
        """
        peer = self._make_peer(connection, house)
        self._tasks.spawn(self._join(peer))

    async def disconnect(self, house: set[Driver[Any]] | None = None) -> None:
        """Let running handlers end, for `Settings.drain_timeout` at most, then close connections.

        Args:
            house: The drivers of the connections; None is all of them.
        """
        drivers = list(self._drivers) if house is None else list(house)
        for driver in drivers:
            driver.is_draining = True
        # Handlers whose connection was lost are waited for when no other connection is left.
        is_all = len(drivers) == len(self._drivers)
        names = None if is_all else {driver.peer.identity for driver in drivers}
        try:
            await self._drain(self._accounts.of(names))
        finally:
            for driver in drivers:
                driver.close(GOING_AWAY, "the central system stops")
        for driver in drivers:
            await driver.connection.wait_closed()

    # For drivers

    @property
    def watches_frames(self) -> bool:
        """Tell whether anyone wants frame events."""
        return self._observers.watches_frames

    def tell(self, event: told.Event) -> None:
        """Spread an event."""
        self._guard.take(event)
        self._observers.tell(event)

    def call_answered(self, driver: Driver[Any], request: Request[Any], response: Response) -> None:
        """Take the response to a call of ours."""
        driver.peer.take_answer(request, response)

    def connection_over(self, driver: Driver[Any], reason: str) -> None:
        """Take it that a connection has ended."""
        house = self._drivers.pop(driver, None)
        if house is not None:
            house.discard(driver)
        self._accounts.leave(driver.peer.identity)
        if driver.has_started:
            self.tell(told.Disconnected(driver.peer, reason))
        self._tasks.spawn(self._registry.release(driver.peer))

    # Inside

    def _is_full(self, info: PeerInfo) -> bool:
        return (
            info.binding == "ocppj"
            and len(self._drivers) >= self.settings.connections
            and info.identity not in self.peers
        )

    def _make_peer(self, connection: Connection, house: set[Driver[Any]] | None) -> StationPeer:
        identity = connection.info.identity
        binding = binding_for(connection.info.binding, self.side, lambda: connection.info)
        account = self._accounts.enter(identity)
        peer = StationPeer(connection.info, account.gate)
        session = Session(
            binding,
            self.side,
            identity,
            settings=self.settings,
            new_id=self._new_id,
            offers=self._dispatcher.offers,
            answers=account.answers,
            why_refuse=account.gate.why_refuse,
        )
        driver: Driver[Peer] = Driver(
            peer, connection, session, account.workload, owner=self, clock=self.clock
        )
        peer.attach(driver)
        self._drivers[driver] = house
        if house is not None:
            house.add(driver)
        return peer

    async def _join(self, peer: StationPeer) -> None:
        try:
            await self._guard.take_connected(peer.info)
            if not peer.is_connected:
                return
            earlier = await self._registry.claim(peer)
        except BaseException:
            peer.close(INTERNAL_ERROR)
            raise
        if not peer.is_connected:
            await self._registry.release(peer)
            return
        if earlier is not None:
            self.tell(told.Replaced(earlier, peer))
            earlier.close(POLICY_VIOLATION, "replaced by a newer connection")
        self.tell(told.Connected(peer))
        peer.start()
        self._notify(peer.identity)

    def _open_account(self, identity: str) -> Account:
        registration = self._registrations.find(identity)
        gate = CentralGate(
            strict=self._is_strict, status=None if registration is None else registration.status
        )
        return Account(
            gate=gate,
            workload=Workload(
                self.settings.handlers,
                handle=partial(self._handle, gate),
                after=self._after,
                surroundings=self.surroundings,
            ),
            answers=self._answers(identity),
        )

    def _new_answers(self, identity: str) -> AnswerMemory:
        return MemoryAnswers(self.settings.answers, self.settings.answer_bytes)

    async def _handle(self, gate: CentralGate, peer: Peer, request: Request[Any]) -> Response:
        reason = gate.why_refuse(action_of(type(request)).name)
        if reason is not None:
            raise SecurityError(reason)
        response: Response = await self._dispatcher.handle(peer, request)
        if isinstance(response, BootNotificationResponse):
            # Before it leaves: what follows it is judged by it.
            registration = Registration(status=str(response.status), interval=response.interval)
            kept = self._registrations.keep(peer.identity, registration)
            if kept is not None:
                await kept
            gate.tell(response.status)
        return response

    async def _after(self, peer: Peer, request: Request[Any], response: Response) -> None:
        if isinstance(response, BootNotificationResponse):
            self.tell(told.Registered(peer, response.status, response.interval))
            self._notify(peer.identity)
        await self._dispatcher.run_after(peer, request, response)

    def _notify(self, identity: str) -> None:
        arrival = self._arrivals.get(identity)
        if arrival is not None:
            arrival.notify()

    def _why_absent(self, identity: str, seconds: float) -> str:
        if identity in self.peers:
            what = f"is connected, but its registration is {self.peers[identity].registration}"
        else:
            what = "did not connect"
        return f"charge point {identity!r} {what} after {seconds:g} s of waiting"

    async def _drain(self, accounts: Iterable[Account]) -> None:
        seconds = self.settings.drain_timeout.total_seconds()
        drains = TaskGroup(lambda error: log.failure(logger, "a handler did not stop", error))
        for account in accounts:
            if not account.workload.is_idle:
                drains.spawn(account.workload.drain(self.clock, seconds))
        await drains.wait()
