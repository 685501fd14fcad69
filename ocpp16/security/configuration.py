"""What an operator decides on security: plain values for a central system and for a charge point.

Says what is wanted; `tls` makes contexts of it, `profile_admission` lets peers in by it.
Spec: W A00.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import attrs

from ocpp16.security.auth import PASSWORD_BYTES, check_basic_identity, read_key
from ocpp16.security.client_certificate import SerialNumbers
from ocpp16.security.credentials import Credentials
from ocpp16.security.profiles import PROFILES

PathLike: TypeAlias = str | Path


@attrs.frozen
class KeyPair:
    """A certificate, with those of the authorities between it and a root, and its key."""

    certificate: Path = attrs.field(converter=Path)
    """PEM, our own certificate first."""
    key: Path = attrs.field(converter=Path)
    """PEM."""
    password: str | None = attrs.field(default=None, repr=False)
    """What the key is encrypted with."""


def _pair(value: KeyPair | tuple[PathLike, PathLike]) -> KeyPair:
    return value if isinstance(value, KeyPair) else KeyPair(*value)


def _pairs(values: Iterable[KeyPair | tuple[PathLike, PathLike]]) -> tuple[KeyPair, ...]:
    return tuple(_pair(value) for value in values)


def _optional_pair(value: KeyPair | tuple[PathLike, PathLike] | None) -> KeyPair | None:
    return None if value is None else _pair(value)


def _optional_path(value: PathLike | None) -> Path | None:
    return None if value is None else Path(value)


def _profiles(value: int | Collection[int]) -> frozenset[int]:
    wanted = frozenset({value} if isinstance(value, int) else value)
    if not wanted or not wanted <= set(PROFILES):
        raise ValueError(f"profiles={value!r}: security profiles are 0 to 3")
    return wanted


def _names(value: str | Iterable[str]) -> frozenset[str]:
    return frozenset({value} if isinstance(value, str) else value)


@attrs.frozen(kw_only=True)
class ServerSecurity:
    """Which links a central system takes, what it shows, and whom it trusts.

    The same for every listener of a central system, or for one (`CentralSystem.serve`): the
    standard allows a port of its own for each profile (A00.006).

    Raises:
        ValueError: Something that the profiles need is missing, or contradicts them.
    """

    profiles: frozenset[int] = attrs.field(converter=_profiles)
    """Profiles that a link may have: 0 or 1 without TLS, 2 or 3 with it; where there are two, what
    a charge point shows says which. One that has connected on a higher one is refused on a lower
    one for ever, whatever stands here."""
    credentials: Credentials | None = attrs.field(default=None, repr=False)
    """The keys of charge points, for profiles 1 and 2."""
    certificates: tuple[KeyPair, ...] = attrs.field(default=(), converter=_pairs)
    """What we show, for profiles 2 and 3: one RSA and one ECDSA certificate (A00.317)."""
    client_roots: Path | None = attrs.field(default=None, converter=_optional_path)
    """Roots (PEM) that certificates of charge points are traced to, for profile 3."""
    owners: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
    """What the certificate of a charge point may have for O, for profile 3: our own name, and the
    names of organizations that we trust."""
    serial_numbers: SerialNumbers | None = attrs.field(default=None, repr=False)
    """Identity of each serial number, for profile 3; None: they are the same."""
    revoked: Path | None = attrs.field(default=None, converter=_optional_path)
    """Certificate revocation lists (PEM), one of each authority that signs for charge points."""
    hides_identities: bool = False
    """Answer 401 for charge points that are not known, too, and take as long: nobody can find out
    which ones there are. The standard has 404 (JE 3.4), which is the default."""
    legacy_tls: bool = False
    """Take TLS 1.0 and 1.1 with AES128-SHA as well (A00.312, .318): only for charge points that
    cannot do better, and best on a port of their own. OpenSSL takes weak keys then, too."""

    def __attrs_post_init__(self) -> None:
        self._check_link()
        if self.profiles & {1, 2} and self.credentials is None:
            raise ValueError("profiles 1 and 2 need credentials")
        if not self.is_tls:
            return
        if not self.certificates:
            raise ValueError("profiles 2 and 3 need certificates")
        if 3 in self.profiles and self.client_roots is None:
            raise ValueError("profile 3 needs client_roots")
        if 3 in self.profiles and not self.owners:
            raise ValueError("profile 3 needs owners: what O is in certificates of charge points")

    @property
    def is_tls(self) -> bool:
        """Tell whether its links are TLS."""
        return any(PROFILES[number].tls for number in self.profiles)

    def _check_link(self) -> None:
        if len({PROFILES[number].tls for number in self.profiles}) > 1:
            shown = sorted(self.profiles)
            raise ValueError(
                f"profiles={shown}: 0 and 1 are without TLS, 2 and 3 with it; "
                "give each its own port: serve(..., security=...)"
            )


def _key(value: str | bytes | None) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, str):
        return read_key(value)
    if len(value) not in PASSWORD_BYTES:
        raise ValueError(f"an AuthorizationKey has 16 to 20 bytes, not {len(value)}")
    return value


@attrs.frozen(kw_only=True)
class StationSecurity:
    """The link that a charge point has with its central system, and what it shows there.

    Raises:
        ValueError: Something that the profile needs is missing.
    """

    profile: int
    """0 to 3; the URL has to fit: `ws://` or `http://` for 0 and 1, `wss://` or `https://` else."""
    authorization_key: bytes | None = attrs.field(default=None, converter=_key, repr=False)
    """For profiles 1 and 2: the key as 32 to 40 hex digits, or as bytes."""
    roots: Path | None = attrs.field(default=None, converter=_optional_path)
    """Roots (PEM) that the central system's certificate is traced to, for profiles 2 and 3; None is
    those of the machine."""
    certificate: KeyPair | None = attrs.field(default=None, converter=_optional_pair)
    """What the charge point shows, for profile 3."""

    def __attrs_post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ValueError(f"profile={self.profile!r}: security profiles are 0 to 3")
        demands = PROFILES[self.profile]
        if demands.password and self.authorization_key is None:
            raise ValueError(f"profile {self.profile} needs an authorization_key")
        if demands.client_certificate and self.certificate is None:
            raise ValueError(f"profile {self.profile} needs a certificate")

    @property
    def is_tls(self) -> bool:
        """Tell whether the link is TLS."""
        return PROFILES[self.profile].tls

    def check_link(self, url: str, identity: str) -> None:
        """Check that a URL, and an identity, fit the profile (A00.002).

        Raises:
            ValueError: One does not.
        """
        if (urlsplit(url).scheme in {"wss", "https"}) is not self.is_tls:
            due = "with TLS (wss://, https://)" if self.is_tls else "without TLS (ws://, http://)"
            raise ValueError(f"the URL does not fit: security profile {self.profile} is {due}")
        if self.password is not None:
            check_basic_identity(identity)

    @property
    def password(self) -> bytes | None:
        """What to authenticate with by HTTP Basic; None where the profile has no password."""
        return self.authorization_key if PROFILES[self.profile].password else None
