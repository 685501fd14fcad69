"""The bridge: SOAP charge points on one side, each an ordinary OCPP-J charge point on the other.

    async with await Database.open(url, schemas=[SCHEMA]) as database:
        async with Bridge(settings, database) as bridge:
            ...

Puts the roles together: one central system that serves SOAP, and one connection to the backend for
each charge point. Where another legacy contract (OCPP 1.5) would plug in: it is another stack of
the central system, whose messages its binding reads as those of OCPP 1.6; until then its envelopes
are answered a fault that names it (`bindings.ocpps.envelope.FOREIGN_CONTRACTS`).
"""

from __future__ import annotations

import asyncio
import logging
import random as random_source
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Self, cast

import attrs
from sqlalchemy import Connection

from ocpp16 import log
from ocpp16.bridge import event
from ocpp16.bridge.charger import Charger
from ocpp16.bridge.policy import crossing
from ocpp16.bridge.relay import Memory, Reach, Relay, Rules
from ocpp16.bridge.renewal import renew
from ocpp16.bridge.settings import BridgeSettings
from ocpp16.bridge.state import usual
from ocpp16.bridge.upstream import Turns, Upstream, tls_for, with_credentials
from ocpp16.clock import Clock
from ocpp16.envelope import PeerInfo
from ocpp16.errors import NoAnswer
from ocpp16.roles.central_system import CentralSystem
from ocpp16.roles.peer import Peer
from ocpp16.roles.role import new_uuid
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.security.tls import ClientTls
from ocpp16.settings import Settings
from ocpp16.spec import Side
from ocpp16.storage import MemoryRegistrations, Registration
from ocpp16.store.bridge import query
from ocpp16.store.bridge.change import Note
from ocpp16.store.bridge.query import ChargerRow
from ocpp16.store.bridge.tables import SCHEMA
from ocpp16.store.database import Database
from ocpp16.store.error import StoreError
from ocpp16.structure import Request, RequestType, Response
from ocpp16.transports.system_clock import SystemClock
from ocpp16.transports.task import Signal, TaskGroup, time_limit

logger = logging.getLogger(__name__)

__all__ = ["SCHEMA", "Bridge", "ChargerStatus"]

POLL_SECONDS: Final = 2.0
"""How often the store is asked what a person has decided, and told how things are."""
PRUNE_SECONDS: Final = 600.0
"""How often old answers are forgotten."""
SLACK: Final = timedelta(seconds=5)
"""What the roles wait longer than the relay, which answers by its own rules."""


@attrs.frozen(kw_only=True)
class ChargerStatus:
    """One charge point, as it is now."""

    identity: str
    is_online: bool
    upstream: Reach
    registration: str | None
    interval: int | None
    queued: int
    held: int
    dead: int
    oldest: datetime | None
    """When the oldest message that waits was received."""
    refusing: str
    """What it was refused and may send again: `any`, `start`, `stop`, `meter`."""
    is_full: bool
    last_seen: datetime | None
    last_error: str | None


class Bridge:
    """A bridge; as `async with`.

    Args:
        settings: How it runs.
        database: Where messages are kept, opened with `SCHEMA`; closed by whoever opened it.
        clock: Where time comes from; None is the machine's.
        random: Gives a number from 0 to below 1.
        new_id: Source of message ids, each unique for ever; None is UUID4.

    Raises:
        ValueError: The settings ask for what a bridge cannot do.
    """

    def __init__(
        self,
        settings: BridgeSettings,
        database: Database,
        *,
        clock: Clock | None = None,
        random: Callable[[], float] = random_source.random,
        new_id: Callable[[], str] | None = None,
    ) -> None:
        self._tls = {
            identity: _tls_for(settings, identity)
            for identity, charger in settings.chargers.items()
            if charger.client_certificate is not None
        }
        """Of charge points with a certificate of their own; the others share `_plain_tls`."""
        self._plain_tls: dict[str, ClientTls | None] = {}
        self.settings = settings
        self.database = database
        self.clock: Clock = SystemClock() if clock is None else clock
        self._random = random
        self._new_id = new_uuid if new_id is None else new_id
        self._observers: list[Callable[[event.Event], object]] = []
        self._chargers: dict[str, Charger] = {}
        self._loading: dict[str, asyncio.Task[Charger]] = {}
        self._is_lost = False
        self._changed = Signal()
        self._tasks = TaskGroup(lambda error: log.failure(logger, "a task failed", error))
        self._turns = Turns(settings.reconnects_per_second, self.clock)
        self._down = _down_settings(settings)
        self._up = _up_settings(settings)
        self._registrations = MemoryRegistrations()
        self._central = CentralSystem(
            known=settings.is_known,
            admission=self._admit,
            registrations=self._registrations,
            # Whether one that never booted here may speak, is for the backend to say.
            strict=False,
            settings=self._down,
            clock=self.clock,
            new_id=self._new_id,
        )
        for action in crossing(Side.CHARGE_POINT):
            wanted = cast("RequestType[Any, Any]", action.request)
            self._central.on(wanted)(self._handle)
        self._server = self._central.serve(soap=settings.soap)

    # For applications

    @property
    def url(self) -> str:
        """Where charge points send their requests, with the port that was really bound."""
        return self._server.urls.soap

    def observe(self, observer: Callable[[event.Event], object]) -> Callable[[], None]:
        """Call a function with each event from now on; return what ends that.

        It is called in the midst of an exchange, so it has to be quick.
        """
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def chargers(self) -> list[ChargerStatus]:
        """Return the charge points that are online, or have something on its way."""
        return [_status_of(each) for _, each in sorted(self._chargers.items())]

    async def start(self) -> None:
        """Lead the store, go on with what is in it, and serve.

        Raises:
            StoreInUse: Another process leads the store.
            StoreError: It fails otherwise.
            OSError: The address is not ours, or taken.
        """
        await self.database.lead()
        rows = await self.database.read(query.chargers)
        for row in rows:
            if row.status is not None:
                registration = Registration(status=row.status, interval=row.interval or 0)
                self._registrations.keep(row.identity, registration)
        await self._server.start()
        for row in rows:
            await self._restore(row)
        self._tasks.spawn(self._watch_lead())
        self._tasks.spawn(self._poll())
        self._tasks.spawn(self._prune())

    async def stop(self) -> None:
        """Stop gracefully: exchanges end, what waits is delivered for as long as there is time."""
        await self._server.stop()
        try:
            async with time_limit(self.clock, self.settings.drain_timeout.total_seconds()):
                while not all(charger.is_idle for charger in self._reached()):
                    await self._changed.wait()
        except TimeoutError:
            pass  # It is in the store.
        self._tasks.cancel()
        await self._tasks.wait()
        await asyncio.gather(*(charger.stop() for charger in self._chargers.values()))
        await self._note()
        self._chargers.clear()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # For the charge points (`charger.Host`)

    def new_id(self) -> str:
        """Return a message id, unique for ever."""
        return self._new_id()

    def peer(self, identity: str) -> Peer | None:
        """Return a charge point, None if where it listens is not known."""
        return self._central.peers.get(identity)

    def tell(self, told: event.Event) -> None:
        """Spread an event."""
        for observer in tuple(self._observers):
            try:
                observer(told)
            except Exception as error:  # noqa: BLE001 - whatever it does, messages go on
                log.failure(logger, "an observer failed", error)

    def register(self, identity: str, status: str, interval: int) -> None:
        """Let a charge point be registered so."""
        self._central.register(identity, Registration(status=status, interval=interval))

    def renew(self, charger: Charger) -> None:
        """Let a charge point whose relay has failed go on with what is stored."""
        self._tasks.spawn(renew(charger, self, self._load, lambda: self._is_lost))

    def has_changed(self, charger: Charger) -> None:
        """Take it that something of a charge point is different."""
        self._changed.notify()

    # Inside

    async def _admit(self, handshake: Handshake) -> PeerInfo | Refusal:
        is_new = handshake.identity not in self._chargers
        if is_new and len(self._chargers) >= self.settings.protocol.connections:
            return Refusal(503, "too many charge points")
        callback = self.settings.callback_for(handshake.identity)
        return attrs.evolve(handshake.admit(), callback=callback)

    async def _handle(self, peer: Peer, request: Request[Any]) -> Response:
        charger = self._chargers.get(peer.identity)
        if charger is None:
            try:
                charger = await self._find(peer.identity)
            except StoreError as error:
                # What to do with it is not known: it may have come before.
                self._warn(error)
                raise NoAnswer(str(error)) from None
        if self._is_lost:
            raise NoAnswer("another process leads the store")
        return await charger.handle(peer, request)

    async def _find(self, identity: str) -> Charger:
        """Return a charge point, with what the store has of it."""
        charger = self._chargers.get(identity)
        if charger is not None:
            return charger
        loading = self._loading.get(identity)
        if loading is None:
            loading = self._loading[identity] = self._tasks.spawn(self._load(identity))
            loading.add_done_callback(lambda _: self._loading.pop(identity, None))
        return await asyncio.shield(loading)

    async def _load(self, identity: str) -> Charger:
        rows = await self.database.read(lambda connection: query.chargers(connection, identity))
        pairs = await self.database.read(
            lambda connection: query.transactions(connection, identity)
        )
        charger = self._make(identity, rows[0] if rows else None, pairs)
        self._chargers[identity] = charger
        return charger

    def _make(
        self, identity: str, row: ChargerRow | None, pairs: list[tuple[int, int | None]]
    ) -> Charger:
        memory = Memory(transactions=tuple(pairs))
        if row is not None:
            memory = attrs.evolve(
                memory,
                status=row.status,
                interval=row.interval,
                boot=row.boot,
                refusing=row.refusing,
                queued=row.queued,
                held=row.held,
                dead=row.dead,
                oldest=row.oldest,
            )
        rules = self._rules(identity)
        relay = Relay(identity, rules, memory, random=self._random)
        relay.last_error = None if row is None else row.last_error
        return Charger(
            relay,
            self,
            make_upstream=self._connect,
            call_seconds=self.settings.call_timeout.total_seconds(),
            send_seconds=rules.upstream_timeout + rules.retry_interval + SLACK.total_seconds(),
            callback=None if row is None else row.callback,
            last_seen=None if row is None else row.last_seen,
        )

    def _connect(self, charger: Charger) -> Upstream:
        identity = charger.identity
        settings = self.settings
        url = settings.upstream_for(identity)
        return Upstream(
            identity,
            with_credentials(url, identity, settings.charger(identity).authorization_key),
            tls=self._tls_of(identity, url),
            listener=charger,
            handle=charger.call,
            turns=self._turns,
            settings=self._up,
            clock=self.clock,
            random=self._random,
            new_id=self._new_id,
        )

    def _tls_of(self, identity: str, url: str) -> ClientTls | None:
        if identity in self._tls:
            return self._tls[identity]
        if url not in self._plain_tls:
            self._plain_tls[url] = _tls_for(self.settings, identity)
        return self._plain_tls[url]

    def _rules(self, identity: str) -> Rules:
        settings = self.settings
        return Rules(
            offline_start=settings.offline_start_for(identity),
            delivery=settings.delivery_for(identity),
            queue_limit=settings.queue_limit,
            attempts=settings.attempts,
            retry_interval=settings.retry_interval.total_seconds(),
            upstream_timeout=settings.upstream_timeout.total_seconds(),
            answer_within=settings.protocol.handler_timeout.total_seconds(),
            silent_after=settings.silent_after,
        )

    async def _restore(self, row: ChargerRow) -> None:
        """Go on with a charge point as before the restart."""
        identity = row.identity
        if not self.settings.is_known(identity) and not row.queued:
            return
        fixed = self.settings.callback_for(identity)
        callback = row.callback if fixed is None else fixed
        if self.settings.is_known(identity) and callback is not None:
            self._server.restore(
                PeerInfo(
                    identity=identity,
                    side=Side.CHARGE_POINT,
                    binding="ocpps",
                    url=self.url,
                    callback=callback,
                ),
                is_fixed=fixed is not None,
            )
        is_online = self.settings.is_known(identity) and self._was_online(row)
        if is_online or row.queued:
            charger = await self._find(identity)
            charger.start(is_online=is_online)

    def _was_online(self, row: ChargerRow) -> bool:
        if row.last_seen is None:
            return False
        seconds = self.settings.silent_after * usual(row.interval)
        return (self.clock.now() - row.last_seen).total_seconds() < seconds

    def _reached(self) -> list[Charger]:
        """Return those whose backend is there, or may be."""
        away = {Reach.IDLE, Reach.DOWN}
        return [each for each in self._chargers.values() if each.reach not in away]

    async def _watch_lead(self) -> None:
        """Stop everything once another process leads: what waits is for that one to deliver."""
        await self.database.lost()
        self._is_lost = True
        logger.error("another process leads the store: nothing is relayed any more")
        await asyncio.gather(*(charger.stop() for charger in self._chargers.values()))

    async def _poll(self) -> None:
        while True:
            await self.clock.sleep(POLL_SECONDS)
            try:
                for row in await self.database.read(query.decided):
                    (await self._find(row.identity)).decide(row)
            except StoreError as error:
                self._warn(error)
            except Exception as error:  # noqa: BLE001 - one bad row keeps nobody else waiting
                log.failure(logger, "what a person has decided could not be read", error)
            await self._note()
            for identity, charger in list(self._chargers.items()):
                if charger.is_forgettable:
                    del self._chargers[identity]
                    await charger.stop()

    async def _note(self) -> None:
        notes = [note for each in self._chargers.values() if (note := each.note()) is not None]
        if not notes:
            return
        try:
            await self.database.write(partial(_apply_all, notes))
        except StoreError as error:
            self._warn(error)

    def _warn(self, error: StoreError) -> None:
        line = log.one_line(str(error), self.settings.protocol.log_line)
        logger.warning("%s", line)

    async def _prune(self) -> None:
        while True:
            await self.clock.sleep(PRUNE_SECONDS)
            before = self.clock.now() - self.settings.retention
            try:
                while await self.database.write(
                    lambda connection: query.prune(connection, before)  # noqa: B023 - done by then
                ):
                    pass
            except StoreError as error:
                self._warn(error)


def _down_settings(settings: BridgeSettings) -> Settings:
    """Return the settings of the side where charge points are."""
    return attrs.evolve(
        settings.protocol,
        leniency=settings.leniency,
        peer_leniency={identity: settings.leniency_for(identity) for identity in settings.chargers},
        callback_networks=settings.callback_networks,
        call_timeout=settings.call_timeout,
        soap_call_timeout=settings.call_timeout,
        # The relay tells who is offline; where it listens is known all the same.
        soap_idle=None,
        drain_timeout=settings.drain_timeout,
        handler_timeout=settings.protocol.handler_timeout + SLACK,
    )


def _up_settings(settings: BridgeSettings) -> Settings:
    """Return the settings of the side where the backend is."""
    return attrs.evolve(
        settings.protocol,
        leniency=settings.upstream_leniency,
        call_timeout=settings.upstream_timeout,
        drain_timeout=settings.drain_timeout,
        handler_timeout=settings.call_timeout + timedelta(seconds=1),
        # A call's time runs from its arrival: all that may wait for the charge point, and the one
        # that is too many and hears so at once.
        handlers=settings.protocol.call_queue + 2,
    )


def _tls_for(settings: BridgeSettings, identity: str) -> ClientTls | None:
    charger = settings.charger(identity)
    try:
        return tls_for(settings.upstream_for(identity), charger, settings.upstream_roots)
    except ValueError as error:
        raise ValueError(f"{identity!r}: {error}") from error


def _apply_all(notes: list[Note], connection: Connection) -> None:
    for note in notes:
        note.apply(connection)


def _status_of(charger: Charger) -> ChargerStatus:
    relay = charger.relay
    return ChargerStatus(
        identity=relay.identity,
        is_online=relay.is_online,
        upstream=charger.reach,
        registration=relay.status,
        interval=relay.interval,
        queued=relay.line.depth,
        held=relay.held,
        dead=relay.dead,
        oldest=relay.oldest,
        refusing=relay.refusing,
        is_full=relay.is_full,
        last_seen=charger.last_seen,
        last_error=relay.last_error,
    )
