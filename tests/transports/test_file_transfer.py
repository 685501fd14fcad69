"""Files from and to servers, over real sockets, and what is refused."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from ocpp16.transports.file_transfer import (
    Failure,
    FileTransfer,
    TransferFailed,
    TransferRules,
)

LOOPBACK = (ip_network("127.0.0.0/8"),)
RULES = TransferRules(hosts={"127.0.0.1", "files.example"}, networks=LOOPBACK, silence=5)
CONTENT = bytes(range(256)) * 1000


class Files(BaseHTTPRequestHandler):
    """A web server whose paths say what it does."""

    sent: dict[str, bytes]
    seen: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get("Authorization")))
        if self.path.startswith("/status/"):
            self.send_response(int(self.path.split("/")[2]))
            self.end_headers()
        elif self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
        elif self.path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"x")
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT)

    def do_PUT(self) -> None:
        length = int(self.headers["Content-Length"])
        self.sent[self.path] = self.rfile.read(length)
        self.send_response(201)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def web() -> Iterator[tuple[str, type[Files]]]:
    handler = type("Here", (Files,), {"sent": {}, "seen": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", handler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def ftp(folder: Path, kind: Any = None, **options: Any) -> Iterator[str]:
    authorizers = pytest.importorskip("pyftpdlib.authorizers")
    handlers = pytest.importorskip("pyftpdlib.handlers")
    ioloop = pytest.importorskip("pyftpdlib.ioloop")
    servers = pytest.importorskip("pyftpdlib.servers")
    authorizer = authorizers.DummyAuthorizer()
    authorizer.add_user("user", "pass word", str(folder), perm="elradfmw")
    kind = handlers.FTPHandler if kind is None else kind
    handler = type("Here", (kind,), {"authorizer": authorizer, **options})
    loop = ioloop.IOLoop()
    server = servers.FTPServer(("127.0.0.1", 0), handler, ioloop=loop)
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            server.serve_forever(timeout=0.01, blocking=False, handle_exit=False)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"ftp://user:pass%20word@127.0.0.1:{server.address[1]}"
    finally:
        stop.set()
        thread.join()
        server.close_all()


def download(location: str, target: Path, rules: TransferRules = RULES) -> None:
    asyncio.run(FileTransfer(rules).download(location, target))


def upload(location: str, name: str = "d.txt", content: bytes = CONTENT) -> None:
    asyncio.run(FileTransfer(RULES).upload(location, name, content))


def part_of(location: str, target: Path) -> Path:
    digest = hashlib.sha256(location.encode()).hexdigest()[:16]
    return target.with_name(f"{target.name}.{digest}.part")


def failure(work: Any) -> Failure:
    with pytest.raises(TransferFailed) as caught:
        work()
    assert "pass" not in str(caught.value)
    return caught.value.failure


# HTTP


def test_a_file_over_http(tmp_path: Path) -> None:
    with web() as (url, handler):
        download(f"{url.replace('//', '//a:pass@')}/f.bin", tmp_path / "f")
        assert handler.seen == [("/f.bin", "Basic YTpwYXNz")]
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_file_goes_into_a_folder() -> None:
    with web() as (url, handler):
        upload(f"{url}/logs", "a b.txt")
        assert handler.sent == {"/logs/a%20b.txt": CONTENT}


def test_a_server_may_send_us_elsewhere_that_is_listed(tmp_path: Path) -> None:
    with web() as (url, handler):
        download(f"{url.replace('//', '//a:pass@')}/to//f.bin", tmp_path / "f")
        # What was said to one place is not said to the next.
        assert handler.seen[1] == ("/f.bin", None)
    assert (tmp_path / "f").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "target",
    ["http://10.0.0.1/f", "http://localhost/f", "file://127.0.0.1/f", "http://169.254.169.254/"],
)
def test_but_not_to_anything_else(tmp_path: Path, target: str) -> None:
    with web() as (url, _):
        assert (
            failure(lambda: download(f"{url}/to/{target}", tmp_path / "f")) is Failure.NOT_ALLOWED
        )
    assert not (tmp_path / "f").exists()


def test_nor_round_in_circles(tmp_path: Path) -> None:
    with web() as (url, _):
        place = "/to/" * 20
        assert failure(lambda: download(f"{url}{place}x", tmp_path / "f")) is Failure.BROKEN


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/status/403", Failure.DENIED),
        ("/status/401", Failure.DENIED),
        ("/status/405", Failure.NOT_SUPPORTED),
        ("/status/404", Failure.BROKEN),
        ("/status/500", Failure.BROKEN),
        ("/short", Failure.BROKEN),
    ],
)
def test_what_the_server_says(tmp_path: Path, path: str, found: Failure) -> None:
    with web() as (url, _):
        assert failure(lambda: download(url + path, tmp_path / "f")) is found
    assert not (tmp_path / "f").exists()


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    rules = TransferRules(hosts={"127.0.0.1"}, networks=LOOPBACK, size_limit=1000)
    with web() as (url, _):
        assert failure(lambda: download(f"{url}/f", tmp_path / "f", rules)) is Failure.TOO_LARGE
    assert not (tmp_path / "f").exists()


def test_nobody_there(tmp_path: Path) -> None:
    with web() as (url, _):
        pass
    assert failure(lambda: download(f"{url}/f", tmp_path / "f")) is Failure.BROKEN


# FTP


def test_files_over_ftp(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    with ftp(tmp_path) as url:
        upload(f"{url}/logs/")
        assert (tmp_path / "logs" / "d.txt").read_bytes() == CONTENT
        download(f"{url}/logs/d.txt", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_an_ftp_download_goes_on_where_it_broke(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(CONTENT)
    with ftp(tmp_path) as url:
        part = part_of(f"{url}/source", tmp_path / "f")
        part.write_bytes(b"?" * 1000)
        download(f"{url}/source", tmp_path / "f")
        assert (tmp_path / "f").read_bytes() == b"?" * 1000 + CONTENT[1000:]
        # Of another location it is another file.
        part_of(f"{url}/other", tmp_path / "f").write_bytes(b"?" * 1000)
        download(f"{url}/source", tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert {path.name for path in tmp_path.iterdir()} == {"source", "f"}


@pytest.mark.parametrize(
    ("change", "found"),
    [(("pass%20word", "x"), Failure.DENIED), (("/source", "/nothing"), Failure.DENIED)],
)
def test_what_an_ftp_server_says(tmp_path: Path, change: tuple[str, str], found: Failure) -> None:
    (tmp_path / "source").write_bytes(CONTENT)
    with ftp(tmp_path) as url:
        place = f"{url}/source".replace(*change)
        assert failure(lambda: download(place, tmp_path / "f")) is found


# The rules


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("gopher://127.0.0.1/f", Failure.NOT_ALLOWED),
        ("sftp://127.0.0.1/f", Failure.NOT_ALLOWED),
        ("file:///etc/passwd", Failure.BAD_LOCATION),
        ("http://other.example/f", Failure.NOT_ALLOWED),
        ("http://files.example:99999/f", Failure.BAD_LOCATION),
        ("http://files.example/a b", Failure.BAD_LOCATION),
        ("http://files.example/a\nb", Failure.BAD_LOCATION),
        ("", Failure.BAD_LOCATION),
        ("ftp://127.0.0.1/a%0d%0aDELE%20x", Failure.BAD_LOCATION),
    ],
)
def test_locations_that_are_refused(tmp_path: Path, location: str, found: Failure) -> None:
    if "%0d" in location:
        with ftp(tmp_path) as url:
            place = location.replace("ftp://127.0.0.1", url)
            assert failure(lambda: download(place, tmp_path / "f")) is found
        return
    assert failure(lambda: download(location, tmp_path / "f")) is found


@pytest.mark.parametrize(
    ("addresses", "is_allowed"),
    [
        (["93.184.216.34"], True),
        (["10.0.0.1"], False),
        (["127.0.0.1"], True),
        (["169.254.169.254"], False),
        (["::ffff:169.254.169.254"], False),
        (["fe80::1"], False),
        (["10.0.0.1", "93.184.216.34"], True),
        ([], False),
    ],
)
def test_what_a_listed_name_may_stand_for(addresses: list[str], is_allowed: bool) -> None:
    transfer = FileTransfer(RULES, resolve=lambda host, port: addresses)
    if is_allowed:
        assert transfer.judge("http://files.example/f").address in addresses
        return
    with pytest.raises(TransferFailed) as caught:
        transfer.judge("http://files.example/f")
    assert caught.value.failure is Failure.NOT_ALLOWED


def test_by_default_nothing_is_allowed() -> None:
    with pytest.raises(TransferFailed) as caught:
        FileTransfer(TransferRules()).judge("http://93.184.216.34/f")
    assert caught.value.failure is Failure.NOT_ALLOWED


def test_a_scheme_can_be_left_out() -> None:
    rules = TransferRules(hosts={"127.0.0.1"}, networks=LOOPBACK, schemes=frozenset({"https"}))
    with pytest.raises(TransferFailed) as caught:
        FileTransfer(rules).judge("http://127.0.0.1/f")
    assert caught.value.failure is Failure.NOT_ALLOWED


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a:b", "a\nb"])
def test_names_that_are_none(name: str) -> None:
    assert failure(lambda: upload("http://127.0.0.1:1/", name)) is Failure.BAD_LOCATION
