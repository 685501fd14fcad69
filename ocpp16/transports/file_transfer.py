"""Files from and to servers that a central system names: http, https, ftp, ftps; off by default.

A central system that was taken over must not make a charge point fetch from, or post to, anything
in its own network. So every hop is judged: the host has to be listed, the address that its name
stands for must be no metadata service and not private (unless allowed), and the connection goes to
that very address. Sizes and times are limited. Blocking work runs in a thread. Spec: C 5.9, 5.19;
W L01, N01.
"""

from __future__ import annotations

import asyncio
import contextlib
import glob
import http.client
import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, unquote, urljoin, urlsplit

import attrs

from ocpp16.security.tls import machine_context
from ocpp16.transports.callback import FORBIDDEN, Network, parse_address
from ocpp16.transports.ftp import ftp_server
from ocpp16.transports.task import run_in_thread
from ocpp16.transports.transfer import Failure, Place, Progress, TransferFailed, TransferLimit, why

PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 21}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CHUNK = 64 * 1024
__all__ = ["Failure", "FileTransfer", "TransferFailed", "TransferRules"]


def _small(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


@attrs.frozen(kw_only=True)
class TransferRules:
    """What may be fetched from where; by default nothing."""

    hosts: frozenset[str] = attrs.field(default=frozenset(), converter=_small)
    """Hosts that may be used, as locations name them."""
    schemes: frozenset[str] = frozenset(PORTS)
    networks: tuple[Network, ...] = ()
    """Private networks in which listed hosts may be; loopback counts as private."""
    size_limit: int = 256 * 1024 * 1024
    """Largest file, in bytes."""
    timeout: float = 600.0
    """Seconds that a transfer may take in all."""
    silence: float = 30.0
    """Seconds that a server may keep silent."""
    hops: int = 5
    """How often a server may send us elsewhere."""


Resolve = Callable[[str, int], Iterable[str]]


def _resolve(host: str, port: int) -> Iterator[str]:
    for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        yield str(address[0])


class FileTransfer:
    """Fetches and sends files by rules.

    Args:
        rules: The rules.
        context: The TLS context of clients; None trusts whom the machine trusts.
        resolve: Looks up the addresses of a name.
    """

    def __init__(
        self, rules: TransferRules, *, context: Any = None, resolve: Resolve = _resolve
    ) -> None:
        self._rules = rules
        self._context = context
        self._resolve = resolve
        self._writing = threading.Lock()

    async def download(
        self, location: str, target: Path, *, progress: Progress | None = None
    ) -> None:
        """Fetch a file; it is there whole, or not at all.

        On FTP it goes on where an earlier try for the same location broke. Whoever is cancelled
        waits for nothing, and soon nothing is left of it.

        Args:
            location: Where it is.
            target: Where it is to be.
            progress: Is told how many bytes there are, now and then.

        Raises:
            TransferFailed: It is not there.
        """
        await self._in_thread(progress, lambda limit: self._download(limit, location, target))

    async def upload(
        self, location: str, name: str, content: bytes, *, progress: Progress | None = None
    ) -> None:
        """Send a file into the folder that a location names.

        Raises:
            TransferFailed: It did not arrive.
        """
        await self._in_thread(progress, lambda limit: self._upload(limit, location, name, content))

    # The rules

    def judge(self, location: str) -> Place:
        """Return a location with the address that it stands for.

        Raises:
            TransferFailed: It is none, or not allowed.
        """
        try:
            parts = urlsplit(location)
            host, port = parts.hostname, parts.port
        except ValueError:
            # What it says of the port may be a part of a password.
            raise TransferFailed(Failure.BAD_LOCATION, "it is no URL") from None
        is_plain = location.isascii() and location.isprintable() and not set(location) & set(" \\")
        if not is_plain or not host or port == 0:
            raise TransferFailed(Failure.BAD_LOCATION, "it has no host, or forbidden characters")
        if parts.scheme not in PORTS or parts.scheme not in self._rules.schemes:
            raise TransferFailed(Failure.NOT_ALLOWED, f"the scheme {parts.scheme!r}")
        if host.casefold() not in self._rules.hosts:
            raise TransferFailed(Failure.NOT_ALLOWED, f"the host {host!r} is not listed")
        port = PORTS[parts.scheme] if port is None else port
        path = parts.path or "/"
        return Place(
            parts.scheme,
            host,
            self._address(host, port),
            port,
            None if parts.username is None else unquote(parts.username),
            unquote(parts.password or ""),
            f"{path}?{parts.query}" if parts.query else path,
        )

    def _address(self, host: str, port: int) -> str:
        try:
            found = list(self._resolve(host, port))
        except OSError as error:
            raise TransferFailed(Failure.BROKEN, f"{host!r} cannot be looked up") from error
        except UnicodeError:
            raise TransferFailed(Failure.BAD_LOCATION, "the host is none") from None
        for text in found:
            address = parse_address(text)
            if address is None or any(address in network for network in FORBIDDEN):
                continue
            is_allowed = any(address in network for network in self._rules.networks)
            if address.is_global or is_allowed:
                return text
        raise TransferFailed(Failure.NOT_ALLOWED, f"{host!r} is at {', '.join(found) or 'nowhere'}")

    # Inside

    async def _in_thread(
        self, progress: Progress | None, work: Callable[[TransferLimit], None]
    ) -> None:
        """Run a transfer in a thread; whoever is cancelled waits for nothing, and it ends soon."""
        loop = asyncio.get_running_loop()

        def tell(size: int) -> None:
            if progress is not None:
                # The loop may be gone before the thread is.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(progress, size)

        limit = TransferLimit(self._rules.size_limit, tell)
        timer = loop.call_later(
            self._rules.timeout, limit.stop, TransferFailed(Failure.BROKEN, "it takes too long")
        )
        running = asyncio.ensure_future(run_in_thread(work, limit))
        # Of one that was cancelled nobody asks how it went.
        running.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            limit.stop(TransferFailed(Failure.BROKEN, "it was cancelled"), is_final=True)
            raise
        finally:
            timer.cancel()

    def _download(self, limit: TransferLimit, location: str, target: Path) -> None:
        place = self.judge(location)
        is_ftp = place.scheme in {"ftp", "ftps"}
        part = _part(target, location)
        # One that was cancelled may still be about to end.
        with self._writing:
            for other in target.parent.glob(f"{glob.escape(target.name)}.*.part"):
                if other != part or not is_ftp:
                    other.unlink(missing_ok=True)
            try:
                with part.open("ab") as file:
                    if is_ftp:
                        with ftp_server(place, self._tls(place), self._rules.silence, limit) as ftp:
                            ftp.fetch(_path(place), file)
                    else:
                        self._http(place, "GET", limit, into=file)
                limit.check()
                part.replace(target)
            except BaseException as error:
                if not (is_ftp and _can_go_on(error, part, limit)):
                    part.unlink(missing_ok=True)
                raise

    def _upload(self, limit: TransferLimit, location: str, name: str, content: bytes) -> None:
        if name in {"", ".", ".."} or not name.isprintable() or set(name) & set("/\\:"):
            raise TransferFailed(Failure.BAD_LOCATION, f"{name!r} is no name of a file")
        if len(content) > self._rules.size_limit:
            raise TransferFailed(Failure.TOO_LARGE, f"{len(content)} bytes")
        place = self.judge(location)
        if place.scheme in {"ftp", "ftps"}:
            with ftp_server(place, self._tls(place), self._rules.silence, limit) as ftp:
                ftp.put(_path(place).rstrip("/"), name, content)
            return
        path, mark, query = place.path.partition("?")
        folder = path if path.endswith("/") else f"{path}/"
        target = attrs.evolve(place, path=f"{folder}{quote(name)}{mark}{query}")
        self._http(target, "PUT", limit, body=content)

    def _http(
        self,
        place: Place,
        method: str,
        limit: TransferLimit,
        *,
        body: bytes | None = None,
        into: BinaryIO | None = None,
    ) -> None:
        for _ in range(self._rules.hops + 1):
            limit.begin()
            connection = _Connection(place, self._rules.silence, self._tls(place), limit)
            with closing(connection):
                try:
                    pieces = None if body is None else limit.pieces(body)
                    connection.request(method, place.path, pieces, _headers(place, body))
                    with connection.getresponse() as answer:
                        if answer.status not in REDIRECTS:
                            _check_status(answer.status)
                            if into is not None:
                                _copy(answer, into, limit)
                            return
                        target = answer.headers.get("Location", "")
                except (OSError, ValueError, http.client.HTTPException) as error:
                    limit.check()
                    raise TransferFailed(Failure.BROKEN, f"{place.origin}: {why(error)}") from None
            # Judged anew: a listed host must not send us to one that is not.
            try:
                there = urljoin(place.url, target)
            except ValueError:
                raise TransferFailed(Failure.BAD_LOCATION, "it is no URL") from None
            onward = self.judge(there)
            # What began encrypted stays so (L01.FR.08), and HTTP is all that is spoken here.
            if onward.scheme not in ({"https"} if place.scheme == "https" else {"http", "https"}):
                text = f"from {place.scheme} to {onward.scheme}"
                raise TransferFailed(Failure.NOT_ALLOWED, f"it is sent {text}")
            place = onward
        raise TransferFailed(Failure.BROKEN, "it is sent elsewhere without end")

    def _tls(self, place: Place) -> Any:
        if place.scheme not in {"https", "ftps"}:
            return None
        return machine_context() if self._context is None else self._context


class _Connection(http.client.HTTPConnection):
    """A connection to the address that was judged, whatever the name stands for by now."""

    def __init__(self, place: Place, silence: float, context: Any, limit: TransferLimit) -> None:
        super().__init__(place.host, place.port, timeout=silence)
        self._place = place
        self._tls = context
        self._limit = limit

    def connect(self) -> None:
        """Connect."""
        place = self._place
        self.sock = socket.create_connection((place.address, place.port), self.timeout)
        self._limit.watch(self.sock)
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=place.host)
            self._limit.watch(self.sock)


def _copy(source: http.client.HTTPResponse, target: BinaryIO, limit: TransferLimit) -> None:
    while chunk := source.read1(CHUNK):
        limit.count(len(chunk))
        target.write(chunk)
    limit.check()  # The end may be ours.
    if source.length:
        raise TransferFailed(Failure.BROKEN, "it ended too early")


def _can_go_on(error: BaseException, part: Path, limit: TransferLimit) -> bool:
    """Tell whether another try may go on with what is there: it broke, and is still wanted."""
    has_broken = isinstance(error, TransferFailed) and error.failure is Failure.BROKEN
    return has_broken and not limit.is_final and part.stat().st_size > 0


def _part(target: Path, location: str) -> Path:
    """Return where a file is while it comes: of another location it would be another file."""
    return target.with_name(f"{target.name}.{sha256(location.encode()).hexdigest()[:16]}.part")


def _headers(place: Place, body: bytes | None) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity", "User-Agent": "ocpp16"}
    if body is not None:
        headers["Content-Length"] = str(len(body))
    if place.user is not None:
        pair = f"{place.user}:{place.password}".encode()
        headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
    return headers


def _check_status(status: int) -> None:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            failure = Failure.DENIED
        case HTTPStatus.METHOD_NOT_ALLOWED | HTTPStatus.NOT_IMPLEMENTED:
            failure = Failure.NOT_SUPPORTED
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            failure = Failure.TOO_LARGE
        case _:
            failure = Failure.BROKEN
    raise TransferFailed(failure, f"HTTP {status}")


def _path(place: Place) -> str:
    path = unquote(place.path)
    # ftplib refuses line ends as well; a NUL would end the name for some servers.
    if not path.isprintable():
        raise TransferFailed(Failure.BAD_LOCATION, "the path has control characters")
    return path
