"""Configuration keys of a simulated charge point: values, access and limits. Spec: C 5.3, 5.8, 9.

Holds every key that the standard requires for the feature profiles simulated here. A key whose
other values would ask for behaviour that is not simulated takes its present value only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from ocpp16.datatypes import KeyValue
from ocpp16.enums import ConfigurationStatus, Measurand

Check = Callable[[str], bool]

PROFILES = "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
SAMPLED = frozenset({Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, Measurand.POWER_ACTIVE_IMPORT})
"""Measurands that the simulated meter has."""


@attrs.define
class Key:
    """One key; `check` is None where a central system cannot change it."""

    name: str
    value: str
    check: Check | None = None


def is_boolean(text: str) -> bool:
    """Tell whether a text is a boolean of OCPP 1.6."""
    return text in {"true", "false"}


def is_amount(text: str) -> bool:
    """Tell whether a text is an integer from 0 on, of a size that makes sense."""
    return text.isascii() and text.isdigit() and len(text) <= 9


def _is_measurands(text: str) -> bool:
    return all(item.strip() in SAMPLED for item in text.split(",") if text)


def _is_any(text: str) -> bool:
    return True


def _only(value: str) -> Check:
    return lambda text: text == value


class Configuration:
    """The keys of one charge point.

    Args:
        connectors: How many connectors it has.
    """

    def __init__(self, connectors: int) -> None:
        rotation = ",".join(f"{number}.RST" for number in range(connectors + 1))
        energy = Measurand.ENERGY_ACTIVE_IMPORT_REGISTER.value
        keys = [
            Key("AuthorizationCacheEnabled", "true", is_boolean),
            Key("AuthorizeRemoteTxRequests", "false", is_boolean),
            Key("ClockAlignedDataInterval", "0", _only("0")),
            Key("ConnectionTimeOut", "60", is_amount),
            Key("ConnectorPhaseRotation", rotation, _is_any),
            Key("GetConfigurationMaxKeys", "64"),
            Key("HeartbeatInterval", "300", is_amount),
            Key("LocalAuthorizeOffline", "true", is_boolean),
            Key("LocalPreAuthorize", "false", is_boolean),
            Key("MeterValuesAlignedData", energy, _is_measurands),
            Key(
                "MeterValuesSampledData",
                f"{energy},{Measurand.POWER_ACTIVE_IMPORT.value}",
                _is_measurands,
            ),
            Key("MeterValueSampleInterval", "300", is_amount),
            Key("NumberOfConnectors", str(connectors)),
            Key("ResetRetries", "1", is_amount),
            Key("StopTransactionOnEVSideDisconnect", "true"),
            Key("StopTransactionOnInvalidId", "true", _only("true")),
            Key("StopTxnAlignedData", "", _only("")),
            Key("StopTxnSampledData", energy, _only(energy)),
            Key("SupportedFeatureProfiles", PROFILES),
            Key("TransactionMessageAttempts", "3", is_amount),
            Key("TransactionMessageRetryInterval", "60", is_amount),
            Key("UnlockConnectorOnEVSideDisconnect", "true"),
            Key("LocalAuthListEnabled", "true", is_boolean),
            Key("LocalAuthListMaxLength", "100"),
            Key("SendLocalListMaxLength", "50"),
            Key("ReserveConnectorZeroSupported", "false"),
            Key("ChargeProfileMaxStackLevel", "9"),
            Key("ChargingScheduleAllowedChargingRateUnit", "Current,Power"),
            Key("ChargingScheduleMaxPeriods", "24"),
            Key("MaxChargingProfilesInstalled", "10"),
        ]
        # C 9: the name of a key is a CiString50.
        self._keys = {key.name.casefold(): key for key in keys}

    def change(self, name: str, value: str) -> ConfigurationStatus:
        """Change a key as a central system asks for it."""
        key = self._keys.get(name.casefold())
        if key is None:
            return ConfigurationStatus.NOT_SUPPORTED
        if key.check is None or not key.check(value):
            return ConfigurationStatus.REJECTED
        key.value = value
        return ConfigurationStatus.ACCEPTED

    def set(self, name: str, value: str) -> None:
        """Set a key from inside, whatever its access."""
        self._keys[name.casefold()].value = value

    def read(self, names: Iterable[str]) -> tuple[list[KeyValue], list[str]]:
        """Return the keys asked for, or all without a name; and the names that are unknown."""
        asked = list(names)
        if not asked:
            return [_shown(key) for key in self._keys.values()], []
        found = {name: self._keys.get(name.casefold()) for name in asked}
        known = [_shown(key) for key in found.values() if key is not None]
        return known, [name for name, key in found.items() if key is None]

    def text(self, name: str) -> str:
        """Return the value of a key."""
        return self._keys[name.casefold()].value

    def amount(self, name: str) -> int:
        """Return the value of an integer key."""
        return int(self.text(name))

    def is_on(self, name: str) -> bool:
        """Tell whether a boolean key is true."""
        return self.text(name) == "true"

    def measurands(self, name: str) -> tuple[Measurand, ...]:
        """Return the measurands that a key lists."""
        items = (item.strip() for item in self.text(name).split(","))
        return tuple(Measurand(item) for item in items if item)


def _shown(key: Key) -> KeyValue:
    return KeyValue(key=key.name, readonly=key.check is None, value=key.value)
