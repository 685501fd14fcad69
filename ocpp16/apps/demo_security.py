"""How the links of the demo are secured: a profile, and keys and certificates for it.

They are made for one run, in a folder that is gone with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs

from ocpp16.apps.pki import Pki
from ocpp16.security.auth import new_key
from ocpp16.security.configuration import ServerSecurity, StationSecurity
from ocpp16.security.credentials import MemoryCredentials


@attrs.frozen
class DemoSecurity:
    """The security of both sides; None is none."""

    profile: int
    server: ServerSecurity | None
    stations: dict[str, StationSecurity]

    def url(self, url: str) -> str:
        """Return a URL of the demo, with the scheme and the host that the profile needs."""
        if self.profile < 2:
            return url
        return url.replace("ws://", "wss://").replace("http://", "https://")

    def callback(self, url: str | None) -> str | None:
        """Return where a charge point is called; it takes TLS if it has a certificate."""
        return self.url(url) if url is not None and self.profile == 3 else url


@contextmanager
def demo_security(profile: int, identities: Sequence[str], now: datetime) -> Iterator[DemoSecurity]:
    """Secure the demo's links.

    Args:
        profile: The security profile.
        identities: The charge points.
        now: The time of day.

    Raises:
        ModuleNotFoundError: Certificates need the extra `security`.
    """
    keys = {identity: new_key() for identity in identities}
    if profile == 0:
        yield DemoSecurity(0, None, {})
    elif profile == 1:
        yield DemoSecurity(
            1,
            ServerSecurity(profiles=1, credentials=MemoryCredentials(keys)),
            {
                identity: StationSecurity(profile=1, authorization_key=key)
                for identity, key in keys.items()
            },
        )
    else:
        from ocpp16.apps.pki_maker import make_pki  # noqa: PLC0415 - heavy, an extra

        with TemporaryDirectory(prefix="ocpp16-demo-") as name:
            folder = Path(name)
            make_pki(folder, now=now, charge_points={each: f"SN-{each}" for each in identities})
            pki = Pki(folder)
            yield DemoSecurity(
                profile,
                pki.server_security({profile}, MemoryCredentials(keys)),
                {
                    identity: pki.station_security(identity, profile, key)
                    for identity, key in keys.items()
                },
            )
