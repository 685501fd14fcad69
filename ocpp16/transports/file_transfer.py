"""Files from and to servers that a central system names: http, https, ftp, ftps; off by default.

A central system that was taken over must not make a charge point fetch from, or post to, anything
in its own network. So every hop is judged: the host has to be listed, the address that its name
stands for must be no metadata service and not private (unless allowed), and the connection goes to
that very address. Sizes and times are limited. Blocking work runs in a thread. Spec: C 5.9, 5.19;
W L01, N01.
"""

from __future__ import annotations

import ftplib
import http.client
import io
import socket
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from enum import Enum, unique
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, unquote, urljoin, urlsplit

import attrs

from ocpp16.security.tls import machine_context
from ocpp16.transports.callback import FORBIDDEN, Network, parse_address
from ocpp16.transports.task import run_in_thread

PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 21}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CHUNK = 64 * 1024


@unique
class Failure(Enum):
    """Why a transfer failed."""

    BAD_LOCATION = "the location is none"
    NOT_ALLOWED = "the location is not allowed"
    DENIED = "the server does not let us"
    NOT_SUPPORTED = "the server does not know the operation"
    TOO_LARGE = "the file is too large"
    BROKEN = "the transfer broke"


class TransferFailed(Exception):
    """A file did not arrive.

    Args:
        failure: What kind of failure it is.
        reason: What happened, without credentials.
    """

    def __init__(self, failure: Failure, reason: str) -> None:
        super().__init__(f"{failure.value}: {reason}")
        self.failure = failure


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


@attrs.frozen
class _Place:
    """A location that was judged, and the address it stands for."""

    scheme: str
    host: str
    address: str
    port: int
    user: str | None
    password: str
    path: str

    @property
    def url(self) -> str:
        """The location without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


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

    async def download(self, location: str, target: Path) -> None:
        """Fetch a file; it is there whole, or not at all.

        What an earlier try has left is gone on with, on FTP.

        Raises:
            TransferFailed: It is not there.
        """
        await run_in_thread(self._download, location, target)

    async def upload(self, location: str, name: str, content: bytes) -> None:
        """Send a file into the folder that a location names.

        Raises:
            TransferFailed: It did not arrive.
        """
        await run_in_thread(self._upload, location, name, content)

    # The rules

    def judge(self, location: str) -> _Place:
        """Return a location with the address that it stands for.

        Raises:
            TransferFailed: It is none, or not allowed.
        """
        try:
            parts = urlsplit(location)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise TransferFailed(Failure.BAD_LOCATION, str(error)) from None
        if not location.isprintable() or " " in location or not host:
            raise TransferFailed(Failure.BAD_LOCATION, "it has no host, or forbidden characters")
        if parts.scheme not in PORTS or parts.scheme not in self._rules.schemes:
            raise TransferFailed(Failure.NOT_ALLOWED, f"the scheme {parts.scheme!r}")
        if host.casefold() not in self._rules.hosts:
            raise TransferFailed(Failure.NOT_ALLOWED, f"the host {host!r} is not listed")
        port = PORTS[parts.scheme] if port is None else port
        path = parts.path or "/"
        return _Place(
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
        for text in found:
            address = parse_address(text)
            if address is None or any(address in network for network in FORBIDDEN):
                continue
            is_allowed = any(address in network for network in self._rules.networks)
            if address.is_global or is_allowed:
                return text
        raise TransferFailed(Failure.NOT_ALLOWED, f"{host!r} is at {', '.join(found) or 'nowhere'}")

    # Inside

    def _download(self, location: str, target: Path) -> None:
        place = self.judge(location)
        clock = _Limit(self._rules)
        part = target.with_name(f"{target.name}.part")
        if place.scheme in {"ftp", "ftps"}:
            with part.open("ab") as file:
                self._ftp_download(place, file, clock)
        else:
            with part.open("wb") as file:
                self._http(place, "GET", clock, into=file)
        part.replace(target)

    def _upload(self, location: str, name: str, content: bytes) -> None:
        if name in {"", ".", ".."} or not name.isprintable() or set(name) & set("/\\:"):
            raise TransferFailed(Failure.BAD_LOCATION, f"{name!r} is no name of a file")
        if len(content) > self._rules.size_limit:
            raise TransferFailed(Failure.TOO_LARGE, f"{len(content)} bytes")
        place = self.judge(location)
        clock = _Limit(self._rules)
        if place.scheme in {"ftp", "ftps"}:
            self._ftp_upload(place, name, content)
            return
        folder = place.path if place.path.endswith("/") else f"{place.path}/"
        self._http(attrs.evolve(place, path=folder + quote(name)), "PUT", clock, body=content)

    def _http(
        self,
        place: _Place,
        method: str,
        clock: _Limit,
        *,
        body: bytes | None = None,
        into: BinaryIO | None = None,
    ) -> None:
        for _ in range(self._rules.hops + 1):
            with closing(_Connection(place, self._rules.silence, self._tls(place))) as connection:
                try:
                    connection.request(method, place.path, body, _headers(place))
                    with connection.getresponse() as answer:
                        if answer.status not in REDIRECTS:
                            _check_status(answer.status)
                            if into is not None:
                                clock.copy(answer, into)
                            return
                        target = answer.headers.get("Location", "")
                except (OSError, http.client.HTTPException) as error:
                    raise TransferFailed(Failure.BROKEN, f"{place.url}: {error!r}") from error
            # Judged anew: a listed host must not send us to one that is not.
            place = self.judge(urljoin(place.url, target))
        raise TransferFailed(Failure.BROKEN, "it is sent elsewhere without end")

    def _ftp_download(self, place: _Place, file: BinaryIO, clock: _Limit) -> None:
        start = file.tell()
        clock.count(start)

        def take(data: bytes) -> None:
            clock.count(len(data))
            file.write(data)

        with closing(self._ftp(place)) as server:
            _ftp(lambda: server.retrbinary(f"RETR {_path(place)}", take, CHUNK, start or None))

    def _ftp_upload(self, place: _Place, name: str, content: bytes) -> None:
        with closing(self._ftp(place)) as server:
            folder = _path(place).rstrip("/")
            if folder:
                _ftp(lambda: server.cwd(folder))
            _ftp(lambda: server.storbinary(f"STOR {name}", io.BytesIO(content)))

    def _ftp(self, place: _Place) -> ftplib.FTP:
        tls = place.scheme == "ftps"
        server: ftplib.FTP
        if tls:
            context = self._tls(place)
            server = ftplib.FTP_TLS(timeout=self._rules.silence, context=context)  # noqa: S321
        else:
            # The standard advises it (C 5.9); `schemes` can leave it out.
            server = _plain_ftp(self._rules.silence)

        def enter() -> None:
            server.connect(place.address, place.port)
            # The certificate is for the name; passive connections go to the same address.
            server.host = place.host
            server.login(place.user or "anonymous", place.password)
            if isinstance(server, ftplib.FTP_TLS):
                server.prot_p()

        try:
            _ftp(enter)
        except TransferFailed:
            server.close()
            raise
        return server

    def _tls(self, place: _Place) -> Any:
        if place.scheme not in {"https", "ftps"}:
            return None
        return machine_context() if self._context is None else self._context


class _Limit:
    """Counts bytes and seconds."""

    def __init__(self, rules: TransferRules) -> None:
        self._left = rules.size_limit
        self._end = time.monotonic() + rules.timeout

    def count(self, size: int) -> None:
        """Take it that so many bytes came."""
        self._left -= size
        if self._left < 0:
            raise TransferFailed(Failure.TOO_LARGE, "it goes on beyond the limit")
        if time.monotonic() > self._end:
            raise TransferFailed(Failure.BROKEN, "it takes too long")

    def copy(self, source: http.client.HTTPResponse, target: BinaryIO) -> None:
        """Copy all that comes."""
        while chunk := source.read(CHUNK):
            self.count(len(chunk))
            target.write(chunk)
        if source.length:
            raise TransferFailed(Failure.BROKEN, "it ended too early")


class _Connection(http.client.HTTPConnection):
    """A connection to the address that was judged, whatever the name stands for by now."""

    def __init__(self, place: _Place, silence: float, context: Any) -> None:
        super().__init__(place.host, place.port, timeout=silence)
        self._place = place
        self._tls = context

    def connect(self) -> None:
        """Connect."""
        place = self._place
        self.sock = socket.create_connection((place.address, place.port), self.timeout)
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=place.host)


def _headers(place: _Place) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity", "User-Agent": "ocpp16"}
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


def _path(place: _Place) -> str:
    path = unquote(place.path)
    # ftplib refuses line ends as well; a NUL would end the name for some servers.
    if not path.isprintable():
        raise TransferFailed(Failure.BAD_LOCATION, "the path has control characters")
    return path


def _plain_ftp(silence: float) -> ftplib.FTP:
    return ftplib.FTP(timeout=silence)  # noqa: S321 - whoever wants it lists its host


def _ftp(work: Callable[[], object]) -> None:
    try:
        work()
    except ftplib.error_perm as error:
        code = str(error)[:3]
        failure = {"530": Failure.DENIED, "550": Failure.DENIED, "553": Failure.DENIED}.get(
            code, Failure.NOT_SUPPORTED if code in {"500", "502", "504"} else Failure.BROKEN
        )
        raise TransferFailed(failure, f"FTP {code}") from error
    except (ftplib.Error, OSError, EOFError, ValueError) as error:
        raise TransferFailed(Failure.BROKEN, f"FTP: {error!r}") from error
