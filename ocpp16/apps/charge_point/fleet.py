"""Simulated charge points in one process: one, or a thousand. Does not print.

What each does is one of: a charging session, a scenario, or whatever a person, or an HTTP client,
makes happen to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TextIO, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

import attrs

from ocpp16.apps.charge_point.file_workshop import FileWorkshop
from ocpp16.apps.charge_point.link import patiently
from ocpp16.apps.charge_point.managed import is_managed, key_store, managed
from ocpp16.apps.charge_point.prompt import Prompt
from ocpp16.apps.charge_point.scenario import Player, Scenario
from ocpp16.apps.charge_point.session import Plan, Session
from ocpp16.apps.charge_point.simulator import Hardware, Simulator
from ocpp16.apps.exchange import Exchange, LogRemarks, Remark, Tell
from ocpp16.apps.tracer import Tracer
from ocpp16.clock import Clock
from ocpp16.messages import AuthorizeRequest
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.security.configuration import StationSecurity
from ocpp16.security.key_store import KeyStore, MemoryKeyStore
from ocpp16.settings import Settings
from ocpp16.station.workshop import Workshop
from ocpp16.storage import StationStorage
from ocpp16.store.station import StationFile
from ocpp16.transports.file_transfer import FileTransfer, TransferRules
from ocpp16.transports.system_clock import SystemClock

Securities: TypeAlias = Callable[[str], StationSecurity | None]
NUMBER = "{n}"
"""Stands in the identity of a fleet for the number of a charge point."""


@attrs.frozen(kw_only=True)
class Orders:
    """What is to be done."""

    plan: Plan = attrs.field(factory=Plan)
    """The session that each plays, unless something else is said."""
    scenario: Scenario | None = None
    """A script that each plays instead."""
    prompt: TextIO | None = None
    """Where a person steers from; then nothing happens by itself."""
    control: tuple[str, int] | None = None
    """Where an HTTP API listens; then nothing happens by itself."""
    count: int = 1
    spread: float = 10.0
    """Real seconds over which the starts of a fleet are spread."""
    state: Path | None = None
    """Folder for what outlives a charge point, even if it is killed."""
    files: TransferRules | None = None
    """What firmware and files may be fetched from, and sent to; None pretends to."""
    pki: Path | None = None
    """Folder that tells the operator's name and serial numbers, for links with TLS."""
    signer: Path | None = None
    """Certificate of the authority that signs firmware certificates, PEM."""
    revoked: Path | None = None
    """Lists of firmware certificates that are revoked, PEM."""
    is_traced: bool = True
    """Whether every call is told."""

    @property
    def is_steered(self) -> bool:
        """Tell whether somebody makes things happen."""
        return self.prompt is not None or self.control is not None


async def run_fleet(
    hardware: Hardware,
    url: str,
    orders: Orders,
    *,
    tell: Tell,
    stop: asyncio.Event,
    listen: str | None = None,
    security: Securities = lambda identity: None,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    clock: Clock | None = None,
) -> bool:
    """Run charge points until they have done what they had to; return whether all went well.

    Args:
        hardware: What each is built of; `{n}` in its identity is its number.
        url: Where the central system is; waits for it as long as it takes.
        orders: What is to be done.
        tell: Takes what happens.
        stop: Ends it before its time.
        listen: Where they take calls themselves, on OCPP-S; each has a port of its own.
        security: Returns the security profile of an identity, and what that shows.
        settings: Limits and timers of the roles.
        clock: Where real time comes from; None is the machine's.

    Raises:
        ValueError: An identity, a tag, the URL, or where the API is to listen, is none.
        OSError: The API cannot listen there, or the state cannot be used.
    """
    # Before anything is sent: later on, it would be found in the midst of a session.
    AuthorizeRequest(id_tag=orders.plan.id_tag)
    real_clock = SystemClock() if clock is None else clock
    fleet = [
        _Member(
            hardware,
            number,
            orders,
            url=url,
            tell=tell,
            security=security,
            settings=settings,
            clock=real_clock,
        )
        for number in range(1, orders.count + 1)
    ]
    with LogRemarks(tell), contextlib.ExitStack() as files:
        for member in fleet:
            files.enter_context(contextlib.closing(member))
        async with _controlled(fleet, orders, tell, real_clock):
            stopping = asyncio.create_task(stop.wait())
            lives = [
                asyncio.create_task(member.live(url, _own(listen, place), stop))
                for place, member in enumerate(fleet)
            ]
            try:
                results = await asyncio.gather(*lives)
            finally:
                for task in (*lives, stopping):
                    task.cancel()
                await asyncio.gather(*lives, stopping, return_exceptions=True)
    return all(results)


def _own(listen: str | None, place: int) -> str | None:
    """Return where one of a fleet listens: each has a port of its own."""
    if listen is None or not place:
        return listen
    parts = urlsplit(listen)
    if not parts.port:
        return listen
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return urlunsplit(parts._replace(netloc=f"{host}:{parts.port + place}"))


@contextlib.asynccontextmanager
async def _controlled(
    fleet: Sequence[_Member], orders: Orders, tell: Tell, clock: Clock
) -> AsyncIterator[None]:
    if orders.control is None:
        yield
        return
    from ocpp16.apps.charge_point.control import serving  # noqa: PLC0415 - needs its extra

    simulators = {member.identity: member.simulator for member in fleet}
    async with serving(simulators, *orders.control) as url:
        tell(Remark(at=clock.now(), text=f"steered at {url}/charge-points"))
        yield


class _Member:
    """One of a fleet."""

    def __init__(
        self,
        hardware: Hardware,
        number: int,
        orders: Orders,
        *,
        url: str,
        tell: Tell,
        security: Securities,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self.identity = _identity(hardware.identity, number, orders.count)
        self._orders = orders
        self._security = security(self.identity)
        self._tell = tell
        self._clock = clock
        self._wait = orders.spread * (number - 1) / orders.count
        self._exchanges: list[Exchange] = []
        role = ChargePoint(self.identity, settings=settings, clock=clock)
        self._file = _file(orders.state, self.identity)
        storage: StationStorage | None = self._file
        hardware = attrs.evolve(hardware, identity=self.identity)
        self._keys: KeyStore | None = None
        if self._security is not None and is_managed(url, self._security):
            hardware = managed(hardware, self._security, orders.pki)
            self._keys = key_store(orders.state, self.identity)
        self.simulator = Simulator(
            hardware,
            role,
            clock=clock,
            storage=storage,
            workshop=_workshop(orders, self.identity, clock),
            keys=self._keys,
            security=None if self._keys is None else self._security,
        )
        if orders.is_traced or orders.scenario is not None:
            Tracer(role, self._take)

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            self._file.close()
        if isinstance(self._keys, MemoryKeyStore):
            self._keys.close()

    def _take(self, event: Exchange | Remark) -> None:
        if self._orders.scenario is not None and isinstance(event, Exchange):
            self._exchanges.append(event)
        if self._orders.is_traced:
            self._tell(event)

    async def live(self, url: str, listen: str | None, stop: asyncio.Event) -> bool:
        """Do what is to be done; return whether it went well."""
        if self._wait:
            await self._clock.sleep(self._wait)
        session = Session(self.simulator, self._orders.plan, clock=self._clock, tell=self._tell)
        async with self.simulator.connected(
            patiently(
                self.simulator.station,
                url,
                listen=listen,
                security=self._security,
                complain=self._complain,
            )
        ) as running:
            doing = asyncio.create_task(self._do(session))
            stopping = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait((running, doing, stopping), return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    # It goes on for ever, unless something is wrong that waiting does not mend.
                    running.result()
                if doing.done():
                    return doing.result()
            finally:
                for task in (doing, stopping):
                    task.cancel()
                await asyncio.gather(doing, stopping, return_exceptions=True)
            if not self._orders.is_steered and self._orders.scenario is None:
                await session.end()
            return session.took_place or self._orders.is_steered

    async def _do(self, session: Session) -> bool:
        orders = self._orders
        if orders.scenario is not None:
            player = Player(
                self.simulator, self._exchanges, clock=self._clock, remark=self._remark_result
            )
            is_good = await player.play(orders.scenario)
            for failure in player.failures:
                self._remark(f"{self.identity}: {failure}", is_bad=True)
            return is_good
        if orders.prompt is not None:
            station = self.simulator.station
            await station.until(lambda: station.is_accepted)
            await station.quiet()
            await Prompt(self.simulator, orders.prompt, self._answer).run()
            return True
        if orders.control is not None:
            await asyncio.Event().wait()
        await session.play()
        return session.took_place

    def _complain(self, text: str) -> None:
        self._remark(text, is_bad=True)

    def _remark_result(self, text: str, is_good: bool) -> None:
        self._remark(f"{self.identity}: {text}", is_bad=not is_good)

    def _answer(self, text: str, is_complaint: bool) -> None:
        self._remark(text, is_bad=is_complaint)

    def _remark(self, text: str, *, is_bad: bool) -> None:
        self._tell(Remark(at=self._clock.now(), text=text, is_warning=is_bad))


def _identity(pattern: str, number: int, count: int) -> str:
    if NUMBER in pattern:
        return pattern.replace(NUMBER, str(number))
    return pattern if count == 1 else f"{pattern}{number}"


def _workshop(orders: Orders, identity: str, clock: Clock) -> Workshop | None:
    if orders.files is None:
        return None
    place = Path(tempfile.gettempdir()) if orders.state is None else orders.state
    folder = place / f"ocpp16-{quote(identity, safe='')}"
    folder.mkdir(parents=True, exist_ok=True)
    return FileWorkshop(FileTransfer(orders.files), folder, clock, orders.signer, orders.revoked)


def _file(folder: Path | None, identity: str) -> StationFile | None:
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    # A name without separators, whatever the identity holds.
    return StationFile(folder / f"{quote(identity, safe='')}.sqlite")
