"""Certificates of a charge point renewed and rooted anew, over real TLS links."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ocpp16 import CentralSystem, ChargePoint, PeerInfo, messages
from ocpp16.apps.pki import Pki
from ocpp16.apps.pki_maker import make_pki
from ocpp16.enums import (
    CertificateUse,
    DeleteCertificateStatus,
    ExtendedMessageTrigger,
    GetInstalledCertificateStatus,
    InstallCertificateStatus,
    RegistrationStatus,
    TriggerMessageStatus,
)
from ocpp16.roles.certificate_signing import CertificateSigning, NotSigned, Outcome, Signed
from ocpp16.roles.peer import Peer
from ocpp16.security.admission import Handshake
from ocpp16.security.certificate_hash import certificate_hash_data
from ocpp16.security.file_authority import FileAuthority
from ocpp16.security.key_store import FileKeyStore
from ocpp16.settings import Settings
from ocpp16.station.model import Model
from ocpp16.station.station import Station
from ocpp16.store.station import StationFile
from tests.parties import run, until
from tests.security.authority import Authority, make_authority
from tests.station.bench import Machinery

SETTINGS = Settings(
    reconnect_wait=timedelta(0), drain_timeout=timedelta(0)
)
OWNER = "Example Operator"
SYSTEM = CertificateUse.CENTRAL_SYSTEM_ROOT_CERTIFICATE
RENEW = messages.ExtendedTriggerMessageRequest(
    requested_message=ExtendedMessageTrigger.SIGN_CHARGE_POINT_CERTIFICATE
)


class Site:
    """A central system on TLS with an authority, and what it has seen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "pki"
        make_pki(self.folder, now=datetime.now(UTC))
        self.pki = Pki(self.folder)
        self.shown: list[str] = []
        self.events: list[str] = []
        self.outcomes: list[Outcome] = []
        self.central = CentralSystem(
            settings=SETTINGS, security=self.pki.server_security({3}), admission=self._look
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

    async def _look(self, handshake: Handshake) -> PeerInfo:
        assert handshake.certificate is not None
        self.shown.append(handshake.certificate.serial_number.lstrip("0"))
        return handshake.admit()

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
    async def station(
        self, url: str, configuration: dict[str, str] | None = None
    ) -> AsyncIterator[Station]:
        file = StationFile(self.state / "station")
        station = Station(
            ChargePoint("CP1", settings=SETTINGS, random=lambda: 0.0),
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
