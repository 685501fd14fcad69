"""A charge point with the behaviour of OCPP 1.6, behind a `ChargePoint`.

The only part of the station that knows a role, an event loop and a clock.

    >>> from ocpp16.apps.charge_point.machinery import Machinery
    >>> from ocpp16.storage import MemoryStationStorage
    >>> machinery, storage = Machinery(2, 11_000, lambda: 0.0), MemoryStationStorage()
    >>> station = Station(ChargePoint("CP1"), Model(connectors=2), machinery, storage)
    >>> station.plug_in(1)  # within `async with station.connected("ws://...")`, as a rule
    >>> station.status(1)
    ChargePointStatus.PREPARING

Everything that a central system asks for is answered, every message about a transaction is kept in
the storage until it has arrived, and what must outlive a power cut does. See `Core` for the rules.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from typing import Any, TypeAlias, TypeVar

import attrs

from ocpp16 import log
from ocpp16.clock import Clock
from ocpp16.enums import ResetType
from ocpp16.errors import OcppError, SessionClosed
from ocpp16.messages import (
    BootNotificationRequest,
    ChangeConfigurationRequest,
    UnlockConnectorRequest,
)
from ocpp16.roles import event as told
from ocpp16.roles.backend import Backend
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.roles.registration import triggered_by
from ocpp16.roles.station_security import security_events_in
from ocpp16.security.configuration import StationSecurity
from ocpp16.security.key_store import KeyStore
from ocpp16.security.profile_change import (
    SECURITY_PROFILE,
    is_authorization_key,
    is_security_profile,
)
from ocpp16.station import diagnostics, firmware
from ocpp16.station.ability import Ability
from ocpp16.station.action import (
    KeepKeys,
    MakeRequest,
    PingEvery,
    Refused,
    Relink,
    Restart,
    Send,
)
from ocpp16.station.boot import BOOT
from ocpp16.station.certificates import Certificates
from ocpp16.station.connector import Fault
from ocpp16.station.core import Core
from ocpp16.station.data_transfer import Answer
from ocpp16.station.engine import Engine
from ocpp16.station.jobs import Jobs
from ocpp16.station.link import Link, SecurityFor
from ocpp16.station.model import Equipment, Model
from ocpp16.station.status_board import Caution
from ocpp16.station.view import StationView
from ocpp16.station.wallet import Wallet, examiner_of_certificates
from ocpp16.station.workshop import Workshop
from ocpp16.storage import StationStorage, StorageFailed
from ocpp16.structure import Request, Response
from ocpp16.transports.task import TaskGroup, time_limit

logger = logging.getLogger(__name__)
ResponseT = TypeVar("ResponseT", bound=Response)

Connect: TypeAlias = Callable[[BootNotificationRequest], AbstractAsyncContextManager[Backend]]
"""Connects the role and boots it with what the station says of itself."""
FINISHING_TIME = 5.0
"""Seconds that the answer to UnlockConnector waits for the transaction to be told of as ended."""


class Station(StationView):
    """One charge point at work.

    Everything it does, it does on the event loop of `connected`. Methods that may bring about a
    message that has to be kept raise `StorageFailed` if it cannot be; then nothing has happened.

    Args:
        role: The role that it has; its handlers are registered there.
        model: What it is built of.
        equipment: Its machinery.
        storage: What outlives it. A later station with the same storage goes on where this ended.
        workshop: Fetches firmware and uploads files; None does neither.
        clock: The station's time, where it is not the role's; waits for answers go by the role's.
        follows_clock: Whether its clock is set by every Heartbeat, not only after a boot.
        restart: Restarts whatever a reset is to restart beside the station; False if it cannot.
        security_for: Returns the security of a link for another SecurityProfile, and its URL; None
            refuses every change of the profile.
        has_system_root: Tells whether a root certificate for the central system is there.
        has_certificate: Tells whether it has a certificate of its own.
        keys: Where private keys are kept; with it, a central system can renew its certificate, and
            install and delete roots (needs the extra `security`). None: certificates are managed by
            other means.

    Raises:
        ValueError: A key of the model does not take its value.
        StorageFailed: The storage cannot be used.
    """

    def __init__(
        self,
        role: ChargePoint,
        model: Model,
        equipment: Equipment,
        storage: StationStorage,
        *,
        workshop: Workshop | None = None,
        clock: Clock | None = None,
        follows_clock: bool = True,
        restart: Callable[[ResetType], bool] = lambda type: True,
        security_for: SecurityFor | None = None,
        has_system_root: Callable[[], bool] = lambda: False,
        has_certificate: Callable[[], bool] = lambda: False,
        keys: KeyStore | None = None,
    ) -> None:
        self.role = role
        self.model = model
        self.equipment = equipment
        self._storage = storage
        self._clock: Clock = role.clock if clock is None else clock
        self._follows_clock = follows_clock
        ability = Ability(
            can_change_profile=security_for is not None,
            has_key=lambda: Link.has_key(self._backend),
            has_system_root=has_system_root,
            has_certificate=has_certificate,
            examiner=None if keys is None else examiner_of_certificates(),
            serial_number=model.serial_number or role.identity,
        )
        if workshop is not None:
            ability = attrs.evolve(
                ability, can_update=True, can_upload=True, check_signer=workshop.check_signer
            )
        self._ability = ability
        self._backend: Backend | None = None
        self._restart = restart
        self._restarting = asyncio.Event()
        self._wallet = None if keys is None else Wallet(keys, self._tell_certificates)
        self._link = Link(
            role, lambda: self.configuration, storage, security_for, wallet=self._wallet
        )
        self._plugged: set[int] = set()
        self._sending = TaskGroup(lambda error: log.failure(logger, "a call failed", error))
        self._jobs = Jobs(workshop, lambda work: self._engine.attempt(lambda: work(self.core)))
        self._engine = Engine(
            self._clock,
            self._switched_on,
            send=lambda core, send: self._sending.spawn(self._send(core, send)),
            act=self._act,
        )
        for request in self.core.requests.answers:
            role.on(request)(self._answer)
            role.after(request)(self._follow)
        role.on_event(self._take_event)

    # What it is doing

    @property
    def core(self) -> Core:
        """The rules at work; another one after each restart."""
        return self._engine.core

    @property
    def wallet(self) -> Wallet | None:
        """What `ChargePoint.connect` is to be given, by whoever connects by `run_by`."""
        return self._wallet

    @property
    def is_connected(self) -> bool:
        """Tell whether there is a connection now."""
        return self._backend is not None and self._backend.is_connected

    @property
    def backend(self) -> Backend | None:
        """The central system; None while the station is not connected to any."""
        return self._backend

    def with_key(self, security: StationSecurity | None) -> StationSecurity | None:
        """Return the security of a link with the key, and the profile 3, that were given since.

        For whoever connects by `run_by`.
        """
        found = self._link.with_key(security)
        profile = self.configuration.integer(SECURITY_PROFILE)
        if found is not None and self._wallet is not None and found.profile == 2 < profile:
            found = self._wallet.raised(found, profile)
        return found

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so; looked at whenever anything has changed."""
        while not is_so():
            await self._engine.changed.wait()

    async def settled(self) -> None:
        """Wait until nothing waits to be sent, nor for an answer."""
        await self.until(lambda: self.core.is_all_sent)

    async def quiet(self) -> None:
        """Wait until nothing is under way, and nothing can leave now; gives others a turn."""
        await asyncio.sleep(0)
        await self.until(lambda: self.core.is_quiet)

    async def call(self, request: Request[ResponseT]) -> ResponseT:
        """Send a request that is not the station's own, a DataTransfer say; see `Peer.call`.

        Raises:
            SessionClosed: The station is not connected.
        """
        if self._backend is None:
            raise SessionClosed("there is no connection")
        return await self._backend.call(request)

    def agree(self, vendor_id: str, message_id: str | None, answer: Answer) -> None:
        """Answer a vendor's DataTransfer; `message_id` None is a request without one."""
        self.core.parts.transfers.agree(vendor_id, message_id, answer)

    # What happens to it

    def plug_in(self, connector: int) -> None:
        """Take it that a car is plugged in.

        Raises:
            StorageFailed: A transaction could not start.
        """
        self._plugged.add(connector)
        self._engine.work(lambda: self.core.charging.plug_in(connector))

    def unplug(self, connector: int, *, ev_side_only: bool = False) -> None:
        """Take it that a car is unplugged, or with `ev_side_only` that its end of the cable is.

        Raises:
            StorageFailed: The transaction could not end.
        """
        self._plugged.discard(connector)
        self._engine.work(lambda: self.core.charging.unplug(connector, ev_side_only=ev_side_only))

    async def present_tag(self, connector: int, id_tag: str) -> bool:
        """Take it that a tag is shown at a connector; return whether it was accepted.

        An accepted tag starts a transaction, at once or with the plug, or stops the one that runs.

        Raises:
            InvalidMessage: It is no tag.
            StorageFailed: What it brings about could not be stored.
        """
        accepted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def told_so(result: bool | StorageFailed) -> None:
            if accepted.done():
                return
            if isinstance(result, StorageFailed):
                accepted.set_exception(result)
            else:
                accepted.set_result(result)

        try:
            self._engine.work(lambda: self.core.reader.present(connector, id_tag, told_so))
        except StorageFailed:
            # It is raised here and now, not by who waits.
            if accepted.done():
                accepted.exception()
            raise
        return await accepted

    def fault(self, connector: int, fault: Fault) -> None:
        """Take a fault of a connector, or with 0 of the whole charge point."""
        self._engine.work(lambda: self.core.fail(connector, fault))

    def clear(self, connector: int) -> None:
        """Take it that a fault is solved."""
        self._engine.work(lambda: self.core.clear(connector))

    def caution(self, connector: int, caution: Caution | None) -> None:
        """Tell of something that does not keep from charging; None: there is nothing any more."""
        self._engine.work(lambda: self.core.parts.board.warn(connector, caution))

    def draw(self, connector: int, *, wants: bool) -> None:
        """Take it that the EV draws the power that it is offered, or does not."""
        self._engine.work(lambda: self.core.charging.draw(connector, wants=wants))

    def meter_changed(self, connector: int) -> None:
        """Take it that energy has flown, where that is known earlier than the station looks."""
        self._engine.work(lambda: self.core.charging.look_at_meter(connector))

    def stop(self, connector: int, reason: Any) -> None:
        """Stop a transaction from inside: `EmergencyStop`, `Other`, `PowerLoss`, `Reboot`.

        Raises:
            StorageFailed: It could not end.
        """
        self._engine.work(lambda: self.core.charging.stop(connector, reason))

    def security_event(self, type: str, tech_info: str | None = None) -> None:
        """Take a security event; it is logged, and sent if it is one that has to be.

        Raises:
            StorageFailed: It is critical, and could not be stored.
        """
        self._engine.work(lambda: self.core.parts.security.note(type, tech_info))

    def clear_security_log(self) -> None:
        """Clear the security log, which is a security event itself.

        Raises:
            StorageFailed: It could not be stored; then the log is as it was.
        """
        self._engine.work(self.core.parts.security.clear)

    # The link

    @asynccontextmanager
    async def connected(
        self, url: str, *, listen: str | None = None, security: StationSecurity | None = None
    ) -> AsyncIterator[None]:
        """Be connected to a central system, for as long as the body runs; see `run`."""
        running = asyncio.create_task(self.run(url, listen=listen, security=security))
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def run(
        self, url: str, *, listen: str | None = None, security: StationSecurity | None = None
    ) -> None:
        """Connect, boot, and keep at it for ever; ends by being cancelled.

        Args:
            url: The endpoint, without the identity.
            listen: Where it takes calls itself, on SOAP.
            security: The security profile, and what it shows.
        """
        await self.run_by(
            lambda boot: self._link.connect(url, listen=listen, security=security, boot=boot)
        )

    async def run_by(self, connect: Connect) -> None:
        """Like `run`, over any transport.

        Args:
            connect: Connects and boots the role; it has to try for as long as it takes.
        """
        self._engine.start()
        try:
            while True:
                try:
                    async with connect(self.core.boot_request()):
                        await self._restarting.wait()
                finally:
                    self._backend = None
                    self.core.link_down()
                self._restarting.clear()
                self._switch_on_again()
        finally:
            self._engine.stop()
            self._sending.cancel()
            await self._sending.wait()
            await self._jobs.stop()

    def _switched_on(self) -> Core:
        return Core(
            self.model,
            self.equipment,
            self._storage,
            time=self._clock.time(),
            estimate=self._clock.now(),
            ability=self._ability,
            follows_clock=self._follows_clock,
        )

    def _switch_on_again(self) -> None:
        """Restart: nothing but the storage, and what is plugged in, is left."""
        self._engine.restart()
        for connector in sorted(self._plugged):
            self._engine.attempt(partial(self.core.charging.plug_in, connector))

    # The role's side

    def _take_event(self, event: told.Event) -> None:
        core = self.core
        match event:
            case told.Connected():
                if isinstance(event.peer, Backend):
                    self._backend = event.peer
                is_json = event.peer.info.binding == "ocppj"
                profile = event.peer.info.security_profile
                self._engine.attempt(lambda: self._link.connected(profile))
                self._engine.work(lambda: core.link_up(tells_faults_apart=is_json))
            case told.Disconnected():
                self._engine.work(core.link_down)
            case told.Registered():
                self._engine.attempt(
                    lambda: core.registered(event.status, event.interval, event.current_time)
                )
            case told.LateAnswer():
                self._engine.attempt(lambda: core.late_answer(event.id, event.outcome))
            case _:
                for type, text in security_events_in(event):
                    self._engine.attempt(partial(core.parts.security.note, type, text))

    async def _answer(self, peer: Backend, request: Request[Response]) -> Response:
        self._engine.look()
        if isinstance(request, ChangeConfigurationRequest) and is_authorization_key(request.key):
            # The role takes it up: it connects anew, and takes the old one again if it has to.
            return await self._link.change_key(peer, request)
        core, before = self.core, self.configuration.integer(SECURITY_PROFILE)
        response = core.answer(request)
        if isinstance(request, ChangeConfigurationRequest) and is_security_profile(request.key):
            response = self._link.change_profile(peer, response, before)
        if isinstance(request, UnlockConnectorRequest) and not core.is_all_sent:
            # C 5.18: a transaction is finished first, and the central system is to know.
            self._engine.pump()
            with suppress(TimeoutError):
                async with time_limit(self.role.clock, FINISHING_TIME):
                    await self.settled()
        return response

    def _tell_certificates(self, work: Callable[[Certificates], object]) -> None:
        certificates = self.core.certificates
        if certificates is not None:
            self._engine.attempt(lambda: work(certificates))

    async def _follow(self, peer: Backend, request: Request[Response], response: Response) -> None:
        self._engine.work(lambda: self.core.follow(request, response))
        if BOOT in triggered_by(request, response):  # C 5.17: now, not when the interval is over
            with suppress(OcppError):  # if it fails the role still boots by the interval
                await peer.call(self.core.boot_request())

    # At work

    async def _send(self, core: Core, send: Send) -> None:
        backend = self._backend
        outcome: Response | OcppError
        try:
            if backend is None:
                raise SessionClosed("there is no connection")
            outcome = await backend.call(
                send.request, timeout=send.timeout, call_id=send.message_id
            )
        except OcppError as error:
            outcome = error
        if core is self.core:
            self._engine.attempt(lambda: core.message_ended(send.token, outcome))

    # What is done outside

    def _act(self, action: object) -> None:
        match action:
            case Refused(error=error):
                line = log.one_line(f"{self.role.identity}: {error}", self.role.settings.log_line)
                logger.warning("%s", line)
            case PingEvery(seconds=seconds):
                if self._backend is not None:
                    self._backend.ping_every(seconds)
            case Restart(type=type):
                self._restart_as(type)
            case firmware.Cancel():
                self._jobs.cancel_update()
            case firmware.Download() | firmware.Verify() | firmware.Install():
                self._jobs.begin(action, self.core)
            case diagnostics.Upload():
                self._jobs.begin(action, self.core)
            case Relink(why=why):
                if self._backend is not None:
                    self._backend.reopen(why)
            case MakeRequest() if self._wallet is not None:
                self._sending.spawn(self._wallet.make_request(action))
            case KeepKeys() if self._wallet is not None:
                self._wallet.keep(action)
            case _:
                # A new upload cancels the old one when it begins, and the role connects anew by
                # itself when the security of the link changes.
                pass

    def _restart_as(self, type: ResetType) -> None:
        logger.info("%s restarts (%s)", self.role.identity, type)
        if self._restart(type):
            self._restarting.set()
        else:
            self.core.maintenance.restart_failed()
