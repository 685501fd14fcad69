"""The folder of files, and hostile requests to the listener before it: whole files or nothing."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("httpx")
pytest.importorskip("sqlalchemy")
pytest.importorskip("starlette")
pytest.importorskip("prometheus_client")

import httpx

from ocpp16.apps import central_system_file_server
from ocpp16.apps.central_system import Files
from ocpp16.apps.central_system_files import NewFile, Signature, SiteFiles, TooLarge, is_image_name
from ocpp16.apps.pki import Pki
from ocpp16.transports.system_clock import SystemClock
from ocpp16.transports.task import run_in_thread
from tests.apps.central_app import central_app, problem
from tests.apps.file_desk import IMAGE, ONE, Given, desk, left, station
from tests.parties import BOOT, run

SIGNATURE = Signature("c2lnbmVk", "PEM")


# The folder


def put(files: SiteFiles, name: str, content: bytes = IMAGE) -> None:
    with files.new_image(name, 10**7) as file:
        file.write(content)
        files.keep_image(name, file)


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_an_image_is_there_once_it_is_whole(tmp_path: Path) -> None:
    files = SiteFiles(tmp_path)
    with files.new_image("a.bin", 10) as file:
        file.write(b"12345")
        assert files.images() == []
        written = files.keep_image("a.bin", file)
    assert (written.size, written.sha256[:8]) == (5, "5994471a")
    assert [(each.name, each.size) for each in files.images()] == [("a.bin", 5)]
    assert everything(tmp_path) == ["firmware/a.bin"]


def test_what_is_not_kept_leaves_nothing_and_the_old_one_as_it_was(tmp_path: Path) -> None:
    files = SiteFiles(tmp_path)
    put(files, "a.bin", b"old")
    files.sign_image("a.bin", SIGNATURE)
    with files.new_image("a.bin", 10) as file:
        file.write(b"x" * 10)
        with pytest.raises(TooLarge, match="10 bytes at most"):
            file.write(b"x")
    with files.new_image("a.bin", 10) as file:
        file.write(b"new")
    assert files.image_path("a.bin").read_bytes() == b"old"
    assert files.image("a.bin").signature == SIGNATURE
    assert everything(tmp_path) == ["firmware/a.bin", "firmware/a.bin.signed"]


def test_a_signature_is_of_one_image(tmp_path: Path) -> None:
    files = SiteFiles(tmp_path)
    with pytest.raises(FileNotFoundError):
        files.sign_image("a.bin", SIGNATURE)
    put(files, "a.bin")
    files.sign_image("a.bin", SIGNATURE)
    put(files, "a.bin", b"other")
    assert files.image("a.bin").signature is None
    files.sign_image("a.bin", SIGNATURE)
    files.remove_image("a.bin")
    assert everything(tmp_path) == []


def test_what_a_process_left_half_written_goes_at_the_next_start(tmp_path: Path) -> None:
    files = SiteFiles(tmp_path)
    with files.new_upload(7, 10) as file:
        file.write(b"half")
        assert len(everything(tmp_path)) == 1
        SiteFiles(tmp_path)
        assert everything(tmp_path) == []


def test_what_is_no_image_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    files = SiteFiles(tmp_path / "files")
    inside = tmp_path / "files" / "firmware"
    (inside / "link.bin").symlink_to(tmp_path / "secret")
    (inside / "folder.bin").mkdir()
    (inside / ".hidden").write_text("x")
    put(files, "a.bin")
    files.sign_image("a.bin", SIGNATURE)
    assert [each.name for each in files.images()] == ["a.bin"]
    for name in ("link.bin", "folder.bin", ".hidden", "a.bin.signed", "../../secret", "", "b"):
        with pytest.raises(FileNotFoundError):
            files.image_path(name)
        with pytest.raises(FileNotFoundError):
            files.remove_image(name)
    (tmp_path / "files" / "uploads" / "1").symlink_to(tmp_path / "secret")
    with pytest.raises(FileNotFoundError):
        files.upload_path(1)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("v1.2_3-rc.bin", True),
        ("a", True),
        ("a" * 100, True),
        ("a" * 101, False),
        ("", False),
        (".a", False),
        ("..", False),
        ("a/b", False),
        ("a\\b", False),
        ("a\n", False),
        ("a b", False),
        ("ä", False),
        ("C:a", False),
        ("a%2fb", False),
        ("a.signed", False),
    ],
)
def test_names_of_images(name: str, is_one: bool) -> None:
    assert is_image_name(name) is is_one


# Requests


class LateClock(SystemClock):
    """The machine's, and later by as much as a test wants."""

    by = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.by


def test_locations_end_with_their_time(tmp_path: Path) -> None:
    clock = LateClock()

    async def main() -> None:
        async with desk(tmp_path, clock) as site:
            await site.ask("/diagnostics")
            upload = site.given.location
            await site.app.ask("PUT", "/firmware/a.bin", IMAGE)
            in_two_days = (clock.now() + timedelta(days=2)).isoformat()
            await site.ask("/firmware", {"image": "a.bin", "retrieveDate": in_two_days})
            image = site.given.location
            for days, is_there in ((0.99, True), (8.99, True), (9.01, False)):
                clock.by = timedelta(days=days)
                assert (await site.client.get(image)).status_code == (200 if is_there else 404)
            clock.by = timedelta(days=1.01)
            assert (await site.client.put(upload, content=b"x")).status_code == 404
            clock.by = timedelta(days=0.99)
            assert (await site.client.put(upload, content=b"x")).status_code == 201

    run(main)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to write to")
def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = NewFile.__init__

    def on_a_full_disk(self: NewFile, target: Path, limit: int) -> None:
        real(self, target, limit)
        self._file.close()
        self._file = Path("/dev/full").open("wb")  # noqa: SIM115 - closed as the real one is

    async def main() -> None:
        async with desk(tmp_path) as site:
            asked = await site.ask("/diagnostics")
            with monkeypatch.context() as patched:
                patched.setattr(NewFile, "__init__", on_a_full_disk)
                answer = await site.client.put(site.given.location, content=IMAGE)
                assert (answer.status_code, answer.content) == (507, b"")
                answer = await site.app.ask("PUT", "/firmware/a.bin", IMAGE)
                assert problem(answer) == (507, "disk")
            assert left(tmp_path) == []
            assert (await site.app.get("/firmware"))["images"] == []
            assert (await site.job(asked["job"]))["received"] is None
            answer = await site.client.put(site.given.location, content=IMAGE)
            assert answer.status_code == 201
            assert any("No space left" in text for text in site.app.ears.warnings)

    run(main)


def test_a_body_that_does_not_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(central_system_file_server, "SILENCE_SECONDS", 0.05)

    def half(where: str) -> bytes:
        parts = urlsplit(where)
        with socket.create_connection((str(parts.hostname), parts.port or 0), 10) as link:
            head = f"PUT {parts.path}a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"
            link.sendall(head.encode())
            return link.makefile("rb").read()  # To the end: the server closes.

    async def main() -> None:
        async with desk(tmp_path) as site:
            await site.ask("/diagnostics")
            told = await run_in_thread(half, site.given.location)
            assert told.startswith(b"HTTP/1.1 408 ")
            assert left(tmp_path) == []
            answer: Any = await site.client.put(site.given.location, content=b"x")
            assert answer.status_code == 201

    run(main)


def test_files_over_tls(tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    from ocpp16.apps.pki_maker import make_pki
    from ocpp16.security.tls import client_context

    pki = Pki(tmp_path / "pki")
    make_pki(pki.folder, now=datetime.now(UTC), charge_points={"CP1": "CP1"})

    async def main() -> None:
        given = Given()
        files = Files(folder=tmp_path / "files", address="127.0.0.1:0")
        context = client_context(pki.root.certificate, ())
        async with (
            central_app(
                tmp_path,
                files=files,
                security=pki.server_security({3}),
                json="wss://127.0.0.1:0/ocpp",
                soap="https://127.0.0.1:0/ocpp",
            ) as app,
            station(given).connect(
                app.urls["json"].replace("127.0.0.1", "localhost"),
                security=pki.station_security("CP1", 3),
            ) as backend,
            httpx.AsyncClient(verify=context) as client,
        ):
            await backend.call(BOOT)
            assert (await app.ask("POST", f"{ONE}/diagnostics", {})).status_code == 200
            assert given.location.startswith("https://127.0.0.1:")
            where = given.location.replace("127.0.0.1", "localhost")
            assert (await client.put(where, content=b"x")).status_code == 201

    run(main)
