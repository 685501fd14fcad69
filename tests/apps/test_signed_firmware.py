"""Firmware and logs between our central system and our station, over real sockets. W L01, N01."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import attrs
import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")
pytest.importorskip("cryptography")

from ocpp16 import ChargePoint
from ocpp16.apps.central_system import Files
from ocpp16.apps.charge_point.file_workshop import FileWorkshop
from ocpp16.messages import SecurityEventNotificationRequest, SignedUpdateFirmwareRequest
from ocpp16.security.firmware_signature import sign_firmware
from ocpp16.security.key_store import MemoryKeyStore
from ocpp16.station import firmware
from ocpp16.station.model import Model
from ocpp16.station.station import Station
from ocpp16.station.workshop import NotInstallable, RebootNeeded
from ocpp16.transports.file_transfer import FileTransfer, TransferRules
from ocpp16.transports.system_clock import SystemClock
from tests.apps.central_app import App, central_app
from tests.parties import run, until
from tests.security.authority import Authority, make_authority
from tests.station.bench import Machinery
from tests.station.parts import Disk

IMAGE = bytes(range(256)) * 4000
ONE = "/charge-points/CP1"
RULES = TransferRules(
    hosts={"127.0.0.1"}, networks=(ip_network("127.0.0.0/8"),), size_limit=2_000_000
)
SIGNED_UP = ["Downloading", "Downloaded", "SignatureVerified", "Installing"]
LOG = {"logType": "SecurityLog", "retries": 0}


class Shop(FileWorkshop):
    """One that installs as a test says."""

    ends: list[Exception]

    async def install(self, order: firmware.Order) -> str:
        version = await super().install(order)
        if self.ends:
            raise self.ends.pop(0)
        return version


@attrs.frozen
class Site:
    app: App
    maker: Authority
    folder: Path
    shop: Shop

    async def put(self, content: bytes = IMAGE, signer: str = "firmware") -> None:
        """Put an image there, with its signature."""
        answer = await self.app.ask("PUT", "/firmware/v2.bin", content)
        assert answer.status_code == 200, answer.text
        (self.folder / "v2.bin").write_bytes(content)
        signature, certificate = sign_firmware(self.folder / "v2.bin", self.maker.pair(signer))
        body = {"signature": signature, "signingCertificate": certificate}
        answer = await self.app.ask("PUT", "/firmware/v2.bin/signature", body)
        assert answer.status_code == 200, answer.text

    async def ask(self, what: str, **body: Any) -> dict[str, Any]:
        answer = await self.app.ask("POST", f"{ONE}/{what}", body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def told(self, number: int, last: str) -> list[str]:
        """Return the statuses of a job, once it has come to the last."""
        async with asyncio.timeout(20):
            while True:
                job = await self.app.get(f"/jobs/{number}")
                if job["status"] == last:
                    return [step["status"] for step in job["history"]]
                await asyncio.sleep(0.01)


@asynccontextmanager
async def working(folder: Path) -> AsyncIterator[Site]:
    (folder / "maker").mkdir()
    maker = make_authority(folder / "maker")
    maker.issue("firmware", "Firmware")
    revoked = maker.revocations(maker.issue("revoked", "Revoked"))
    (folder / "foreign").mkdir()
    foreign = make_authority(folder / "foreign")
    pair = foreign.issue("foreign", "Foreign")
    for source, target in ((pair.certificate, "foreign.pem"), (pair.key, "foreign.key")):
        (folder / "maker" / target).write_bytes(source.read_bytes())
    clock, shop_folder = SystemClock(), folder / "station"
    shop_folder.mkdir()
    shop = Shop(FileTransfer(RULES), shop_folder, clock, maker.root, revoked)
    shop.ends = []
    files = Files(folder=folder / "files", address="127.0.0.1:0")
    async with central_app(folder, files=files) as app:
        station = Station(
            ChargePoint("CP1", random=lambda: 0.0),
            Model(connectors=1, has_security_extension=True),
            Machinery(),
            Disk(),
            workshop=shop,
            keys=MemoryKeyStore(),
        )
        running = asyncio.create_task(station.run(app.urls["json"]))
        try:
            await until(lambda: "StartupOfTheDevice" in security_events(app), 20)
            yield Site(app, maker, folder, shop)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def security_events(app: App) -> list[str]:
    return [
        exchange.request.type
        for exchange in app.ears.exchanges
        if isinstance(exchange.request, SecurityEventNotificationRequest)
    ]


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ([], [*SIGNED_UP, "Installed"]),
        ([NotInstallable("a checksum")], [*SIGNED_UP, "InstallVerificationFailed"]),
        ([OSError("the flash is worn out")], [*SIGNED_UP, "InstallationFailed"]),
        ([RebootNeeded("v2")], [*SIGNED_UP, "InstallRebooting", "Installed"]),
        (
            [RebootNeeded("v2"), OSError("it did not start")],
            [*SIGNED_UP, "InstallRebooting", "InstallationFailed"],
        ),
    ],
)
def test_a_signed_update(tmp_path: Path, ends: list[Exception], told: list[str]) -> None:
    async def main() -> None:
        async with working(tmp_path) as site:
            await site.put()
            site.shop.ends = list(ends)
            job = await site.ask("firmware", image="v2.bin", retries=0)
            assert job["answer"] == "Accepted"
            assert await site.told(job["job"], told[-1]) == told
            assert (tmp_path / "station" / "firmware.bin").read_bytes() == IMAGE
            if told[-1] == "Installed":
                await until(lambda: "FirmwareUpdated" in security_events(site.app), 20)

    run(main)


@pytest.mark.parametrize(
    ("signer", "answer"), [("foreign", "InvalidCertificate"), ("revoked", "RevokedCertificate")]
)
def test_a_signer_that_is_not_trusted(tmp_path: Path, signer: str, answer: str) -> None:
    async def main() -> None:
        async with working(tmp_path) as site:
            await site.put(signer=signer)
            job = await site.ask("firmware", image="v2.bin")
            assert job["answer"] == answer
            event = "InvalidFirmwareSigningCertificate"
            await until(lambda: event in security_events(site.app), 20)
            assert (await site.app.get(f"/jobs/{job['job']}"))["history"] == []
            assert not (tmp_path / "station" / "firmware.bin").exists()

    run(main)


def test_a_root_of_the_maker_that_is_installed_counts_and_one_that_is_deleted_does_not(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with working(tmp_path) as site:
            await site.put(signer="foreign")
            job = await site.ask("firmware", image="v2.bin", retries=0)
            assert job["answer"] == "InvalidCertificate"
            root = (tmp_path / "foreign" / "root.pem").read_text()
            kind = "ManufacturerRootCertificate"
            body = {"certificateType": kind, "certificate": root}
            assert (await site.ask("calls/InstallCertificate", **body))["status"] == "Accepted"
            job = await site.ask("firmware", image="v2.bin", retries=0)
            assert job["answer"] == "Accepted"
            assert await site.told(job["job"], "Installed") == [*SIGNED_UP, "Installed"]
            # It has started anew, and is there again.
            await until(lambda: security_events(site.app).count("StartupOfTheDevice") == 2, 20)
            listed = await site.ask("calls/GetInstalledCertificateIds", certificateType=kind)
            (named,) = listed["certificateHashData"]
            body = {"certificateHashData": named}
            assert (await site.ask("calls/DeleteCertificate", **body))["status"] == "Accepted"
            job = await site.ask("firmware", image="v2.bin", retries=0)
            assert job["answer"] == "InvalidCertificate"

    run(main)


def test_an_image_that_was_changed_after_it_was_signed(tmp_path: Path) -> None:
    async def main() -> None:
        async with working(tmp_path) as site:
            await site.put()
            (tmp_path / "files" / "firmware" / "v2.bin").write_bytes(IMAGE + b"x")
            job = await site.ask("firmware", image="v2.bin")
            told = await site.told(job["job"], "InvalidSignature")
            assert told == ["Downloading", "Downloaded", "InvalidSignature"]
            event = "InvalidFirmwareSignature"
            await until(lambda: event in security_events(site.app), 20)

    run(main)


def test_an_image_that_cannot_be_fetched(tmp_path: Path) -> None:
    async def main() -> None:
        async with working(tmp_path) as site:
            await site.put(b"x" * 2_000_001)
            job = await site.ask("firmware", image="v2.bin", retries=0)
            told = await site.told(job["job"], "DownloadFailed")
            assert told == ["Downloading", "DownloadFailed"]
            assert list((tmp_path / "station").iterdir()) == []

    run(main)


def test_another_update_cancels_the_first(tmp_path: Path) -> None:
    async def main() -> None:
        async with working(tmp_path) as site:
            await site.put()
            first = await site.ask("firmware", image="v2.bin", retrieveDate="2090-01-01T00:00:00Z")
            assert await site.told(first["job"], "DownloadScheduled") == ["DownloadScheduled"]
            second = await site.ask("firmware", image="v2.bin")
            assert second["answer"] == "AcceptedCanceled"
            assert await site.told(second["job"], "Installed") == [*SIGNED_UP, "Installed"]
            assert (await site.app.get(f"/jobs/{first['job']}"))["status"] == "DownloadScheduled"

    run(main)


# Logs


@pytest.mark.parametrize("kind", ["SecurityLog", "DiagnosticsLog"])
def test_logs_arrive(tmp_path: Path, kind: str) -> None:
    async def main() -> None:
        async with working(tmp_path) as site:
            is_security = kind == "SecurityLog"
            job = await site.ask("log", logType=kind)
            assert await site.told(job["job"], "Uploaded") == ["Uploading", "Uploaded"]
            text = (await site.app.ask("GET", f"/jobs/{job['job']}/file")).text
            inside = {
                "SecurityLog": "StartupOfTheDevice",
                "DiagnosticsLog": "registration Accepted",
            }
            assert inside[kind] in text
            # N01: only what lies between the two instants.
            bounds = {"oldestTimestamp": "2001-01-01T00:00:00Z"}
            bounds["latestTimestamp"] = "2002-01-01T00:00:00Z"
            job = await site.ask("log", logType=kind, **bounds)
            await site.told(job["job"], "Uploaded")
            text = (await site.app.ask("GET", f"/jobs/{job['job']}/file")).text
            assert (text == "") is is_security

    run(main)


@pytest.mark.parametrize(
    ("location", "status"),
    [
        ("http://other.example/", "PermissionDenied"),
        ("http://127.0.0.1:1/", "UploadFailure"),
        ("nonsense", "BadMessage"),
        ("FIRMWARE", "NotSupportedOperation"),
    ],
)
def test_logs_that_cannot_be_sent(tmp_path: Path, location: str, status: str) -> None:
    async def main() -> None:
        async with working(tmp_path) as site:
            await site.put()
            where = location
            if location == "FIRMWARE":
                far = "2090-01-01T00:00:00Z"
                await site.ask("firmware", image="v2.bin", retrieveDate=far)
                (sent,) = (
                    exchange.request
                    for exchange in site.app.ears.exchanges
                    if isinstance(exchange.request, SignedUpdateFirmwareRequest)
                )
                # A place where nothing can be put.
                where = sent.firmware.location.rpartition("/")[0]
            body = {**LOG, "requestId": 77, "log": {"remoteLocation": where}}
            answer = await site.app.ask("POST", f"{ONE}/calls/GetLog", body)
            assert answer.json()["status"] == "Accepted"
            (job, *_) = (await site.app.get("/jobs"))["jobs"]
            assert await site.told(job["job"], status) == ["Uploading", status]

    run(main)
