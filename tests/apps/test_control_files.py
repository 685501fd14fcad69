"""Files of a central system over real sockets: images, jobs, uploads, and the API before them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")
pytest.importorskip("cryptography")

from ocpp16 import messages
from ocpp16.apps.control_document import DOCUMENT
from ocpp16.apps.pki import Pki
from ocpp16.apps.pki_maker import make_pki
from ocpp16.apps.summary import payload_of, summarise
from ocpp16.enums import (
    DiagnosticsStatus,
    FirmwareStatus,
    LogStatus,
    SignedFirmwareStatus,
    UpdateFirmwareStatus,
    UploadLogStatus,
)
from ocpp16.security.firmware_signature import sign_firmware
from tests.apps.central_app import READ, central_app, problem
from tests.apps.file_desk import IMAGE, ONE, Given, desk, left, station
from tests.parties import BOOT, NOON, run

# Uploads


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize(
    ("tail", "name"),
    [
        ("d.txt", "d.txt"),
        ("", "diagnostics.txt"),
        (None, "diagnostics.txt"),
        ("a%20b%C3%BC.tar.gz", "a bü.tar.gz"),
        ("%252e%252e%252fetc", "%2e%2e%2fetc"),
    ],
)
def test_diagnostics_come_once(tmp_path: Path, method: str, tail: str | None, name: str) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            asked = await site.ask(
                "/diagnostics", {"retries": 2, "startTime": "2026-01-01T00:00:00Z"}
            )
            assert (asked["kind"], asked["answer"], asked["status"]) == (
                "diagnostics", "Accepted", None,
            )  # fmt: skip
            request = site.given.requests[-1]
            assert (request.retries, request.start_time.year) == (2, 2026)
            where = site.given.location
            assert where.endswith("/")
            url = where.rstrip("/") if tail is None else where + tail
            told = messages.DiagnosticsStatusNotificationRequest
            await site.backend.call(told(status=DiagnosticsStatus.UPLOADING))
            sent = await site.client.request(method, url, content=IMAGE)
            assert (sent.status_code, sent.content) == (201, b"")
            again = await site.client.request(method, url, content=b"other")
            assert again.status_code == 404
            await site.backend.call(told(status=DiagnosticsStatus.UPLOADED))
            found = await site.job(asked["job"])
            assert (found["file"], found["announcedFile"]) == (name, "diagnostics.txt")
            assert found["size"] == len(IMAGE)
            assert found["sha256"] == hashlib.sha256(IMAGE).hexdigest()
            assert [step["status"] for step in found["history"]] == ["Uploading", "Uploaded"]
            fetched = await site.app.ask("GET", f"/jobs/{asked['job']}/file", token=READ)
            assert fetched.content == IMAGE
            assert fetched.headers["content-type"] == "application/octet-stream"
            assert fetched.headers["content-disposition"].startswith("attachment")
            assert fetched.headers["x-content-type-options"] == "nosniff"
            assert left(tmp_path) == [str(asked["job"])]
            # What comes after is of no job, and an event like any other.
            await site.backend.call(told(status=DiagnosticsStatus.IDLE))
            assert (await site.job(asked["job"]))["status"] == "Uploaded"

    run(main)


def test_logs_are_told_by_their_request(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            order = {"logType": "SecurityLog", "oldestTimestamp": "2026-01-01T00:00:00Z"}
            first = await site.ask("/log", order)
            site.given.log = LogStatus.ACCEPTED_CANCELED
            second = await site.ask("/log", {"logType": "DiagnosticsLog"})
            one, two = site.given.requests
            assert (one.request_id, two.request_id) == (first["job"], second["job"])
            assert one.log.oldest_timestamp.year == 2026
            assert (one.log_type, two.log_type) == ("SecurityLog", "DiagnosticsLog")
            assert (first["answer"], second["answer"]) == ("Accepted", "AcceptedCanceled")
            assert first["announcedFile"] == "log.txt"
            told = messages.LogStatusNotificationRequest
            for status, number in (
                (UploadLogStatus.UPLOADING, two.request_id),
                (UploadLogStatus.UPLOAD_FAILURE, one.request_id),
                (UploadLogStatus.UPLOADED, two.request_id),
                (UploadLogStatus.UPLOADED, 999),
                (UploadLogStatus.UPLOADED, None),
                (UploadLogStatus.IDLE, one.request_id),
            ):
                await site.backend.call(told(status=status, request_id=number))
            assert await site.statuses(first["job"]) == ["UploadFailure"]
            assert await site.statuses(second["job"]) == ["Uploading", "Uploaded"]
            shown = await site.app.get("/jobs?kind=log&chargePoint=CP1&limit=1")
            assert [each["job"] for each in shown["jobs"]] == [second["job"]]
            assert shown["next"] == second["job"]

    run(main)


def test_nobody_sends_anything_without_the_right(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            await site.ask("/diagnostics")
            upload = site.given.location
            base, _, secret = upload.rstrip("/").rpartition("/")
            await site.app.ask("PUT", "/firmware/v2.bin", IMAGE)
            await site.ask("/firmware", {"image": "v2.bin"})
            image = site.given.location
            root = base.removesuffix("/uploads")
            for method, url, status in (
                ("PUT", f"{base}/{'A' * 43}/d", 404),
                ("PUT", f"{base}/{secret[:-1]}/d", 404),
                ("PUT", f"{base}/{secret}x/d", 404),
                ("PUT", f"{base}/d", 404),
                ("PUT", f"{root}/firmware/{secret}/d", 405),
                ("GET", f"{root}/firmware/{secret}/v2.bin", 404),
                ("PUT", image, 405),
                ("POST", image, 405),
                ("DELETE", image, 405),
                ("PUT", image.replace("/firmware/", "/uploads/"), 404),
                ("GET", upload, 405),
                ("DELETE", upload, 405),
                ("GET", f"{image}x", 404),
                ("GET", image.rpartition("/")[0], 404),
                ("GET", image.rpartition("/")[0] + "/", 404),
                ("GET", f"{root}/", 404),
                ("GET", f"{root}/firmware", 404),
                ("GET", f"{root}/firmware/", 404),
                ("GET", f"{root}/uploads/", 405),
            ):
                answer = await site.client.request(method, url, content=b"x")
                assert (answer.status_code, answer.content) == (status, b""), (method, url)
            assert left(tmp_path) == []
            assert (await site.client.put(f"{upload}d", content=b"x")).status_code == 201

    run(main)


def test_uploads_that_are_not_taken_leave_nothing_and_can_be_tried_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk(tmp_path, upload_limit=1000) as site:
            asked = await site.ask("/diagnostics")
            where = site.given.location

            async def trickle() -> AsyncIterator[bytes]:
                for _ in range(11):
                    yield b"x" * 100

            for content, headers, status in (
                (b"x" * 1001, {}, 413),
                (trickle(), {}, 413),
                (b"x", {"content-range": "bytes 0-0/5"}, 400),
                (b"x", {"content-encoding": "gzip"}, 415),
                (b"x", {"content-type": "multipart/form-data; boundary=x"}, 415),
            ):
                answer = await site.client.put(f"{where}d", content=content, headers=headers)
                assert answer.status_code == status, headers
                assert left(tmp_path) == []
            host, _, port = where.split("/")[2].partition(":")
            _, writer = await asyncio.open_connection(host, int(port))
            path = "/" + where.split("/", 3)[3]
            head = f"PUT {path}d HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
            writer.write(head.encode() + b"half of it")
            await writer.drain()

            async def put(size: int) -> int:
                return (await site.client.put(f"{where}d", content=b"y" * size)).status_code

            while (status := await put(2000)) == 413:
                pass
            assert status == 409
            writer.close()
            while (status := await put(1000)) == 409:
                pass
            assert status == 201
            assert (await site.job(asked["job"]))["size"] == 1000
            assert left(tmp_path) == [str(asked["job"])]

    run(main)


@pytest.mark.parametrize(
    ("answer", "ends"), [("Rejected", True), ("Accepted", False), ("AcceptedCanceled", False)]
)
def test_a_location_that_was_not_accepted_ends(tmp_path: Path, answer: str, ends: bool) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            site.given.log = LogStatus(answer)
            asked = await site.ask("/log", {"logType": "SecurityLog"})
            assert asked["answer"] == answer
            sent = await site.client.put(site.given.location + "x", content=b"x")
            assert sent.status_code == (404 if ends else 201)

    run(main)


def test_diagnostics_without_a_file_or_an_answer(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            site.given.diagnostics = None
            assert (await site.ask("/diagnostics"))["answer"] == "NoFile"
            assert (await site.client.put(site.given.location, content=b"x")).status_code == 404
            site.given.fails = True
            answer = await site.app.ask("POST", f"{ONE}/diagnostics", {})
            assert problem(answer) == (502, "refused-by-charge-point")
            assert (await site.client.put(site.given.location, content=b"x")).status_code == 404
            (latest, _) = (await site.app.get("/jobs"))["jobs"]
            assert latest["answer"] == "refused-by-charge-point"

    run(main)


# Firmware


def test_an_image_is_fetched_as_often_as_it_takes(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            taken = await site.app.ask("PUT", "/firmware/v2.bin", IMAGE)
            assert taken.json()["sha256"] == hashlib.sha256(IMAGE).hexdigest()
            asked = await site.ask(
                "/firmware", {"image": "v2.bin", "retries": 1, "retryInterval": 5}
            )
            assert (asked["kind"], asked["requestId"], asked["file"]) == (
                "firmware",
                None,
                "v2.bin",
            )
            where = site.given.location
            assert where.endswith("/v2.bin")
            for _ in range(2):
                assert (await site.client.get(where)).content == IMAGE
            part = await site.client.get(where, headers={"range": "bytes=100-199"})
            assert (part.status_code, part.content) == (206, IMAGE[100:200])
            assert (await site.client.head(where)).headers["content-length"] == str(len(IMAGE))
            told = messages.FirmwareStatusNotificationRequest
            for status in (FirmwareStatus.DOWNLOADING, FirmwareStatus.DOWNLOADED):
                await site.backend.call(told(status=status))
            assert await site.statuses(asked["job"]) == ["Downloading", "Downloaded"]
            answer = await site.app.ask("DELETE", "/firmware/v2.bin")
            assert answer.status_code == 204
            assert (await site.client.get(where)).status_code == 404

    run(main)


def test_a_signed_image(tmp_path: Path) -> None:
    (tmp_path / "v3.bin").write_bytes(IMAGE)
    pair = Pki(tmp_path / "pki").firmware_signing
    make_pki(
        tmp_path / "pki",
        now=NOON,
        owner="Example",
        manufacturer="Example",
        hosts=("localhost",),
        charge_points={},
    )
    signature, certificate = sign_firmware(tmp_path / "v3.bin", pair)
    signed = {"signature": signature, "signingCertificate": certificate}

    async def main() -> None:
        async with desk(tmp_path) as site:
            await site.app.ask("PUT", "/firmware/v3.bin", IMAGE)
            wrong = {**signed, "signature": signature[::-1]}
            for body, path in (
                (wrong, "/signature"),
                ({**signed, "signingCertificate": "x"}, "/signature"),
                ({"signature": signature}, "/signingCertificate"),
                ({**signed, "signature": 5}, "/signature"),
            ):
                answer = await site.app.ask("PUT", "/firmware/v3.bin/signature", body)
                assert problem(answer) == (422, "invalid-request")
                assert answer.json()["path"] == path
            answer = await site.app.ask("PUT", "/firmware/v3.bin/signature", signed)
            assert answer.json()["signed"] is True
            order = {"image": "v3.bin", "installDate": "2030-01-01T00:00:00Z"}
            asked = await site.ask("/firmware", order)
            request = site.given.requests[-1]
            assert (asked["kind"], asked["requestId"]) == ("signed-firmware", asked["job"])
            assert request.request_id == asked["job"]
            assert request.firmware.signature == signature
            assert request.firmware.signing_certificate == certificate
            assert request.firmware.install_date_time.year == 2030
            assert (await site.client.get(site.given.location)).content == IMAGE
            told = messages.SignedFirmwareStatusNotificationRequest
            for status in (
                SignedFirmwareStatus.DOWNLOADING,
                SignedFirmwareStatus.INVALID_SIGNATURE,
            ):
                await site.backend.call(told(status=status, request_id=asked["job"]))
            assert await site.statuses(asked["job"]) == ["Downloading", "InvalidSignature"]
            site.given.update = UpdateFirmwareStatus.INVALID_CERTIFICATE
            refused = await site.ask("/firmware", {"image": "v3.bin"})
            assert refused["answer"] == "InvalidCertificate"
            assert (await site.client.get(site.given.location)).status_code == 404
            plain = await site.ask("/firmware", {"image": "v3.bin", "signed": False})
            assert plain["kind"] == "firmware"
            # Another image of the name is not the one that was signed.
            await site.app.ask("PUT", "/firmware/v3.bin", b"other")
            assert (await site.app.get("/firmware"))["images"][0]["signed"] is False

    run(main)


def test_a_request_by_hand_is_a_job_too(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            log = {"remoteLocation": "ftp://files.example/"}
            body = {"logType": "SecurityLog", "requestId": 4711, "log": log}
            assert (await site.app.ask("POST", f"{ONE}/calls/GetLog", body)).json() == {
                "status": "Accepted", "filename": "log.txt",
            }  # fmt: skip
            told = messages.LogStatusNotificationRequest
            await site.backend.call(told(status=UploadLogStatus.UPLOADED, request_id=4711))
            (found,) = (await site.app.get("/jobs"))["jobs"]
            assert (found["requestId"], found["status"], found["locationEnds"]) == (
                4711, "Uploaded", None,
            )  # fmt: skip

    run(main)


# What is wrong


def test_what_can_be_wrong(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk(tmp_path, firmware_limit=10) as site:
            ask = site.app.ask
            assert (await ask("PUT", "/firmware/a.bin", b"x")).status_code == 200
            for method, path, body, expected, pointer in (
                ("PUT", "/firmware/b.bin", b"x" * 11, (413, "too-large"), None),
                ("PUT", "/firmware/.b", b"x", (422, "invalid-request"), ""),
                ("PUT", "/firmware/a.signed", b"x", (422, "invalid-request"), ""),
                ("PUT", "/firmware/..%2Fb", b"x", (404, "not-found"), None),
                ("PUT", "/firmware/%2E%2E", b"x", (422, "invalid-request"), ""),
                ("PUT", "/firmware/a%00", b"x", (422, "invalid-request"), ""),
                ("DELETE", "/firmware/b.bin", None, (404, "unknown-firmware"), None),
                ("PUT", "/firmware/b.bin/signature", {"signature": "x", "signingCertificate": "x"},
                 (404, "unknown-firmware"), None),
                ("POST", f"{ONE}/firmware", {"image": "b.bin"}, (404, "unknown-firmware"), None),
                ("POST", f"{ONE}/firmware", {}, (422, "invalid-request"), "/image"),
                ("POST", f"{ONE}/firmware", {"image": "a.bin", "signed": True},
                 (422, "invalid-request"), "/signed"),
                ("POST", f"{ONE}/firmware", {"image": "a.bin", "signed": 1},
                 (422, "invalid-request"), "/signed"),
                ("POST", f"{ONE}/firmware", {"image": "a.bin", "location": "http://x/"},
                 (422, "invalid-request"), "/location"),
                ("POST", f"{ONE}/firmware",
                 {"image": "a.bin", "installDate": "2030-01-01T00:00:00Z"},
                 (422, "invalid-request"), "/installDate"),
                ("POST", f"{ONE}/firmware", {"image": "a.bin", "retrieveDate": "soon"},
                 (422, "invalid-request"), "/retrieveDate"),
                ("POST", f"{ONE}/diagnostics", {"retries": "2"},
                 (422, "invalid-request"), "/retries"),
                ("POST", f"{ONE}/log", {}, (422, "invalid-request"), "/logType"),
                ("POST", f"{ONE}/log", {"logType": "X"}, (422, "invalid-request"), "/logType"),
                ("POST", f"{ONE}/log", {"logType": "SecurityLog", "oldestTimestamp": 5},
                 (422, "invalid-request"), "/oldestTimestamp"),
                ("POST", f"{ONE}/log?timeout=0", {"logType": "SecurityLog"},
                 (400, "invalid-parameter"), None),
                ("POST", "/charge-points/CP2/diagnostics", {}, (404, "unknown-charge-point"), None),
                ("GET", "/jobs/1", None, (404, "unknown-job"), None),
                ("GET", "/jobs/99999999999999999999", None, (404, "unknown-job"), None),
                ("GET", "/jobs/1/file", None, (404, "unknown-job"), None),
                ("DELETE", "/jobs/1", None, (404, "unknown-job"), None),
                ("GET", "/jobs?limit=0", None, (400, "invalid-parameter"), None),
            ):  # fmt: skip
                answer = await ask(method, path, body)
                assert problem(answer) == expected, (method, path, body)
                assert answer.json().get("path") == pointer, (method, path, body)
            assert site.given.requests == []
            assert (await site.app.get("/jobs"))["jobs"] == []
            assert [each["image"] for each in (await site.app.get("/firmware"))["images"]] == [
                "a.bin"
            ]

    run(main)


def test_without_a_folder_there_are_no_files(tmp_path: Path) -> None:
    async def main() -> None:
        async with central_app(tmp_path) as app, app.connected(station(Given())) as backend:
            await backend.call(BOOT)
            for method, path, body in (
                ("GET", "/firmware", None),
                ("PUT", "/firmware/a.bin", b"x"),
                ("DELETE", "/firmware/a.bin", None),
                ("POST", f"{ONE}/diagnostics", {}),
                ("POST", f"{ONE}/log", {"logType": "SecurityLog"}),
                ("POST", f"{ONE}/firmware", {"image": "a.bin"}),
            ):
                assert problem(await app.ask(method, path, body)) == (409, "no-files")

    run(main)


def test_a_job_that_is_removed_is_gone_with_its_file(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            first = await site.ask("/diagnostics")
            await site.client.put(site.given.location, content=b"x")
            second = await site.ask("/diagnostics")
            for asked in (first, second):
                answer = await site.app.ask("DELETE", f"/jobs/{asked['job']}")
                assert answer.status_code == 204
            assert left(tmp_path) == []
            assert (await site.client.put(site.given.location, content=b"x")).status_code == 404

    run(main)


def test_each_answer_is_one_that_the_document_has(tmp_path: Path) -> None:
    validator = pytest.importorskip("jsonschema").Draft202012Validator

    def check(schema: str, value: Any) -> None:
        reference = {"$ref": f"#/components/schemas/{schema}"}
        validator({**reference, "components": DOCUMENT["components"]}).validate(value)

    async def main() -> None:
        async with desk(tmp_path) as site:
            taken = await site.app.ask("PUT", "/firmware/a.bin", b"x")
            check("TakenImage", taken.json())
            check("Images", await site.app.get("/firmware"))
            asked = await site.ask("/diagnostics")
            check("JobDetails", asked)
            await site.client.put(site.given.location, content=b"x")
            check("JobDetails", await site.job(asked["job"]))
            check("Jobs", await site.app.get("/jobs"))

    run(main)


def test_no_secret_is_told_anywhere(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk(tmp_path) as site:
            await site.ask("/diagnostics")
            secret = site.given.location.rstrip("/").rpartition("/")[2]
            await site.client.put(site.given.location + "%0a", content=b"x")
            assert len(secret) == 43
            for exchange in site.app.ears.exchanges:
                assert secret not in str(payload_of(exchange.request)) + summarise(exchange.request)
            assert secret not in str(site.app.ears.remarks)
            assert secret not in str(await site.app.get("/jobs"))
            assert secret.encode() not in (tmp_path / "site.db").read_bytes()

    run(main)
