"""Changing the link of a charge point: whether a higher profile may be, and the way back.

Pure. The station judges with it what ChangeConfiguration asks for, and the link falls back by it
when what is new does not work. Spec: W A05; A01.03-.04.
"""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from ocpp16.security.auth import KEY_BYTES
from ocpp16.security.profiles import PROFILES

T = TypeVar("T")
ATTEMPTS: Final = 3
"""How often a new link may fail before the old one is taken again."""
AUTHORIZATION_KEY: Final = "AuthorizationKey"
SECURITY_PROFILE: Final = "SecurityProfile"


def is_authorization_key(name: str) -> bool:
    """Tell whether a configuration key is AuthorizationKey; names have no case (C 9)."""
    return name.casefold() == AUTHORIZATION_KEY.casefold()


def is_security_profile(name: str) -> bool:
    """Tell whether a configuration key is SecurityProfile."""
    return name.casefold() == SECURITY_PROFILE.casefold()


def why_not_change(
    present: int,
    wanted: str,
    *,
    authorization_key: bytes | None,
    has_root: bool,
    has_certificate: bool,
) -> str | None:
    """Return why SecurityProfile cannot be changed (it is answered Rejected); None if it can.

    Args:
        present: The profile now.
        wanted: The value that ChangeConfiguration has.
        authorization_key: The key, if there is one.
        has_root: Whether a root for the central system's certificate is installed.
        has_certificate: Whether the charge point has a certificate of its own.
    """
    known = {str(number): profile for number, profile in PROFILES.items()}
    demands = known.get(wanted)
    if demands is None:
        return f"security profiles are 0 to {max(PROFILES)}"
    if demands.number <= present:  # A05.01, and A00.005: never lower over OCPP
        return "a security profile only goes up"
    if demands.password and (authorization_key is None or len(authorization_key) not in KEY_BYTES):
        return "there is no AuthorizationKey of 16 to 20 bytes"  # A05.02
    if demands.tls and not has_root:
        return "no root for the central system's certificate is installed"  # A05.03
    if demands.client_certificate and not has_certificate:
        return "the charge point has no certificate"  # A05.04
    return None


class LinkChange(Generic[T]):
    """A link that is tried, with the one to go back to (A05.08).

    Args:
        new: What is tried.
        old: What worked before.
        attempts: How often the new one may fail.
    """

    def __init__(self, new: T, old: T, attempts: int = ATTEMPTS) -> None:
        self.new = new
        self.old = old
        self._left = attempts

    def fail(self) -> bool:
        """Take it that the new link has failed; return whether to go back to the old one."""
        self._left -= 1
        return self._left <= 0
