"""`ocpp16 charge-point` and `ocpp16 central-system --authority` over TLS, by the control API."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

pytest.importorskip("cryptography")
pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

from cryptography import x509

from ocpp16 import CentralSystem, StationSecurity
from ocpp16.apps.charge_point.fleet import Orders, run_fleet
from ocpp16.apps.charge_point.managed import is_managed, key_store, managed
from ocpp16.apps.charge_point.session import Plan
from ocpp16.apps.charge_point.simulator import Hardware
from ocpp16.apps.pki import Pki
from ocpp16.apps.pki_maker import make_pki
from ocpp16.apps.security_commands import certificate_authority
from ocpp16.errors import InvalidMessage
from ocpp16.messages import SignCertificateRequest
from ocpp16.security.certificate_hash import certificate_hash_data
from ocpp16.security.credentials import MemoryCredentials
from ocpp16.security.key_store import FileKeyStore, MemoryKeyStore
from ocpp16.settings import Settings
from tests.apps.central_app import App, central_app, problem
from tests.apps.doubles import Ears
from tests.parties import BOOT, make_station, run, until

CALLS = "/charge-points/CP1/calls"
QUICK = Settings(reconnect_wait=timedelta(0), drain_timeout=timedelta(0))
KEY = "00010203040506070809" * 2


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    make_pki(tmp_path / "pki", now=datetime.now(UTC))
    return Pki(tmp_path / "pki")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The serial number of each certificate that the central system was shown."""
    found: list[str | None] = []
    admit = CentralSystem.admit

    async def looking(self: CentralSystem, handshake: Any, security: Any = None) -> Any:
        certificate = handshake.certificate
        found.append(None if certificate is None else certificate.serial_number.lstrip("0"))
        return await admit(self, handshake, security)

    monkeypatch.setattr(CentralSystem, "admit", looking)
    return found


@asynccontextmanager
async def site(folder: Path, pki: Pki, profile: int = 3) -> AsyncIterator[tuple[App, Path]]:
    """Run the app, and a simulated charge point that stays."""
    credentials = MemoryCredentials({"CP1": KEY}) if profile == 2 else None
    security = pki.server_security({profile}, credentials)
    authority = certificate_authority(pki.folder, security)
    state = folder / "state"
    async with central_app(
        folder, json="wss://localhost:0/ocpp", soap=None, security=security, authority=authority
    ) as app:
        stop = asyncio.Event()
        playing = asyncio.create_task(
            run_fleet(
                Hardware(identity="CP1"),
                app.urls["json"],
                Orders(
                    plan=Plan(stay=True, speed=1000, duration=timedelta(minutes=1)),
                    state=state,
                    pki=pki.folder,
                ),
                tell=Ears(),
                stop=stop,
                security=lambda identity: pki.station_security(
                    identity, profile, KEY if profile == 2 else None
                ),
                settings=QUICK,
            )
        )
        try:
            await _accepted(app)
            yield app, state
        finally:
            stop.set()
            await playing


async def _accepted(app: App) -> None:
    async with asyncio.timeout(30):
        while True:
            found = (await app.get("/charge-points"))["chargePoints"]
            if found and found[0]["connected"] and found[0]["registration"] == "Accepted":
                return
            await asyncio.sleep(0.01)


async def call(app: App, action: str, body: Any) -> Any:
    answer = await app.ask("POST", f"{CALLS}/{action}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_certificate_is_renewed_by_the_control_api(
    tmp_path: Path, pki: Pki, shown: list[str | None]
) -> None:
    async def main() -> None:
        first = x509.load_pem_x509_certificate(pki.charge_point("CP1").certificate.read_bytes())
        async with site(tmp_path, pki) as (app, state):
            assert shown == [f"{first.serial_number:X}"]
            wanted = {"requestedMessage": "SignChargePointCertificate"}
            assert await call(app, "ExtendedTriggerMessage", wanted) == {"status": "Accepted"}
            await until(lambda: len(shown) == 2, 30)
            record = (pki.folder / "issued.jsonl").read_text().splitlines()
            (issued,) = [json.loads(line) for line in record]
            assert shown[1] == issued["serialNumber"]
            assert issued["identity"] == "CP1"
            assert issued["commonName"] == "SN-CP1"
            await _accepted(app)
            (key,) = (state / "CP1-keys").glob("*.key")
            assert key.stat().st_mode & 0o777 == 0o600
            await until(lambda: "took a new certificate" in _texts(tmp_path), 10)

    run(main)


def _texts(folder: Path) -> str:
    with closing(sqlite3.connect(f"file:{folder / 'site.db'}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT text FROM central_event").fetchall()
    return "\n".join(text for (text,) in rows)


@pytest.mark.parametrize("profile", [2, 3])
def test_roots_are_managed_by_the_control_api(tmp_path: Path, pki: Pki, profile: int) -> None:
    async def main() -> None:
        root, maker = (pair.certificate.read_text() for pair in (pki.root, pki.manufacturer_root))
        async with site(tmp_path, pki, profile) as (app, _):
            kind = {"certificateType": "ManufacturerRootCertificate"}
            assert await call(app, "GetInstalledCertificateIds", kind) == {"status": "NotFound"}
            install = {**kind, "certificate": maker}
            assert await call(app, "InstallCertificate", install) == {"status": "Accepted"}
            listed = await call(app, "GetInstalledCertificateIds", kind)
            named = certificate_hash_data(maker)
            assert listed == {
                "status": "Accepted",
                "certificateHashData": [
                    {
                        "hashAlgorithm": "SHA256",
                        "issuerNameHash": named.issuer_name_hash,
                        "issuerKeyHash": named.issuer_key_hash,
                        "serialNumber": named.serial_number,
                    }
                ],
            }
            delete = {"certificateHashData": listed["certificateHashData"][0]}
            assert await call(app, "DeleteCertificate", delete) == {"status": "Accepted"}
            assert await call(app, "DeleteCertificate", delete) == {"status": "NotFound"}
            kind = {"certificateType": "CentralSystemRootCertificate"}
            (system,) = (await call(app, "GetInstalledCertificateIds", kind))["certificateHashData"]
            assert system["issuerKeyHash"] == certificate_hash_data(root).issuer_key_hash
            delete = {"certificateHashData": system}
            assert await call(app, "DeleteCertificate", delete) == {"status": "Failed"}

    run(main)


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("InstallCertificate", {"certificateType": "ManufacturerRootCertificate"}),
        ("GetInstalledCertificateIds", {"certificateType": "ManufacturerRootCertificate"}),
        ("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"}),
    ],
)
def test_on_soap_there_are_no_such_actions(
    tmp_path: Path, action: str, body: dict[str, str]
) -> None:
    async def main() -> None:
        if action == "InstallCertificate":
            body["certificate"] = "x"
        async with (
            central_app(tmp_path) as app,
            app.connected(make_station(), "soap") as backend,
        ):
            await backend.call(BOOT)
            answer = await app.ask("POST", f"{CALLS}/{action}", body)
            assert problem(answer) == (422, "invalid-request")
            assert "has no such message" in answer.json()["detail"]
            # Nor the other way round: nothing leaves.
            with pytest.raises(InvalidMessage):
                await backend.call(SignCertificateRequest(csr="x"))

    run(main)


def test_without_an_authority_requests_are_rejected(tmp_path: Path, pki: Pki) -> None:
    assert certificate_authority(None, None) is None
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(typer.BadParameter, match="--authority: "):
            certificate_authority(folder, None)
    # Without profile 3 the folder itself tells whose serial number it is.
    assert certificate_authority(pki.folder, None) is not None


def test_what_a_simulated_charge_point_has_of_it(tmp_path: Path, pki: Pki) -> None:
    security = pki.station_security("CP1", 3)
    assert is_managed("wss://x/ocpp", security)
    assert not is_managed("https://x/ocpp", security)
    assert not is_managed("wss://x/ocpp", None)
    assert not is_managed("ws://x/ocpp", StationSecurity(profile=1, authorization_key=KEY))
    hardware = managed(Hardware(identity="CP1"), security, pki.folder)
    assert hardware.serial_number == "SN-CP1"
    assert hardware.configuration == {"SecurityProfile": "3", "CpoName": "Example Operator"}
    for folder in (None, tmp_path):
        hardware = managed(Hardware(identity="CP1"), security, folder)
        assert (hardware.serial_number, hardware.has_extension) == (None, True)
        assert hardware.configuration == {"SecurityProfile": "3"}
    assert isinstance(key_store(tmp_path, "a/b"), FileKeyStore)
    assert (tmp_path / "a%2Fb-keys").is_dir()
    store = key_store(None, "CP1")
    assert isinstance(store, MemoryKeyStore)
    store.close()
