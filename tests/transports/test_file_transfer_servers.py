"""Files over real servers with TLS and without: limits, progress, ends that come early."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import attrs
import pytest

pytest.importorskip("cryptography")

from ocpp16 import log
from ocpp16.security.tls import client_context
from ocpp16.transports.file_transfer import Failure, FileTransfer, TransferFailed, TransferRules
from tests.parties import until
from tests.security.authority import Authority, ip, make_authority
from tests.transports.test_file_transfer import CONTENT, LOOPBACK, Files, ftp, web

RULES = TransferRules(hosts={"127.0.0.1", "localhost"}, networks=LOOPBACK, silence=5)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    found = make_authority(tmp_path_factory.mktemp("pki"))
    found.issue("server", "127.0.0.1", names=[ip("127.0.0.1")])
    found.issue("other", "other.example")
    return found


def transfer(authority: Authority, **rules: Any) -> FileTransfer:
    context = client_context(authority.root, ())
    return FileTransfer(attrs.evolve(RULES, **rules), context=context)


@contextmanager
def https(authority: Authority, name: str = "server") -> Iterator[tuple[str, type[Files]]]:
    import ssl

    pair = authority.pair(name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    handler = type("Here", (Files,), {"sent": {}, "seen": []})

    class Server(HTTPServer):
        def get_request(self) -> Any:
            link, address = super().get_request()
            link.settimeout(5)
            return context.wrap_socket(link, server_side=True), address

    server = Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}", handler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def ftps(authority: Authority, folder: Path, name: str = "server") -> Iterator[str]:
    pytest.importorskip("OpenSSL")
    handlers = pytest.importorskip("pyftpdlib.handlers")
    pair = authority.pair(name)
    both = folder.parent / f"{name}-both.pem"
    both.write_bytes(pair.key.read_bytes() + pair.certificate.read_bytes())
    options = {
        "certfile": str(both),
        "tls_control_required": True,
        "tls_data_required": True,
        "ssl_context": None,
    }
    with ftp(folder, handlers.TLS_FTPHandler, **options) as url:
        yield url.replace("ftp://", "ftps://")


@contextmanager
def raw(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Let a function talk to whoever connects, one after the other; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        links: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    link, _ = listener.accept()
                except OSError:
                    return
                links.append(link)
                try:
                    talk(link)
                except OSError:
                    continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            for link in links:
                link.close()
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join()


def fails(work: Any) -> TransferFailed:
    with pytest.raises(TransferFailed) as caught:
        asyncio.run(work)
    assert "pass" not in str(caught.value)
    return caught.value


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# TLS


def test_files_over_https(authority: Authority, tmp_path: Path) -> None:
    with https(authority) as (url, handler):
        files = transfer(authority)
        asyncio.run(files.download(f"{url}/f", tmp_path / "f"))
        asyncio.run(files.upload(f"{url}/logs/?key=1", "d.txt", CONTENT))
        assert handler.sent == {"/logs/d.txt?key=1": CONTENT}
    assert (tmp_path / "f").read_bytes() == CONTENT


def test_files_over_ftps(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with ftps(authority, tmp_path / "there") as url:
        files = transfer(authority)
        asyncio.run(files.upload(url, "d.txt", CONTENT))
        asyncio.run(files.download(f"{url}/d.txt", tmp_path / "f"))
    assert (tmp_path / "f").read_bytes() == CONTENT


@pytest.mark.parametrize("kind", ["https", "ftps"])
@pytest.mark.parametrize("why", ["another name", "another root"])
def test_a_server_that_nobody_vouches_for(
    authority: Authority, tmp_path: Path, kind: str, why: str
) -> None:
    (tmp_path / "there").mkdir()
    name = "other" if why == "another name" else "server"
    files = transfer(authority) if name == "other" else FileTransfer(RULES)
    if kind == "https":
        with https(authority, name) as (url, handler):
            error = fails(files.download(f"{url.replace('//', '//a:pass@')}/f", tmp_path / "f"))
            assert handler.seen == []
    else:
        with ftps(authority, tmp_path / "there", name) as url:
            error = fails(files.download(f"{url}/f", tmp_path / "f"))
    assert error.failure is Failure.BROKEN
    assert names(tmp_path) in (["there"], ["other-both.pem", "there"], ["server-both.pem", "there"])


def test_https_never_falls_back(authority: Authority, tmp_path: Path) -> None:
    with web() as (url, _):
        place = url.replace("http://", "https://")
        assert fails(transfer(authority).download(place, tmp_path / "f")).failure is Failure.BROKEN


def test_what_began_encrypted_is_not_sent_on_in_the_clear(
    authority: Authority, tmp_path: Path
) -> None:
    with web() as (plain, seen), https(authority) as (url, handler):
        files = transfer(authority)
        error = fails(files.download(f"{url}/to/{plain}/f", tmp_path / "f"))
        assert error.failure is Failure.NOT_ALLOWED
        assert "from https to http" in str(error)
        assert seen.seen == []
        assert len(handler.seen) == 1
        # The other way round, and from one to another of its kind, it goes on.
        asyncio.run(files.download(f"{plain}/to/{url}/to/{url}/f", tmp_path / "f"))
    assert (tmp_path / "f").read_bytes() == CONTENT


@pytest.mark.parametrize("scheme", ["ftp", "ftps"])
def test_no_server_of_another_kind_is_spoken_to_in_http(tmp_path: Path, scheme: str) -> None:
    with web() as (url, handler):
        there = url.replace("http", scheme)
        error = fails(FileTransfer(RULES).download(f"{url}/to/{there}/f", tmp_path / "f"))
        assert error.failure is Failure.NOT_ALLOWED
        assert [path for path, _ in handler.seen] == [f"/to/{there}/f"]
    assert names(tmp_path) == []


# Progress and limits


@pytest.mark.parametrize("kind", ["http", "ftp"])
def test_progress_is_told(tmp_path: Path, kind: str) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "f").write_bytes(CONTENT)
    seen: dict[str, list[int]] = {"down": [], "up": []}

    async def main(url: str) -> None:
        files = FileTransfer(RULES)
        await files.download(f"{url}/f", tmp_path / "f", progress=seen["down"].append)
        await files.upload(f"{url}/", "u", CONTENT, progress=seen["up"].append)
        await asyncio.sleep(0)

    if kind == "http":
        with web() as (url, _):
            asyncio.run(main(url))
    else:
        with ftp(tmp_path / "there") as url:
            asyncio.run(main(url))
    for told in seen.values():
        assert told == sorted(told)
        assert told[-1] == len(CONTENT)
        assert len(told) > 2


def test_a_file_that_is_too_large_over_ftp(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "f").write_bytes(CONTENT)
    with ftp(tmp_path / "there") as url:
        rules = attrs.evolve(RULES, size_limit=1000)
        error = fails(FileTransfer(rules).download(f"{url}/f", tmp_path / "f"))
        assert error.failure is Failure.TOO_LARGE
        error = fails(FileTransfer(rules).upload(url, "u", CONTENT))
        assert error.failure is Failure.TOO_LARGE
    assert not (tmp_path / "f").exists()
    assert names(tmp_path / "there") == ["f"]


TRICKLES = {
    "http-head": b"HTTP/1.1 200 OK\r\nX: ",
    "http-body": b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
    "http-silence": b"",
}


@pytest.mark.parametrize("kind", TRICKLES)
def test_the_whole_takes_no_longer_than_it_may(tmp_path: Path, kind: str) -> None:
    over = threading.Event()

    def trickle(link: socket.socket) -> None:
        link.sendall(TRICKLES[kind])
        while not over.wait(0.01):
            if kind != "http-silence":
                link.sendall(b"x")

    with raw(trickle) as port:
        files = FileTransfer(attrs.evolve(RULES, timeout=0.2))
        error = fails(files.download(f"http://127.0.0.1:{port}/", tmp_path / "f"))
        over.set()
    assert (error.failure, str(error)) == (
        Failure.BROKEN, "the transfer broke: it takes too long",
    )  # fmt: skip
    assert names(tmp_path) == []


def test_a_server_may_not_keep_silent(tmp_path: Path) -> None:
    over = threading.Event()

    def wait(link: socket.socket) -> None:
        over.wait(10)

    for scheme in ("http", "ftp"):
        over.clear()
        with raw(wait) as port:
            files = FileTransfer(attrs.evolve(RULES, silence=0.1))
            error = fails(files.download(f"{scheme}://127.0.0.1:{port}/f", tmp_path / "f"))
            over.set()
        assert error.failure is Failure.BROKEN


# Ends that come early


@pytest.mark.parametrize("kind", ["http", "ftp"])
def test_who_is_cancelled_leaves_nothing(tmp_path: Path, kind: str) -> None:
    over = threading.Event()
    (tmp_path / "here").mkdir()

    def hold(link: socket.socket) -> None:
        if kind == "http":
            link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100_000)
            over.wait(10)
        else:
            talk_ftp(link, tmp_path, over)

    async def main(port: int) -> None:
        begun = asyncio.Event()
        files = FileTransfer(attrs.evolve(RULES, silence=30))
        running = asyncio.create_task(
            files.download(
                f"{kind}://127.0.0.1:{port}/f",
                tmp_path / "here" / "f",
                progress=lambda size: begun.set(),
            )
        )
        await asyncio.wait_for(begun.wait(), 10)
        assert len(names(tmp_path / "here")) == 1
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        # Long before the server has been silent for too long.
        await until(lambda: names(tmp_path / "here") == [], 10)

    with raw(hold) as port:
        asyncio.run(main(port))
        over.set()


def talk_ftp(
    link: socket.socket, folder: Path, over: threading.Event, passive: str | None = None
) -> list[str]:
    """Be an FTP server that sends a part of a file and then waits; return what it was told."""
    told: list[str] = []
    reader = link.makefile("r", newline="\r\n")
    link.sendall(b"220 hello\r\n")
    with socket.create_server(("127.0.0.1", 0)) as data:
        port = data.getsockname()[1]
        high, low = divmod(port, 256)
        shown = passive or f"127,0,0,1,{high},{low}"
        answers = {
            "USER": "331 password",
            "PASS": "230 in",
            "TYPE": "200 ok",
            "PASV": f"227 Entering Passive Mode ({shown.format(high=high, low=low)})",
        }
        for line in reader:
            told.append(line.strip())
            word = line.split()[0].upper()
            if word == "RETR":
                link.sendall(b"150 here it comes\r\n")
                data.settimeout(10)
                stream, _ = data.accept()
                with stream:
                    stream.sendall(b"x" * 100_000)
                    over.wait(10)
                link.sendall(b"226 done\r\n")
            else:
                link.sendall(f"{answers.get(word, '502 no')}\r\n".encode())
    return told


@pytest.mark.parametrize("address", ["10,0,0,1", "169,254,169,254", "127,0,0,2"])
def test_the_address_that_an_ftp_server_tells_is_not_believed(tmp_path: Path, address: str) -> None:
    over = threading.Event()
    over.set()
    told: list[str] = []
    shown = f"{address},{{high}},{{low}}"
    with raw(lambda link: told.extend(talk_ftp(link, tmp_path, over, shown))) as port:
        asyncio.run(FileTransfer(RULES).download(f"ftp://127.0.0.1:{port}/f", tmp_path / "f"))
    assert (tmp_path / "f").read_bytes() == b"x" * 100_000


@pytest.mark.parametrize("port", [0, 22, 25, 80, 1023])
def test_nor_may_it_name_the_port_of_another_service(tmp_path: Path, port: int) -> None:
    over = threading.Event()
    shown = f"127,0,0,1,{port // 256},{port % 256}"
    told: list[str] = []
    with raw(lambda link: told.extend(talk_ftp(link, tmp_path, over, shown))) as server:
        error = fails(FileTransfer(RULES).download(f"ftp://127.0.0.1:{server}/f", tmp_path / "f"))
    assert error.failure is Failure.BROKEN
    # We connect; nobody is ever asked to connect to us, or to anybody else.
    assert not [line for line in told if line.startswith(("PORT", "EPRT", "RETR"))]


# What is said of it


SECRETS = ("alice", "wonderland", "k3y-in-the-query", "path-that-is-a-right")
PLACES = {
    "nobody there": "{scheme}://alice:wonderland@127.0.0.1:1/path-that-is-a-right?k3y-in-the-query",
    "not listed": "{scheme}://alice:wonderland@other.example/path-that-is-a-right?k3y-in-the-query",
    "bad port": "{scheme}://127.0.0.1:wonderland/path-that-is-a-right",
    "bad port of a user": "{scheme}://alice:won:derland@127.0.0.1:wonderland/",
    "brackets": "{scheme}://[alice:wonderland/path-that-is-a-right",
    "refused": "{scheme}://alice:wonderland@127.0.0.1:{port}/path-that-is-a-right?k3y-in-the-query",
}


@pytest.mark.parametrize("scheme", ["http", "ftp"])
@pytest.mark.parametrize("place", PLACES)
def test_no_credentials_are_told(
    tmp_path: Path, scheme: str, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    def echo(link: socket.socket) -> None:
        if scheme == "ftp":
            link.sendall(b"220 hi\r\n")
            asked = link.recv(1000) + b""
            link.sendall(b"530 no: alice wonderland\r\n" if asked else b"")
        else:
            link.sendall(b"alice wonderland\r\n\r\n")
            link.shutdown(socket.SHUT_WR)

    caplog.set_level(logging.DEBUG)
    with raw(echo) as port:
        where = PLACES[place].format(scheme=scheme, port=port)
        with pytest.raises(TransferFailed) as caught:
            asyncio.run(FileTransfer(RULES).download(where, tmp_path / "f"))
    # As the jobs of a station log it, trace included.
    log.failure(logging.getLogger("ocpp16.test"), "a job failed", caught.value)
    for secret in SECRETS:
        assert secret not in caplog.text
    assert names(tmp_path) == []
