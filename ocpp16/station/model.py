"""What a station is built of, and what it says of itself. Knows no state."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import attrs

from ocpp16.messages import BootNotificationRequest
from ocpp16.station.configuration_key import KeySpec
from ocpp16.station.meter import Meter

PROFILES = (
    "Core",
    "FirmwareManagement",
    "LocalAuthListManagement",
    "Reservation",
    "SmartCharging",
    "RemoteTrigger",
)
NO_VALUES: Mapping[str, str] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Model:
    """A charge point as it leaves the factory and the hands of its installer."""

    vendor: str = "ocpp16"
    model: str = "Station"
    serial_number: str | None = None
    box_serial_number: str | None = None
    firmware_version: str | None = None
    iccid: str | None = None
    imsi: str | None = None
    meter_type: str | None = None
    meter_serial_number: str | None = None
    connectors: int = 1
    has_fixed_cable: bool = False
    """Its cables cannot be taken off, so there is nothing to unlock."""
    profiles: tuple[str, ...] = PROFILES
    """Feature profiles that it supports."""
    has_security_extension: bool = False
    """Whether it has the messages of the security whitepaper (JSON only)."""
    configuration: Mapping[str, str] = NO_VALUES
    """Keys that differ from the defaults."""
    absent_keys: tuple[str, ...] = ()
    vendor_keys: tuple[KeySpec, ...] = ()
    may_charge_unregistered: bool = False
    """Whether transactions may start before it was ever accepted (C 4.2.1)."""
    free_tag: str | None = None
    """Charging needs no authorization, and is done with this tag."""
    cache_size: int = 1000
    power: int = 11_000
    """What a connector can give, in W."""

    def boot_request(self, firmware_version: str | None) -> BootNotificationRequest:
        """Return what it says of itself when it boots."""
        return BootNotificationRequest(
            charge_point_vendor=self.vendor,
            charge_point_model=self.model,
            charge_point_serial_number=self.serial_number,
            charge_box_serial_number=self.box_serial_number,
            firmware_version=firmware_version or self.firmware_version,
            iccid=self.iccid,
            imsi=self.imsi,
            meter_type=self.meter_type,
            meter_serial_number=self.meter_serial_number,
        )

    def supports(self, profile: str) -> bool:
        """Tell whether it supports a feature profile."""
        return profile in self.profiles


class Equipment(Meter, Protocol):
    """The machinery of a station; all calls return at once."""

    def unlock(self, connector: int) -> bool:
        """Unlock the cable of a connector; return whether it is unlocked then."""
        ...

    def lock(self, connector: int) -> None:
        """Lock the cable of a connector."""
        ...

    def offer(self, connector: int, power: int | None) -> None:
        """Offer power to the EV, in tenths of a watt: 0 is none, None is all there is."""
        ...
