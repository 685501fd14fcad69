"""The security profiles 0 to 3 as data: what each demands of a link; and who has got how far.

A profile never goes down: once a charge point has connected on a higher one, a central system
refuses a lower one (A05.09), for which `ReachedProfiles` remembers. Spec: W A00, A05.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

import attrs


@attrs.frozen(kw_only=True)
class SecurityProfile:
    """What one profile demands."""

    number: int
    title: str
    tls: bool
    """Whether the link is TLS; where it is not, TLS makes it another profile (A00.002)."""
    password: bool
    """Whether the charge point authenticates by HTTP Basic with its AuthorizationKey."""
    client_certificate: bool
    """Whether the charge point authenticates by a TLS client certificate."""


PROFILES: Final[Mapping[int, SecurityProfile]] = MappingProxyType(
    {
        0: SecurityProfile(
            number=0, title="none", tls=False, password=False, client_certificate=False
        ),
        1: SecurityProfile(
            number=1, title="Basic", tls=False, password=True, client_certificate=False
        ),
        2: SecurityProfile(
            number=2, title="TLS and Basic", tls=True, password=True, client_certificate=False
        ),
        3: SecurityProfile(
            number=3,
            title="TLS and client certificate",
            tls=True,
            password=False,
            client_certificate=True,
        ),
    }
)


class ReachedProfiles(Protocol):
    """The highest profile on which each charge point has connected; it should outlive a process."""

    async def find(self, identity: str) -> int:
        """Return the highest profile of a charge point, 0 if nothing is known."""
        ...

    async def keep(self, identity: str, profile: int) -> None:
        """Keep that a charge point has connected on a profile higher than those before."""
        ...


class MemoryReachedProfiles:
    """`ReachedProfiles` that last as long as the process. They grow with authenticated peers."""

    def __init__(self) -> None:
        self._profiles: dict[str, int] = {}

    async def find(self, identity: str) -> int:
        """Return the highest profile of a charge point, 0 if nothing is known."""
        return self._profiles.get(identity, 0)

    async def keep(self, identity: str, profile: int) -> None:
        """Keep that a charge point has connected on a profile higher than those before."""
        self._profiles[identity] = profile
