"""What a charge point is given when it starts, where that is more than a central system manages."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

pytest.importorskip("cryptography")

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from ocpp16.apps.charge_point.managed import managed
from ocpp16.apps.charge_point.simulator import Hardware, Simulator
from ocpp16.enums import InstallCertificateStatus
from ocpp16.roles.charge_point import ChargePoint
from ocpp16.security.key_store import MemoryKeyStore
from ocpp16.transports.system_clock import SystemClock
from tests.parties import run
from tests.security.authority import KEY, certificate_of, new_ec, new_rsa, subject
from tests.security.test_certificate_rotation import SETTINGS, Site, serial_of

DAY = timedelta(days=1)


def strangers(count: int, key: Any = None) -> str:
    key, found = new_ec() if key is None else key, []
    for number in range(count):
        name = subject([f"Stranger {number}"], "Strangers")
        builder = certificate_of(name, key, -DAY, DAY, ca=True).issuer_name(name)
        found.append(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode())
    return "".join(found)


@pytest.mark.parametrize("count", [2, 150])
def test_roots_may_be_the_bundle_of_a_machine(tmp_path: Path, count: int) -> None:
    async def main() -> None:
        site = Site(tmp_path, {2, 3})
        bundle = tmp_path / "bundle.pem"
        bundle.write_text(strangers(count) + site.pki.root.certificate.read_text())
        security = attrs.evolve(site.pki.station_security("CP1", 2, KEY), roots=bundle)
        simulator = Simulator(
            managed(Hardware(identity="CP1"), security, site.pki.folder),
            ChargePoint("CP1", settings=SETTINGS, random=lambda: 0.0),
            clock=SystemClock(),
            keys=MemoryKeyStore(),
            security=security,
        )
        async with site.central.serve(json="wss://localhost:0/ocpp") as endpoint:
            url = endpoint.urls.json
            async with simulator.connect_to(url, security=security):
                await site.there()
                # It can be given roots all the same, and goes by them from then on.
                root = site.pki.root.certificate.read_text()
                assert await site.install(root) is InstallCertificateStatus.ACCEPTED
                await site.cut()
                assert simulator.station.wallet is not None

    run(main)


@pytest.mark.parametrize(
    "more",
    [
        strangers(1, new_rsa(1024)),
        "-----BEGIN CERTIFICATE-----\nAAAA",
    ],
    ids=["a weak certificate", "half of one"],
)
def test_what_comes_along_with_a_certificate_and_is_not_needed_does_no_harm(
    tmp_path: Path, more: str
) -> None:
    async def main() -> None:
        site = Site(tmp_path)
        sign = site.authority.sign

        async def careless(csr: str, identity: str) -> str:
            return str(await sign(csr, identity)) + more

        site.authority.sign = careless
        async with (
            site.central.serve(json="wss://localhost:0/ocpp") as server,
            site.station(server.urls.json),
        ):
            # TLS would not load either.
            await site.renewed()
            assert site.shown[1:] == site.issued

    run(main)


def test_a_certificate_whose_key_is_lost_is_let_go(tmp_path: Path) -> None:
    async def main() -> None:
        site = Site(tmp_path)
        first = serial_of(site.pki.charge_point("CP1").certificate)
        async with site.central.serve(json="wss://localhost:0/ocpp") as server:
            url = server.urls.json
            async with site.station(url):
                await site.renewed()
                await site.renewed()
            assert site.shown == [first, *site.issued]
            # The newest is gone, then the other one too.
            for left in (1, 0):
                newest = max(site.keys, key=lambda path: path.stat().st_mtime_ns)
                newest.unlink()
                async with site.station(url) as station:
                    assert site.shown[-1] == (site.issued[0] if left else first)
                    assert len(site.keys) == left
                    await station.settled()
                    assert site.events.count("InvalidChargePointCertificate") == 2 - left

    run(main)
