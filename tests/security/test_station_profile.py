"""SecurityProfile of a station: raised by its central system, over restarts, and back. W A05."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ocpp16 import CentralSystem, ConnectionRefused, StationSecurity, messages
from ocpp16.enums import ConfigurationStatus
from ocpp16.security_event import SecurityEvent
from ocpp16.station.link import LINK_KIND
from ocpp16.station.station import Station
from ocpp16.storage import Change, MemoryStationStorage
from tests.parties import make_station, run, until
from tests.security.authority import Authority
from tests.security.serving import keys
from tests.security.test_station_events import make, noted, site

RAISE = messages.ChangeConfigurationRequest(key="SecurityProfile", value="2")


class Site:
    """A central system with a port for profile 1 and one for profile 2."""

    def __init__(self, authority: Authority, central: CentralSystem, plain: str, tls: str) -> None:
        self.authority = authority
        self.central = central
        self.plain = plain
        self.tls = tls
        self.storage = MemoryStationStorage()

    def station(self) -> Station:
        return make(self.storage, security_for=self.security_for, has_system_root=lambda: True)

    def security_for(self, profile: int) -> tuple[StationSecurity, str | None]:
        return self.authority.station(profile), self.tls if profile > 1 else self.plain

    @asynccontextmanager
    async def connected(self, profile: int) -> AsyncIterator[Station]:
        """Run a station that was set up with profile 1, until it is accepted on another one."""
        station = self.station()
        async with station.connected(self.plain, security=self.authority.station(1)):
            await until(
                lambda: (
                    station.is_accepted
                    and station.backend is not None
                    and station.is_connected
                    and station.backend.info.security_profile == profile
                ),
                seconds=15,
            )
            yield station


@asynccontextmanager
async def opened(authority: Authority) -> AsyncIterator[Site]:
    central, _ = site()
    credentials = keys()
    one = authority.server(1, credentials=credentials)
    two = authority.server(2, credentials=credentials)
    async with (
        central.serve(json="ws://localhost:0/ocpp", security=one) as plain,
        central.serve(json="wss://localhost:0/ocpp", security=two) as tls,
    ):
        yield Site(authority, central, plain.urls.json, tls.urls.json)


def test_a_profile_that_worked_is_used_after_a_restart(authority: Authority) -> None:
    async def main() -> None:
        async with opened(authority) as place:
            async with place.connected(1) as station:
                before = await place.central.wait_for("CP1", registered=True, timeout=5)
                answer = await before.call(RAISE)
                assert answer.status is ConfigurationStatus.ACCEPTED
                # A05.06, .07: it disconnects, and comes back with the new one.
                await until(
                    lambda: (
                        station.is_connected
                        and station.backend is not None
                        and station.backend.info.security_profile == 2
                    )
                )
                await until(lambda: dict(place.storage.read(LINK_KIND)) == {"profile": 2})
                kind = SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS
                assert kind in noted(station)
            async with place.connected(2) as station:
                assert station.configuration.text("SecurityProfile") == "2"
                # A05.01 and A00.005: never lower, nor the same again.
                peer = place.central.peers["CP1"]
                for value in ("0", "1", "2"):
                    request = messages.ChangeConfigurationRequest(
                        key="SecurityProfile", value=value
                    )
                    assert (await peer.call(request)).status is ConfigurationStatus.REJECTED
            # A05.09: the central system takes no lower one any more.
            with pytest.raises(ConnectionRefused, match="403"):
                async with make_station().connect(place.plain, security=authority.station(1)):
                    pass

    run(main)


@pytest.mark.parametrize("works", [True, False])
def test_a_profile_that_was_set_before_a_power_cut_is_tried_or_given_up(
    authority: Authority, works: bool
) -> None:
    async def main() -> None:
        async with opened(authority) as place:
            # As the answer Accepted leaves it: nobody has connected with it yet.
            place.storage.write([Change("configuration", "securityprofile", "2")])
            assert place.station().configuration.text("SecurityProfile") == "2"
            if not works:
                place.tls += "/elsewhere"
            due = 2 if works else 1
            async with place.connected(due) as station:
                assert station.configuration.text("SecurityProfile") == str(due)
            async with place.connected(due) as station:
                assert station.configuration.text("SecurityProfile") == str(due)

    run(main)


def test_what_cannot_be_raised_is_rejected_and_nothing_changes(authority: Authority) -> None:
    async def main() -> None:
        async with opened(authority) as place, place.connected(1) as station:
            peer = await place.central.wait_for("CP1", registered=True, timeout=5)
            for value in ("1", "3", "4", "x"):
                request = messages.ChangeConfigurationRequest(key="securityPROFILE", value=value)
                # 3 needs a certificate of its own, which it has not (A05.04).
                assert (await peer.call(request)).status is ConfigurationStatus.REJECTED
            assert place.central.peers["CP1"] is peer
            assert station.configuration.text("SecurityProfile") == "1"

    run(main)


def test_a_key_that_was_changed_is_used_with_a_higher_profile_too(authority: Authority) -> None:
    async def main() -> None:
        async with opened(authority) as place, place.connected(1) as station:
            first = await place.central.wait_for("CP1", registered=True, timeout=5)
            await place.central.rotate_key("CP1", bytes(range(16)))
            await until(lambda: place.central.peers.get("CP1") not in {None, first})
            peer = await place.central.wait_for("CP1", registered=True, timeout=5)
            assert (await peer.call(RAISE)).status is ConfigurationStatus.ACCEPTED
            await until(
                lambda: (
                    station.is_connected
                    and station.backend is not None
                    and station.backend.info.security_profile == 2
                )
            )
            assert station.configuration.text("SecurityProfile") == "2"

    run(main)


@pytest.mark.parametrize(
    "what",
    [
        lambda authority: (authority.station(2), "ws://localhost:1/ocpp"),
        lambda authority: (authority.station(2, roots=Path("nowhere.pem")), "wss://localhost:1/"),
        lambda authority: fail(ValueError("nobody knows where")),
        lambda authority: fail(OSError("the flash is worn out")),
    ],
    ids=["a URL that does not fit", "no file of roots", "a ValueError", "an OSError"],
)
def test_a_profile_that_cannot_be_tried_is_rejected(
    authority: Authority, what: Callable[[Authority], tuple[StationSecurity, str]]
) -> None:
    async def main() -> None:
        async with opened(authority) as place:
            place.security_for = lambda profile: what(authority)  # type: ignore[method-assign]
            async with place.connected(1) as station:
                peer = await place.central.wait_for("CP1", registered=True, timeout=5)
                assert (await peer.call(RAISE)).status is ConfigurationStatus.REJECTED
                assert station.configuration.text("SecurityProfile") == "1"
                assert place.central.peers["CP1"] is peer

    run(main)


def fail(error: Exception) -> tuple[StationSecurity, str]:
    raise error
