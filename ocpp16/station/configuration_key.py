"""The configuration keys of OCPP 1.6 as data: type, access, limits. Spec: C 9, W 5.1, SPEC 10.

Knows what a key is and which texts it takes; which values a charge point has is `configuration`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum, unique
from functools import lru_cache
from types import MappingProxyType

import attrs

from ocpp16.enums import Measurand, Phase

MAX_LENGTH = 500
"""Most characters of a value (CiString500)."""
INTEGER = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_ROTATION = re.compile(r"(\d+)\.(NotApplicable|Unknown|RST|RTS|SRT|STR|TRS|TSR)", re.ASCII)
_KEY = re.compile(r"(?:[0-9A-Fa-f]{2}){16,20}", re.ASCII)


@unique
class KeyType(Enum):
    """What the value of a key is."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    LIST = "comma-separated list"
    TEXT = "text"


@unique
class Access(Enum):
    """What a central system may do with a key."""

    READ = "R"
    READ_WRITE = "RW"
    WRITE = "W"


Check = Callable[[str], bool]


def _anything(text: str) -> bool:
    return True


@attrs.frozen(kw_only=True)
class KeySpec:
    """One key."""

    name: str
    type: KeyType
    access: Access = Access.READ_WRITE
    profile: str = "Core"
    """The feature profile it belongs to; a vendor's own key says `Vendor`."""
    required: bool = False
    """Whether a charge point that supports the profile must have it."""
    default: str | None = None
    """Its value as delivered; None where there is none, or the charge point decides."""
    unit: str = ""
    least: int = 0
    """Least value of an integer."""
    most: int = 2**31 - 1
    """Greatest value of an integer."""
    check: Check = _anything
    """For a text the whole value, for a list each item."""
    needs_reboot: bool = False
    """Whether a change takes effect only after a reboot."""

    def takes(self, text: str, *, most_items: int = 1) -> bool:
        """Tell whether a text is a value of this key.

        Args:
            text: The text.
            most_items: How many items a list may have.
        """
        if len(text) > MAX_LENGTH:
            return False
        match self.type:
            case KeyType.BOOLEAN:
                return text.casefold() in {"true", "false"}
            case KeyType.INTEGER:
                return bool(INTEGER.fullmatch(text)) and self.least <= int(text) <= self.most
            case KeyType.LIST:
                items = items_of(text)
                return len(items) <= most_items and all(self.check(item) for item in items)
            case KeyType.TEXT:
                return self.check(text)


@lru_cache(maxsize=256)
def items_of(text: str) -> tuple[str, ...]:
    """Return the items of a comma-separated list."""
    return tuple(item for part in text.split(",") if (item := part.strip()))


def is_measurand(item: str) -> bool:
    """Tell whether an item names a measurand, with or without a phase (`Voltage.L1`)."""
    measurand, phase = split_measurand(item)
    return measurand is not None and (phase is None or phase in set(Phase))


@lru_cache(maxsize=256)
def split_measurand(item: str) -> tuple[Measurand | None, str | None]:
    """Return the measurand and the phase that an item names; no measurand where it names none."""
    if item in set(Measurand):
        return Measurand(item), None
    name, _, phase = item.rpartition(".")
    if name in set(Measurand) and phase in set(Phase):
        return Measurand(name), phase
    return None, None


def is_rotation(item: str) -> bool:
    """Tell whether an item is a phase rotation of a connector (`1.RST`)."""
    return bool(_ROTATION.fullmatch(item))


def is_authorization_key(text: str) -> bool:
    """Tell whether a text is 16 to 20 bytes as hex digits (A00.205)."""
    return bool(_KEY.fullmatch(text))


_B, _I, _L, _T = KeyType.BOOLEAN, KeyType.INTEGER, KeyType.LIST, KeyType.TEXT
_R, _RW, _W = Access.READ, Access.READ_WRITE, Access.WRITE


def _key(
    name: str,
    type: KeyType,
    access: Access = _RW,
    default: str | None = None,
    *,
    unit: str = "",
    required: bool = False,
    check: Check = _anything,
    least: int = 0,
    most: int = 2**31 - 1,
    profile: str = "Core",
) -> KeySpec:
    return KeySpec(
        name=name,
        type=type,
        access=access,
        default=default,
        unit=unit,
        required=required,
        check=check,
        least=least,
        most=most,
        profile=profile,
    )


_ENERGY = "Energy.Active.Import.Register"
_LIST, _RESERVE, _SMART = "LocalAuthListManagement", "Reservation", "SmartCharging"
_FIRMWARE, _SECURITY = "FirmwareManagement", "Security"

KEYS: tuple[KeySpec, ...] = (
    _key("AllowOfflineTxForUnknownId", _B),
    _key("AuthorizationCacheEnabled", _B, default="true"),
    _key("AuthorizeRemoteTxRequests", _B, default="false", required=True),
    _key("BlinkRepeat", _I, unit="times"),
    _key("ClockAlignedDataInterval", _I, default="0", unit="s", required=True),
    _key("ConnectionTimeOut", _I, default="60", unit="s", required=True),
    _key("ConnectorPhaseRotation", _L, default="", required=True, check=is_rotation),
    _key("ConnectorPhaseRotationMaxLength", _I, _R),
    _key("GetConfigurationMaxKeys", _I, _R, "64", required=True),
    _key("HeartbeatInterval", _I, default="300", unit="s", required=True),
    _key("LightIntensity", _I, unit="%", most=100),
    _key("LocalAuthorizeOffline", _B, default="true", required=True),
    _key("LocalPreAuthorize", _B, default="false", required=True),
    _key("MaxEnergyOnInvalidId", _I, unit="Wh"),
    _key("MessageTimeout", _I, unit="s", least=1, most=3600),
    _key("MeterValuesAlignedData", _L, default=_ENERGY, required=True, check=is_measurand),
    _key("MeterValuesAlignedDataMaxLength", _I, _R, "22"),
    _key("MeterValuesSampledData", _L, default=_ENERGY, required=True, check=is_measurand),
    _key("MeterValuesSampledDataMaxLength", _I, _R, "22"),
    _key("MeterValueSampleInterval", _I, default="300", unit="s", required=True),
    _key("MinimumStatusDuration", _I, default="0", unit="s"),
    _key("NumberOfConnectors", _I, _R, required=True),
    _key("ResetRetries", _I, default="1", unit="times", required=True),
    _key("StopTransactionMaxMeterValues", _I, _R, "100"),
    _key("StopTransactionOnEVSideDisconnect", _B, default="true"),
    _key("StopTransactionOnInvalidId", _B, default="true", required=True),
    _key("StopTxnAlignedData", _L, default="", required=True, check=is_measurand),
    _key("StopTxnAlignedDataMaxLength", _I, _R, "22"),
    _key("StopTxnSampledData", _L, default="", required=True, check=is_measurand),
    _key("StopTxnSampledDataMaxLength", _I, _R, "22"),
    _key("SupportedFeatureProfiles", _L, _R, required=True),
    _key("SupportedFeatureProfilesMaxLength", _I, _R),
    _key("TransactionMessageAttempts", _I, default="3", unit="times", required=True),
    _key("TransactionMessageRetryInterval", _I, default="60", unit="s", required=True),
    _key("UnlockConnectorOnEVSideDisconnect", _B, default="true", required=True),
    _key("WebSocketPingInterval", _I, default="60", unit="s"),
    _key("LocalAuthListEnabled", _B, default="true", required=True, profile=_LIST),
    _key("LocalAuthListMaxLength", _I, _R, "10000", required=True, profile=_LIST),
    _key("SendLocalListMaxLength", _I, _R, "1000", required=True, profile=_LIST),
    _key("ReserveConnectorZeroSupported", _B, _R, "true", profile=_RESERVE),
    _key("ChargeProfileMaxStackLevel", _I, _R, "9", required=True, profile=_SMART),
    _key("ChargingScheduleAllowedChargingRateUnit", _L, _R, "Current,Power", required=True,
         profile=_SMART),
    _key("ChargingScheduleMaxPeriods", _I, _R, "24", required=True, profile=_SMART),
    _key("ConnectorSwitch3to1PhaseSupported", _B, _R, profile=_SMART),
    _key("MaxChargingProfilesInstalled", _I, _R, "10", required=True, profile=_SMART),
    _key("SupportedFileTransferProtocols", _L, _R, profile=_FIRMWARE),
    _key("AdditionalRootCertificateCheck", _B, _R, profile=_SECURITY),
    _key("AuthorizationKey", _T, _W, check=is_authorization_key, profile=_SECURITY),
    _key("CertificateSignedMaxChainSize", _I, _R, profile=_SECURITY),
    _key("CertificateStoreMaxLength", _I, _R, profile=_SECURITY),
    _key("CpoName", _T, profile=_SECURITY),
    _key("SecurityProfile", _I, default="0", most=3, profile=_SECURITY),
)  # fmt: skip
"""Every key of the standard; defaults are ours where SPEC 10 shows none."""

BY_NAME: Mapping[str, KeySpec] = MappingProxyType({key.name.casefold(): key for key in KEYS})
