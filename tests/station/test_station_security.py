"""A station whose AuthorizationKey is changed, on real sockets. SPEC 10, 13; W A01."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from ocpp16 import CentralSystem, ChargePoint, MemoryCredentials
from ocpp16.apps.back_office import BackOffice
from ocpp16.enums import ConfigurationStatus
from ocpp16.messages import ChangeConfigurationRequest, GetConfigurationRequest
from ocpp16.security.configuration import ServerSecurity, StationSecurity
from ocpp16.settings import Settings
from ocpp16.station.model import Model
from ocpp16.station.station import Station
from ocpp16.store.station import StationFile
from tests.apps.doubles import Ears
from tests.parties import ENDPOINT, run, until
from tests.station.bench import Machinery

KEY, NEW = bytes(range(20)), bytes(range(200, 220))
SETTINGS = Settings(reconnect_wait=timedelta(0), drain_timeout=timedelta(0))
SECURITY = StationSecurity(profile=1, authorization_key=KEY)


def make(file: StationFile) -> Station:
    return Station(ChargePoint("CP1", settings=SETTINGS), Model(), Machinery(), file)


def test_a_new_key_is_kept_and_used(tmp_path: Path) -> None:
    async def main() -> None:
        credentials = MemoryCredentials({"CP1": KEY})
        central = CentralSystem(
            security=ServerSecurity(profiles=1, credentials=credentials), settings=SETTINGS
        )
        office = BackOffice(now=central.clock.now, tell=Ears())
        office.register(central)
        file = StationFile(tmp_path / "s")
        async with central.serve(json=ENDPOINT) as server:
            url = server.urls.json
            station = make(file)
            async with station.connected(url, security=SECURITY):
                await station.until(lambda: station.is_accepted)
                await central.wait_for("CP1", registered=True, timeout=5)
                before = central.peers["CP1"]
                assert await central.rotate_key("CP1", NEW) is ConfigurationStatus.ACCEPTED
                await until(lambda: "CP1" in central.peers and central.peers["CP1"] is not before)
                await central.wait_for("CP1", registered=True, timeout=5)
                peer = central.peers["CP1"]
                shown = await peer.call(GetConfigurationRequest(key=("AuthorizationKey",)))
                assert shown.configuration_key is not None
                assert shown.configuration_key[0].value is None
                assert station.configuration.text("AuthorizationKey") == NEW.hex()
                assert office.charge_points["CP1"].boots == 1
            # Another run knows it, though it is told the old one.
            station = make(file)
            async with station.connected(url, security=SECURITY):
                await station.until(lambda: station.is_accepted)
        file.close()

    run(main)


@pytest.mark.parametrize("value", ["", "00" * 15, "zz" * 16])
def test_what_is_no_key_is_rejected(tmp_path: Path, value: str) -> None:
    async def main() -> None:
        central = CentralSystem(settings=SETTINGS)
        BackOffice(now=central.clock.now, tell=Ears()).register(central)
        file = StationFile(tmp_path / "s")
        station = make(file)
        async with central.serve(json=ENDPOINT) as server, station.connected(server.urls.json):
            await asyncio.wait_for(station.until(lambda: station.is_accepted), 10)
            peer = await central.wait_for("CP1", registered=True, timeout=5)
            request = ChangeConfigurationRequest(key="authorizationkey", value=value)
            assert (await peer.call(request)).status == "Rejected"
            request = ChangeConfigurationRequest(key="SecurityProfile", value="1")
            assert (await peer.call(request)).status == "NotSupported"
            assert station.configuration.text("AuthorizationKey") is None
        file.close()

    run(main)
