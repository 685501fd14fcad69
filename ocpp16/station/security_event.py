"""Security events: which there are, which are pushed, the log of all. Spec: W A04, L01; SPEC 13."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum, unique

import attrs


@unique
class SecurityEvent(StrEnum):
    """An event of the whitepaper's list; a charge point may have others."""

    FIRMWARE_UPDATED = "FirmwareUpdated"
    FAILED_TO_AUTHENTICATE_AT_CENTRAL_SYSTEM = "FailedToAuthenticateAtCentralSystem"
    CENTRAL_SYSTEM_FAILED_TO_AUTHENTICATE = "CentralSystemFailedToAuthenticate"
    SETTING_SYSTEM_TIME = "SettingSystemTime"
    STARTUP_OF_THE_DEVICE = "StartupOfTheDevice"
    RESET_OR_REBOOT = "ResetOrReboot"
    SECURITY_LOG_WAS_CLEARED = "SecurityLogWasCleared"
    RECONFIGURATION_OF_SECURITY_PARAMETERS = "ReconfigurationOfSecurityParameters"
    MEMORY_EXHAUSTION = "MemoryExhaustion"
    INVALID_MESSAGES = "InvalidMessages"
    ATTEMPTED_REPLAY_ATTACKS = "AttemptedReplayAttacks"
    TAMPER_DETECTION_ACTIVATED = "TamperDetectionActivated"
    INVALID_FIRMWARE_SIGNATURE = "InvalidFirmwareSignature"
    INVALID_FIRMWARE_SIGNING_CERTIFICATE = "InvalidFirmwareSigningCertificate"
    INVALID_CENTRAL_SYSTEM_CERTIFICATE = "InvalidCentralSystemCertificate"
    INVALID_CHARGE_POINT_CERTIFICATE = "InvalidChargePointCertificate"
    INVALID_TLS_VERSION = "InvalidTLSVersion"
    INVALID_TLS_CIPHER_SUITE = "InvalidTLSCipherSuite"


CRITICAL: frozenset[str] = frozenset(
    {
        SecurityEvent.FIRMWARE_UPDATED,
        SecurityEvent.SETTING_SYSTEM_TIME,
        SecurityEvent.STARTUP_OF_THE_DEVICE,
        SecurityEvent.RESET_OR_REBOOT,
        SecurityEvent.SECURITY_LOG_WAS_CLEARED,
        SecurityEvent.MEMORY_EXHAUSTION,
        SecurityEvent.TAMPER_DETECTION_ACTIVATED,
    }
)
"""Queued, with guaranteed delivery (A04.FR.01, .02)."""
SENT: frozenset[str] = CRITICAL | {
    SecurityEvent.INVALID_FIRMWARE_SIGNATURE,
    SecurityEvent.INVALID_FIRMWARE_SIGNING_CERTIFICATE,
    SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE,
    SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE,
    SecurityEvent.INVALID_TLS_VERSION,
    SecurityEvent.INVALID_TLS_CIPHER_SUITE,
}
"""Sent at all: the critical ones, and those that a rule says to trigger."""
TYPE_LENGTH = 50
TECH_INFO_LENGTH = 255


@attrs.frozen
class Logged:
    """One line of the security log."""

    at: datetime
    type: str
    tech_info: str | None = None


class SecurityLog:
    """The security log: every event, the oldest go first.

    Args:
        limit: How many events it holds.
    """

    __slots__ = ("_lines",)

    def __init__(self, limit: int = 1000) -> None:
        self._lines: deque[Logged] = deque(maxlen=limit)

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Logged]:
        return iter(self._lines)

    def note(self, at: datetime, type: str, tech_info: str | None = None) -> Logged:
        """Note an event."""
        logged = Logged(
            at, type[:TYPE_LENGTH], None if tech_info is None else tech_info[:TECH_INFO_LENGTH]
        )
        self._lines.append(logged)
        return logged
