"""One simulated charge point: a `Station` with machinery and cars that are none."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import attrs

from ocpp16.apps.charge_point.car import BatteryCar, Car, FlatCar
from ocpp16.apps.charge_point.machinery import Machinery
from ocpp16.apps.charge_point.meter_storage import MeterStorage
from ocpp16.apps.charge_point.skipping_clock import SkippingClock
from ocpp16.apps.data_transfer import ECHO, VENDOR, answer_data_transfer
from ocpp16.clock import Clock
from ocpp16.enums import ChargePointStatus, Reason, UpdateFirmwareStatus
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.security.configuration import StationSecurity
from ocpp16.security.key_store import KeyStore
from ocpp16.station import diagnostics, firmware
from ocpp16.station.model import NO_VALUES, Model
from ocpp16.station.station import Connect, Station
from ocpp16.station.workshop import Workshop
from ocpp16.storage import MemoryStationStorage, StationStorage

LOOK = 10.0
"""Seconds between two looks at the cars: whether they still want energy."""
VERSION_LENGTH = 50


@attrs.frozen(kw_only=True)
class Hardware:
    """What a simulated charge point is built of, and says of itself when it boots."""

    identity: str
    vendor: str = "ocpp16"
    model: str = "Simulator"
    firmware: str = "1.0.0"
    connectors: int = 2
    power: int = 11_000
    """What each connector can give, in W."""
    serial_number: str | None = None
    has_extension: bool = False
    """Whether it has the messages of the security extension (JSON only)."""
    configuration: Mapping[str, str] = NO_VALUES
    """Keys that differ from the usual."""
    has_real_cars: bool = False
    """Whether cars have batteries and curves, and meters noise; else all of it is flat."""

    def as_model(self) -> Model:
        """Return it as a station knows it."""
        return Model(
            vendor=self.vendor,
            model=self.model,
            firmware_version=self.firmware,
            serial_number=self.serial_number,
            has_security_extension=self.has_extension,
            connectors=self.connectors,
            power=self.power,
            configuration={
                "MeterValuesSampledData": "Energy.Active.Import.Register,Power.Active.Import",
                "StopTxnSampledData": "Energy.Active.Import.Register",
                # Optional functions; those that act on transactions are off as delivered.
                "AllowOfflineTxForUnknownId": "false",
                "BlinkRepeat": "0",
                "LightIntensity": "100",
                "MaxEnergyOnInvalidId": "0",
                "SupportedFileTransferProtocols": "FTP,FTPS,HTTP,HTTPS",
                **self.configuration,
            },
        )


class Workbench:
    """A `Workshop` that fetches and sends nothing, and always succeeds."""

    def check_signer(self, pem: str, roots: Sequence[str]) -> UpdateFirmwareStatus:
        """Take any certificate."""
        return UpdateFirmwareStatus.ACCEPTED

    async def download(self, order: firmware.Order) -> None:
        """Fetch nothing."""

    async def verify(self, order: firmware.Order) -> bool:
        """Take any signature."""
        return True

    async def install(self, order: firmware.Order) -> str:
        """Return the version that a file counts as: its name without the ending."""
        name = PurePosixPath(urlsplit(order.location).path).stem
        return name[:VERSION_LENGTH] or "unnamed"

    async def upload(self, order: diagnostics.Order, content: bytes) -> None:
        """Send nothing."""


class Simulator:
    """One simulated charge point.

    Args:
        hardware: What it is.
        role: The role that it has.
        clock: Where real time comes from.
        pace: How much faster than that its own time runs.
        storage: What outlives it; None is nothing.
        workshop: Fetches firmware and sends files; None pretends to.
        keys: Where private keys are kept; None has no certificates that could be managed.
        security: The link that `keys` are for; its profile can be raised from 2 to 3.
    """

    def __init__(
        self,
        hardware: Hardware,
        role: ChargePoint,
        *,
        clock: Clock,
        pace: float = 1.0,
        storage: StationStorage | None = None,
        workshop: Workshop | None = None,
        keys: KeyStore | None = None,
        security: StationSecurity | None = None,
    ) -> None:
        self.hardware = hardware
        self.role = role
        self.clock = SkippingClock(clock, pace)
        chance = random.Random(hardware.identity) if hardware.has_real_cars else None  # noqa: S311
        self.machinery = Machinery(hardware.connectors, hardware.power, self.clock.time, chance)
        self._chance = chance
        self.station = Station(
            role,
            hardware.as_model(),
            self.machinery,
            MeterStorage(MemoryStationStorage() if storage is None else storage, self.machinery),
            workshop=Workbench() if workshop is None else workshop,
            clock=self.clock,
            # Its time may have been skipped on: no answer sets it back.
            follows_clock=False,
            keys=keys,
            security_for=None if security is None else partial(self._raised, security),
        )
        self.station.agree(VENDOR, ECHO, answer_data_transfer)

    def _raised(self, security: StationSecurity, profile: int) -> tuple[StationSecurity, None]:
        wallet = self.station.wallet
        base = self.station.with_key(security) or security
        return (base if wallet is None else wallet.raised(base, profile)), None

    # What it is doing

    @property
    def now(self) -> datetime:
        """The time of day, as it knows it."""
        return self.station.now

    @property
    def connectors(self) -> range:
        """The numbers of its connectors."""
        return range(1, self.hardware.connectors + 1)

    def status(self, connector: int) -> ChargePointStatus:
        """Return the status of a connector."""
        return self.station.status(connector)

    # What drivers do

    def plug(self, connector: int, car: Car | None = None) -> None:
        """Plug a car in; None is any one.

        Raises:
            StorageFailed: A transaction could not start.
        """
        socket = self.machinery.sockets[connector]
        self.machinery.flow(connector)
        socket.car = self._any_car() if car is None else car
        self.station.plug_in(connector)

    def _any_car(self) -> Car:
        if self._chance is None:
            return FlatCar()
        return BatteryCar(
            capacity=self._chance.choice((40_000, 58_000, 77_000)),
            most=self.hardware.power,
            start=round(self._chance.uniform(0.1, 0.6), 2),
        )

    def unplug(self, connector: int) -> None:
        """Pull the plug.

        Raises:
            StorageFailed: The transaction could not end.
        """
        self.station.unplug(connector)
        self.machinery.flow(connector)
        self.machinery.sockets[connector].car = None

    async def present(self, connector: int, id_tag: str) -> bool:
        """Hold a tag to the reader; returns, once all of it was told, whether it was accepted."""
        is_accepted = await self.station.present_tag(connector, id_tag)
        await self.station.quiet()
        return is_accepted

    def stop(self, connector: int, reason: Reason) -> None:
        """Stop a transaction from inside."""
        self.station.stop(connector, reason)

    def add_energy(self, connector: int, watt_hours: int) -> None:
        """Let so much energy have flown at once."""
        self.machinery.add(connector, watt_hours)
        self.look(connector)

    # Time

    def look(self, connector: int) -> None:
        """See whether the car of a connector still wants energy, and whether it has had enough."""
        self.machinery.flow(connector)
        car = self.machinery.sockets[connector].car
        if car is not None and self.station.is_charging(connector):
            self.station.meter_changed(connector)
            suspended = self.status(connector) is ChargePointStatus.SUSPENDED_EV
            if car.wants is suspended:
                self.station.draw(connector, wants=car.wants)

    async def pass_time(self, seconds: float) -> None:
        """Let time be skipped: all that is due meanwhile happens, in order."""
        target = self.clock.time() + seconds
        while True:
            await self.station.quiet()
            due = self.clock.next_due
            if due is None or due > target:
                break
            self.clock.skip_to(due)
        self.clock.skip_to(target)
        for connector in self.connectors:
            self.look(connector)
        await self.station.quiet()

    # The link

    @asynccontextmanager
    async def connected(self, connect: Connect) -> AsyncIterator[asyncio.Task[None]]:
        """Be connected for as long as the body runs; gives the task that ends with a mistake only.

        Args:
            connect: Connects and boots the role.
        """
        running = asyncio.create_task(self.station.run_by(connect))
        looking = asyncio.create_task(self._look_at_cars())
        try:
            yield running
        finally:
            for task in (running, looking):
                task.cancel()
            await asyncio.gather(running, looking, return_exceptions=True)

    def connect_to(
        self, url: str, *, listen: str | None = None, security: StationSecurity | None = None
    ) -> AbstractAsyncContextManager[asyncio.Task[None]]:
        """Be connected to a central system for as long as the body runs.

        Args:
            url: Its endpoint.
            listen: Where it takes calls itself, on SOAP.
            security: The security profile, and what it shows.
        """
        return self.connected(
            lambda boot: self.role.connect(
                url,
                boot=boot,
                listen=listen,
                attempts=None,
                security=self.station.with_key(security),
                wallet=self.station.wallet,
            )
        )

    async def _look_at_cars(self) -> None:
        while True:
            await self.clock.sleep(LOOK)
            for connector in self.connectors:
                self.look(connector)
