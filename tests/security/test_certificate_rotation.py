"""Certificates of a charge point renewed and rooted anew, over real TLS links."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from ocpp16 import CentralSystem, ChargePoint, MemoryCredentials, PeerInfo, messages
from ocpp16.apps.charge_point.managed import managed
from ocpp16.apps.charge_point.simulator import Hardware, Simulator
from ocpp16.apps.pki import Pki
from ocpp16.apps.pki_maker import make_pki
from ocpp16.datatypes import CertificateHashData
from ocpp16.enums import (
    CertificateUse,
    ConfigurationStatus,
    DeleteCertificateStatus,
    ExtendedMessageTrigger,
    GetInstalledCertificateStatus,
    InstallCertificateStatus,
    RegistrationStatus,
    TriggerMessageStatus,
)
from ocpp16.roles.certificate_signing import CertificateSigning, Outcome, Signed
from ocpp16.roles.event import Event, NotLetIn
from ocpp16.roles.peer import Peer
from ocpp16.security.admission import Handshake, Refusal
from ocpp16.security.certificate_hash import certificate_hash_data
from ocpp16.security.file_authority import FileAuthority
from ocpp16.security.key_store import FileKeyStore
from ocpp16.settings import Settings
from ocpp16.station.model import Model
from ocpp16.station.station import Station
from ocpp16.store.station import StationFile
from ocpp16.transports.system_clock import SystemClock
from tests.parties import run, until
from tests.security.authority import KEY, Authority, certificate_of, make_authority
from tests.station.bench import Machinery

SETTINGS = Settings(reconnect_wait=timedelta(0), drain_timeout=timedelta(0))
OWNER = "Example Operator"
SYSTEM = CertificateUse.CENTRAL_SYSTEM_ROOT_CERTIFICATE
RENEW = messages.ExtendedTriggerMessageRequest(
    requested_message=ExtendedMessageTrigger.SIGN_CHARGE_POINT_CERTIFICATE
)


class Site:
    """A central system on TLS with an authority, and what it has seen."""

    def __init__(self, folder: Path, profiles: Collection[int] = (3,)) -> None:
        self.folder = folder / "pki"
        make_pki(self.folder, now=datetime.now(UTC))
        self.pki = Pki(self.folder)
        self.shown: list[str] = []
        self.unwanted: set[str] = set()
        self.not_let_in: list[str] = []
        self.events: list[str] = []
        self.outcomes: list[Outcome] = []
        self.central = CentralSystem(
            settings=SETTINGS,
            security=self.pki.server_security(
                profiles, MemoryCredentials({"CP1": KEY}) if 2 in profiles else None
            ),
            admission=self._look,
        )
        self.central.on(messages.BootNotificationRequest)(self._boot)
        self.central.on(messages.SecurityEventNotificationRequest)(self._take_event)
        self.central.on(messages.StatusNotificationRequest)(self._take_status)
        self.authority: Any = FileAuthority(
            self.folder,
            organizations=OWNER,
            serial_numbers=self.pki.serial_numbers,
            now=lambda: datetime.now(UTC),
        )
        self.signing = CertificateSigning(self.central, self.authority, told=self.outcomes.append)
        self.state = folder / "state"
        self.state.mkdir(exist_ok=True)

    async def _look(self, handshake: Handshake) -> PeerInfo | Refusal:
        if handshake.certificate is None:
            self.shown.append("password")
            return handshake.admit(security_profile=2)
        number = handshake.certificate.serial_number.lstrip("0")
        self.shown.append(number)
        if number in self.unwanted:
            return Refusal(403, "not this one")
        return handshake.admit(security_profile=3)

    def move(self, authority: Authority) -> None:
        """Let the central system show certificates of another authority."""
        for ours, theirs in zip(self.pki.central_system, authority.central, strict=True):
            ours.certificate.write_bytes(theirs.certificate.read_bytes())
            ours.key.write_bytes(theirs.key.read_bytes())

    async def installed(self, use: CertificateUse = SYSTEM) -> list[CertificateHashData]:
        peer = await self.there()
        request = messages.GetInstalledCertificateIdsRequest(certificate_type=use)
        answer = await peer.call(request)
        found = list(answer.certificate_hash_data or ())
        is_there = answer.status is GetInstalledCertificateStatus.ACCEPTED
        assert is_there is bool(found)
        return found

    async def install(self, pem: str, use: CertificateUse = SYSTEM) -> InstallCertificateStatus:
        peer = await self.there()
        request = messages.InstallCertificateRequest(certificate_type=use, certificate=pem)
        return (await peer.call(request)).status

    async def delete(self, named: CertificateHashData) -> DeleteCertificateStatus:
        peer = await self.there()
        request = messages.DeleteCertificateRequest(certificate_hash_data=named)
        return (await peer.call(request)).status

    async def cut(self) -> None:
        """Let the charge point connect anew."""
        before = await self.there()
        before.close()
        await until(lambda: self.central.peers.get("CP1") not in {None, before}, 20)
        await self.there()

    async def _boot(
        self, peer: Peer, request: messages.BootNotificationRequest
    ) -> messages.BootNotificationResponse:
        return messages.BootNotificationResponse(
            status=RegistrationStatus.ACCEPTED, current_time=datetime.now(UTC), interval=300
        )

    async def _take_event(
        self, peer: Peer, request: messages.SecurityEventNotificationRequest
    ) -> messages.SecurityEventNotificationResponse:
        self.events.append(str(request.type))
        return messages.SecurityEventNotificationResponse()

    async def _take_status(
        self, peer: Peer, request: messages.StatusNotificationRequest
    ) -> messages.StatusNotificationResponse:
        return messages.StatusNotificationResponse()

    @property
    def issued(self) -> list[str]:
        path = self.folder / "issued.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line)["serialNumber"] for line in lines]

    @property
    def keys(self) -> list[Path]:
        return sorted((self.state / "keys").glob("*.key"))

    @asynccontextmanager
    async def simulator(self, url: str) -> AsyncIterator[Simulator]:
        """A simulated charge point that was delivered with a password alone."""
        file = StationFile(self.state / "station")
        security = self.pki.station_security("CP1", 2, KEY)
        simulator = Simulator(
            managed(Hardware(identity="CP1"), security, self.pki.folder),
            ChargePoint("CP1", settings=SETTINGS, random=lambda: 0.0),
            clock=SystemClock(),
            storage=file,
            keys=FileKeyStore(self.state / "keys"),
            security=security,
        )
        try:
            async with simulator.connect_to(url, security=security):
                yield simulator
        finally:
            file.close()

    @asynccontextmanager
    async def station(
        self, url: str, configuration: dict[str, str] | None = None
    ) -> AsyncIterator[Station]:
        file = StationFile(self.state / "station")
        role = ChargePoint("CP1", settings=SETTINGS, random=lambda: 0.0)
        role.on_event(self._note)
        station = Station(
            role,
            Model(
                has_security_extension=True,
                configuration={"CpoName": OWNER, **(configuration or {})},
            ),
            Machinery(),
            file,
            keys=FileKeyStore(self.state / "keys"),
        )
        security = self.pki.station_security("CP1", 3)
        try:
            async with station.connected(url, security=security):
                await self.there()
                yield station
        finally:
            file.close()

    def _note(self, event: Event) -> None:
        if isinstance(event, NotLetIn):
            self.not_let_in.append(str(event.event))

    async def there(self) -> Peer:
        return await self.central.wait_for("CP1", registered=True, timeout=20)

    async def renewed(self) -> None:
        """Have the certificate renewed, and wait until the charge point is back with it."""
        before, count = await self.there(), len(self.outcomes)
        answer = await before.call(RENEW)
        assert answer.status is TriggerMessageStatus.ACCEPTED
        await until(lambda: len(self.outcomes) > count, 20)
        assert self.outcomes[-1] == Signed("CP1", is_taken=True)
        await until(lambda: self.central.peers.get("CP1") not in {None, before}, 20)
        await self.there()


def serial_of(pem: Path) -> str:
    return f"{x509.load_pem_x509_certificate(pem.read_bytes()).serial_number:X}"


def test_a_certificate_is_renewed_shown_and_kept(tmp_path: Path) -> None:
    async def main() -> None:
        site = Site(tmp_path)
        async with site.central.serve(json="wss://localhost:0/ocpp") as server:
            async with site.station(server.urls.json):
                await site.renewed()
                first = serial_of(site.pki.charge_point("CP1").certificate)
                assert site.shown == [first, site.issued[0]]
                assert len(site.keys) == 1
                assert site.keys[0].stat().st_mode & 0o777 == 0o600
                assert (site.state / "keys").stat().st_mode & 0o777 == 0o700
                # A02.02: another renewal, another key; the certificate before stays for a month.
                await site.renewed()
                assert site.shown == [first, *site.issued]
                assert len(site.keys) == 2
            # It outlives a restart.
            async with site.station(server.urls.json):
                assert site.shown == [first, *site.issued, site.issued[1]]
                assert len(site.keys) == 2
        assert "InvalidChargePointCertificate" not in site.events

    run(main)


def test_a_certificate_that_the_central_system_does_not_want_gives_way(tmp_path: Path) -> None:
    async def main() -> None:
        site = Site(tmp_path)
        sign = site.authority.sign

        async def sign_what_is_not_wanted(csr: str, identity: str) -> str:
            chain: str = await sign(csr, identity)
            site.unwanted.update(site.issued)
            return chain

        site.authority.sign = sign_what_is_not_wanted
        async with (
            site.central.serve(json="wss://localhost:0/ocpp") as server,
            site.station(server.urls.json),
        ):
            await site.renewed()
            first = serial_of(site.pki.charge_point("CP1").certificate)
            assert site.shown == [first, *site.issued * 3, first]
            await until(lambda: "InvalidChargePointCertificate" in site.events)
            await until(lambda: not site.keys)

    run(main)


def test_a_certificate_of_somebody_else_is_not_taken(tmp_path: Path) -> None:
    async def main() -> None:
        site = Site(tmp_path)
        (tmp_path / "other").mkdir()
        other = make_authority(tmp_path / "other")
        site.authority = FileAuthority(
            other.folder,
            organizations=OWNER,
            serial_numbers=site.pki.serial_numbers,
            now=lambda: datetime.now(UTC),
        )
        site.signing._authority = site.authority
        async with (
            site.central.serve(json="wss://localhost:0/ocpp") as server,
            site.station(server.urls.json),
        ):
            peer = await site.there()
            assert (await peer.call(RENEW)).status is TriggerMessageStatus.ACCEPTED
            await until(lambda: site.outcomes, 20)
            assert site.outcomes == [Signed("CP1", is_taken=False)]
            await until(lambda: "InvalidChargePointCertificate" in site.events)
            assert site.central.peers["CP1"] is peer

    run(main)


def test_roots_are_installed_listed_and_deleted(tmp_path: Path) -> None:
    async def main() -> None:
        site = Site(tmp_path)
        (tmp_path / "other").mkdir()
        other = make_authority(tmp_path / "other", "Other Operator")
        async with site.central.serve(json="wss://localhost:0/ocpp") as server:
            async with site.station(server.urls.json) as station:
                ours = certificate_hash_data(site.pki.root.certificate.read_text())
                theirs = certificate_hash_data(other.root.read_text())
                maker = CertificateUse.MANUFACTURER_ROOT_CERTIFICATE
                assert await site.installed() == [ours]
                assert await site.installed(maker) == []
                leaf = site.pki.charge_point("CP1").certificate.read_text()
                rejected = InstallCertificateStatus.REJECTED
                assert await site.install("nothing") is rejected
                assert await site.install(leaf) is rejected
                accepted = InstallCertificateStatus.ACCEPTED
                assert await site.install(other.root.read_text()) is accepted
                assert await site.install(other.root.read_text(), maker) is accepted
                assert await site.installed() == [theirs, ours]
                assert await site.installed(maker) == [theirs]
                assert list(station.roots(maker)) == [other.root.read_text()]
                # The central system goes over to certificates of the other root.
                site.move(other)
                server.reload_certificates()
                await site.cut()
                assert await site.delete(theirs) is DeleteCertificateStatus.FAILED
                assert await site.delete(ours) is DeleteCertificateStatus.ACCEPTED
                assert await site.delete(ours) is DeleteCertificateStatus.NOT_FOUND
                own = certificate_hash_data(leaf, issuer=site.pki.root.certificate.read_text())
                assert await site.delete(own) is DeleteCertificateStatus.FAILED
                assert await site.installed() == [theirs]
            # Another run knows them, and not the one that it was delivered with.
            async with site.station(server.urls.json):
                assert await site.installed() == [theirs]
        # Two roots tried in one attempt are no attack.
        assert site.not_let_in == []

    run(main)


def test_with_the_check_a_root_replaces_the_one_that_signed_it(tmp_path: Path) -> None:
    async def main() -> None:
        site = Site(tmp_path)
        old = site.pki.root
        (tmp_path / "new").mkdir()
        new = make_authority(tmp_path / "new", "Example Operator of today")
        signer = load_pem_private_key(old.key.read_bytes(), None)
        new_root = signed_by(
            new, x509.load_pem_x509_certificate(old.certificate.read_bytes()), signer
        )
        configuration = {"AdditionalRootCertificateCheck": "true"}
        async with (
            site.central.serve(json="wss://localhost:0/ocpp") as server,
            site.station(server.urls.json, configuration),
        ):
            assert await site.install(new.root.read_text()) is InstallCertificateStatus.REJECTED
            assert await site.install(new_root) is InstallCertificateStatus.ACCEPTED
            assert len(await site.installed()) == 2
            # The central system still has the old one: the fallback does.
            await site.cut()
            assert len(await site.installed()) == 2
            site.move(new)
            server.reload_certificates()
            await site.cut()
            ours = certificate_hash_data(new_root, issuer=old.certificate.read_text())
            assert await site.installed() == [ours]

    run(main)


def test_a_certificate_raises_the_profile_for_good(tmp_path: Path) -> None:
    async def main() -> None:
        site = Site(tmp_path, (2, 3))
        raise_it = messages.ChangeConfigurationRequest(key="SecurityProfile", value="3")
        async with site.central.serve(json="wss://localhost:0/ocpp") as server:
            async with site.simulator(server.urls.json):
                peer = await site.there()
                assert peer.info.security_profile == 2
                # A05.04: not before it has one.
                rejected = ConfigurationStatus.REJECTED
                assert (await peer.call(raise_it)).status is rejected
                assert (await peer.call(RENEW)).status is TriggerMessageStatus.ACCEPTED
                await until(lambda: site.outcomes, 20)
                assert site.outcomes == [Signed("CP1", is_taken=True)]
                assert (await peer.call(raise_it)).status is ConfigurationStatus.ACCEPTED
                await until(lambda: site.central.peers.get("CP1") not in {None, peer}, 20)
                assert (await site.there()).info.security_profile == 3
                assert site.shown == ["password", *site.issued]
            # Another run begins with it, though it is told the old one.
            async with site.simulator(server.urls.json):
                assert (await site.there()).info.security_profile == 3
                await until(lambda: len(site.shown) == 3)
        assert site.shown == ["password", *site.issued * 2]

    run(main)


def signed_by(authority: Authority, issuer: x509.Certificate, key: Any) -> str:
    """Return a root with another one's signature."""
    its_own = authority.certificate
    builder = certificate_of(
        its_own.subject, authority.key, -timedelta(days=1), timedelta(days=60), ca=True
    )
    signed = builder.issuer_name(issuer.subject).sign(key, hashes.SHA256())
    return signed.public_bytes(Encoding.PEM).decode()
