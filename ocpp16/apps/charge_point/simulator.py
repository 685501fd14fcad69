"""A simulated charge point: what drivers do at it, what time does to it, and what it then sends.

Knows no wire and no connection, and has its own time, which `pass_time` moves. What a central
system asks of it is in `requests`. Spec: C 4.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime, timedelta

import attrs

from ocpp16.apps.charge_point.charging_profile import ChargingProfiles, Installed
from ocpp16.apps.charge_point.configuration import Configuration
from ocpp16.apps.charge_point.connector import Connector, Transaction
from ocpp16.apps.charge_point.maintenance import Maintenance
from ocpp16.apps.charge_point.outbox import Outbox
from ocpp16.apps.charge_point.reservation import Reservation, Reservations
from ocpp16.apps.charge_point.tags import Tags
from ocpp16.datatypes import ChargingProfile
from ocpp16.enums import (
    AuthorizationStatus,
    ChargePointErrorCode,
    ChargePointStatus,
    ReadingContext,
    Reason,
)
from ocpp16.messages import (
    BootNotificationRequest,
    HeartbeatRequest,
    MeterValuesRequest,
    StartTransactionRequest,
    StatusNotificationRequest,
    StopTransactionRequest,
)
from ocpp16.primitives import same_text

TIME_STEP = timedelta(seconds=60)
"""The power of a connector is taken as constant for so long."""
NO_TRANSACTION_ID = -1
"""Stands in messages about a transaction whose start was never taken (CE 3.18)."""

_USABLE = frozenset(
    {
        ChargePointStatus.AVAILABLE,
        ChargePointStatus.PREPARING,
        ChargePointStatus.FINISHING,
        ChargePointStatus.RESERVED,
    }
)


@attrs.frozen(kw_only=True)
class Hardware:
    """What a charge point is built of, and says of itself when it boots."""

    identity: str
    vendor: str = "ocpp16"
    model: str = "Simulator"
    firmware: str = "1.0.0"
    connectors: int = 2
    power: int = 11_000
    """What each connector can give, in W."""


class Simulator:
    """One simulated charge point.

    Args:
        hardware: What it is.
        now: Where its own time begins.
        sleep: Waits so many real seconds, between attempts to deliver a message.
    """

    def __init__(
        self,
        hardware: Hardware,
        *,
        now: datetime,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.hardware = hardware
        self.now = now
        self.is_operative = True
        self.reboot_wanted = asyncio.Event()
        """Set when it has to boot again: whoever holds the connection sees to that."""
        self.key: bytes | None = None
        """The AuthorizationKey that the central system has given; nobody can read it over OCPP."""
        self.configuration = Configuration(hardware.connectors)
        self.outbox = Outbox(self.configuration, sleep)
        self.tags = Tags(self.configuration, self.outbox)
        self.maintenance = Maintenance(hardware.firmware, self.outbox)
        self.reservations = Reservations()
        self.profiles = ChargingProfiles(hardware.power, hardware.connectors)
        self.connectors = {
            number: Connector(number, 10 * hardware.power)
            for number in range(1, hardware.connectors + 1)
        }

    def keep_key(self, key: bytes) -> None:
        """Take an AuthorizationKey, which lasts as long as the simulation."""
        self.key = key

    # Boot and time

    def boot_request(self) -> BootNotificationRequest:
        """Return what it says of itself."""
        return BootNotificationRequest(
            charge_point_vendor=self.hardware.vendor,
            charge_point_model=self.hardware.model,
            firmware_version=self.maintenance.version,
        )

    async def begin(self) -> None:
        """Report every status, as is due once BootNotification was accepted (CE 3.22)."""
        for number in (0, *self.connectors):
            await self.report_status(number)

    async def heartbeat(self) -> None:
        """Send a Heartbeat."""
        await self.outbox.notify(HeartbeatRequest())

    async def pass_time(self, duration: timedelta) -> None:
        """Let time pass: energy flows, what is due is sent, what is over ends."""
        end = self.now + duration
        while self.now < end:
            before = self.now
            samples = [time for time in self._sample_times() if time > before]
            self.now = min(end, before + TIME_STEP, *samples)
            for connector in self.connectors.values():
                connector.deliver(self.now - before)
            await self._do_what_is_due()

    # What drivers do

    async def plug(self, number: int) -> None:
        """Plug a car in; with a tag that waits for it, charging starts."""
        connector = self.connectors[number]
        connector.is_plugged = True
        if connector.tag is not None:
            await self._start(connector, connector.tag)
        elif connector.status is ChargePointStatus.AVAILABLE:
            await self.set_status(connector, ChargePointStatus.PREPARING)

    async def unplug(self, number: int) -> None:
        """Pull the plug; a transaction ends by that."""
        connector = self.connectors[number]
        connector.is_plugged = False
        await self.stop(number, Reason.EV_DISCONNECTED)
        if connector.status in {ChargePointStatus.PREPARING, ChargePointStatus.FINISHING}:
            await self.set_status(connector, connector.idle_status)

    async def present(self, number: int, id_tag: str) -> bool:
        """Hold a tag to the reader; returns whether it was accepted.

        It starts a transaction, at once or with the plug; or it stops the one that runs, if it is
        the tag that started it or one of its group.
        """
        connector = self.connectors[number]
        transaction = connector.transaction
        if transaction is not None and same_text(transaction.id_tag, id_tag):
            # C 4.1: the tag that started stops, and Authorize must not be sent for that.
            await self.stop(number, Reason.LOCAL, id_tag)
            return True
        info = await self.tags.authorize(id_tag, self.now)
        if info.status is not AuthorizationStatus.ACCEPTED:
            return False
        if transaction is None:
            return await self.prepare(connector, id_tag, info.parent_id_tag)
        parents = (info.parent_id_tag, transaction.parent_id_tag)
        if parents[0] is None or parents[1] is None or not same_text(parents[0], parents[1]):
            return False
        await self.stop(number, Reason.LOCAL, id_tag)
        return True

    # What drivers and central systems come to

    def may_use(self, connector: Connector, id_tag: str, parent: str | None = None) -> bool:
        """Tell whether an authorized tag may start on a connector now."""
        reservation = self.reservations.on(connector.number)
        if reservation is not None and not reservation.admits(id_tag, parent):
            return False
        return connector.transaction is None and connector.status in _USABLE

    async def prepare(
        self,
        connector: Connector,
        id_tag: str,
        parent: str | None = None,
        profile: ChargingProfile | None = None,
    ) -> bool:
        """Let an authorized tag use a connector: now if a car is plugged in, or once it is.

        Args:
            connector: Where.
            id_tag: The tag.
            parent: Its group.
            profile: What limits the transaction, where it is started from afar with one.
        """
        if not self.may_use(connector, id_tag, parent):
            return False
        connector.tag, connector.parent_tag, connector.profile = id_tag, parent, profile
        wait = timedelta(seconds=self.configuration.amount("ConnectionTimeOut"))
        connector.waits_until = self.now + wait
        await self.set_status(connector, ChargePointStatus.PREPARING)
        if connector.is_plugged:
            await self._start(connector, id_tag)
        return True

    async def stop(self, number: int, reason: Reason, id_tag: str | None = None) -> None:
        """Stop the transaction of a connector; no effect where none runs."""
        connector = self.connectors[number]
        transaction = connector.transaction
        if transaction is None:
            return
        # Before anything is awaited, so that nobody else stops it too.
        connector.transaction = None
        measurands = self.configuration.measurands("StopTxnSampledData")
        end = connector.reading(self.now, ReadingContext.TRANSACTION_END, measurands)
        meter_stop, stopped = connector.meter, self.now
        connector.status = (
            ChargePointStatus.FINISHING if connector.is_plugged else connector.idle_status
        )
        self.profiles.end_transaction(number)
        response = await self.outbox.deliver(
            lambda: StopTransactionRequest(
                transaction_id=transaction.id,
                id_tag=id_tag,
                meter_stop=meter_stop,
                timestamp=stopped,
                reason=reason,
                transaction_data=(transaction.begin, end),
            )
        )
        if response is not None and response.id_tag_info is not None:
            self.tags.learn(transaction.id_tag, response.id_tag_info, self.now)
        await self.report_status(number)
        await self.work_on_firmware()

    async def set_status(self, connector: Connector, status: ChargePointStatus) -> None:
        """Change the status of a connector, and report it if it is another one."""
        if status is not connector.status:
            connector.status = status
            await self.report_status(connector.number)

    async def report_status(self, number: int) -> None:
        """Send the status of a connector, or with 0 of the charge point."""
        if number:
            status = self.connectors[number].status
        elif self.is_operative:
            status = ChargePointStatus.AVAILABLE
        else:
            status = ChargePointStatus.UNAVAILABLE
        await self.outbox.notify(
            StatusNotificationRequest(
                connector_id=number,
                error_code=ChargePointErrorCode.NO_ERROR,
                status=status,
                timestamp=self.now,
            )
        )

    async def sample(self, number: int, context: ReadingContext) -> None:
        """Send what the meter of a connector shows."""
        connector = self.connectors[number]
        transaction = connector.transaction
        measurands = self.configuration.measurands("MeterValuesSampledData")
        reading = connector.reading(self.now, context, measurands)

        def build() -> MeterValuesRequest:
            return MeterValuesRequest(
                connector_id=number,
                transaction_id=None if transaction is None else transaction.id,
                meter_value=(reading,),
            )

        if context is ReadingContext.TRIGGER:
            await self.outbox.notify(build())
        else:
            await self.outbox.deliver(build)

    async def apply_limits(self) -> None:
        """Let smart charging act on what flows now."""
        for number, connector in self.connectors.items():
            transaction = connector.transaction
            if transaction is None or not transaction.may_draw:
                continue
            connector.limit = self.profiles.limit_at(number, self.now, transaction.started)
            may_draw = connector.limit > 0
            status = ChargePointStatus.CHARGING if may_draw else ChargePointStatus.SUSPENDED_EVSE
            await self.set_status(connector, status)

    async def free(self, reservations: Iterable[Reservation]) -> None:
        """Give back the connectors of reservations that have ended."""
        for reservation in reservations:
            connector = self.connectors[reservation.connector]
            if connector.status is ChargePointStatus.RESERVED:
                await self.set_status(connector, connector.idle_status)

    async def work_on_firmware(self) -> None:
        """Do what is due of a firmware update; a new one asks for a reboot."""
        is_idle = all(connector.transaction is None for connector in self.connectors.values())
        if await self.maintenance.work(self.now, is_idle=is_idle):
            self.reboot_wanted.set()

    # Inside

    async def _start(self, connector: Connector, id_tag: str) -> None:
        number, parent, profile = connector.number, connector.parent_tag, connector.profile
        connector.tag = connector.parent_tag = connector.profile = connector.waits_until = None
        reservation = self.reservations.on(number)
        if reservation is not None:
            self.reservations.end(reservation.id)
        measurands = self.configuration.measurands("StopTxnSampledData")
        begin = connector.reading(self.now, ReadingContext.TRANSACTION_BEGIN, measurands)
        transaction = Transaction(
            id=NO_TRANSACTION_ID,
            id_tag=id_tag,
            parent_id_tag=parent,
            meter_start=connector.meter,
            started=self.now,
            sampled=self.now,
            begin=begin,
        )
        connector.transaction = transaction
        response = await self.outbox.deliver(
            lambda: StartTransactionRequest(
                connector_id=number,
                id_tag=id_tag,
                meter_start=transaction.meter_start,
                timestamp=transaction.started,
                reservation_id=None if reservation is None else reservation.id,
            )
        )
        if response is not None:
            transaction.id = response.transaction_id
            transaction.parent_id_tag = response.id_tag_info.parent_id_tag or parent
            self.tags.learn(id_tag, response.id_tag_info, self.now)
            if response.id_tag_info.status is not AuthorizationStatus.ACCEPTED:
                await self.stop(number, Reason.DE_AUTHORIZED)
                return
        if profile is not None:
            self.profiles.install(Installed(number, profile, self.now))
        transaction.may_draw = True
        await self.apply_limits()

    def _sample_times(self) -> Iterator[datetime]:
        interval = timedelta(seconds=self.configuration.amount("MeterValueSampleInterval"))
        for connector in self.connectors.values():
            if connector.transaction is not None and interval:
                yield connector.transaction.sampled + interval

    async def _do_what_is_due(self) -> None:
        interval = timedelta(seconds=self.configuration.amount("MeterValueSampleInterval"))
        for number, connector in self.connectors.items():
            transaction = connector.transaction
            if transaction and interval and transaction.sampled + interval <= self.now:
                transaction.sampled = self.now
                await self.sample(number, ReadingContext.SAMPLE_PERIODIC)
            if connector.waits_until is not None and connector.waits_until <= self.now:
                connector.tag = connector.parent_tag = connector.profile = None
                connector.waits_until = None
                await self.set_status(connector, connector.idle_status)
        await self.free(self.reservations.end_expired(self.now))
        await self.apply_limits()
        await self.work_on_firmware()
