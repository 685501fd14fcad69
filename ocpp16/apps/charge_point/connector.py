"""One connector of a simulated charge point: its status, its cable, its transaction, its meter.

Spec: C 4.9 (status), 3.16 and 4.7 (meter values).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import attrs

from ocpp16.datatypes import ChargingProfile, MeterValue, SampledValue
from ocpp16.enums import ChargePointStatus, Measurand, ReadingContext, UnitOfMeasure

_WATT_HOUR = 10 * 3600 * 1_000_000


@attrs.define(kw_only=True)
class Transaction:
    """A transaction that runs."""

    id: int
    id_tag: str
    parent_id_tag: str | None
    meter_start: int
    started: datetime
    sampled: datetime
    """When the last periodic sample was due."""
    begin: MeterValue
    """The reading at its start."""
    may_draw: bool = False
    """The start was answered, or given up: energy may flow."""


@attrs.define
class Connector:
    """A connector. The meter counts what it delivered since it was built, in Wh."""

    number: int
    power: int
    """What hardware and car can do, in tenths of a watt."""
    register: int = 0
    """The meter, in tenths of a watt times microseconds: exact, however time is cut."""
    status: ChargePointStatus = ChargePointStatus.AVAILABLE
    limit: int | None = None
    """What smart charging allows now, in tenths of a watt."""
    is_plugged: bool = False
    is_operative: bool = True
    """False once a central system has made it inoperative, even while a transaction goes on."""
    tag: str | None = None
    """A tag that was authorized and waits for the plug."""
    parent_tag: str | None = None
    """The group of that tag."""
    profile: ChargingProfile | None = None
    """What is to limit its transaction."""
    waits_until: datetime | None = None
    """When that wait is given up."""
    transaction: Transaction | None = None

    @property
    def meter(self) -> int:
        """The meter in whole Wh, as transactions report it."""
        return self.register // _WATT_HOUR

    @property
    def draw(self) -> int:
        """The power that flows now, in tenths of a watt."""
        if self.status is not ChargePointStatus.CHARGING:
            return 0
        return self.power if self.limit is None else min(self.power, self.limit)

    @property
    def idle_status(self) -> ChargePointStatus:
        """The status of a connector that nobody uses."""
        if self.is_operative:
            return ChargePointStatus.AVAILABLE
        return ChargePointStatus.UNAVAILABLE

    def deliver(self, duration: timedelta) -> None:
        """Let the present power flow for so long."""
        self.register += self.draw * (duration // timedelta(microseconds=1))

    def reading(
        self, at: datetime, context: ReadingContext, measurands: Iterable[Measurand]
    ) -> MeterValue:
        """Return what the meter shows."""
        shown = [self._sample(measurand, context) for measurand in measurands]
        return MeterValue(timestamp=at, sampled_value=tuple(shown))

    def _sample(self, measurand: Measurand, context: ReadingContext) -> SampledValue:
        if measurand is Measurand.POWER_ACTIVE_IMPORT:
            value, unit = f"{self.draw / 10:.0f}", UnitOfMeasure.W
        else:
            value, unit = str(self.meter), UnitOfMeasure.WH
        return SampledValue(value=value, context=context, measurand=measurand, unit=unit)
