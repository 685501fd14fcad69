"""What a station can do beside charging, through whoever runs it. Values and plain functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from ocpp16.enums import UpdateFirmwareStatus
from ocpp16.station.examiner import Examiner


def _no_certificate(pem: str, roots: Sequence[str]) -> UpdateFirmwareStatus:
    return UpdateFirmwareStatus.INVALID_CERTIFICATE


def _nothing_there() -> bool:
    return False


@attrs.frozen(kw_only=True)
class Ability:
    """What there is to work with outside."""

    can_update: bool = False
    """Whether somebody fetches and installs firmware."""
    can_upload: bool = False
    """Whether somebody uploads files."""
    can_restart: bool = True
    can_change_profile: bool = True
    """Whether the link can have another security profile."""
    check_signer: Callable[[str, Sequence[str]], UpdateFirmwareStatus] = _no_certificate
    """Judges a firmware signing certificate, with the roots of the maker that are installed:
    `Accepted`, or why not (L01.FR.23 to 25)."""
    has_key: Callable[[], bool] = _nothing_there
    """Whether it was set up with an AuthorizationKey, beside one that was sent (A05.FR.02)."""
    has_system_root: Callable[[], bool] = _nothing_there
    """Whether a root certificate for the central system is installed (A05.FR.03)."""
    has_certificate: Callable[[], bool] = _nothing_there
    """Whether it has a certificate of its own (A05.FR.04)."""
    examiner: Examiner | None = None
    """Reads certificates; None: it has no certificates that a central system could manage."""
    serial_number: str = ""
    """CN of the certificates that it asks for."""
